//! `tidegate batch`, the real binary against `tidegate simulate` and servers of the tests. Never here: the network, a
//! fixed port.
#![expect(clippy::unwrap_used, reason = "a test that comes no further has failed, wherever that is written")]

mod faults;
#[cfg(unix)]
mod killed;
mod memory;
mod results;
mod resumed;
mod running;
#[expect(dead_code, reason = "the tests of fetch use more of it")]
#[path = "../fetch/server.rs"]
mod server;
#[cfg(unix)]
mod stopped;
mod unknown;
