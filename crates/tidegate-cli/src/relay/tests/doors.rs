//! Where callers come in: ports that the system chooses, and socket files that come and go. Never here: HTTP.

use std::fs;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;

use super::raw::{echo_heads, message};
use super::{Passage, bounds, terms, upstream};
use crate::policy::{Listen, UpstreamAddress};
use crate::relay::drain::Drain;
use crate::relay::listen::Door;
use crate::relay::upstream::{Authorities, HostSeen, Server};
use crate::relay::worker::Workers;

#[tokio::test]
async fn a_port_that_the_system_chooses_is_told() {
    let door = Door::open(&Listen::Tcp(([127, 0, 0, 1], 0).into()), None).unwrap();
    assert!(matches!(door.address(), Listen::Tcp(address) if address.port() > 0));
    let again = Door::open(door.address(), None).unwrap_err().to_string();
    assert!(again.contains("another program does already"), "{again}");
}

#[tokio::test]
async fn an_old_socket_file_makes_way_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.sock");
    let listen = Listen::Unix(path.clone());
    // What a program leaves behind that was killed.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let door = Door::open(&listen, None).unwrap();
    let busy = Door::open(&listen, None).unwrap_err().to_string();
    assert!(busy.contains("another program does already"), "{busy}");
    drop(door);
    assert!(!path.exists(), "the file goes with the door");
    fs::write(&path, "somebody's work").unwrap();
    let file = Door::open(&listen, None).unwrap_err().to_string();
    assert!(file.contains("no socket"), "{file}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "somebody's work");
}

#[tokio::test]
async fn callers_by_a_socket_file_are_served_by_several_workers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.sock");
    let door = Door::open(&Listen::Unix(path.clone()), None).unwrap();
    let address = upstream(|_, stream| echo_heads(stream)).await;
    let address = UpstreamAddress::Http(address.to_string().parse().unwrap());
    let make = move |_| {
        let authorities = Authorities::load(&terms(), &[]).unwrap();
        let server = Server::new(&address, &terms(), &authorities, HostSeen::Callers).unwrap();
        Passage::new(Arc::clone(&server), bounds())
    };
    let drain = Drain::new();
    let workers = Workers::start(&[door], &bounds(), NonZeroUsize::new(3).unwrap(), &drain, make).unwrap();
    for _ in 0..10 {
        let mut caller = UnixStream::connect(&path).await.unwrap();
        caller.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        let answer = message(&mut caller).await;
        assert!(answer.body.contains("x-forwarded-for: 127.0.0.1\r\n"), "{answer:?}");
    }
    assert_eq!(workers.drain(&drain, Duration::from_secs(60)).await, 0);
    assert!(!path.exists());
}
