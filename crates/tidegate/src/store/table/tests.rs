//! The table's promises, one by one. Never here: threads at once in every order, which the model checker plays.

use std::time::Duration;

use super::*;
use crate::store::Secret;
use proptest::collection::vec;
use proptest::prelude::*;
use tidegate_core::{Charge, Quota, State, carry, refund_together, step_together};

const SECOND: Duration = Duration::from_secs(1);

/// When these tests begin.
const START: Time = Time::from_secs(100_000);

fn quota(text: &str) -> Quota {
    text.parse().unwrap()
}

fn key(number: u64) -> Key {
    Secret::new([1, 2]).key(&number.to_le_bytes())
}

fn keys() -> impl Fn(u64) -> Key {
    let secret = Secret::new([3, 4]);
    move |number| secret.key(&number.to_le_bytes())
}

fn passes(table: &Table, limit: &Limit, key: Key, now: Time) -> bool {
    table.decide_one(now, limit, key, 1).admitted_at().is_some()
}

/// How many calls of a key pass at once.
fn burst(table: &Table, limit: &Limit, key: Key, now: Time) -> usize {
    (0..10_000).take_while(|_| passes(table, limit, key, now)).count()
}

fn large() -> Table {
    Table::new(Room::split(1 << 20))
}

#[test]
fn keys_and_limits_are_counted_apart() {
    let table = large();
    for text in ["5 per hour", "5 per hour, fixed", "5 per hour, log", "997 per hour, burst 5"] {
        let limits = [Limit::new(0, quota(text)), Limit::new(1, quota(text))];
        for number in 0..100 {
            for limit in &limits {
                assert_eq!(burst(&table, limit, key(number), START), 5, "{text}");
            }
        }
        for number in 0..100 {
            for limit in &limits {
                assert_eq!(burst(&table, limit, key(number), START), 0, "{text}");
                table.reset(limit, key(number));
                assert_eq!(burst(&table, limit, key(number), START), 5, "{text}, reset");
                table.reset(limit, key(number));
            }
        }
    }
    assert_eq!(table.crowded(), 0);
}

#[test]
fn random_keys_by_the_million_limit_nobody_who_is_known() {
    let (table, limit) =
        (Table::new(Room { words: 1 << 16, states: 1 << 12 }), Limit::new(0, quota("9 per hour")));
    let (bytes, key) = (table.bytes(), keys());
    for number in 0..500 {
        assert_eq!(table.decide_one(START, &limit, key(number), 4).admitted_at(), Some(START));
    }
    assert_eq!(table.crowded(), 0);
    for number in 1_000..1_000_000 {
        passes(&table, &limit, key(number), START);
    }
    assert_eq!(table.bytes(), bytes);
    assert!(table.crowded() > 900_000, "{}", table.crowded());
    for number in 0..500 {
        assert_eq!(burst(&table, &limit, key(number), START), 5, "known, and as free as before");
    }
    assert_eq!(burst(&table, &limit, key(u64::MAX), START), 0, "the new share what is left of one quota");
    // When the flood's time has passed, there is room again without anybody having swept.
    assert_eq!(burst(&table, &limit, key(u64::MAX), START.later(3_600 * SECOND)), 9);
}

#[test]
fn a_table_is_half_full_before_it_turns_the_first_key_away() {
    let (table, limit) = (Table::new(Room { words: 1 << 20, states: 1 }), Limit::new(0, quota("1 per day")));
    let key = keys();
    let slots = table.buckets.len() * bucket::SLOTS;
    let first = (0..slots as u64).find(|&number| {
        passes(&table, &limit, key(number), START);
        table.crowded() > 0
    });
    let share = first.unwrap_or(slots as u64) as f64 / slots as f64;
    assert!(share > 0.5, "{share}");
}

#[test]
fn several_claims_pass_together_or_not_at_all() {
    let table = large();
    let minute = Limit::new(0, quota("10 per minute"));
    let daily = Limit::new(1, quota("3 per day, fixed"));
    let hour = Limit::new(2, quota("997 per hour"));
    let call = |limits: [&Limit; 3]| {
        let mut claims = limits.map(|limit| Claim::new(limit, key(1), 1));
        table.decide(START, &mut claims)
    };
    for _ in 0..3 {
        assert_eq!(call([&minute, &daily, &hour]).decision.admitted_at(), Some(START));
    }
    let refused = call([&hour, &daily, &minute]);
    assert_eq!(
        (refused.decision, refused.tightest),
        (Decision::Deny { retry_at: Time::from_secs(2 * 86_400) }, 1)
    );
    assert_eq!(burst(&table, &minute, key(1), START), 7, "the refused call spent nothing");
    assert_eq!(burst(&table, &hour, key(1), START), 994);
}

#[test]
fn what_is_given_back_is_there_again() {
    let table = large();
    for text in ["4 per hour", "4 per hour, opened", "997 per hour, burst 4"] {
        let limit = Limit::new(0, quota(text));
        let mut claims = [Claim::new(&limit, key(9), 3)];
        assert!(table.decide(START, &mut claims).decision.admitted_at().is_some());
        table.refund(START, &mut claims);
        table.refund(START, &mut claims);
        assert_eq!(burst(&table, &limit, key(9), START), 4, "{text}, and given back once");
        table.reset(&limit, key(9));
    }
}

#[test]
fn a_changed_quota_finds_every_key_where_it_was() {
    let table = large();
    let slow = Limit::new(0, quota("60 per hour, burst 10"));
    for number in 0..100 {
        assert!(table.decide_one(START, &slow, key(number), 5).admitted_at().is_some());
    }
    let fast = slow.changed(quota("120 per hour, burst 20"), START).unwrap();
    let odd = fast.changed(quota("997 per hour, burst 20"), START).unwrap();
    let window = odd.changed(quota("100 per hour, opened"), START).unwrap();
    for number in 0..25 {
        assert_eq!(burst(&table, &fast, key(number), START), 10);
    }
    for number in 25..50 {
        assert_eq!(burst(&table, &odd, key(number), START), 10, "from a word to a whole state");
        assert_eq!(burst(&table, &slow, key(number), START), 0, "and back");
    }
    for number in 50..100 {
        assert_eq!(burst(&table, &window, key(number), START), 50);
    }
    assert_eq!(burst(&table, &window, key(1_000), START), 100, "a new key");
}

#[test]
fn a_refund_after_a_change_gives_the_share_back() {
    let table = large();
    let old = Limit::new(0, quota("10 per hour"));
    let mut claims = [Claim::new(&old, key(1), 5)];
    assert!(table.decide(START, &mut claims).decision.admitted_at().is_some());
    let new = old.changed(quota("100 per hour"), START).unwrap();
    assert_eq!(burst(&table, &new, key(1), START), 50);
    table.refund(START, &mut claims);
    assert_eq!(burst(&table, &new, key(1), START), 50);
}

/// Two clocks differ a little: whoever was forgotten by the later one isn't new to the earlier.
#[test]
fn a_key_that_was_forgotten_comes_back_no_earlier() {
    let (table, key) = (Table::new(Room { words: 1, states: 1 }), keys());
    let limit = Limit::new(0, quota("1 per 10 s"));
    let full = START.later(10 * SECOND);
    // One home, and all slots that it reaches.
    let slots = (REACH + 1) * bucket::SLOTS;
    let first: Vec<u64> = (0..slots as u64).collect();
    assert!(first.iter().all(|&number| passes(&table, &limit, key(number), START)));
    assert!((100..100 + slots as u64).all(|number| passes(&table, &limit, key(number), full)));
    assert_eq!(table.crowded(), 0);
    table.reset(&limit, key(100));
    let early = full.earlier(SECOND);
    assert_eq!(table.decide_one(early, &limit, key(0), 1).admitted_at(), Some(full));
}

/// What one thread sees of the table, against plain states: every quota, call by call.
#[derive(Clone, Copy, Debug)]
enum Act {
    Decide,
    Peek,
    Refund,
    Reset,
    Change(usize),
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => Just(Act::Decide), 2 => Just(Act::Peek), 3 => Just(Act::Refund), 1 => Just(Act::Reset),
        1 => (0..QUOTAS.len()).prop_map(Act::Change)
    ]
}

const QUOTAS: [&str; 8] = [
    "10 per 10 s",
    "7 per s, burst 3",
    "30 per min, burst 1",
    "997 per min, burst 7",
    "6 per 10 s, fixed",
    "6 per 10 s, opened",
    "8 per 20 s, sliding",
    "5 per 10 s, log",
];

/// A limit with plain states, as a store ought to keep them.
struct Plain {
    quota: Quota,
    states: [State; 3],
}

fn agree(acts: Vec<(Act, u64, u64, u64)>, first: [usize; 2]) -> Result<(), TestCaseError> {
    let table = large();
    let mut limits = [0, 1].map(|number| Limit::new(number as u32, quota(QUOTAS[first[number]])));
    let mut plain = first.map(|at| Plain { quota: quota(QUOTAS[at]), states: Default::default() });
    let mut now = START;
    for (act, who, cost, tenths) in acts {
        now = now.later(Duration::from_millis(100 * tenths));
        let mut claims = [Claim::new(&limits[0], key(who), cost), Claim::new(&limits[1], key(who), 1)];
        let [left, right] = &mut plain;
        let mut charges = [
            Charge::new(&left.quota, &mut left.states[who as usize], cost),
            Charge::new(&right.quota, &mut right.states[who as usize], 1),
        ];
        match act {
            Act::Decide | Act::Refund => {
                let seen = table.peek(now, &claims);
                let decided = table.decide(now, &mut claims);
                prop_assert_eq!(seen, decided);
                prop_assert_eq!(decided, step_together(&mut charges, now, Duration::ZERO));
                if matches!(act, Act::Refund) && decided.decision.admitted_at().is_some() {
                    table.refund(now, &mut claims);
                    refund_together(&mut charges, now);
                }
            }
            Act::Peek => {
                let one = table.decide_one(now, &limits[0], key(who), 0);
                prop_assert_eq!(
                    one,
                    tidegate_core::step(
                        &left.quota,
                        &mut left.states[who as usize],
                        now,
                        Ask::NOW.costing(0)
                    )
                );
            }
            Act::Reset => {
                table.reset(&limits[0], key(who));
                left.states[who as usize] = State::default();
            }
            Act::Change(at) => {
                let next = quota(QUOTAS[at]);
                limits[0] = limits[0].changed(next, now).unwrap();
                for (number, state) in left.states.iter_mut().enumerate() {
                    // Each key is carried over at its next call: let that be now.
                    table.decide_one(now, &limits[0], key(number as u64), 0);
                    *state = carry(&left.quota, state, &next, now);
                }
                left.quota = next;
            }
        }
    }
    prop_assert_eq!(table.crowded(), 0);
    Ok(())
}

proptest! {
    #[test]
    fn the_table_answers_as_plain_states_do(
        acts in vec((any_act(), 0..3u64, 0..9u64, 0..30u64), 1..60), first in [0..8usize, 0..8usize],
    ) {
        agree(acts, first)?;
    }
}

/// Real threads, on real caches: what passes is what one thread would have let pass.
#[test]
fn threads_together_admit_no_more_than_the_burst() {
    let (table, key) = (Table::new(Room { words: 1 << 12, states: 1 << 16 }), keys());
    let limits = ["50 per day", "50 per day, fixed", "997 per day, burst 50"].map(quota);
    let limits: Vec<Limit> = (0..).zip(limits).map(|(number, quota)| Limit::new(number, quota)).collect();
    let passed: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|turn| {
                let (table, limits, key) = (&table, &limits, &key);
                scope.spawn(move || {
                    let mut passed = 0;
                    for call in 0..4_000u64 {
                        let who = key(call % 20);
                        let (one, other) = ((call + turn) as usize % 3, (call + turn + 1) as usize % 3);
                        let mut claims = [one, other].map(|at| Claim::new(&limits[at], who, 1));
                        passed +=
                            u64::from(table.decide(START, &mut claims).decision.admitted_at().is_some());
                    }
                    passed
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    // Each call takes two units of the 150 that a key has.
    assert!(passed <= 20 * 75, "{passed}");
    let left: usize = (0..20)
        .map(|who| limits.iter().map(|limit| burst(&table, limit, key(who), START)).sum::<usize>())
        .sum();
    assert_eq!(table.crowded(), 0);
    assert_eq!(2 * passed as usize + left, 20 * 150, "nothing lost, nothing doubled");
}

/// What a call under `old` leaves, when it is settled at `used` after the limit changed to `new`.
#[track_caller]
fn check_settled(old: &str, reserved: u64, used: u64, new: &str, left: usize) {
    let table = large();
    let limit = Limit::new(0, quota(old));
    let mut claims = [Claim::new(&limit, key(1), reserved)];
    table.decide(START, &mut claims);
    let changed = limit.changed(quota(new), START).unwrap();
    // Seen once under the new quota, so that its state is carried over.
    table.decide_one(START, &changed, key(1), 0);
    table.settle(START, &mut claims[0], used);
    assert_eq!(burst(&table, &changed, key(1), START), left, "{reserved}, {used} of {old} in {new}");
    table.settle(START, &mut claims[0], 0);
    assert_eq!(burst(&table, &changed, key(1), START), 0, "settled once");
}

#[test]
fn a_call_is_settled_at_what_it_turned_out_to_cost() {
    for shape in ["", ", fixed", ", log", ", sliding"] {
        let ten = format!("10 per hour{shape}");
        check_settled(&ten, 1, 4, &ten, 6);
        check_settled(&ten, 5, 2, &ten, 8);
        check_settled(&ten, 5, 5, &ten, 5);
        check_settled(&ten, 5, 0, &ten, 10);
    }
    check_settled("997 per hour, burst 10", 2, 7, "997 per hour, burst 10", 3);
    check_settled("10 per hour", 4, 2, "20 per hour", 16);
    check_settled("10 per hour", 4, 7, "20 per hour", 9);
}

#[test]
fn what_a_forgotten_key_owes_is_found_again() {
    let (table, limit) = (large(), Limit::new(0, quota("1 per second, burst 10")));
    let mut claims = [Claim::new(&limit, key(1), 1)];
    table.decide(START, &mut claims);
    let later = START.later(SECOND * 4);
    table.settle(later, &mut claims[0], 9);
    assert_eq!(burst(&table, &limit, key(1), later), 5);
}
