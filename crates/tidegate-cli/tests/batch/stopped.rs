//! Ctrl-C once and twice. Never here: an end that the run doesn't know of.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::running::Desk;
use crate::server::{Reply, Server, ok};

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

/// A run with a call under way that the server answers when it is told to, and one that waits behind it.
fn under_way() -> (Desk, Server, Child, Sender<()>, Receiver<()>) {
    let desk = Desk::new(
        "{\"id\":\"a\",\"path\":\"/a\",\"method\":\"POST\"}\n{\"id\":\"b\",\"path\":\"/a\",\"method\":\"POST\"}\n",
    );
    let ((arrive, arrived), (release, released)) = (channel(), channel());
    let released = Mutex::new(released);
    let server = Server::new(move |_, _| {
        arrive.send(()).unwrap();
        // A test that is through answers nobody.
        match released.lock().unwrap().recv() {
            Ok(()) => ok("1"),
            Err(_) => Reply::Close(Vec::new()),
        }
    });
    let mut command = desk.batch(&server.url(""), &["--concurrency", "1"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    (desk, server, child, release, arrived)
}

#[test]
fn calls_under_way_end_and_the_rest_is_for_later() {
    let (desk, server, mut child, release, arrived) = under_way();
    arrived.recv().unwrap();
    interrupt(&child);
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    told.find(|line| line.contains("waits for calls under way")).expect("it says so");
    release.send(()).unwrap();
    let told = told.collect::<Vec<_>>().join("\n");
    assert_eq!(child.wait().unwrap().code(), Some(130), "{told}");
    assert!(told.contains("stopped: 1 of 2 items"), "{told}");
    assert!(
        told.contains("not done: 1; resume with: ") && told.contains(" batch --base-url http://127"),
        "{told}"
    );
    assert_eq!((desk.ids().len(), server.received().len()), (1, 1));
}

#[test]
fn twice_ends_at_once_and_what_was_under_way_is_unknown() {
    let (desk, _server, mut child, _release, arrived) = under_way();
    arrived.recv().unwrap();
    interrupt(&child);
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    told.find(|line| line.contains("Ctrl-C again ends at once")).expect("it says so");
    interrupt(&child);
    let told = told.collect::<Vec<_>>().join("\n");
    assert_eq!(child.wait().unwrap().code(), Some(130), "{told}");
    assert!(told.contains("outcome unknown: 1"), "{told}");
    assert_eq!(desk.ids().len(), 0);
}
