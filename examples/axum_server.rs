//! axum under limits: `cargo run -p tidegate --all-features --example axum_server -- 127.0.0.1:8080`.

use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use tidegate::classify::{Condition, Gives, Limit, Missing, Plan, Policy, When};
use tidegate::server::{LayerError, LimitLayer};

/// Every caller's quota: by token, and by address for who has none. Gold customers have another one.
///
/// Who writes a header can choose a plan by it: `x-plan` has to be set by a server in front that knows its customers.
fn policy() -> Result<Policy, Box<dyn Error>> {
    let mut calls = Limit::new("calls", vec!["bearer".parse()?], "60 per minute, burst 10".parse()?);
    calls.missing = Missing::ByAddress;
    calls.plans.push(Plan {
        name: "gold".into(),
        when: When::Holds(Condition::header("x-plan = gold")?),
        gives: Gives::Quota("600 per minute, burst 100".parse()?),
    });
    Ok(Policy { limits: vec![calls], ..Policy::default() })
}

/// Tells a layer what axum knows of the connection.
fn with_address(layer: LimitLayer) -> LimitLayer {
    layer.client_address(|parts| {
        parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())
    })
}

fn app() -> Result<Router, Box<dyn Error>> {
    // Of a route's own: a limit in a line.
    let search: Result<LimitLayer, LayerError> = LimitLayer::per_key("5 per 10 seconds", "ip");
    let router = Router::new()
        .route("/search", get(|| async { "found\n" }).layer(with_address(search?)))
        .route("/rooms", get(|| async { "rooms\n" }));
    // Around all: a call to /search falls under both.
    Ok(router.layer(with_address(LimitLayer::of(policy()?)?)))
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "who asks for any port wants to know which it is")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app()?.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use bytes::Bytes;
    use http::{Request, Response, StatusCode};
    use http_body_util::{BodyExt, Empty};
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;
    use tidegate::client::WaitLayer;
    use tower::{Layer, ServiceExt};

    fn call(path: &str, fields: &[(&str, &str)]) -> Request<Empty<Bytes>> {
        let mut request = Request::get(format!("http://api.example{path}"));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(Empty::new()).unwrap()
    }

    async fn ask(app: &Router, path: &str, fields: &[(&str, &str)]) -> Response<Body> {
        app.clone().oneshot(call(path, fields)).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_who_keeps_calling_is_told_when_to_come_back() {
        let app = app().unwrap();
        for _ in 0..5 {
            let answer = ask(&app, "/search", &[]).await;
            assert_eq!(answer.status(), StatusCode::OK);
            let policies: Vec<_> = answer.headers().get_all("ratelimit-policy").iter().collect();
            assert_eq!(policies, ["\"default\";q=5;w=10", "\"calls\";q=60;w=60"], "it falls under both");
        }
        let refused = ask(&app, "/search", &[]).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.headers()["retry-after"], "2");
        assert_eq!(refused.headers()["content-type"], "application/problem+json");
        assert_eq!(ask(&app, "/rooms", &[]).await.status(), StatusCode::OK);
    }

    #[tokio::test(start_paused = true)]
    async fn a_plan_gives_another_quota() {
        let app = app().unwrap();
        let plain = ask(&app, "/rooms", &[("authorization", "Bearer a")]).await;
        assert_eq!(plain.headers()["ratelimit-policy"], "\"calls\";q=60;w=60");
        let gold = ask(&app, "/rooms", &[("authorization", "Bearer a"), ("x-plan", "gold")]).await;
        assert_eq!(gold.headers()["ratelimit-policy"], "\"calls\";q=600;w=60");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_waits_as_told_sees_no_refusal() {
        let client = WaitLayer::new().layer(app().unwrap());
        for _ in 0..20 {
            let answer = client.clone().oneshot(call("/search", &[])).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "found\n");
        }
    }

    #[tokio::test]
    async fn it_speaks_http_on_a_port_of_its_own() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = app().unwrap().into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut statuses = Vec::new();
        for _ in 0..12 {
            let request = Request::get(format!("http://{address}/rooms")).header("authorization", "Bearer a");
            let answer = client.request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
            assert!(answer.headers().contains_key("trackingid"));
            statuses.push(answer.status());
        }
        assert_eq!(statuses[..10], [StatusCode::OK; 10]);
    }
}
