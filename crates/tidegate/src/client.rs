//! The layer around an HTTP client that waits as it is told. Never here: a socket, a header's meaning, a spawned task.
//!
//! ```
//! use std::sync::atomic::{AtomicU32, Ordering};
//!
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Empty;
//! use tidegate::client::{Replay, WaitLayer};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! // Any client that is a tower service. The upstream of this one refuses the first request.
//! let sent = AtomicU32::new(0);
//! let client = std::sync::Arc::new(move || match sent.fetch_add(1, Ordering::Relaxed) {
//!     0 => Response::builder().status(429).header("retry-after", "3"),
//!     _ => Response::builder(),
//! });
//! let client = service_fn(move |_: Request<Replay<Empty<Bytes>>>| {
//!     let answer = client().body(Empty::<Bytes>::new());
//!     async move { answer }
//! });
//!
//! let client = WaitLayer::new().layer(client);
//! let answer = client.oneshot(Request::new(Empty::new())).await.expect("it waits 3 s and asks again");
//! assert_eq!(answer.status(), 200);
//! # }
//! ```
//!
//! # What counts as a refusal
//!
//! What the upstream's row in the [table](tidegate_wire::dialect) says: mostly a 429, or a 503 that tells a wait, and
//! with some providers a 403, a 400 or a 200. The row is found by the host; [`WaitLayer::dialect`] and
//! [`WaitLayer::dialects`] choose otherwise.
//!
//! - **Refused for its rate**: waited for as told, and sent again, as often as it takes. A wait that is for the whole
//!   origin, as some rows know, holds back the origin's other buckets, too.
//! - **Out of service, with a wait told**: the same. **Without one** (Anthropic's 529): sent again after 1 s, 2 s and so
//!   on, at most [`tries`](WaitLayer::tries) times in all.
//! - **Refused for good** (a quota that is used up until somebody pays): handed back at once, since no waiting helps.
//!   It teaches nothing about the rate, and holds up nobody.
//! - **Done, but the next one is to wait** (`Retry-After` on a redirection, Sentry's limits on a 200, tokens that are
//!   used up): handed back, and the bucket is closed for as long.
//!
//! A refusal that is handed back has a [`HandedBack`] in its extensions, which says why.
//!
//! # Whose turn it is
//!
//! Requests that wait in a bucket are of [`Caller`]s and have a [`Priority`], if their extensions say so. A caller's go
//! in the order in which they came; callers take turns, however many requests each has; and of 21 turns with all
//! priorities waiting 16 are high, 4 normal and 1 low. So none starves: each turn that another takes brings the own one
//! nearer. A refused request comes back at its old place, before all that were behind it.
//!
//! A request with a deadline is told as soon as it is clear that its turn comes too late: by what the upstream said,
//! or by the pace learned and the requests before it ([`Basis`]).
//!
//! What waits is bounded: in number by bucket ([`waiters`](WaitLayer::waiters)), and in bytes
//! ([`waiting_bytes`](WaitLayer::waiting_bytes)).
//!
//! # When a body is looked into
//!
//! A refusal's body is read before it is decided to wait, since it may tell a wait or that none helps. Of other answers
//! only those whose row says that the body decides: of the providers that refuse with 200, every answer that is JSON
//! or text and not known to be longer than 64 KiB. Reading ends with the body, at 64 KiB, after one second or at the
//! deadline. What hasn't ended by then is judged by its status and header alone; it is no refusal unless they say so.
//! Whatever was read comes first in the [`Peeked`] body that is handed back, which is the same frame for frame. All
//! other answers pass through untouched.
//!
//! What decompresses bodies goes inside: put the layer around it, or refusals in compressed bodies stay unseen.

mod budget;
mod error;
mod future;
mod gate;
mod gates;
mod guard;
mod handed_back;
mod heard;
mod kin;
mod known;
mod layer;
mod line;
mod lodging;
mod memory;
mod peek;
mod peeked;
mod recording;
mod repeat;
mod replay;
mod service;
mod settings;
mod trip;
mod view;

pub use error::{Basis, Bound, Patience, WaitError};
pub use future::WaitFuture;
pub use handed_back::HandedBack;
pub use layer::WaitLayer;
pub use peeked::Peeked;
pub use repeat::Broken;
pub use replay::{Replay, ReplayError};
pub use service::Wait;
pub use settings::{CallId, Caller, Deadline, Priority, Refusals, Speaks};
pub use view::{BucketView, TokenTag};

pub use crate::key::template;
