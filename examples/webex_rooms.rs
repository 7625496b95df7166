//! All rooms of one Webex token, as fast as the 429s allow: set WEBEX_TOKEN, and WEBEX_BASE for another server.

use std::{env, error::Error, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Empty};
use reqwest::{Body, Client, Url};
use tidegate::client::{Replay, WaitLayer};
use tidegate::observe::Event;
use tower::{Layer, ServiceExt, service_fn};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the rooms are what the program is for")]
async fn main() -> Result<(), Box<dyn Error>> {
    let base = Url::parse(&env::var("WEBEX_BASE").unwrap_or("https://webexapis.com".into()))?;
    let token = format!("Bearer {}", env::var("WEBEX_TOKEN").map_err(|_| "put the token into WEBEX_TOKEN")?);
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "TLS was set up twice")?;
    let reqwest = Client::new();
    let reqwest = service_fn(move |request: Request<Replay<Empty<Bytes>>>| {
        let (request, reqwest) = (reqwest::Request::try_from(request.map(Body::wrap)), reqwest.clone());
        async move { reqwest.execute(request?).await.map(Response::<Body>::from) }
    });
    let client = WaitLayer::new().observer(Arc::new(|event: &Event<'_>| {
        if let Event::Refused { status, bucket, .. } = event {
            eprintln!("{status} from {bucket}: waiting as told");
        }
    }));
    let client = client.layer(reqwest);

    let mut next = Some(base.join("/v1/rooms?max=100")?);
    while let Some(page) = next {
        if page.origin() != base.origin() {
            return Err(
                format!("the next page is on another server, which must not see the token: {page}").into()
            );
        }
        let request = Request::get(page.as_str()).header(header::AUTHORIZATION, &token).body(Empty::new())?;
        let answer = client.clone().oneshot(request).await?;
        if !answer.status().is_success() {
            return Err(format!("{page} answered {}", answer.status()).into());
        }
        let links = answer.headers().get_all(header::LINK).into_iter().map(HeaderValue::as_bytes);
        next = tidegate_wire::link::next(links).map(|link| page.join(link)).transpose()?;
        let rooms: serde_json::Value =
            serde_json::from_slice(&answer.into_body().collect().await?.to_bytes())?;
        for room in rooms["items"].as_array().into_iter().flatten() {
            println!("{room}");
        }
    }
    Ok(())
}
