//! Which of several limits a caller meets first. Never here: how they are spelt.

use std::cmp::Reverse;

use super::{Limit, Policy};

/// The tightest of the limits: fewer remaining is tighter, then a longer time to the reset.
pub(crate) fn tightest<'a>(limits: impl IntoIterator<Item = &'a Limit>) -> Option<&'a Limit> {
    let tightness = |limit: &&Limit| (limit.remaining.unwrap_or(u64::MAX), Reverse(limit.reset_secs));
    limits.into_iter().min_by_key(tightness)
}

/// The policy that a limit is about: the one of its name, and of several, the one for its partition.
pub(crate) fn policy_of<'a>(limit: &Limit, policies: &'a [Policy]) -> Option<&'a Policy> {
    let of_name = || policies.iter().filter(|policy| policy.name == limit.name);
    of_name().find(|policy| policy.partition == limit.partition).or_else(|| of_name().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(name: &str, remaining: u64, reset_secs: u64) -> Limit {
        let (remaining, reset_secs) = (Some(remaining), Some(reset_secs));
        Limit { name: name.into(), remaining, reset_secs, ..Limit::default() }
    }

    #[test]
    fn of_two_with_nothing_left_the_longer_wait_is_tighter() {
        let limits = [limit("a", 1, 900), limit("b", 0, 5), limit("c", 0, 60)];
        assert_eq!(tightest(&limits), Some(&limits[2]));
        assert_eq!(tightest(&[]), None);
    }

    #[test]
    fn a_policy_of_the_partition_goes_before_one_of_the_name() {
        let of = |quota, partition: Option<Vec<u8>>| Policy {
            name: "a".into(),
            quota,
            partition,
            ..Policy::default()
        };
        let policies = [of(1, None), of(2, Some(b"x".into()))];
        let mut limit = limit("a", 1, 1);
        assert_eq!(policy_of(&limit, &policies).map(|policy| policy.quota), Some(1));
        limit.partition = Some(b"x".into());
        assert_eq!(policy_of(&limit, &policies).map(|policy| policy.quota), Some(2));
        limit.partition = Some(b"y".into());
        assert_eq!(policy_of(&limit, &policies).map(|policy| policy.quota), Some(1));
        limit.name = "b".into();
        assert_eq!(policy_of(&limit, &policies), None);
    }
}
