//! Fields whose names servers can't tell apart, and servers that are slow rather than gone. Never here: paths, addresses.

use crate::running::{Gateway, policy};
use crate::upstream::Upstream;

const BY_KEY: &str = r#"
[[limit]]
name = "all"
key = "header:x-api-key"
quota = "1 per day"
"#;

#[tokio::test]
async fn a_field_with_an_underscore_shows_servers_no_other_key_than_limits() {
    let upstream = Upstream::echo().await;
    let gateway = Gateway::start(&policy(&[upstream.url()], "", BY_KEY)).await;
    let told = gateway.ask("GET", "/", &["X-Api-Key: one", "X_Api_Key: two"]).await.text().to_lowercase();
    assert!(told.contains("x-api-key: one") && !told.contains("x_api_key"), "{told}");
    assert_eq!(
        gateway.ask("GET", "/", &["X_Api_Key: three"]).await.status(),
        400,
        "no key is no silent pass"
    );
    drop(gateway);
    let gateway = "forwarding = { underscores = true }";
    let gateway = Gateway::start(&policy(&[upstream.url()], gateway, BY_KEY)).await;
    let told = gateway.ask("GET", "/", &["X-Api-Key: four", "X_Api_Key: five"]).await.text().to_lowercase();
    assert!(told.contains("x_api_key: five"), "{told}");
}

#[tokio::test]
async fn servers_that_are_slow_are_not_asked_one_after_another() {
    let never = || Upstream::new(|_| std::future::pending());
    let servers = [never().await, never().await, never().await];
    let urls = servers.each_ref().map(Upstream::url);
    let gateway = Gateway::start(&policy(&urls, "upstream = { answer = \"200ms\" }", "")).await;
    assert_eq!(gateway.ask("GET", "/", &[]).await.status(), 504);
    assert_eq!(servers.iter().map(Upstream::count).sum::<usize>(), 1);
}
