//! Whose turn it is, how much may wait, and who is told that it waits in vain. Never here: one caller's order alone.

use std::pin::Pin;
use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::Full;
use tidegate::client::{Basis, Bound, Caller, Deadline, Priority, WaitError, WaitFuture, WaitLayer};
use tidegate::world;
use tidegate_core::Time;
use tokio::task::{JoinSet, yield_now};

use crate::gate::{at_once, numbered};
use crate::support::{
    Answer, Broke, Chunks, Client, Outcome, SECOND, Upstream, check_waited, get, limit, post,
};

fn of(caller: u64, path: &str) -> Request<Chunks> {
    let mut request = get(path);
    request.extensions_mut().insert(Caller(caller));
    request
}

fn by(priority: Priority, path: &str) -> Request<Chunks> {
    let mut request = get(path);
    request.extensions_mut().insert(priority);
    request
}

fn within(span: Duration, mut request: Request<Chunks>) -> Request<Chunks> {
    request.extensions_mut().insert(Deadline(span));
    request
}

/// Starts these in their order, all at once, and gives the paths in the order of sending when all have passed.
async fn order(upstream: &Upstream, requests: Vec<Request<Chunks>>) -> Vec<String> {
    let client = upstream.behind(numbered());
    let mut set = JoinSet::new();
    for request in requests {
        set.spawn(client.send(request));
        yield_now().await;
    }
    assert!(set.join_all().await.into_iter().all(|outcome| outcome.is_ok()));
    upstream.paths()
}

#[tokio::test(start_paused = true)]
async fn callers_take_turns_and_each_keeps_its_order() {
    let upstream = Upstream::script([limit(30)]).latency(SECOND);
    let crowd = (0..20).map(|number| of(1, &format!("/a{number}")));
    let few = [of(2, "/b0"), of(2, "/b1"), of(3, "/c0")];
    let order = order(&upstream, crowd.chain(few).collect()).await;
    // The first two went before the others came; the first was refused.
    assert_eq!(order[..8], ["/a0", "/a1", "/a0", "/a2", "/b0", "/c0", "/a3", "/b1"]);
    let rest: Vec<String> = (4..20).map(|number| format!("/a{number}")).collect();
    assert_eq!(order[8..], rest);
}

#[tokio::test(start_paused = true)]
async fn the_urgent_go_first_and_the_others_in_between() {
    let upstream = Upstream::script([limit(30)]).latency(SECOND);
    let requests = (0..10).map(|number| by(Priority::Low, &format!("/l{number}")));
    let normal = (0..10).map(|number| get(&format!("/n{number}")));
    let high = (0..40).map(|number| by(Priority::High, &format!("/h{number}")));
    let order = order(&upstream, requests.chain(normal).chain(high).collect()).await;
    assert_eq!(order[..3], ["/l0", "/l1", "/l0"], "it keeps its turn");
    let next = &order[3..45];
    let count = |kind: &str| next.iter().filter(|path| path.starts_with(kind)).count();
    assert_eq!([count("/h"), count("/n"), count("/l")], [32, 8, 2], "16 to 4 to 1: {next:?}");
}

#[tokio::test(start_paused = true)]
async fn requests_that_hold_too_many_bytes_are_a_clear_answer_and_hanging_up_makes_room() {
    let upstream = Upstream::script([limit(60)]);
    let client = upstream.behind(numbered().waiting_bytes(10_000));
    let mut first = Box::pin(client.get("/0"));
    assert!(at_once(first.as_mut()).await.is_none());
    let mut second = Box::pin(client.get("/1"));
    assert!(at_once(second.as_mut()).await.is_none());
    let held = client.layer.views()[0].bytes;
    assert!((8_000..10_000).contains(&held), "{held}");
    let error = client.get("/2").await.unwrap_err();
    assert!(matches!(error, WaitError::Overfull { bound: Bound::Bytes(10_000), .. }), "{error}");
    assert!(error.to_string().contains("hold 10000 bytes already"), "{error}");
    drop(first);
    let third = tokio::spawn(client.get("/3"));
    second.await.unwrap();
    third.await.unwrap().unwrap();
    assert_eq!(client.layer.views()[0].bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_memory_has_no_room_for_comes_back_whole_from_a_file() {
    let body: Vec<u8> = (0..50_000).map(|at| (at % 251) as u8).collect();
    let upstream = Upstream::script([limit(1), limit(1)]);
    let client = upstream.behind(WaitLayer::new().replay(64 << 10, 0).waiting_bytes(8_000));
    let mut sending = Box::pin(client.send(post("/file", Chunks::of(body.chunks(1000)))));
    assert!(at_once(sending.as_mut()).await.is_none(), "refused, and waiting");
    assert!(client.layer.views()[0].bytes <= 8_000);
    assert_eq!(sending.await.unwrap().status(), StatusCode::OK);
    assert!(upstream.log().iter().all(|seen| seen.whole && seen.body == body));
}

/// A client that has learned a pace of about five calls a second, and is told to wait a second.
async fn with_a_pace(
    layer: WaitLayer,
    later: Vec<Answer>,
) -> (Client, Pin<Box<WaitFuture<Full<bytes::Bytes>, Broke>>>) {
    let answers = [vec![Answer::Pass; 10], vec![limit(1)], later].concat();
    let upstream = Upstream::script(answers).latency(SECOND / 10);
    let client = upstream.behind(layer);
    for number in 0..10 {
        client.get(&format!("/{number}")).await.unwrap();
    }
    let mut refused = Box::pin(client.get("/refused"));
    tokio::time::timeout(SECOND / 5, refused.as_mut()).await.unwrap_err();
    let pace = client.layer.beliefs()[0].1.pace.unwrap();
    assert!((3.0..7.0).contains(&pace), "{pace}");
    (client, refused)
}

fn crowd(client: &Client, count: u32, request: impl Fn(u32) -> Request<Chunks>) -> JoinSet<(Outcome, Time)> {
    let mut set = JoinSet::new();
    for number in 0..count {
        let sending = client.send(request(number));
        set.spawn(async move { (sending.await, world::now()) });
    }
    set
}

#[tokio::test(start_paused = true)]
async fn who_comes_and_waits_in_vain_is_told_at_once_and_who_may_be_in_time_is_not() {
    let (client, refused) = with_a_pace(numbered(), Vec::new()).await;
    let set = crowd(&client, 100, |number| of(1, &format!("/a{number}")));
    yield_now().await;
    let start = world::now();
    let error = client.send(within(5 * SECOND, of(1, "/vain"))).await.unwrap_err();
    assert_eq!(world::now(), start);
    let WaitError::Overdue { wait, basis: Basis::Estimated, .. } = error else { panic!("{error}") };
    assert!((15 * SECOND..30 * SECOND).contains(&wait), "a hundred, at five a second: {wait:?}");
    assert!(error.to_string().contains("about"), "{error}");
    // The same deadline is no trouble for another caller, and a longer one is not for this.
    let other = tokio::spawn(client.send(within(5 * SECOND, of(2, "/other"))));
    let longer = tokio::spawn(client.send(within(40 * SECOND, of(1, "/longer"))));
    refused.await.unwrap();
    assert!(other.await.unwrap().is_ok());
    assert!(longer.await.unwrap().is_ok());
    assert!(set.join_all().await.into_iter().all(|(outcome, _)| outcome.is_ok()));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_moves_all_tells_those_for_whom_it_is_too_late() {
    let later = [vec![Answer::Pass; 5], vec![limit(36)]].concat();
    let (client, refused) = with_a_pace(numbered(), later).await;
    let start = world::now();
    let set = crowd(&client, 60, |number| within(40 * SECOND, of(1, &format!("/a{number}"))));
    refused.await.unwrap();
    let (mut went, mut late) = (0, Vec::new());
    for (outcome, at) in set.join_all().await {
        match outcome {
            // The last to go may be under way at the deadline.
            Ok(_) | Err(WaitError::Unanswered { .. }) => went += 1,
            Err(WaitError::Overdue { basis: Basis::Estimated, .. }) => late.push(at.since(start)),
            Err(error) => panic!("{error}"),
        }
    }
    late.sort_unstable();
    let soon = late[0] + Duration::from_millis(5);
    let at_once = late.iter().filter(|&&at| at <= soon).count();
    assert!(
        at_once >= 30 && late[0] < 4 * SECOND,
        "of {} late {at_once} at once, at {:?}",
        late.len(),
        late[0]
    );
    assert!(went >= 6, "{went}");
}

#[tokio::test(start_paused = true)]
async fn who_is_not_given_up_on_an_estimate_waits_on_while_anybody_could_go() {
    let (client, refused) = with_a_pace(numbered().give_up_on(Basis::Told), Vec::new()).await;
    let set = crowd(&client, 100, |number| of(1, &format!("/a{number}")));
    yield_now().await;
    let start = world::now();
    let hopes = tokio::spawn(client.send(within(5 * SECOND, of(1, "/hopes"))));
    let patient = async {
        refused.await.unwrap();
        set.join_all().await
    };
    let (hopes, _) = tokio::join!(async { (hopes.await.unwrap(), world::now()) }, patient);
    assert!(hopes.1.since(start) >= 4 * SECOND, "not before the next turn of anybody is too late");
    let Err(WaitError::Overdue { wait, basis: Basis::Estimated, .. }) = hopes.0 else {
        panic!("{:?}", hopes.0)
    };
    assert!(wait > SECOND, "and then it is told what it would still have to wait: {wait:?}");
}

#[tokio::test(start_paused = true)]
async fn what_there_is_to_see_tells_tokens_apart_and_says_nothing_of_them() {
    let upstream = Upstream::script([limit(60), limit(60)]);
    let client = upstream.behind(WaitLayer::new());
    let with_token = |token: &str, caller| {
        let mut request = of(caller, "/rooms");
        request.headers_mut().insert("authorization", token.parse().unwrap());
        Box::pin(client.send(request))
    };
    let start = world::now();
    let mut waiting =
        [with_token("Bearer s3cret", 1), with_token("Bearer other", 1), with_token("Bearer s3cret", 2)];
    for request in &mut waiting {
        assert!(at_once(request.as_mut()).await.is_none());
    }
    let views = client.layer.views();
    let [few, more] = &views[..] else { panic!("{views:?}") };
    let (few, more) = if few.waiting == 1 { (few, more) } else { (more, few) };
    assert_eq!((few.waiting, few.callers, more.waiting, more.callers), (1, 1, 2, 2));
    assert_eq!((more.oldest, more.held, more.name.resource()), (Some(start), 0, "/rooms"));
    assert!(more.closed_until.is_some_and(|until| until >= start.later(60 * SECOND)));
    assert_ne!(few.token, more.token);
    assert_eq!(more.token.unwrap().to_string().len(), 8);
    assert_eq!(client.layer.views()[0].token, views[0].token, "it stays the same");
    assert!(!format!("{views:?}").contains("s3cret"));
}

#[tokio::test(start_paused = true)]
async fn of_ten_thousand_who_wait_all_may_hang_up_but_one() {
    let upstream = Upstream::script([limit(600)]);
    let client = upstream.behind(numbered());
    let start = world::now();
    let mut waiting = Vec::new();
    for number in 0..10_000 {
        let mut sending = Box::pin(client.send(of(number % 10, &format!("/{number}"))));
        assert!(at_once(sending.as_mut()).await.is_none());
        waiting.push(Some(sending));
    }
    let view = client.layer.views().remove(0);
    assert_eq!((view.waiting, view.callers), (10_000, 10));
    assert!(view.bytes <= 10_000 * 5_000, "less than 5 kB each: {}", view.bytes);
    assert!(matches!(
        client.get("/more").await,
        Err(WaitError::Overfull { bound: Bound::Waiters(10_000), .. })
    ));
    // From both ends towards the middle.
    for at in (0..5_000).flat_map(|at| [at, 9_999 - at]).filter(|&at| at != 7_000) {
        waiting[at] = None;
    }
    let view = client.layer.views().remove(0);
    assert_eq!((view.waiting, view.callers), (1, 1));
    waiting[7_000].take().unwrap().await.unwrap();
    check_waited(world::now().since(start), 600 * SECOND);
    assert_eq!(upstream.paths(), ["/0", "/7000"]);
    let view = client.layer.views().remove(0);
    assert_eq!((view.waiting, view.callers, view.bytes), (0, 0, 0));
}
