//! `tidegate proxy`, run as people run it: the real program on a free port, in front of real servers. Never here: what
//! one part of it decides.
#![expect(clippy::unwrap_used, reason = "a test that comes no further has failed, wherever that is written")]

mod clients;
mod dumb;
#[path = "../simulate/http.rs"]
mod http;
mod running;
mod stopped;
mod typed;
