//! `tidegate check`, the real binary, on files good and bad. Never here: a gateway that runs.
#![expect(clippy::unwrap_used, reason = "a test that comes no further has failed, wherever that is written")]

mod examples;
mod faults;
mod page;
mod proxies;
mod requests;
mod running;
mod schema;
mod warnings;
