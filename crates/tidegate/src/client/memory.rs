//! How many bytes requests hold in memory, by layer and by bucket, within a bound. Never here: what the bytes are for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::request::Parts;
use http::{HeaderName, HeaderValue};

/// What a request takes whose head is empty: the future, its place in the queue, its timer, and its second head while
/// it is sent. A test below holds it true.
const FRAME: u64 = 4096;

/// What the map of headers keeps of each field besides name and value: a hash, links, a slot in the index.
const FIELD: u64 = 32;

/// Bytes held now.
#[derive(Debug, Default)]
pub(crate) struct Tally(AtomicU64);

impl Tally {
    pub(crate) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add_within(&self, bytes: u64, most: u64) -> bool {
        let sum = |held: u64| held.checked_add(bytes).filter(|&sum| sum <= most);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum).is_ok()
    }

    fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    fn remove(&self, bytes: u64) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// What one request, or its body, holds of a layer's bytes. Given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    layer: Arc<Tally>,
    bucket: Arc<Tally>,
    most: u64,
    bytes: u64,
}

impl Share {
    /// Nothing yet, of at most so many bytes in the layer.
    pub(crate) fn new(layer: Arc<Tally>, bucket: Arc<Tally>, most: u64) -> Self {
        Share { layer, bucket, most, bytes: 0 }
    }

    /// Another share of the same layer and bucket, with nothing in it yet.
    pub(crate) fn another(&self) -> Self {
        Share::new(self.layer.clone(), self.bucket.clone(), self.most)
    }

    /// Holds so many bytes in all, if the layer has room for them; else as many as before.
    pub(crate) fn hold(&mut self, bytes: u64) -> Result<(), Full> {
        match bytes.checked_sub(self.bytes) {
            Some(more) if !self.layer.add_within(more, self.most) => return Err(Full),
            Some(more) => self.bucket.add(more),
            None => {
                self.layer.remove(self.bytes - bytes);
                self.bucket.remove(self.bytes - bytes);
            }
        }
        self.bytes = bytes;
        Ok(())
    }

    /// Gives all back.
    pub(crate) fn release(&mut self) {
        self.layer.remove(self.bytes);
        self.bucket.remove(self.bytes);
        self.bytes = 0;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.release();
    }
}

/// The layer has no room for more bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// What a request without its body takes, by an estimate that is rather too high: extensions are not in it, which the
/// caller shares with it.
pub(crate) fn of_head(parts: &Parts) -> u64 {
    let uri = &parts.uri;
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    let text: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let field = (size_of::<HeaderName>() + size_of::<HeaderValue>()) as u64 + FIELD;
    // Each sending has a map of its own; names and values are shared.
    FRAME + (target + authority + text) as u64 + 2 * field * parts.headers.capacity() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::replay::Replay;
    use crate::client::trip::Trip;
    use bytes::Bytes;
    use http::{Request, Response};
    use http_body_util::Full;
    use std::convert::Infallible;
    use tower::service_fn;

    fn share(layer: &Arc<Tally>, bucket: &Arc<Tally>) -> Share {
        Share::new(layer.clone(), bucket.clone(), 100)
    }

    #[test]
    fn shares_keep_within_the_bound_and_are_given_back() {
        let (layer, one, two) = <(Arc<Tally>, Arc<Tally>, Arc<Tally>)>::default();
        let mut first = share(&layer, &one);
        let mut second = share(&layer, &two);
        assert_eq!(first.hold(60), Ok(()));
        assert_eq!(second.hold(41), Err(Full));
        assert_eq!(second.hold(40), Ok(()), "the bound itself is allowed");
        assert_eq!(first.hold(61), Err(Full));
        assert_eq!((layer.bytes(), one.bytes(), two.bytes()), (100, 60, 40));
        assert_eq!(first.hold(10), Ok(()));
        assert_eq!(second.hold(u64::MAX), Err(Full));
        assert_eq!((layer.bytes(), one.bytes(), two.bytes()), (50, 10, 40));
        drop((first, second));
        assert_eq!((layer.bytes(), one.bytes(), two.bytes()), (0, 0, 0));
    }

    #[test]
    fn a_request_that_waits_takes_no_more_than_is_counted() {
        let service = service_fn(async |_: Request<Replay<Full<Bytes>>>| {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        });
        let (parts, body) = Request::new(Full::<Bytes>::default()).into_parts();
        let future = size_of_val(&Trip::new(Arc::default(), Arc::default(), parts).run(service, body));
        // A place in the line takes less than a kilobyte: see there.
        assert!(future as u64 + 1024 <= FRAME, "the future takes {future} bytes");
    }

    #[test]
    fn a_head_counts_what_is_written_in_it() {
        let head = |value: &str| {
            let request = Request::get("http://host/path").header("x-long", value);
            of_head(&request.body(()).unwrap().into_parts().0)
        };
        assert_eq!(head(&"x".repeat(1000)) - head(""), 1000);
        assert!(head("") >= FRAME);
    }
}
