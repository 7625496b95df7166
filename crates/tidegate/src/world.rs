//! What is asked of the world: what time it is, a wait, a draw. Never here: anything else, and nowhere else these.

#[cfg(feature = "client")]
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
#[cfg(feature = "client")]
use std::pin::pin;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tidegate_core::Time;
use tokio::time::{Instant, Sleep};

/// What the process's first reading of the clock is called. Not zero, because a runtime with a paused clock of
/// its own may lie a little behind the runtime that read first.
const FIRST: Time = Time::from_secs(86_400);

/// As far ahead as a timer is set: tokio's own limit is of this order.
const FAR: Duration = Duration::from_secs(30 * 365 * 86_400);

/// The instant at which the clock was first read.
fn first() -> Instant {
    static FIRST_READING: OnceLock<Instant> = OnceLock::new();
    *FIRST_READING.get_or_init(instant)
}

#[expect(clippy::disallowed_methods, reason = "this is the edge: everybody else is given the time")]
fn instant() -> Instant {
    Instant::now()
}

/// What time it is, on tokio's clock: steady, and paused where tokio's is. The epoch is the process's own.
pub fn now() -> Time {
    let (first, instant) = (first(), instant());
    match instant.checked_duration_since(first) {
        Some(since) => FIRST.later(since),
        None => FIRST.earlier(first.duration_since(instant)),
    }
}

/// What time it is since the Unix epoch, by a clock that may jump. For dates only, never for waits.
#[expect(clippy::disallowed_methods, reason = "this is the edge: everybody else is given the time")]
pub fn wall_clock() -> Time {
    Time::ZERO.later(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// 64 random bits, fit for jitter and not for secrets.
#[expect(clippy::disallowed_methods, reason = "this is the edge: everybody else is given the draw")]
pub fn draw() -> u64 {
    RandomState::new().hash_one(0)
}

/// 128 random bits for a table's [`Secret`](crate::store::Secret): as hard to guess as those of the standard library's
/// own maps.
#[cfg(feature = "server")]
pub fn secret_bits() -> [u64; 2] {
    [draw(), draw()]
}

/// 128 random bits that nobody outside can know, for the keys of hashes: drawn of their own, so that no draw that
/// shows anywhere tells of them.
#[expect(clippy::disallowed_methods, reason = "this is the edge: everybody else is given the draw")]
pub fn secret() -> [u64; 2] {
    [RandomState::new().hash_one("shared"), RandomState::new().hash_one("own")]
}

/// Waits until `at`, never less; at once if that has passed.
///
/// # Panics
///
/// Outside a tokio runtime with its timer on.
pub async fn sleep_until(at: Time) {
    while now() < at {
        timer(at).await;
    }
}

/// A timer that rings at `at`, or in 30 years if that is sooner: who waits for it looks at the clock again.
pub(crate) fn timer(at: Time) -> Sleep {
    let wait = at.since(now()).min(FAR);
    tokio::time::sleep_until(instant() + wait)
}

/// What `work` comes to, or `None` once the deadline passes before.
#[cfg(feature = "client")]
pub(crate) async fn by<F: Future>(deadline: Option<Time>, work: F) -> Option<F::Output> {
    let Some(deadline) = deadline else { return Some(work.await) };
    let mut work = pin!(work);
    let mut late = pin!(sleep_until(deadline));
    std::future::poll_fn(|cx| match work.as_mut().poll(cx) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending => late.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// A hash under a key that this process drew: equal for equal texts, and nothing to be read back from.
#[cfg(feature = "client")]
pub(crate) fn keyed_hash(text: &[u8]) -> u64 {
    static KEY: OnceLock<RandomState> = OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "this is the edge: the key is drawn once")]
    KEY.get_or_init(RandomState::new).hash_one(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_sleep_ends_at_its_instant_and_not_before() {
        let at = now().later(Duration::from_micros(1500));
        sleep_until(at).await;
        assert!(now() >= at);
        assert!(now().since(at) <= Duration::from_millis(1));
    }

    #[cfg(feature = "client")]
    #[tokio::test(start_paused = true)]
    async fn work_that_never_ends_is_left_at_the_deadline() {
        let start = now();
        let deadline = start.later(Duration::from_secs(5));
        assert_eq!(by(Some(deadline), std::future::pending::<()>()).await, None);
        assert_eq!(now(), deadline);
        assert_eq!(by(Some(deadline), async { 7 }).await, Some(7), "done is done, even late");
    }

    #[test]
    fn the_wall_clock_is_of_this_age() {
        assert!(wall_clock() > Time::from_secs(1_700_000_000));
    }
}
