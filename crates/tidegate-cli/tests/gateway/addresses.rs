//! Who a caller by address is, behind proxies that are trusted and in front of strangers. Never here: tokens.

use crate::running::{Gateway, policy};
use crate::upstream::Upstream;

const BY_ADDRESS: &str = r#"
[[limit]]
name = "all"
key = "ip"
quota = "1 per day"
"#;

/// A gateway that trusts these proxies, and a server that tells what it was told.
async fn trusting(proxies: &str) -> (Upstream, Gateway) {
    let upstream = Upstream::echo().await;
    let gateway = format!("trusted-proxies = {proxies}");
    let gateway = Gateway::start(&policy(&[upstream.url()], &gateway, BY_ADDRESS)).await;
    (upstream, gateway)
}

/// Asks once for each row of forwarding fields: the statuses.
async fn statuses(gateway: &Gateway, rows: &[&[&str]]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for row in rows {
        statuses.push(gateway.ask("GET", "/", row).await.status());
    }
    statuses
}

#[tokio::test]
async fn a_stranger_moves_its_key_by_no_word() {
    let (upstream, gateway) = trusting("[\"192.0.2.0/24\"]").await;
    let said: [&[&str]; 6] = [
        &[],
        &["X-Forwarded-For: 198.51.100.1"],
        &["X-Forwarded-For: 192.0.2.1"],
        &["X-Forwarded-For: 127.0.0.2", "X-Forwarded-For: 127.0.0.3"],
        &["Forwarded: for=198.51.100.2", "X-Real-IP: 198.51.100.3"],
        &["x-forwarded-for: 2001:db8::1, 192.0.2.9"],
    ];
    assert_eq!(statuses(&gateway, &said).await, [200, 429, 429, 429, 429, 429]);
    drop(gateway);
    let gateway = Gateway::start(&policy(&[upstream.url()], "", BY_ADDRESS)).await;
    let told = gateway.ask("GET", "/", said[5]).await.text();
    assert!(
        told.to_lowercase().contains("x-forwarded-for: 127.0.0.1\r\n"),
        "its word isn't passed on: {told}"
    );
}

#[tokio::test]
async fn a_trusted_proxy_tells_who_called_read_from_the_right() {
    let (_upstream, gateway) = trusting("[\"127.0.0.0/8\", \"192.0.2.0/24\"]").await;
    let first = gateway.ask("GET", "/", &["X-Forwarded-For: 198.51.100.1"]).await;
    let told = first.text().to_lowercase();
    assert!(told.contains("x-forwarded-for: 198.51.100.1, 127.0.0.1\r\n"), "{told}");
    let said: [&[&str]; 6] = [
        &["X-Forwarded-For: 198.51.100.2"],
        // What the caller itself wrote stands to the left of what the proxy saw.
        &["X-Forwarded-For: 203.0.113.9, 198.51.100.2"],
        &["X-Forwarded-For: 203.0.113.10", "X-Forwarded-For: 198.51.100.2"],
        &["X-Forwarded-For: 203.0.113.11, 198.51.100.2, 192.0.2.7"],
        &["X-Forwarded-For: 198.51.100.2:4711"],
        &["X-Forwarded-For: 198.51.100.3"],
    ];
    assert_eq!(statuses(&gateway, &said).await, [200, 429, 429, 429, 429, 200]);
}

#[tokio::test]
async fn a_household_of_ipv6_is_one_caller() {
    let (_upstream, gateway) = trusting("[\"127.0.0.1\"]").await;
    let said: [&[&str]; 5] = [
        &["X-Forwarded-For: 2001:db8:1:2::1"],
        &["X-Forwarded-For: 2001:db8:1:2:ffff:ffff:ffff:ffff"],
        &["X-Forwarded-For: [2001:DB8:1:2::3]:443"],
        &["X-Forwarded-For: 2001:db8:1:3::1"],
        // An address of IPv4 in the form of IPv6 is that address.
        &["X-Forwarded-For: ::ffff:198.51.100.1"],
    ];
    assert_eq!(statuses(&gateway, &said).await, [200, 429, 429, 200, 200]);
    assert_eq!(statuses(&gateway, &[&["X-Forwarded-For: 198.51.100.1"]]).await, [429]);
}

#[tokio::test]
async fn a_field_that_chooses_a_plan_counts_from_trusted_proxies_alone() {
    let by_plan = r#"
[[limit]]
name = "all"
key = []
quota = "1 per day"
[[limit.plan]]
name = "pro"
header = "x-plan = pro"
quota = "2 per day"
"#;
    for (proxies, statuses) in [("[\"127.0.0.1\"]", [200, 200, 429]), ("[\"192.0.2.1\"]", [200, 429, 429])] {
        let upstream = Upstream::echo().await;
        let gateway = format!("trusted-proxies = {proxies}\ntrusted-fields = \"X-Plan\"");
        let gateway = Gateway::start(&policy(&[upstream.url()], &gateway, by_plan)).await;
        assert_eq!(self::statuses(&gateway, &[&["X-Plan: pro"] as &[&str]; 3]).await, statuses, "{proxies}");
    }
}
