//! Who keeps the states of keys, and what every such store promises. Never here: one store's own means.
//!
//! Stores are asked, and answer with a future, so that one across a network is as good as one in memory. The
//! memory store's future is ready when it is made, so awaiting it costs nothing; who needs no future calls
//! [`Table`]'s own functions of the same names. There is no `dyn` store: which one is used is known when a
//! program is built, and a decision of a few dozen instructions would pay for a boxed future with more of them.

mod limit;
pub(crate) mod secret;
pub(crate) mod sync;
mod table;

use std::future::Future;

use tidegate_core::{Receipt, Time, Together};

pub use limit::{Limit, TooManyQuotas};
pub use secret::{Key, Secret};
pub use table::{Room, Table};

/// What a call takes of one limit, for one key.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The limit, under the quota that it has now.
    pub limit: &'a Limit,
    /// Whose quota it is.
    pub key: Key,
    /// How many units the call takes of it.
    pub cost: u64,
    /// What was spent: set when the call is admitted, taken when it is refunded or settled.
    pub receipt: Receipt,
}

impl<'a> Claim<'a> {
    /// A claim that is still to be decided.
    pub fn new(limit: &'a Limit, key: Key, cost: u64) -> Self {
        Claim { limit, key, cost, receipt: Receipt::default() }
    }
}

/// Keeps the states of keys, and decides on them one after another, whoever asks at once.
///
/// Nobody waits in a store: a call goes now, or is told when to come back.
pub trait Store {
    /// Why a store can't answer. The memory store always can.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Decides one call: it goes when all its claims pass, and is charged to all then; else nothing is spent. No two
    /// claims are of the same limit.
    ///
    /// # Errors
    /// When the store can't be reached, or answers too late. Then it isn't known whether anything was spent.
    fn decide(
        &self,
        now: Time,
        claims: &mut [Claim<'_>],
    ) -> impl Future<Output = Result<Together, Self::Error>> + Send;

    /// What [`Store::decide`] would answer, spending nothing.
    ///
    /// # Errors
    /// When the store can't be reached, or answers too late.
    fn peek(
        &self,
        now: Time,
        claims: &[Claim<'_>],
    ) -> impl Future<Output = Result<Together, Self::Error>> + Send;

    /// Takes back what an admitted call spent that never was made; see [`tidegate_core::refund`]. Its claims are
    /// those that were decided, with the receipts they got.
    ///
    /// # Errors
    /// When the store can't be reached, or answers too late.
    fn refund(
        &self,
        now: Time,
        claims: &mut [Claim<'_>],
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Brings what an admitted call spent under one limit to what it turned out to cost; see
    /// [`tidegate_core::settle`].
    ///
    /// # Errors
    /// When the store can't be reached, or answers too late.
    fn settle(
        &self,
        now: Time,
        claim: &mut Claim<'_>,
        used: u64,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Forgets what a key used under a limit.
    ///
    /// # Errors
    /// When the store can't be reached, or answers too late.
    fn reset(&self, limit: &Limit, key: Key) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
