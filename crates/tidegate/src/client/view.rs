//! What there is to see of a bucket at a moment, for pages and metrics. Never here: a secret, a decision.

use std::fmt;

use tidegate_core::Time;
use tidegate_core::pacer::Belief;

use crate::key::BucketName;
use crate::observe::Stance;
use crate::world::keyed_hash;

/// A bucket at a moment. Instants are those of [`world::now`](crate::world::now).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BucketView {
    /// What it is called.
    pub name: BucketName,
    /// What tells it apart from the buckets of other tokens; `None` without a token.
    pub token: Option<TokenTag>,
    /// What its pacer believes.
    pub belief: Belief,
    /// How many requests wait.
    pub waiting: usize,
    /// Of how many [callers](super::Caller) they are.
    pub callers: usize,
    /// What requests that wait or are under way hold in memory, in bytes.
    pub bytes: u64,
    /// When the oldest came that waits.
    pub oldest: Option<Time>,
    /// Until when nothing goes, as told or announced; `None` if nothing forbids it.
    pub closed_until: Option<Time>,
    /// How many refusals are being read. While there are some nothing goes, since they may tell a longer wait.
    pub held: u32,
    /// How its origin is called, by the refusals that are risked with it.
    pub stance: Stance,
    /// How many of those refusals are left.
    pub refusals_left: u64,
}

/// Tells tokens apart and says nothing of them: a hash under a key of the process, of 8 hexadecimal digits. The same
/// for a token as long as the process lives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenTag(u32);

impl TokenTag {
    /// Of a token's hash, which itself is not to be shown.
    pub(crate) fn of(token: u64) -> Self {
        TokenTag(keyed_hash(&token.to_le_bytes()) as u32)
    }
}

impl fmt::Display for TokenTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for TokenTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
