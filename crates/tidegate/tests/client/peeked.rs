//! Answers whose bodies are looked into come through as they were, and others untouched. Never here: refusals' waits.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body;
use http_body_util::BodyExt;
use proptest::prelude::*;
use tidegate::client::{Deadline, WaitLayer};
use tidegate::world;
use tower::ServiceExt;

use crate::provider::{BrokeOff, Flow, Piece, Provider, Reply, call, reply};
use crate::support::SECOND;

/// A host all of whose answers may be refusals by their bodies.
const SLACK: &str = "https://slack.com/api/conversations.list";

type Peeked = tidegate::client::Peeked<Flow>;

fn data(len: usize) -> Piece {
    Piece::Data(vec![b'x'; len].into())
}

/// The body of the answer to one call.
async fn body(provider: &Provider) -> Peeked {
    call(&provider.behind(&WaitLayer::new()), SLACK).await.unwrap().into_body()
}

fn json(pieces: impl IntoIterator<Item = Piece>) -> Reply {
    reply(200, &[("content-type", "application/json")], "").pieces(pieces)
}

#[tokio::test(start_paused = true)]
async fn a_large_body_streams_through_and_is_not_gathered() {
    let provider = Provider::new([json((0..1000).map(|_| data(16 << 10)))]);
    let mut body = body(&provider).await;
    assert_eq!(provider.asked(), 5, "64 KiB and the piece that went beyond");
    let mut len = 0;
    while let Some(frame) = body.frame().await {
        len += frame.unwrap().into_data().unwrap().len();
        assert!(provider.asked() <= len.div_ceil(16 << 10).max(5), "a piece is read when it is asked for");
    }
    assert_eq!(len, 16_384_000);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_tells_how_long_it_is_or_what_isnt_looked_into() {
    let long = Provider::new([json([data(40_000), data(40_000)])]).tells_length();
    assert_eq!(body(&long).await.size_hint().exact(), Some(80_000));
    assert_eq!(long.asked(), 0);
    for media_type in ["application/octet-stream", "text/event-stream", "image/png"] {
        let reply = reply(200, &[("content-type", media_type)], r#"{"ok": false, "error": "ratelimited"}"#);
        let download = Provider::new([reply]);
        let body = body(&download).await;
        assert_eq!(download.asked(), 0, "{media_type}");
        assert_eq!(body.collect().await.unwrap().to_bytes().len(), 37);
        assert_eq!(download.log().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_of_a_body_where_the_header_tells_all() {
    let provider = Provider::new([json([data(1)])]);
    let client = provider.behind(&WaitLayer::new());
    let answer = call(&client, "https://webexapis.com/v1/rooms").await.unwrap();
    assert_eq!(provider.asked(), 0);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "x");
}

#[tokio::test(start_paused = true)]
async fn trailers_come_behind_the_data() {
    let trailers = HeaderMap::from_iter([("checksum".parse().unwrap(), "42".parse().unwrap())]);
    let provider = Provider::new([json([data(3), Piece::Trailers(trailers.clone())])]);
    let body = body(&provider).await;
    assert!(!body.is_end_stream());
    let whole = body.collect().await.unwrap();
    assert_eq!(whole.trailers(), Some(&trailers));
    assert_eq!(whole.to_bytes(), "xxx");
}

#[tokio::test(start_paused = true)]
async fn an_error_comes_where_it_was() {
    let provider = Provider::new([json([data(3), Piece::Breaks])]);
    let mut body = body(&provider).await;
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "xxx");
    assert_eq!(body.frame().await.unwrap().unwrap_err(), BrokeOff);
    assert!(body.frame().await.is_none());
    assert_eq!(provider.log().len(), 1, "what broke off is no refusal");
}

#[tokio::test(start_paused = true)]
async fn a_body_of_which_nothing_comes_is_handed_back_unread_after_a_second() {
    let slow = || {
        let refusal = Piece::Data(r#"{"ok": false, "error": "ratelimited"}"#.into());
        Provider::new([json([data(1), Piece::Pause(30 * SECOND), refusal])])
    };
    let (provider, start) = (slow(), world::now());
    let body = body(&provider).await;
    assert_eq!((world::now(), provider.asked()), (start.later(SECOND), 1));
    assert_eq!(body.collect().await.unwrap().to_bytes().len(), 38);
    assert_eq!((world::now(), provider.log().len()), (start.later(30 * SECOND), 1));
    let (provider, start) = (slow(), world::now());
    let mut request = http::Request::post(SLACK).body(http_body_util::Full::from("")).unwrap();
    request.extensions_mut().insert(Deadline(SECOND / 4));
    provider.behind(&WaitLayer::new()).oneshot(request).await.unwrap();
    assert_eq!(world::now(), start.later(SECOND / 4), "the deadline bounds that, too");
}

#[tokio::test(start_paused = true)]
async fn others_go_while_it_is_open_whether_an_answer_is_a_refusal() {
    let slow = json([Piece::Pause(SECOND / 2), data(1)]);
    let provider = Provider::new([slow, json([data(1)])]);
    let client = provider.behind(&WaitLayer::new());
    let start = world::now();
    let (first, second) = tokio::join!(call(&client, SLACK), call(&client, SLACK));
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(provider.log()[1].0, start);
}

proptest! {
    #[test]
    fn whatever_the_pieces_the_body_is_the_same(
        pieces in prop::collection::vec((0..40_000usize, 0..400u64), 0..6),
        tells_length: bool,
        breaks: bool,
    ) {
        let mut sent = Vec::new();
        for (at, &(len, pause)) in pieces.iter().enumerate() {
            sent.push(Piece::Pause(Duration::from_millis(pause)));
            sent.push(Piece::Data(Bytes::from(vec![at as u8; len])));
        }
        sent.extend(breaks.then_some(Piece::Breaks));
        let provider = Provider::new([json(sent)]);
        let provider = if tells_length { provider.tells_length() } else { provider };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
        runtime.block_on(async {
            let mut body = body(&provider).await;
            let mut left: usize = pieces.iter().map(|(len, _)| len).sum();
            for (at, (len, _)) in pieces.iter().enumerate() {
                let hint = body.size_hint();
                prop_assert_eq!(hint.exact(), tells_length.then_some(left as u64));
                prop_assert!(hint.lower() <= left as u64);
                prop_assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), vec![at as u8; *len]);
                left -= len;
            }
            if breaks {
                prop_assert_eq!(body.frame().await.unwrap().unwrap_err(), BrokeOff);
            }
            prop_assert!(body.frame().await.is_none());
            prop_assert!(body.is_end_stream());
            Ok(())
        })?;
    }
}
