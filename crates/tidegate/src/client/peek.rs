//! When an answer's body is looked into before the answer is judged, and how far. Never here: what it means.

use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::response::Parts;
use http::{HeaderMap, HeaderName};
use http_body::Body;
use tidegate_core::Time;

use super::peeked::{Begun, Peeked};
use crate::world;

/// How much is read: more than any refusal says, and what `tidegate_wire` looks at.
const MOST: u64 = 64 << 10;

/// In how many pieces it may come: even a byte at a time a refusal has fewer.
const MOST_FRAMES: usize = 4096;

/// How long it is read. A refusal is written at once, with its header; a second is enough for a lost packet to come
/// again. It is also the most that an answer of which nothing comes is handed back late.
const LONGEST: Duration = Duration::from_secs(1);

/// Whether an answer that isn't a refusal by its header could be one by its body. What is none: a download, a
/// stream of events, anything longer than a refusal is, and what is encoded so that nobody here could read it.
pub(crate) fn may_tell(answer: &Parts, body: &impl Body) -> bool {
    let headers = &answer.headers;
    let length = text(headers, &CONTENT_LENGTH).and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    let is_plain = |encoding: &str| encoding.trim().eq_ignore_ascii_case("identity");
    !answer.status.is_informational()
        && body.size_hint().lower().max(length) <= MOST
        && (!headers.contains_key(CONTENT_ENCODING) || text(headers, &CONTENT_ENCODING).is_some_and(is_plain))
        && (!headers.contains_key(CONTENT_TYPE) || is_readable(answer))
}

/// Whether its media type is one that a refusal may have. What failed may have any: its body is an error's.
fn is_readable(answer: &Parts) -> bool {
    let value = text(&answer.headers, &CONTENT_TYPE).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let failed = answer.status.is_client_error() || answer.status.is_server_error();
    match media_type.split_once('/') {
        Some(("text", "event-stream")) => false,
        Some(("text", _)) => true,
        Some((_, subtype)) => failed || subtype == "json" || subtype.ends_with("+json"),
        None => failed,
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// The body, as whole as it was, and what it says, if all of it comes in time and is no longer than 64 KiB.
///
/// Few refusals say anything, but a connection whose answer was read to its end can be used again: one that is
/// dropped halfway has to be closed.
pub(crate) async fn peek<R: Body<Data = Bytes>>(
    body: R,
    deadline: Option<Time>,
) -> (Peeked<R>, Option<Bytes>) {
    let mut begun = Begun::new(body);
    let until = world::now().later(LONGEST);
    let until = deadline.map_or(until, |deadline| until.min(deadline));
    let all = poll_fn(|cx| begun.poll_all(MOST, MOST_FRAMES, cx));
    let came = world::by(Some(until), all).await == Some(true);
    let said = came.then(|| begun.data());
    (Peeked::begun(begun), said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http::Response;
    use http_body::Frame;
    use http_body_util::{Empty, Full};

    #[track_caller]
    fn check(status: u16, headers: &[(&str, &str)], is_looked_into: bool) {
        let mut answer = Response::builder().status(status);
        for (name, value) in headers {
            answer = answer.header(*name, *value);
        }
        let (parts, body) = answer.body(Empty::<Bytes>::new()).unwrap().into_parts();
        assert_eq!(may_tell(&parts, &body), is_looked_into, "{status} {headers:?}");
    }

    #[test]
    fn only_what_may_be_a_refusal_is_looked_into() {
        check(200, &[], true);
        check(101, &[], false);
        for media_type in ["application/json", "Application/JSON; charset=utf-8", "text/html", "a/b+json"] {
            check(200, &[("content-type", media_type)], true);
        }
        for media_type in ["application/octet-stream", "image/png", "text/event-stream", "", "json", "\u{fc}"]
        {
            check(200, &[("content-type", media_type)], false);
        }
        check(403, &[("content-type", "application/xml")], true);
        check(403, &[("content-type", "text/event-stream;x=y")], false);
        check(200, &[("content-length", "65536")], true);
        check(200, &[("content-length", "65537")], false);
        check(403, &[("content-length", "65537")], false);
        check(200, &[("content-encoding", "gzip")], false);
        check(200, &[("content-encoding", "identity")], true);
        let (parts, _) = Response::new(()).into_parts();
        assert!(
            !may_tell(&parts, &Full::<Bytes>::from(vec![0; 65_537])),
            "its length need not be in a field"
        );
    }

    /// Gives pieces without end, or nothing without end.
    struct Endless(Poll<usize>);

    impl Body for Endless {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.0.map(|size| Some(Ok(Frame::data(vec![b'x'; size].into()))))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_looked_into_within_bounds() {
        let start = world::now();
        let said = peek(Full::from("slow down"), None).await.1;
        assert_eq!(said.as_deref(), Some(b"slow down".as_slice()));
        assert_eq!(peek(Full::from(vec![0; MOST as usize + 1]), None).await.1, None);
        assert!(peek(Full::from(vec![0; MOST as usize]), None).await.1.is_some());
        assert_eq!(peek(Endless(Poll::Ready(1000)), None).await.1, None);
        assert_eq!(peek(Endless(Poll::Ready(0)), None).await.1, None, "pieces of nothing are bounded, too");
        assert_eq!(world::now(), start);
        assert_eq!(peek(Endless(Poll::Pending), None).await.1, None);
        assert_eq!(world::now(), start.later(LONGEST));
        let deadline = world::now().later(LONGEST / 5);
        assert_eq!(peek(Endless(Poll::Pending), Some(deadline)).await.1, None);
        assert_eq!(world::now(), deadline);
    }
}
