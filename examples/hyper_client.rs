//! hyper's client, waiting as it is told: `cargo run -p tidegate --all-features --example hyper_client -- http://...`.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::TokioExecutor;
use tidegate::client::{Broken, Deadline, WaitLayer};
use tower::{Layer, ServiceExt};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the answer is what the program is for")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("name a URL that begins with http://")?;
    let layer = WaitLayer::new().max_wait(Duration::from_secs(600)).repeat_if(|error: &legacy::Error| {
        if error.is_connect() { Broken::NeverSent } else { Broken::MayBeDone }
    });
    // Clones of this client share its gates, and so does whatever else the layer is put around.
    let client = layer.layer(Client::builder(TokioExecutor::new()).build_http());

    let request = Request::post(url)
        .extension(Deadline(Duration::from_secs(60)))
        .body(Full::new(Bytes::from_static(b"{\"text\": \"sent once, and whole\"}")))?;
    let answer = client.oneshot(request).await?;
    println!("{}", answer.status());
    println!("{}", String::from_utf8_lossy(&answer.into_body().collect().await?.to_bytes()));
    Ok(())
}
