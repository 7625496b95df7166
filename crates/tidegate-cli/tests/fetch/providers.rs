//! Providers that refuse in their own way: by name, by host, by a file of one's own. Never here: a provider's own host.

use serde_json::Value;

use crate::running::{fetch, run};
use crate::server::{Reply, Server, answer, ok};

const QUOTA: &str =
    r#"{"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}"#;

fn no_quota() -> Reply {
    answer("429 Too Many Requests", &["content-type: application/json"], QUOTA.as_bytes())
}

#[test]
fn a_quota_that_is_gone_is_told_at_once_with_the_provider() {
    let server = Server::new(|_, _| no_quota());
    let ended = run(&mut fetch(&["--provider", "openai", "-d", "{}", &server.url("/v1/responses")]));
    let line = format!(
        "  429  {} no waiting helps, by the rules of openai: You exceeded your current quota.\n",
        server.url("/v1/responses")
    );
    ended.check(1, &[&line, "answered 429 Too Many Requests: You exceeded", "hint: waiting doesn't help"]);
    assert_eq!(ended.err.matches("no waiting helps").count(), 1);
    assert_eq!(server.received().len(), 1);
}

#[test]
fn programs_are_told_that_no_waiting_helps() {
    let server = Server::new(|_, _| no_quota());
    let ended = run(&mut fetch(&["--json", "--provider", "OpenAI", &server.url("/")]));
    assert_eq!(ended.code, Some(1));
    let events: Vec<Value> = ended.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["terminal", "error", "summary"]);
    assert_eq!((&events[0]["provider"], &events[0]["status"]), (&"openai".into(), &429.into()));
    assert_eq!(events[0]["message"], "You exceeded your current quota.");
    assert_eq!(events[2]["refused"], 0);
}

#[test]
fn a_403_of_a_limit_is_waited_out_and_one_of_a_permission_is_not() {
    let server = Server::new(|number, request| match (&*request.target, number) {
        ("/limit", 0) => answer(
            "403 Forbidden",
            &["retry-after: 1", "x-ratelimit-remaining: 4990"],
            br#"{"message": "You have exceeded a secondary rate limit."}"#,
        ),
        ("/limit", _) => ok("at last"),
        _ => answer("403 Forbidden", &["x-ratelimit-remaining: 4990"], br#"{"message": "not yours"}"#),
    });
    let ended = run(&mut fetch(&["--provider", "github", &server.url("/limit")]));
    ended.check(0, &["was told once to wait"]);
    assert_eq!(ended.out, "at last");
    let ended = run(&mut fetch(&["--provider", "github", &server.url("/repo")]));
    ended.check(1, &["403 Forbidden: not yours"]);
    assert_eq!(server.targets(), ["/limit", "/limit", "/repo"]);
}

#[test]
fn an_overload_that_tells_no_end_is_an_error_after_three_tries_and_was_not_done() {
    let server =
        Server::new(|_, _| answer("529 Overloaded", &[], br#"{"error": {"message": "Overloaded"}}"#));
    let ended = run(&mut fetch(&["--provider", "anthropic", "-d", "{}", &server.url("/v1/messages")]));
    ended.check(1, &["answered 529: Overloaded\n", "doesn't say for how long: send it again later"]);
    assert!(!ended.err.contains("outcome unknown"), "{}", ended.err);
    assert_eq!(server.received().len(), 3);
}

#[test]
fn an_outage_that_tells_what_nobody_can_read_is_outlived_by_a_post() {
    let server = Server::new(|number, _| match number {
        0 => answer("503 Service Unavailable", &["retry-after: soon"], b"closed"),
        _ => ok("done"),
    });
    let ended = run(&mut fetch(&["-d", "{}", &server.url("/v1/messages")]));
    ended.check(0, &[]);
    assert_eq!((&*ended.out, server.received().len()), ("done", 2));
}

#[test]
fn a_post_that_a_200_refused_for_too_long_was_not_done() {
    let limited = br#"{"ok": false, "error": "ratelimited"}"#;
    let server = Server::new(|_, _| answer("200 OK", &["retry-after: 7200"], limited));
    let ended = run(&mut fetch(&["--provider", "slack", "-d", "{}", &server.url("/api/chat.postMessage")]));
    ended.check(3, &["--max-wait"]);
    assert!(!ended.err.contains("outcome unknown"), "{}", ended.err);
    assert_eq!((&*ended.out, server.received().len()), ("", 1));
}

#[test]
fn a_body_of_a_host_that_refuses_with_200_comes_through_whole() {
    let body: Vec<u8> = (0..300_000u32).flat_map(|number| number.to_be_bytes()).collect();
    let sent = body.clone();
    let server = Server::new(move |_, _| answer("200 OK", &["content-type: application/json"], &sent));
    let output = fetch(&["--provider", "slack", &server.url("/")]).output().unwrap();
    assert!(output.status.success() && output.stdout == body);
}

#[test]
fn a_file_of_ones_own_tells_how_a_host_refuses() {
    let server = Server::new(|number, _| match number {
        0 => answer("420 Enhance Your Calm", &["x-calm-down: 1"], b"shh"),
        _ => ok("calm"),
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let row = "[[dialect]]\nname = 'mine'\nhosts = ['127.0.0.1']\nwaits = 'x-calm-down'\nsource = 'us'\n\
               rules = [{ status = [420], is = 'limited' }]\n";
    std::fs::write(&path, row).unwrap();
    let ended = run(&mut fetch(&["--dialects", path.to_str().unwrap(), &server.url("/")]));
    ended.check(0, &["was told once to wait"]);
    assert_eq!(ended.out, "calm");
}

#[test]
fn what_is_wrong_with_a_name_or_a_file_is_told_with_what_to_do() {
    let url = "http://127.0.0.1:1/";
    let check = |args: [&str; 3], says: &[&str]| run(&mut fetch(&args)).check(2, says);
    check(["--provider", "githup", url], &["\"githup\" isn't known", "hint: ", "github"]);
    check(["--provider", "git", url], &["hint: ", "github", "gitlab"]);
    check(["--dialects", "/nowhere/rows.toml", url], &["the dialects", "/nowhere/rows.toml", "No such file"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.toml");
    std::fs::write(&path, "[[dialect]]\nname = 'mine'\nsource = 'us'\nwaits = 'two words'\n").unwrap();
    check(["--dialects", path.to_str().unwrap(), url], &["bad.toml: ", "line 4", "two words"]);
}
