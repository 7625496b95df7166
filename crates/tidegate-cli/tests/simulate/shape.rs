//! What the played API looks like when nothing is in the way. Never here: limits.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::running::Running;

#[test]
fn following_the_links_meets_every_room_once() {
    let running = Running::start(&["--rooms", "25", "--limit", "GET /v1/rooms: 1000/s"]);
    let (mut page, mut met) = (Some(format!("http://{}/v1/rooms?max=10", running.address)), Vec::new());
    while let Some(url) = page {
        let path =
            url.strip_prefix(&format!("http://{}", running.address)).expect("a link back to where we asked");
        let answer = running.get(path);
        assert_eq!(answer.status, 200);
        let rooms = answer.json()["items"].as_array().unwrap().clone();
        met.extend(rooms.into_iter().map(|room| room["id"].as_str().unwrap().to_owned()));
        page = answer.next().map(str::to_owned);
    }
    assert_eq!(met, (1..=25).map(|number| format!("room-{number}")).collect::<Vec<_>>());
    assert_eq!(running.stats()["total"]["done"], 3);
}

#[test]
fn every_address_answers_and_others_say_so() {
    let running = Running::start(&[]);
    let rows = [
        ("GET", "/v1/messages?max=2", 200),
        ("GET", "/v1/people/me", 200),
        ("GET", "/v1/people/7", 200),
        ("GET", "/v1/people/nobody", 404),
        ("GET", "/v1/teams", 404),
        ("DELETE", "/v1/rooms", 405),
        ("GET", "/v1/rooms?max=0", 400),
        ("GET", "/v1/rooms?cursor=mine", 400),
        ("POST", "/v1/messages", 400),
    ];
    for (method, path, status) in rows {
        let answer = running.ask(method, path, "Authorization: Bearer any\r\n", "");
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(answer.field("trackingid").is_some(), "{method} {path}");
        assert_eq!(answer.field("allow"), (status == 405).then_some("GET"), "{method} {path}");
    }
}

#[test]
fn without_a_token_it_is_401_in_webex_s_words() {
    let running = Running::start(&[]);
    let answer = running.ask("GET", "/v1/rooms", "", "");
    assert_eq!(answer.status, 401);
    let body = answer.json();
    assert_eq!(body["errors"][0]["description"], body["message"]);
    assert_eq!(body["trackingId"].as_str(), answer.field("trackingid"));
    assert_eq!(running.stats()["total"]["calls"], 0, "it never came to the fleet");
    assert_eq!(running.stats()["strays"], 1);
}

#[test]
fn a_tracking_id_that_was_sent_comes_back() {
    let running = Running::start(&[]);
    let answer = running.ask("GET", "/v1/rooms", "Authorization: Bearer any\r\nTrackingID: MINE_1\r\n", "");
    assert_eq!(answer.field("trackingid"), Some("MINE_1"));
    let answer = running.ask("GET", "/v1/rooms", "Authorization: Bearer any\r\nTrackingID: a b\r\n", "");
    assert_ne!(answer.field("trackingid"), Some("a b"));
}

#[tokio::test]
async fn http_2_is_spoken_without_tls() {
    let running = Running::start(&["--rooms", "3"]);
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http::<Empty<Bytes>>();
    let request = http::Request::get(format!("http://{}/v1/rooms?max=2", running.address))
        .header("Authorization", "Bearer any")
        .body(Empty::new())
        .unwrap();
    let answer = client.request(request).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_2));
    let link = answer.headers()["link"].to_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("<http://{}/v1/rooms?", running.address)), "{link}");
    let body: serde_json::Value =
        serde_json::from_slice(&answer.collect().await.unwrap().to_bytes()).unwrap();
    assert_eq!(body["items"].as_array().unwrap().len(), 2);
}

#[test]
fn every_field_of_the_stats_is_explained() {
    let page = include_str!("../../../../docs/simulate.md");
    let running = Running::start(&[]);
    assert_eq!(running.get("/v1/rooms").status, 200);
    let stats = running.stats();
    for part in [&stats, &stats["total"], &stats["tokens"][0]] {
        for field in part.as_object().unwrap().keys() {
            assert!(page.contains(&format!("`{field}`")), "docs/simulate.md doesn't explain `{field}`");
        }
    }
}
