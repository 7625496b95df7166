//! Which answers are for all, and how much of them is held. Never here: who asks.

use super::*;

/// Whether those who asked the same are given this answer, or go by themselves.
async fn check(fields: &[(&str, &str)], status: u16, shared: bool) {
    let mut played = Played::new(Revalidate::Off);
    let (calls, first) = played.crowd(3).await;
    first.answer(answer(status, fields, "first"));
    for _ in 0..if shared { 0 } else { 2 } {
        played.seen.recv().await.unwrap().answer(answer(status, fields, "own"));
    }
    let mut bodies = Vec::new();
    for got in all(calls).await {
        assert_eq!(got.status, status);
        bodies.push(got.body);
    }
    let expected = if shared { ["first", "first", "first"] } else { ["first", "own", "own"] };
    assert_eq!(bodies, expected, "{fields:?}");
    assert_eq!(played.saved.figures().shared_bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn answers_for_one_are_given_to_one() {
    check(&[], 200, true).await;
    check(&[("cache-control", "private")], 200, true).await;
    check(&[("set-cookie", "a=1")], 200, false).await;
    check(&[("cache-control", "no-store")], 200, false).await;
    check(&[("vary", "*")], 200, false).await;
    check(&[("content-type", "text/event-stream")], 200, false).await;
}

#[tokio::test(start_paused = true)]
async fn errors_of_the_upstream_are_answers_too() {
    for status in [401, 404, 429, 500, 503] {
        check(&[], status, true).await;
    }
    check(&[], 408, false).await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_a_byte_is_one() {
    let mut played = Played::new(Revalidate::Off);
    let (calls, first) = played.crowd(3).await;
    first.answer(answer(204, &[], ""));
    for got in all(calls).await {
        assert_eq!(got.status, 204);
    }
    assert_eq!(played.sent(), 1);
}

/// Sends so many bytes in pieces; says how often the question was asked in the end, and what was held at most.
async fn held(bounds: Bounds, bytes: usize) -> (usize, u64) {
    let mut played = Played::within(bounds, Revalidate::Off);
    let (mut calls, first) = played.crowd(2).await;
    let (pieces, body) = piped();
    first.answer(Response::new(body));
    let mut leader = calls.remove(0).await.unwrap().unwrap();
    let mut most = 0;
    for _ in 0..bytes / 100 {
        pieces.send(Bytes::from_static(&[b'x'; 100])).unwrap();
        leader.body_mut().frame().await.unwrap().unwrap();
        most = most.max(played.saved.figures().shared_bytes);
    }
    drop(pieces);
    assert!(leader.body_mut().frame().await.is_none());
    let follower = calls.remove(0);
    tokio::select! {
        seen = played.seen.recv() => seen.unwrap().answer(answer(200, &[], "own")),
        () = async { while !follower.is_finished() { tokio::task::yield_now().await } } => {}
    }
    let body = got(follower).await.body;
    assert!(body == "own" || body.len() == bytes, "all of it or one's own");
    assert_eq!(played.saved.figures().shared_bytes, 0);
    (played.sent(), most)
}

#[tokio::test(start_paused = true)]
async fn what_is_held_is_bounded_for_each_and_for_all() {
    let within = |answer_bytes, all_bytes| Bounds {
        twins: twins::Bounds { answer_bytes, all_bytes, ..BOUNDS.twins },
        ..BOUNDS
    };
    let piece = 100 + copied::PIECE_BYTES;
    assert_eq!(held(within(1000, 10_000), 1000).await, (1, 10 * piece));
    assert_eq!(held(within(1000, 10_000), 1100).await, (2, 10 * piece));
    assert_eq!(held(within(1000, 7 * piece), 1000).await, (2, 7 * piece));
}

#[tokio::test(start_paused = true)]
async fn what_a_slow_follower_has_not_read_still_counts() {
    let mut played = Played::new(Revalidate::Off);
    let (mut calls, first) = played.crowd(2).await;
    first.answer(answer(200, &[], "12345"));
    let follower = calls.pop().unwrap();
    got(calls.pop().unwrap()).await;
    let unread = follower.await.unwrap().unwrap();
    assert_eq!(played.saved.figures().shared_bytes, 5);
    drop(unread);
    assert_eq!(played.saved.figures().shared_bytes, 0);
}
