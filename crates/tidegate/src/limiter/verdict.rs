//! What a limiter says to a call. Never here: how it is found, how it looks in HTTP.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::Permit;
use super::rules::Rules;
use super::told::Told;
use crate::classify::{Charge, Charges, KeyRefusal};

/// What becomes of a call.
#[derive(Debug)]
pub enum Verdict {
    /// It goes, now.
    Admitted(Box<Permit>),
    /// It doesn't, and nothing was spent.
    Refused(Box<Refusal>),
}

impl From<Permit> for Verdict {
    fn from(permit: Permit) -> Verdict {
        Verdict::Admitted(Box::new(permit))
    }
}

impl From<Refusal> for Verdict {
    fn from(refusal: Refusal) -> Verdict {
        Verdict::Refused(Box::new(refusal))
    }
}

/// A call that doesn't go.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Why.
    pub why: Why,
    /// The name of the limit that refuses it.
    pub limit: Arc<str>,
    /// What the answer may tell of the limits, and the wait.
    pub told: Told,
}

/// Why a call doesn't go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The quota is used up for now.
    UsedUp,
    /// Too many calls of the key are in flight.
    Full {
        /// How many may be.
        most: u32,
    },
    /// It costs more than the quota can ever hold: no waiting helps.
    Never {
        /// What it costs.
        cost: u64,
        /// What the quota holds.
        burst: u64,
    },
    /// It lacks what tells callers apart.
    Lacking(KeyRefusal),
}

impl Refusal {
    pub(super) fn used_up(
        rules: Arc<Rules>,
        charges: &Charges,
        tightest: &Charge,
        wait: Duration,
    ) -> Refusal {
        let limit = rules.limit(tightest.limit).name.clone();
        Refusal { why: Why::UsedUp, limit, told: Told::refused(rules.clone(), charges, tightest, wait) }
    }

    pub(super) fn full(rules: Arc<Rules>, limit: u32, wait: Duration) -> Refusal {
        let refusing = rules.limit(limit);
        let most = refusing.at_once.map_or(0, u32::from);
        let (why, limit) = (Why::Full { most }, refusing.name.clone());
        Refusal { why, limit, told: Told::only_wait(rules, wait) }
    }

    pub(super) fn never(rules: Arc<Rules>, charge: &Charge) -> Refusal {
        let burst = rules.quota(charge).map_or(0, |quota| quota.burst());
        let (why, limit) = (Why::Never { cost: charge.cost, burst }, rules.limit(charge.limit).name.clone());
        Refusal { why, limit, told: Told::nothing(rules) }
    }

    pub(super) fn lacking(rules: Arc<Rules>, lacking: KeyRefusal) -> Refusal {
        let limit = rules.limit(lacking.limit).name.clone();
        Refusal { why: Why::Lacking(lacking), limit, told: Told::nothing(rules) }
    }

    /// The status to answer with: 429 where waiting helps, else another 4xx.
    pub fn status(&self) -> StatusCode {
        match &self.why {
            Why::UsedUp | Why::Full { .. } => StatusCode::TOO_MANY_REQUESTS,
            Why::Never { .. } => StatusCode::BAD_REQUEST,
            Why::Lacking(lacking) => lacking.status(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = &self.limit;
        match &self.why {
            Why::UsedUp => {
                write!(f, "the limit `{limit}` is used up for now: wait, then send the request again")
            }
            Why::Full { most } => write!(
                f,
                "the limit `{limit}` lets {most} calls be under way at once: let one end, then send the request again"
            ),
            Why::Never { cost, burst } => write!(
                f,
                "the request costs {cost} units, and the limit `{limit}` never holds more than {burst}: ask for less \
                 at once; waiting doesn't help"
            ),
            Why::Lacking(lacking) => write!(f, "{lacking}"),
        }
    }
}
