//! Where calls may go, and who may make them: hosts, loops, tokens, web pages. Never here: a wait.

use http::header::AUTHORIZATION;

use super::*;
use crate::proxy::settings::{Forward, HostPattern, Token, TokenSource};

/// A token that must not be seen anywhere but at its upstream.
const CANARY: &str = "canary-7c1f0e";

fn forward(hosts: Option<Vec<HostPattern>>) -> Config {
    Config { forward: Some(Forward { hosts, intercept: None }), ..usual::config() }
}

/// An upstream with a token of its own; the folder holds the token.
fn with_token(server: SocketAddr) -> (Config, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{CANARY}\n")).unwrap();
    let token = Token { field: AUTHORIZATION, scheme: "Bearer ".to_owned(), source: TokenSource::File(file) };
    let upstream = Upstream { token: Some(token), ..all(server) };
    (Config { upstreams: vec![upstream], ..usual::config() }, folder)
}

#[tokio::test]
async fn an_absolute_form_goes_to_the_host_that_it_names() {
    let server = upstream(|_, stream| echo_heads(stream)).await;
    let proxy = Running::by(forward(None));
    let answer = proxy.ask(&format!("GET http://{server}/x?y HTTP/1.1\r\nHost: other.example\r\n\r\n")).await;
    assert!(answer.body.starts_with("GET /x?y HTTP/1.1\r\n"), "{answer:?}");
    assert!(answer.body.to_ascii_lowercase().contains(&format!("host: {server}\r\n")), "{}", answer.body);
}

#[tokio::test]
async fn only_hosts_on_the_list_are_called() {
    let server = upstream(|_, stream| echo_heads(stream)).await;
    let proxy = Running::by(forward(Some(vec![HostPattern::Exactly("api.example".into())])));
    let answer = proxy.ask(&format!("GET http://{server}/ HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    assert_eq!((answer.status(), answer.field("tidegate-refused")), ("403", Some("host")));
    let base_url = Running::to(server);
    let answer = base_url.ask("GET http://other.example/ HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(answer.status(), "403", "it is no forward proxy");
}

#[tokio::test]
async fn nobody_makes_it_call_itself() {
    let proxy = Running::by(forward(None));
    let port = proxy.at.port();
    for host in ["127.0.0.1", "localhost", "0.0.0.0"].map(|host| format!("{host}:{port}")) {
        let answer = proxy.ask(&format!("GET http://{host}/ HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        assert_eq!((answer.status(), answer.field("tidegate-refused")), ("508", Some("loop")), "{host}");
    }
    let answer = proxy.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!((answer.status(), answer.field("tidegate-refused")), ("404", Some("nowhere")));
}

#[tokio::test]
async fn a_token_is_put_in_place_of_the_caller_s_and_told_to_nobody_else() {
    let server = upstream(|_, stream| echo_heads(stream)).await;
    let (mut config, _folder) = with_token(server);
    config.forward = Some(Forward { hosts: None, intercept: None });
    let proxy = Running::by(config);
    let answer = proxy.ask("GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer mine\r\n\r\n").await;
    assert!(answer.body.contains(&format!("Bearer {CANARY}")) && !answer.body.contains("mine"), "{answer:?}");
    let other = upstream(|_, stream| echo_heads(stream)).await;
    let answer = proxy.ask(&format!("GET http://{other}/ HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    assert_eq!(answer.status(), "200");
    assert!(!answer.body.contains(CANARY), "{answer:?}");
    assert!(!format!("{:?}", proxy.house).contains(CANARY));
}

#[tokio::test]
async fn a_token_goes_to_the_base_that_it_was_given_for_and_not_beside_it() {
    let server = upstream(|_, stream| echo_heads(stream)).await;
    let folder = tempfile::tempdir().unwrap();
    let below = |name: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, format!("{CANARY}-{name}")).unwrap();
        let source = TokenSource::File(file);
        let mut upstream = all(server);
        upstream.at = At::Prefix(format!("/{name}"));
        upstream.base.path = format!("/team-{name}");
        upstream.token = Some(Token { field: AUTHORIZATION, scheme: "Bearer ".to_owned(), source });
        upstream
    };
    let proxy = Running::by(Config { upstreams: vec![below("a"), below("b")], ..forward(None) });
    for (path, token) in [
        ("/team-a/x", Some("a")),
        ("/team-b", Some("b")),
        ("/team-bee", None),
        ("/team-a/../team-c", None),
        ("/", None),
    ] {
        let answer = proxy.ask(&format!("GET http://{server}{path} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        let sent = answer.body.lines().find_map(|line| line.split_once(CANARY)).map(|(_, name)| name);
        assert_eq!(sent.map(|name| name.trim_start_matches('-')), token, "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn no_web_page_gets_at_a_token() {
    let server = upstream(|_, stream| echo_heads(stream)).await;
    let (config, _folder) = with_token(server);
    let proxy = Running::by(config);
    for (fields, status) in [
        ("Host: evil.example", "421"),
        ("Host: localhost\r\nOrigin: https://evil.example", "403"),
        ("Host: localhost\r\nSec-Fetch-Site: cross-site", "403"),
        ("Host: localhost:8430\r\nOrigin: http://localhost:3000", "200"),
    ] {
        let answer = proxy.ask(&format!("GET / HTTP/1.1\r\n{fields}\r\n\r\n")).await;
        assert_eq!(answer.status(), status, "{fields}");
        assert!(status == "200" || !format!("{answer:?}").contains(CANARY));
    }
    let without = Running::to(server);
    assert_eq!(without.ask("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").await.status(), "200");
}

#[tokio::test]
async fn an_open_proxy_is_not_started() {
    let open = |hosts| House::new(forward(hosts), Itself::at(vec!["0.0.0.0:8430".parse().unwrap()]));
    let failure = open(None).unwrap_err();
    assert!(failure.hinted().unwrap().contains("127.0.0.1"), "{failure}");
    assert!(open(Some(vec![HostPattern::Exactly("api.example".into())])).is_ok());
}
