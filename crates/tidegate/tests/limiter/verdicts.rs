//! Who goes, who doesn't, and what they are told.

use std::num::NonZeroU32;
use std::time::Duration;

use http::StatusCode;
use tidegate::classify::{Limit, Missing, Mode};
use tidegate::limiter::{Counts, Why};
use tidegate_wire::announce::Announcement;
use tidegate_wire::ratelimit;

use crate::support::{START, World, admitted, limit, refused};

#[test]
fn a_call_goes_under_all_its_limits_or_is_charged_to_none() {
    let world = World::new(vec![limit("wide", "10 per minute"), limit("narrow", "2 per minute")]);
    assert_eq!(world.burst(START, "a"), 2);
    let refusal = refused(world.ask(START, "a"));
    assert_eq!((refusal.why.clone(), &*refusal.limit), (Why::UsedUp, "narrow"));
    assert_eq!(refusal.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refusal.told.wait, Some(Duration::from_secs(30)));
    for _ in 0..100 {
        refused(world.ask(START, "a"));
    }
    let left = world.explained(START, "a").foreseen[0].to_string();
    assert_eq!(left, "passes, and leaves 7", "refusals spent nothing of the other");
    assert_eq!(world.burst(START, "b"), 2, "another token has counts of its own");
}

#[test]
fn an_answer_tells_all_policies_and_what_is_left_of_the_tightest() {
    let world = World::new(vec![limit("wide", "10 per minute"), limit("narrow", "2 per minute")]);
    let policy = |name: &str, quota| ratelimit::Policy {
        name: name.into(),
        quota,
        window_secs: 60.try_into().ok(),
        ..ratelimit::Policy::default()
    };
    let left = |remaining, secs| ratelimit::Limit {
        name: "narrow".into(),
        remaining: Some(remaining),
        reset_secs: Some(secs),
        ..ratelimit::Limit::default()
    };
    let policies = vec![policy("wide", 10), policy("narrow", 2)];
    let permit = admitted(world.ask(START, "a"));
    let told = Announcement { policies: policies.clone(), limits: vec![left(1, 30)], wait: None };
    assert_eq!(permit.told().announcement(), told);
    admitted(world.ask(START, "a"));
    let refusal = refused(world.ask(START, "a"));
    let wait = Some(Duration::from_secs(30));
    assert_eq!(refusal.told.announcement(), Announcement { policies, limits: vec![left(0, 30)], wait });
}

#[test]
fn what_can_never_be_admitted_is_told_so_and_not_to_wait() {
    let mut dear = limit("dear", "10 per minute");
    dear.cost = tidegate::classify::Cost::units(11);
    let world = World::new(vec![limit("other", "10 per minute"), dear]);
    let refusal = refused(world.ask(START, "a"));
    assert_eq!(refusal.why, Why::Never { cost: 11, burst: 10 });
    assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
    assert_eq!(refusal.told.wait, None);
    assert_eq!(world.explained(START, "a").foreseen[0].to_string(), "passes, and leaves 9");
}

#[test]
fn a_missing_key_is_never_a_silent_pass() {
    let refusing = World::new(vec![limit("it", "1 per minute")]);
    let refusal = refused(refusing.decide(START, "GET /", &[]));
    assert_eq!(refusal.status(), StatusCode::UNAUTHORIZED);
    for missing in [Missing::Anonymous, Missing::ByAddress] {
        let world = World::new(vec![Limit { missing, ..limit("it", "1 per minute") }]);
        admitted(world.decide(START, "GET /", &[]));
        refused(world.decide(START, "GET /", &[]));
    }
}

#[test]
fn calls_at_once_are_bounded_and_a_place_is_left_when_its_call_ends() {
    let at_once = NonZeroU32::new(2);
    let world = World::new(vec![Limit { at_once, ..limit("it", "100 per minute") }]);
    let first = admitted(world.ask(START, "a"));
    let _second = admitted(world.ask(START, "a"));
    let refusal = refused(world.ask(START, "a"));
    assert_eq!(refusal.why, Why::Full { most: 2 });
    assert_eq!(refusal.told.wait, Some(Duration::from_secs(1)));
    assert!(!world.explained(START, "a").foreseen[0].passes());
    admitted(world.ask(START, "b"));
    drop(first);
    let _third = admitted(world.ask(START, "a"));
    refused(world.ask(START, "a"));
    let left = world.explained(START, "a").foreseen[0].to_string();
    assert_eq!(
        left, "passes, and leaves 96; no room among 2 of 2 calls at once",
        "the full ones spent nothing"
    );
}

#[test]
fn a_refused_call_holds_no_place() {
    let at_once = NonZeroU32::new(1);
    let world = World::new(vec![Limit { at_once, ..limit("it", "1 per minute") }]);
    drop(admitted(world.ask(START, "a")));
    refused(world.ask(START, "a"));
    assert_eq!(world.explained(START, "a").foreseen[0].at_once, Some((0, 1)));
}

#[test]
fn a_limit_in_shadow_mode_counts_and_refuses_nobody() {
    let at_once = NonZeroU32::new(1);
    let shadow = Limit { mode: Mode::Shadow, at_once, ..limit("shadow", "3 per minute") };
    let world = World::new(vec![shadow, limit("it", "5 per minute")]);
    let permits: Vec<_> = (0..5).map(|_| admitted(world.ask(START, "a"))).collect();
    refused(world.ask(START, "a"));
    let rules = world.0.rules();
    let counts: Vec<Counts> = rules.tallies().map(|(_, tally)| tally.counts()).collect();
    assert_eq!(counts[0], Counts { admitted: 5, would_refuse: 4 + 2, ..Counts::default() });
    assert_eq!(counts[1], Counts { admitted: 5, refused: 1, ..Counts::default() });
    let told = permits[0].told().announcement();
    assert_eq!(told.policies.len(), 1, "what refuses nobody isn't told");
}

#[test]
fn an_explanation_spends_nothing() {
    let world = World::new(vec![limit("it", "1 per minute")]);
    for _ in 0..10 {
        assert!(world.explained(START, "a").foreseen[0].passes());
    }
    admitted(world.ask(START, "a"));
    for _ in 0..10 {
        assert!(!world.explained(START, "a").foreseen[0].passes());
    }
}

#[test]
fn a_reset_forgets_one_caller_under_one_limit() {
    let world = World::new(vec![limit("one", "1 per minute"), limit("two", "2 per minute")]);
    for token in ["a", "b"] {
        assert_eq!(world.burst(START, token), 1);
    }
    let token = [("authorization", "Bearer a")];
    let reset = |only| {
        world.with("GET /", &token, |request| crate::support::ready(world.0.reset(request, only)).unwrap())
    };
    assert_eq!(reset(Some("one")), ["one"]);
    assert_eq!(world.burst(START, "a"), 1, "and not twice: the other one is used up");
    assert_eq!(reset(None), ["one", "two"]);
    assert_eq!((world.burst(START, "a"), world.burst(START, "b")), (1, 0));
}
