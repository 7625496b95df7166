//! Bodies come back whole, byte for byte, wherever they were refused. Never here: waits.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use proptest::prelude::*;
use tidegate::client::{Broken, Replay, ReplayError, WaitError, WaitLayer};
use tidegate::observe::Event;
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Answer, Broke, Chunks, Seen, Tells, Upstream, limit, post};

/// Sends a body that is refused as often as `reads` has entries, after so many bytes of it were read.
async fn send(layer: WaitLayer, body: Chunks, reads: Vec<usize>) -> (StatusCode, Vec<Seen>) {
    let refusals = reads.len();
    let upstream = Upstream::script(vec![limit(1); refusals])
        .reads(move |number| reads.get(number).copied().unwrap_or(usize::MAX));
    let answer = upstream.behind(layer).send(post("/files", body)).await.unwrap();
    (answer.status(), upstream.log())
}

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

fn chunks(body: &[u8], size: usize) -> Chunks {
    Chunks::of(body.chunks(size))
}

#[tokio::test(start_paused = true)]
async fn bodies_of_all_sizes_come_back_whole() {
    // In memory, in a file, and in a file of many pieces.
    for len in [0, 1, 100, 64 << 10, (64 << 10) + 1, 300_000] {
        let body = bytes(len);
        let (status, log) =
            send(WaitLayer::new(), chunks(&body, 7000), vec![usize::MAX, 0, 150, len / 2]).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(log.len(), 5);
        assert!(log[4].whole && log[0].whole);
        for seen in &log {
            assert_eq!(seen.promised, Some(len as u64), "the length is known at every sending");
            assert!(body.starts_with(&seen.body), "what was read is the body's beginning");
        }
        assert!(log[4].body == body, "{len} bytes");
    }
}

#[tokio::test(start_paused = true)]
async fn trailers_come_again_too() {
    let trailers = HeaderMap::from_iter([("checksum".parse().unwrap(), "42".parse().unwrap())]);
    let body = Chunks { trailers: Some(trailers.clone()), ..Chunks::of([b"abc".as_slice()]) };
    let (_, log) = send(WaitLayer::new(), body, vec![usize::MAX, 0, 3]).await;
    for number in [0, 3] {
        assert_eq!(log[number].trailers.as_ref(), Some(&trailers));
        assert_eq!(log[number].body, b"abc");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_beyond_the_cap_is_sent_once_and_its_refusal_handed_back() {
    let layer = WaitLayer::new().replay(10, 100);
    let (status, log) = send(layer.clone(), chunks(&bytes(101), 9), vec![usize::MAX]).await;
    assert_eq!((status, log.len()), (StatusCode::TOO_MANY_REQUESTS, 1));
    assert_eq!(log[0].body, bytes(101));
    let (status, log) = send(layer.clone(), chunks(&bytes(101), 9), vec![50]).await;
    assert_eq!((status, log.len()), (StatusCode::OK, 2), "refused before the cap was reached");
    assert_eq!(log[1].body, bytes(101));
    let (status, _) = send(layer, chunks(&bytes(100), 9), vec![usize::MAX]).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_body_beyond_the_cap_is_not_sent_again_after_a_broken_connection() {
    for broken in [Broken::NeverSent, Broken::MayBeDone] {
        let upstream = Upstream::script([Answer::Break(broken)]);
        let client = upstream.behind(WaitLayer::new().replay(0, 10));
        let error = client.send(post("/files", chunks(&bytes(11), 4))).await.unwrap_err();
        assert_eq!(matches!(error, WaitError::Unknown(_)), broken == Broken::MayBeDone);
        assert_eq!(upstream.log().len(), 1);
    }
}

type Kept = Arc<Mutex<Option<Replay<Chunks>>>>;

#[tokio::test(start_paused = true)]
async fn a_sending_that_was_answered_early_ends_with_an_error_not_as_if_whole() {
    let kept: Kept = Arc::default();
    let slot = kept.clone();
    let upstream = service_fn(move |request: Request<Replay<Chunks>>| {
        let slot = slot.clone();
        async move {
            let mut body = request.into_body();
            let _ = body.frame().await;
            let earlier = slot.lock().unwrap().replace(body);
            if let Some(mut earlier) = earlier {
                let end = earlier.frame().await;
                assert!(matches!(end, Some(Err(ReplayError::Superseded))), "{end:?}");
                return Ok::<_, std::io::Error>(http::Response::new(String::new()));
            }
            Ok(http::Response::builder().status(429).body(String::new()).unwrap())
        }
    });
    let answer = WaitLayer::new().layer(upstream).oneshot(post("/", chunks(&bytes(100), 10))).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let mut body = kept.lock().unwrap().take().unwrap();
    assert_eq!(body.size_hint().exact(), Some(90));
    assert!(!body.is_end_stream());
    let rest = (&mut body).collect().await.unwrap().to_bytes();
    assert_eq!(rest, bytes(100)[10..]);
    assert!(body.is_end_stream());
    assert!(!format!("{body:?}").contains("10, 11"));
}

/// A body whose source fails after its first chunk.
struct Failing(u8);

impl Body for Failing {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        self.0 += 1;
        Poll::Ready(Some(match self.0 {
            1 => Ok(Frame::data(Bytes::from_static(b"begin"))),
            _ => Err(std::io::Error::other("the disk is gone")),
        }))
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_fails_is_not_begun_again() {
    let upstream = service_fn(|request: Request<Replay<Failing>>| async move {
        request.into_body().collect().await.map(|_| http::Response::new(String::new()))
    });
    let request = Request::put("http://upstream.test/").body(Failing(0)).unwrap();
    let error = WaitLayer::new().layer(upstream).oneshot(request).await.unwrap_err();
    assert!(matches!(error, WaitError::Inner(ReplayError::Body(_))), "{error:?}");
}

proptest! {
    #[test]
    fn whatever_the_chunks_and_wherever_it_is_refused_the_body_comes_back(
        body: Vec<Vec<u8>>,
        reads in prop::collection::vec(prop_oneof![0..300usize, Just(usize::MAX)], 0..5),
        memory in 0..200u64,
        hesitates in 0..2u8,
        tells in prop_oneof![Just(Tells::Length), Just(Tells::Nothing)],
    ) {
        let whole = body.concat();
        let chunks = Chunks { hesitates, tells, ..Chunks::of(body.iter().map(Vec::as_slice)) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
        let refusals = reads.len();
        let (status, log) = runtime.block_on(send(WaitLayer::new().replay(memory, 1 << 20), chunks, reads));
        prop_assert_eq!(status, StatusCode::OK);
        prop_assert_eq!(log.len(), refusals + 1);
        prop_assert!(log.iter().all(|seen| whole.starts_with(&seen.body)));
        let promised = (tells == Tells::Length).then_some(whole.len() as u64);
        // Once all of it was read, its length is known, told or not.
        prop_assert!(log.iter().all(|seen| seen.promised == promised || seen.promised == Some(whole.len() as u64)));
        prop_assert_eq!(&log[refusals].body, &whole);
    }
}

/// An upstream that answers the first sending early and then, unasked, goes on reading its body: as the task of
/// a connection does. It reads on when the refusal is told, or while the client pauses.
struct ReadsOn {
    first: Mutex<Option<Replay<Chunks>>>,
    seen: Mutex<Vec<Bytes>>,
}

impl ReadsOn {
    fn read_on(&self) {
        let Some(body) = &mut *self.first.lock().unwrap() else { return };
        let mut cx = Context::from_waker(std::task::Waker::noop());
        for _ in 0..3 {
            let _ = Pin::new(&mut *body).poll_frame(&mut cx);
        }
    }
}

/// Puts a body that may just be kept through such an upstream, and gives what arrived at the second sending.
async fn read_on_after(
    answer: impl Fn() -> Result<Response<Full<Bytes>>, Broke> + Clone + Send + 'static,
) -> Vec<Bytes> {
    let upstream = Arc::new(ReadsOn { first: Mutex::default(), seen: Mutex::default() });
    let inner = upstream.clone();
    let service = service_fn(move |request: Request<Replay<Chunks>>| {
        let (upstream, answer) = (inner.clone(), answer.clone());
        async move {
            if upstream.first.lock().unwrap().is_none() {
                *upstream.first.lock().unwrap() = Some(request.into_body());
                return answer();
            }
            let whole = request.into_body().collect().await.unwrap().to_bytes();
            upstream.seen.lock().unwrap().push(whole);
            Ok(Response::new(Full::default()))
        }
    });
    let observed = upstream.clone();
    // Told when the request is judged, and again when it pauses: either is between the judgement and the sending.
    let observer = move |_: &Event<'_>| observed.read_on();
    let layer = WaitLayer::new().replay(4, 8).repeat_if(|broke: &Broke| broke.0).observer(Arc::new(observer));
    let mut request = post("/f", Chunks::of(WHOLE.chunks(4)));
    *request.method_mut() = Method::PUT;
    let answer = layer.layer(service).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    upstream.seen.lock().unwrap().clone()
}

const WHOLE: &[u8] = b"aaaabbbbccccddddeeee";

#[tokio::test(start_paused = true)]
async fn a_reader_that_goes_on_after_a_refusal_takes_nothing_of_the_next_sending() {
    let limited = || {
        let answer = Response::builder().status(429).header("retry-after", "1");
        Ok(answer.body(Full::default()).unwrap())
    };
    assert_eq!(read_on_after(limited).await, [WHOLE]);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_goes_on_after_a_break_takes_nothing_of_the_next_sending() {
    assert_eq!(read_on_after(|| Err(Broke(Broken::MayBeDone))).await, [WHOLE]);
}
