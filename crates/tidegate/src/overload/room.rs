//! How much room each class, cost and key finds: a pure decision. Never here: an atomic, a count of its own.

use super::{Asking, Class};

/// What a refused call found no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Calls of its class and cost.
    Full,
    /// More calls of its key.
    Greedy,
}

/// What a class may use.
struct Share {
    /// How much of the limit its cheapest calls may fill, in thousandths.
    cheap: u64,
    /// The same for its dearest.
    dear: u64,
    /// How many times the room that is left one key may have.
    of_room: u64,
}

const fn share(class: Class) -> Share {
    match class {
        Class::Critical => Share { cheap: 1000, dear: 850, of_room: 4 },
        Class::Normal => Share { cheap: 700, dear: 600, of_room: 2 },
        Class::Sheddable => Share { cheap: 550, dear: 450, of_room: 2 },
    }
}

/// A call is as dear as can be from a cost of 2 to this power.
const DEAREST: u64 = 4;

/// What stands against a call, whose key has `held` others in flight.
pub(super) fn cause_to_refuse(asking: &Asking, held: u32) -> Option<Cause> {
    let share = share(asking.class);
    let dear = u64::from(asking.cost.max(1).ilog2()).min(DEAREST);
    let ceiling = share.cheap - (share.cheap - share.dear) * dear / DEAREST;
    let in_flight = 1000 * u64::from(asking.in_flight);
    let room = (u64::from(asking.limit) * ceiling).saturating_sub(in_flight);
    if room == 0 {
        Some(Cause::Full)
    } else if 1000 * u64::from(held) > share.of_room * room {
        Some(Cause::Greedy)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::store::Secret;

    use super::*;

    /// How many calls of a class and cost fit a limit of 1000, when everybody has one.
    #[track_caller]
    fn check_fits(class: Class, cost: u64, fits: u32) {
        let key = Secret::new([1, 2]).key(b"somebody");
        let refused = |in_flight: &u32| {
            let asking = Asking { key, class, cost, in_flight: *in_flight, limit: 1000 };
            cause_to_refuse(&asking, 0).is_some()
        };
        assert_eq!((0..2000).find(refused), Some(fits));
    }

    #[test]
    fn what_matters_finds_more_room_and_in_a_class_what_is_cheap() {
        check_fits(Class::Critical, 1, 1000);
        check_fits(Class::Critical, 16, 850);
        check_fits(Class::Normal, 0, 700);
        check_fits(Class::Normal, 1, 700);
        check_fits(Class::Normal, 2, 675);
        check_fits(Class::Normal, 16, 600);
        check_fits(Class::Normal, u64::MAX, 600);
        check_fits(Class::Sheddable, 1, 550);
        check_fits(Class::Sheddable, 1000, 450);
    }

    /// What each of so many keys gets that all want more.
    #[track_caller]
    fn check_each(keys: u32, class: Class, each: u32) {
        let key = Secret::new([1, 2]).key(b"somebody");
        let passes = |held: u32| {
            let asking = Asking { key, class, cost: 1, in_flight: held * keys, limit: 1000 };
            cause_to_refuse(&asking, held).is_none()
        };
        assert_eq!((0..2000).find(|held| !passes(*held)), Some(each));
    }

    #[test]
    fn keys_that_all_want_more_get_as_much_as_each_other_and_leave_room() {
        check_each(1, Class::Normal, 467);
        check_each(2, Class::Normal, 281);
        check_each(10, Class::Normal, 67);
        check_each(1, Class::Critical, 801);
    }
}
