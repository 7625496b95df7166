//! Pages that are looked at: health, readiness, metrics, state; and who isn't let in. Never here: a question about a
//! request.

use http::header::{ALLOW, CONTENT_LENGTH};
use http::{Method, StatusCode};
use tidegate::fleet::Check;

use super::*;
use crate::office::metrics::tests::samples;

#[tokio::test]
async fn a_gateway_is_alive_and_ready_until_it_ends() {
    let stage = Stage::new("").await;
    assert_eq!(stage.get("/healthz").await, (StatusCode::OK, "ok\n".to_owned()));
    assert_eq!(stage.get("/readyz").await, (StatusCode::OK, "ready\n".to_owned()));
    stage.callers.start();
    assert_eq!(stage.get("/healthz").await.0, StatusCode::OK);
    let (status, why) = stage.get("/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(why.contains("is ending"), "{why}");
    assert_eq!(stage.state().await["ready"], false);
    stage.operators.start();
}

#[tokio::test]
async fn a_gateway_without_a_server_isn_t_ready_and_says_why() {
    let stage = Stage::new("health = { path = \"/healthz\", fall = 1, rise = 1 }").await;
    let server = stage.gate.fleet.server("one").unwrap();
    stage.gate.fleet.checked(server, world::now(), Check::Refused);
    let (status, why) = stage.get("/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(why.contains("no server is in routing"), "{why}");
    let state = stage.state().await;
    assert_eq!(state["servers"][0]["in_routing"], false);
    assert_eq!(state["servers"][0]["last_failure"]["what"], "a check found no connection");
    stage.gate.fleet.checked(server, world::now(), Check::Passed);
    assert_eq!(stage.get("/readyz").await.0, StatusCode::OK);
}

#[tokio::test]
async fn what_isn_t_there_is_answered_with_what_is() {
    let stage = Stage::new("").await;
    let (status, pages) = stage.get("/").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    for page in ["GET /metrics", "GET /state", "POST /explain", "POST /reload"] {
        assert!(pages.contains(page), "{page} in {pages}");
    }
    let request = |method: Method, target: &str| {
        Request::builder().method(method).uri(target).header(HOST, "127.0.0.1").body(Full::default()).unwrap()
    };
    let (status, headers, _) = send(stage.admin, request(Method::GET, "/reload")).await;
    assert_eq!((status, &headers[ALLOW]), (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap()));
    let (status, _, body) = send(stage.admin, request(Method::HEAD, "/healthz")).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, ""));
}

#[tokio::test]
async fn no_web_page_gets_in() {
    let stage = Stage::new("").await;
    let send_with = |fields: &[(&str, &str)], body: String| {
        let mut request = Request::post("/reload").body(Full::from(body)).unwrap();
        for (name, value) in fields {
            let name: http::HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, value.parse().unwrap());
        }
        send(stage.admin, request)
    };
    let rebound = send_with(&[("host", "evil.example"), ("content-type", "application/json")], String::new());
    assert_eq!(rebound.await.0, StatusCode::MISDIRECTED_REQUEST);
    let form = send_with(&[("host", "localhost"), ("content-type", "text/plain")], "{}".to_owned());
    assert_eq!(form.await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let bare = send_with(&[("host", "localhost")], String::new());
    assert_eq!(bare.await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let fields = [("host", "localhost"), ("content-type", "application/json")];
    assert_eq!(send_with(&fields, " ".repeat(64 * 1024 + 1)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(stage.state().await["policy"]["last_reload"], Value::Null, "nothing was read");
}

#[tokio::test]
async fn metrics_are_well_formed_and_count_what_happened() {
    let stage = Stage::new("access-log = \"off\"\noverload = {}\npenalty = {}").await;
    for status in [200, 200, 429] {
        assert_eq!(stage.call("/v1/rooms/7", "abc").await, status);
    }
    let (status, text) = stage.get("/metrics").await;
    assert_eq!(status, StatusCode::OK);
    let samples = samples(&text);
    for (sample, value) in [
        ("tidegate_requests_total", 3.0),
        ("tidegate_answers_total{class=\"2xx\"}", 2.0),
        ("tidegate_answers_total{class=\"4xx\"}", 1.0),
        ("tidegate_server_answers_total{class=\"2xx\"}", 2.0),
        ("tidegate_turned_total{why=\"limit\"}", 1.0),
        ("tidegate_server_answer_seconds_count", 2.0),
        ("tidegate_server_answer_seconds_bucket{le=\"+Inf\"}", 2.0),
        ("tidegate_limit_calls_total{limit=\"rooms\",outcome=\"admitted\"}", 2.0),
        ("tidegate_limit_calls_total{limit=\"rooms\",outcome=\"refused\"}", 1.0),
        ("tidegate_limit_calls_total{limit=\"all\",outcome=\"would_refuse\"}", 1.0),
        ("tidegate_server_in_routing{server=\"one\"}", 1.0),
        ("tidegate_server_calls_total{server=\"one\",outcome=\"answered\"}", 2.0),
        ("tidegate_servers_counted", 1.0),
        ("tidegate_overload_refused_total{class=\"normal\",cause=\"full\"}", 0.0),
        ("tidegate_reloads_total{outcome=\"taken\"}", 0.0),
    ] {
        assert_eq!(samples.get(sample), Some(&value), "{sample} in\n{text}");
    }
    assert!(samples["tidegate_table_bytes"] > 0.0);
}

#[tokio::test]
async fn every_metric_is_in_the_guide() {
    let stage = Stage::new("access-log = \"stdout\"").await;
    let guide = include_str!("../../../../../../docs/operations.md");
    let (_, text) = stage.get("/metrics").await;
    let families: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert!(families.len() > 20, "{families:?}");
    for family in families {
        assert!(guide.contains(&format!("`{family}")), "docs/operations.md doesn't tell of {family}");
    }
}

#[tokio::test]
async fn an_answer_is_for_nobody_s_cache() {
    let stage = Stage::new("").await;
    let request = Request::get("/state").header(HOST, "[::1]").body(Full::default()).unwrap();
    let (_, headers, body) = send(stage.admin, request).await;
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers[CONTENT_LENGTH], body.len().to_string());
}
