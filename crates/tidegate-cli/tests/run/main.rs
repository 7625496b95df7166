//! `tidegate run`, as people run it: the real program with real children, curl and Python among them. Never here: what
//! one part of it decides.
#![expect(clippy::unwrap_used, reason = "a test that comes no further has failed, wherever that is written")]

mod calls;
mod children;
mod intercepted;
mod running;
mod signals;
mod upstream;
