//! What an answer may tell of the limits that a call fell under. Never here: a field's form, why a call was refused.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use smallvec::SmallVec;
use tidegate_core::{Quota, Shape, Time};
use tidegate_wire::announce::{Announcement, Stated};
use tidegate_wire::ratelimit;

use super::rules::{Rules, policy};
use crate::classify::{Charge, Charges, Mode};

/// What an answer may tell: the policies that the call fell under, what is left of the tightest, and a wait.
///
/// Limits in shadow mode aren't told.
#[derive(Clone, Debug)]
pub struct Told {
    pub(super) rules: Arc<Rules>,
    charged: SmallVec<[Charge; 2]>,
    tightest: Option<Left>,
    /// How long to wait, for whoever is refused and may come back.
    pub wait: Option<Duration>,
}

/// What is left of a quota.
#[derive(Clone, Copy, Debug)]
struct Left {
    charge: Charge,
    remaining: u64,
    /// In what time there is more; all of it, as far as that is known.
    reset: Duration,
}

impl Told {
    pub(super) fn admitted(
        rules: Arc<Rules>,
        charges: &Charges,
        tightest: Option<Charge>,
        remaining: u64,
        now: Time,
    ) -> Told {
        let tightest = tightest.and_then(|charge| {
            let reset = restored_in(rules.quota(&charge)?, remaining, now);
            Some(Left { charge, remaining, reset })
        });
        Told { charged: told_of(&rules, charges), rules, tightest, wait: None }
    }

    pub(super) fn refused(rules: Arc<Rules>, charges: &Charges, tightest: &Charge, wait: Duration) -> Told {
        let left = Left { charge: *tightest, remaining: 0, reset: wait };
        let charged = told_of(&rules, charges);
        Told { rules, charged, tightest: Some(left), wait: Some(wait) }
    }

    pub(super) fn only_wait(rules: Arc<Rules>, wait: Duration) -> Told {
        Told { wait: Some(wait), ..Told::nothing(rules) }
    }

    pub(super) fn nothing(rules: Arc<Rules>) -> Told {
        Told { rules, charged: SmallVec::new(), tightest: None, wait: None }
    }

    /// The name of the limit with the least left, or of the one that refuses.
    pub fn tightest(&self) -> Option<&str> {
        self.tightest.as_ref().map(|left| &*self.rules.limit(left.charge.limit).name)
    }

    /// All of it as the wire writes it.
    pub fn announcement(&self) -> Announcement {
        let policies = self.charged.iter().filter_map(|charge| self.policy(charge)).collect();
        let limits = self.tightest.iter().map(|left| ratelimit::Limit {
            name: self.rules.limit(left.charge.limit).name.to_string(),
            remaining: Some(left.remaining),
            reset_secs: Some(whole_seconds(left.reset)),
            ..ratelimit::Limit::default()
        });
        Announcement { policies, limits: limits.collect(), wait: self.wait }
    }

    /// The same in the form of today alone, `RateLimit-Policy` and `RateLimit`, at a tenth of the cost: what a limit's
    /// answers have in common is rendered once per generation.
    pub fn stated(&self) -> (Option<HeaderValue>, Option<HeaderValue>) {
        let policies = Stated::policies(self.charged.iter().filter_map(|charge| self.rules.stated(charge)));
        let left = self.tightest.as_ref().and_then(|left| {
            let stated = self.rules.stated(&left.charge)?;
            Some(stated.left(left.remaining, whole_seconds(left.reset)))
        });
        (policies, left)
    }

    /// The same for who is to come `by` later than he could.
    #[must_use]
    pub fn delayed(mut self, by: Duration) -> Told {
        if let Some(wait) = &mut self.wait {
            *wait = wait.saturating_add(by);
            if let Some(left) = &mut self.tightest {
                left.reset = left.reset.saturating_add(by);
            }
        }
        self
    }

    fn policy(&self, charge: &Charge) -> Option<ratelimit::Policy> {
        Some(policy(&self.rules.limit(charge.limit).name, self.rules.quota(charge)?))
    }
}

fn told_of(rules: &Rules, charges: &Charges) -> SmallVec<[Charge; 2]> {
    charges.iter().filter(|charge| rules.mode(charge) == Mode::Enforce).copied().collect()
}

/// In what time all of a quota is there again of which so much is left: exact for buckets and windows of the clock,
/// and no less than that for others.
fn restored_in(quota: &Quota, remaining: u64, now: Time) -> Duration {
    let window = quota.window().as_nanos();
    let nanos = match quota.shape() {
        Shape::Bucket => {
            let missing = u128::from(quota.burst().saturating_sub(remaining));
            (missing * window).div_ceil(u128::from(quota.amount()))
        }
        Shape::Fixed => window - u128::from(now.as_nanos()) % window,
        Shape::Opened | Shape::Log => window,
        Shape::Sliding => 2 * window,
    };
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Rounded up, so that who waits for it isn't early.
pub(super) fn whole_seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(quota: &str, remaining: u64, now_secs: u64, secs: u64) {
        let restored = restored_in(&quota.parse().unwrap(), remaining, Time::from_secs(now_secs));
        assert_eq!(whole_seconds(restored), secs, "{quota}");
    }

    #[test]
    fn it_is_told_when_all_is_there_again() {
        check("60 per minute, burst 10", 10, 7, 0);
        check("60 per minute, burst 10", 4, 7, 6);
        check("7 per minute, burst 2", 0, 7, 18);
        check("60 per minute, fixed", 5, 130, 50);
        check("60 per minute, log", 5, 130, 60);
        check("60 per minute, sliding", 5, 130, 120);
    }
}
