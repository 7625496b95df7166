//! One request: waits exactly as told, up to its deadline. Never here: several requests in one queue.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use tidegate::client::{Deadline, Patience, WaitError, WaitLayer};
use tidegate::observe::Event;
use tidegate::world;

use crate::support::{Answer, Chunks, SECOND, Upstream, check_waited, get, is_service, limit, post};

#[track_caller]
fn check_sent_at(upstream: &Upstream, told: &[Duration]) {
    let log = upstream.log();
    assert_eq!(log.len(), told.len() + 1);
    for (pair, told) in log.windows(2).zip(told) {
        check_waited(pair[1].sent.since(pair[0].answered.unwrap()), *told);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_request_waits_as_told_and_passes() {
    let upstream = Upstream::script([limit(3), limit(70)]).latency(SECOND / 10);
    let client = upstream.behind(WaitLayer::new());
    is_service::<_, Chunks>(&client.wait);
    assert_eq!(client.get("/rooms").await.unwrap().status(), StatusCode::OK);
    check_sent_at(&upstream, &[3 * SECOND, 70 * SECOND]);
}

#[tokio::test(start_paused = true)]
async fn what_an_origin_told_can_be_forgotten_and_is_asked_anew() {
    let upstream = Upstream::script([limit(3000), limit(3)]);
    let client = upstream.behind(WaitLayer::new());
    let (start, layer) = (world::now(), client.layer.clone());
    let forget = async {
        world::sleep_until(start.later(10 * SECOND)).await;
        assert_eq!(layer.forget("http://other.test"), 0);
        assert!(layer.views()[0].closed_until.is_some());
        assert_eq!(layer.forget("http://upstream.test"), 1);
        assert_eq!(layer.views()[0].refusals_left, 999, "the refusals that were risked stay counted");
    };
    let (answer, ()) = tokio::join!(client.get("/rooms"), forget);
    assert_eq!(answer.unwrap().status(), StatusCode::OK);
    let sent: Vec<u64> = upstream.log().iter().map(|seen| seen.sent.since(start).as_secs()).collect();
    assert_eq!(sent.len(), 3);
    assert_eq!((sent[0], sent[1]), (0, 10));
    check_waited(upstream.log()[2].sent.since(start), 13 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_outage_with_a_told_wait_is_waited_for_and_one_without_is_an_answer() {
    let upstream = Upstream::script([Answer::Unavailable("5".into()), Answer::Status(503)]);
    let client = upstream.behind(WaitLayer::new());
    assert_eq!(client.get("/rooms").await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    check_sent_at(&upstream, &[5 * SECOND]);
}

#[tokio::test(start_paused = true)]
async fn an_outage_whose_wait_can_not_be_read_is_tried_again_with_pauses_and_not_forever() {
    let odd = || Answer::Unavailable("soon".into());
    let upstream = Upstream::script([odd(), odd()]);
    let client = upstream.behind(WaitLayer::new());
    let answer = client.send(post("/messages", Chunks::default())).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    check_sent_at(&upstream, &[SECOND, 2 * SECOND]);

    let upstream = Upstream::new(move |_, _| odd());
    let answer = upstream.behind(WaitLayer::new().tries(4)).get("/rooms").await.unwrap();
    assert_eq!((answer.status(), upstream.log().len()), (StatusCode::SERVICE_UNAVAILABLE, 4));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_passed_may_ask_for_a_pause() {
    let upstream = Upstream::script([Answer::Hint(8)]);
    let client = upstream.behind(WaitLayer::new());
    assert_eq!(client.get("/rooms").await.unwrap().status(), StatusCode::MOVED_PERMANENTLY);
    client.get("/rooms").await.unwrap();
    check_sent_at(&upstream, &[8 * SECOND]);
}

#[tokio::test(start_paused = true)]
async fn odd_waits_are_neither_errors_nor_ignored() {
    let odd = ["", "rand(30),add(30)", "1m0s", "-5", "inf", "0.503"].map(|wait| Answer::Limit(wait.into()));
    let upstream = Upstream::script(odd);
    let client = upstream.behind(WaitLayer::new());
    assert_eq!(client.get("/rooms").await.unwrap().status(), StatusCode::OK);
    let log = upstream.log();
    assert_eq!(log.len(), 7);
    for pair in log.windows(2) {
        assert!(pair[1].sent.since(pair[0].sent) >= SECOND / 2, "{:?}", pair[1].sent.since(pair[0].sent));
    }
}

#[tokio::test(start_paused = true)]
async fn a_webex_host_is_known_by_its_name() {
    // A wait of 0 is meant as a second there, and one that isn't told as 15.
    let upstream = Upstream::script([limit(0), Answer::Status(429)]);
    let client = upstream.behind(WaitLayer::new());
    let mut request = get("/v1/rooms");
    *request.uri_mut() = "https://webexapis.com/v1/rooms".parse().unwrap();
    client.send(request).await.unwrap();
    check_sent_at(&upstream, &[SECOND, 15 * SECOND]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_longest_is_refused_at_once() {
    let upstream = Upstream::script([limit(7200)]);
    let client = upstream.behind(WaitLayer::new());
    let start = world::now();
    let error = client.get("/rooms").await.unwrap_err();
    assert!(
        matches!(error, WaitError::Overdue { wait, beyond: Patience::MaxWait(_), .. } if wait >= 7200 * SECOND)
    );
    assert_eq!(world::now(), start);
    assert!(error.to_string().starts_with("http://upstream.test/rooms has to be waited for 7200"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_of_ages_is_an_answer_not_a_panic() {
    for wait in ["99999999999999999999", "277403000", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        let upstream = Upstream::script([Answer::Limit(wait.into())]);
        let error = upstream.behind(WaitLayer::new()).get("/rooms").await.unwrap_err();
        assert!(matches!(error, WaitError::Overdue { .. }), "{error}");
        let patient = upstream.behind(WaitLayer::new().max_wait(Duration::MAX).deadline(SECOND));
        assert!(patient.get("/rooms").await.is_ok(), "the script is over, and this layer has its own gates");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_is_refused_at_once_and_one_within_is_waited() {
    let upstream = Upstream::script([limit(3), limit(3)]);
    let client = upstream.behind(WaitLayer::new().deadline(5 * SECOND));
    let start = world::now();
    let error = client.get("/rooms").await.unwrap_err();
    let waited = world::now().since(start);
    check_waited(waited, 3 * SECOND);
    assert!(
        matches!(error, WaitError::Overdue { beyond: Patience::Deadline(span), .. } if span == 5 * SECOND)
    );
    assert_eq!(upstream.log().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_request_may_have_a_deadline_of_its_own() {
    let upstream = Upstream::script([limit(3)]);
    let client = upstream.behind(WaitLayer::new().deadline(SECOND));
    let mut request = get("/rooms");
    request.extensions_mut().insert(Deadline(10 * SECOND));
    assert!(client.send(request).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_under_way_says_that_it_may_have_been_done() {
    let upstream = Upstream::script([Answer::Never]);
    let client = upstream.behind(WaitLayer::new().deadline(2 * SECOND));
    let start = world::now();
    let error = client.get("/rooms").await.unwrap_err();
    assert!(matches!(error, WaitError::Unanswered { after, .. } if after >= 2 * SECOND), "{error}");
    assert!(world::now().since(start) <= 2 * SECOND + Duration::from_millis(10));
    assert_eq!(client.layer.beliefs()[0].1.under_way, 0, "nothing is left behind");
}

#[tokio::test(start_paused = true)]
async fn what_happens_is_told_without_secrets() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = told.clone();
    let layer = WaitLayer::new().observer(Arc::new(move |event: &Event<'_>| {
        sink.lock().unwrap().push(format!("{event:?}"));
    }));
    let upstream = Upstream::script([limit(3), limit(7200)]);
    let client = upstream.behind(layer);
    let mut request = get("/rooms?token=secret");
    request.headers_mut().insert("authorization", "Bearer secret".parse().unwrap());
    let error = client.send(request).await.unwrap_err();
    let told = told.lock().unwrap();
    let kinds: Vec<&str> = told.iter().map(|event| event.split(' ').next().unwrap()).collect();
    assert_eq!(kinds, ["Sent", "Refused", "Repeated", "Waiting", "Sent", "Refused", "Repeated", "Ended"]);
    let everything = format!("{told:?} {error:?} {error} {:?} {:?}", client.layer, client.layer.beliefs());
    assert!(!everything.contains("secret"), "{everything}");
    assert!(told[4].contains("attempt: 2") && told[4].contains("http://upstream.test/rooms"), "{}", told[4]);
}
