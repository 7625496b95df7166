//! What is known of one server's health, and what follows from it. Never here: other servers, a lock, a call.

use std::time::Duration;

use tidegate_core::Time;

use super::outcome::{Check, Failure};
use super::settings::{Passive, Settings};
use super::view::{LastFailure, State};

/// One server's health.
#[derive(Debug)]
pub(super) struct Health {
    standing: Standing,
    /// How many checks in a row spoke against the standing.
    against: u32,
    checked_at: Option<Time>,
    /// When nobody was there, if nothing else was seen since.
    refused_at: Option<Time>,
    ejection: Option<Ejection>,
    /// How long the last ejection for failures lasted.
    back_off: Duration,
    state: State,
    since: Time,
    /// Changes with the state: what a call tells of a time before is told too late.
    epoch: u32,
    last_failure: Option<LastFailure>,
}

/// What checks say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Unknown,
    Up,
    Down,
}

#[derive(Clone, Copy, Debug)]
struct Ejection {
    until: Time,
    /// How many checks in a row have passed since.
    passes: u32,
}

impl Health {
    /// Of a server that nothing has been seen of.
    pub(super) fn new(settings: &Settings, now: Time) -> Health {
        let mut health = Health {
            standing: Standing::Unknown,
            against: 0,
            checked_at: None,
            refused_at: None,
            ejection: None,
            back_off: Duration::ZERO,
            state: State::Unknown,
            since: now,
            epoch: 0,
            last_failure: None,
        };
        health.settle(settings, now);
        health
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    pub(super) fn since(&self) -> Time {
        self.since
    }

    pub(super) fn epoch(&self) -> u32 {
        self.epoch
    }

    pub(super) fn last_failure(&self) -> Option<LastFailure> {
        self.last_failure
    }

    pub(super) fn checked_at(&self) -> Option<Time> {
        self.checked_at
    }

    /// A check has ended.
    pub(super) fn checked(&mut self, settings: &Settings, now: Time, check: Check) {
        let Some(rules) = settings.active else { return };
        self.checked_at = Some(now);
        match check {
            Check::Passed => self.seen_alive(),
            Check::Failed => {
                self.seen_alive();
                self.failed(now, Failure::CheckFailed);
            }
            Check::Refused => self.failed(now, Failure::CheckRefused),
        }
        let passed = check == Check::Passed;
        if let Some(ejection) = &mut self.ejection {
            ejection.passes = if passed { ejection.passes.saturating_add(1) } else { 0 };
        }
        let (opposite, enough) = match self.standing {
            Standing::Unknown => (if passed { Standing::Up } else { Standing::Down }, 1),
            Standing::Up if !passed => (Standing::Down, rules.fall.get()),
            Standing::Down if passed => (Standing::Up, rules.rise.get()),
            Standing::Up | Standing::Down => {
                self.against = 0;
                return;
            }
        };
        self.against += 1;
        if self.against >= enough {
            (self.standing, self.against) = (opposite, 0);
        }
    }

    /// The server answered something, so it is there.
    pub(super) fn seen_alive(&mut self) {
        self.refused_at = None;
    }

    /// A failure was seen, whether or not it counts.
    pub(super) fn failed(&mut self, now: Time, what: Failure) {
        if matches!(what, Failure::Refused | Failure::CheckRefused) {
            self.refused_at = Some(now);
        }
        self.last_failure = Some(LastFailure { at: now, what });
    }

    /// Takes the server out for failed calls.
    pub(super) fn eject(&mut self, rules: &Passive, now: Time) {
        let stayed_well = self.state == State::InRouting && now.since(self.since) >= self.back_off;
        let span = if stayed_well { rules.first_back_off } else { self.back_off.saturating_mul(2) };
        self.back_off = span.max(rules.first_back_off).min(rules.longest_back_off);
        self.set_aside(now.later(self.back_off));
    }

    /// Takes the server out because it asked for it.
    pub(super) fn set_aside(&mut self, until: Time) {
        self.ejection = Some(Ejection { until, passes: 0 });
    }

    /// A call has passed while the server was out for failed calls.
    pub(super) fn end_ejection(&mut self) {
        self.ejection = None;
    }

    /// Whether somebody tried to connect a short time ago, in vain, and nothing better was seen since.
    pub(super) fn is_freshly_dead(&self, settings: &Settings, now: Time) -> bool {
        self.refused_at.is_some_and(|at| now < at.later(settings.stale_after))
    }

    /// Whether checks decide about the server: they are on, and this one's aren't stale.
    fn is_checked(&self, settings: &Settings, now: Time) -> bool {
        settings.active.is_some() && self.checked_at.is_some_and(|at| now < at.later(settings.stale_after))
    }

    /// Does what time has brought, and names the state.
    pub(super) fn settle(&mut self, settings: &Settings, now: Time) {
        let rise = settings.active.map_or(0, |rules| rules.rise.get());
        let is_checked = self.is_checked(settings, now);
        let has_risen = |ejection: Ejection| ejection.until <= now && is_checked && ejection.passes >= rise;
        // Where calls aren't judged any more, no trial would end either.
        let lasts = |ejection: &Ejection| settings.passive.is_some() && !has_risen(*ejection);
        self.ejection = self.ejection.filter(lasts);
        let standing = if settings.active.is_some() { self.standing } else { Standing::Up };
        let state = match (standing, self.ejection) {
            (Standing::Unknown, _) => State::Unknown,
            (Standing::Down, _) => State::Out,
            (Standing::Up, None) => State::InRouting,
            (Standing::Up, Some(Ejection { until, .. })) if until <= now && !is_checked => State::Trial,
            (Standing::Up, Some(Ejection { until, .. })) => State::Ejected { until },
        };
        if state != self.state {
            self.since = now;
            self.epoch = self.epoch.wrapping_add(1);
        }
        self.state = state;
    }

    /// The next instant at which time alone may change something.
    pub(super) fn next_change(&self, settings: &Settings, now: Time) -> Option<Time> {
        let stale = |at: Option<Time>| at.map(|at| at.later(settings.stale_after));
        let ejection = self.ejection.map(|ejection| ejection.until);
        let instants = [ejection, stale(self.checked_at), stale(self.refused_at)];
        instants.into_iter().flatten().filter(|at| *at > now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::settings::{Active, Server};

    fn settings(active: Option<Active>) -> Settings {
        Settings { active, ..Settings::new(vec![Server::new("a")]) }
    }

    /// Plays one check a second: `+` passes, `-` fails, `x` is refused; tells the state after each.
    #[track_caller]
    fn check(checks: &str, states: &str) {
        let settings = settings(Some(Active::default()));
        let mut health = Health::new(&settings, Time::ZERO);
        let mut seen = String::new();
        for (second, sign) in (1..).zip(checks.chars()) {
            let check = match sign {
                '+' => Check::Passed,
                '-' => Check::Failed,
                _ => Check::Refused,
            };
            health.checked(&settings, Time::from_secs(second), check);
            health.settle(&settings, Time::from_secs(second));
            seen.push(if health.state() == State::InRouting { 'I' } else { 'o' });
        }
        assert_eq!(seen, states, "{checks}");
    }

    #[test]
    fn the_first_check_decides_and_then_it_takes_a_row() {
        check("+", "I");
        check("-", "o");
        check("x", "o");
        check("-++", "ooI");
        check("+---", "IIIo");
        check("+--+--+--", "IIIIIIIII");
        check("-+-+-+-", "ooooooo");
        check("+-x-++", "IIIooI");
    }

    #[test]
    fn back_offs_double_to_the_longest_and_start_over_after_a_good_time() {
        let (settings, rules) = (settings(None), Passive::default());
        let mut health = Health::new(&settings, Time::ZERO);
        let mut now = Time::from_secs(1_000);
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            health.eject(&rules, now);
            health.settle(&settings, now);
            let until = now.later(Duration::from_secs(seconds));
            assert_eq!(health.state(), State::Ejected { until });
            now = until;
            health.settle(&settings, now);
            assert_eq!(health.state(), State::Trial);
        }
        health.end_ejection();
        health.settle(&settings, now);
        health.eject(&rules, now.later(Duration::from_secs(60)));
        assert_eq!(health.back_off, Duration::from_secs(1));
    }

    #[test]
    fn with_checks_an_ejection_ends_when_its_time_and_a_row_of_passes_have_come() {
        let settings = settings(Some(Active::default()));
        let mut health = Health::new(&settings, Time::ZERO);
        let at = |tenths: u64| Time::from_nanos(tenths * 100_000_000);
        let mut step = |tenths: u64, check: Check| {
            health.checked(&settings, at(tenths), check);
            health.settle(&settings, at(tenths));
            if tenths == 10 {
                health.eject(&Passive::default(), at(10));
                health.settle(&settings, at(10));
            }
            health.state()
        };
        assert_eq!(step(10, Check::Passed), State::Ejected { until: at(20) });
        assert_eq!(step(12, Check::Passed), State::Ejected { until: at(20) });
        assert_eq!(step(14, Check::Passed), State::Ejected { until: at(20) }, "enough passes, too early");
        assert_eq!(step(18, Check::Failed), State::Ejected { until: at(20) });
        assert_eq!(step(22, Check::Passed), State::Ejected { until: at(20) }, "its time, too few passes");
        assert_eq!(step(24, Check::Passed), State::InRouting);
    }

    #[test]
    fn when_checks_have_gone_stale_a_trial_brings_a_server_back() {
        let settings = settings(Some(Active::default()));
        let mut health = Health::new(&settings, Time::ZERO);
        health.checked(&settings, Time::ZERO, Check::Passed);
        health.eject(&Passive::default(), Time::from_secs(1));
        health.settle(&settings, Time::from_secs(9));
        assert_eq!(health.state(), State::Ejected { until: Time::from_secs(2) });
        assert_eq!(health.next_change(&settings, Time::from_secs(9)), Some(Time::from_secs(10)));
        health.settle(&settings, Time::from_secs(10));
        assert_eq!(health.state(), State::Trial);
    }
}
