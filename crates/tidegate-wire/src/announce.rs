//! What a gateway announces of its limits, written in the forms that its callers read. Never here: a decision.

mod stated;

use std::time::Duration;

use http::header::{HeaderMap, RETRY_AFTER};
use tidegate_core::Time;

use crate::number;
use crate::ratelimit::{
    Combined, Limit, Policy, QuotaPolicy, RATELIMIT, RATELIMIT_POLICY, Reset, TRIO, Trio, TrioNames,
    Unwritable, X_TRIO, policy_of, tightest, write_combined, write_limits, write_policies,
    write_quota_policies, write_trio,
};
use crate::retry_after;

pub use stated::Stated;

/// A generation of fields to announce limits in.
///
/// All but the first know one limit, in requests, without a name: the tightest is told. They need its quota, from
/// the policy of its name, and its reset, and tell only policies without them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `RateLimit` and `RateLimit-Policy` of drafts -08 to -11, with all limits.
    Current,
    /// `RateLimit` and `RateLimit-Policy` of draft -07.
    Draft07,
    /// `RateLimit-Limit`, `-Remaining` and `-Reset`, and `RateLimit-Policy`, of drafts -04 to -06.
    Draft06,
    /// `RateLimit-Limit`, `-Remaining` and `-Reset` of drafts -00 to -03, with the policies behind the limit.
    Draft03,
    /// `X-RateLimit-Limit`, `-Remaining` and `-Reset`, which no draft has.
    XRateLimit(ResetAs),
}

/// What `X-RateLimit-Reset` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetAs {
    /// Seconds from the answer.
    DelaySeconds,
    /// Seconds since the Unix epoch.
    EpochSeconds,
}

/// What is announced.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Announcement {
    /// What the quotas are.
    pub policies: Vec<Policy>,
    /// What is left of them.
    pub limits: Vec<Limit>,
    /// How long the caller must wait, if it was refused.
    pub wait: Option<Duration>,
}

impl Announcement {
    /// Writes the announcement in these forms, in place of what `headers` had in the same fields.
    ///
    /// Two forms may share a field: it is written as the form says that comes first. A `wait` is told as
    /// `Retry-After`, rounded up, at least 1 s, and never earlier than the reset of a limit with nothing left
    /// that the forms tell. `now` is the time since the Unix epoch; only [`ResetAs::EpochSeconds`] needs it.
    ///
    /// # Errors
    ///
    /// [`Unwritable`] if a name can't stand in a field; nothing is written then.
    pub fn write(&self, headers: &mut HeaderMap, forms: &[Form], now: Time) -> Result<(), Unwritable> {
        let mut fields = HeaderMap::new();
        for &form in forms {
            for (name, line) in &self.fields(form, now)? {
                fields.entry(name).or_insert_with(|| line.clone());
            }
        }
        if let Some(wait) = self.wait {
            let exhausted = forms.iter().filter_map(|&form| self.exhausted_wait(form, now)).max();
            let told = wait.max(exhausted.unwrap_or(Duration::ZERO));
            fields.insert(RETRY_AFTER, number::value(retry_after::write(told)));
        }
        for (name, line) in &fields {
            headers.insert(name, line.clone());
        }
        Ok(())
    }

    /// The fields of one form.
    fn fields(&self, form: Form, now: Time) -> Result<HeaderMap, Unwritable> {
        let mut fields = HeaderMap::new();
        match form {
            Form::Current => self.write_named(&mut fields)?,
            Form::Draft07 => {
                self.write_quota_policies(&mut fields)?;
                if let Some(Lead { limit, remaining, reset_secs }) = self.lead() {
                    let reset = Reset::After(Duration::from_secs(reset_secs));
                    fields.insert(RATELIMIT, write_combined(&Combined { limit, remaining, reset }));
                }
            }
            Form::Draft06 => {
                self.write_quota_policies(&mut fields)?;
                self.write_trio(&mut fields, &TRIO, form, Vec::new(), now)?;
            }
            Form::Draft03 => self.write_trio(&mut fields, &TRIO, form, self.quota_policies(), now)?,
            Form::XRateLimit(_) => self.write_trio(&mut fields, &X_TRIO, form, Vec::new(), now)?,
        }
        Ok(fields)
    }

    fn write_named(&self, fields: &mut HeaderMap) -> Result<(), Unwritable> {
        if !self.policies.is_empty() {
            fields.insert(RATELIMIT_POLICY, write_policies(&self.policies)?);
        }
        if !self.limits.is_empty() {
            fields.insert(RATELIMIT, write_limits(&self.limits)?);
        }
        Ok(())
    }

    fn write_quota_policies(&self, fields: &mut HeaderMap) -> Result<(), Unwritable> {
        let policies = self.quota_policies();
        if !policies.is_empty() {
            fields.insert(RATELIMIT_POLICY, write_quota_policies(&policies)?);
        }
        Ok(())
    }

    fn write_trio(
        &self,
        fields: &mut HeaderMap,
        names: &TrioNames,
        form: Form,
        policies: Vec<QuotaPolicy>,
        now: Time,
    ) -> Result<(), Unwritable> {
        let Some(lead) = self.lead() else { return Ok(()) };
        let (limit, reset) = (Some(lead.limit), Some(lead.reset(form, now)));
        write_trio(fields, names, &Trio { limit, remaining: lead.remaining, reset, policies })
    }

    /// The longest time to the reset of a limit with nothing left, as a reader of the form finds it.
    fn exhausted_wait(&self, form: Form, now: Time) -> Option<Duration> {
        if form == Form::Current {
            let exhausted = self.limits.iter().filter(|limit| limit.remaining == Some(0));
            return exhausted.filter_map(|limit| limit.reset_secs).max().map(Duration::from_secs);
        }
        let exhausted = self.lead().filter(|lead| lead.remaining == Some(0))?;
        Some(Reset::of_number(exhausted.reset(form, now).number()).wait(now))
    }

    /// The tightest limit on requests, if all is known that the older forms need.
    fn lead(&self) -> Option<Lead> {
        let policy = |limit| policy_of(limit, &self.policies);
        let requests = self.limits.iter().filter(|limit| policy(limit).is_none_or(Policy::counts_requests));
        let limit = tightest(requests)?;
        Some(Lead { limit: policy(limit)?.quota, remaining: limit.remaining, reset_secs: limit.reset_secs? })
    }

    /// The policies that the older drafts can say: on requests, and with a window. Of several with one quota,
    /// which draft -07 forbids, the one of the longest window is the strictest, and stays.
    fn quota_policies(&self) -> Vec<QuotaPolicy> {
        let mut said: Vec<QuotaPolicy> = Vec::new();
        for policy in self.policies.iter().filter(|policy| policy.counts_requests()) {
            let Some(window_secs) = policy.window_secs.map(u64::from) else { continue };
            let extensions = policy.extensions.clone();
            match said.iter_mut().find(|said| said.quota == policy.quota) {
                Some(said) if said.window_secs >= window_secs => {}
                Some(said) => *said = QuotaPolicy { quota: policy.quota, window_secs, extensions },
                None => said.push(QuotaPolicy { quota: policy.quota, window_secs, extensions }),
            }
        }
        said
    }
}

/// The one limit that the older forms tell.
#[derive(Clone, Copy)]
struct Lead {
    limit: u64,
    remaining: Option<u64>,
    reset_secs: u64,
}

impl Lead {
    fn reset(self, form: Form, now: Time) -> Reset {
        let delay = Duration::from_secs(self.reset_secs);
        match form {
            Form::XRateLimit(ResetAs::EpochSeconds) => Reset::At(now.later(delay)),
            _ => Reset::After(delay),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;

    const NOW: Time = Time::from_nanos(1_700_000_000_500_000_000);

    fn policy(name: &str, quota: u64, window_secs: u64) -> Policy {
        Policy { name: name.into(), quota, window_secs: NonZeroU64::new(window_secs), ..Policy::default() }
    }

    fn limit(name: &str, remaining: u64, reset_secs: u64) -> Limit {
        let (remaining, reset_secs) = (Some(remaining), Some(reset_secs));
        Limit { name: name.into(), remaining, reset_secs, ..Limit::default() }
    }

    /// A burst and a day, with little left of the day, and bytes, of which nothing is left.
    fn announcement() -> Announcement {
        let bytes = Policy { unit: Some("content-bytes".into()), ..policy("bytes", 7, 60) };
        Announcement {
            policies: vec![policy("burst", 100, 60), policy("day", 5000, 86_400), bytes],
            limits: vec![limit("burst", 60, 30), limit("day", 3, 3600), limit("bytes", 0, 9)],
            wait: None,
        }
    }

    #[track_caller]
    fn check(announcement: &Announcement, forms: &[Form], expected: &[(&str, &str)]) {
        let mut headers = HeaderMap::new();
        announcement.write(&mut headers, forms, NOW).expect("made of writable parts");
        let mut found: Vec<_> =
            headers.iter().map(|(name, line)| (name.as_str(), line.to_str().expect("ASCII"))).collect();
        found.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_current_form_tells_all_limits() {
        let limits = r#""burst";r=60;t=30, "day";r=3;t=3600, "bytes";r=0;t=9"#;
        let policies = r#""burst";q=100;w=60, "day";q=5000;w=86400, "bytes";q=7;w=60;qu="content-bytes""#;
        check(&announcement(), &[Form::Current], &[("ratelimit", limits), ("ratelimit-policy", policies)]);
    }

    #[test]
    fn the_older_forms_tell_the_tightest_limit_on_requests() {
        let (policies, combined) = ("100;w=60, 5000;w=86400", "limit=5000, remaining=3, reset=3600");
        check(&announcement(), &[Form::Draft07], &[("ratelimit", combined), ("ratelimit-policy", policies)]);
        let (remaining, reset) = (("ratelimit-remaining", "3"), ("ratelimit-reset", "3600"));
        let limit = ("ratelimit-limit", "5000");
        check(&announcement(), &[Form::Draft06], &[limit, ("ratelimit-policy", policies), remaining, reset]);
        let limit = ("ratelimit-limit", "5000, 100;w=60, 5000;w=86400");
        check(&announcement(), &[Form::Draft03], &[limit, remaining, reset]);
    }

    #[test]
    fn the_unofficial_form_counts_as_it_is_told_to() {
        for (reset_as, reset) in [(ResetAs::DelaySeconds, "3600"), (ResetAs::EpochSeconds, "1700003601")] {
            let told = [("limit", "5000"), ("remaining", "3"), ("reset", reset)];
            let told = told.map(|(name, value)| (format!("x-ratelimit-{name}"), value));
            let told: Vec<_> = told.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            check(&announcement(), &[Form::XRateLimit(reset_as)], &told);
        }
    }

    #[test]
    fn of_two_forms_of_one_field_the_first_is_written() {
        let day = Announcement {
            policies: vec![policy("day", 5000, 86_400)],
            limits: vec![limit("day", 3, 3600)],
            wait: None,
        };
        check(
            &day,
            &[Form::Current, Form::Draft06, Form::Draft07],
            &[
                ("ratelimit", r#""day";r=3;t=3600"#),
                ("ratelimit-limit", "5000"),
                ("ratelimit-policy", r#""day";q=5000;w=86400"#),
                ("ratelimit-remaining", "3"),
                ("ratelimit-reset", "3600"),
            ],
        );
    }

    #[test]
    fn retry_after_rounds_up_and_is_never_earlier_than_an_exhausted_reset() {
        let wait = |limits: &[Limit], wait_millis, form| {
            let wait = Some(Duration::from_millis(wait_millis));
            let announced = Announcement { limits: limits.to_vec(), wait, ..announcement() };
            let mut headers = HeaderMap::new();
            announced.write(&mut headers, &[form], NOW).expect("made of writable parts");
            headers[RETRY_AFTER].to_str().map(str::to_owned).expect("ASCII")
        };
        let epoch = Form::XRateLimit(ResetAs::EpochSeconds);
        assert_eq!(wait(&[], 0, Form::Current), "1");
        assert_eq!(wait(&[], 1001, Form::Current), "2");
        assert_eq!(wait(&[limit("day", 1, 9)], 1000, Form::Current), "1");
        assert_eq!(wait(&[limit("day", 0, 9), limit("burst", 0, 30)], 1000, Form::Current), "30");
        assert_eq!(wait(&[limit("day", 0, 9)], 1000, Form::Draft07), "9");
        assert_eq!(wait(&[limit("day", 0, 9)], 1000, epoch), "10", "the stamp is rounded up");
        assert_eq!(wait(&[limit("bytes", 0, 9)], 1000, Form::Draft03), "1", "bytes aren't told");
    }

    #[test]
    fn what_a_form_cannot_tell_is_left_out() {
        let unknown = Announcement { limits: vec![limit("other", 0, 5)], ..announcement() };
        check(&unknown, &[Form::Draft07], &[("ratelimit-policy", "100;w=60, 5000;w=86400")]);
        check(&Announcement::default(), &[Form::Current, Form::Draft03], &[]);
        let equal = Announcement {
            policies: vec![policy("a", 1, 60), policy("b", 1, 90)],
            ..Announcement::default()
        };
        check(&equal, &[Form::Draft06], &[("ratelimit-policy", "1;w=90")]);
    }

    #[test]
    fn what_was_there_is_replaced_and_kept_if_nothing_can_be_written() {
        let mut headers = HeaderMap::from_iter([(RATELIMIT, http::HeaderValue::from_static("old"))]);
        let unwritable = Announcement { limits: vec![limit("café", 0, 5)], ..Announcement::default() };
        assert_eq!(
            unwritable.write(&mut headers, &[Form::Current], NOW),
            Err(Unwritable::Text("café".into()))
        );
        assert_eq!(headers[RATELIMIT], "old");
        announcement().write(&mut headers, &[Form::Draft07], NOW).expect("made of writable parts");
        assert_eq!(headers[RATELIMIT], "limit=5000, remaining=3, reset=3600");
    }
}
