//! How one generation of rules follows another: a new policy, another size of the fleet. Never here: a decision.

use std::sync::{Arc, PoisonError};

use tidegate_core::{Quota, Time};

use super::Limiter;
use super::rules::{Counted, Rules, Stocked};
use super::tally::Tally;
use crate::classify::{Classifier, Gives, Limit as Rule, Per, Policy, PolicyFault};
use crate::store::{Limit, Store};

/// One server, in the thousandths that fleets are counted in.
const ONE_SERVER: u32 = 1_000;

/// What was asked for last, and what can still be given out.
#[derive(Debug)]
pub(super) struct Wanted {
    policy: Policy,
    fleet_thousandths: u32,
    next_number: u32,
}

/// What came of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// The limits that keep an older quota for now, since they had too many within the time that those take to
    /// refill. Ask again by [`Limiter::tend`] when the time has come.
    pub kept: Vec<Kept>,
}

/// A limit that keeps an older quota for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The limit's name.
    pub limit: String,
    /// When it can change.
    pub retry_at: Time,
}

/// The first generation.
pub(super) fn begin(policy: Policy, now: Time) -> Result<(Rules, Wanted), Vec<PolicyFault>> {
    let classifier = Classifier::compile(policy.clone())?;
    let mut wanted = Wanted { policy, fleet_thousandths: ONE_SERVER, next_number: 0 };
    let (rules, _) = wanted.following(classifier, None, now);
    Ok((rules, wanted))
}

impl<S: Store> Limiter<S> {
    /// Takes another policy, from `now` on.
    ///
    /// # Errors
    /// With all that is wrong with the policy; nothing is changed then.
    pub fn change(&self, policy: Policy, now: Time) -> Result<Changed, Vec<PolicyFault>> {
        let classifier = Classifier::compile(policy.clone())?;
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.policy = policy;
        Ok(self.follow(&mut wanted, classifier, now))
    }

    /// Takes another size of the fleet, in thousandths of a server: quotas per server grow or shrink with it, without
    /// a reset and without a free burst. A fleet of none counts as a thousandth.
    pub fn fleet(&self, thousandths: u32, now: Time) -> Changed {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        if wanted.fleet_thousandths == thousandths {
            return Changed::default();
        }
        wanted.fleet_thousandths = thousandths;
        self.follow_as_is(&mut wanted, now)
    }

    /// Asks again for what was kept by earlier changes.
    pub fn tend(&self, now: Time) -> Changed {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        self.follow_as_is(&mut wanted, now)
    }

    fn follow_as_is(&self, wanted: &mut Wanted, now: Time) -> Changed {
        let classifier = self.rules.load().classifier.clone();
        self.follow(wanted, classifier, now)
    }

    fn follow(&self, wanted: &mut Wanted, classifier: Classifier, now: Time) -> Changed {
        let before = self.rules();
        let (rules, changed) = wanted.following(classifier, Some(&before), now);
        self.rules.store(Arc::new(rules));
        changed
    }
}

impl Wanted {
    /// The next generation: limits of the same name go on counting.
    fn following(&mut self, classifier: Classifier, before: Option<&Rules>, now: Time) -> (Rules, Changed) {
        let mut changed = Changed::default();
        let rules = std::mem::take(&mut self.policy.limits);
        let limits = rules.iter().map(|rule| self.counted(rule, before, now, &mut changed)).collect();
        self.policy.limits = rules;
        let generation = before.map_or(0, |before| before.generation + 1);
        (Rules { classifier, limits, generation }, changed)
    }

    fn counted(&mut self, rule: &Rule, before: Option<&Rules>, now: Time, changed: &mut Changed) -> Counted {
        let before = before.and_then(|before| {
            let number = (0..before.limits.len()).find(|at| *before.limits[*at].name == *rule.name)?;
            Some((&before.limits[number], before.rule(number as u32)))
        });
        let mut next = |quota: Option<Quota>, old: Option<&Stocked>| {
            let quota = self.sized(quota?, rule.per);
            let limit = match old.map(|old| &old.limit) {
                None => Limit::new(self.number(), quota),
                Some(old) if *old.quota() == quota => old.clone(),
                Some(old) => old.changed(quota, now).unwrap_or_else(|refused| {
                    changed.kept.push(Kept { limit: rule.name.clone(), retry_at: refused.retry_at });
                    old.clone()
                }),
            };
            Some(Stocked::new(&rule.name, limit))
        };
        let quota = next(rule.quota, before.and_then(|(counted, _)| counted.quota.as_ref()));
        let plans = rule.plans.iter().map(|plan| {
            let old = before.and_then(|(counted, old)| {
                let place = old.plans.iter().position(|old| old.name == plan.name)?;
                counted.plans[place].as_ref()
            });
            match plan.gives {
                Gives::Quota(quota) => next(Some(quota), old),
                Gives::Exemption => None,
            }
        });
        let plans = plans.collect();
        Counted {
            name: before.map_or_else(|| rule.name.as_str().into(), |(counted, _)| counted.name.clone()),
            mode: rule.mode,
            at_once: rule.at_once,
            cost: rule.cost.clone(),
            number: before.map_or_else(|| self.number(), |(counted, _)| counted.number),
            quota,
            plans,
            tally: before.map_or_else(|| Arc::new(Tally::default()), |(counted, _)| counted.tally.clone()),
        }
    }

    /// The quota for the fleet as it is. One that grows beyond what can be counted stays as it is.
    fn sized(&self, quota: Quota, per: Per) -> Quota {
        match per {
            Per::Fleet => quota,
            Per::Server => quota.scaled(self.fleet_thousandths.max(1)).unwrap_or(quota),
        }
    }

    fn number(&mut self) -> u32 {
        self.next_number += 1;
        self.next_number
    }
}
