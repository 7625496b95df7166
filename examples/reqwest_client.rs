//! reqwest, waiting as it is told: `cargo run -p tidegate --all-features --example reqwest_client -- https://...`.

use std::error::Error;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use tidegate::client::{Broken, Replay, WaitLayer};
use tower::{Layer, ServiceExt, service_fn};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the answer is what the program is for")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("name a URL")?;
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "TLS was set up twice")?;
    let reqwest = reqwest::Client::new();
    // reqwest's client is a tower service of its own request type: two conversions make it one of `http`'s.
    let reqwest = service_fn(move |request: Request<Replay<Empty<Bytes>>>| {
        let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap));
        let reqwest = reqwest.clone();
        async move { reqwest.execute(request?).await.map(Response::<reqwest::Body>::from) }
    });
    let layer =
        WaitLayer::new().repeat_if(
            |error: &reqwest::Error| {
                if error.is_connect() { Broken::NeverSent } else { Broken::MayBeDone }
            },
        );

    let answer = layer.layer(reqwest).oneshot(Request::get(url).body(Empty::new())?).await?;
    println!("{}", answer.status());
    println!("{}", String::from_utf8_lossy(&answer.into_body().collect().await?.to_bytes()));
    Ok(())
}
