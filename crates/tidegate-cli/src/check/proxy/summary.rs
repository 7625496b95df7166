//! A proxy's file in a few rows, and as JSON. Never here: what becomes of a request.

use http::Method;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::super::summary::{access_log, listen};
use super::super::table::lined_up;
use crate::proxy::settings::{
    At, Bucket, Coalesce, Config, Forward, HostPattern, Revalidate, Token, TokenSource, Upstream,
};
use crate::toml_file::sizes::write_bytes;

/// All of it, below the verdict.
pub(super) fn page(config: &Config) -> String {
    let mut page = lined_up(&around(config));
    if !config.upstreams.is_empty() {
        page += "\n";
        page += &lined_up(&upstreams(&config.upstreams));
    }
    page
}

fn around(config: &Config) -> Vec<Vec<String>> {
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let tls = if config.tls.is_some() { ", TLS" } else { "" };
    let addresses: Vec<String> = config.listen.iter().map(listen).collect();
    let deadline = config.deadline.map_or("none of its own".to_owned(), |span| format!("{span:?}"));
    let queue = &config.queue;
    let mut rows = vec![
        row("listens on", addresses.join(", ") + tls),
        row("admin", config.admin.as_ref().map_or("off".to_owned(), listen)),
        row("deadline", format!("{deadline}; waits of up to {:?} are sat out", config.max_wait)),
        row(
            "may wait",
            format!(
                "{} calls per bucket, {} in memory, bodies of up to {}",
                queue.waiters,
                write_bytes(queue.memory_bytes),
                write_bytes(queue.body_spill_bytes)
            ),
        ),
        row("forward", config.forward.as_ref().map_or("off".to_owned(), forward)),
    ];
    if !config.callers.is_empty() {
        let fields: Vec<&str> = config.callers.iter().map(http::HeaderName::as_str).collect();
        rows.push(row(
            "callers",
            format!("told apart by {}, else by token, else by address", fields.join(", ")),
        ));
    }
    if let Some(field) = &config.priority {
        rows.push(row("priority", format!("as {field} says")));
    }
    rows.extend(access_log(&config.access_log).map(|place| row("access log", place)));
    rows
}

fn forward(forward: &Forward) -> String {
    let hosts = forward.hosts.as_deref().map_or("all hosts".to_owned(), patterns);
    match &forward.intercept {
        None => format!("{hosts}; TLS is passed through"),
        Some(intercept) => format!(
            "{hosts}; TLS is opened to {}, by the authority in {}",
            patterns(&intercept.hosts),
            intercept.folder.display()
        ),
    }
}

fn patterns(hosts: &[HostPattern]) -> String {
    let hosts: Vec<String> = hosts.iter().map(pattern).collect();
    hosts.join(", ")
}

fn pattern(host: &HostPattern) -> String {
    match host {
        HostPattern::Exactly(name) => name.clone(),
        HostPattern::Below(parent) => format!("*.{parent}"),
    }
}

fn upstreams(upstreams: &[Upstream]) -> Vec<Vec<String>> {
    let mut rows = vec![["UPSTREAM", "FOUND AT", "GOES TO", "TOKEN"].map(str::to_owned).to_vec()];
    for upstream in upstreams {
        let at = match &upstream.at {
            At::Prefix(prefix) => format!("{prefix}/"),
            At::Host(host) => host.clone(),
        };
        let token = upstream.token.as_ref().map_or("the caller's own".to_owned(), token);
        rows.push(vec![upstream.name.clone(), at, upstream.base.to_string(), token]);
        for bucket in &upstream.manner.buckets {
            let quota = bucket.quota.map_or("learned".to_owned(), |quota| quota.to_string());
            rows.push(vec![format!("  bucket {}", bucket.name), quota, requests(bucket)]);
        }
    }
    rows
}

/// Which requests share a bucket, in a few words.
fn requests(bucket: &Bucket) -> String {
    let has_get = bucket.methods.contains(&Method::GET);
    let methods = bucket.methods.iter().filter(|method| !(has_get && **method == Method::HEAD));
    let methods: Vec<&str> = methods.map(Method::as_str).collect();
    let paths: Vec<String> = bucket.paths.iter().map(ToString::to_string).collect();
    let words: Vec<String> =
        [methods.join("|"), paths.join("|")].into_iter().filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "all".to_owned() } else { words.join(" ") }
}

/// Where a token comes from and goes; never the token.
pub(super) fn token(token: &Token) -> String {
    let source = match &token.source {
        TokenSource::Variable(name) => format!("the variable {name}"),
        TokenSource::File(path) => format!("the file {}", path.display()),
    };
    if token.field == AUTHORIZATION { source } else { format!("{source}, in {}", token.field) }
}

/// One API.
pub(super) fn json(upstream: &Upstream) -> Value {
    let (prefix, host) = match &upstream.at {
        At::Prefix(prefix) => (Some(prefix), None),
        At::Host(host) => (None, Some(host)),
    };
    let buckets = upstream.manner.buckets.iter().map(|bucket| {
        json!({
            "name": bucket.name,
            "requests": requests(bucket),
            "quota": bucket.quota.map(|quota| quota.to_string()),
        })
    });
    json!({
        "name": upstream.name,
        "url": upstream.base.to_string(),
        "prefix": prefix,
        "host": host,
        "token": upstream.token.as_ref().map(token),
        "coalesce": upstream.manner.coalesce == Coalesce::On,
        "revalidate": match upstream.manner.revalidate {
            Revalidate::Off => "off",
            Revalidate::Public => "public",
            Revalidate::Private => "private",
        },
        "dialect": upstream.manner.dialect,
        "buckets": buckets.collect::<Vec<_>>(),
    })
}

/// Forward mode.
pub(super) fn forward_json(forward: &Forward) -> Value {
    let names = |hosts: &[HostPattern]| hosts.iter().map(pattern).collect::<Vec<_>>();
    json!({
        "hosts": forward.hosts.as_deref().map(names),
        "intercept": forward.intercept.as_ref().map(|intercept| names(&intercept.hosts)).unwrap_or_default(),
    })
}
