//! reqwest, many tasks at once, as one writes it who never heard of rate limits. Never here: patience.
//!
//! `TOKEN=... [ITEMS=50] [AT_ONCE=50] cargo run -p tidegate-cli --example reqwest_tasks -- BASE_URL`

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task::JoinSet;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the counts are what the program is for")]
async fn main() -> Result<(), Box<dyn Error>> {
    let base = std::env::args().nth(1).ok_or("name a base URL")?;
    let number = |name| std::env::var(name).ok().map_or(Ok(50), |text| text.parse::<u64>());
    let (items, at_once) = (number("ITEMS")?, number("AT_ONCE")?);
    let token = std::env::var("TOKEN")?;
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "TLS was set up twice")?;

    let (client, next) = (reqwest::Client::new(), Arc::new(AtomicU64::new(1)));
    let mut tasks = JoinSet::new();
    for _ in 0..at_once {
        let (client, next, base, token) = (client.clone(), Arc::clone(&next), base.clone(), token.clone());
        tasks.spawn(async move {
            let mut statuses = BTreeMap::<String, u64>::new();
            loop {
                let item = next.fetch_add(1, Ordering::Relaxed);
                if item > items {
                    return statuses;
                }
                let url = format!("{base}/v1/people/me?item={item}");
                let status = match client.get(url).bearer_auth(&token).send().await {
                    Ok(answer) => answer.status().as_str().to_owned(),
                    Err(_) => "no answer".to_owned(),
                };
                *statuses.entry(status).or_default() += 1;
            }
        });
    }
    let mut statuses = BTreeMap::<String, u64>::new();
    for of_task in tasks.join_all().await {
        for (status, count) in of_task {
            *statuses.entry(status).or_default() += count;
        }
    }
    let ok: u64 = statuses.iter().filter(|(status, _)| status.starts_with('2')).map(|(_, count)| count).sum();
    println!("{}", serde_json::json!({ "ok": ok, "failed": items - ok, "statuses": statuses }));
    Ok(())
}
