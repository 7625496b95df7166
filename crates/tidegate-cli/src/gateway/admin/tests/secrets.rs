//! A token in every place that one can stand in, and not in any page, log line or error. Never here: what they show.

use http::StatusCode;
use serde_json::json;

use super::*;

/// A caller's secret, and no four of its letters beside each other elsewhere.
const TOKEN: &str = "zqxjvk-7319-wpbmyd-8264";

/// What is shown of it at most.
const SHOWN: &str = "zqxj";

#[track_caller]
fn check(page: &str, text: &str) {
    let hidden = &TOKEN[SHOWN.len() + 1..];
    let told = (0..=hidden.len() - 6).find(|at| text.contains(&hidden[*at..at + 6]));
    assert_eq!(told, None, "{page} tells of a secret:\n{text}");
}

#[test]
fn a_part_of_a_secret_is_found_and_its_beginning_is_not() {
    check("a page", &format!("bearer {SHOWN}…"));
    let told = std::panic::catch_unwind(|| check("a page", &TOKEN[SHOWN.len() + 4..]));
    assert!(told.is_err());
}

#[tokio::test]
async fn no_page_and_no_line_has_a_secret() {
    let log = tempfile::tempdir().unwrap();
    let log = log.path().join("access.log");
    let gateway = format!(
        "access-log = \"{}\"\npenalty = {{ forgiven = \"1 per hour\", longest = \"2h\", grace = \"0s\" }}",
        log.display()
    );
    let stage = Stage::new(&gateway).await;
    let target = format!("/v1/rooms/1;sid={TOKEN}?token={TOKEN}");
    for _ in 0..6 {
        stage.call(&target, TOKEN).await;
    }
    for page in ["/healthz", "/readyz", "/metrics", "/state", "/penalties", "/nothing"] {
        check(page, &stage.get(page).await.1);
        check(page, &stage.get(&format!("{page}?token={TOKEN}")).await.1);
    }
    let asked = json!({
        "target": target,
        "headers": { "authorization": format!("Bearer {TOKEN}"), "cookie": [format!("session={TOKEN}")] },
    });
    let lacking = json!({ "target": target, "headers": { "authorization": TOKEN } });
    let malformed = [
        TOKEN.to_owned(),
        json!(TOKEN).to_string(),
        json!({ "target": [TOKEN] }).to_string(),
        json!({ "target": "/", TOKEN: 1 }).to_string(),
        json!({ "target": "/", "client": TOKEN }).to_string(),
        json!({ "target": format!("/%zz{TOKEN}") }).to_string(),
        json!({ "target": format!("ht tp:{TOKEN}") }).to_string(),
        json!({ "target": "/", "method": format!("({TOKEN}") }).to_string(),
        json!({ "target": "/", "headers": { "a": format!("{TOKEN}\u{1}") } }).to_string(),
        json!({ "target": "/", "headers": { "host": format!("{TOKEN}@b") } }).to_string(),
        json!({ "caller": TOKEN }).to_string(),
    ];
    for page in ["/explain", "/peek", "/reset", "/forgive", "/reload"] {
        for body in [asked.to_string(), lacking.to_string()].iter().chain(&malformed) {
            check(page, &stage.post_text(page, body).await.1);
        }
    }
    assert_eq!(stage.post("/explain", &asked).await.0, StatusCode::OK);
    stage.gate.log.close().await;
    let lines = std::fs::read_to_string(&log).unwrap();
    check("the log", &lines);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 6, "{lines:?}");
    assert_eq!((&lines[0]["status"], &lines[0]["server"]), (&200.into(), &"one".into()));
    assert_eq!((&lines[2]["status"], &lines[2]["why"]), (&429.into(), &"limit:rooms".into()));
    assert_eq!(lines[5]["why"], "penalty");
}
