//! Kept answers: asked about, renewed, forgotten. Never here: a rule about one field.

use super::*;

const ONE: &[(&str, &str)] = &[("etag", "\"one\""), ("date", "1"), ("content-type", "text/plain")];

/// The tag that an upstream was asked about.
fn asked_about(request: &Request<Empty<Bytes>>) -> Option<&str> {
    request.headers().get(IF_NONE_MATCH).map(|tag| tag.to_str().unwrap())
}

#[tokio::test(start_paused = true)]
async fn what_still_holds_is_answered_from_what_was_kept() {
    let mut played = Played::new(Revalidate::Public);
    let (request, got) = played.turn(get("/a", &[]), answer(200, ONE, "body")).await;
    assert_eq!((asked_about(&request), got.kept), (None, false));
    for date in ["2", "3"] {
        let call = played.call(get("/a", &[]));
        let seen = played.seen.recv().await.unwrap();
        assert_eq!(asked_about(&seen.request), Some("\"one\""));
        seen.answer(answer(304, &[("etag", "W/\"one\""), ("date", date), ("x", "new")], ""));
        let answer = call.await.unwrap().unwrap();
        let field = |name| answer.headers()[name].to_str().unwrap();
        assert_eq!(
            [field("date"), field("x"), field("content-type"), field("content-length")],
            [date, "new", "text/plain", "4"]
        );
        let body = "body".to_owned();
        assert_eq!(read(answer).await, Got { status: 200, shared: false, kept: true, body });
    }
    let figures = played.saved.figures();
    assert_eq!((figures.asked_about, figures.revalidated, figures.kept_answers), (2, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_new_answer_takes_the_place_of_the_old_one() {
    let mut played = Played::new(Revalidate::Public);
    played.turn(get("/a", &[]), answer(200, ONE, "one")).await;
    let (_, got) = played.turn(get("/a", &[]), answer(200, &[("etag", "W/\"two\"")], "two")).await;
    assert_eq!((got.body.as_str(), got.kept), ("two", false));
    let (request, got) = played.turn(get("/a", &[]), answer(500, &[], "broken")).await;
    assert_eq!((asked_about(&request), got.status), (Some("W/\"two\""), 500));
    let (_, got) = played.turn(get("/a", &[]), answer(304, &[], "")).await;
    assert_eq!((got.body.as_str(), got.kept), ("two", true), "a failure says nothing of what is kept");
}

#[tokio::test(start_paused = true)]
async fn followers_share_what_was_kept() {
    let mut played = Played::new(Revalidate::Public);
    played.turn(get("/a", &[]), answer(200, ONE, "body")).await;
    let (calls, first) = played.crowd(10).await;
    first.answer(answer(304, &[], ""));
    for got in all(calls).await {
        assert!(got.kept && got.status == 200 && got.body == "body");
    }
    assert_eq!(played.sent(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_asks_with_a_condition_of_its_own_gets_its_own_answer() {
    let mut played = Played::new(Revalidate::Public);
    played.turn(get("/a", &[]), answer(200, ONE, "body")).await;
    let (request, got) = played.turn(get("/a", &[("if-none-match", "\"mine\"")]), answer(304, &[], "")).await;
    assert_eq!((asked_about(&request), got.status, got.kept), (Some("\"mine\""), 304, false));
}

#[tokio::test(start_paused = true)]
async fn a_304_about_something_else_is_asked_again_without_a_tag() {
    let mut played = Played::new(Revalidate::Public);
    played.turn(get("/a", &[]), answer(200, ONE, "body")).await;
    let call = played.call(get("/a", &[("x", "y")]));
    played.seen.recv().await.unwrap().answer(answer(200, ONE, "other"));
    assert_eq!(got(call).await.body, "other");
    let call = played.call(get("/a", &[]));
    played.seen.recv().await.unwrap().answer(answer(304, &[("etag", "\"two\"")], ""));
    let again = played.seen.recv().await.unwrap();
    assert_eq!(asked_about(&again.request), None);
    again.answer(answer(200, &[("etag", "\"two\"")], "new"));
    let got = got(call).await;
    assert_eq!((got.body.as_str(), got.kept), ("new", false));
}

/// Whether the second of two such requests is asked about by a tag.
async fn check(
    way: Revalidate,
    first: &[(&str, &str)],
    second: &[(&str, &str)],
    told: &[(&str, &str)],
    asked: bool,
) {
    let mut played = Played::new(way);
    let fields: Vec<_> = ONE.iter().chain(told).copied().collect();
    played.turn(get("/a", first), answer(200, &fields, "body")).await;
    let (request, _) = played.turn(get("/a", second), answer(200, &[], "body")).await;
    assert_eq!(asked_about(&request).is_some(), asked, "{way:?} {first:?} {second:?} {told:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_for_who_asked() {
    use Revalidate::{Off, Private, Public};
    let (one, other) = (&[("authorization", "Bearer a1")], &[("authorization", "Bearer a2")]);
    check(Off, &[], &[], &[], false).await;
    check(Public, &[], &[], &[], true).await;
    check(Public, one, one, &[], false).await;
    check(Public, &[("cookie", "a")], &[("cookie", "a")], &[], false).await;
    check(Public, &[], &[], &[("cache-control", "private")], false).await;
    check(Private, one, one, &[("cache-control", "private")], true).await;
    check(Private, one, other, &[], false).await;
    check(Private, one, &[], &[], false).await;
    check(Private, one, one, &[("set-cookie", "a")], false).await;
    check(Private, one, one, &[("cache-control", "no-store")], false).await;
    check(Public, &[("cache-control", "no-store")], &[], &[], false).await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_varies_is_kept_for_each() {
    use Revalidate::Public;
    let vary = &[("vary", "Accept-Language")];
    check(Public, &[("accept-language", "de")], &[("accept-language", "de")], vary, true).await;
    check(Public, &[("accept-language", "de")], &[("accept-language", "en")], vary, false).await;
    check(Public, &[("x-request-id", "1")], &[("x-request-id", "2")], vary, true).await;
    check(Public, &[("x-request-id", "1")], &[("x-request-id", "2")], &[("vary", "x-request-id")], false)
        .await;
}

#[tokio::test(start_paused = true)]
async fn what_was_cut_is_not_kept() {
    let mut played = Played::new(Revalidate::Public);
    let call = played.call(get("/a", &[]));
    let (pieces, body) = piped();
    let cut = Response::builder().header("etag", "\"one\"").body(body).unwrap();
    played.seen.recv().await.unwrap().answer(cut);
    let mut cut = call.await.unwrap().unwrap();
    pieces.send(Bytes::from("part")).unwrap();
    cut.body_mut().frame().await.unwrap().unwrap();
    drop(cut);
    let (request, _) = played.turn(get("/a", &[]), answer(200, &[], "whole")).await;
    assert_eq!(asked_about(&request), None);
}

#[tokio::test(start_paused = true)]
async fn a_304_can_end_the_keeping() {
    let mut played = Played::new(Revalidate::Public);
    played.turn(get("/a", &[]), answer(200, ONE, "body")).await;
    let (_, got) = played.turn(get("/a", &[]), answer(304, &[("cache-control", "no-store")], "")).await;
    assert_eq!((got.body.as_str(), got.kept, played.saved.figures().kept_answers), ("body", true, 0));
}

#[tokio::test(start_paused = true)]
async fn the_memory_of_what_is_kept_is_bounded() {
    let kept = kept::Bounds { answer_bytes: 2_000, all_bytes: 20_000, answers: 8 };
    let mut played = Played::within(Bounds { kept, ..BOUNDS }, Revalidate::Public);
    for number in 0..50 {
        let body = "x".repeat(number * 60);
        played.turn(get(&format!("/{number}"), &[]), answer(200, ONE, &body)).await;
        let figures = played.saved.figures();
        assert!(figures.kept_bytes <= 20_000 && figures.kept_answers <= 8, "{figures:?}");
    }
    let (request, _) = played.turn(get("/49", &[]), answer(200, &[], "")).await;
    assert_eq!(asked_about(&request), None, "it was longer than is kept");
    let (request, _) = played.turn(get("/33", &[]), answer(200, &[], "")).await;
    assert_eq!(asked_about(&request), Some("\"one\""));
}
