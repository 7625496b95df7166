//! The token: where it may come from, where it may go, where it is never seen. Never here: other headers' reading.

use crate::running::{fetch, run};
use crate::server::{Server, answer, ok, page, refusal};

#[test]
fn the_token_comes_from_a_variable_or_a_file() {
    let server = Server::new(|_, _| ok(""));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    std::fs::write(&path, "  of-a-file\r\n").unwrap();
    let file = path.to_str().unwrap();
    let rows: [(&[&str], Option<&str>, Option<&str>); 4] = [
        (&[], None, None),
        (&[], Some("of-the-default"), Some("Bearer of-the-default")),
        (&["--token-env", "MINE"], Some("of-the-default"), Some("Bearer of-mine")),
        (&["--token-file", file], Some("of-the-default"), Some("Bearer of-a-file")),
    ];
    for (flags, default, sent) in rows {
        let mut command = fetch(&[server.url("/")]);
        command.args(flags).env("MINE", "of-mine");
        default.map(|token| command.env("TIDEGATE_TOKEN", token));
        run(&mut command).check(0, &[]);
        assert_eq!(server.received().pop().unwrap().header("authorization"), sent, "{flags:?}");
    }
}

#[test]
fn a_typed_authorization_is_refused_and_one_in_a_file_is_sent() {
    let server = Server::new(|_, _| ok(""));
    let ended = run(&mut fetch(&["-H", "authorization: Basic s3cret", &server.url("/")]));
    ended.check(2, &["TIDEGATE_TOKEN", "-H @FILE"]);
    assert!(!ended.err.contains("s3cret"));
    assert_eq!(server.received().len(), 0);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("headers");
    std::fs::write(&path, "Authorization: Basic s3cret\n\nX-Other: 1\n").unwrap();
    let at = format!("@{}", path.display());
    run(&mut fetch(&["-H", &at, &server.url("/")])).check(0, &[]);
    assert_eq!(server.received()[0].header("authorization"), Some("Basic s3cret"));
    let both = run(fetch(&["-H", &at, &server.url("/")]).env("TIDEGATE_TOKEN", "t"));
    both.check(2, &["there are two"]);
}

#[test]
fn a_token_with_a_line_end_inside_is_refused_unseen() {
    let ended = run(fetch(&["http://127.0.0.1:1/"]).env("TIDEGATE_TOKEN", "s3cret\nx-evil: 1"));
    ended.check(2, &["TIDEGATE_TOKEN", "on one line"]);
    assert!(!ended.err.contains("s3cret"));
}

#[test]
fn secrets_are_shown_nowhere() {
    let server = Server::new(|number, _| match number {
        0 => refusal("1"),
        _ => answer("401 Unauthorized", &["trackingid: ROUTER_7", "set-cookie: s3cret"], b""),
    });
    for flags in [["-v"], ["--json"]] {
        let mut command = fetch(&[server.url("/")]);
        let typed = ["-H", "Ocp-Apim-Subscription-Key: s3cret", "-H", "X-What-Is-This: s3cret"];
        let ended = run(command.args(flags).args(typed).env("TIDEGATE_TOKEN", "s3cret"));
        ended.check(1, &["401", "ROUTER_7"]);
        assert!(!(ended.err + &ended.out).contains("s3cret"));
    }
}

#[test]
fn the_token_stays_with_the_origin_that_was_typed() {
    let other = Server::new(|_, _| page("[2]", None));
    let elsewhere = other.url("/");
    let server = Server::new(move |_, request| match &*request.target {
        "/redirect" => answer("302 Found", &[&format!("location: {elsewhere}")], b""),
        _ => page("[1]", Some(&elsewhere)),
    });
    let with_token = |flags: &[&str], path: &str| {
        run(fetch(&[server.url(path)])
            .args(flags)
            .args(["-H", "Cookie: a=s3cret", "-H", "Ocp-Apim-Subscription-Key: s3cret"])
            .args(["-H", "Accept-Language: eo"])
            .env("TIDEGATE_TOKEN", "s3cret"))
    };
    let ended = with_token(&["--all-pages", "--items", "/items"], "/pages");
    ended.check(1, &["another origin", &other.url(""), "call it yourself"]);
    assert_eq!(ended.out, "1\n", "what came before is written");
    assert_eq!(other.received().len(), 0);

    with_token(&["-L"], "/redirect").check(0, &[]);
    let request = &other.received()[0];
    for secret in ["authorization", "cookie", "ocp-apim-subscription-key"] {
        assert_eq!(request.header(secret), None);
        assert!(server.received().iter().all(|received| received.header(secret).is_some()), "{secret}");
    }
    assert_eq!(request.header("accept-language"), Some("eo"));
}
