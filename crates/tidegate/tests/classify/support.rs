//! A request in a line, and a policy in a few.

use std::net::IpAddr;
use std::sync::LazyLock;

use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tidegate::classify::{Charges, Classifier, Explanation, KeyRefusal, Limit, Policy, Request};
use tidegate::path::{Host, Target};
use tidegate::store::{Key, Secret};

/// A secret that everybody knows, so that tests do the same each time.
pub(crate) fn known() -> &'static Secret {
    static KNOWN: LazyLock<Secret> = LazyLock::new(|| Secret::new([1, 2]));
    &KNOWN
}

/// A request, by default from 192.0.2.7 to `api.example`.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    method: Method,
    target: String,
    headers: HeaderMap,
    client: IpAddr,
}

/// `GET /v1/rooms?max=5`
pub(crate) fn ask(line: &str) -> Asked {
    let (method, target) = line.split_once(' ').expect("a method and a target");
    Asked {
        method: method.parse().unwrap(),
        target: target.to_owned(),
        headers: HeaderMap::from_iter([(HOST, HeaderValue::from_static("api.example"))]),
        client: IpAddr::from([192, 0, 2, 7]),
    }
}

impl Asked {
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Asked {
        self.headers
            .append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    pub(crate) fn at(mut self, host: &str) -> Asked {
        self.headers.insert(HOST, HeaderValue::from_str(host).unwrap());
        self
    }

    pub(crate) fn from(mut self, client: &str) -> Asked {
        self.client = client.parse().unwrap();
        self
    }

    fn asking<T>(&self, classifier: &Classifier, ask: impl FnOnce(&Request<'_>) -> T) -> T {
        let target = Target::of(self.target.as_bytes(), classifier.rules()).unwrap();
        let host = Host::of(target.authority(), &self.headers).unwrap();
        let Asked { method, headers, client, .. } = self;
        ask(&Request { method, target: &target, host: &host, headers, client: *client })
    }

    pub(crate) fn classified(&self, classifier: &Classifier) -> Result<Charges, KeyRefusal> {
        self.asking(classifier, |request| classifier.classify(request, known()))
    }

    pub(crate) fn explained(&self, classifier: &Classifier) -> Explanation {
        self.asking(classifier, |request| classifier.explain(request, known()))
    }

    /// The hash of the key that the only limit counts by.
    pub(crate) fn key(&self, classifier: &Classifier) -> Key {
        let charges = self.classified(classifier).unwrap();
        assert_eq!(charges.len(), 1, "{self:?}");
        charges[0].key
    }

    /// The names of the limits that the request falls under.
    pub(crate) fn limits<'c>(&self, classifier: &'c Classifier) -> Vec<&'c str> {
        let charges = self.classified(classifier).unwrap();
        charges.iter().map(|charge| classifier.limit(charge.limit).name.as_str()).collect()
    }
}

/// A limit of 10 per second on a path, or on all with `""`.
pub(crate) fn limit(name: &str, path: &str, key: &[&str]) -> Limit {
    let key = key.iter().map(|part| part.parse().unwrap()).collect();
    let mut limit = Limit::new(name, key, "10 per second".parse().unwrap());
    if !path.is_empty() {
        limit.on.path = Some(path.parse().unwrap());
    }
    limit
}

pub(crate) fn classifier(limits: Vec<Limit>) -> Classifier {
    Classifier::compile(Policy { limits, ..Policy::default() }).unwrap()
}
