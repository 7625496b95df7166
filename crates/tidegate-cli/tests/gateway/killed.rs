//! A server that is killed under load: what may be sent again is, and nothing else. Never here: limits.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::load::{Load, Shot};
use crate::running::{Gateway, policy};

/// A server in a process of its own.
struct Process {
    child: Child,
    url: String,
    ids: PathBuf,
}

impl Process {
    fn start(folder: &Path, name: &str) -> Process {
        let ids = folder.join(name);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/upstream.py");
        let mut command = Command::new("python3");
        let mut child = command.arg(script).arg(&ids).stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Process { child, url: format!("http://{}", address.trim_end()), ids }
    }

    /// SIGKILL: it says goodbye to nobody.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The requests that it got: method and id.
    fn got(&self) -> Vec<String> {
        std::fs::read_to_string(&self.ids).unwrap_or_default().lines().map(str::to_owned).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Even callers get, odd ones post.
fn method(caller: usize) -> &'static str {
    if caller.is_multiple_of(2) { "GET" } else { "POST" }
}

fn request(caller: usize, number: usize) -> String {
    let (method, body) = (method(caller), if caller.is_multiple_of(2) { "" } else { "order" });
    let length = body.len();
    format!(
        "{method} / HTTP/1.1\r\nHost: a\r\nX-Id: {caller}-{number}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

async fn kill(callers: usize, before: usize, after: usize, gateway: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut servers = ["a", "b", "c"].map(|name| Process::start(folder.path(), name));
    let urls: Vec<String> = servers.iter().map(|server| server.url.clone()).collect();
    let gateway = Gateway::start(&policy(&urls, gateway, "")).await;
    let load = Load::start(&gateway.address, callers, Duration::ZERO, request);
    load.hears(before).await;
    servers[1].kill();
    load.hears(after).await;
    let tally = load.stop().await;
    let mut got: HashMap<String, usize> = HashMap::new();
    for line in servers.iter().flat_map(Process::got) {
        *got.entry(line).or_default() += 1;
    }
    let times = |shot: &Shot| {
        let id = format!("{} {}-{}", method(shot.caller), shot.caller, shot.number);
        got.get(&id).copied().unwrap_or_default()
    };
    let (gets, posts): (Vec<Shot>, Vec<Shot>) = tally.0.iter().partition(|shot| shot.caller % 2 == 0);
    let failed: Vec<&Shot> = posts.iter().filter(|shot| shot.status != 200).collect();
    let again = gets.iter().filter(|shot| times(shot) > 1).count();
    println!(
        "{} GETs: {} lost, {again} sent again; {} POSTs: {} failed, {} sent twice; the killed one got {} calls",
        gets.len(),
        gets.iter().filter(|shot| shot.status != 200).count(),
        posts.len(),
        failed.len(),
        posts.iter().filter(|shot| times(shot) > 1).count(),
        servers[1].got().len(),
    );
    assert!(servers.iter().all(|server| !server.got().is_empty()), "each had its part");
    assert!(gets.iter().all(|shot| shot.status == 200 && times(shot) >= 1), "no GET is lost");
    for shot in &posts {
        match shot.status {
            200 => assert_eq!(times(shot), 1, "{shot:?}"),
            502 => assert!(times(shot) <= 1, "{shot:?}"),
            _ => panic!("{shot:?}"),
        }
    }
    // Nobody had more than one call there when it died.
    assert!(failed.len() <= callers / 2, "{failed:?}");
}

#[tokio::test]
async fn a_kill_loses_no_get_and_sends_no_post_twice() {
    kill(8, 600, 600, "").await;
}

#[tokio::test]
#[ignore = "takes half a minute: bench/gateway/kill.sh runs it"]
async fn a_kill_under_more_load_with_health_checks() {
    kill(32, 10_000, 10_000, "health = { path = \"/healthz\" }").await;
}
