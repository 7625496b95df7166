//! Policies and fleets that change while calls are decided.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tidegate::classify::{Condition, Gives, Limit, Per, Plan, When};
use tidegate::limiter::{Changed, Verdict};

use crate::support::{START, World, admitted, limit, policy, refused};

fn later(secs: u64) -> tidegate_core::Time {
    START.later(Duration::from_secs(secs))
}

#[test]
fn a_changed_quota_keeps_the_share_that_is_left() {
    let world = World::new(vec![limit("it", "10 per hour")]);
    for _ in 0..5 {
        admitted(world.ask(START, "a"));
    }
    assert_eq!(world.0.change(policy(vec![limit("it", "100 per hour")]), START), Ok(Changed::default()));
    assert_eq!((world.burst(START, "a"), world.burst(START, "b")), (50, 100));
    world.0.change(policy(vec![limit("it", "10 per hour")]), START).unwrap();
    assert_eq!((world.burst(START, "a"), world.burst(START, "b")), (0, 0), "there and back gains nothing");
}

#[test]
fn a_limit_goes_on_by_its_name_wherever_it_stands() {
    let world = World::new(vec![limit("it", "3 per hour"), limit("other", "100 per hour")]);
    assert_eq!(world.burst(START, "a"), 3);
    let moved = vec![limit("new", "50 per hour"), limit("other", "100 per hour"), limit("it", "3 per hour")];
    world.0.change(policy(moved), START).unwrap();
    refused(world.ask(START, "a"));
    world.0.change(policy(vec![limit("renamed", "3 per hour")]), START).unwrap();
    assert_eq!(world.burst(START, "a"), 3, "a new name begins unused");
}

#[test]
fn a_plan_goes_on_by_its_name() {
    let plan = |name: &str, quota: &str| Plan {
        name: name.into(),
        when: When::Holds(Condition::header(&format!("x-plan = {name}")).unwrap()),
        gives: Gives::Quota(quota.parse().unwrap()),
    };
    let with = |plans| vec![Limit { plans, ..limit("it", "1 per hour") }];
    let world = World::new(with(vec![plan("gold", "5 per hour"), plan("tin", "2 per hour")]));
    let fields = [("authorization", "Bearer a"), ("x-plan", "tin")];
    let burst = || {
        let goes = |_: &usize| matches!(world.decide(START, "GET /", &fields), Verdict::Admitted(_));
        (0..100).take_while(goes).count()
    };
    assert_eq!(burst(), 2);
    world.0.change(policy(with(vec![plan("tin", "2 per hour"), plan("gold", "5 per hour")])), START).unwrap();
    assert_eq!(burst(), 0);
    world.0.change(policy(with(vec![plan("tin", "4 per hour")])), START).unwrap();
    assert_eq!(burst(), 0, "none left is none of the new quota");
}

#[test]
fn a_bad_policy_changes_nothing() {
    let world = World::new(vec![limit("it", "3 per hour")]);
    let generation = world.0.rules().generation();
    let twice = vec![limit("it", "100 per hour"), limit("it", "100 per hour")];
    assert_eq!(world.0.change(policy(twice), START).unwrap_err().len(), 1);
    assert_eq!((world.burst(START, "a"), world.0.rules().generation()), (3, generation));
}

#[test]
fn a_quota_per_server_follows_the_fleet_without_reset_and_without_free_burst() {
    let per_server = Limit { per: Per::Server, ..limit("it", "60 per minute, burst 10") };
    let world = World::new(vec![per_server, limit("fleet", "1000 per second")]);
    world.0.fleet(3_000, START);
    assert_eq!(world.burst(START, "a"), 30);
    world.0.fleet(6_000, START);
    assert_eq!(world.burst(START, "a"), 0, "no burst is free");
    assert_eq!(world.burst(later(5), "a"), 30, "6 per second from now on");
    world.0.fleet(2_000, later(5));
    assert_eq!(world.burst(later(5), "a"), 0);
    assert_eq!(world.burst(later(10), "a"), 10, "2 per second");
    world.0.fleet(2_500, later(10));
    assert_eq!(world.burst(later(10), "new"), 25, "weights count in parts of a server");
    world.0.fleet(0, later(10));
    assert_eq!(world.burst(later(10), "newer"), 1, "no server isn't no limit");
}

#[test]
fn what_cannot_change_yet_is_kept_told_and_changed_later() {
    let world = World::new(vec![limit("it", "100 per hour")]);
    let kept = (1..=40).find_map(|amount| {
        let changed =
            world.0.change(policy(vec![limit("it", &format!("{amount} per hour"))]), START).unwrap();
        changed.kept.first().cloned()
    });
    let kept = kept.expect("no table knows 40 quotas of an hour at once");
    assert_eq!(kept.limit, "it");
    assert!(!world.0.tend(START).kept.is_empty());
    assert_eq!(world.0.tend(kept.retry_at), Changed::default());
    assert_eq!(world.burst(kept.retry_at, "new"), 32);
}

/// Callers ask while the policy changes a thousand times: none is admitted beyond its bound, none is lost.
#[test]
fn a_thousand_changes_lose_no_count() {
    let with = |turn: usize| vec![limit("it", ["500 per hour", "500 per 61 minutes"][turn % 2])];
    let world = World::new(with(0));
    let (done, admitted) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    if matches!(world.ask(START, "a"), Verdict::Admitted(_)) {
                        admitted.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        for turn in 0..1_000 {
            assert_eq!(world.0.change(policy(with(turn)), START), Ok(Changed::default()));
        }
        done.store(true, Ordering::Relaxed);
    });
    let all = admitted.into_inner() + world.burst(START, "a");
    assert!((490..=500).contains(&all), "{all} of 500, but for shares rounded down in a thousand changes");
}
