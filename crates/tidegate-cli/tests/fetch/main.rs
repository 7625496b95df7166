//! `tidegate fetch`, the real binary against servers on this machine. Never here: the network, a sleep, a fixed port.
#![expect(clippy::unwrap_used, reason = "a test that comes no further has failed, wherever that is written")]

mod bodies;
mod faults;
#[cfg(unix)]
mod interrupted;
mod pages;
mod providers;
mod repeat;
mod running;
mod secrets;
mod server;
mod typed;
mod waits;
