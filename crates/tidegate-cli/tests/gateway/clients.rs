//! Clients as people have them, in front of the whole gateway: none needs a change. Never here: HTTP by hand.

use std::process::{Command, Output};

use serde_json::json;

use crate::running::{Gateway, policy};
use crate::upstream::{Upstream, answer, ok};

/// How many pages there are, of two rooms each.
const PAGES: usize = 5;

fn limited(upstream: &Upstream, quota: &str) -> String {
    let tables = format!("[[limit]]\nname = \"rooms\"\nkey = \"bearer\"\nquota = \"{quota}\"\n");
    policy(&[upstream.url()], "", &tables)
}

/// Pages of rooms, each with the address of the next one, under the host that the caller named.
async fn rooms() -> Upstream {
    Upstream::new(|request| async move {
        let number = request.target().split_once("page=").map_or(1, |(_, number)| number.parse().unwrap());
        let items = [2 * number - 1, 2 * number].map(|room| json!({ "id": format!("room-{room}") }));
        let body = json!({ "items": items }).to_string();
        let host = request.field("host").unwrap();
        let next = format!("Link: <http://{host}/v1/rooms?page={}>; rel=\"next\"", number + 1);
        let fields = [&*next];
        answer("200 OK", if number < PAGES { &fields } else { &[] }, &body)
    })
    .await
}

async fn run(mut command: Command) -> Output {
    command.env("no_proxy", "*").env("TOKEN", "any").env("TIDEGATE_TOKEN", "any");
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn the_classic_loop_gets_every_room_once() {
    let upstream = rooms().await;
    let gateway = Gateway::start(&limited(&upstream, "1 per second, burst 3")).await;
    let mut command = Command::new("python3");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/classic_loop.py"));
    command.arg(format!("http://{}/v1/rooms", gateway.address));
    let output = run(command).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let every: Vec<String> = (1..=2 * PAGES).map(|room| format!("room-{room}")).collect();
    assert_eq!(text(&output.stdout).lines().collect::<Vec<_>>(), every);
    assert_eq!(upstream.count(), PAGES, "what was refused reached no server");
    assert!(text(&output.stderr).contains("rate limited"), "it was told to wait");
}

#[tokio::test]
async fn curl_sees_what_a_refusal_says_and_its_retry_waits_it_out() {
    let upstream = Upstream::new(|_| async { ok("fine") }).await;
    let gateway = Gateway::start(&limited(&upstream, "1 per second")).await;
    let url = format!("http://{}/v1//rooms/../rooms", gateway.address);
    let curl = |flags: &[&str]| {
        let mut command = Command::new("curl");
        command
            .args(["-sS", "--path-as-is", "--max-time", "30", "-H", "Authorization: Bearer a"])
            .args(flags)
            .arg(&url);
        run(command)
    };
    assert_eq!(text(&curl(&[]).await.stdout), "fine");
    let refused = text(&curl(&["-i"]).await.stdout);
    assert!(refused.starts_with("HTTP/1.1 429 Too Many Requests\r\n"), "{refused}");
    assert!(refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
    let patient = curl(&["-f", "--retry", "3"]).await;
    assert_eq!(text(&patient.stdout), "fine", "{}", text(&patient.stderr));
    assert_eq!(upstream.requests()[1].target(), "/v1/rooms");
}

#[tokio::test]
async fn fetch_of_many_items_shows_its_user_no_refusal() {
    let upstream = Upstream::new(|request| async move { ok(request.target()) }).await;
    let gateway = Gateway::start(&limited(&upstream, "10 per second, burst 5")).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    let urls = (1..=30).map(|item| format!("http://{}/v1/items/{item}", gateway.address));
    command.args(["fetch", "-v"]).args(urls);
    let output = run(command).await;
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{err}");
    let every: String = (1..=30).map(|item| format!("/v1/items/{item}")).collect();
    assert_eq!(out.replace('\n', ""), every, "{err}");
    assert_eq!(upstream.count(), 30, "nothing was lost, and nothing sent twice");
}
