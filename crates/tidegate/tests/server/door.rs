//! Who gets through the door, and as what.

use std::io;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use tidegate::classify::client::Trust;
use tidegate::classify::{Limit, Policy, networks};
use tidegate::server::{ConnectAddress, Counted, LayerError, LimitLayer};
use tower::{Layer, ServiceExt};

use crate::support::{Echo, ask, call, layer, limit, world};

#[tokio::test(start_paused = true)]
async fn who_is_over_the_limit_is_refused_and_the_service_never_hears_of_it() {
    let (service, echo) = world(vec![limit("rooms", "2 per minute")]);
    for _ in 0..2 {
        assert_eq!(ask(&service, call("GET", "/v1/rooms", "a")).await.status, StatusCode::OK);
    }
    let refused = ask(&service, call("GET", "/v1/rooms", "a")).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.field("retry-after"), ["30"]);
    assert!(refused.body.contains("\"violated-policies\":[\"rooms\"]"), "{}", refused.body);
    assert_eq!(echo.targets().len(), 2);
    assert_eq!(ask(&service, call("GET", "/v1/rooms", "b")).await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn who_brings_no_token_is_asked_for_one() {
    let (service, echo) = world(vec![limit("rooms", "2 per minute")]);
    let mut stranger = call("GET", "/v1/rooms", "a");
    stranger.headers_mut().remove("authorization");
    let heard = ask(&service, stranger).await;
    assert_eq!((heard.status, heard.field("www-authenticate")), (StatusCode::UNAUTHORIZED, vec!["Bearer"]));
    assert!(heard.field("retry-after").is_empty() && heard.field("ratelimit").is_empty());
    assert!(echo.targets().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_waits_as_told_is_admitted() {
    let (service, _) = world(vec![limit("rooms", "1 per minute")]);
    ask(&service, call("GET", "/", "a")).await;
    let refused = ask(&service, call("GET", "/", "a")).await;
    let told = refused.field("retry-after")[0].parse().unwrap();
    tokio::time::advance(std::time::Duration::from_secs(told)).await;
    assert_eq!(ask(&service, call("GET", "/", "a")).await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn what_is_forwarded_is_what_was_matched() {
    let mut rooms = limit("rooms", "3 per minute");
    rooms.on.path = Some("/v1/rooms".parse().unwrap());
    let (service, echo) = world(vec![rooms]);
    for target in ["/v1//rooms?a=%20", "/v1/x/../rooms", "/v1/%72ooms"] {
        assert_eq!(ask(&service, call("GET", target, "a")).await.status, StatusCode::OK);
    }
    assert_eq!(ask(&service, call("GET", "/v1/./rooms", "a")).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(echo.targets(), ["/v1/rooms?a=%20", "/v1/rooms", "/v1/rooms"]);
    let whole = ask(&service, call("GET", "http://api.example/v1//other", "a")).await;
    assert_eq!((whole.status, echo.targets()[3].as_str()), (StatusCode::OK, "http://api.example/v1/other"));
}

#[tokio::test(start_paused = true)]
async fn a_target_that_servers_read_in_different_ways_is_refused_with_the_reason() {
    let (service, echo) = world(vec![limit("rooms", "3 per minute")]);
    let heard = ask(&service, call("GET", "/v1%2Frooms", "a")).await;
    assert_eq!(heard.status, StatusCode::BAD_REQUEST);
    assert!(heard.body.contains("byte 4 of the target begins a coded slash"), "{}", heard.body);
    let mut homeless = call("GET", "/", "a");
    homeless.headers_mut().remove("host");
    let heard = ask(&service, homeless).await;
    assert_eq!(heard.status, StatusCode::BAD_REQUEST);
    assert!(heard.body.contains("the request names no host"), "{}", heard.body);
    let long = ask(&service, call("GET", &format!("/{}", "x".repeat(20_000)), "a")).await;
    assert_eq!(long.status, StatusCode::URI_TOO_LONG);
    assert!(echo.targets().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_refused_head_has_the_length_of_a_body_and_no_body() {
    let (service, _) = world(vec![limit("rooms", "1 per minute")]);
    ask(&service, call("HEAD", "/", "a")).await;
    let head = ask(&service, call("HEAD", "/", "a")).await;
    let get = ask(&service, call("GET", "/", "a")).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::TOO_MANY_REQUESTS, ""));
    let near = |length: &str| (get.body.len() as i64 - length.parse::<i64>().unwrap()).abs();
    assert_eq!(near(head.field("content-length")[0]), 0, "only the tracking ID differs, and it is as long");
}

#[tokio::test(start_paused = true)]
async fn every_answer_has_a_tracking_id_and_the_service_sees_the_same() {
    let (service, echo) = world(vec![limit("rooms", "2 per minute")]);
    let mut named = call("GET", "/", "a");
    named.headers_mut().insert("trackingid", HeaderValue::from_static("ROUTER_1"));
    assert_eq!(ask(&service, named).await.field("trackingid"), ["ROUTER_1"]);
    let made = ask(&service, call("GET", "/", "a")).await;
    let refused = ask(&service, call("GET", "/", "a")).await;
    let id = made.field("trackingid")[0];
    assert!(id.starts_with("TIDEGATE_"), "{id}");
    assert_ne!(refused.field("trackingid")[0], id);
    assert!(refused.body.contains(refused.field("trackingid")[0]));
    let seen = echo.seen.lock().unwrap();
    assert_eq!(
        (&seen[0].1["trackingid"], &seen[1].1["trackingid"]),
        (&HeaderValue::from_static("ROUTER_1"), &id.parse().unwrap())
    );
}

fn per_address() -> LimitLayer {
    layer(vec![Limit::new("it", vec!["ip".parse().unwrap()], "1 per minute".parse().unwrap())])
}

/// A call over a connection from this address, with what a proxy may have said.
fn from(address: Option<&str>, forwarded_for: &str) -> Request<Full<Bytes>> {
    let mut request = call("GET", "/", "a");
    if let Some(address) = address {
        let address: IpAddr = address.parse().unwrap();
        request.extensions_mut().insert(ConnectAddress(SocketAddr::new(address, 4711)));
    }
    request.headers_mut().insert("x-forwarded-for", forwarded_for.parse().unwrap());
    request
}

#[tokio::test(start_paused = true)]
async fn callers_are_told_apart_by_address_and_proxies_believed_if_they_are_trusted() {
    let service = per_address().layer(Echo::default());
    let status = async |request| ask(&service, request).await.status.as_u16();
    assert_eq!(status(from(Some("192.0.2.1"), "198.51.100.1")).await, 200);
    assert_eq!(status(from(Some("192.0.2.1"), "198.51.100.2")).await, 429, "what it says counts for nothing");
    assert_eq!(status(from(Some("192.0.2.2"), "198.51.100.1")).await, 200);
    let trust = Trust { proxies: networks(["10.0.0.0/8"]).unwrap(), ..Trust::default() };
    let service = per_address().trust(trust).layer(Echo::default());
    let status = async |request| ask(&service, request).await.status.as_u16();
    assert_eq!(status(from(Some("10.0.0.1"), "198.51.100.1")).await, 200);
    assert_eq!(status(from(Some("10.0.0.1"), "198.51.100.1")).await, 429);
    assert_eq!(status(from(Some("10.0.0.1"), "198.51.100.2")).await, 200);
}

#[tokio::test(start_paused = true)]
async fn callers_of_unknown_address_are_one_caller() {
    let service = per_address().layer(Echo::default());
    assert_eq!(ask(&service, from(None, "198.51.100.1")).await.status, StatusCode::OK);
    assert_eq!(ask(&service, from(None, "198.51.100.2")).await.status, StatusCode::TOO_MANY_REQUESTS);
    let told = per_address()
        .client_address(|parts| parts.headers.get("x-forwarded-for")?.to_str().ok()?.parse().ok());
    let service = told.layer(Echo::default());
    assert_eq!(ask(&service, from(None, "198.51.100.1")).await.status, StatusCode::OK);
    assert_eq!(ask(&service, from(None, "198.51.100.2")).await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn the_services_own_error_comes_out_as_it_is() {
    let broken = tower::service_fn(|_: Request<Counted<Full<Bytes>>>| async {
        Err::<Response<Full<Bytes>>, io::Error>(io::Error::other("broken"))
    });
    let service = layer(vec![limit("it", "1 per minute")]).layer(broken);
    let error: io::Error = service.clone().oneshot(call("GET", "/", "a")).await.unwrap_err();
    assert_eq!(error.to_string(), "broken");
    let refused = service.oneshot(call("GET", "/", "a")).await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "what may have been done was spent");
}

#[test]
fn a_layer_in_one_line_says_what_is_wrong_with_it() {
    assert!(matches!(LimitLayer::per_key("60 per fortnight", "bearer"), Err(LayerError::Quota(_))));
    assert!(matches!(LimitLayer::per_key("60 per minute", "beard"), Err(LayerError::Key(_))));
    let error = LimitLayer::per_key("60 per minute", "path:id").unwrap_err();
    assert!(error.to_string().contains("`default`: the key needs path:id"), "{error}");
    let unsayable =
        Policy { limits: vec![limit("café", "1 per s"), limit("a\nb", "1 per s")], ..Policy::default() };
    let error = LimitLayer::of(unsayable).unwrap_err().to_string();
    assert!(
        error.contains("`café`: ") && error.contains("printable ASCII") && error.contains("; `a"),
        "{error}"
    );
}
