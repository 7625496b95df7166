//! What the parameters are called on the wire: the one place to change if a draft renames them.

use sfv::{KeyRef, key_ref};

/// The names of the parameters in one generation of the draft.
#[derive(Clone, Copy)]
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

/// Drafts -08 to -11.
const DRAFTS_08_TO_11: Names = Names {
    quota: key_ref("q"),
    window: key_ref("w"),
    unit: key_ref("qu"),
    partition: key_ref("pk"),
    remaining: key_ref("r"),
    reset: key_ref("t"),
};

/// A proposed change of the draft (httpapi's pull request 166): what is left is available (`a`), and the time to
/// the reset is the effective window (`w`).
const PROPOSAL_166: Names = Names { remaining: key_ref("a"), reset: key_ref("w"), ..DRAFTS_08_TO_11 };

/// The switch: the first is written and read by the letter, a lenient reader takes the second where the first is
/// missing. Turn them round if the draft does.
const ORDER: [Names; 2] = [DRAFTS_08_TO_11, PROPOSAL_166];

/// What the parameters are called.
pub(super) const NAMES: Names = ORDER[0];
/// What they are called too.
pub(super) const OTHER_NAMES: Names = ORDER[1];
