//! What would become of a call, and why, spending nothing. Never here: a second way to decide.

use std::fmt;

use tidegate_core::{Decision, Quota, Time};

use super::{Limiter, Rules};
use crate::classify::{Charge, Class, Explanation, Mode, Request};
use crate::store::Store;

/// What would become of a call.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Which limits the call falls under, and why not under the others.
    pub explanation: Explanation,
    /// What each of those would say to it by itself.
    pub foreseen: Vec<Foreseen>,
}

/// What one limit would say to a call by itself.
#[derive(Clone, Debug)]
pub struct Foreseen {
    /// The limit's name.
    pub limit: String,
    /// Whether it would refuse, or only count that.
    pub mode: Mode,
    /// What the call takes from it.
    pub charge: Charge,
    /// The quota of now, the fleet's size in it.
    pub quota: Option<Quota>,
    /// What it would decide, if it has a quota.
    pub decision: Option<Decision>,
    /// How many calls of the key are in flight, and how many may be, if it bounds them.
    pub at_once: Option<(u32, u32)>,
}

impl<S: Store> Limiter<S> {
    /// What would become of a call at `now`.
    ///
    /// # Errors
    /// When the store can't answer.
    pub async fn explain(&self, now: Time, request: &Request<'_>) -> Result<Explained, S::Error> {
        let rules = self.rules();
        let explanation = rules.classifier.explain(request, &self.secret);
        let mut foreseen = Vec::new();
        for charge in explanation.outcome.iter().flat_map(|charges| charges.iter()) {
            foreseen.push(self.foresee(&rules, charge, now).await?);
        }
        Ok(Explained { explanation, foreseen })
    }

    async fn foresee(&self, rules: &Rules, charge: &Charge, now: Time) -> Result<Foreseen, S::Error> {
        let decision = match rules.claim(charge) {
            Some(claim) => Some(self.store.peek(now, &[claim]).await?.decision),
            None => None,
        };
        let at_once = rules.bound(charge);
        Ok(Foreseen {
            limit: rules.limit(charge.limit).name.to_string(),
            mode: rules.mode(charge),
            charge: *charge,
            quota: rules.quota(charge).copied(),
            decision,
            at_once: at_once.map(|bound| (self.at_once.in_flight(bound.limit, bound.key), bound.most)),
        })
    }
}

impl Explained {
    /// How much the call matters, if it isn't refused for want of a key.
    pub fn class(&self) -> Option<Class> {
        self.explanation.outcome.as_ref().ok().map(|charges| charges.class)
    }
}

impl Foreseen {
    /// Whether the limit would let the call go by itself.
    pub fn passes(&self) -> bool {
        let quota = !matches!(self.decision, Some(Decision::Deny { .. } | Decision::Never));
        quota && self.at_once.is_none_or(|(inside, most)| inside < most)
    }
}

impl fmt::Display for Foreseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shadow = if self.mode == Mode::Shadow { " (in shadow mode: only counted)" } else { "" };
        match self.decision {
            Some(Decision::Admit { remaining, .. }) => write!(f, "passes, and leaves {remaining}{shadow}")?,
            Some(Decision::Deny { .. }) => write!(f, "is used up{shadow}")?,
            Some(Decision::Never) => write!(f, "never holds so much{shadow}")?,
            None => {}
        }
        let Some((inside, most)) = self.at_once else { return Ok(()) };
        let comma = if self.decision.is_some() { "; " } else { "" };
        let more = if inside < most { "room" } else { "no room" };
        write!(f, "{comma}{more} among {inside} of {most} calls at once")
    }
}
