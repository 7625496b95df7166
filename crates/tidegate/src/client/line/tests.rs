//! The laws of a line: order, places kept, bounds found, nothing left. Never here: the order between callers alone.

use super::*;
use crate::client::settings::{Caller, Priority};
use std::sync::Arc;
use std::task::Wake;

struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

fn bounds(deadline: Option<u64>, max_wait: u64) -> Bounds {
    let (deadline, max_wait) = (deadline.map(Time::from_secs), Duration::from_secs(max_wait));
    Bounds { deadline, max_wait, given_up_on: Basis::Estimated }
}

fn ticket(number: Number, bounds: Bounds) -> Ticket {
    Ticket { number, whose: Whose::default(), bounds, came: Time::from_secs(number), went: None }
}

fn of(number: Number, caller: u64, priority: Priority) -> Ticket {
    let whose = Whose { caller: Caller(caller), priority };
    Ticket { whose, ..ticket(number, bounds(None, 9)) }
}

fn line(of: impl IntoIterator<Item = Ticket>) -> Line {
    let mut line = Line::default();
    for ticket in of {
        line.join(ticket);
        line.sleeps(ticket.number, &Arc::new(Nobody).into());
    }
    line
}

fn outlook(told: u64, until: u64, pace: Option<f64>) -> Outlook {
    let [now, told, until] = [10, told, until].map(Time::from_secs);
    Outlook { now, told, until, pace }
}

#[test]
fn of_one_caller_the_first_that_came_is_the_head() {
    let mut line = line([3, 1, 2].map(|number| ticket(number, bounds(None, 9))));
    assert_eq!(line.head(), Some(1));
    line.leave(1);
    assert_eq!(line.head(), Some(2));
    line.join(ticket(1, bounds(None, 9)));
    assert_eq!(line.head(), Some(1), "with its number comes its place");
    assert!(line.wake_head().is_none(), "who just joined doesn't sleep yet");
}

#[test]
fn who_went_comes_back_before_all_that_were_behind_it() {
    let mut tickets = [
        of(1, 1, Priority::Low),
        of(2, 2, Priority::High),
        of(3, 1, Priority::High),
        of(4, 2, Priority::Low),
    ];
    let mut line = line(tickets);
    let mut order = Vec::new();
    for _ in 0..3 {
        let head = line.head().unwrap();
        tickets[head as usize - 1].went = line.go(head);
        order.push(head);
    }
    line.join(of(5, 3, Priority::High));
    // They come back in any order.
    for &number in order.iter().rev() {
        line.join(tickets[number as usize - 1]);
    }
    for number in order {
        assert_eq!(line.head(), Some(number));
        assert_eq!(line.go(number), tickets[number as usize - 1].went, "it is counted once");
    }
    assert_eq!(line.len(), 2);
}

#[test]
fn the_overdue_are_found_by_either_bound_and_once() {
    let mut line = line([
        ticket(1, bounds(Some(15), 100)),
        ticket(2, bounds(Some(25), 100)),
        ticket(3, bounds(None, 5)),
    ]);
    let outlook = outlook(20, 20, None);
    assert_eq!(line.wake_overdue(&outlook).len(), 2);
    assert_eq!(line.wake_overdue(&outlook).len(), 0);
}

#[test]
fn the_late_are_found_by_their_own_turns_and_once() {
    let mut line = line((1..=100).map(|number| ticket(number, bounds(Some(30), 100))));
    let outlook = outlook(20, 20, Some(2.0));
    // Ten seconds are left. At four a second, twice the pace, 40 go before number 41.
    assert_eq!(line.wake_late(&outlook).len(), 59);
    assert_eq!(line.wake_late(&outlook).len(), 0);
    assert_eq!(line.late(41), None);
    assert_eq!(line.late(42), Some(Time::from_nanos(40_500_000_000)), "and at the pace itself it comes then");
    (1..42).for_each(|number| line.leave(number));
    assert_eq!(line.late(42), None, "the head's turn has come");
}

#[test]
fn who_comes_is_judged_by_those_before_it_alone() {
    let mut line = line((1..=50).map(|number| of(number, 1, Priority::Low)));
    let outlook = outlook(20, 20, Some(1.0));
    let new =
        |number, caller, priority| Ticket { bounds: bounds(Some(22), 100), ..of(number, caller, priority) };
    line.join_new(new(51, 1, Priority::Low), &outlook);
    line.join_new(new(52, 2, Priority::Low), &outlook);
    line.join_new(new(53, 1, Priority::High), &outlook);
    assert!(line.late(51).is_some(), "behind its caller's others");
    assert!(line.late(52).is_none(), "another caller's");
    assert!(line.late(53).is_none(), "an urgent one");
    assert_eq!(line.ahead(53), 0);
    let sure = Bounds { given_up_on: Basis::Told, ..bounds(Some(22), 100) };
    line.join_new(Ticket { bounds: sure, ..of(54, 1, Priority::Low) }, &outlook);
    assert!(line.late(54).is_none(), "one that isn't given up on an estimate");
}

#[test]
fn what_there_is_to_see_of_it_counts_everybody_once() {
    let mut line = line([of(1, 1, Priority::Low), of(2, 1, Priority::High), of(3, 2, Priority::Low)]);
    assert_eq!((line.len(), line.callers(), line.oldest()), (3, 2, Some(Time::from_secs(1))));
    let went = line.go(2);
    line.leave(1);
    assert_eq!((line.len(), line.callers(), line.oldest()), (1, 1, Some(Time::from_secs(3))));
    line.join(Ticket { went, ..of(2, 1, Priority::High) });
    assert_eq!((line.callers(), line.oldest()), (2, Some(Time::from_secs(2))));
}

#[test]
fn who_left_leaves_no_trace() {
    let mut line = line([of(1, 1, Priority::Low), of(2, 2, Priority::High), ticket(3, bounds(Some(15), 5))]);
    let went = line.go(2);
    line.join(Ticket { went, ..of(2, 2, Priority::High) });
    for number in [2, 3, 1, 1] {
        line.leave(number);
    }
    assert!(line.waiting.is_empty() && line.returned.is_empty());
    assert!(line.by_deadline.is_empty() && line.by_max_wait.is_empty());
    assert!(line.lanes.is_bare());
}

#[test]
fn a_place_in_the_line_takes_less_than_a_kilobyte() {
    // A node of a map is half full at the worst; each place is in so many maps.
    let entries = size_of::<(Number, Waiter)>()
        + size_of::<(Time, Number)>()
        + size_of::<(Duration, Number)>()
        + lanes::MOST_BYTES;
    assert!(2 * entries < 1024, "{} bytes", 2 * entries);
}
