//! Those who wait beside: what they get, and what they cost. Never here: how the first one fares.

use tidegate::client::Priority;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_thousand_that_ask_the_same_are_one_call() {
    let mut played = Played::new(Revalidate::Off);
    let (calls, first) = played.crowd(1000).await;
    first.answer(answer(200, &[("x", "1")], "all of it"));
    let (mut shared, mut own) = (0, 0);
    for got in all(calls).await {
        assert_eq!((got.status, got.body.as_str()), (200, "all of it"));
        if got.shared { shared += 1 } else { own += 1 }
    }
    assert_eq!((shared, own, played.sent()), (999, 1, 1));
    let figures = played.saved.figures();
    assert_eq!((figures.followed, figures.following, figures.shared_bytes), (999, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_next_one_after_an_answer_asks_anew() {
    let mut played = Played::new(Revalidate::Off);
    for body in ["one", "two"] {
        let (_, got) = played.turn(get("/a", &[]), answer(200, &[], body)).await;
        assert_eq!((got.body.as_str(), got.shared), (body, false));
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_that_differ_by_one_byte_share_nothing() {
    let mut played = Played::new(Revalidate::Off);
    let tokens = ["Bearer aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "Bearer aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"];
    let calls = tokens.map(|token| played.call(get("/me", &[("authorization", token)])));
    for _ in &tokens {
        let seen = played.seen.recv().await.unwrap();
        let who = seen.request.headers()["authorization"].to_str().unwrap().to_owned();
        seen.answer(answer(200, &[], &who));
    }
    for (call, token) in calls.into_iter().zip(tokens) {
        assert_eq!(got(call).await, Got { status: 200, shared: false, kept: false, body: token.to_owned() });
    }
}

#[tokio::test(start_paused = true)]
async fn parts_are_shared_only_with_who_asked_for_the_same_part() {
    let mut played = Played::new(Revalidate::Off);
    let part = |range| get("/a", &[("range", range)]);
    let calls = ["bytes=0-4", "bytes=0-4", "bytes=5-9"].map(|range| played.call(part(range)));
    for body in ["first", "other"] {
        let seen = played.seen.recv().await.unwrap();
        if body == "first" {
            played.until_following(1).await;
        }
        seen.answer(answer(206, &[], body));
    }
    let mut bodies = Vec::new();
    for got in all(calls).await {
        bodies.push((got.body, got.shared));
    }
    let expected =
        [("first", false), ("first", true), ("other", false)].map(|(body, is)| (body.to_owned(), is));
    assert_eq!((bodies.as_slice(), played.sent()), (expected.as_slice(), 2));
}

#[tokio::test(start_paused = true)]
async fn one_that_hangs_up_costs_the_others_nothing() {
    let mut played = Played::new(Revalidate::Off);
    let (mut calls, first) = played.crowd(10).await;
    let gone = calls.remove(5);
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    assert_eq!(played.saved.figures().following, 8, "its place is free at once");
    first.answer(answer(200, &[], "x"));
    for got in all(calls).await {
        assert_eq!(got.body, "x");
    }
    assert_eq!(played.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_follower_is_late_at_its_own_deadline() {
    let mut played = Played::new(Revalidate::Off);
    let begun = world::now();
    let by = |seconds| Some(begun.later(Duration::from_secs(seconds)));
    let first = played.call_by(by(10), get("/a", &[]));
    let seen = played.seen.recv().await.unwrap();
    let calls = [10, 20].map(|seconds| played.call_by(by(seconds), get("/a", &[])));
    played.until_following(2).await;
    let [late, in_time] = calls;
    assert_eq!(late.await.unwrap().err(), Some(Failed::Late));
    assert_eq!(world::now(), begun.later(Duration::from_secs(10)));
    seen.answer(answer(200, &[], "x"));
    let [first, in_time] = <[Got; 2]>::try_from(all([first, in_time]).await).unwrap();
    assert!(in_time.shared && !first.shared);
    assert_eq!((played.saved.figures().late, played.sent()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn who_has_less_time_than_the_first_one_does_not_wait_for_it() {
    let mut played = Played::new(Revalidate::Off);
    let by = |millis| Some(world::now().later(Duration::from_millis(millis)));
    let slow = played.call_by(by(60_000), get("/a", &[]));
    let slow_seen = played.seen.recv().await.unwrap();
    let quick = played.call_by(by(1_000), get("/a", &[]));
    let quick_seen = played.seen.recv().await.unwrap();
    let (also_quick, patient) = (played.call_by(by(950), get("/a", &[])), played.call(get("/a", &[])));
    played.until_following(2).await;
    quick_seen.answer(answer(200, &[], "quick"));
    for got in all([quick, also_quick, patient]).await {
        assert_eq!(got.body, "quick");
    }
    slow_seen.answer(answer(200, &[], "slow"));
    assert_eq!(got(slow).await.body, "slow");
}

#[tokio::test(start_paused = true)]
async fn who_is_more_urgent_than_the_first_one_does_not_wait_for_it() {
    let mut played = Played::new(Revalidate::Off);
    let asked = |priority: Priority| {
        let mut request = get("/a", &[]);
        request.extensions_mut().insert(priority);
        request
    };
    let low = played.call(asked(Priority::Low));
    let low_seen = played.seen.recv().await.unwrap();
    let urgent = played.call(get("/a", &[]));
    let urgent_seen = played.seen.recv().await.unwrap();
    let patient = played.call(asked(Priority::Low));
    played.until_following(1).await;
    urgent_seen.answer(answer(200, &[], "soon"));
    for got in all([urgent, patient]).await {
        assert_eq!(got.body, "soon");
    }
    low_seen.answer(answer(200, &[], "later"));
    assert_eq!(got(low).await.body, "later");
}

#[tokio::test(start_paused = true)]
async fn more_than_may_wait_go_by_themselves() {
    let twins = twins::Bounds { followers: 3, ..BOUNDS.twins };
    let mut played = Played::within(Bounds { twins, ..BOUNDS }, Revalidate::Off);
    let calls: Vec<_> = (0..10).map(|_| played.call(get("/a", &[]))).collect();
    for _ in 0..7 {
        let seen = played.seen.recv().await.unwrap();
        played.until_following(3).await;
        // The first one is seen first, and answered last.
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            seen.answer(answer(200, &[], "x"));
        });
    }
    for got in all(calls).await {
        assert_eq!(got.body, "x");
    }
    assert_eq!((played.sent(), played.saved.figures().followed), (7, 3));
}

#[tokio::test(start_paused = true)]
async fn who_wrote_reads_nothing_from_before() {
    let mut played = Played::new(Revalidate::Off);
    let before = played.call(get("/a", &[]));
    let before_seen = played.seen.recv().await.unwrap();
    let write = Request::put("/b").body(Empty::new()).unwrap();
    let (_, written) = played.turn(write, answer(204, &[], "")).await;
    assert_eq!(written.status, 204);
    let calls = [(); 2].map(|()| played.call(get("/a", &[])));
    let after_seen = played.seen.recv().await.unwrap();
    played.until_following(1).await;
    before_seen.answer(answer(200, &[], "old"));
    after_seen.answer(answer(200, &[], "new"));
    assert_eq!(got(before).await.body, "old");
    for got in all(calls).await {
        assert_eq!(got.body, "new");
    }
}

#[tokio::test(start_paused = true)]
async fn who_may_not_or_wants_no_share_is_sent_at_once() {
    let mut played = Played::new(Revalidate::Off);
    let (calls, first) = played.crowd(2).await;
    let alone = [
        get("/a", &[("cache-control", "no-cache")]),
        get("/a", &[("if-none-match", "\"a\"")]),
        Request::head("/a").body(Empty::new()).unwrap(),
    ];
    for request in alone {
        let (_, got) = played.turn(request, answer(200, &[], "own")).await;
        assert_eq!((got.body.as_str(), got.shared), ("own", false));
    }
    played.manner.coalesce = Coalesce::Off;
    let (_, off) = played.turn(get("/a", &[]), answer(200, &[], "own")).await;
    assert!(!off.shared);
    first.answer(answer(200, &[], "x"));
    for got in all(calls).await {
        assert_eq!(got.body, "x");
    }
}
