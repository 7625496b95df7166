//! The laws of turns: fair, in order, nobody starves, foretold as they come. Never here: refusals, deadlines.

use super::*;
use proptest::prelude::*;

const PRIORITIES: [Priority; 3] = [Priority::High, Priority::Normal, Priority::Low];

fn whose(caller: u64, priority: Priority) -> Whose {
    Whose { caller: Caller(caller), priority }
}

/// Lanes, and whose the requests in them are.
#[derive(Default)]
struct Played {
    lanes: Lanes,
    waiting: BTreeMap<Number, Whose>,
    next: Number,
}

impl Played {
    fn join(&mut self, whose: Whose) -> Number {
        let number = self.next;
        self.next += 1;
        self.lanes.join(number, whose);
        self.waiting.insert(number, whose);
        number
    }

    fn go(&mut self) -> Option<(Number, Whose)> {
        let number = self.lanes.head()?;
        let whose = self.waiting.remove(&number).unwrap();
        self.lanes.went(number, whose);
        Some((number, whose))
    }

    fn leave(&mut self, number: Number) {
        if let Some(whose) = self.waiting.remove(&number) {
            self.lanes.leave(number, whose);
        }
    }
}

/// Jain's index: 1 for equal shares, 1/n if one has all.
fn jain(shares: &[f64]) -> f64 {
    let sum: f64 = shares.iter().sum();
    sum * sum / (shares.len() as f64 * shares.iter().map(|share| share * share).sum::<f64>())
}

#[test]
fn ten_callers_of_very_unequal_loads_get_equal_shares_of_any_window_while_all_wait() {
    let mut played = Played::default();
    // The first has 400 waiting before the others come, and brings ten new ones at each of its turns.
    (0..400).for_each(|_| {
        played.join(whose(0, Priority::Normal));
    });
    for caller in 1..10 {
        (0..=caller).for_each(|_| {
            played.join(whose(caller, Priority::Normal));
        });
    }
    let mut turns = Vec::new();
    while turns.len() < 2000 {
        let (_, gone) = played.go().unwrap();
        turns.push(gone.caller.0 as usize);
        let brings = if gone.caller.0 == 0 { 10 } else { 1 };
        (0..brings).for_each(|_| {
            played.join(gone);
        });
    }
    for window in turns.windows(200) {
        let mut shares = [0.0; 10];
        window.iter().for_each(|&caller| shares[caller] += 1.0);
        assert!(jain(&shares) >= 0.99, "{shares:?}");
    }
}

#[test]
fn priorities_share_as_their_weights_say_and_the_urgent_begin() {
    let mut played = Played::default();
    for priority in [Priority::Low, Priority::Normal, Priority::High] {
        (0..1000).for_each(|_| {
            played.join(whose(1, priority));
        });
    }
    let order: Vec<Priority> = (0..210).map(|_| played.go().unwrap().1.priority).collect();
    let count = |wanted| order.iter().filter(|&&priority| priority == wanted).count();
    assert_eq!([count(Priority::High), count(Priority::Normal), count(Priority::Low)], [160, 40, 10]);
    assert_eq!(order[..3], [Priority::High; 3]);
}

#[test]
fn an_urgent_request_lets_at_most_one_of_each_other_priority_go_first() {
    for gone in 0..100 {
        let mut played = Played::default();
        for priority in [Priority::Low, Priority::Normal] {
            (0..200).for_each(|_| {
                played.join(whose(1, priority));
            });
        }
        (0..gone).for_each(|_| {
            played.go();
        });
        let urgent = played.join(whose(2, Priority::High));
        let before = std::iter::from_fn(|| played.go()).take_while(|(number, _)| *number != urgent);
        let before: Vec<Priority> = before.map(|(_, whose)| whose.priority).collect();
        let is_twice = before.len() == 2 && before[0] == before[1];
        assert!(before.len() <= 2 && !is_twice, "{before:?} after {gone}");
    }
}

#[test]
fn a_low_request_goes_within_the_share_of_its_priority_whatever_comes() {
    let mut played = Played::default();
    let low: Vec<Number> = (0..5).map(|_| played.join(whose(7, Priority::Low))).collect();
    let mut turns = 0;
    for wanted in low {
        loop {
            // Urgent ones of ever new callers come faster than anything can go.
            (0..3).for_each(|_| {
                played.join(whose(1000 + played.next, Priority::High));
            });
            played.join(whose(1000 + played.next, Priority::Normal));
            turns += 1;
            if played.go().unwrap().0 == wanted {
                break;
            }
        }
    }
    assert!(turns <= 5 * 21 + 2, "{turns} turns for five, when one of 21 is low");
}

#[test]
fn in_one_priority_turns_come_exactly_as_foretold() {
    let mut played = Played::default();
    for number in 0..300u64 {
        played.join(whose(number * number % 7 + number % 3, Priority::Normal));
        if number % 5 == 0 {
            played.go();
        }
    }
    let mut foretold = BTreeMap::new();
    played.lanes.each_ahead(|number, ahead| {
        foretold.insert(number, ahead);
    });
    assert_eq!(foretold.len(), played.waiting.len());
    for (number, whose) in &played.waiting {
        assert!(played.lanes.ahead(*number, *whose) <= foretold[number], "at the least");
    }
    for turn in 0.. {
        let Some((number, _)) = played.go() else { break };
        assert_eq!(foretold[&number], turn);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Join(Whose),
    Go,
    /// The one of these that waits, counted from the oldest, hangs up.
    Leave(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let whose = (0..4u64, 0..3usize).prop_map(|(caller, priority)| whose(caller, PRIORITIES[priority]));
    let step = prop_oneof![
        3 => whose.prop_map(Step::Join),
        2 => Just(Step::Go),
        1 => (0..40usize).prop_map(Step::Leave),
    ];
    prop::collection::vec(step, 0..300)
}

proptest! {
    #[test]
    fn each_caller_goes_in_order_and_nothing_is_lost_or_left(steps in steps()) {
        let mut played = Played::default();
        let mut last: BTreeMap<(u64, usize), Number> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Join(whose) => { played.join(whose); }
                Step::Leave(at) => {
                    let number = played.waiting.keys().nth(at).copied();
                    number.into_iter().for_each(|number| played.leave(number));
                }
                Step::Go => {
                    let waiting = played.waiting.len();
                    let went = played.go();
                    prop_assert_eq!(went.is_some(), waiting > 0, "somebody goes if anybody waits");
                    let Some((number, whose)) = went else { continue };
                    let before = last.insert((whose.caller.0, whose.priority as usize), number);
                    prop_assert!(before < Some(number), "in the order of arrival");
                }
            }
            let callers: BTreeSet<u64> = played.waiting.values().map(|whose| whose.caller.0).collect();
            prop_assert_eq!(played.lanes.callers(), callers.len());
        }
        // All that is foretold of the rest comes within a turn of each other priority.
        let mut foretold = Vec::new();
        played.lanes.each_ahead(|number, ahead| foretold.push((number, ahead)));
        let foretold: BTreeMap<Number, u64> = foretold.into_iter().collect();
        for turn in 0.. {
            let Some((number, _)) = played.go() else { break };
            prop_assert!(foretold[&number].abs_diff(turn) <= 2, "{} instead of {}", turn, foretold[&number]);
        }
        prop_assert!(played.waiting.is_empty() && played.lanes.is_bare());
    }
}
