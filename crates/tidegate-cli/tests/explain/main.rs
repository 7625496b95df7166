//! `tidegate explain`, the real binary. Never here: the network, today's date, what a vector holds already.
#![expect(clippy::unwrap_used, reason = "a test that comes no further has failed, wherever that is written")]

mod heads;
mod json;
mod running;
mod typed;
mod words;
