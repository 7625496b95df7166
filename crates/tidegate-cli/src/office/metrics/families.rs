//! Metrics by kind, written one family after another. Never here: which there are.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder};
use prometheus_client::metrics::MetricType;

use crate::office::counts::Spans;

/// A name and a value of each label.
type Labels<'a, const N: usize> = [(&'a str, &'a str); N];

/// Writes families of metrics.
pub(crate) struct Families<'e>(DescriptorEncoder<'e>);

impl<'e> Families<'e> {
    pub(crate) fn new(encoder: DescriptorEncoder<'e>) -> Families<'e> {
        Families(encoder)
    }

    /// Labels that say what this is.
    pub(crate) fn info<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        labels: Labels<'_, N>,
    ) -> fmt::Result {
        self.family(name, help, MetricType::Info)?.encode_info(&labels)
    }

    /// A number that only grows.
    pub(crate) fn counter(&mut self, name: &str, help: &str, count: u64) -> fmt::Result {
        encode_count(&mut self.family(name, help, MetricType::Counter)?, count)
    }

    /// The same for each row of labels.
    pub(crate) fn counters<'a, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (Labels<'a, N>, u64)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Counter)?;
        rows.into_iter()
            .try_for_each(|(labels, count)| encode_count(&mut family.encode_family(&labels)?, count))
    }

    /// A number of now.
    pub(crate) fn gauge(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        self.family(name, help, MetricType::Gauge)?.encode_gauge(&value)
    }

    /// The same for each row of labels.
    pub(crate) fn gauges<'a, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (Labels<'a, N>, f64)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Gauge)?;
        rows.into_iter().try_for_each(|(labels, value)| family.encode_family(&labels)?.encode_gauge(&value))
    }

    /// How long things took.
    pub(crate) fn histogram(&mut self, name: &str, help: &str, spans: &Spans) -> fmt::Result {
        encode_spans(self.family(name, help, MetricType::Histogram)?, spans)
    }

    /// The same for each row of labels.
    pub(crate) fn histograms<'a, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (Labels<'a, N>, Spans)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Histogram)?;
        rows.into_iter().try_for_each(|(labels, spans)| encode_spans(family.encode_family(&labels)?, &spans))
    }

    fn family<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
        kind: MetricType,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.0.encode_descriptor(name, help, None, kind)
    }
}

fn encode_count(encoder: &mut MetricEncoder<'_>, count: u64) -> fmt::Result {
    encoder.encode_counter::<Labels<'_, 0>, u64, f64>(&count, None)
}

fn encode_spans(mut encoder: MetricEncoder<'_>, spans: &Spans) -> fmt::Result {
    let count = spans.buckets.iter().map(|(_, count)| count).sum();
    encoder.encode_histogram::<Labels<'_, 0>>(spans.sum_seconds, count, &spans.buckets, None)
}
