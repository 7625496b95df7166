//! Costs that are known only when a call is answered, and calls that are never made.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use tidegate::classify::{Amount, Cost, Limit, Measured};
use tidegate::limiter::Seen;

use crate::support::{START, World, admitted, limit, ready};

fn measured(reserved: u64, measured: Measured) -> World {
    let cost = Cost { measured: Some(measured), ..Cost::units(reserved) };
    World::new(vec![Limit { cost, ..limit("tokens", "100 per minute") }])
}

/// What is left of 100 units when a call is settled by what was seen.
#[track_caller]
fn check(world: &World, seen: Seen<'_>, left: usize) {
    let permit = admitted(world.ask(START, "a"));
    assert!(permit.is_open());
    world.settle(START, permit, seen);
    let World(limiter) = world;
    let token = [("authorization", "Bearer a")];
    assert_eq!(world.explained(START, "a").foreseen[0].charge.cost, 10);
    // At a reservation of ten each, what is left shows only in steps of ten: so one asks what would be left.
    let passes = world.explained(START, "a").foreseen[0].to_string();
    assert_eq!(passes, format!("passes, and leaves {}", left - 10));
    world.with("GET /", &token, |request| ready(limiter.reset(request, None)).unwrap());
}

#[test]
fn a_cost_told_by_the_answer_is_settled() {
    let name = HeaderName::from_static("x-cost");
    let world = measured(10, Measured::Header(name.clone()));
    for (told, left) in [("4", 96), ("10", 90), ("60", 40), ("0", 100), ("none", 90)] {
        let headers = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static(told))]);
        check(&world, Seen { headers: Some(&headers), ..Seen::default() }, left);
    }
    check(&world, Seen::default(), 90);
}

#[test]
fn a_cost_by_time_is_settled() {
    let world = measured(10, Measured::Took { unit: Duration::from_millis(10) });
    for (millis, left) in [(0, 100), (1, 99), (10, 99), (11, 98), (500, 50)] {
        check(&world, Seen { took: Duration::from_millis(millis), ..Seen::default() }, left);
    }
}

#[test]
fn a_body_of_untold_length_is_counted_when_it_is_over() {
    let amount = Amount::Body { bytes: 1_000.try_into().unwrap(), untold: 10 };
    let cost = Cost { otherwise: amount, ..Cost::default() };
    let world = World::new(vec![Limit { cost, ..limit("bytes", "100 per minute") }]);
    for (body_bytes, left) in [(0, 99), (1_000, 99), (1_001, 98), (50_000, 50)] {
        check(&world, Seen { body_bytes, ..Seen::default() }, left);
    }
}

#[test]
fn what_is_used_on_top_is_waited_for() {
    let world = measured(1, Measured::Header(HeaderName::from_static("x-cost")));
    let headers =
        HeaderMap::from_iter([(HeaderName::from_static("x-cost"), HeaderValue::from_static("100"))]);
    let permits: Vec<_> = (0..3).map(|_| admitted(world.ask(START, "a"))).collect();
    for permit in permits {
        world.settle(START, permit, Seen { headers: Some(&headers), ..Seen::default() });
    }
    // 300 units at 100 per minute, of which 99 may be missing.
    let later = |secs| START.later(Duration::from_secs(secs));
    assert_eq!(world.burst(later(120), "a"), 0);
    assert_eq!(world.burst(later(121), "a"), 1);
}

#[test]
fn a_call_that_was_never_made_costs_nothing() {
    let world = World::new(vec![limit("one", "10 per minute"), limit("two", "20 per minute")]);
    let permits: Vec<_> = (0..10).map(|_| admitted(world.ask(START, "a"))).collect();
    assert_eq!(world.burst(START, "a"), 0);
    for permit in permits {
        ready(world.0.refund(START, permit)).unwrap();
    }
    assert_eq!(world.burst(START, "a"), 10);
}
