//! The limits that an answer announces, and which of them counts. Never here: what the answer means.

use std::cmp::Reverse;
use std::time::Duration;

use super::answer::{Answer, Share, part};
use super::origin::{Origin, Told};
use crate::dialect::{Dialect, Place, Sources, Window};
use crate::ratelimit::{self, Limit, Policy, RATELIMIT, RATELIMIT_POLICY, Tolerance};
use crate::value;

/// One limit as an answer announces it.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// What it is called.
    pub(super) name: Option<Told<String>>,
    /// Whether its units are something else than requests.
    pub(super) counts_otherwise: bool,
    pub(super) limit: Option<Told<u64>>,
    pub(super) remaining: Option<Told<u64>>,
    pub(super) reset: Option<Told<Duration>>,
    pub(super) window: Option<Told<Duration>>,
    pub(super) share: Option<Told<f64>>,
    /// When as many units will be back as the call needs.
    pub(super) restored: Option<Told<Duration>>,
}

impl Seen {
    pub(super) fn is_exhausted(&self) -> bool {
        self.remaining.as_ref().is_some_and(|remaining| remaining.value == 0)
    }

    pub(super) fn is_named(&self, names: &[String]) -> bool {
        self.name.as_ref().is_some_and(|name| names.contains(&name.value))
    }

    fn reset(&self) -> Option<Duration> {
        self.reset.as_ref().map(|reset| reset.value)
    }

    /// Fewer remaining is tighter, then a longer time to the reset.
    fn tightness(&self) -> (u64, Reverse<Option<Duration>>) {
        (self.remaining.as_ref().map_or(u64::MAX, |remaining| remaining.value), Reverse(self.reset()))
    }
}

/// All limits of an answer: the IETF's lists, then the windows of the dialect.
pub(super) fn all(answer: &Answer<'_>, dialect: &Dialect) -> Vec<Seen> {
    if answer.is_from_cache() {
        return Vec::new();
    }
    let mut seen = ietf(answer);
    for window in &dialect.windows {
        seen.extend(shares(answer, window).iter().filter_map(|share| of_window(answer, window, share)));
    }
    seen
}

/// The limit that counts: of those that the answer says were violated, or else, in a refusal, of those with
/// nothing left, or else of those on requests, the tightest.
pub(super) fn lead<'s>(seen: &'s [Seen], violated: &[String], is_refusal: bool) -> Option<&'s Seen> {
    let tightest = |fits: &dyn Fn(&Seen) -> bool| {
        seen.iter().filter(|seen| fits(seen)).min_by_key(|seen| seen.tightness())
    };
    let on_requests = |seen: &Seen| !seen.counts_otherwise;
    tightest(&|seen| on_requests(seen) && seen.is_named(violated))
        .or_else(|| tightest(&|seen| seen.is_named(violated)))
        .or_else(|| tightest(&|seen| is_refusal && seen.is_exhausted()))
        .or_else(|| tightest(&on_requests))
        .or_else(|| tightest(&|_| true))
}

/// The longest time to the reset of a limit that has nothing left, whatever it counts.
pub(super) fn exhausted(seen: &[Seen]) -> Option<Told<Duration>> {
    let exhausted = seen.iter().filter(|seen| seen.is_exhausted());
    exhausted.filter_map(|seen| seen.reset.clone()).max_by_key(|reset| reset.value)
}

/// The most limits that are read out of one line.
const MOST_ITEMS: usize = 16;

/// What an answer has of a window: several limits, where it has several fields that begin alike, or several numbers
/// of units left in one line.
fn shares(answer: &Answer<'_>, window: &Window) -> Vec<Share> {
    let mut shares = Vec::new();
    for source in window.remaining.iter() {
        match &source.place {
            Place::FieldsLike(beginning) => {
                shares.extend(answer.fields_like(beginning).into_iter().map(Share::Field));
            }
            // What is looked up by a parameter's name isn't told apart by its place.
            Place::Field(name) if source.part.is_none() => {
                let items = |line: &[u8]| line.split(|&byte| byte == b',').count();
                let of = answer.lines(name).map(items).max().unwrap_or(0);
                if (2..=MOST_ITEMS).contains(&of) {
                    shares.extend((0..of).map(|index| Share::Item { index, of }));
                }
            }
            _ => {}
        }
    }
    if shares.is_empty() { vec![Share::Whole] } else { shares }
}

fn of_window(answer: &Answer<'_>, window: &Window, share: &Share) -> Option<Seen> {
    let count = |sources: &Sources| {
        answer.first(sources, share, |source, value| value::count(part(source, value, None)?))
    };
    let ratio = answer.first(&window.ratio, share, |source, value| value::ratio(part(source, value, None)?));
    let (used, mut limit) = match ratio {
        Some(Told { value: (used, limit), origin }) => {
            (Some(Told::new(used, origin.clone())), Some(Told::new(limit, origin)))
        }
        None => (count(&window.used), count(&window.limit)),
    };
    let mut remaining = count(&window.remaining);
    // Any two tell the third.
    match (&limit, &used, &remaining) {
        (Some(limit), Some(used), None) => {
            remaining = Some(Told::new(limit.value.saturating_sub(used.value), used.origin.clone()));
        }
        (None, Some(used), Some(left)) => {
            limit = Some(Told::new(left.value.saturating_add(used.value), used.origin.clone()));
        }
        _ => {}
    }
    let of = limit.as_ref().map(|limit| limit.value);
    let wait = |sources: &Sources| sources.iter().find_map(|source| answer.wait(source, share, of));
    let seen = Seen {
        name: window.name.clone().map(|name| Told::new(name, Origin::Dialect)),
        counts_otherwise: !window.counts_requests(),
        restored: restored(remaining.as_ref(), count(&window.needs), count(&window.refill)),
        reset: wait(&window.reset),
        window: wait(&window.window),
        share: answer.first(&window.share, share, |source, value| value::share(part(source, value, None)?)),
        limit,
        remaining,
    };
    let is_told =
        seen.limit.is_some() || seen.remaining.is_some() || seen.share.is_some() || seen.reset.is_some();
    is_told.then_some(seen)
}

/// When the units that are missing will be back, rounded up.
fn restored(
    remaining: Option<&Told<u64>>,
    needs: Option<Told<u64>>,
    refill_per_second: Option<Told<u64>>,
) -> Option<Told<Duration>> {
    let missing = needs?.value.saturating_sub(remaining?.value);
    let Told { value: refill, origin } = refill_per_second.filter(|refill| refill.value > 0)?;
    let nanos = (u128::from(missing) * 1_000_000_000).div_ceil(u128::from(refill));
    Some(Told::new(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)), origin))
}

/// What the `RateLimit` fields announce, each read on its own: that one is malformed doesn't spoil the other.
fn ietf(answer: &Answer<'_>) -> Vec<Seen> {
    let policies = ratelimit::read_policies(answer.lines(&RATELIMIT_POLICY), Tolerance::Lenient);
    let policies = policies.unwrap_or_default();
    let limits = ratelimit::read_limits(answer.lines(&RATELIMIT), Tolerance::Lenient).unwrap_or_default();
    if limits.is_empty() {
        // Without limits, the only policy on requests, if there is only one.
        let mut requests = policies.iter().filter(|policy| policy.counts_requests());
        let only = requests.next().filter(|_| requests.next().is_none());
        return only.map(of_policy).into_iter().collect();
    }
    limits.iter().map(|limit| of_limit(answer, limit, ratelimit::policy_of(limit, &policies))).collect()
}

fn of_limit(answer: &Answer<'_>, limit: &Limit, policy: Option<&Policy>) -> Seen {
    let told = |number| Told::new(number, Origin::Field(RATELIMIT));
    Seen {
        name: Some(Told::new(limit.name.clone(), Origin::Field(RATELIMIT))),
        remaining: limit.remaining.map(told),
        reset: limit.reset().map(|reset| Told::new(answer.until(reset), Origin::Field(RATELIMIT))),
        ..policy.map(of_policy).unwrap_or_default()
    }
}

fn of_policy(policy: &Policy) -> Seen {
    let origin = || Origin::Field(RATELIMIT_POLICY);
    Seen {
        name: Some(Told::new(policy.name.clone(), origin())),
        counts_otherwise: !policy.counts_requests(),
        limit: Some(Told::new(policy.quota, origin())),
        window: policy.window_secs.map(|secs| Told::new(Duration::from_secs(secs.get()), origin())),
        ..Seen::default()
    }
}
