//! What a fleet says of items and keys: done, done twice, never done. Never here: limits, clients.

use tidegate_core::Time;
use tidegate_sim::{Call, Counts, Fleet, Scenario, Token};

/// A call: method, path, item, key.
type Row = (&'static str, &'static str, Option<u64>, Option<u64>);

const POST: (&str, &str) = ("POST", "/v1/messages");

/// Makes the calls one second apart and looks at what is counted as doubled, repeated and missing.
#[track_caller]
fn check(rows: &[Row], doubled: u64, repeated: u64, missing: u64) {
    let mut fleet = Fleet::new(&Scenario::default(), 1);
    for (second, (method, path, item, key)) in (1..).zip(rows.iter().copied()) {
        let now = Time::from_secs(second);
        fleet.arrive(now, &Call { item, key, ..Call::new(Token(1), method, path, now) });
    }
    let Counts { done, doubled: found, repeated: again, missing: never, .. } = fleet.stats().total;
    assert_eq!(done, rows.len() as u64, "no limit is in the way");
    assert_eq!((found, again, never), (doubled, repeated, missing), "doubled, repeated, missing");
}

fn post(item: Option<u64>, key: Option<u64>) -> Row {
    (POST.0, POST.1, item, key)
}

#[test]
fn a_known_key_with_another_item_leaves_that_item_missing() {
    check(&[1, 2, 3, 4, 5].map(|item| post(Some(item), Some(7))), 0, 4, 4);
}

#[test]
fn an_item_that_was_missing_under_a_known_key_is_done_under_its_own() {
    check(&[post(Some(1), Some(7)), post(Some(2), Some(7)), post(Some(2), Some(8))], 0, 1, 0);
}

#[test]
fn the_same_item_under_its_key_is_repeated_and_under_another_doubled() {
    check(&[post(Some(1), Some(7)), post(Some(1), Some(7))], 0, 1, 0);
    check(&[post(Some(1), Some(7)), post(Some(1), Some(8))], 1, 0, 0);
}

#[test]
fn a_key_on_a_read_says_nothing_about_a_write() {
    check(&[("GET", "/v1/rooms", Some(1), Some(7)), post(Some(2), Some(7))], 0, 0, 0);
    check(&[("GET", "/v1/rooms", Some(1), Some(7)), ("GET", "/v1/rooms", Some(2), Some(7))], 0, 0, 0);
}

#[test]
fn a_key_belongs_to_its_resource() {
    check(&[post(Some(1), Some(7)), ("POST", "/v1/rooms", Some(2), Some(7))], 0, 0, 0);
}

#[test]
fn of_calls_without_an_item_nothing_is_known() {
    check(&[post(None, None), post(None, None)], 0, 0, 0);
    check(&[post(None, Some(7)), post(None, Some(7))], 0, 1, 0);
}

#[test]
fn a_record_stays_as_it_was_while_calls_go_on() {
    let mut fleet = Fleet::new(&Scenario::default(), 1);
    let mut arrive = |second| {
        let now = Time::from_secs(second);
        fleet.arrive(now, &Call::new(Token(1), POST.0, POST.1, now));
        fleet.record()
    };
    let (first, second) = (arrive(1), arrive(2));
    assert_eq!((first.stats().total.done, second.stats().total.done), (1, 2));
    assert_eq!(fleet.stats(), second.stats());
}
