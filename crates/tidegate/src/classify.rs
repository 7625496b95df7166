//! From a request to the limits that it falls under: which, whose count, what cost. Never here: a socket, a clock,
//! a decision, a file.
//!
//! A request falls under every limit that matches it; which of two is the more special plays no part. What can be
//! read in two ways counts against whoever wrote it so: a limit falls on it, a dearer cost counts, no exemption
//! and no plan is given.
//!
//! ```
//! use http::{HeaderMap, Method};
//! use tidegate::classify::{Classifier, Limit, Policy, Request};
//! use tidegate::path::{Host, Target};
//! use tidegate::store::Secret;
//!
//! let mut limit = Limit::new("rooms", vec!["ip".parse()?], "300 per minute, burst 50".parse()?);
//! limit.on.path = Some("/v1/rooms/{*rest}".parse()?);
//! let policy = Policy { limits: vec![limit], ..Policy::default() };
//! let classifier = Classifier::compile(policy).map_err(|mut faults| faults.remove(0))?;
//!
//! let secret = Secret::new([1, 2]); // Drawn once, in a real program.
//! let headers = HeaderMap::from_iter([(http::header::HOST, "api.example".parse()?)]);
//! let request = Request {
//!     method: &Method::GET,
//!     target: &Target::of(b"/v1//rooms/?max=5", classifier.rules())?,
//!     host: &Host::of(None, &headers)?,
//!     headers: &headers,
//!     client: "192.0.2.7".parse()?,
//! };
//! let charges = classifier.classify(&request, &secret)?;
//! assert_eq!((charges.len(), charges[0].cost), (1, 1));
//! assert_eq!(classifier.limit(charges[0].limit).name, "rooms");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod caller;
pub mod client;
mod compile;
mod condition;
mod cost;
mod explain;
mod key;
mod method;
mod policy;
mod routes;
mod template;
mod walk;

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;

use http::{HeaderMap, Method, StatusCode};
use smallvec::SmallVec;
use tidegate_core::Quota;

use crate::path::{Host, Rules, Target};
use crate::store::{Key, Secret};

pub use caller::Caller;
pub use compile::{PolicyFault, PolicyWrong};
pub use condition::{Condition, ConditionError, Test, Truth};
pub use cost::{Amount, Cost, CostRow, Measured, Settled};
pub use explain::{Explanation, Line, Verdict, WhyNot};
pub use key::{Grouping, KeyPart, KeyPartError, Lack, Missing};
pub use method::Methods;
pub use policy::{
    Exempt, Exemption, Gives, HostPattern, Limit, Matcher, Mode, NetworkError, Per, Plan, Policy, Priority,
    When, networks,
};
pub use template::{Template, TemplateError};
pub use tidegate_core::overload::{Class, ParseClassError};

use compile::{Ranks, Ready, Spares};
use routes::Routes;

/// A request, as far as limits look at it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target, normalised by the classifier's own [rules](Classifier::rules).
    pub target: &'a Target<'a>,
    /// The host.
    pub host: &'a Host<'a>,
    /// The header fields as they came.
    pub headers: &'a HeaderMap,
    /// The client's address, as [`client::Trust`] finds it.
    pub client: IpAddr,
}

/// What a request takes from one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The limit's number: its place in the policy.
    pub limit: u32,
    /// The plan's number in the limit, if the request has one.
    pub plan: Option<u32>,
    /// The keyed hash of whose count it is. It tells apart keys and plans of one limit; two limits may have the
    /// same hash for the same key.
    pub key: Key,
    /// How many units.
    pub cost: u64,
    /// Whether the cost is the true one already.
    pub settled: Settled,
}

/// What a request takes from all limits that it falls under, in the policy's order. To be decided together: all
/// or nothing. Up to four take no allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Charges {
    /// How much the request matters when not all can be served.
    pub class: Class,
    all: SmallVec<[Charge; 4]>,
}

impl Deref for Charges {
    type Target = [Charge];

    fn deref(&self) -> &[Charge] {
        &self.all
    }
}

/// A request refused because it lacks a part of a limit's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRefusal {
    /// The limit's number.
    pub limit: u32,
    /// The part.
    pub part: KeyPart,
    /// What is wrong with it.
    pub lack: Lack,
}

impl KeyRefusal {
    /// The status to answer with: 401 for a token that isn't there, else 400.
    pub fn status(&self) -> StatusCode {
        match (&self.part, self.lack) {
            (KeyPart::Bearer, Lack::Absent) => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl Error for KeyRefusal {}

impl fmt::Display for KeyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match &self.part {
            KeyPart::Bearer => "bearer token in Authorization".to_owned(),
            KeyPart::Ip => "address".to_owned(),
            KeyPart::Header(name) => format!("{name} field"),
            KeyPart::Cookie(name) => format!("{name} cookie"),
            KeyPart::Path(name) => format!("{{{name}}} in the path"),
            KeyPart::Host => "host".to_owned(),
        };
        match self.lack {
            Lack::Absent => write!(f, "the request has no {part}, which tells callers apart here: send it"),
            Lack::Several => write!(f, "the request has more than one {part}: send one"),
            Lack::Unclear => write!(
                f,
                "the request has a {part} of which it isn't clear where it ends: send it without blanks, commas and quotes"
            ),
        }
    }
}

/// A policy made ready to look at requests. It is never changed: another policy is another classifier.
#[derive(Clone, Debug)]
pub struct Classifier {
    rules: Rules,
    grouping: Grouping,
    exemptions: Vec<Spares>,
    priorities: Vec<Ranks>,
    limits: Vec<Ready>,
    routes: Routes,
}

impl Classifier {
    /// Makes a policy ready.
    ///
    /// # Errors
    /// With all that is wrong with it.
    pub fn compile(policy: Policy) -> Result<Classifier, Vec<PolicyFault>> {
        compile::compile(policy)
    }

    /// The rules by which a request's target is to be normalised.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// A limit by its number.
    ///
    /// # Panics
    /// When there is none of this number: it isn't from this classifier.
    pub fn limit(&self, number: u32) -> &Limit {
        &self.limits[number as usize].limit
    }

    /// How many limits there are.
    pub fn len(&self) -> usize {
        self.limits.len()
    }

    /// Whether there are no limits.
    pub fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }

    /// The quota that a charge of this classifier counts against, if its limit has one.
    ///
    /// # Panics
    /// When the charge isn't from this classifier.
    pub fn quota(&self, charge: &Charge) -> Option<&Quota> {
        let limit = self.limit(charge.limit);
        match charge.plan.map(|plan| &limit.plans[plan as usize].gives) {
            Some(Gives::Quota(quota)) => Some(quota),
            _ => limit.quota.as_ref(),
        }
    }

    /// What the request takes, from which limits and from whose count. `secret` is drawn once per process, so that
    /// nobody outside can find two keys of one hash.
    ///
    /// # Errors
    /// When the request lacks a part of a key whose limit refuses that.
    pub fn classify(&self, request: &Request<'_>, secret: &Secret) -> Result<Charges, KeyRefusal> {
        self.walk(request, secret, &mut ())
    }

    /// The same, and why each limit falls on the request or doesn't.
    pub fn explain(&self, request: &Request<'_>, secret: &Secret) -> Explanation {
        let mut lines = explain::Lines::new(self);
        let outcome = self.walk(request, secret, &mut lines);
        lines.with(outcome)
    }
}
