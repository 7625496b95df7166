//! What calls take, and how many fail, when a server has little to do. Never here: how such a moment is made.

use super::probe::News;
use super::window::{Sum, Window};
use super::{KINDS, Kind};

/// How many calls of a kind must have been seen before others are compared with them.
const ACQUAINTED: u32 = 8;

/// A call counts as no more than this many times what its kind takes now: one that hangs says nothing of load.
const SLOWEST: f64 = 8.0;

/// How many calls of a probe weigh as much as all that was known.
const EXPECTED: f64 = 16.0;

/// The same when it found something else: then what was known is hardly worth keeping.
const SURPRISING: f64 = 1.0;

/// The same for calls that came when the server happened to have little to do.
const IN_PASSING: f64 = 500.0;

/// The greatest share of failures that can be usual. Beyond it a server is in trouble, however long it lasts.
const USUAL: f64 = 0.25;

/// Less than this beyond the usual is chance.
const CHANCE: f64 = 0.05;

/// The measure that loaded moments are compared with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Calm {
    /// Per kind: how many calls of it were seen, as far as that matters, and their mean in seconds.
    kinds: [Usual; KINDS],
    /// Which share fails whatever the load.
    failing: f64,
}

/// What is known of a kind: the calls that were seen until it was, and their mean.
#[derive(Clone, Copy, Debug, Default)]
struct Usual {
    seen: u32,
    seconds: f64,
}

impl Usual {
    fn known(&self) -> Option<f64> {
        (self.seen >= ACQUAINTED && self.seconds > 0.0).then_some(self.seconds)
    }
}

impl Calm {
    /// What a call counts as that took `seconds` on a server that is `slowness` times as slow as unloaded.
    pub(super) fn counts_as(&self, kind: Kind, seconds: f64, slowness: f64) -> f64 {
        let now = self.kinds[kind.index()].known().map(|known| known * slowness.max(1.0));
        now.map_or(seconds, |now| seconds.min(SLOWEST * now))
    }

    /// Takes note of kinds that it didn't know, on a server that is `slowness` times as slow as unloaded.
    ///
    /// It does so by whole windows: the first answers to come are of the quickest calls.
    pub(super) fn meet(&mut self, window: &Window, slowness: f64) {
        for (usual, sum) in self.kinds.iter_mut().zip(window.kinds()) {
            if usual.known().is_none() && sum.calls > 0 {
                usual.seen += sum.calls;
                usual.seconds +=
                    (sum.seconds / slowness - usual.seconds * f64::from(sum.calls)) / f64::from(usual.seen);
            }
        }
    }

    /// How many times as long as unloaded the calls of a window took, if any of them is known.
    pub(super) fn slowness(&self, window: &Window) -> Option<f64> {
        let (mut took, mut unloaded) = (0.0, 0.0);
        for (usual, sum) in self.kinds.iter().zip(window.kinds()) {
            if let Some(known) = usual.known() {
                took += sum.seconds;
                unloaded += known * f64::from(sum.calls);
            }
        }
        (unloaded > 0.0).then(|| took / unloaded)
    }

    /// Which share of a window's calls failed beyond what is usual; 0 if it may be chance.
    pub(super) fn unusually_failing(&self, window: &Window) -> f64 {
        let excess = window.failing() - self.failing;
        if window.failures() < 2 || excess < CHANCE { 0.0 } else { excess }
    }

    pub(super) fn learn_from_probe(&mut self, window: &Window, news: News) {
        self.learn(window, if news == News::Expected { EXPECTED } else { SURPRISING });
    }

    pub(super) fn learn_in_passing(&mut self, window: &Window) {
        self.learn(window, IN_PASSING);
    }

    /// The more calls, the more their mean counts against what is known, which weighs as much as `trust` calls.
    fn learn(&mut self, window: &Window, trust: f64) {
        for (usual, Sum { calls, seconds }) in self.kinds.iter_mut().zip(window.kinds()) {
            if usual.known().is_some() && *calls > 0 {
                let calls = f64::from(*calls);
                usual.seconds += (seconds / calls - usual.seconds) * calls / (calls + trust);
            }
        }
        let heard = f64::from(window.heard());
        let failing = window.failing().min(USUAL);
        self.failing += (failing - self.failing) * heard / (heard + trust);
    }
}

#[cfg(test)]
mod tests {
    use crate::time::Time;

    use super::*;

    const READ: Kind = Kind(0);
    const REPORT: Kind = Kind(1);

    /// A server whose reads take 10 ms and whose reports take a second.
    fn acquainted() -> Calm {
        let mut calm = Calm::default();
        calm.meet(&window(ACQUAINTED, ACQUAINTED, 1.0), 1.0);
        calm
    }

    fn window(reads: u32, reports: u32, times: f64) -> Window {
        let mut window = Window::default();
        for _ in 0..reads {
            window.answered(Time::ZERO, READ, 0.010 * times);
        }
        for _ in 0..reports {
            window.answered(Time::ZERO, REPORT, times);
        }
        window
    }

    #[track_caller]
    fn check_slowness(calm: &Calm, window: &Window, expected: f64) {
        let found = calm.slowness(window).unwrap();
        assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
    }

    #[test]
    fn another_mix_of_calls_is_no_slowness() {
        let calm = acquainted();
        check_slowness(&calm, &window(100, 0, 1.0), 1.0);
        check_slowness(&calm, &window(1, 100, 1.0), 1.0);
        check_slowness(&calm, &window(50, 50, 3.0), 3.0);
    }

    #[test]
    fn a_kind_that_is_first_seen_on_a_slow_server_is_known_for_what_it_is() {
        let mut calm = Calm::default();
        assert_eq!(calm.slowness(&window(100, 0, 1.0)), None);
        calm.meet(&window(3, 0, 3.0), 3.0);
        assert_eq!(calm.slowness(&window(100, 0, 1.0)), None);
        calm.meet(&window(5, 0, 6.0), 6.0);
        check_slowness(&calm, &window(100, 0, 3.0), 3.0);
    }

    #[test]
    fn a_call_that_hangs_counts_as_a_slow_one() {
        assert_eq!(acquainted().counts_as(READ, 60.0, 1.0), 0.010 * SLOWEST);
        assert_eq!(
            acquainted().counts_as(READ, 60.0, 3.0),
            0.030 * SLOWEST,
            "where all are slow, more is usual"
        );
    }

    #[test]
    fn a_probe_teaches_much_and_a_quiet_moment_little() {
        let mut calm = acquainted();
        calm.learn_in_passing(&window(16, 0, 3.0));
        check_slowness(&calm, &window(1, 0, 1.0), 1.0 / (1.0 + 2.0 * 16.0 / 516.0));
        let mut calm = acquainted();
        calm.learn_from_probe(&window(16, 0, 3.0), News::Expected);
        check_slowness(&calm, &window(1, 0, 2.0), 1.0);
        let mut calm = acquainted();
        calm.learn_from_probe(&window(16, 0, 3.0), News::Slower);
        check_slowness(&calm, &window(17, 0, 49.0 / 17.0), 1.0);
    }

    #[test]
    fn what_always_fails_is_usual_up_to_a_quarter() {
        let mut window = window(84, 0, 1.0);
        for _ in 0..16 {
            window.failed(Time::ZERO);
        }
        let mut calm = acquainted();
        assert!((calm.unusually_failing(&window) - 0.16).abs() < 1e-9);
        calm.learn_from_probe(&window, News::Expected);
        assert_eq!(calm.unusually_failing(&window), 0.0);
        for _ in 0..400 {
            window.failed(Time::ZERO);
        }
        for _ in 0..100 {
            calm.learn_from_probe(&window, News::Expected);
        }
        assert!(calm.unusually_failing(&window) > 0.5);
    }
}
