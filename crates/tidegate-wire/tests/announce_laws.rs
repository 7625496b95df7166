//! What is announced is what a strict reader finds, in every form, and nobody is told to come too early.

use std::num::NonZeroU64;
use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use proptest::prelude::*;
use tidegate_core::Time;
use tidegate_wire::announce::{Announcement, Form, ResetAs, Stated};
use tidegate_wire::ratelimit::{self, Field, Fields, Limit, Policy, Reset, Tolerance, Trio};

const TEN_YEARS: u64 = 10 * 365 * 86_400;
const FORMS: [Form; 6] = [
    Form::Current,
    Form::Draft07,
    Form::Draft06,
    Form::Draft03,
    Form::XRateLimit(ResetAs::DelaySeconds),
    Form::XRateLimit(ResetAs::EpochSeconds),
];

prop_compose! {
    /// Numbers that every form can say; names are few, so that limits find policies.
    fn any_announcement()(
        policies in prop::collection::vec(("[a-c]", 0..200u64, 0..100_000u64, any::<bool>()), 0..4),
        limits in prop::collection::vec(
            ("[a-d]", prop::option::of(0..3u64), prop::option::of(0..=TEN_YEARS)), 0..4,
        ),
        wait_nanos: Option<u64>,
    ) -> Announcement {
        let policy = |(name, quota, window, bytes): (String, u64, u64, bool)| Policy {
            name,
            quota,
            window_secs: NonZeroU64::new(window),
            unit: bytes.then(|| "content-bytes".to_owned()),
            ..Policy::default()
        };
        let limit = |(name, remaining, reset_secs)| Limit { name, remaining, reset_secs, ..Limit::default() };
        Announcement {
            policies: policies.into_iter().map(policy).collect(),
            limits: limits.into_iter().map(limit).collect(),
            wait: wait_nanos.map(Duration::from_nanos),
        }
    }
}

fn any_now() -> impl Strategy<Value = Time> {
    (1_500_000_000_000_000_000..3_000_000_000_000_000_000u64).prop_map(Time::from_nanos)
}

fn written(announcement: &Announcement, forms: &[Form], now: Time) -> HeaderMap {
    let mut headers = HeaderMap::new();
    announcement.write(&mut headers, forms, now).expect("made of writable parts");
    headers
}

/// The limit that the older forms must tell: fewest left, then the longest reset.
fn tightest(announcement: &Announcement) -> Option<(&Limit, u64)> {
    let policy = |limit: &Limit| announcement.policies.iter().find(|policy| policy.name == limit.name);
    let requests =
        announcement.limits.iter().filter(|limit| policy(limit).is_none_or(Policy::counts_requests));
    let mut requests: Vec<&Limit> = requests.collect();
    requests.sort_by_key(|limit| std::cmp::Reverse(limit.reset_secs));
    requests.sort_by_key(|limit| limit.remaining.unwrap_or(u64::MAX));
    let tightest = requests.first()?;
    Some((tightest, policy(tightest)?.quota))
}

/// What the trio or the combined field must say.
fn expected(announcement: &Announcement, reset: impl Fn(u64) -> Reset) -> Option<Trio> {
    let (limit, quota) = tightest(announcement)?;
    let reset = Some(reset(limit.reset_secs?));
    Some(Trio { limit: Some(quota), remaining: limit.remaining, reset, policies: Vec::new() })
}

fn found(fields: &Fields, form: Form) -> Option<Trio> {
    match form {
        Form::Current | Form::Draft07 => fields.combined.value().map(|combined| Trio {
            limit: Some(combined.limit),
            remaining: combined.remaining,
            reset: Some(combined.reset),
            policies: Vec::new(),
        }),
        Form::Draft06 | Form::Draft03 => fields.trio.value().cloned(),
        Form::XRateLimit(_) => fields.x_trio.value().cloned(),
    }
}

/// Every time to a reset of a limit with nothing left, as the fields say it.
fn exhausted(fields: &Fields, now: Time) -> impl Iterator<Item = Duration> {
    let limits = fields.limits.value().into_iter().flatten().filter(|limit| limit.remaining == Some(0));
    let limits = limits.filter_map(|limit| limit.reset_secs).map(Duration::from_secs);
    let trios = [fields.trio.value(), fields.x_trio.value()].into_iter().flatten();
    let trios = trios.filter(|trio| trio.remaining == Some(0)).filter_map(|trio| trio.reset);
    let combined = fields.combined.value().filter(|combined| combined.remaining == Some(0));
    let resets = trios.chain(combined.map(|combined| combined.reset)).map(move |reset| reset.wait(now));
    limits.chain(resets)
}

proptest! {
    #[test]
    fn the_current_form_reads_back_whole(mut announcement in any_announcement(), now in any_now()) {
        for limit in &mut announcement.limits {
            limit.remaining = limit.remaining.or(Some(7));
        }
        let fields = ratelimit::read(&written(&announcement, &[Form::Current], now), Tolerance::Strict);
        prop_assert_eq!(fields.limits.value().cloned().unwrap_or_default(), announcement.limits);
        prop_assert_eq!(fields.policies.value().cloned().unwrap_or_default(), announcement.policies);
    }

    #[test]
    fn the_older_forms_read_back_as_the_tightest_limit(announcement in any_announcement(), now in any_now()) {
        for form in FORMS.into_iter().skip(1) {
            let fields = ratelimit::read(&written(&announcement, &[form], now), Tolerance::Strict);
            let expected = expected(&announcement, |secs| match form {
                Form::XRateLimit(ResetAs::EpochSeconds) => {
                    Reset::At(Time::from_secs(now.later(Duration::from_secs(secs)).as_nanos().div_ceil(1_000_000_000)))
                }
                _ => Reset::After(Duration::from_secs(secs)),
            });
            let found = found(&fields, form).map(|trio| Trio { policies: Vec::new(), ..trio });
            prop_assert_eq!(found, expected, "{:?}", form);
        }
    }

    #[test]
    fn nothing_that_is_written_is_ignored(
        announcement in any_announcement(), now in any_now(), forms in prop::sample::subsequence(&FORMS[1..], 0..=5)
    ) {
        let headers = written(&announcement, &forms, now);
        let fields = ratelimit::read(&headers, Tolerance::Strict);
        prop_assert!(!fields.policies.is_ignored() && fields.quota_policies != Field::Ignored);
        prop_assert!(!fields.limits.is_ignored() && !fields.combined.is_ignored());
        prop_assert!(!fields.trio.is_ignored() && !fields.x_trio.is_ignored());
        prop_assert!(fields.foreign.is_empty());
        prop_assert_eq!(headers.contains_key(RETRY_AFTER), announcement.wait.is_some());
    }

    #[test]
    fn what_is_stated_is_what_is_announced(
        names in prop::collection::vec("[ -~]{0,12}", 1..5), quota: u64, window: u64, remaining: u64,
        reset_secs: u64, lead: prop::sample::Index,
    ) {
        let policy = |(at, name): (u64, &String)| Policy {
            name: name.clone(),
            quota: quota.wrapping_add(at),
            window_secs: NonZeroU64::new(window >> at),
            ..Policy::default()
        };
        let policies: Vec<Policy> = (0..).zip(&names).map(policy).collect();
        let stated: Vec<Stated> =
            policies.iter().map(|policy| Stated::new(policy).expect("made of writable parts")).collect();
        let lead = lead.index(names.len());
        let limit = Limit {
            name: names[lead].clone(),
            remaining: Some(remaining),
            reset_secs: Some(reset_secs),
            ..Limit::default()
        };
        let headers = written(
            &Announcement { policies, limits: vec![limit], wait: None },
            &[Form::Current],
            Time::ZERO,
        );
        let policies = Stated::policies(stated.iter());
        prop_assert_eq!(policies.as_ref(), headers.get(ratelimit::RATELIMIT_POLICY));
        prop_assert_eq!(&stated[lead].left(remaining, reset_secs), &headers[ratelimit::RATELIMIT]);
    }

    #[test]
    fn retry_after_is_never_too_early(
        announcement in any_announcement(), now in any_now(),
        forms in prop::sample::subsequence(&FORMS[..], 0..=6),
        date in any::<bool>(),
    ) {
        let headers = written(&announcement, &forms, now);
        let Some(wait) = announcement.wait else { return Ok(()) };
        let told = headers[RETRY_AFTER].to_str().ok().and_then(|told| told.parse().ok()).map(Duration::from_secs);
        let told = told.expect("whole seconds");
        prop_assert!(told >= wait.max(Duration::from_secs(1)));
        // A reader may count from the answer's `Date`, which has no parts of a second.
        let origin = if date { Time::from_secs(now.as_nanos() / 1_000_000_000) } else { now };
        for reset in exhausted(&ratelimit::read(&headers, Tolerance::Lenient), origin) {
            prop_assert!(told >= reset, "{:?} is told, and {:?} is the reset", told, reset);
        }
    }
}
