//! One attempt at a connection, as a call that can be paced. Never here: when it is made, what is said on it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use tidegate::client::Replay;
use tidegate::world;
use tokio::net::TcpStream;
use tower_service::Service;

use super::place::Place;
use crate::proxy::sender::{Sendings, Unsent};
use crate::relay::fault::Fault;
use crate::relay::reach;
use crate::relay::upstream::Reached;

/// Makes a connection to one place, when it is called.
#[derive(Clone, Debug)]
pub(super) struct Dial {
    host: String,
    port: u16,
    within: Duration,
    made: Arc<Mutex<Option<TcpStream>>>,
}

impl Dial {
    pub(super) fn new(place: &Place, within: Duration) -> Dial {
        Dial { host: place.bare().to_owned(), port: place.port, within, made: Arc::default() }
    }

    /// The connection that was made.
    pub(super) fn taken(&self) -> Option<TcpStream> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn attempt(self) -> Result<Response<Empty<Bytes>>, Unsent> {
        let connected = reach::tcp(&self.host, self.port);
        let fault = match tokio::time::timeout(self.within, connected).await {
            Ok(Ok(stream)) => {
                *self.made.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream);
                return Ok(Response::new(Empty::new()));
            }
            Ok(Err(why)) => Fault::Unreachable(why),
            Err(_) => Fault::UpstreamSlow,
        };
        Err(Unsent { reached: Reached::Never, fault, upstream: format!("{}:{}", self.host, self.port) })
    }
}

impl Service<Request<Replay<Empty<Bytes>>>> for Dial {
    type Response = Response<Empty<Bytes>>;
    type Error = Unsent;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Unsent>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unsent>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Replay<Empty<Bytes>>>) -> Self::Future {
        let sendings = request.extensions().get::<Sendings>().cloned().unwrap_or_default();
        sendings.sent(world::now());
        let attempt = self.clone().attempt();
        Box::pin(async move { attempt.await.inspect(|_| sendings.answered()) })
    }
}
