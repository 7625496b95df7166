//! How the proxy ends, and that what it says shows no secret. Never here: a call's way.

use crate::running::{Api, Proxy};

/// A token that must not be seen anywhere.
const CANARY: &str = "canary-5e0d4b";

#[test]
fn it_ends_with_0_and_showed_no_token() {
    let api = Api::start(&["--rooms", "5"]);
    let flags = ["--upstream", &api.url(), "--token-env", "MINE", "--workers", "2"];
    let proxy = Proxy::start_with(&flags, &[("MINE", CANARY)]);
    let answer = proxy.ask("GET", "/v1/rooms", "", "");
    assert_eq!(answer.status, 200, "the token was put in: {}", answer.body);
    let nowhere = proxy.ask("GET", "http://127.0.0.1:1/", "Tidegate-Deadline: x\r\n", "");
    assert!(nowhere.status >= 400 && !nowhere.body.contains(CANARY), "{}", nowhere.body);
    proxy.signal("-TERM");
    let (code, said) = proxy.ended();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("with a token put in") && said.contains("no call was cut"), "{said}");
    assert!(!said.contains(CANARY), "{said}");
}
