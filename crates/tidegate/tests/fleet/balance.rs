//! How calls spread over servers, over many seeded draws. Never here: health.

use std::collections::HashMap;

use tidegate::fleet::{Fleet, Lease, ServerId};
use tidegate_core::Time;

use crate::support::{Draws, OK, UNAVAILABLE, id, ms, settings};

/// Each server's share of what was counted must be within so many percent of its share of the weights.
#[track_caller]
fn check(fleet: &Fleet, weights: &[u32], counted: &HashMap<ServerId, u64>, percent: f64) {
    let (all, total): (u64, u32) = (counted.values().sum(), weights.iter().sum());
    for (name, weight) in ('a'..).zip(weights) {
        let got = counted[&id(fleet, &name.to_string())] as f64 / all as f64;
        let due = f64::from(*weight) / f64::from(total);
        assert!((got / due - 1.0).abs() < percent / 100.0, "{name} got {got:.4}, due {due:.4}");
    }
}

#[test]
fn calls_one_after_another_go_by_weight() {
    for weights in [&[1_000, 1_000, 1_000][..], &[1_000, 500, 2_000, 250], &[100, 900], &[3, 5, 7, 11, 13]] {
        let fleet = Fleet::new(settings(weights), Time::ZERO).unwrap();
        let (mut draws, mut counted) = (Draws(7), HashMap::new());
        for _ in 0..200_000 {
            let lease = fleet.pick(Time::ZERO, draws.next(), &[]).unwrap();
            *counted.entry(lease.server()).or_default() += 1;
        }
        check(&fleet, weights, &counted, 3.0);
    }
}

#[test]
fn calls_at_once_fill_servers_by_weight() {
    let weights = [1_000, 500, 2_000, 4_000];
    let fleet = Fleet::new(settings(&weights), Time::ZERO).unwrap();
    let (mut draws, mut held) = (Draws(11), Vec::<Lease>::new());
    let mut counted: HashMap<ServerId, u64> = HashMap::new();
    for turn in 0..50_000 {
        held.push(fleet.pick(Time::ZERO, draws.next(), &[]).unwrap());
        if held.len() > 1_500 {
            let gone = draws.below(held.len() as u64);
            held.swap_remove(gone as usize);
        }
        if turn >= 10_000 && turn % 100 == 0 {
            for server in fleet.view(Time::ZERO) {
                *counted.entry(server.id).or_default() += u64::from(server.in_flight);
            }
        }
    }
    check(&fleet, &weights, &counted, 3.0);
}

#[test]
fn a_slow_server_gets_fewer_calls() {
    let fleet = Fleet::new(settings(&[1_000, 1_000, 1_000]), Time::ZERO).unwrap();
    let slow = id(&fleet, "a");
    let (mut draws, mut running, mut calls) = (Draws(3), Vec::<(u64, Lease)>::new(), 0);
    for now in 0..20_000u64 {
        running.retain(|(ends, _)| *ends > now);
        let lease = fleet.pick(ms(now), draws.next(), &[]).unwrap();
        calls += u32::from(lease.server() == slow);
        let lasts = if lease.server() == slow { 100 } else { 10 };
        running.push((now + lasts, lease));
    }
    // A third of them would be 6,667, and 100 in flight rather than the others' 5.
    assert!((400..3_000).contains(&calls), "{calls}");
}

#[test]
fn a_server_that_fails_at_once_draws_no_calls_while_it_can_t_be_ejected() {
    // Three failing of four: half of them, two, may be ejected for what callers can provoke.
    let fleet = Fleet::new(settings(&[1_000; 4]), Time::ZERO).unwrap();
    let well = id(&fleet, "d");
    let (mut draws, mut running, mut failed) = (Draws(5), Vec::<(u64, Lease)>::new(), 0);
    for now in 0..20_000u64 {
        running.retain(|(ends, _)| *ends > now);
        let mut lease = fleet.pick(ms(now), draws.next(), &[]).unwrap();
        if lease.server() == well {
            fleet.saw(&mut lease, ms(now), OK);
            running.push((now + 20, lease));
        } else {
            fleet.saw(&mut lease, ms(now), UNAVAILABLE);
            failed += 1;
        }
    }
    assert!((100..2_000).contains(&failed), "{failed} of 20,000 failed");
}
