//! How a batch ended: what is done, what isn't, and the command that goes on. Never here: counting.

use std::time::Duration;

use serde_json::{Value, json};

use super::board::Counts;
use crate::caller::text::{printable, quoted};
use crate::caller::units::{passed, times};
use crate::caller::voice::{Manner, Voice};
use crate::caller::watch::Refused;
use crate::exit::Exit;

/// How many items that are unknown are named.
pub(crate) const NAMED: usize = 10;

/// How a batch ended.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) exit: Exit,
    pub(crate) counts: Counts,
    /// The ids of the first of those that are unknown.
    pub(crate) unknown: Vec<String>,
    pub(crate) refused: Refused,
    pub(crate) elapsed: Duration,
    /// The command that goes on.
    pub(crate) resume: String,
}

impl Summary {
    /// Tells it in the manner asked for.
    pub(crate) fn tell(&self, voice: &Voice) {
        voice.event(|| self.json());
        if voice.manner() == Manner::Plain {
            self.lines().iter().for_each(|line| voice.note(line));
        }
    }

    fn lines(&self) -> Vec<String> {
        let Counts { items, before, unknown, .. } = self.counts;
        let failed = self.counts.without_success();
        let (done, left) = (self.counts.done(), self.counts.left());
        let mut first = match self.exit {
            Exit::Interrupted => "stopped: ".to_owned(),
            _ if left == 0 => "done: ".to_owned(),
            _ => "until then: ".to_owned(),
        };
        first.push_str(&format!("{done} of {items} items, in {}", passed(self.elapsed)));
        if before > 0 {
            first.push_str(&format!("; {before} of them before"));
        }
        if failed > 0 {
            first.push_str(&format!("; {failed} without success"));
        }
        if self.refused.told + self.refused.untold > 0 {
            let often = times(self.refused.told + self.refused.untold);
            first.push_str(&format!("; was refused {often} and waited"));
        }
        let mut lines = vec![first];
        if unknown > 0 {
            lines.push(format!(
                "  sent, outcome unknown: {unknown}: look whether they were done: {}",
                self.named_unknown()
            ));
            lines.push("  --on-unknown list lists them all; retry, skip or @FILE decides".into());
        }
        if left > 0 {
            lines.push(format!("  not done: {left}; resume with: {}", self.resume));
        }
        lines
    }

    fn named_unknown(&self) -> String {
        let named = self.unknown.iter().map(|id| printable(id, 80)).collect::<Vec<_>>().join(", ");
        let more = self.counts.unknown.saturating_sub(self.unknown.len() as u64);
        if more > 0 { format!("{named} and {more} more") } else { named }
    }

    fn json(&self) -> Value {
        json!({
            "event": "summary",
            "exit": self.exit as u8,
            "items": self.counts.items,
            "done": self.counts.done(),
            "done_before": self.counts.before,
            "succeeded": self.counts.succeeded,
            "failed": self.counts.without_success(),
            "unknown": self.counts.unknown,
            "unknown_ids": self.unknown,
            "left": self.counts.left(),
            "refused": self.refused.told + self.refused.untold,
            "terminal": self.refused.terminal,
            "elapsed_seconds": self.elapsed.as_secs_f64(),
            "resume": (self.counts.left() > 0).then_some(&self.resume),
        })
    }
}

/// A command as it is typed, for a POSIX shell.
pub(crate) fn command(words: impl Iterator<Item = String>) -> String {
    let plain = |word: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
        !word.is_empty() && word.bytes().all(is_plain)
    };
    words.map(|word| if plain(&word) { word } else { quoted(&word) }).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_batch_says_how_to_go_on() {
        let counts = Counts {
            items: 100,
            before: 10,
            failed_before: 0,
            succeeded: 20,
            failed: 1,
            unknown: 2,
            later: 0,
        };
        let summary = Summary {
            exit: Exit::Interrupted,
            counts,
            unknown: vec!["a".into()],
            refused: Refused { told: 3, ..Refused::default() },
            elapsed: Duration::from_secs(37),
            resume: "tidegate batch -i a -o b".into(),
        };
        let lines = [
            "stopped: 31 of 100 items, in 37 s; 10 of them before; 1 without success; was refused 3 times and waited",
            "  sent, outcome unknown: 2: look whether they were done: a and 1 more",
            "  --on-unknown list lists them all; retry, skip or @FILE decides",
            "  not done: 67; resume with: tidegate batch -i a -o b",
        ];
        assert_eq!(summary.lines(), lines);
        assert_eq!(summary.json()["left"], 67);
    }

    #[test]
    fn a_command_can_be_pasted() {
        let words = ["tidegate", "batch", "--url-template", "/people/{id}", "", "it's"];
        let typed = command(words.into_iter().map(str::to_owned));
        assert_eq!(typed, r"tidegate batch --url-template '/people/{id}' '' 'it'\''s'");
    }
}
