//! The line that moves while work goes on, for a person who looks on. Never here: anything that a script reads.

use std::time::Duration;

use indicatif::ProgressStyle;
use tidegate::client::WaitLayer;
use tidegate::world;
use tidegate_core::Time;

use super::ledger::{Done, Ledger};
use crate::caller::units::{spoken, spoken_size};
use crate::caller::voice::Voice;
use crate::caller::watch::Watch;

/// How often the line is drawn.
const BEAT: Duration = Duration::from_millis(125);

/// How long it goes on before anything is shown.
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
        let wait = watch.longest().and_then(|(waiting, all)| {
            let words = waiting.in_words(now, world::wall_clock())?;
            let others = if all > 1 { format!(" and {} more", all - 1) } else { String::new() };
            Some((words, format!("at {}{others}", waiting.place())))
        });
        let pace = layer.beliefs().iter().filter_map(|(_, belief)| belief.pace).reduce(f64::max);
        voice.bar().set_message(line(ledger.done(), count, wait, pace, now.since(start)));
        voice.bar().tick();
        world::sleep_until(now.later(BEAT)).await;
    }
}

/// The parts of the line, what matters least last: a narrow terminal cuts it off.
fn line(
    all: Done,
    count: Count,
    wait: Option<(String, String)>,
    pace: Option<f64>,
    passed: Duration,
) -> String {
    let (wait, place) = wait.unzip();
    let parts = [
        Some(done(all, count)),
        wait,
        left(all, count, passed),
        (all.bytes > 0).then(|| spoken_size(all.bytes)),
        pace.map(|pace| format!("learned pace {}", spoken_pace(pace))),
        place,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
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
    fn a_narrow_terminal_keeps_the_count_and_the_wait() {
        let some = Done { answers: 120, items: 1200, bytes: 2048, targets: 120 };
        let wait = ("waits 37 s until 14:03:22Z as told".to_owned(), "at a/v1/rooms and 3 more".to_owned());
        let line =
            line(some, Count::Answers { of: Some(500) }, Some(wait), Some(5.0), Duration::from_secs(12));
        assert_eq!(
            line,
            "120 of 500 answers, 1200 items · waits 37 s until 14:03:22Z as told · about 38 s left · 2 KiB · \
             learned pace 5.0/s · at a/v1/rooms and 3 more"
        );
    }

    #[test]
    fn slow_paces_are_said_by_the_minute() {
        assert_eq!([123.4, 4.96, 0.25].map(spoken_pace), ["123/s", "5.0/s", "15.0/min"]);
    }
}
