//! What the penalty box's door costs whoever was never told to wait, waits, or is shut out. Never here: a limit, a hash.

use std::hint::black_box;
use std::time::Duration;

use tidegate::penalty::{Door, Mode, PenaltyBox, Rules, Settings};
use tidegate_core::Time;

const START: Time = Time::from_secs(100_000);

/// A keyed hash, as good as any here.
const CALLER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Has one caller in the state of this name, and asks so often whether it is let in, a microsecond after each other.
pub fn count(who: &str, asks: u64) {
    // So long that every call at the shut door is one more strike.
    let longest = Duration::from_secs(30 * 86_400);
    let settings = Settings { mode: Mode::On, longest, ..Settings::default() };
    let rules = Rules::new(settings).expect("30 days can be counted");
    let penalties = PenaltyBox::new(rules, 16_384);
    let refusals = match who {
        "shut" => 30,
        "told" => 1,
        _ => 0,
    };
    for _ in 0..refusals {
        penalties.tell(START, CALLER, START.later(Duration::from_secs(60)));
        penalties.tell(START.later(Duration::from_secs(2)), CALLER, START.later(Duration::from_secs(60)));
    }
    let begin = START.later(Duration::from_secs(2));
    let open = (0..asks).filter(|&micros| {
        let now = begin.later(Duration::from_nanos(1_000 * micros));
        match who {
            "nothing" => black_box(black_box(CALLER) != now.as_nanos()),
            _ => black_box(penalties.at_door(now, black_box(CALLER))) == Door::Open,
        }
    });
    let expected = if who == "shut" { 0 } else { asks };
    assert_eq!(open.count() as u64, expected, "{who}");
}
