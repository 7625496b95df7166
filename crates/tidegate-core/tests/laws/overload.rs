//! What holds of a server's learned limit, whatever happens. Never here: how good it is, which played worlds show.

use std::time::Duration;

use proptest::prelude::*;
use tidegate_core::Time;
use tidegate_core::overload::{Bounds, Capacity, Heard, Kind};

#[derive(Clone, Copy, Debug)]
enum Event {
    Began,
    Well { kind: u64, took_us: u64 },
    Failed,
    Ended,
    Refused,
}

fn any_event() -> impl Strategy<Value = Event> {
    let well = (0..20u64, prop_oneof![1..100_000u64, any::<u64>()]);
    prop_oneof![
        3 => Just(Event::Began),
        3 => well.prop_map(|(kind, took_us)| Event::Well { kind, took_us }),
        1 => Just(Event::Failed),
        3 => Just(Event::Ended),
        1 => Just(Event::Refused),
    ]
}

/// Bounds in any order.
fn any_bounds() -> impl Strategy<Value = Bounds> {
    (0..50u32, 0..5_000u32, any::<u32>()).prop_map(|(floor, ceiling, start)| Bounds { floor, ceiling, start })
}

fn happens(capacity: &mut Capacity, now: Time, event: Event) {
    match event {
        Event::Began => capacity.began(now),
        Event::Well { kind, took_us } => {
            capacity.heard(now, Heard::Well { kind: Kind(kind), took: Duration::from_micros(took_us) });
        }
        Event::Failed => capacity.heard(now, Heard::Failed),
        Event::Ended => capacity.ended(),
        Event::Refused => capacity.refused(),
    }
}

proptest! {
    #[test]
    fn the_limit_stays_between_the_bounds_and_is_never_none(
        bounds in any_bounds(),
        events in proptest::collection::vec((any_event(), 0..300u64), 0..400),
    ) {
        let mut capacity = Capacity::new(bounds);
        let mut now = Time::ZERO;
        for (event, pause_ms) in events {
            now = now.later(Duration::from_millis(pause_ms));
            happens(&mut capacity, now, event);
            let known = capacity.known();
            prop_assert!((1..=bounds.ceiling.max(bounds.floor).max(1)).contains(&known.limit), "{:?}", known);
            prop_assert!(known.probing || known.limit >= bounds.floor, "{:?}", known);
            prop_assert!(known.slowness.is_finite() && known.slowness >= 0.0, "{:?}", known);
            prop_assert!((0.0..=1.0).contains(&known.failing), "{:?}", known);
        }
    }

    #[test]
    fn a_limit_that_nobody_needs_is_left_alone(
        calls in proptest::collection::vec((0..20u64, any::<u64>(), 0..5_000u64), 0..400),
    ) {
        let mut capacity = Capacity::new(Bounds::default());
        let mut now = Time::ZERO;
        for (kind, took_us, pause_ms) in calls {
            now = now.later(Duration::from_millis(pause_ms));
            capacity.began(now);
            happens(&mut capacity, now, Event::Well { kind, took_us });
            capacity.ended();
            prop_assert_eq!(capacity.limit(), Bounds::default().start);
        }
    }
}

#[test]
fn a_server_of_which_nothing_is_heard_any_more_leaves_its_probe() {
    let mut capacity = Capacity::new(Bounds::default());
    let mut now = Time::ZERO;
    while !capacity.known().probing {
        now = now.later(Duration::from_millis(10));
        capacity.began(now);
        capacity.refused();
        happens(&mut capacity, now, Event::Failed);
        capacity.ended();
    }
    for _ in 0..10 {
        now = now.later(Duration::from_secs(5));
        capacity.began(now);
    }
    assert!(!capacity.known().probing);
}
