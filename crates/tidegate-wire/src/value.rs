//! What one value says, of a field or of a body: a wait, an instant, a count. Never here: which field says what.
//!
//! Readers are total and never make a wait shorter than it was told. A negative number, which providers send
//! for "unknown", is nothing in every format.

mod clock;
mod count;
mod decimal;
mod format;
mod part;
mod span;
mod stamp;
mod wait;

pub(crate) use clock::Clock;
pub(crate) use count::{count, ratio, share};
pub(crate) use decimal::{Decimal, SECOND};
pub(crate) use format::Format;
pub(crate) use part::part;
pub(crate) use stamp::{Counts, FIRST_INSTANT, LONGEST_DELAY, counts};
pub(crate) use wait::wait;
