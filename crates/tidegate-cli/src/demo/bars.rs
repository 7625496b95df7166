//! How far each client has come, live: bars on a terminal, else a line now and then. Never here: the final figures.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tidegate_core::Time;

use super::clients::Manner;
use super::job::{Job, Progress};
use crate::output;

/// How often bars are drawn anew.
const REDRAW: Duration = Duration::from_millis(100);

/// How often a line is written where there is no terminal.
const LINE: Duration = Duration::from_secs(3);

/// Who is watched.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    pub(super) manner: Manner,
    pub(super) job: Arc<Job>,
}

/// Where progress is shown.
#[derive(Debug)]
pub(super) enum Screen {
    /// Nowhere.
    Dark,
    /// On a terminal: a bar for each client.
    Bars { all: MultiProgress, bars: Vec<ProgressBar> },
    /// Elsewhere: a few lines now and then.
    Lines { started: Time },
}

impl Screen {
    pub(super) fn open(watched: &[Watched], quiet: bool, started: Time) -> Screen {
        if quiet {
            Screen::Dark
        } else if std::io::stderr().is_terminal() {
            let all = MultiProgress::new();
            let bars = watched.iter().map(|one| all.add(bar(one))).collect();
            Screen::Bars { all, bars }
        } else {
            Screen::Lines { started }
        }
    }

    /// How often it is time to show.
    pub(super) fn every(&self) -> Duration {
        match self {
            Screen::Bars { .. } => REDRAW,
            Screen::Dark | Screen::Lines { .. } => LINE,
        }
    }

    pub(super) fn show(&self, watched: &[Watched], now: Time) {
        match self {
            Screen::Dark => {}
            Screen::Bars { bars, .. } => {
                for (one, bar) in watched.iter().zip(bars) {
                    let progress = one.job.progress();
                    bar.set_position(progress.passed);
                    bar.set_message(doing(one, progress, now));
                }
            }
            Screen::Lines { started } => {
                output::error(format_args!("after {:.0} s", now.since(*started).as_secs_f64()));
                for one in watched {
                    let (progress, items) = (one.job.progress(), one.job.items);
                    let (passed, doing) = (progress.passed, doing(one, progress, now));
                    output::error(format_args!("  {:13} {passed:>4}/{items}  {doing}", one.manner));
                }
            }
        }
    }

    /// Shows the end.
    pub(super) fn close(self) {
        if let Screen::Bars { bars, .. } = &self {
            bars.iter().for_each(ProgressBar::abandon);
        }
    }
}

impl Drop for Screen {
    /// Leaves the bars as they are. Drawn anew after a Ctrl-C they would come one line too low, for the `^C` that
    /// the terminal wrote.
    fn drop(&mut self) {
        if let Screen::Bars { all, .. } = self {
            all.set_draw_target(ProgressDrawTarget::hidden());
            output::error("");
        }
    }
}

fn bar(one: &Watched) -> ProgressBar {
    let style = ProgressStyle::with_template("  {prefix:13} {wide_bar:.cyan/dim} {pos:>4}/{len}  {msg:26}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─");
    ProgressBar::new(one.job.items).with_style(style).with_prefix(one.manner.to_string())
}

/// What a client has met, and what it does now.
fn doing(one: &Watched, progress: Progress, now: Time) -> String {
    let Progress { passed, refused, given_up, asleep } = progress;
    let met = format!("{refused:>4} × 429");
    if passed + given_up >= one.job.items {
        return match given_up {
            0 => format!("{met}  done"),
            lost => format!("{met}  ended, {lost} lost"),
        };
    }
    match &one.manner {
        Manner::Naive => format!("{met}  {given_up} lost"),
        Manner::AsTold => format!("{met}  {asleep} asleep"),
        Manner::Tidegate(layer) => {
            let belief = layer.beliefs().into_iter().next().map(|(_, belief)| belief);
            match belief {
                Some(belief) if belief.closed_until > now => {
                    format!("{met}  waits {:.1} s", belief.closed_until.since(now).as_secs_f64())
                }
                Some(belief) => match belief.pace {
                    Some(pace) => format!("{met}  paces {pace:.0}/s"),
                    None => format!("{met}  feels its way"),
                },
                None => met,
            }
        }
    }
}
