//! The fleet's rules, one by one. Never here: random worlds, long stories.

use std::num::NonZeroU32;
use std::time::Duration;

use http::StatusCode;
use tidegate::fleet::{
    Basis, Check, Failure, Fleet, Outcome, Passive, Server, ServerId, Settings, SettingsError, State,
    Unpicked, Weight,
};
use tidegate_core::Time;

use crate::support::{OK, UNAVAILABLE, call, checked, ends, id, ms, settings, state, thousandths};

fn fleet(settings: Settings) -> Fleet {
    Fleet::new(settings, Time::ZERO).unwrap()
}

fn weight(thousandths: u32) -> Option<Weight> {
    Weight::from_thousandths(thousandths)
}

#[test]
fn with_nothing_known_limits_count_on_the_floor_and_calls_are_tried() {
    let unset = fleet(checked(&[1_000, 250, 2_000]));
    assert_eq!(thousandths(&unset, ms(0)), 250, "the lightest server");
    assert_eq!((unset.routing(ms(0)).servers, unset.routing(ms(0)).basis), (0, Basis::Nothing));
    assert!(unset.pick(ms(0), 0, &[]).is_ok());
    let set = fleet(Settings { floor: weight(2_500), ..checked(&[1_000, 250, 2_000]) });
    assert_eq!(thousandths(&set, ms(0)), 2_500);
    let low = fleet(Settings { ceiling: weight(100), ..checked(&[1_000]) });
    assert_eq!(thousandths(&low, ms(0)), 100, "the ceiling is above all");
}

#[test]
fn checks_bring_servers_in_and_out_and_limits_follow_at_once() {
    let fleet = fleet(Settings { ceiling: weight(3_000), ..checked(&[1_000, 500, 2_000]) });
    let start = fleet.generation(ms(0));
    for (name, sum) in [("a", 1_000), ("b", 1_500), ("c", 3_000)] {
        fleet.checked(id(&fleet, name), ms(5), Check::Passed);
        assert_eq!(thousandths(&fleet, ms(5)), sum);
    }
    assert_eq!(fleet.generation(ms(5)), start + 3);
    fleet.checked(id(&fleet, "c"), ms(6), Check::Passed);
    assert_eq!(fleet.generation(ms(6)), start + 3, "nothing new");
    for _ in 0..3 {
        fleet.checked(id(&fleet, "c"), ms(7), Check::Failed);
    }
    let routing = fleet.routing(ms(7));
    assert_eq!((routing.servers, routing.weight.as_thousandths()), (2, 1_500));
    assert_eq!((routing.generation, routing.basis), (start + 4, Basis::Checks));
}

#[test]
fn stale_checks_change_nothing_but_what_the_number_rests_on() {
    let fleet = fleet(checked(&[1_000, 1_000]));
    fleet.checked(id(&fleet, "a"), ms(1_000), Check::Passed);
    fleet.checked(id(&fleet, "b"), ms(1_000), Check::Failed);
    assert_eq!(fleet.routing(ms(10_999)).basis, Basis::Checks);
    let generation = fleet.generation(ms(10_999));
    let stale = fleet.routing(ms(11_000));
    assert_eq!((stale.servers, stale.basis), (1, Basis::StaleChecks));
    assert_eq!(stale.generation, generation + 1);
}

#[test]
fn other_servers_by_reload_count_as_what_was_last_known_until_one_is_checked() {
    let fleet = fleet(checked(&[1_000, 1_000, 1_000]));
    for name in ["a", "b"] {
        fleet.checked(id(&fleet, name), ms(1), Check::Passed);
    }
    fleet.checked(id(&fleet, "c"), ms(1), Check::Failed);
    let others = |names: &[&str]| Settings {
        servers: names.iter().map(|name| Server::new(*name)).collect(),
        ..checked(&[])
    };
    fleet.changed(others(&["x", "y", "z"]), ms(2)).unwrap();
    assert_eq!((fleet.routing(ms(2)).basis, thousandths(&fleet, ms(2))), (Basis::LastKnown, 2_000));
    fleet.changed(others(&["v"]), ms(3)).unwrap();
    assert_eq!(thousandths(&fleet, ms(3)), 1_000, "no more than there are");
    fleet.checked(id(&fleet, "v"), ms(4), Check::Passed);
    assert_eq!((fleet.routing(ms(4)).basis, thousandths(&fleet, ms(4))), (Basis::Checks, 1_000));
}

#[test]
fn a_row_of_failed_calls_ejects_and_a_passed_trial_brings_back() {
    let fleet = fleet(settings(&[1_000, 1_000]));
    for _ in 0..4 {
        ends(&fleet, "a", ms(0), UNAVAILABLE);
    }
    ends(&fleet, "a", ms(0), OK);
    for _ in 0..4 {
        ends(&fleet, "a", ms(0), Outcome::Broke);
    }
    assert_eq!(state(&fleet, "a", ms(0)), State::InRouting, "an answer ends the row");
    ends(&fleet, "a", ms(0), Outcome::TimedOut);
    assert_eq!(state(&fleet, "a", ms(0)), State::Ejected { until: ms(1_000) });
    assert_eq!(thousandths(&fleet, ms(0)), 1_000);
    assert_eq!(state(&fleet, "a", ms(1_000)), State::Trial);
    assert_eq!(thousandths(&fleet, ms(1_000)), 1_000, "a trial counts for nothing yet");
    let mut first = call(&fleet, "a", ms(1_000));
    let not_b = [id(&fleet, "b")];
    assert_eq!(fleet.pick(ms(1_000), 0, &not_b).unwrap_err(), Unpicked::Full, "one at a time");
    fleet.saw(&mut first, ms(1_100), Outcome::Refused);
    assert_eq!(state(&fleet, "a", ms(1_100)), State::Ejected { until: ms(3_100) }, "twice as long");
    ends(&fleet, "a", ms(3_100), OK);
    assert_eq!((state(&fleet, "a", ms(3_100)), thousandths(&fleet, ms(3_100))), (State::InRouting, 2_000));
}

#[test]
fn an_answer_that_breaks_off_is_a_failure_in_the_row() {
    let fleet = fleet(settings(&[1_000, 1_000]));
    for _ in 0..5 {
        let mut lease = call(&fleet, "a", ms(0));
        fleet.saw(&mut lease, ms(0), OK);
        fleet.saw(&mut lease, ms(0), Outcome::Broke);
    }
    assert_eq!(state(&fleet, "a", ms(0)), State::Ejected { until: ms(1_000) });
}

#[test]
fn answers_that_last_for_hours_end_a_row_after_a_while() {
    let fleet = fleet(settings(&[1_000, 1_000]));
    let mut streams = Vec::new();
    for second in (20..1_000).step_by(20) {
        let now = Time::from_secs(second);
        ends(&fleet, "a", now, Outcome::Refused);
        streams.push(call(&fleet, "a", now));
        fleet.saw(streams.last_mut().unwrap(), now, OK);
        assert_eq!(state(&fleet, "a", now), State::InRouting, "{second} s");
    }
    for second in 1_000..1_005 {
        ends(&fleet, "a", Time::from_secs(second), Outcome::Refused);
    }
    assert_ne!(state(&fleet, "a", Time::from_secs(1_004)), State::InRouting, "five within ten seconds");
}

#[test]
fn a_server_that_is_seldom_called_is_ejected_for_failures_however_far_apart() {
    let fleet = fleet(settings(&[1_000, 1_000]));
    ends(&fleet, "a", ms(0), OK);
    for second in (60..=300).step_by(60) {
        assert_eq!(state(&fleet, "a", Time::from_secs(second)), State::InRouting);
        ends(&fleet, "a", Time::from_secs(second), Outcome::Refused);
    }
    assert_eq!(state(&fleet, "a", Time::from_secs(300)), State::Ejected { until: Time::from_secs(301) });
}

#[test]
fn the_failures_of_one_flight_are_one_lesson() {
    let fleet = fleet(settings(&[1_000; 3]));
    let mut flight: Vec<_> = (0..50).map(|_| call(&fleet, "a", ms(0))).collect();
    for lease in &mut flight {
        fleet.saw(lease, ms(10), Outcome::Refused);
    }
    assert_eq!(state(&fleet, "a", ms(10)), State::Ejected { until: ms(1_010) });
    let mut late = flight.pop().unwrap();
    fleet.saw(&mut late, ms(1_010), Outcome::Refused);
    assert_eq!(state(&fleet, "a", ms(1_010)), State::Trial, "it tells of a time before");
}

#[test]
fn who_comes_back_by_checks_starts_a_new_row() {
    let fleet = fleet(checked(&[1_000, 1_000]));
    let [a, b] = ["a", "b"].map(|name| id(&fleet, name));
    [a, b].into_iter().for_each(|server| fleet.checked(server, ms(0), Check::Passed));
    (0..5).for_each(|_| ends(&fleet, "a", ms(0), Outcome::Broke));
    (0..2).for_each(|_| fleet.checked(a, ms(500), Check::Passed));
    assert_eq!(state(&fleet, "a", ms(999)), State::Ejected { until: ms(1_000) });
    (0..4).for_each(|_| ends(&fleet, "a", ms(1_000), Outcome::Broke));
    assert_eq!(state(&fleet, "a", ms(1_000)), State::InRouting);
}

#[test]
fn who_tells_an_earlier_time_turns_nothing_back() {
    let fleet = fleet(settings(&[1_000, 1_000]));
    (0..5).for_each(|_| ends(&fleet, "a", ms(0), Outcome::Broke));
    assert_eq!(state(&fleet, "a", ms(1_000)), State::Trial);
    fleet.changed(settings(&[1_000, 1_000]), ms(500)).unwrap();
    assert_eq!(state(&fleet, "a", ms(500)), State::Trial);
}

#[test]
fn the_last_one_in_routing_is_never_ejected_and_refusals_alone_go_beyond_the_share() {
    let provoked = fleet(settings(&[1_000; 4]));
    let refused = fleet(settings(&[1_000; 4]));
    for name in ["a", "b", "c", "d"] {
        for _ in 0..20 {
            ends_unless_out(&provoked, name, UNAVAILABLE);
            ends_unless_out(&refused, name, Outcome::Refused);
        }
    }
    assert_eq!(provoked.routing(ms(0)).servers, 2);
    assert_eq!(refused.routing(ms(0)).servers, 1);
    assert_eq!(state(&refused, "d", ms(0)), State::InRouting);
}

fn ends_unless_out(fleet: &Fleet, name: &str, outcome: Outcome) {
    if state(fleet, name, ms(0)) == State::InRouting {
        ends(fleet, name, ms(0), outcome);
    }
}

#[test]
fn with_none_in_routing_all_are_tried_but_the_freshly_dead() {
    let fleet = fleet(checked(&[1_000, 1_000]));
    fleet.checked(id(&fleet, "a"), ms(0), Check::Refused);
    fleet.checked(id(&fleet, "b"), ms(0), Check::Failed);
    for draw in [0, u64::MAX] {
        assert_eq!(fleet.pick(ms(1), draw, &[]).unwrap().name(), "b", "it answers, if badly");
    }
    ends(&fleet, "b", ms(2), Outcome::Refused);
    assert_eq!(fleet.pick(ms(3), 0, &[]).unwrap_err(), Unpicked::NoneInRouting);
    assert_eq!(thousandths(&fleet, ms(3)), 1_000, "the floor");
    assert!(fleet.pick(ms(9_999), 0, &[]).is_err());
    assert_eq!(fleet.pick(ms(10_000), 0, &[]).unwrap().name(), "a", "what is known of it is stale");
}

#[test]
fn who_asks_for_a_pause_gets_one_where_settings_say_so() {
    let busy = Outcome::Answered {
        status: StatusCode::SERVICE_UNAVAILABLE,
        retry_after: Some(Duration::from_secs(60)),
    };
    let left_in = fleet(settings(&[1_000, 1_000]));
    for _ in 0..20 {
        ends(&left_in, "a", ms(0), busy);
    }
    assert_eq!(state(&left_in, "a", ms(0)), State::InRouting);
    let rules = Passive { longest_set_aside: Some(Duration::from_secs(5)), ..Passive::default() };
    let set_aside = fleet(Settings { passive: Some(rules), ..settings(&[1_000, 1_000]) });
    ends(&set_aside, "a", ms(0), busy);
    assert_eq!(state(&set_aside, "a", ms(0)), State::Ejected { until: ms(5_000) });
    ends(&set_aside, "b", ms(0), busy);
    assert_eq!(state(&set_aside, "b", ms(0)), State::InRouting, "the last one");
}

#[test]
fn a_reload_keeps_those_whose_names_stay_and_drains_the_others() {
    let fleet = fleet(settings(&[1_000, 1_000, 1_000]));
    (0..5).for_each(|_| ends(&fleet, "a", ms(0), Outcome::Refused));
    let (on_b, mut on_c) = (call(&fleet, "b", ms(0)), call(&fleet, "c", ms(0)));
    let [a, b, c] = ["a", "b", "c"].map(|name| id(&fleet, name));
    fleet.set_at_once(b, NonZeroU32::new(7));
    fleet.changed(settings(&[1_000, 500]), ms(10)).unwrap();
    assert_eq!([id(&fleet, "a"), id(&fleet, "b")], [a, b]);
    assert_eq!(state(&fleet, "a", ms(10)), State::Ejected { until: ms(1_000) });
    assert_eq!(thousandths(&fleet, ms(10)), 500);
    let view = fleet.view(ms(10));
    assert_eq!((view[1].in_flight, view[1].at_once), (1, NonZeroU32::new(7)));
    assert_eq!((view[2].id, view[2].state, view[2].in_flight), (c, State::Draining, 1));
    assert_eq!(fleet.server("c"), None);
    fleet.changed(settings(&[1_000, 500, 1_000]), ms(10)).unwrap();
    assert_eq!((id(&fleet, "c"), fleet.view(ms(10))[2].in_flight), (c, 1), "back before its call has ended");
    fleet.changed(settings(&[1_000, 500]), ms(10)).unwrap();
    fleet.saw(&mut on_c, ms(11), OK);
    drop((on_b, on_c));
    assert_eq!(fleet.view(ms(12)).len(), 2);
    fleet.changed(settings(&[1_000, 500, 1_000]), ms(13)).unwrap();
    assert_ne!(id(&fleet, "c"), c, "it had gone");
}

#[test]
fn settings_that_can_t_be_meant_change_nothing() {
    let fleet = fleet(settings(&[1_000, 1_000]));
    let twice = Settings::new(vec![Server::new("x"), Server::new("x")]);
    assert_eq!(fleet.changed(twice, ms(1)), Err(SettingsError::SameName("x".to_owned())));
    assert_eq!(fleet.changed(settings(&[]), ms(1)), Err(SettingsError::NoServer));
    let crossed = Settings { floor: weight(2_000), ceiling: weight(1_500), ..settings(&[1_000]) };
    let error = fleet.changed(crossed, ms(1)).unwrap_err();
    assert!(error.to_string().contains("floor of 2 servers is above the ceiling of 1.5"), "{error}");
    assert_eq!((fleet.routing(ms(1)).generation, fleet.view(ms(1)).len()), (1, 2));
}

#[test]
fn judging_calls_ends_with_the_settings_and_so_do_ejections() {
    let fleet = fleet(settings(&[1_000, 1_000]));
    (0..5).for_each(|_| ends(&fleet, "a", ms(0), Outcome::Refused));
    fleet.changed(Settings { passive: None, ..settings(&[1_000, 1_000]) }, ms(1)).unwrap();
    assert_eq!(state(&fleet, "a", ms(1)), State::InRouting);
    (0..50).for_each(|_| ends(&fleet, "a", ms(2), Outcome::Refused));
    assert_eq!(state(&fleet, "a", ms(2)), State::InRouting);
    let view = &fleet.view(ms(2))[0];
    assert_eq!((view.counts.refused, view.last_failure.unwrap().what), (55, Failure::Refused));
}

#[test]
fn who_comes_is_known_before_a_call_can_meet_it() {
    let fleet = fleet(checked(&[1_000]));
    let mut met = None;
    let settings = Settings { servers: vec![Server::new("new")], active: None, ..checked(&[]) };
    let meet = |server: &dyn Fn(&str) -> Option<ServerId>| {
        met = server("new");
        assert_eq!(server("a"), None, "it has left");
        assert_eq!(fleet.pick(ms(1), 0, &[]).unwrap().name(), "a", "and is still the one that calls meet");
    };
    fleet.changed_with(settings, ms(1), meet).unwrap();
    assert_eq!(fleet.pick(ms(1), 0, &[]).map(|lease| lease.server()).ok(), met);
}
