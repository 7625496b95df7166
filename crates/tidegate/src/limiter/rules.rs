//! One generation of a policy's limits, ready for calls; it is never changed. Never here: how one follows another.

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use http::HeaderMap;
use tidegate_core::Quota;
use tidegate_wire::announce::Stated;
use tidegate_wire::ratelimit;

use super::permit::{Seen, Spent};
use super::tally::Tally;
use super::told::whole_seconds;
use crate::at_once::Bound;
use crate::classify::{Amount, Charge, Classifier, Cost, Limit as Rule, Measured, Mode};
use crate::path;
use crate::store::{Claim, Limit};

/// The limits of a policy as they are now.
#[derive(Debug)]
pub struct Rules {
    pub(super) classifier: Classifier,
    pub(super) limits: Vec<Counted>,
    pub(super) generation: u64,
}

/// A limit, and what it counts by.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub(super) name: Arc<str>,
    pub(super) mode: Mode,
    pub(super) at_once: Option<NonZeroU32>,
    pub(super) cost: Cost,
    /// What tells its calls at once from those of others.
    pub(super) number: u32,
    pub(super) quota: Option<Stocked>,
    /// The plans' own; `None` for those that are exempt.
    pub(super) plans: Vec<Option<Stocked>>,
    pub(super) tally: Arc<Tally>,
}

/// A quota, as the store counts it and as answers state it.
#[derive(Clone, Debug)]
pub(super) struct Stocked {
    pub(super) limit: Limit,
    stated: Stated,
}

impl Stocked {
    pub(super) fn new(name: &str, limit: Limit) -> Stocked {
        let stated = Stated::new(&policy(name, limit.quota()));
        Stocked { limit, stated: stated.expect("names that no field holds are refused with their policy") }
    }
}

/// What answers say of a quota.
pub(super) fn policy(name: &str, quota: &Quota) -> ratelimit::Policy {
    let window_secs = NonZeroU64::new(whole_seconds(quota.window()));
    ratelimit::Policy {
        name: name.to_owned(),
        quota: quota.amount(),
        window_secs,
        ..ratelimit::Policy::default()
    }
}

impl Rules {
    /// By which rules a request's target is to be normalised.
    pub fn paths(&self) -> &path::Rules {
        self.classifier.rules()
    }

    /// The limits as classification knows them.
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// How many policies and fleets came before: another number is another generation.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The limits' names and counts, in the policy's order.
    pub fn tallies(&self) -> impl Iterator<Item = (&str, &Tally)> {
        self.limits.iter().map(|limit| (&*limit.name, &*limit.tally))
    }

    /// The quota that a charge counts against by now, the fleet's size in it.
    pub fn quota(&self, charge: &Charge) -> Option<&Quota> {
        self.store_limit(charge).map(Limit::quota)
    }

    /// What the operator wrote of a limit.
    pub(super) fn rule(&self, limit: u32) -> &Rule {
        self.classifier.limit(limit)
    }

    pub(super) fn limit(&self, number: u32) -> &Counted {
        &self.limits[number as usize]
    }

    pub(super) fn mode(&self, charge: &Charge) -> Mode {
        self.limit(charge.limit).mode
    }

    pub(super) fn bound(&self, charge: &Charge) -> Option<Bound> {
        let limit = self.limit(charge.limit);
        Some(Bound { limit: limit.number, key: charge.key, most: limit.at_once?.get() })
    }

    pub(super) fn store_limit(&self, charge: &Charge) -> Option<&Limit> {
        Some(&self.limit(charge.limit).under(charge.plan)?.limit)
    }

    pub(super) fn stated(&self, charge: &Charge) -> Option<&Stated> {
        Some(&self.limit(charge.limit).under(charge.plan)?.stated)
    }

    pub(super) fn claim(&self, charge: &Charge) -> Option<Claim<'_>> {
        Some(Claim::new(self.store_limit(charge)?, charge.key, charge.cost))
    }

    pub(super) fn claim_of(&self, spent: &Spent) -> Option<Claim<'_>> {
        let stocked = self.limit(spent.limit).under(spent.plan)?;
        Some(Claim { receipt: spent.receipt, ..Claim::new(&stocked.limit, spent.key, spent.cost) })
    }
}

impl Counted {
    pub(super) fn under(&self, plan: Option<u32>) -> Option<&Stocked> {
        match plan {
            Some(plan) => self.plans[plan as usize].as_ref(),
            None => self.quota.as_ref(),
        }
    }

    /// What a call cost in truth; what it reserved, where nothing tells.
    pub(super) fn cost_of(&self, spent: &Spent, seen: &Seen<'_>) -> u64 {
        match &self.cost.measured {
            Some(Measured::Header(name)) => {
                seen.headers.and_then(|headers| units(headers, name)).unwrap_or(spent.cost)
            }
            Some(Measured::Took { unit }) => {
                u64::try_from(seen.took.as_nanos().div_ceil(unit.as_nanos().max(1))).unwrap_or(u64::MAX)
            }
            None => self.body_cost(seen).unwrap_or(spent.cost),
        }
    }

    /// What a call cost in truth, if a field of its answer tells that.
    pub(super) fn cost_at_head(&self, headers: &HeaderMap) -> Option<u64> {
        match &self.cost.measured {
            Some(Measured::Header(name)) => units(headers, name),
            _ => None,
        }
    }

    /// What the body costs by its length, if any part of the cost goes by it.
    fn body_cost(&self, seen: &Seen<'_>) -> Option<u64> {
        let amounts = self.cost.rows.iter().map(|row| row.is).chain([self.cost.otherwise]);
        let costs = amounts.filter_map(|amount| match amount {
            Amount::Body { bytes, .. } => Some(seen.body_bytes.div_ceil(bytes.get()).max(1)),
            Amount::Units(_) => None,
        });
        costs.max()
    }
}

/// A number of units as a field tells it; of several the largest, fractions rounded up.
fn units(headers: &HeaderMap, name: &http::HeaderName) -> Option<u64> {
    let told = headers.get_all(name).iter().filter_map(|value| {
        let (whole, fraction) = match value.to_str().ok()?.trim().split_once('.') {
            Some((whole, fraction)) => (whole, fraction),
            None => (value.to_str().ok()?.trim(), ""),
        };
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let begun = u64::from(fraction.bytes().any(|digit| digit != b'0'));
        Some(whole.parse().unwrap_or(u64::MAX).saturating_add(begun))
    });
    told.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&'static str], told: Option<u64>) {
        let name = http::HeaderName::from_static("x-cost");
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(&name, http::HeaderValue::from_static(line));
        }
        assert_eq!(units(&headers, &name), told, "{lines:?}");
    }

    #[test]
    fn a_cost_is_read_from_a_field_or_not_at_all() {
        check(&["5"], Some(5));
        check(&[" 5 "], Some(5));
        check(&["5.0"], Some(5));
        check(&["5.2"], Some(6));
        check(&["0"], Some(0));
        check(&["99999999999999999999"], Some(u64::MAX));
        for garbage in ["", "-1", "five", "5 units", ".5", "1e3", "5,6"] {
            check(&[garbage], None);
        }
    }

    #[test]
    fn of_several_the_dearest_counts() {
        check(&["3", "7", "x"], Some(7));
        check(&[], None);
    }
}
