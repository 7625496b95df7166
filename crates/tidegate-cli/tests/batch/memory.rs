//! A million items in little memory. Takes minutes: `cargo test --release -p tidegate-cli --test batch -- --ignored
//! --nocapture million`. Never here: speed.

use std::fmt::Write as _;
use std::process::Stdio;

use crate::running::Desk;
use crate::server::{Server, ok};

/// The most memory that a process has used, in KiB.
fn peak(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
#[ignore = "takes minutes; run it in release"]
fn a_million_items_fit_into_64_mib() {
    let mut list = String::new();
    for number in 0..1_000_000 {
        let _ = writeln!(list, "{{\"id\":\"item-{number}\",\"path\":\"/v1/things/{number}\"}}");
    }
    let server = Server::new(|_, _| ok("{\"ok\":true}"));
    let desk = Desk::new(&list);
    drop(list);
    let mut command = desk.batch(&server.url(""), &["--quiet", "--concurrency", "50", "--ordered"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = most.max(peak(child.id()).unwrap_or_default());
        std::thread::yield_now();
    }
    println!("peak: {most} KiB");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(most > 0 && most <= 64 << 10, "{most} KiB");
}
