//! Which of the announced limits counts: the tightest. Never here: how the fields are spelt.

use std::cmp::Reverse;
use std::time::Duration;

use http::HeaderMap;

use crate::ratelimit::{self, Limit, Policy, Tolerance, read_limits, read_policies};

/// What the `RateLimit` fields of an answer announce.
#[derive(Debug, Default)]
pub(super) struct Announced {
    limits: Vec<Limit>,
    policies: Vec<Policy>,
}

impl Announced {
    /// Reads both fields, each on its own: that one is malformed doesn't spoil the other.
    pub(super) fn read(headers: &HeaderMap) -> Announced {
        let limits = super::lines(headers, ratelimit::RATELIMIT);
        let policies = super::lines(headers, ratelimit::RATELIMIT_POLICY);
        Announced {
            limits: read_limits(limits, Tolerance::Lenient).unwrap_or_default(),
            policies: read_policies(policies, Tolerance::Lenient).unwrap_or_default(),
        }
    }

    /// The limit on requests that counts: the tightest of those that the answer says were violated, or else
    /// the tightest of all. Fewer remaining is tighter, then a longer time to the reset.
    pub(super) fn lead(&self, violated: &[String]) -> Option<&Limit> {
        let tightness = |limit: &&Limit| (limit.remaining.unwrap_or(u64::MAX), Reverse(limit.reset_secs));
        let requests = || self.limits.iter().filter(|limit| self.counts_requests(limit));
        let named = requests().filter(|limit| violated.contains(&limit.name)).min_by_key(tightness);
        named.or_else(|| requests().min_by_key(tightness))
    }

    /// The longest time to the reset of a limit that has nothing left, whatever it counts.
    pub(super) fn exhausted_wait(&self) -> Option<Duration> {
        let exhausted = self.limits.iter().filter(|limit| limit.remaining == Some(0));
        exhausted.filter_map(|limit| limit.reset_secs).max().map(Duration::from_secs)
    }

    /// The policy that the limit is about; without a limit, the only policy on requests, if there is only one.
    pub(super) fn policy(&self, limit: Option<&Limit>) -> Option<&Policy> {
        match limit {
            Some(limit) => self.policy_of(limit),
            None => {
                let mut requests = self.policies.iter().filter(|policy| policy.counts_requests());
                requests.next().filter(|_| requests.next().is_none())
            }
        }
    }

    /// By name; of several with the same name, the one for the limit's partition.
    fn policy_of(&self, limit: &Limit) -> Option<&Policy> {
        let of_name = || self.policies.iter().filter(|policy| policy.name == limit.name);
        of_name().find(|policy| policy.partition == limit.partition).or_else(|| of_name().next())
    }

    fn counts_requests(&self, limit: &Limit) -> bool {
        self.policy_of(limit).is_none_or(Policy::counts_requests)
    }
}
