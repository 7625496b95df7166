//! How much of a server a server is, in thousandths. Never here: a count of calls.

use std::fmt;
use std::num::NonZeroU32;

/// A share of a server's strength, or the sum of several: thousandths, never none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weight(NonZeroU32);

impl Weight {
    /// One ordinary server.
    pub const ONE: Weight = Weight(NonZeroU32::MIN.saturating_add(999));

    /// So many thousandths of a server; `None` for 0, because a server that is to get no calls isn't listed.
    pub const fn from_thousandths(thousandths: u32) -> Option<Weight> {
        match NonZeroU32::new(thousandths) {
            Some(some) => Some(Weight(some)),
            None => None,
        }
    }

    /// The thousandths.
    pub const fn as_thousandths(self) -> u32 {
        self.0.get()
    }

    /// All of them together, if there are any; saturates at four million servers.
    pub(super) fn sum(weights: impl Iterator<Item = Weight>) -> Option<Weight> {
        weights.reduce(|sum, weight| Weight(sum.0.saturating_add(weight.as_thousandths())))
    }
}

impl Default for Weight {
    fn default() -> Self {
        Weight::ONE
    }
}

/// In servers: `2`, `0.5`, `1.25`.
impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.as_thousandths() / 1_000, self.as_thousandths() % 1_000);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let digits = format!("{rest:03}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(thousandths: u32, shown: &str) {
        assert_eq!(Weight::from_thousandths(thousandths).unwrap().to_string(), shown);
    }

    #[test]
    fn a_weight_is_shown_in_servers() {
        check(1_000, "1");
        check(500, "0.5");
        check(2_250, "2.25");
        check(7, "0.007");
        check(12_000, "12");
        assert_eq!(Weight::from_thousandths(0), None);
        assert_eq!(Weight::ONE.as_thousandths(), 1_000);
    }

    #[test]
    fn sums_saturate_and_none_of_them_is_none() {
        let huge = Weight::from_thousandths(u32::MAX).unwrap();
        assert_eq!(Weight::sum([huge, Weight::ONE].into_iter()), Some(huge));
        assert_eq!(Weight::sum([].into_iter()), None);
    }
}
