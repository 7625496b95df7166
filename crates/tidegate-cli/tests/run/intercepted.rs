//! Calls within TLS: opened where that is asked for, and passed on unread where not. Never here: how a certificate is made.

use crate::running::{Ended, run_with};
use crate::upstream::Secure;

/// Calls a secure API with these flags by this command, which gets its URL last.
fn call(api: &Secure, flags: &[&str], command: &[&str]) -> Ended {
    let url = format!("https://{}/hello", api.address);
    let flags: Vec<&str> =
        flags.iter().chain(&["--json", "--"]).chain(command).copied().chain([&*url]).collect();
    let authority = api.authority();
    // What curl goes by first may be set already.
    let variables = ["SSL_CERT_FILE", "CURL_CA_BUNDLE"].map(|name| (name, authority.to_str().unwrap()));
    run_with(&flags, &variables, "")
}

const CURL: [&str; 4] = ["curl", "-sS", "-w", " %{http_code}"];

#[test]
fn curl_within_tls_waits_where_its_host_is_intercepted() {
    let api = Secure::start();
    let ended = call(&api, &["--intercept", "127.0.0.1"], &CURL);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "hello 200"), "{ended:?}");
    let summary = ended.summary();
    assert_eq!((&summary["calls"], &summary["absorbed"]["429"]), (&1.into(), &1.into()), "{summary}");
    assert!(summary["waited_seconds"].as_f64() >= Some(1.0), "{summary}");
    assert_eq!(summary["tunnels_unread"], serde_json::json!({}), "{summary}");
}

#[test]
fn python_within_tls_waits_where_its_host_is_intercepted() {
    let api = Secure::start();
    let program = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())";
    let ended = call(&api, &["--intercept", "127.0.0.1"], &["python3", "-c", program]);
    assert_eq!((ended.code, ended.stdout.trim()), (Some(0), "hello"), "{ended:?}");
    assert_eq!(ended.summary()["absorbed"]["429"], 1);
}

#[test]
fn what_goes_through_unread_is_said() {
    let api = Secure::start();
    let ended = call(&api, &["--loopback"], &CURL);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "hello 429"), "{ended:?}");
    let summary = ended.summary();
    assert_eq!(
        (&summary["calls"], &summary["tunnels_unread"]["127.0.0.1"]),
        (&0.into(), &1.into()),
        "{summary}"
    );
}

#[test]
fn the_authority_of_a_run_is_gone_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [("TMPDIR", folder.path().to_str().unwrap())];
    let flags = ["--intercept", "a.example", "--", "sh", "-c", "ls -l $NODE_EXTRA_CA_CERTS"];
    let ended = run_with(&flags, &variables, "");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("tidegate-run-"), "{}", ended.stdout);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "its key would outlive its use");
}
