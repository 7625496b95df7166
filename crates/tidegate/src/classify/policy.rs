//! What an operator wants, as plain data: limits, exemptions, plans. Never here: a file's form, a request.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use http::Method;
use ipnet::IpNet;
use tidegate_core::Quota;

use crate::path::{Fault, Host, Rules};

use super::Class;
use super::condition::Condition;
use super::cost::Cost;
use super::key::{Grouping, KeyPart, Missing};
use super::template::Template;

/// All limits of one gateway.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Which spellings of a path are the same.
    pub rules: Rules,
    /// Which addresses are one caller.
    pub grouping: Grouping,
    /// Which requests fall under no limit, or under fewer.
    pub exemptions: Vec<Exemption>,
    /// Which requests matter more or less than others. The first that clearly holds counts.
    pub priorities: Vec<Priority>,
    /// The limits. A request falls under all that match.
    pub limits: Vec<Limit>,
}

/// Requests that limits don't fall on.
#[derive(Clone, Debug)]
pub struct Exemption {
    /// What people call it.
    pub name: String,
    /// Which requests. All of it must clearly hold.
    pub on: Matcher,
    /// Which limits don't fall on them.
    pub from: Exempt,
}

/// Requests that matter more or less than others.
#[derive(Clone, Debug)]
pub struct Priority {
    /// What people call it.
    pub name: String,
    /// Which requests. All of it must clearly hold.
    pub on: Matcher,
    /// How much they matter.
    pub class: Class,
}

/// What an exemption spares a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exempt {
    /// All limits.
    All,
    /// The limits of these names.
    Limits(Vec<String>),
}

/// A rule: which requests, whose, what they cost, how much may pass.
#[derive(Clone, Debug)]
pub struct Limit {
    /// What people call it: once per policy.
    pub name: String,
    /// Which requests it falls on.
    pub on: Matcher,
    /// Of the limits with the same word here, only the first that matches falls on a request. That is the one
    /// way to choose between limits; without it they all fall.
    pub first_of: Option<String>,
    /// Whose count a request takes from. With no parts, all requests share one.
    pub key: Vec<KeyPart>,
    /// What becomes of a request without one of the parts.
    pub missing: Missing,
    /// How much may pass, per key.
    pub quota: Option<Quota>,
    /// How many calls may be in flight, per key.
    pub at_once: Option<NonZeroU32>,
    /// How much of the fleet the quota is for.
    pub per: Per,
    /// Whether it refuses.
    pub mode: Mode,
    /// Other quotas for some callers; the first that clearly holds counts, each with counts of its own.
    pub plans: Vec<Plan>,
    /// What a request costs.
    pub cost: Cost,
}

impl Limit {
    /// A limit on all requests of each key, at a cost of one, that refuses who has no key.
    pub fn new(name: impl Into<String>, key: Vec<KeyPart>, quota: Quota) -> Limit {
        Limit {
            name: name.into(),
            on: Matcher::default(),
            first_of: None,
            key,
            missing: Missing::Refuse,
            quota: Some(quota),
            at_once: None,
            per: Per::Fleet,
            mode: Mode::Enforce,
            plans: Vec::new(),
            cost: Cost::default(),
        }
    }
}

/// How much of the fleet a quota is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Per {
    /// All of it, however many servers there are.
    #[default]
    Fleet,
    /// One server: the quota grows and shrinks with the servers in routing.
    Server,
}

/// Whether a limit, or another guard, refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It does.
    #[default]
    Enforce,
    /// It only counts whom it would refuse.
    Shadow,
}

/// Another quota for some callers of a limit.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What people call it.
    pub name: String,
    /// Who they are.
    pub when: When,
    /// What they get.
    pub gives: Gives,
}

/// Who has a plan.
///
/// Whoever can write what is asked for here can choose the plan. A header is for a trusted server in front that
/// sets it; a prefix is for keys that can't be made up.
#[derive(Clone, Debug)]
pub enum When {
    /// The first part of the key begins with this text.
    KeyStarts(String),
    /// The request is so.
    Holds(Condition),
}

/// What a plan gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// A quota in the limit's place.
    Quota(Quota),
    /// The limit doesn't fall on them.
    Exemption,
}

/// Which requests. All of it must hold; what is empty always does.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    /// One of these methods; `GET` has `HEAD` with it.
    pub methods: Vec<Method>,
    /// The path fits this template.
    pub path: Option<Template>,
    /// One of these hosts.
    pub hosts: Vec<HostPattern>,
    /// Headers, query parameters and addresses: all of these.
    pub conditions: Vec<Condition>,
}

/// A host, or with `*.` in front all hosts below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    name: String,
    below: bool,
}

impl HostPattern {
    /// Whether a host is meant, whatever its port.
    pub fn fits(&self, host: &Host<'_>) -> bool {
        let name = host.name();
        if !self.below {
            return name == self.name;
        }
        name.strip_suffix(self.name.as_str()).is_some_and(|label| label.len() > 1 && label.ends_with('.'))
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HostPattern { name, below } = self;
        if *below { write!(f, "*.{name}") } else { f.write_str(name) }
    }
}

impl FromStr for HostPattern {
    type Err = Fault;

    fn from_str(text: &str) -> Result<HostPattern, Fault> {
        let (below, name) = match text.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, text),
        };
        Ok(HostPattern { name: Host::read(name.as_bytes())?.name().to_owned(), below })
    }
}

/// Networks as text, each an address or a `network/bits`.
///
/// # Errors
/// With the text that is none.
pub fn networks<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Vec<IpNet>, NetworkError> {
    texts.into_iter().map(network).collect()
}

fn network(text: &str) -> Result<IpNet, NetworkError> {
    let address = text.parse().map(|address: std::net::IpAddr| IpNet::from(address.to_canonical()));
    let network = address.or_else(|_| text.parse()).map_err(|_| NetworkError { text: text.to_owned() })?;
    match network {
        // Addresses are compared as IPv4 where they are; so must be the networks.
        IpNet::V6(v6) if v6.prefix_len() >= 96 => {
            let v4 = v6.addr().to_ipv4_mapped().map(|address| (address, v6.prefix_len() - 96));
            Ok(v4.and_then(|(v4, bits)| IpNet::new(v4.into(), bits).ok()).unwrap_or(network))
        }
        _ => Ok(network),
    }
}

/// A text that is no network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError {
    text: String,
}

impl std::error::Error for NetworkError {}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no network: expected an address, or a network as 10.0.0.0/8", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_pattern_takes_a_name_or_all_below_it() {
        let fits = |pattern: &str, host: &str| {
            pattern.parse::<HostPattern>().unwrap().fits(&Host::read(host.as_bytes()).unwrap())
        };
        assert!(fits("API.example.", "api.EXAMPLE:8080"));
        assert!(!fits("api.example", "xapi.example"));
        assert!(fits("*.example", "a.b.example."));
        assert!(!fits("*.example", "example"));
        assert!(!fits("*.example", "anexample"));
        assert!("*".parse::<HostPattern>().is_err());
        assert_eq!("*.A.example".parse::<HostPattern>().unwrap().to_string(), "*.a.example");
    }

    #[track_caller]
    fn check_network(text: &str, network: &str) {
        assert_eq!(networks([text]).unwrap()[0].to_string(), network);
    }

    #[test]
    fn a_network_is_an_address_or_has_bits() {
        check_network("10.0.0.0/8", "10.0.0.0/8");
        check_network("192.0.2.1", "192.0.2.1/32");
        check_network("::1", "::1/128");
        check_network("::ffff:192.0.2.1", "192.0.2.1/32");
        check_network("::ffff:10.0.0.0/104", "10.0.0.0/8");
        assert_eq!(
            networks(["10.0.0.0/33"]).unwrap_err().to_string(),
            "`10.0.0.0/33` is no network: expected an address, or a network as 10.0.0.0/8"
        );
    }
}
