//! One message posted through any HTTP client, and what came of it. Never here: waiting, sending again.

use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Body;
use tower_service::Service;

/// An HTTP client, with or without a layer around it.
pub(super) trait Post:
    Service<Request<Full<Bytes>>, Response = Response<Self::Answer>, Future: Send> + Send + 'static
{
    /// The body that it answers with.
    type Answer: Body<Data: Send> + Send;
}

impl<S, R> Post for S
where
    S: Service<Request<Full<Bytes>>, Response = Response<R>, Future: Send> + Send + 'static,
    R: Body<Data: Send> + Send,
{
    type Answer = R;
}

/// What came of a call.
pub(super) enum Came {
    Passed,
    Refused { told: Option<Duration> },
    Broken,
}

pub(super) async fn post(client: &mut impl Post, request: Request<Full<Bytes>>) -> Came {
    if poll_fn(|cx| client.poll_ready(cx)).await.is_err() {
        return Came::Broken;
    }
    let Ok(answer) = client.call(request).await else { return Came::Broken };
    let (head, body) = answer.into_parts();
    // Read to its end, so that the connection can be used again.
    if body.collect().await.is_err() {
        return Came::Broken;
    }
    match head.status {
        status if status.is_success() => Came::Passed,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let seconds = head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            Came::Refused { told: seconds.map(Duration::from_secs) }
        }
        _ => Came::Broken,
    }
}
