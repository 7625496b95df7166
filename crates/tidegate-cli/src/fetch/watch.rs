//! What the waiting layer is doing, kept for the progress and told where asked for. Never here: drawing.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;
use tidegate::observe::{BucketName, Cause, Event, Observe};
use tidegate::world;
use tidegate_core::{Time, Verdict};
use tidegate_wire::tracking::{TRACKINGID, TrackingId};

use super::units::spoken;
use super::voice::Voice;

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
    refused: u64,
    repeated: u64,
}

/// One request that waits.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) bucket: BucketName,
    pub(crate) until: Option<Time>,
    pub(crate) cause: Cause,
}

impl Watch {
    pub(crate) fn new(voice: Voice, refusals: Refusals) -> Watch {
        Watch { voice, refusals, seen: Mutex::default() }
    }

    /// How many answers were refusals, and how many requests went again because their connection broke.
    pub(crate) fn counts(&self) -> (u64, u64) {
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

    fn tell_refusal(&self, event: &Event<'_>) {
        let Event::Refused { bucket, status, headers, feedback, until, .. } = event else { return };
        let now = world::now();
        let wait = until.since(now);
        let told = match feedback.verdict {
            Verdict::Limited { wait } | Verdict::Unavailable { wait } => wait,
            Verdict::Passed => None,
        };
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
            let (clock, end) = (clock(world::wall_clock()), at_clock(*until));
            let tracking = tracking.map(|id| format!("  {id}")).unwrap_or_default();
            let code = status.as_u16();
            self.voice.note(format_args!("{clock}  {code}  {bucket} {told}: goes on at {end}{tracking}"));
        }
    }
}

impl Observe for Watch {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Waiting { call, bucket, until, cause } => {
                let waiting = Waiting { bucket: (*bucket).clone(), until: *until, cause: *cause };
                self.lock().waiting.insert(call.id, waiting);
            }
            Event::Sent { call, .. } | Event::Passed { call, .. } => {
                drop(self.lock().waiting.remove(&call.id))
            }
            Event::Refused { call, .. } => {
                let mut seen = self.lock();
                seen.waiting.remove(&call.id);
                seen.refused += 1;
                drop(seen);
                self.tell_refusal(event);
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

/// The time of day in UTC: `14:03:22Z`.
pub(crate) fn clock(since_unix_epoch: Time) -> String {
    let seconds = since_unix_epoch.as_nanos() / 1_000_000_000 % 86_400;
    format!("{:02}:{:02}:{:02}Z", seconds / 3600, seconds % 3600 / 60, seconds % 60)
}

/// The time of day at an instant of the steady clock, rounded up to a second, with its day if that isn't today.
pub(crate) fn at_clock(instant: Time) -> String {
    let wait = instant.since(world::now());
    let end = clock(world::wall_clock().later(wait).later(Duration::from_millis(999)));
    let days = wait.as_secs() / 86_400;
    if days > 0 { format!("{end} in {days} days") } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_day_is_in_utc() {
        assert_eq!(clock(Time::from_secs(1_700_000_000)), "22:13:20Z");
        assert_eq!(clock(Time::ZERO), "00:00:00Z");
    }
}
