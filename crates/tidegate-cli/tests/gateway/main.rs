//! `tidegate gateway`, run as people run it: the real program on a free port, between real sockets. Never here: what
//! one part of it decides.
#![expect(clippy::print_stdout, reason = "the long runs are for their figures")]
#![expect(clippy::unwrap_used, reason = "a test that comes no further has failed, wherever that is written")]

mod addresses;
mod answers;
mod caller;
mod clients;
mod door;
mod drained;
mod fleet;
mod killed;
mod load;
mod overload;
mod paths;
mod reload;
mod running;
mod streams;
mod twins;
mod upstream;
