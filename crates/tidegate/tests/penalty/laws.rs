//! What holds for every client and every course of calls. Never here: single cases.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tidegate::penalty::{Door, Mode, PenaltyBox, Rules, Settings};

use super::played::{Manner, Played};
use super::{CALLER, SECOND, at, is_shut};

#[test]
fn tasks_that_hammered_and_then_wait_as_told_are_let_in_again() {
    let mut played = Played::new("60 per minute, burst 10", 0, 1);
    played.play(at(0), at(10_000), &[Manner::Hammers(100); 50]);
    assert!(is_shut(&played.penalties, at(10_000), CALLER));
    played.play(at(10_100), at(1_300_000), &[Manner::Waits; 50]);
    let (admitted, shut) = (played.admitted, played.shut);
    played.play(at(1_300_100), at(1_400_000), &[Manner::Waits; 50]);
    assert_eq!(played.shut, shut, "nobody is shut out any more");
    assert!(played.admitted >= admitted + 90, "{} then {}", admitted, played.admitted);
}

const QUOTAS: [&str; 5] =
    ["5 per s", "60 per minute, burst 10", "6 per minute", "30 per 10 s, fixed", "9 per s, log"];

proptest! {
    /// Alone or fifty, with waits that differ or don't, a client that waits as told has no strike.
    #[test]
    fn an_honest_client_has_no_strike(
        tasks in 1usize..=50, quota in 0..QUOTAS.len(), jitter_ms in prop_oneof![Just(0u64), 0..30_000u64], seed: u64,
    ) {
        let mut played = Played::new(QUOTAS[quota], jitter_ms, seed);
        played.play(at(0), at(300_000), &vec![Manner::Waits; tasks]);
        prop_assert_eq!(played.shut, 0);
        prop_assert_eq!(played.penalties.worst(at(300_000), 1), vec![]);
        prop_assert!(played.admitted > 0);
    }

    /// Whatever is called, told and changed, nobody is told to wait longer than the rules of that instant say.
    #[test]
    fn no_wait_exceeds_the_longest(
        calls in vec((0u64..5_000, 0u64..4, 0u64..90_000), 1..400), longest in vec(3u64..900, 1..4),
    ) {
        let longest: Vec<Duration> = longest.into_iter().map(Duration::from_secs).collect();
        let mut longest = longest.into_iter().cycle();
        let rules = |longest| Rules::new(Settings { mode: Mode::On, longest, ..Settings::default() }).unwrap();
        let mut now = at(0);
        let mut most = longest.next().unwrap();
        let penalties = PenaltyBox::new(rules(most), 6);
        for (pause, what, wait) in calls {
            now = now.later(Duration::from_millis(pause));
            match what {
                0 => {
                    most = longest.next().unwrap();
                    penalties.change(now, rules(most));
                }
                1 => for _ in 0..20 {
                    penalties.at_door(now, CALLER);
                },
                _ => {
                    let until = now.later(Duration::from_millis(wait));
                    let told = penalties.tell(now, CALLER, until);
                    prop_assert!(told >= until && told <= until.max(now.later(most)));
                }
            }
            if let Door::Shut { until, .. } = penalties.at_door(now, CALLER) {
                prop_assert!(until > now && until.since(now) <= most);
            }
        }
    }
}

proptest! {
    // A case is some ten thousand calls.
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whoever hammers is shut out, for no longer than the longest wait, and let in when he has stopped for that long.
    #[test]
    fn a_hammerer_is_shut_out_and_good_conduct_brings_everything_back(
        tasks in 1usize..=10, pause in 20u64..100, quota in 0..QUOTAS.len(), jitter_ms in 0..3_000u64, seed: u64,
    ) {
        let mut played = Played::new(QUOTAS[quota], jitter_ms, seed);
        let end = at(180_000);
        played.play(at(0), end, &vec![Manner::Hammers(pause); tasks]);
        prop_assert!(is_shut(&played.penalties, end, CALLER));
        prop_assert!(played.shut > played.refused, "{} at the door, {}", played.shut, played.refused);
        prop_assert!(played.longest_wait <= 600 * SECOND);
        let good = end.later(600 * SECOND);
        prop_assert_eq!(played.penalties.at_door(good, CALLER), Door::Open);
        prop_assert_eq!(played.penalties.worst(good.later(63 * SECOND), 1), vec![]);
    }
}
