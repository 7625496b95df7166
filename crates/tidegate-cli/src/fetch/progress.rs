//! The line that moves while work goes on, for a person who looks on. Never here: anything that a script reads.

use std::time::Duration;

use indicatif::ProgressStyle;
use tidegate::client::WaitLayer;
use tidegate::observe::Cause;
use tidegate::world;
use tidegate_core::Time;

use super::ledger::{Done, Ledger};
use super::units::{spoken, spoken_size};
use super::voice::Voice;
use super::watch::{Waiting, Watch, at_clock};

/// How often the line is drawn.
const BEAT: Duration = Duration::from_millis(125);

/// The shortest time that anything is shown for.
const READABLE: Duration = Duration::from_millis(500);

/// What the line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// Pages of one or several URLs.
    Pages,
    /// Answers of so many.
    Answers { of: Option<u64> },
}

/// Draws until it is dropped; never ends.
pub(crate) async fn draw(
    voice: &Voice,
    layer: &WaitLayer,
    watch: &Watch,
    ledger: &Ledger,
    count: Count,
    start: Time,
) {
    // Who is done at once needs no progress.
    world::sleep_until(start.later(READABLE)).await;
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        voice.bar().set_style(style);
    }
    if !voice.show_progress() {
        return std::future::pending().await;
    }
    loop {
        let now = world::now();
        let pace = layer.beliefs().iter().filter_map(|(_, belief)| belief.pace).reduce(f64::max);
        let size = ledger.done().bytes;
        let parts = [
            Some(done(ledger.done(), count)),
            (size > 0).then(|| spoken_size(size)),
            watch.longest().and_then(|(waiting, others)| wait(&waiting, others, now)),
            pace.map(|pace| format!("learned pace {}", spoken_pace(pace))),
            left(ledger.done(), count, now.since(start)),
        ];
        voice.bar().set_message(parts.into_iter().flatten().collect::<Vec<_>>().join(" · "));
        voice.bar().tick();
        world::sleep_until(now.later(BEAT)).await;
    }
}

/// What is done, in words: `12 pages, 1200 items`.
pub(crate) fn done(done: Done, count: Count) -> String {
    let unit = |count: u64, name: &str| format!("{count} {name}{}", if count == 1 { "" } else { "s" });
    let mut said = match count {
        Count::Pages => unit(done.answers, "page"),
        Count::Answers { of: Some(all) } if all > 1 => format!("{} of {}", done.answers, unit(all, "answer")),
        Count::Answers { .. } => unit(done.answers, "answer"),
    };
    if done.items > 0 {
        said.push_str(&format!(", {}", unit(done.items, "item")));
    }
    said
}

/// The wait as people count it down; one that is over before it can be read isn't told.
fn wait(waiting: &Waiting, all: usize, now: Time) -> Option<String> {
    let until = waiting.until.filter(|until| until.since(now) >= READABLE)?;
    let why = match waiting.cause {
        Cause::Told => "as told",
        Cause::Broken => "since the connection broke",
        // An answer ends it, most likely long before.
        Cause::UnderWay => return None,
        _ => "for the pace",
    };
    let others = if all > 1 { format!(" and {} more", all - 1) } else { String::new() };
    let place = waiting.bucket.to_string();
    let place = place.split_once("://").map_or(&*place, |(_, place)| place);
    let (left, end) = (spoken(until.since(now)), at_clock(until));
    Some(format!("waits {left} until {end} {why}: {place}{others}"))
}

fn spoken_pace(pace: f64) -> String {
    match pace {
        _ if pace >= 10.0 => format!("{pace:.0}/s"),
        _ if pace >= 1.0 => format!("{pace:.1}/s"),
        _ => format!("{:.1}/min", pace * 60.0),
    }
}

/// How long it will go on at the speed until now, waits included; not before a few answers allow to say it.
fn left(done: Done, count: Count, passed: Duration) -> Option<String> {
    let Count::Answers { of: Some(all) } = count else { return None };
    let open = all.saturating_sub(done.answers);
    if done.answers < 5 || open == 0 {
        return None;
    }
    let left = passed.as_secs_f64() / done.answers as f64 * open as f64;
    Duration::try_from_secs_f64(left.ceil()).ok().map(|left| format!("about {} left", spoken(left)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_is_said_in_words() {
        let some = Done { answers: 1, items: 100, ..Done::default() };
        assert_eq!(done(some, Count::Pages), "1 page, 100 items");
        assert_eq!(done(some, Count::Answers { of: Some(7) }), "1 of 7 answers, 100 items");
        assert_eq!(done(Done::default(), Count::Answers { of: None }), "0 answers");
    }

    #[test]
    fn the_end_is_foretold_only_when_it_can_be() {
        let count = Count::Answers { of: Some(100) };
        let after = |answers| left(Done { answers, ..Done::default() }, count, Duration::from_secs(10));
        assert_eq!(after(4), None);
        assert_eq!(after(10).as_deref(), Some("about 90 s left"));
        assert_eq!(after(100), None);
    }

    #[test]
    fn slow_paces_are_said_by_the_minute() {
        assert_eq!([123.4, 4.96, 0.25].map(spoken_pace), ["123/s", "5.0/s", "15.0/min"]);
    }
}
