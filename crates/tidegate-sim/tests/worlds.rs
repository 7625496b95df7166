//! Whole worlds from seeds: what must hold in every one of them. Never here: one part by itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use tidegate_core::{Quota, Shape, Time};
use tidegate_sim::chance::Chance;
use tidegate_sim::client::Model;
use tidegate_sim::scenario::Per;
use tidegate_sim::{Call, Fleet, Outcome, Report, Scenario, Token, play};

/// The worlds in which our client is held to its promises.
const WORLDS: std::ops::Range<u64> = 0..64;

#[track_caller]
fn check_promises(scenario: &Scenario, report: &Report) {
    let seed = report.seed;
    assert_eq!(report.violations, 0, "violations in {} of seed {seed}", report.name);
    assert_eq!((report.lost, report.doubled), (0, 0), "lost or doubled in {} of seed {seed}", report.name);
    assert_eq!(report.open, 0, "not finished: {} of seed {seed}", report.name);
    let done = report.done + report.unknown;
    assert_eq!(done, scenario.work.calls, "done in {} of seed {seed}", report.name);
}

#[test]
fn our_client_violates_nothing_loses_nothing_and_finishes_in_every_world() {
    for seed in WORLDS {
        let scenario = Scenario::random(seed);
        check_promises(&scenario, &play(&scenario, seed, Model::Ours));
    }
}

#[test]
fn a_seed_gives_the_same_report_byte_for_byte() {
    for seed in 0..4 {
        for model in Model::ALL {
            let text = || format!("{:?}", play(&Scenario::random(seed), seed, model));
            assert_eq!(text(), text(), "seed {seed}, {model}");
        }
    }
}

#[test]
fn another_seed_gives_another_course() {
    let scenario = Scenario::default();
    let time = |seed| play(&scenario, seed, Model::Ours).time;
    assert_ne!(time(1), time(2));
}

#[test]
fn nobody_is_faster_than_the_oracle() {
    for seed in 100..110 {
        let scenario = Scenario::random(seed);
        for model in Model::ALL {
            let report = play(&scenario, seed, model);
            assert!(report.time >= report.oracle, "seed {seed}, {report}");
            assert!(report.quiet >= report.oracle, "seed {seed}, {report}");
        }
    }
}

#[test]
fn every_scenario_file_is_played_to_its_end() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/scenarios");
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut names = Vec::new();
    for path in entries {
        let text = fs::read_to_string(&path).unwrap();
        let scenario: Scenario = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        check_promises(&scenario, &play(&scenario, 1, Model::Ours));
        names.push(scenario.name);
    }
    names.sort();
    let known = ["announced", "changing limits", "garbage Retry-After", "outage and resets", "slow limits"];
    assert_eq!(names, [known.as_slice(), &["webex-like"]].concat());
}

/// The most units that a quota lets through in any span of this length.
fn most_in(quota: &Quota, span: Duration) -> u128 {
    let (nanos, window) = (span.as_nanos(), quota.window().as_nanos());
    let (amount, burst) = (u128::from(quota.amount()), u128::from(quota.burst()));
    match quota.shape() {
        Shape::Bucket => burst + nanos * amount / window,
        // As many windows as fit in, and one more, begun late.
        Shape::Log => amount * (nanos / window + 1),
        // The same, and one more at the other end.
        Shape::Fixed | Shape::Opened | Shape::Sliding => amount * (nanos / window + 2),
    }
}

/// Calls without mercy for a while; the instants at which each server let one through.
fn hammered(scenario: &Scenario, seed: u64) -> BTreeMap<u32, Vec<Time>> {
    let mut fleet = Fleet::new(scenario, seed);
    let mut chance = Chance::new(seed, "hammer");
    let rate = 4.0 * f64::from(scenario.servers) * scenario.limits[0].quota.per_second();
    let mut admitted: BTreeMap<u32, Vec<Time>> = BTreeMap::new();
    let mut now = Time::ZERO;
    for _ in 0..3_000 {
        now = now.later(chance.gap(rate));
        let reply = fleet.arrive(now, &Call::new(Token(1), "GET", "/v1/rooms", now));
        if matches!(reply.outcome, Outcome::Done | Outcome::ResetAfter) {
            admitted.entry(reply.server).or_default().push(now);
        }
    }
    admitted
}

#[test]
fn no_server_ever_admits_more_than_its_quota() {
    for seed in 200..260 {
        let mut scenario = Scenario::random(seed);
        scenario.changes.clear();
        let limit = scenario.limits[0].clone();
        let mut admitted = hammered(&scenario, seed);
        if limit.per == Per::Fleet {
            let mut all: Vec<Time> = admitted.into_values().flatten().collect();
            all.sort();
            admitted = BTreeMap::from([(0, all)]);
        }
        assert!(!admitted.is_empty(), "seed {seed}: nothing was admitted");
        for (server, times) in admitted {
            for step in [1, 2, 3, 5, 10, 50, 200] {
                for pair in times.windows(step + 1) {
                    let span = pair[step].since(pair[0]);
                    let units = (step as u128 + 1) * u128::from(limit.cost);
                    let most = most_in(&limit.quota, span);
                    assert!(units <= most, "seed {seed}, server {server}: {units} in {span:?} under {limit}");
                }
            }
        }
    }
}

#[test]
fn what_is_posted_with_a_key_is_done_once_through_broken_connections() {
    let text = "servers = 2\n[[resets]]\nat = \"0 s\"\nfor = \"20 s\"\nshare = 0.3\nwhen = \"after\"\n\
                [work]\ncall = \"POST /v1/messages\"\ncalls = 200\nkeys = ";
    let keyed: Scenario = format!("{text}\"each\"").parse().unwrap();
    let report = play(&keyed, 1, Model::Ours);
    assert_eq!((report.done, report.doubled, report.unknown), (200, 0, 0));
    let bare: Scenario = format!("{text}\"none\"").parse().unwrap();
    let report = play(&bare, 1, Model::Ours);
    assert_eq!((report.done + report.unknown, report.doubled), (200, 0));
    assert!(report.unknown > 0, "some answers were lost");
    // What a script does that just tries again.
    assert!(play(&bare, 1, Model::Naive).doubled > 0);
}

#[test]
fn who_ignores_the_told_waits_is_seen() {
    let text = "servers = 1\n[[limit]]\nmatch = \"GET /v1/rooms\"\nquota = \"10 per 10 s, fixed\"\n";
    let scenario: Scenario = text.parse().unwrap();
    assert!(play(&scenario, 1, Model::Naive).violations > 0);
    assert!(play(&scenario, 1, Model::SleepAsTold).violations > 0, "others were told to wait meanwhile");
    assert_eq!(play(&scenario, 1, Model::GateAll).violations, 0);
}
