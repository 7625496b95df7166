//! What the parameters are called on the wire: the one place to change if a draft renames them.

use sfv::{KeyRef, key_ref};

/// The names of the parameters in one generation of the draft.
pub(super) struct Names {
    pub(super) quota: &'static KeyRef,
    pub(super) window: &'static KeyRef,
    pub(super) unit: &'static KeyRef,
    pub(super) partition: &'static KeyRef,
    pub(super) remaining: &'static KeyRef,
    pub(super) reset: &'static KeyRef,
}

impl Names {
    /// The names that a policy's extensions can't have.
    pub(super) fn of_policy(&self) -> [&'static KeyRef; 4] {
        [self.quota, self.window, self.unit, self.partition]
    }

    /// The names that a limit's extensions can't have.
    pub(super) fn of_limit(&self) -> [&'static KeyRef; 3] {
        [self.remaining, self.reset, self.partition]
    }
}

/// Drafts -08 to -11. A proposed change (httpapi's pull request 166) would rename `r` to `a` and `t` to `w`.
pub(super) const NAMES: Names = Names {
    quota: key_ref("q"),
    window: key_ref("w"),
    unit: key_ref("qu"),
    partition: key_ref("pk"),
    remaining: key_ref("r"),
    reset: key_ref("t"),
};
