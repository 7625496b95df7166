//! Clients that know nothing of 429, through the proxy, in front of a simulated API with limits. Never here: a real
//! client's ways.

use std::thread;

use serde_json::Value;

use crate::http::exchange;
use crate::running::{Api, Proxy};

const TOKEN: &str = "Authorization: Bearer any\r\n";

/// The statuses of so many calls, by so many callers at once.
fn gets(proxy: &Proxy, callers: usize, each: usize, path: &str) -> Vec<u16> {
    let one = |_| {
        let (address, path) = (proxy.address.clone(), path.to_owned());
        let call = move |_| exchange(&address, "GET", &path, TOKEN, "").map_or(0, |answer| answer.status);
        thread::spawn(move || (0..each).map(call).collect::<Vec<_>>())
    };
    let threads: Vec<_> = (0..callers).map(one).collect();
    threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
}

#[test]
fn a_dumb_client_gets_nothing_but_successes_and_violates_nothing() {
    let api = Api::start(&["--limit", "GET /v1/rooms: 1/s, burst 1", "--rooms", "50"]);
    let proxy = Proxy::of(&api);
    assert_eq!(gets(&proxy, 5, 1, "/v1/rooms?max=5"), vec![200; 5]);
    let total = api.total();
    assert_eq!((&total["done"], &total["violations"]), (&5.into(), &0.into()), "{total}");
    assert!(total["limited"].as_u64() > Some(0), "it was told to wait: {total}");
}

#[test]
fn several_servers_that_each_count_are_no_trouble() {
    let limit = ["--servers", "3", "--limit", "GET /v1/rooms: 10/s, burst 3", "--rooms", "50"];
    let api = Api::start(&limit);
    let proxy = Proxy::of(&api);
    assert_eq!(gets(&proxy, 10, 4, "/v1/rooms?max=5"), vec![200; 40]);
    let total = api.total();
    assert_eq!((&total["done"], &total["violations"]), (&40.into(), &0.into()), "{total}");
}

#[test]
fn pages_are_followed_within_the_proxy() {
    let api = Api::start(&["--rooms", "50"]);
    let proxy = Proxy::of(&api);
    let (mut path, mut met) = ("/v1/rooms?max=20".to_owned(), Vec::new());
    loop {
        let answer = proxy.ask("GET", &path, TOKEN, "");
        let items = answer.json()["items"].as_array().unwrap().clone();
        met.extend(items.into_iter().map(|item| item["id"].clone()));
        let Some(next) = answer.next() else { break };
        let own = format!("http://{}", proxy.address);
        path = next.strip_prefix(&own).unwrap_or_else(|| panic!("{next} leads past {own}")).to_owned();
    }
    let all: Vec<Value> = (1..=50).map(|number| format!("room-{number}").into()).collect();
    assert_eq!(met, all);
}

#[test]
fn what_can_not_wait_is_refused_in_the_proxy_s_own_name() {
    let api = Api::start(&["--limit", "GET /v1/rooms: 1 per 100 seconds, burst 1"]);
    let proxy = Proxy::of(&api);
    assert_eq!(proxy.ask("GET", "/v1/rooms", TOKEN, "").status, 200);
    let fields = format!("{TOKEN}Tidegate-Deadline: 2\r\n");
    let refused = proxy.ask("GET", "/v1/rooms", &fields, "");
    assert_eq!((refused.status, refused.field("tidegate-refused")), (429, Some("deadline")));
    let wait: u64 = refused.field("retry-after").unwrap().parse().unwrap();
    assert!((90..=101).contains(&wait), "{wait}");
    let elsewhere = proxy.ask("GET", "/v1/people/me", &fields, "");
    assert_eq!(elsewhere.field("tidegate-refused"), None, "another resource isn't held up");
}

#[test]
fn a_forward_proxy_waits_too() {
    let api = Api::start(&["--limit", "GET /v1/rooms: 20/s, burst 2", "--rooms", "5"]);
    let proxy = Proxy::start(&[]);
    let url = format!("{}/v1/rooms", api.url());
    assert_eq!(gets(&proxy, 3, 4, &url), vec![200; 12]);
    assert_eq!(api.total()["violations"], 0);
}
