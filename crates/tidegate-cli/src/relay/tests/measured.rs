//! The data plane to be measured from outside: who passes everything, and who refuses everything. Never here: a figure.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;

use super::{Passage, bounds, terms};
use crate::policy::{Listen, UpstreamAddress};
use crate::relay::body::Body;
use crate::relay::drain::Drain;
use crate::relay::listen::{Answer, Door, Peer};
use crate::relay::upstream::{Authorities, HostSeen, Server};
use crate::relay::worker::Workers;

/// Refuses everything.
struct Refusal;

impl Answer for Refusal {
    async fn answer(&self, _: Request<Incoming>, _: &Peer) -> Response<Body> {
        let mut answer = Response::new(Body::whole(Bytes::from_static(b"slow down\n")));
        *answer.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        answer
    }
}

/// Serves at the address in `TIDEGATE_MEASURED`, with one worker, until the process is stopped. With an address in
/// `TIDEGATE_UPSTREAM` all goes there; without one all is refused.
///
/// `cargo test --release -p tidegate-cli --bin tidegate measured -- --ignored --nocapture`
#[tokio::test]
#[ignore = "serves until it is stopped: for measuring beside other gateways"]
async fn passes_or_refuses_everything_until_it_is_stopped() {
    let listen = Listen::Tcp(std::env::var("TIDEGATE_MEASURED").unwrap().parse().unwrap());
    let door = Door::open(&listen, None).unwrap();
    println!("listening on {:?}", door.address());
    let (bounds, drain) = (bounds(), Drain::new());
    let workers = match std::env::var("TIDEGATE_UPSTREAM") {
        Ok(upstream) => {
            let address = UpstreamAddress::Http(upstream.parse().unwrap());
            let authorities = Authorities::load(&terms(), &[]).unwrap();
            let server = Server::new(&address, &terms(), &authorities, HostSeen::Callers).unwrap();
            let make = move |_| Passage::new(Arc::clone(&server), bounds);
            Workers::start(&[door], &bounds, NonZeroUsize::MIN, &drain, make)
        }
        Err(_) => Workers::start(&[door], &bounds, NonZeroUsize::MIN, &drain, |_| Refusal),
    };
    let _workers = workers.unwrap();
    match std::future::pending::<Infallible>().await {}
}
