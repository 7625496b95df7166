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

mod error;
mod future;
mod gate;
mod gates;
mod layer;
mod line;
mod recording;
mod refusal;
mod repeat;
mod replay;
mod service;
mod settings;
mod trip;

pub use error::{Bound, Patience, WaitError};
pub use future::WaitFuture;
pub use layer::WaitLayer;
pub use repeat::Broken;
pub use replay::{Replay, ReplayError};
pub use service::Wait;
pub use settings::{CallId, Deadline};
