//! The layer that refuses, and what its answers look like. Never here: a decision, a socket.
//!
//! [`LimitLayer`] goes around any service that takes HTTP requests: axum's routers and routes, hyper's services, a
//! proxy. Who is over a limit gets a `429` with an exact `Retry-After`, and the service never hears of the call; all
//! others get its answer, with `RateLimit` fields. The service's own error type stays: a refusal is an answer.
//!
//! ```
//! use http::{Request, StatusCode, header};
//! use tidegate::server::LimitLayer;
//! use tower::{Layer, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let layer = LimitLayer::per_key("1 per minute", "bearer")?;
//! let service = layer.layer(tower::service_fn(|_| async {
//!     Ok::<_, std::io::Error>(http::Response::new(String::from("hello")))
//! }));
//! let ask = || Request::get("http://api.example/").header(header::AUTHORIZATION, "Bearer x").body(String::new());
//! assert_eq!(service.clone().oneshot(ask()?).await?.status(), StatusCode::OK);
//! let refused = service.oneshot(ask()?).await?;
//! assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
//! assert_eq!(refused.headers()[header::RETRY_AFTER], "60");
//! # Ok(())
//! # }
//! ```

mod accept;
mod announce;
mod answer;
mod body;
mod door;
mod future;
mod layer;
mod service;
mod under_way;

pub use answer::{Answers, Asked, Body, Trouble};
pub use body::{Counted, LimitedBody};
pub use door::{ConnectAddress, OnStoreError};
pub use future::LimitFuture;
pub use layer::{LayerError, LimitLayer};
pub use service::Limited;
