//! The fields that announce one limit, as a row of the table writes them. Never here: their values.

use serde::Deserialize;

use super::source::Sources;

/// One limit that a provider announces: where its numbers stand.
///
/// What isn't announced is left out. Of `limit`, `used` and `remaining` any two tell the third.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Window {
    /// What the limit is called, where a provider has several.
    pub name: Option<String>,
    /// What it counts: requests unless said otherwise. Only requests can be paced by.
    pub counts: Option<String>,
    /// How many units a whole window allows.
    pub limit: Sources,
    /// How many of them are left.
    pub remaining: Sources,
    /// How many of them are used.
    pub used: Sources,
    /// Used and allowed in one value, as `32/40`.
    pub ratio: Sources,
    /// The used share of the limit, 1 being all of it, where that is all that is told.
    pub share: Sources,
    /// When the window starts anew: a delay or an instant, by the source's format.
    pub reset: Sources,
    /// How long the window is.
    pub window: Sources,
    /// How many units the refused call needs, where units come back bit by bit.
    pub needs: Sources,
    /// How many units come back per second.
    pub refill: Sources,
}

impl Window {
    /// Whether its units are requests.
    pub fn counts_requests(&self) -> bool {
        self.counts.as_deref().is_none_or(|unit| unit == "requests")
    }
}
