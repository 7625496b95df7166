//! The one that went first: what it gets, and what becomes of the others where it is lost. Never here: which answers
//! are for all.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_first_one_gets_its_answer_as_it_comes() {
    let mut played = Played::new(Revalidate::Off);
    let (mut calls, first) = played.crowd(3).await;
    let (pieces, body) = piped();
    first.answer(Response::new(body));
    let mut leader = calls.remove(0).await.unwrap().unwrap();
    pieces.send(Bytes::from("one ")).unwrap();
    let frame = leader.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(frame.data_ref().unwrap(), "one ");
    assert!(calls.iter().all(|call| !call.is_finished()), "the others wait for the whole");
    let joined = played.call(get("/a", &[]));
    played.until_following(3).await;
    pieces.send(Bytes::from("two")).unwrap();
    drop(pieces);
    assert_eq!(read(leader).await.body, "two");
    for call in calls.into_iter().chain([joined]) {
        assert_eq!(
            got(call).await,
            Got { status: 200, shared: true, kept: false, body: "one two".to_owned() }
        );
    }
    assert_eq!((played.sent(), played.saved.figures().shared_bytes), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn where_the_first_one_hangs_up_while_it_waits_one_of_the_others_goes() {
    let mut played = Played::new(Revalidate::Off);
    let (mut calls, first) = played.crowd(100).await;
    calls.remove(0).abort();
    let second = played.seen.recv().await.unwrap();
    played.until_following(98).await;
    drop(first);
    second.answer(answer(200, &[], "x"));
    for got in all(calls).await {
        assert_eq!(got.body, "x");
    }
    assert_eq!((played.sent(), played.saved.figures().lost), (2, 99));
}

#[tokio::test(start_paused = true)]
async fn where_the_first_one_hangs_up_in_the_middle_one_of_the_others_goes() {
    let mut played = Played::new(Revalidate::Off);
    let (mut calls, first) = played.crowd(100).await;
    let (pieces, body) = piped();
    first.answer(Response::new(body));
    let mut leader = calls.remove(0).await.unwrap().unwrap();
    pieces.send(Bytes::from("part")).unwrap();
    leader.body_mut().frame().await.unwrap().unwrap();
    drop(leader);
    let second = played.seen.recv().await.unwrap();
    played.until_following(98).await;
    second.answer(answer(200, &[], "whole"));
    for got in all(calls).await {
        assert_eq!(got.body, "whole");
    }
    assert_eq!((played.sent(), played.saved.figures().shared_bytes), (2, 0));
}

/// Lets a call go as far as it goes now.
fn polled<F: Future + Unpin>(call: &mut F) -> Poll<F::Output> {
    Pin::new(call).poll(&mut Context::from_waker(std::task::Waker::noop()))
}

#[tokio::test(start_paused = true)]
async fn who_wakes_after_the_next_one_has_its_answer_gets_it_too() {
    let mut played = Played::new(Revalidate::Off);
    let mut calls = [(); 3].map(|()| Box::pin(played.calling(None, get("/a", &[]))));
    assert!(calls.iter_mut().all(|call| polled(call).is_pending()));
    let [first, mut prompt, mut late] = calls;
    drop(first);
    drop(played.seen.recv().await.unwrap());
    assert!(polled(&mut prompt).is_pending(), "it goes in the place of the first");
    played.seen.recv().await.unwrap().answer(answer(200, &[], "x"));
    let Poll::Ready(own) = polled(&mut prompt) else { panic!("it has its answer") };
    assert!(!read(own.unwrap()).await.shared);
    let Poll::Ready(same) = polled(&mut late) else { panic!("it asks once more") };
    let same = same.unwrap();
    assert_eq!(played.saved.figures().shared_bytes, 1, "what it hasn't read is held");
    assert_eq!(read(same).await, Got { status: 200, shared: true, kept: false, body: "x".to_owned() });
    let figures = played.saved.figures();
    assert_eq!((played.sent(), figures.following, figures.shared_bytes), (2, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_given_the_refusal_of_another() {
    let mut played = Played::new(Revalidate::Off);
    let (mut calls, first) = played.crowd(50).await;
    first.answer.send(Err(Failed::Refused)).unwrap();
    assert_eq!(calls.remove(0).await.unwrap().err(), Some(Failed::Refused));
    let second = played.seen.recv().await.unwrap();
    played.until_following(48).await;
    second.answer.send(Err(Failed::Refused)).unwrap();
    // Whoever lost two goes by itself.
    for _ in 0..48 {
        played.seen.recv().await.unwrap().answer(answer(200, &[], "x"));
    }
    let mut refused = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(answer) => assert!(!read(answer).await.shared),
            Err(failed) => {
                assert_eq!(failed, Failed::Refused);
                refused += 1;
            }
        }
    }
    assert_eq!((refused, played.sent(), played.saved.figures().following), (1, 50, 0));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_long_for_a_first_one_that_does_not_read() {
    let mut played = Played::new(Revalidate::Off);
    let (mut calls, first) = played.crowd(3).await;
    let (_pieces, body) = piped();
    let begun = world::now();
    first.answer(Response::new(body));
    let _leader = calls.remove(0).await.unwrap().unwrap();
    for _ in 0..2 {
        played.seen.recv().await.unwrap().answer(answer(200, &[], "x"));
    }
    assert_eq!(world::now().since(begun), Duration::from_secs(5));
    for got in all(calls).await {
        assert!(!got.shared);
    }
    let (_, later) = played.turn(get("/a", &[]), answer(200, &[], "y")).await;
    assert_eq!(later.body, "y", "and nobody joins it any more");
}
