//! What is counted: atomics alone, no lock, no label. Never here: what of, how counts are shown.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;

/// The classes of a status, in the order in which they are counted.
pub(crate) const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn one(&self) {
        self.add(1);
    }

    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// From now on something else is counted.
    pub(crate) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// Counts by the class of a status: 1xx to 5xx.
#[derive(Debug, Default)]
pub(crate) struct Classes([Count; CLASSES.len()]);

impl Classes {
    pub(crate) fn one(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        self.0[class].one();
    }

    pub(crate) fn now(&self) -> [u64; CLASSES.len()] {
        std::array::from_fn(|class| self.0[class].now())
    }
}

/// How long something took, by buckets with these upper ends, in seconds, and one without an end behind them.
#[derive(Debug)]
pub(crate) struct Histogram<const N: usize> {
    ends_seconds: &'static [f64; N],
    buckets: [Count; N],
    beyond: Count,
    sum_micros: Count,
}

/// A [`Histogram`] at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spans {
    /// The sum of all, in seconds.
    pub(crate) sum_seconds: f64,
    /// Each bucket's upper end in seconds, and how many are in it; the last one's is infinite.
    pub(crate) buckets: Vec<(f64, u64)>,
}

impl<const N: usize> Histogram<N> {
    pub(crate) fn new(ends_seconds: &'static [f64; N]) -> Histogram<N> {
        let buckets = std::array::from_fn(|_| Count::default());
        Histogram { ends_seconds, buckets, beyond: Count::default(), sum_micros: Count::default() }
    }

    pub(crate) fn add(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = self.ends_seconds.iter().position(|end| seconds <= *end);
        bucket.map_or(&self.beyond, |bucket| &self.buckets[bucket]).one();
        self.sum_micros.add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    pub(crate) fn now(&self) -> Spans {
        let ends = self.ends_seconds.iter().copied().chain([f64::INFINITY]);
        let counts = self.buckets.iter().chain([&self.beyond]).map(Count::now);
        Spans { sum_seconds: self.sum_micros.now() as f64 / 1e6, buckets: ends.zip(counts).collect() }
    }

    /// From now on something else is counted.
    pub(crate) fn clear(&self) {
        self.buckets.iter().chain([&self.beyond, &self.sum_micros]).for_each(Count::clear);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(took: Duration, bucket: usize) {
        let histogram = Histogram::new(&[0.001, 0.5, 30.0]);
        histogram.add(took);
        let spans = histogram.now();
        assert_eq!(spans.buckets.iter().position(|(_, count)| *count == 1), Some(bucket), "{took:?}");
        assert!((spans.sum_seconds - took.as_secs_f64()).abs() < 1e-5);
        histogram.clear();
        assert!(histogram.now().buckets.iter().all(|(_, count)| *count == 0));
    }

    #[test]
    fn a_span_falls_into_the_first_bucket_that_holds_it() {
        check(Duration::ZERO, 0);
        check(Duration::from_millis(1), 0);
        check(Duration::from_micros(1_001), 1);
        check(Duration::from_secs(30), 2);
        check(Duration::from_secs(31), 3);
    }

    #[test]
    fn a_status_is_counted_in_its_class() {
        let classes = Classes::default();
        for status in [101, 429, 999] {
            classes.one(StatusCode::from_u16(status).unwrap());
        }
        assert_eq!(classes.now(), [1, 0, 0, 1, 1]);
    }
}
