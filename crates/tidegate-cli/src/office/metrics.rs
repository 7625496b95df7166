//! Counts for Prometheus, as a page in the OpenMetrics text format. Never here: which there are.

mod families;

use http::{HeaderValue, Response, StatusCode};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

use super::reply::{Refused, page};
use crate::relay::body::Body;

pub(crate) use families::Families;

/// What the format is called.
const KIND: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// All metrics of one who serves.
pub(crate) struct Metrics(Registry);

impl Metrics {
    /// Those that are collected anew for each page.
    pub(crate) fn of(collector: impl Collector) -> Metrics {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(collector));
        Metrics(registry)
    }

    /// The page as it is now.
    pub(crate) fn page(&self) -> Result<Response<Body>, Refused> {
        let mut written = String::new();
        // A text takes whatever is written.
        text::encode(&mut written, &self.0).map_err(|_| Refused::broken("the metrics can't be written"))?;
        Ok(page(StatusCode::OK, KIND, written.into()))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::HashMap;

    /// The samples of a page, each once, after its family's type and help, and in a form that the format knows.
    pub(crate) fn samples(text: &str) -> HashMap<String, f64> {
        let mut samples = HashMap::new();
        let (mut helped, mut typed) = (Vec::new(), HashMap::new());
        assert!(text.ends_with("# EOF\n"), "{text}");
        for line in text.lines().filter(|line| *line != "# EOF") {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').unwrap();
                assert!(!help.is_empty() && !helped.contains(&name.to_owned()), "{line}");
                helped.push(name.to_owned());
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                typed.insert(name.to_owned(), kind.to_owned());
            } else {
                let (sample, value) = line.rsplit_once(' ').unwrap();
                let name = sample.split('{').next().unwrap();
                assert!(
                    name.starts_with("tidegate_")
                        && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
                );
                let family = typed.iter().find(|(family, kind)| match kind.as_str() {
                    "counter" => name == format!("{family}_total"),
                    "info" => name == format!("{family}_info"),
                    "histogram" => {
                        ["_sum", "_count", "_bucket"].iter().any(|end| name == format!("{family}{end}"))
                    }
                    _ => name == *family,
                });
                assert!(family.is_some_and(|(family, _)| helped.contains(family)), "{line}");
                let value: f64 = value.parse().unwrap();
                assert!(samples.insert(sample.to_owned(), value).is_none(), "{line} comes twice");
            }
        }
        samples
    }
}
