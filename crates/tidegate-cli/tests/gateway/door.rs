//! What a gateway can't start by: each is said clearly, with exit code 2. Never here: a gateway that runs.

use crate::running::{policy, refused, refused_at};

fn with(gateway: &str) -> String {
    policy(&["http://127.0.0.1:9".to_owned()], gateway, "")
}

#[track_caller]
fn check(policy: Option<&str>, says: &[&str]) {
    let (code, said) = refused(policy.map(str::as_bytes));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.starts_with("error: "), "{said}");
    for text in says {
        assert!(said.contains(text), "{text:?} isn't in: {said}");
    }
}

#[test]
fn a_file_that_isn_t_there_or_can_t_be_read_is_named() {
    check(None, &["tidegate.toml"]);
    check(Some(""), &["tidegate.toml", "[gateway]"]);
    let (code, said) = refused(Some(b"\xff\xfe[gateway]"));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("isn't UTF-8 text"), "{said}");
    let (code, said) = refused_at(&std::env::temp_dir());
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(&std::env::temp_dir().display().to_string()), "{said}");
}

#[test]
fn what_is_wrong_in_a_file_is_shown_at_its_place() {
    check(Some("[gateway\n"), &["tidegate.toml:1:9"]);
    check(Some(&with("memori = \"1 MiB\"")), &["tidegate.toml:5:1", "memory"]);
    check(Some(&with("").replace("http:", "gopher:")), &["tidegate.toml:4:", "gopher"]);
    check(Some(&with("").replace("\"http://127.0.0.1:9\"", "")), &["tidegate.toml:", "`upstreams` is empty"]);
    check(
        Some(&with("\n[[limit]]\nname = \"a\"\nkey = []\nquota = \"5 per forever\"")),
        &["tidegate.toml:9:"],
    );
}

#[test]
fn a_port_that_is_taken_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    check(Some(&with("").replace("127.0.0.1:0", &address)), &[&address]);
    check(Some(&with("").replace("\"off\"", &format!("\"{address}\""))), &["operators' address", &address]);
}

#[test]
fn files_of_tls_that_aren_t_there_or_no_pem_are_named() {
    check(Some(&with("tls = { certificate = \"no.pem\", key = \"no.key\" }")), &["no.pem"]);
    let itself = "tls = { certificate = \"tidegate.toml\", key = \"tidegate.toml\" }";
    check(Some(&with(itself)), &["tidegate.toml"]);
    check(
        Some(&with("upstream = { authorities = \"no-ca.pem\" }").replace("http:", "https:")),
        &["no-ca.pem"],
    );
}
