//! The client as items are sent by it: only so many at once, and none leaves before the books know. Never here: a
//! wait, an item.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tidegate::client::Broken;
use tidegate::world;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tower_service::Service;

use super::books::Books;
use super::network::Network;
use crate::caller::client::{Http, broken, may_double};

/// How long calls under way may take to end when the run does.
const LAST_CALLS: Duration = Duration::from_secs(5);

/// How often it is looked whether they have.
const LOOK: Duration = Duration::from_millis(10);

type Permit = Result<OwnedSemaphorePermit, AcquireError>;

/// Sends items.
#[derive(Debug)]
pub(crate) struct Noted {
    http: Http,
    books: Books,
    network: Arc<Network>,
    room: Room,
    waits: Option<Waits>,
    permit: Option<OwnedSemaphorePermit>,
}

/// How many calls may be under way, and how many are.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    calls: usize,
    permits: Arc<Semaphore>,
    busy: Arc<AtomicUsize>,
}

/// Which item a request is for, and how often it was sent. An extension of requests.
#[derive(Clone, Debug)]
pub(crate) struct Sending {
    pub(crate) line: u32,
    pub(crate) sent: Arc<AtomicU32>,
}

/// A call is under way while this is kept. An extension of answers.
#[derive(Clone, Debug)]
pub(crate) struct UnderWay {
    _permit: Arc<OwnedSemaphorePermit>,
}

/// The run isn't to end while this is kept. An extension of answers.
#[derive(Clone, Debug)]
pub(crate) struct Busy {
    _one: Arc<One>,
}

#[derive(Debug)]
struct One(Arc<AtomicUsize>);

impl Drop for One {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

struct Waits(Pin<Box<dyn Future<Output = Permit> + Send + Sync>>);

impl std::fmt::Debug for Waits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Waits(..)")
    }
}

impl Room {
    pub(crate) fn new(calls: usize) -> Room {
        Room { calls, permits: Arc::new(Semaphore::new(calls)), busy: Arc::default() }
    }

    /// No further call goes.
    pub(crate) fn close(&self) {
        self.permits.close();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.permits.is_closed()
    }

    /// Whether no call is under way or about to be, and no result of one is still to be written.
    fn is_idle(&self) -> bool {
        self.permits.available_permits() == self.calls && self.busy.load(Ordering::Acquire) == 0
    }

    /// Waits until no call is under way, but not for long.
    pub(crate) async fn last_calls(&self) {
        let enough = world::now().later(LAST_CALLS);
        while !self.is_idle() && world::now() < enough {
            world::sleep_until(world::now().later(LOOK)).await;
        }
    }

    fn enter(&self) -> Busy {
        self.busy.fetch_add(1, Ordering::AcqRel);
        Busy { _one: Arc::new(One(self.busy.clone())) }
    }
}

impl Noted {
    pub(crate) fn new(http: Http, books: Books, network: Arc<Network>, room: Room) -> Noted {
        Noted { http, books, network, room, waits: None, permit: None }
    }
}

impl Clone for Noted {
    /// A place to call is nobody's but who asked for it.
    fn clone(&self) -> Noted {
        Noted::new(self.http.clone(), self.books.clone(), self.network.clone(), self.room.clone())
    }
}

impl<B> Service<Request<B>> for Noted
where
    B: Body<Data = Bytes> + Send + Sync + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<reqwest::Body>;
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if self.permit.is_none() {
            let room = &self.room.permits;
            let waits = self.waits.get_or_insert_with(|| Waits(Box::pin(room.clone().acquire_owned())));
            match ready!(waits.0.as_mut().poll(cx)) {
                Ok(permit) => self.permit = Some(permit),
                // The run ends: nothing goes any more, and nobody is to wake this.
                Err(_) => return Poll::Pending,
            }
            self.waits = None;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (permit, busy) = (self.permit.take(), self.room.enter());
        let (mut http, books, network) = (self.http.clone(), self.books.clone(), self.network.clone());
        Box::pin(async move {
            let sending = request.extensions().get::<Sending>().cloned();
            let doubtful = sending.as_ref().filter(|_| may_double(&request)).map(|sending| sending.line);
            if let Some(line) = doubtful
                && books.sent(line).await.is_err()
            {
                // What can't be noted can't be sent; the run ends, and says why.
                return std::future::pending().await;
            }
            if let Some(sending) = &sending {
                sending.sent.fetch_add(1, Ordering::AcqRel);
            }
            let answered = http.call(request).await;
            match &answered {
                Ok(_) => network.heard(world::now()),
                Err(error) if error.is_builder() || broken(error) == Broken::NeverSent => {
                    doubtful.inspect(|&line| books.undone(line));
                    sending.inspect(|sending| _ = sending.sent.fetch_sub(1, Ordering::AcqRel));
                }
                Err(_) => {}
            }
            let mut answer = answered?;
            if let Some(permit) = permit {
                answer.extensions_mut().insert(UnderWay { _permit: Arc::new(permit) });
            }
            answer.extensions_mut().insert(busy);
            Ok(answer)
        })
    }
}
