//! The engine: what a limit is, and when a call may go. Never here: a clock, randomness, a lock, HTTP.
//!
//! One idea carries the house. A server, a client and a simulator ask the same question,
//! "may this call go, and when?", and differ only in their *patience*: how long they would
//! rather wait than be refused. [`step()`] answers it. Time and chance are arguments.
#![no_std]

extern crate alloc;

mod carry;
mod decision;
mod feedback;
mod gcra;
mod jitter;
pub mod overload;
pub mod pacer;
mod quota;
mod step;
mod time;
mod together;
mod window;
mod word;

pub use carry::{carry, carry_receipt, carry_used};
pub use decision::{Ask, Decision, Receipt};
pub use feedback::{Feedback, Scope, Verdict};
pub use jitter::jitter;
pub use pacer::{Pacer, Turn};
pub use quota::{ParseQuotaError, Quota, QuotaError, Shape};
pub use step::{State, peek, refund, settle, step};
pub use time::Time;
pub use together::{Charge, Together, peek_together, refund_together, step_together};
pub use word::{Pass, Word, WordQuota};
