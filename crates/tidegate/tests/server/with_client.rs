//! Both layers together: who waits as told never sees a refusal.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tidegate::client::{Replay, WaitLayer};
use tidegate::server::{Counted, LimitLayer};
use tidegate::world;
use tower::{Layer, ServiceExt};

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_loses_nothing_and_sees_no_refusal() {
    let service = tower::service_fn(|_: Request<Counted<Replay<Full<Bytes>>>>| async {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("done")))
    });
    let limited = LimitLayer::per_key("10 per minute, burst 3", "bearer").unwrap();
    let client = WaitLayer::new().layer(limited.layer(service));
    let start = world::now();
    for _ in 0..30 {
        let request = Request::get("http://api.example/v1/rooms").header("authorization", "Bearer a");
        let answer = client.clone().oneshot(request.body(Full::default()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "done");
    }
    let took = world::now().since(start).as_secs();
    assert!(took >= 27 * 6, "27 calls beyond the burst took {took} s");
    let counts = limited.limiter().rules().tallies().next().map(|(_, tally)| tally.counts()).unwrap();
    assert_eq!(counts.admitted, 30);
}
