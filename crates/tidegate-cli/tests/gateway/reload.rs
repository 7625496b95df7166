//! A policy that changes under way: when it is read, what is carried over, what a bad one does. Never here: the fleet.

use std::time::Duration;

use crate::caller::request;
use crate::load::Load;
use crate::running::{Gateway, policy};
use crate::upstream::Upstream;

/// A limit of so many, which never come back while a test runs.
fn counted(quota: u64) -> String {
    format!(
        "[[limit]]\nname = \"counted\"\nmatch = {{ path = \"/counted\" }}\nkey = []\nquota = \"{quota} per 30 days\"\n"
    )
}

async fn admitted(gateway: &Gateway, asked: usize) -> usize {
    let mut caller = gateway.caller().await;
    let mut admitted = 0;
    for _ in 0..asked {
        admitted += usize::from(caller.ask("GET", "/counted", &[]).await.status() == 200);
    }
    admitted
}

#[tokio::test]
async fn a_changed_file_is_taken_and_the_share_that_is_left_stays() {
    let upstream = Upstream::echo().await;
    let with = |quota| policy(&[upstream.url()], "", &counted(quota));
    let mut gateway = Gateway::start(&with(10)).await;
    assert_eq!(admitted(&gateway, 5).await, 5);
    // Nobody tells it: it looks by itself.
    gateway.change(&with(100)).await;
    assert_eq!(admitted(&gateway, 60).await, 50, "half of it was left, so half of it is");
    gateway.change(&with(10)).await;
    assert_eq!(admitted(&gateway, 5).await, 0, "nothing was left, so nothing is");
    gateway.write(&with(10).replace("counted\"\nmatch", "another\"\nmatch"));
    gateway.signal("-HUP");
    gateway.says("was read again and taken").await;
    assert_eq!(admitted(&gateway, 15).await, 10, "a limit of another name is another limit");
}

#[tokio::test]
async fn a_bad_file_changes_nothing_and_says_where_it_is_wrong() {
    let upstream = Upstream::echo().await;
    let good = policy(&[upstream.url()], "", &counted(3));
    let mut gateway = Gateway::start(&good).await;
    assert_eq!(admitted(&gateway, 2).await, 2);
    let bad = [
        (good.replace("3 per", "3 pre"), "tidegate.toml:11:12"),
        (good.replace("key = []", "kee = []"), "tidegate.toml:10:1"),
        (good.replace("[gateway]", "[gateway"), "tidegate.toml:1:9"),
        (String::new(), "tidegate.toml"),
        (good.replace("http://", "gopher://"), "tidegate.toml:4:14"),
    ];
    for (bad, place) in bad {
        gateway.write(&bad);
        gateway.signal("-HUP");
        gateway.says("is NOT taken; the gateway goes on as before").await;
        let said = gateway.next_line().await;
        assert!(said.starts_with("error: ") && said.contains("tidegate.toml"), "{said}");
        if !said.contains(place) {
            gateway.says(place).await;
        }
    }
    std::fs::remove_file(gateway.file()).unwrap();
    gateway.signal("-HUP");
    gateway.says("is NOT taken").await;
    assert_eq!(admitted(&gateway, 3).await, 1, "its counts go on");
    gateway.change(&good).await;
    assert_eq!(admitted(&gateway, 3).await, 0);
}

/// Reloads as often under load from all sides, with servers that come and go: what is limited passes exactly as often
/// as it may, and all else passes.
async fn reload(times: usize) {
    const CALLERS: usize = 8;
    let servers = [Upstream::echo().await, Upstream::echo().await, Upstream::echo().await];
    let urls: Vec<String> = servers.iter().map(Upstream::url).collect();
    let quota = 20 * times as u64;
    let with = move |number: usize| {
        let jitter = format!("answers = {{ jitter = \"{}ms\" }}", number % 7);
        policy(&urls[..1 + number % 3], &jitter, &counted(quota))
    };
    let mut gateway = Gateway::start(&with(0)).await;
    let (free, limited) = (request("GET", "/free", &[]), request("GET", "/counted", &[]));
    let asked = move |caller: usize, _| if caller.is_multiple_of(2) { free.clone() } else { limited.clone() };
    let load = Load::start(&gateway.address, CALLERS, Duration::ZERO, asked);
    for number in 1..=times {
        load.hears(2 * CALLERS).await;
        gateway.write(&with(number));
        gateway.signal("-HUP");
        gateway.says("was read again and taken").await;
    }
    // Until the limit is used up, which it must be in the end.
    let mut own = 0;
    while gateway.ask("GET", "/counted", &[]).await.status() == 200 {
        own += 1;
        load.hears(times.max(100)).await;
    }
    let tally = load.stop().await;
    let free = tally.0.iter().filter(|shot| shot.caller % 2 == 0);
    let (free, free_passed) = (free.clone().count(), free.filter(|shot| shot.status == 200).count());
    let passed = tally.count(200) - free_passed + own;
    println!(
        "{times} reloads, {} answers: {} errors; {free_passed} of {free} without a limit passed; {passed} of {quota} with one",
        tally.0.len(),
        tally.other_than(&[200, 429]).values().sum::<usize>(),
    );
    assert_eq!(tally.other_than(&[200, 429]), Default::default());
    assert_eq!((free_passed, passed as u64), (free, quota));
    let served: usize = servers.iter().map(Upstream::count).sum();
    assert_eq!(served, free_passed + passed);
    assert!(servers.iter().all(|server| server.count() > 0), "each had its part");
}

#[tokio::test]
async fn reloads_under_load_lose_no_call_and_no_count() {
    reload(30).await;
}

#[tokio::test]
#[ignore = "takes a minute: bench/gateway/reloads.sh runs it"]
async fn a_thousand_reloads_under_load() {
    reload(1000).await;
}
