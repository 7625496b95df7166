//! The Gregorian calendar, counted in days from 1970-01-01. Never here: how a date is spelt.

pub(super) const SECONDS_PER_DAY: i64 = 86_400;
/// 0000-01-01T00:00:00Z, in seconds since the Unix epoch.
pub(super) const FIRST_SECOND: i64 = days_before_year(0) * SECONDS_PER_DAY;
/// 9999-12-31T23:59:59Z, in seconds since the Unix epoch.
pub(super) const LAST_SECOND: i64 = days_before_year(10_000) * SECONDS_PER_DAY - 1;

/// A day of the calendar. Ordered in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Civil {
    pub(super) year: i64,
    pub(super) month: u32,
    pub(super) day: u32,
}

impl Civil {
    /// The day's distance from 1970-01-01; `None` if the calendar has no such day.
    pub(super) fn days(self) -> Option<i64> {
        let Civil { year, month, day } = self;
        let exists = (1..=12).contains(&month) && (1..=month_length(year, month)).contains(&day);
        exists.then(|| days_before_year(year) + days_before_month(year, month) + i64::from(day) - 1)
    }

    /// The day that lies `days` after 1970-01-01.
    pub(super) fn of_days(days: i64) -> Civil {
        // 146,097 days make 400 years. The guess is off by at most one year, in either direction.
        let guess = 1970 + (days * 400).div_euclid(146_097);
        let after = |year: &i64| days_before_year(*year) <= days;
        let year = (guess - 1..=guess + 1).rev().find(after).unwrap_or(guess - 1);
        let in_year = days - days_before_year(year);
        let month = (1..=12).rev().find(|&month| days_before_month(year, month) <= in_year).unwrap_or(1);
        let day = in_year - days_before_month(year, month) + 1;
        Civil { year, month, day: day as u32 }
    }
}

/// The weekday of the day that lies `days` after 1970-01-01, a Thursday; Sunday is 0.
pub(super) fn weekday(days: i64) -> usize {
    (days + 4).rem_euclid(7) as usize
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_length(year: i64, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_before_month(year: i64, month: u32) -> i64 {
    (1..month).map(|month| i64::from(month_length(year, month))).sum()
}

/// Days from 1970-01-01 to the first day of the year.
const fn days_before_year(year: i64) -> i64 {
    let past = year - 1;
    let leaps = past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400);
    past * 365 + leaps - 719_162
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_is_day_zero_and_a_thursday() {
        assert_eq!(Civil { year: 1970, month: 1, day: 1 }.days(), Some(0));
        assert_eq!(weekday(0), 4);
        assert_eq!(weekday(-1), 3);
    }

    #[test]
    fn days_that_the_calendar_lacks_are_none() {
        for (year, month, day) in [(2023, 2, 29), (1900, 2, 29), (2024, 2, 30), (2024, 4, 31), (2024, 0, 1)] {
            assert_eq!(Civil { year, month, day }.days(), None, "{year}-{month}-{day}");
        }
        assert!(Civil { year: 2000, month: 2, day: 29 }.days().is_some());
        assert_eq!(Civil { year: 2024, month: 13, day: 1 }.days(), None);
        assert_eq!(Civil { year: 2024, month: 1, day: 0 }.days(), None);
    }

    #[test]
    fn every_day_of_a_whole_cycle_follows_the_one_before() {
        let mut before = Civil { year: 1899, month: 12, day: 31 };
        for days in days_before_year(1900)..days_before_year(2300) {
            let today = Civil::of_days(days);
            assert!(before < today, "{before:?} {today:?}");
            assert_eq!(today.days(), Some(days));
            before = today;
        }
        assert_eq!(before, Civil { year: 2299, month: 12, day: 31 });
    }

    #[test]
    fn every_year_begins_after_the_last_day_of_the_one_before() {
        for year in 0..10_000 {
            let first = days_before_year(year);
            assert_eq!(Civil::of_days(first), Civil { year, month: 1, day: 1 });
            assert_eq!(Civil::of_days(first - 1), Civil { year: year - 1, month: 12, day: 31 });
        }
    }
}
