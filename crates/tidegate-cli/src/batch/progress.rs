//! What is told while a batch is at work: a line that moves, or one now and then. Never here: results, the summary.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressStyle;
use serde_json::json;
use tidegate::client::WaitLayer;
use tidegate::world;
use tidegate_core::Time;
use tidegate_core::pacer::Belief;

use super::board::{Board, Counts, Left};
use super::cycles::Cycles;
use super::eta::{Known, Speed, left};
use crate::caller::units::spoken;
use crate::caller::voice::Voice;
use crate::caller::watch::Watch;

/// How often the line is drawn.
const BEAT: Duration = Duration::from_millis(125);

/// How often there is a line where none can be drawn, and an event for programs.
const LINE: Duration = Duration::from_secs(30);
const EVENT: Duration = Duration::from_secs(5);

/// How long it goes on before anything is shown.
const READABLE: Duration = Duration::from_millis(500);

/// Who knows what is to be told.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) voice: Voice,
    pub(crate) layer: WaitLayer,
    pub(crate) watch: Arc<Watch>,
    pub(crate) board: Arc<Board>,
}

/// How it went so far: the speed of all, and the waits of each lane.
#[derive(Debug, Default)]
struct Past {
    speed: Speed,
    lanes: BTreeMap<String, Cycles>,
}

/// What is believed of a lane: the pace, and when the next call may go.
#[derive(Clone, Copy, Debug, Default)]
struct Believed {
    pace: Option<f64>,
    gate: Time,
}

/// What there is to tell at one moment.
#[derive(Debug)]
struct Moment {
    counts: Counts,
    per_second: Option<f64>,
    pace: Option<f64>,
    wait: Option<(String, String)>,
    left: Option<Duration>,
}

impl Progress {
    /// Tells until it is dropped; never ends.
    pub(crate) async fn tell(&self) {
        let mut past = Past::default();
        self.see(&mut past, world::now());
        world::sleep_until(world::now().later(READABLE)).await;
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            self.voice.bar().set_style(style);
        }
        let is_watched = self.voice.show_progress();
        let (mut line, mut event) = (world::now().later(LINE), world::now().later(EVENT));
        loop {
            let now = world::now();
            self.see(&mut past, now);
            if is_watched {
                self.voice.bar().set_message(self.moment(now, &past).line());
                self.voice.bar().tick();
            } else if now >= line {
                line = now.later(LINE);
                self.voice.note(self.moment(now, &past).line());
            }
            if now >= event {
                event = now.later(EVENT);
                self.voice.event(|| self.moment(now, &past).json());
            }
            world::sleep_until(now.later(if is_watched { BEAT } else { BEAT * 4 })).await;
        }
    }

    fn see(&self, past: &mut Past, now: Time) {
        past.speed.see(now, self.board.counts().done());
        let believed = self.believed();
        for Left { lane, items, of } in self.board.lanes() {
            let (done, gate) = (of - items, believed.get(&lane).map_or(Time::ZERO, |belief| belief.gate));
            past.lanes.entry(lane).or_insert_with(|| Cycles::new(now, done)).see(now, done, gate);
        }
    }

    /// What is believed of each lane.
    fn believed(&self) -> BTreeMap<String, Believed> {
        let mut believed: BTreeMap<String, Believed> = BTreeMap::new();
        for (name, belief) in self.layer.beliefs() {
            let known = believed.entry(name.to_string()).or_default();
            // Two tokens have two paces for one name: the slower one takes longer.
            known.pace = [known.pace, belief.pace].into_iter().flatten().reduce(f64::min);
            known.gate = known.gate.max(gate(&belief));
        }
        believed
    }

    fn moment(&self, now: Time, past: &Past) -> Moment {
        let counts = self.board.counts();
        let per_second = past.speed.per_second(now, counts.done());
        let believed = self.believed();
        let known = |Left { lane, items, of }: Left| {
            let Believed { pace, gate } = believed.get(&lane).copied().unwrap_or_default();
            let by_waits = past.lanes.get(&lane).and_then(|cycles| cycles.left(now, of - items, items));
            Known { left: items, pace, by_waits, wait: gate.since(now) }
        };
        let lanes: Vec<Known> = self.board.lanes().into_iter().map(known).collect();
        let wait = self.watch.longest().and_then(|(waiting, all)| {
            let words = waiting.in_words(now, world::wall_clock())?;
            let others = if all > 1 { format!(" and {} more", all - 1) } else { String::new() };
            Some((words, format!("at {}{others}", waiting.place())))
        });
        let pace = lanes.iter().filter_map(|lane| lane.pace).reduce(f64::max);
        Moment { counts, per_second, pace, wait, left: left(&lanes, per_second) }
    }
}

impl Moment {
    /// The parts of the line, what matters least last: a narrow terminal cuts it off.
    fn line(&self) -> String {
        let counted = |count: u64, what: &str| (count > 0).then(|| format!("{count} {what}"));
        let (wait, place) = self.wait.clone().unzip();
        let parts = [
            Some(format!("{} of {} done", self.counts.done(), self.counts.items)),
            counted(self.counts.without_success(), "failed"),
            counted(self.counts.unknown, "unknown"),
            wait,
            self.left.map(|left| format!("about {} left", spoken(left))),
            self.per_second.map(|rate| format!("{} now", spoken_rate(rate))),
            self.pace.map(|pace| format!("learned limit {}", spoken_rate(pace))),
            place,
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "event": "progress",
            "items": self.counts.items,
            "done": self.counts.done(),
            "failed": self.counts.without_success(),
            "unknown": self.counts.unknown,
            "left": self.counts.left(),
            "per_second": self.per_second,
            "learned_per_second": self.pace,
            "waiting": self.wait.as_ref().map(|(words, place)| format!("{words} {place}")),
            "eta_seconds": self.left.map(|left| left.as_secs()),
        })
    }
}

/// Until when the upstream lets nothing pass, by what it told or announced.
fn gate(belief: &Belief) -> Time {
    let announced = belief.announced.filter(|(left, _)| *left == 0).map_or(Time::ZERO, |(_, until)| until);
    belief.closed_until.max(announced)
}

/// A rate in few characters.
fn spoken_rate(rate: f64) -> String {
    match rate {
        _ if rate >= 10.0 => format!("{rate:.0}/s"),
        _ if rate >= 1.0 => format!("{rate:.1}/s"),
        _ => format!("{:.1}/min", rate * 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_keeps_the_counts_and_the_wait() {
        let moment = Moment {
            counts: Counts {
                items: 500,
                before: 20,
                failed_before: 0,
                succeeded: 99,
                failed: 1,
                unknown: 2,
                later: 0,
            },
            per_second: Some(4.0),
            pace: Some(0.5),
            wait: Some(("waits 37 s until 14:03:22Z as told".into(), "at a/v1/rooms".into())),
            left: Some(Duration::from_secs(90)),
        };
        let line = "120 of 500 done · 1 failed · 2 unknown · waits 37 s until 14:03:22Z as told · about 90 s left · \
                    4.0/s now · learned limit 30.0/min · at a/v1/rooms";
        assert_eq!(moment.line(), line);
        assert_eq!(moment.json()["left"], 378);
    }
}
