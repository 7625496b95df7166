//! How a run ended: what is done, and how to go on. Never here: what is counted, or when.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::ledger::{Done, Open};
use super::progress::{self, Count};
use crate::caller::text::quoted;
use crate::caller::units::{passed, spoken_size, times};
use crate::caller::voice::{Manner, Voice};
use crate::caller::watch::Refused;
use crate::exit::Exit;

/// How many URLs that are not done are named.
const NAMED: usize = 10;

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) exit: Exit,
    pub(crate) count: Count,
    pub(crate) done: Done,
    pub(crate) refused: Refused,
    pub(crate) repeated: u64,
    pub(crate) elapsed: Duration,
    /// What was begun and isn't done.
    pub(crate) open: Open,
    /// What was sent, and nobody knows whether it was done.
    pub(crate) unknown: Open,
    /// The first URL that wasn't begun, and how many weren't.
    pub(crate) rest: Option<(String, u64)>,
    /// The file that results went to.
    pub(crate) file: Option<PathBuf>,
}

impl Summary {
    /// Tells it in the manner asked for.
    pub(crate) fn tell(&self, voice: &Voice) {
        voice.event(|| self.json());
        if matches!(voice.manner(), Manner::Plain | Manner::Verbose) {
            self.lines().iter().for_each(|line| voice.note(line));
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let done = self.in_words();
        match self.exit {
            Exit::Interrupted => lines.push(format!("stopped: {done}")),
            Exit::Done if self.is_plain() => {}
            Exit::Done => lines.push(format!("done: {done}")),
            _ if self.done.answers > 0 => lines.push(format!("until then: {done}")),
            _ => {}
        }
        // Of a single URL of which nothing is done, the error has said it.
        let is_all = self.done.answers == 0 && self.open.len() <= 1 && self.rest.is_none();
        lines.extend(self.unknown());
        if self.exit != Exit::Done && !is_all {
            lines.extend(self.not_done());
        }
        lines
    }

    /// One answer that wasn't refused before: the result speaks for itself.
    fn is_plain(&self) -> bool {
        self.refused == Refused::default()
            && self.repeated == 0
            && matches!(self.count, Count::Answers { of: Some(1) })
    }

    fn in_words(&self) -> String {
        let mut words = progress::done(self.done, self.count);
        words.push_str(&format!(", {}, in {}", spoken_size(self.done.bytes), passed(self.elapsed)));
        let Refused { told, untold, terminal } = self.refused;
        if told > 0 {
            words.push_str(&format!("; was told {} to wait", times(told)));
        }
        if untold > 0 {
            words.push_str(&format!("; was refused {} with no wait told", times(untold)));
        }
        if terminal > 0 {
            words.push_str(&format!("; was refused {} by a limit that no waiting lifts", times(terminal)));
        }
        if self.repeated > 0 {
            words.push_str(&format!("; connections that broke: {}", self.repeated));
        }
        words
    }

    /// Each of them by its name: what is left out of this list might be done twice.
    fn unknown(&self) -> impl Iterator<Item = String> {
        let look = "look whether it was done before sending it again";
        let urls = self.unknown.values().map(|url| quoted(url.as_str()));
        urls.map(move |url| format!("  sent, outcome unknown: {look}: {url}"))
    }

    fn not_done(&self) -> Vec<String> {
        let open = self.open.values().take(NAMED).map(|url| quoted(url.as_str()));
        let mut lines: Vec<String> = open.map(|url| format!("  not done, go on with: {url}")).collect();
        if self.open.len() > NAMED {
            lines.push(format!("  and {} more that were begun", self.open.len() - NAMED));
        }
        if let Some((first, count)) = &self.rest {
            lines.push(format!("  not begun: {count}, from {}", quoted(first)));
        }
        if let Some(file) = &self.file {
            lines.push(format!("  --append adds to what is in {}", file.display()));
        }
        lines
    }

    fn json(&self) -> Value {
        let listed = |urls: &Open| -> Value {
            urls.iter().map(|(number, url)| json!({ "number": number + 1, "url": url.as_str() })).collect()
        };
        json!({
            "event": "summary",
            "exit": self.exit as u8,
            "answers": self.done.answers,
            "items": self.done.items,
            "bytes": self.done.bytes,
            "refused": self.refused.told + self.refused.untold,
            "terminal": self.refused.terminal,
            "broken": self.repeated,
            "elapsed_seconds": self.elapsed.as_secs_f64(),
            "not_done": listed(&self.open),
            "unknown": listed(&self.unknown),
            "not_begun": self.rest.as_ref().map_or(0, |(_, count)| *count),
            "not_begun_from": self.rest.as_ref().map(|(first, _)| first),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(exit: Exit) -> Summary {
        Summary {
            exit,
            count: Count::Pages,
            done: Done { answers: 3, items: 30, bytes: 2048, targets: 0 },
            refused: Refused { told: 2, ..Refused::default() },
            repeated: 0,
            elapsed: Duration::from_secs(37),
            open: Open::from([(0, "http://a/?page=4".parse().unwrap())]),
            unknown: Open::new(),
            rest: Some(("http://b/".into(), 7)),
            file: Some("rooms.jsonl".into()),
        }
    }

    #[test]
    fn a_stopped_run_says_what_is_done_and_how_to_go_on() {
        let stopped = ended(Exit::Interrupted);
        let lines = [
            "stopped: 3 pages, 30 items, 2 KiB, in 37 s; was told 2 times to wait",
            "  not done, go on with: 'http://a/?page=4'",
            "  not begun: 7, from 'http://b/'",
            "  --append adds to what is in rooms.jsonl",
        ];
        assert_eq!(stopped.lines(), lines);
    }

    #[test]
    fn what_may_have_been_done_is_told_however_it_ended() {
        let unknown = Open::from([(1, "http://a/pay".parse().unwrap())]);
        let count = Count::Answers { of: Some(1) };
        let (open, rest, done) = (Open::new(), None, Done::default());
        let lost = Summary {
            unknown,
            count,
            open,
            rest,
            done,
            refused: Refused::default(),
            ..ended(Exit::Unreachable)
        };
        let line =
            "  sent, outcome unknown: look whether it was done before sending it again: 'http://a/pay'";
        assert_eq!(lost.lines(), [line]);
        assert_eq!(lost.json()["unknown"], json!([{ "number": 2, "url": "http://a/pay" }]));
        assert_eq!(Summary { exit: Exit::Done, ..lost }.lines(), [line]);
    }

    #[test]
    fn a_single_answer_speaks_for_itself() {
        let plain = Summary {
            count: Count::Answers { of: Some(1) },
            refused: Refused::default(),
            ..ended(Exit::Done)
        };
        assert!(plain.lines().is_empty());
        let refused = Refused { told: 1, untold: 2, terminal: 1 };
        let [line] = &Summary { refused, ..plain }.lines()[..] else { panic!("one line is enough") };
        let words = "; was told once to wait; was refused 2 times with no wait told; was refused once by a limit that no waiting lifts";
        assert!(line.ends_with(words), "{line}");
    }

    #[test]
    fn programs_are_told_the_same() {
        let json = ended(Exit::Overdue).json();
        assert_eq!((&json["exit"], &json["not_begun"]), (&json!(3), &json!(7)));
        assert_eq!(json["not_done"], json!([{ "number": 1, "url": "http://a/?page=4" }]));
    }
}
