//! Tokens in every place that one can stand in, and in nothing that the proxy says of itself. Never here: what it says.

use http::header::{AUTHORIZATION, HeaderName};

use super::desk::Watched;
use super::*;
use crate::policy::AccessLog;
use crate::proxy::settings::{Forward, Revalidate, Token, TokenSource};

const OK: &str = "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 2\r\n\r\nhi";
const SOON: &str = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n";
const LATE: &str = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1000\r\nContent-Length: 0\r\n\r\n";

/// One secret for each place.
const INJECTED: &str = "zqxjvk-injected-7319";
const TOKEN: &str = "zqxjvk-token-8264";
const COOKIE: &str = "zqxjvk-cookie-5570";
const QUERY: &str = "zqxjvk-query-2096";
const BODY: &str = "zqxjvk-body-4481";
const CALLER: &str = "zqxjvk-caller-1133";
const PASSWORD: &str = "zqxjvk-password-6650";

/// What all of them have.
const CANARY: &str = "zqxjvk";

#[track_caller]
fn check(place: &str, text: &str) {
    assert!(!text.contains(CANARY), "{place} tells of a secret:\n{text}");
}

#[test]
fn a_secret_is_found_where_there_is_one() {
    for secret in [INJECTED, TOKEN, COOKIE, QUERY, BODY, CALLER, PASSWORD] {
        assert!(
            std::panic::catch_unwind(|| check("a page", &format!("said {secret}!"))).is_err(),
            "{secret}"
        );
    }
}

/// A request with a secret in each place.
fn request(method: &str, target: &str, more: &str) -> String {
    let fields = format!(
        "Host: localhost\r\nAuthorization: Bearer {TOKEN}\r\nCookie: session={COOKIE}\r\nX-Caller: {CALLER}\r\n{more}"
    );
    let length = BODY.len();
    format!("{method} {target}?token={QUERY} HTTP/1.1\r\n{fields}Content-Length: {length}\r\n\r\n{BODY}")
}

/// Two upstreams: one that refuses and passes by turns, its token put in, and one where nobody goes on.
async fn config(folder: &tempfile::TempDir) -> Config {
    let file = folder.path().join("token");
    std::fs::write(&file, INJECTED).unwrap();
    let source = TokenSource::File(file);
    let token = Token { field: AUTHORIZATION, scheme: "Bearer ".to_owned(), source };
    let mut passing = Upstream { token: Some(token), ..all(answering(&[SOON, OK, SOON, OK]).await) };
    passing.manner.revalidate = Revalidate::Private;
    let waiting = Upstream {
        name: "late".to_owned(),
        at: At::Prefix("/late".to_owned()),
        ..all(answering(&[LATE]).await)
    };
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let broken = upstream(|_, mut stream| async move { _ = head(&mut stream).await }).await;
    let away = Upstream { name: "away".to_owned(), at: At::Prefix("/away".to_owned()), ..all(nobody) };
    let broken = Upstream { name: "broken".to_owned(), at: At::Prefix("/broken".to_owned()), ..all(broken) };
    Config {
        upstreams: vec![passing, waiting, away, broken],
        forward: Some(Forward { hosts: Some(Vec::new()), intercept: None }),
        callers: vec![HeaderName::from_static("x-caller")],
        access_log: AccessLog::File(folder.path().join("access.log")),
        ..usual::config()
    }
}

#[tokio::test]
async fn nothing_that_the_proxy_says_has_a_secret_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let watched = Watched::by(config(&folder).await);
    let proxy = &watched.proxy;
    for method in ["GET", "POST", "GET", "GET"] {
        let answer = proxy.ask(&request(method, "/v1/rooms", "")).await;
        assert_eq!(answer.status(), "200", "{method}");
        check("an answer", &format!("{answer:?}"));
    }
    let bad = format!("GET http://user:{PASSWORD}@{CANARY}:x/ HTTP/1.1\r\nHost: {CANARY}\r\n\r\n");
    let tunnel = format!("CONNECT a.example:443 HTTP/1.1\r\nHost: a\r\nProxy-Authorization: {TOKEN}\r\n\r\n");
    for (request, status) in [
        (request("POST", "/late/x", "Tidegate-Deadline: 5\r\n"), "429"),
        (request("GET", "/v1/x", &format!("Tidegate-Deadline: {TOKEN}\r\n")), "400"),
        (request("GET", "/away/x", ""), "502"),
        (request("POST", "/broken/x", ""), "502"),
        (request("GET", "/v1/x", &format!("Origin: https://evil.example/{TOKEN}\r\n")), "403"),
        (request("GET", "http://a.example/x", ""), "403"),
        (bad, "400"),
        (tunnel, "403"),
    ] {
        let answer = proxy.ask(&request).await;
        assert_eq!(answer.status(), status, "{request}");
        check("a refusal", &format!("{answer:?}"));
    }
    let mut waiting = TcpStream::connect(proxy.at).await.unwrap();
    waiting.write_all(request("POST", "/late/x", "").as_bytes()).await.unwrap();
    proxy.holds(1).await;
    for page in ["/", "/healthz", "/readyz", "/metrics", "/state", "/nothing"] {
        for query in [String::new(), format!("?token={TOKEN}")] {
            check(page, &format!("{:?}", watched.get(&format!("{page}{query}")).await));
        }
    }
    for body in [TOKEN.to_owned(), format!("{{\"origin\": \"{TOKEN}\"}}"), format!("{{\"{TOKEN}\": 1}}")] {
        check("/forget", &format!("{:?}", watched.post("/forget", &body).await));
    }
    check("what is printed of it", &format!("{:?}", proxy.house));
    drop(waiting);
    proxy.holds(0).await;
    proxy.house.seen.log.close().await;
    let log = std::fs::read_to_string(folder.path().join("access.log")).unwrap();
    assert!(log.lines().count() >= 10, "{log}");
    check("the access log", &log);
}
