//! Every example of a policy is good, and does what its comments say. Never here: policies of a test's own.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::running::{check_in, project};

fn examples() -> Vec<PathBuf> {
    let entries = fs::read_dir(project("examples/policies")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_example_is_good_and_nothing_about_it_is_odd() {
    let examples = examples();
    assert!(examples.len() >= 10, "{examples:?}");
    for file in examples {
        // One names files: they must be there.
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("tls")).unwrap();
        for name in ["certificate.pem", "key.pem", "authorities.pem"] {
            fs::write(folder.path().join("tls").join(name), "a file").unwrap();
        }
        fs::copy(&file, folder.path().join("tidegate.toml")).unwrap();
        let said = check_in(folder.path(), &[]).good();
        assert!(said.starts_with("tidegate.toml is good.\n"), "{}: {said}", file.display());
    }
}

#[track_caller]
fn does(example: &str, args: &[&str], says: &str) {
    let mut all = vec!["--config", example, "--request"];
    all.extend(args);
    let said = check_in(&project("examples/policies"), &all).good();
    assert!(said.contains(says), "{says:?} isn't in: {said}");
}

#[test]
fn the_examples_do_what_they_say() {
    let token = "Authorization: Bearer abcdefghijkl";
    does("minimal.toml", &["GET /"], "Refused with 401");
    does("minimal.toml", &["GET /", "-H", token], "50 such calls pass at once");
    does("per-token.toml", &["GET /v1/rooms?max=500", "-H", token], "cost 5, for query max > 100");
    does(
        "per-token.toml",
        &["GET /v1/rooms", "-H", token, "--servers", "2"],
        "burst 100 for 2 servers: 99 left of 100",
    );
    does("by-address.toml", &["GET /", "--client", "10.1.2.3"], "exempt by `monitoring`");
    let forwarded = "X-Forwarded-For: 203.0.113.9, 198.51.100.7";
    does("by-address.toml", &["GET /", "--client", "10.0.0.1", "-H", forwarded], "key ip 198.51.100.7;");
    does("by-address.toml", &["GET /", "--client", "192.0.2.9", "-H", forwarded], "key ip 192.0.2.9;");
    does(
        "plans.toml",
        &["GET /", "-H", "X-Api-Key: pro_abcdefgh"],
        "3000 per minute, burst 300: 299 left of 300",
    );
    does("plans.toml", &["GET /", "-H", "X-Api-Key: abcdefgh"], "60 per minute, burst 10: 9 left of 10");
    let large = ["POST /v1/completions", "-H", token, "-H", "X-Model: large"];
    does(
        "tokens.toml",
        &large,
        "cost 2000, for header x-model = large, reserved until the true cost is known",
    );
    let login = ["POST /accounts/ann/login", "--repeat", "7"];
    does(
        "login.toml",
        &login,
        "Of 7 at once, 5 are admitted and 2 answered 429 with Retry-After: 900 or less",
    );
    does("search.toml", &["GET /search", "-H", token], "2 such calls pass at once");
    does("search.toml", &["GET /export/x", "-H", token], "`export` comes before it in `rest`");
    does(
        "shadow.toml",
        &["GET /", "-H", token],
        "Were it not in shadow, `calls-next` would let 50 pass at once.",
    );
    does("overload.toml", &["POST /v1/payments/7"], "It is critical: refused last");
}
