//! `tidegate simulate`, run as people run it: the real program on a free port. Never here: speed.
#![expect(clippy::unwrap_used, reason = "a test that comes no further has failed, wherever that is written")]

mod classic_loop;
mod fetched;
mod http;
mod refusals;
mod running;
mod shape;
mod troubles;
mod uploads;
