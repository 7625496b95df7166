//! The current form, written fast: what all answers have in common is rendered once. Never here: another form.

use http::HeaderValue;

use crate::number::{MOST_DIGITS, digits};
use crate::ratelimit::{LARGEST, Limit, Policy, Unwritable, write_limits, write_policies};

/// A policy as [`Form::Current`](super::Form::Current) states it, rendered once for all answers that tell of it.
///
/// What it writes is what [`Announcement::write`](super::Announcement::write) writes, at a tenth of the cost.
#[derive(Clone, Debug)]
pub struct Stated {
    /// `"rooms";q=300;w=60`
    policy: HeaderValue,
    /// `"rooms";r=`
    name: Box<[u8]>,
    /// `;t=`
    reset: Box<[u8]>,
}

impl Stated {
    /// Renders a policy.
    ///
    /// # Errors
    ///
    /// [`Unwritable`] if its name or unit can't stand in a field.
    pub fn new(policy: &Policy) -> Result<Stated, Unwritable> {
        let (remaining, reset_secs) = (Some(0), Some(0));
        let nothing = Limit { name: policy.name.clone(), remaining, reset_secs, ..Limit::default() };
        let line = write_limits(&[nothing])?;
        let is_zero = |&(_, byte): &(usize, &u8)| *byte == b'0';
        let mut zeros = line.as_bytes().iter().enumerate().rev().filter(is_zero).map(|(at, _)| at);
        let (Some(end), Some(middle)) = (zeros.next(), zeros.next()) else { return Err(Unwritable::Empty) };
        let (name, reset) = (line.as_bytes()[..middle].into(), line.as_bytes()[middle + 1..end].into());
        Ok(Stated { policy: write_policies(std::slice::from_ref(policy))?, name, reset })
    }

    /// The `RateLimit-Policy` field of these policies; `None` if there are none.
    pub fn policies<'s>(mut stated: impl Iterator<Item = &'s Stated>) -> Option<HeaderValue> {
        let first = stated.next()?;
        let Some(second) = stated.next() else { return Some(first.policy.clone()) };
        let mut line = [first.policy.as_bytes(), second.policy.as_bytes()].join(b", ".as_slice());
        for further in stated {
            line.extend_from_slice(b", ");
            line.extend_from_slice(further.policy.as_bytes());
        }
        HeaderValue::try_from(line).ok()
    }

    /// The `RateLimit` field that says what is left of this policy, and in how many seconds there is more.
    pub fn left(&self, remaining: u64, reset_secs: u64) -> HeaderValue {
        let (mut left, mut secs) = ([0; MOST_DIGITS], [0; MOST_DIGITS]);
        let left = digits(remaining.min(LARGEST), &mut left);
        let secs = digits(reset_secs.min(LARGEST), &mut secs);
        // As large as it will be: the value then takes it as it is.
        let length = self.name.len() + left.len() + self.reset.len() + secs.len();
        let mut line = Vec::with_capacity(length);
        for part in [&self.name, left, &self.reset, secs] {
            line.extend_from_slice(part);
        }
        HeaderValue::try_from(line).unwrap_or_else(|_| self.policy.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: u64, written: &str) {
        let stated = Stated::new(&Policy { name: "a".into(), quota: 1, ..Policy::default() }).unwrap();
        assert_eq!(stated.left(number, number), format!("\"a\";r={written};t={written}"));
    }

    #[test]
    fn numbers_are_written_up_to_the_forms_largest() {
        check(0, "0");
        check(7, "7");
        check(10, "10");
        check(86_400, "86400");
        check(LARGEST, "999999999999999");
        check(LARGEST + 1, "999999999999999");
        check(u64::MAX, "999999999999999");
    }

    #[test]
    fn a_name_that_no_field_holds_is_refused() {
        let policy = Policy { name: "café".into(), quota: 1, ..Policy::default() };
        assert_eq!(Stated::new(&policy).map(|_| ()), Err(Unwritable::Text("café".into())));
    }

    #[test]
    fn no_policies_are_no_field() {
        assert_eq!(Stated::policies([].into_iter()), None);
    }
}
