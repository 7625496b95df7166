//! What a good policy file comes to, on a page. Never here: what it would do to a request.

use std::fmt::Write as _;

use tidegate::classify::{
    Amount, Exempt, Exemption, Gives, KeyPart, Limit, Matcher, Measured, Mode, Per, When,
};

use super::table::lined_up;
use crate::policy::settings::{AccessLog, Config, Gateway, Listen, Upstream, UpstreamAddress};
use crate::toml_file::sizes::write_bytes;

/// All of it, below the verdict.
pub(super) fn page(config: &Config) -> String {
    let mut page = lined_up(&around(&config.gateway));
    let policy = &config.policy;
    let limits = limits(&policy.limits);
    let exempt = policy.exemptions.iter().map(exempt);
    let priorities = policy.priorities.iter().map(|priority| {
        vec![priority.class.to_string(), format!("{}: {}", priority.name, requests(&priority.on))]
    });
    let others: Vec<Vec<String>> = exempt.chain(priorities).collect();
    for rows in [limits, others].iter().filter(|rows| !rows.is_empty()) {
        page += "\n";
        page += &lined_up(rows);
    }
    page
}

fn exempt(exemption: &Exemption) -> Vec<String> {
    let from = match &exemption.from {
        Exempt::All => "all limits".to_owned(),
        Exempt::Limits(names) => names.join(", "),
    };
    vec!["exempt".to_owned(), format!("{}: {} from {from}", exemption.name, requests(&exemption.on))]
}

fn around(gateway: &Gateway) -> Vec<Vec<String>> {
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let listen: Vec<String> = gateway.listen.iter().map(listen).collect();
    let tls = if gateway.tls.is_some() { ", TLS" } else { "" };
    let mut rows = vec![
        row("listens on", listen.join(", ") + tls),
        row("admin", gateway.admin.as_ref().map_or("off".to_owned(), self::listen)),
    ];
    for (number, upstream) in gateway.upstreams.iter().enumerate() {
        rows.push(row(if number == 0 { "servers" } else { "" }, server(upstream)));
    }
    let health = gateway.health.as_ref();
    let health = health.map(|health| format!("GET {} every {:?}", health.path, health.every));
    rows.push(row("health", health.unwrap_or("not checked: all servers count".to_owned())));
    let memory =
        format!("{}, room for about {} callers", write_bytes(gateway.memory_bytes as u64), room(gateway));
    rows.push(row("memory", memory));
    if !gateway.trust.proxies.is_empty() {
        let proxies: Vec<String> = gateway.trust.proxies.iter().map(ToString::to_string).collect();
        rows.push(row("believes", format!("{} in {}", proxies.join(", "), gateway.trust.field.name())));
    }
    if let Some(penalty) = &gateway.penalty {
        let shadow = in_shadow(penalty.mode);
        rows.push(row("penalty", format!("after {} against a told wait{shadow}", penalty.forgiven)));
    }
    if let Some(overload) = &gateway.overload {
        let shadow = in_shadow(overload.mode);
        let calls = format!("{} to {} calls in flight per server{shadow}", overload.least, overload.most);
        rows.push(row("overload", calls));
    }
    if let Some(place) = access_log(&gateway.access_log) {
        rows.push(row("access log", place));
    }
    rows
}

/// Where calls are noted, if anywhere.
pub(super) fn access_log(log: &AccessLog) -> Option<String> {
    match log {
        AccessLog::Off => None,
        AccessLog::Stdout => Some("standard output".to_owned()),
        AccessLog::File(file) => Some(file.display().to_string()),
    }
}

fn in_shadow(mode: Mode) -> &'static str {
    if mode == Mode::Shadow { ", in shadow" } else { "" }
}

/// How many callers under one limit have a place of their own: five in 64 bytes of three quarters, half full.
fn room(gateway: &Gateway) -> String {
    let callers = gateway.memory_bytes / 4 * 3 / 64 * 5 / 2;
    let digits = callers.to_string();
    let kept = digits.len().min(2);
    let rounded = digits[..kept].to_owned() + &"0".repeat(digits.len() - kept);
    let groups: Vec<&str> = rounded
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}

pub(super) fn listen(listen: &Listen) -> String {
    match listen {
        Listen::Tcp(address) => address.to_string(),
        Listen::Unix(path) => format!("unix:{}", path.display()),
    }
}

fn server(upstream: &Upstream) -> String {
    let address = match &upstream.address {
        UpstreamAddress::Http(authority) => format!("http://{authority}"),
        UpstreamAddress::Https(authority) => format!("https://{authority}"),
        UpstreamAddress::Unix(path) => format!("unix:{}", path.display()),
    };
    let mut said = address.clone();
    if upstream.name.trim_end_matches('/') != address {
        said = format!("{} at {address}", upstream.name);
    }
    if upstream.weight_thousandths.get() != 1_000 {
        let _ = write!(said, ", counts for {}", f64::from(upstream.weight_thousandths.get()) / 1_000.0);
    }
    if let Some(most) = upstream.at_once {
        let _ = write!(said, ", at most {most} calls at once");
    }
    said
}

fn limits(limits: &[Limit]) -> Vec<Vec<String>> {
    let head = ["LIMIT", "KEY", "QUOTA", "COST", "PER", "MODE", "REQUESTS"];
    let mut rows = Vec::new();
    if !limits.is_empty() {
        rows.push(head.map(str::to_owned).to_vec());
    }
    for limit in limits {
        rows.push(vec![
            limit.name.clone(),
            key(&limit.key),
            quota(limit),
            cost(limit),
            per(limit.per).to_owned(),
            mode(limit.mode).to_owned(),
            requests(&limit.on),
        ]);
        for plan in &limit.plans {
            let who = match &plan.when {
                When::KeyStarts(prefix) => format!("key starts {prefix}"),
                When::Holds(condition) => condition.to_string(),
            };
            let gives = match &plan.gives {
                Gives::Quota(quota) => quota.to_string(),
                Gives::Exemption => "exempt".to_owned(),
            };
            rows.push(vec![format!("  plan {}", plan.name), who, gives]);
        }
    }
    rows
}

/// Which requests, in a few words.
pub(super) fn requests(on: &Matcher) -> String {
    let methods: Vec<&str> = on.methods.iter().map(http::Method::as_str).collect();
    let hosts: Vec<String> = on.hosts.iter().map(ToString::to_string).collect();
    let mut words = Vec::new();
    if !methods.is_empty() {
        words.push(methods.join("|"));
    }
    match (&on.path, hosts.is_empty()) {
        (Some(path), true) => words.push(path.to_string()),
        (path, false) => {
            let path = path.as_ref().map_or("/{*}".to_owned(), ToString::to_string);
            words.push(format!("{}{path}", hosts.join("|")));
        }
        (None, true) => {}
    }
    words.extend(on.conditions.iter().map(|condition| format!("[{condition}]")));
    if words.is_empty() { "all".to_owned() } else { words.join(" ") }
}

pub(super) fn key(parts: &[KeyPart]) -> String {
    let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
    if parts.is_empty() { "one for all".to_owned() } else { parts.join(" + ") }
}

fn quota(limit: &Limit) -> String {
    let at_once = limit.at_once.map(|most| format!("{most} at once"));
    let said: Vec<String> = limit.quota.iter().map(ToString::to_string).chain(at_once).collect();
    said.join("; ")
}

fn cost(limit: &Limit) -> String {
    let words = |amount: Amount| match amount {
        Amount::Units(units) => units.to_string(),
        Amount::Body { .. } => "by body".to_owned(),
    };
    let rows = limit.cost.rows.iter().map(|row| words(row.is));
    let amounts: Vec<String> = std::iter::once(words(limit.cost.otherwise)).chain(rows).collect();
    let reserved = amounts.join("|");
    match &limit.cost.measured {
        Some(Measured::Header(name)) => format!("{reserved}, then {name}"),
        Some(Measured::Took { unit }) => format!("{reserved}, then 1 per {unit:?}"),
        None => reserved,
    }
}

pub(super) fn per(per: Per) -> &'static str {
    match per {
        Per::Fleet => "fleet",
        Per::Server => "server",
    }
}

pub(super) fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Enforce => "enforce",
        Mode::Shadow => "shadow",
    }
}
