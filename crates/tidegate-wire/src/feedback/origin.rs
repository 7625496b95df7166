//! Where something was read. Never here: what was read.

use std::fmt;

use http::HeaderName;

/// Where a part of a [`Reading`](super::Reading) was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The status code.
    Status,
    /// A header field.
    Field(HeaderName),
    /// The body.
    Body,
    /// The answer is silent; the provider's row in the table knows it.
    Dialect,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Status => f.write_str("status"),
            Origin::Field(name) => f.write_str(name.as_str()),
            Origin::Body => f.write_str("body"),
            Origin::Dialect => f.write_str("dialect"),
        }
    }
}

/// A value, and where it was read.
#[derive(Clone, Debug)]
pub(super) struct Told<T> {
    pub(super) value: T,
    pub(super) origin: Origin,
}

impl<T> Told<T> {
    pub(super) fn new(value: T, origin: Origin) -> Told<T> {
        Told { value, origin }
    }

    /// Its two halves, for two structures that are filled side by side.
    pub(super) fn split(told: Option<Told<T>>) -> (Option<T>, Option<Origin>) {
        told.map_or((None, None), |told| (Some(told.value), Some(told.origin)))
    }
}
