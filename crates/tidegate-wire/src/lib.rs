//! What limits look like in HTTP, read and written. Never here: a clock, a socket, a decision.
//!
//! Everything is a pure function from bytes to values and back. Readers are total: any bytes are a value or
//! nothing, never a panic, and never a wait shorter than the one that was told. Where a reader needs the time,
//! for a date, the caller gives it as a [`Time`](tidegate_core::Time) **since the Unix epoch**.
//!
//! [`feedback::read`] is the door that most callers want: an answer's status, header and body go in, and what
//! the answer says about the limit behind it comes out, in the engine's own words.
//!
//! ```
//! use http::{HeaderMap, HeaderValue, StatusCode, header::RETRY_AFTER};
//! use std::time::Duration;
//! use tidegate_core::{Time, Verdict};
//! use tidegate_wire::{dialect, feedback};
//!
//! let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("60"))]);
//! let now = Time::from_secs(1_700_000_000);
//! let reading = feedback::read(&dialect::generic(), StatusCode::TOO_MANY_REQUESTS, &headers, None, now);
//! assert_eq!(reading.feedback.verdict, Verdict::Limited { wait: Some(Duration::from_secs(60)) });
//! ```

pub mod announce;
pub mod categories;
pub mod date;
pub mod dialect;
pub mod feedback;
pub mod link;
pub mod number;
mod octets;
pub mod problem;
pub mod ratelimit;
pub mod retry_after;
pub mod tracking;
mod value;
pub mod webex;
