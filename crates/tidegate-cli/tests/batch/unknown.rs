//! Items that were sent and may have been done. Never here: how that comes about, beyond a broken connection.

use serde_json::json;

use crate::running::Desk;
use crate::server::{Reply, Server, ok};

/// A server that takes the first request and says nothing.
fn silent_once() -> Server {
    Server::new(|number, _| if number == 0 { Reply::Close(Vec::new()) } else { ok("1") })
}

fn desk() -> Desk {
    Desk::new("{\"id\":\"pay\",\"path\":\"/pay\",\"method\":\"POST\"}\n")
}

#[test]
fn an_unknown_item_is_named_and_never_silently_sent_again() {
    let (server, desk) = (silent_once(), desk());
    for _ in 0..2 {
        let ended = desk.run(&server.url(""), &[]);
        ended.check(1, &["outcome unknown: 1: look whether they were done: pay", "--on-unknown list"]);
        assert_eq!((server.received().len(), desk.read("results").as_str()), (1, ""));
    }
    let listed = desk.run(&server.url(""), &["--on-unknown", "list"]);
    let item: serde_json::Value = serde_json::from_str(listed.out.trim_end()).unwrap();
    assert_eq!(
        (&item["id"], &item["then"], &item["method"]),
        (&json!("pay"), &json!("leave"), &json!("POST"))
    );
    desk.write("decided", &listed.out.replace("leave", "retry"));
    desk.run(&server.url(""), &["--on-unknown", "@decided"]).check(0, &["done: 1 of 1"]);
    assert_eq!((server.received().len(), &desk.results()["pay"]["status"]), (2, &json!(200)));
}

#[test]
fn an_unknown_item_may_be_skipped() {
    let (server, desk) = (silent_once(), desk());
    desk.run(&server.url(""), &[]).check(1, &["outcome unknown"]);
    desk.run(&server.url(""), &["--on-unknown", "skip"])
        .check(1, &["done: 1 of 1 items", "1 without success"]);
    assert_eq!(desk.results()["pay"]["unknown"], true);
    desk.run(&server.url(""), &[]).check(1, &["1 of them before; 1 without success"]);
    assert_eq!(server.received().len(), 1);
}

#[test]
fn a_key_of_our_own_lets_it_be_sent_again_as_the_same() {
    let (server, desk) = (silent_once(), desk());
    desk.run(&server.url(""), &["--idempotency"]).check(0, &["done: 1 of 1"]);
    let keys: Vec<_> = server
        .received()
        .iter()
        .map(|request| request.header("idempotency-key").unwrap().to_owned())
        .collect();
    assert_eq!((keys.len(), &keys[0]), (2, &keys[1]));
    assert_eq!(desk.results()["pay"]["attempts"], 2);
}
