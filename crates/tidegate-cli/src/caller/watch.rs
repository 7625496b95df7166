//! What the waiting layer is doing, kept for the progress and told where asked for. Never here: drawing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;
use tidegate::observe::{BucketName, Cause, Event, Observe};
use tidegate::world;
use tidegate_core::{Feedback, Time, Verdict};
use tidegate_wire::tracking::{TRACKINGID, TrackingId};

use super::text::printable;
use super::units::spoken;
use super::voice::Voice;

/// From how long on a told wait has its line where no progress shows it: 2 s, some of which are past when it is seen.
const LONG: Duration = Duration::from_millis(1900);

/// By how much the end of a wait has to move to be told again; jitter and stragglers move it by less.
const NEWS: Duration = Duration::from_secs(1);

/// Whether refusals are told one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusals {
    Told,
    Counted,
}

/// Watches the waits.
#[derive(Debug)]
pub(crate) struct Watch {
    voice: Voice,
    refusals: Refusals,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    waiting: BTreeMap<u64, Waiting>,
    told: Told,
    /// The places whose last refusal told no wait.
    untold: BTreeSet<String>,
    refused: Refused,
    repeated: u64,
}

/// How many answers were refusals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refused {
    /// They told how long to wait, or the provider's row knows it.
    pub(crate) told: u64,
    /// They told nothing.
    pub(crate) untold: u64,
    /// No waiting lifts what they say.
    pub(crate) terminal: u64,
}

/// Who says how long a request waits for a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The answer or the provider's row.
    Answer,
    /// The pacer, as the answer told nothing.
    Rule,
}

/// Until when each place waits, as far as it was told.
#[derive(Debug, Default)]
struct Told(BTreeMap<String, Time>);

impl Told {
    /// Whether that is to be told: a long wait, and another one than the last that was told of the place.
    fn is_news(&mut self, place: &str, until: Time, now: Time) -> bool {
        self.0.retain(|_, until| *until > now);
        let is_known = self.0.get(place).is_some_and(|known| until < known.later(NEWS));
        if is_known || until.since(now) < LONG {
            return false;
        }
        self.0.insert(place.to_owned(), until);
        true
    }
}

/// One request that waits.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) bucket: BucketName,
    pub(crate) until: Option<Time>,
    pub(crate) cause: Cause,
    pub(crate) by: By,
}

impl Waiting {
    /// How long, until when and why, as people count it down; one that ends within the second isn't told.
    pub(crate) fn in_words(&self, now: Time, wall_clock: Time) -> Option<String> {
        let why = match self.cause {
            Cause::Told if self.by == By::Rule => "on its own rule, as no wait was told",
            Cause::Told => "as told",
            Cause::Broken => "since the connection broke",
            // An answer ends it, most likely long before.
            Cause::UnderWay => return None,
            _ => "for the pace",
        };
        let (left, end) = countdown(wall_clock, self.until?.since(now));
        (left > Duration::ZERO).then(|| format!("waits {} until {end} {why}", spoken(left)))
    }

    /// Where: host and resource.
    pub(crate) fn place(&self) -> String {
        let place = self.bucket.to_string();
        place.split_once("://").map_or(&*place, |(_, place)| place).to_owned()
    }
}

impl Watch {
    pub(crate) fn new(voice: Voice, refusals: Refusals) -> Watch {
        Watch { voice, refusals, seen: Mutex::default() }
    }

    /// How many answers were refusals, and how many requests went again because their connection broke.
    pub(crate) fn counts(&self) -> (Refused, u64) {
        let seen = self.lock();
        (seen.refused, seen.repeated)
    }

    /// The request whose wait ends last among those told to wait, or else any that waits; and how many wait.
    pub(crate) fn longest(&self) -> Option<(Waiting, usize)> {
        let seen = self.lock();
        let longest =
            seen.waiting.values().max_by_key(|waiting| (waiting.cause == Cause::Told, waiting.until));
        longest.map(|longest| (longest.clone(), seen.waiting.len()))
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where no progress shows it, a wait that was told has a line: one for all who wait for the same instant.
    fn tell_wait(&self, waiting: &Waiting) {
        let (Cause::Told, Some(until)) = (waiting.cause, waiting.until) else { return };
        if self.refusals == Refusals::Told || self.voice.is_watched() {
            return;
        }
        let (now, wall_clock, place) = (world::now(), world::wall_clock(), waiting.place());
        if !self.lock().told.is_news(&place, until, now) {
            return;
        }
        if let Some(words) = waiting.in_words(now, wall_clock) {
            self.voice.note(format_args!("{}  {words}: {place}", clock(wall_clock)));
        }
    }

    fn tell_refusal(&self, event: &Event<'_>) {
        let Event::Refused { bucket, status, headers, feedback, until, .. } = event else { return };
        let now = world::now();
        let wait = until.since(now);
        let told = told(feedback);
        let tracking = headers.get(TRACKINGID).and_then(|value| TrackingId::read(value.as_bytes()));
        self.voice.event(|| {
            json!({
                "event": "refused",
                "bucket": bucket.to_string(),
                "status": status.as_u16(),
                "told_seconds": told.map(|told| told.as_secs_f64()),
                "wait_seconds": wait.as_secs_f64(),
                "tracking_id": tracking.as_ref().map(TrackingId::as_str),
            })
        });
        if self.refusals == Refusals::Told {
            let told =
                told.map_or("without a wait told".into(), |told| format!("told to wait {}", spoken(told)));
            let wall_clock = world::wall_clock();
            let (clock, (_, end)) = (clock(wall_clock), countdown(wall_clock, wait));
            let tracking = tracking.map(|id| format!("  {id}")).unwrap_or_default();
            let code = status.as_u16();
            self.voice.note(format_args!("{clock}  {code}  {bucket} {told}: goes on at {end}{tracking}"));
        }
    }

    fn tell_terminal(&self, event: &Event<'_>) {
        let Event::Terminal { bucket, status, provider, message, .. } = event else { return };
        self.voice.event(|| {
            json!({
                "event": "terminal",
                "bucket": bucket.to_string(),
                "status": status.as_u16(),
                "provider": provider,
                "message": message,
            })
        });
        let (clock, code) = (clock(world::wall_clock()), status.as_u16());
        let message = message.map(|message| format!(": {}", printable(message, 200))).unwrap_or_default();
        self.voice.note(format_args!(
            "{clock}  {code}  {bucket} no waiting helps, by the rules of {provider}{message}"
        ));
    }
}

impl Observe for Watch {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Waiting { call, bucket, until, cause } => {
                let mut seen = self.lock();
                let by = if seen.untold.contains(&bucket.to_string()) { By::Rule } else { By::Answer };
                let waiting = Waiting { bucket: (*bucket).clone(), until: *until, cause: *cause, by };
                seen.waiting.insert(call.id, waiting.clone());
                drop(seen);
                self.tell_wait(&waiting);
            }
            Event::Sent { call, .. } | Event::Passed { call, .. } | Event::Ended { call, .. } => {
                drop(self.lock().waiting.remove(&call.id))
            }
            Event::Refused { call, bucket, feedback, .. } => {
                self.lock().note_refusal(call.id, bucket.to_string(), told(feedback));
                self.tell_refusal(event);
            }
            Event::Terminal { call, .. } => {
                let mut seen = self.lock();
                seen.waiting.remove(&call.id);
                seen.refused.terminal += 1;
                drop(seen);
                self.tell_terminal(event);
            }
            Event::Repeated { cause: tidegate::observe::Again::Refused, .. } => {}
            Event::Repeated { bucket, .. } => {
                self.lock().repeated += 1;
                self.voice.verbose(|| format!("* the connection for {bucket} broke: the request goes again"));
            }
            _ => {}
        }
    }
}

impl Seen {
    fn note_refusal(&mut self, call: u64, place: String, told: Option<Duration>) {
        self.waiting.remove(&call);
        match told {
            Some(_) => {
                self.untold.remove(&place);
                self.refused.told += 1;
            }
            None => {
                self.untold.insert(place);
                self.refused.untold += 1;
            }
        }
    }
}

/// The wait that a refusal tells.
fn told(feedback: &Feedback) -> Option<Duration> {
    match feedback.verdict {
        Verdict::Limited { wait } | Verdict::Unavailable { wait } => wait,
        Verdict::Passed => None,
    }
}

/// The time of day in UTC: `14:03:22Z`.
pub(crate) fn clock(since_unix_epoch: Time) -> String {
    let seconds = since_unix_epoch.as_nanos() / 1_000_000_000 % 86_400;
    format!("{:02}:{:02}:{:02}Z", seconds / 3600, seconds % 3600 / 60, seconds % 60)
}

/// What a clock that shows whole seconds has to go on by until a wait is over, and the time of day that it shows then,
/// with its day if that isn't today. So both agree, with each other and with the times that later lines begin with.
fn countdown(wall_clock: Time, wait: Duration) -> (Duration, String) {
    let over = wall_clock.later(wait);
    let second = |time: Time| time.as_nanos() / 1_000_000_000;
    let left = Duration::from_secs(second(over) - second(wall_clock));
    let days = wait.as_secs() / 86_400;
    let end = clock(over);
    (left, if days > 0 { format!("{end} in {days} days") } else { end })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_day_is_in_utc() {
        assert_eq!(clock(Time::from_secs(1_700_000_000)), "22:13:20Z");
        assert_eq!(clock(Time::ZERO), "00:00:00Z");
    }

    #[track_caller]
    fn check_countdown(clock_millis: u64, wait_millis: u64, left: u64, end: &str) {
        let wall_clock = Time::ZERO.later(Duration::from_millis(clock_millis));
        let told = countdown(wall_clock, Duration::from_millis(wait_millis));
        assert_eq!(told, (Duration::from_secs(left), end.to_owned()));
    }

    #[test]
    fn the_countdown_and_the_clock_agree() {
        check_countdown(10_000, 37_000, 37, "00:00:47Z");
        check_countdown(10_700, 37_250, 37, "00:00:47Z");
        check_countdown(10_900, 37_250, 38, "00:00:48Z");
        check_countdown(47_100, 850, 0, "00:00:47Z");
        check_countdown(0, 2 * 86_400_000, 172_800, "00:00:00Z in 2 days");
    }

    #[test]
    fn a_wait_that_nobody_told_is_by_its_own_rule() {
        let mut seen = Seen::default();
        seen.note_refusal(1, "a/x".into(), None);
        seen.note_refusal(1, "a/y".into(), Some(Duration::from_secs(1)));
        assert!(seen.untold.contains("a/x") && !seen.untold.contains("a/y"));
        seen.note_refusal(1, "a/x".into(), Some(Duration::ZERO));
        assert!(seen.untold.is_empty());
        assert_eq!(seen.refused, Refused { told: 2, untold: 1, terminal: 0 });
    }

    #[test]
    fn all_who_wait_for_one_instant_are_told_of_once() {
        let mut told = Told::default();
        let at = |millis| Time::ZERO.later(Duration::from_millis(millis));
        assert!(!told.is_news("a/x", at(1_000), at(0)), "a short wait");
        assert!(told.is_news("a/x", at(30_000), at(0)));
        assert!(!told.is_news("a/x", at(30_000), at(10)), "another waiter");
        assert!(!told.is_news("a/x", at(30_200), at(200)), "a straggler's refusal");
        assert!(told.is_news("a/y", at(30_000), at(300)), "another place");
        assert!(told.is_news("a/x", at(60_000), at(400)), "a longer wait");
        assert!(told.is_news("a/x", at(90_000), at(60_000)), "the next wait");
    }
}
