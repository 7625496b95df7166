//! Where a request goes by a proxy's file, and what it shares a limit with. Never here: how that is decided.

use std::cmp::Reverse;

use http::uri::{Authority, Uri};
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use tidegate::path::Host;

use super::super::table::lined_up;
use super::summary;
use crate::proxy::house;
use crate::proxy::route::{self, Found};
use crate::proxy::settings::{
    At, Base, Bucket, Coalesce, Config, Forward, Manner, Revalidate, Scheme, Token, Upstream,
};

/// Where a request goes.
#[derive(Debug)]
pub(super) enum Goes<'c> {
    /// To an API that the file names, or to another host in forward mode.
    To { url: Uri, known: Option<&'c Upstream>, manner: &'c Manner, method: Method },
    /// Into a tunnel; its bytes are passed through, or what is in it is read.
    Tunnel { authority: Authority, is_opened: bool },
    /// Nowhere, for a reason.
    Nowhere(String),
}

/// Where a request goes.
pub(super) fn of<'c>(config: &'c Config, method: &Method, target: &str, headers: &HeaderMap) -> Goes<'c> {
    if method == Method::CONNECT {
        return tunnel(config, target);
    }
    let Ok(uri) = target.parse::<Uri>() else {
        return Goes::Nowhere(format!("`{target}` is no target of a request"));
    };
    let host = match uri.authority() {
        Some(authority) => Host::read(authority.as_str().as_bytes()),
        None => Host::of(None, headers),
    };
    let host = match host {
        Ok(host) => host,
        Err(fault) => return Goes::Nowhere(fault.to_string()),
    };
    let found = route::find(&config.upstreams, host.name(), uri.path());
    let found = found.map(|Found { number, rest }| (&config.upstreams[number], rest));
    match (found, uri.authority()) {
        (Some((upstream, rest)), None) => to_upstream(upstream, rest, &uri, method),
        (Some((upstream, rest)), _) if matches!(upstream.at, At::Host(_)) => {
            to_upstream(upstream, rest, &uri, method)
        }
        (None, None) => {
            Goes::Nowhere("no upstream is found at this host and path: it is answered 404".to_owned())
        }
        (_, Some(authority)) => to_host(config, authority, &host, &uri, method),
    }
}

fn to_upstream<'c>(upstream: &'c Upstream, rest: &str, uri: &Uri, method: &Method) -> Goes<'c> {
    match route::there(&upstream.base, rest, uri.query()) {
        Ok(url) => Goes::To { url, known: Some(upstream), manner: &upstream.manner, method: method.clone() },
        Err(_) => Goes::Nowhere("a dot segment could lead out of the upstream's base path".to_owned()),
    }
}

/// A host that is named by whole URLs.
fn to_host<'c>(
    config: &'c Config,
    authority: &Authority,
    host: &Host<'_>,
    uri: &Uri,
    method: &Method,
) -> Goes<'c> {
    if let Some(why) = not_allowed(config.forward.as_ref(), host) {
        return Goes::Nowhere(why);
    }
    let scheme = if uri.scheme_str() == Some("https") { Scheme::Https } else { Scheme::Http };
    let is_base =
        |base: &Base| base.scheme == scheme && route::is_same_place(scheme, &base.authority, authority);
    let known = config.upstreams.iter().filter(|upstream| is_base(&upstream.base));
    let known = known.min_by_key(|upstream| Reverse(route::below(&upstream.base, uri.path())));
    let manner = known.map_or(&config.manner, |upstream| &upstream.manner);
    Goes::To { url: uri.clone(), known, manner, method: method.clone() }
}

fn tunnel<'c>(config: &'c Config, target: &str) -> Goes<'c> {
    let authority = target.parse::<Authority>().ok().filter(|authority| authority.port().is_some());
    let Some(authority) = authority else {
        return Goes::Nowhere("a tunnel leads to a host and a port: CONNECT api.example.com:443".to_owned());
    };
    let host = match Host::read(authority.as_str().as_bytes()) {
        Ok(host) => host,
        Err(fault) => return Goes::Nowhere(fault.to_string()),
    };
    if let Some(why) = not_allowed(config.forward.as_ref(), &host) {
        return Goes::Nowhere(why);
    }
    let intercept = config.forward.as_ref().and_then(|forward| forward.intercept.as_ref());
    let is_opened =
        intercept.is_some_and(|intercept| intercept.hosts.iter().any(|pattern| pattern.has(host.name())));
    Goes::Tunnel { authority: authority.clone(), is_opened }
}

fn not_allowed(forward: Option<&Forward>, host: &Host<'_>) -> Option<String> {
    let Some(forward) = forward else {
        return Some("forward mode is off: whole URLs and tunnels are answered 403".to_owned());
    };
    let hosts = forward.hosts.as_ref()?;
    let is_named = hosts.iter().any(|pattern| pattern.has(host.name()));
    (!is_named)
        .then(|| format!("{} isn't among the `hosts` of [proxy.forward]: it is answered 403", host.name()))
}

impl Goes<'_> {
    pub(super) fn page(&self, method: &Method, target: &str) -> String {
        let head = format!("{method} {target}\n\n");
        let row = |name: &str, value: String| vec![name.to_owned(), value];
        head + &match self {
            Goes::Nowhere(why) => format!("Goes nowhere: {why}.\n"),
            Goes::Tunnel { authority, is_opened: false } => {
                format!("A tunnel to {authority}, passed through unread; opening it is paced.\n")
            }
            Goes::Tunnel { authority, is_opened: true } => {
                format!("A tunnel to {authority}, opened: each call in it is paced and repeated.\n")
            }
            Goes::To { url, known, manner, method } => {
                let mut rows = vec![row("goes to", url.to_string())];
                rows.extend(known.map(|upstream| row("upstream", upstream.name.clone())));
                rows.push(row(
                    "token",
                    token(*known, url).map_or("the caller's own".to_owned(), summary::token),
                ));
                rows.push(row("bucket", bucket(manner, method, url.path())));
                if matches!(*method, Method::GET) && manner.coalesce == Coalesce::On {
                    rows.push(row("shared", "with identical calls at the same time".to_owned()));
                }
                if manner.revalidate != Revalidate::Off {
                    rows.push(row("kept", "its answer is asked about by its ETag".to_owned()));
                }
                lined_up(&rows)
            }
        }
    }

    pub(super) fn json(&self, method: &Method, target: &str) -> Value {
        let request = format!("{method} {target}");
        match self {
            Goes::Nowhere(why) => json!({ "request": request, "outcome": "refused", "message": why }),
            Goes::Tunnel { authority, is_opened } => json!({
                "request": request,
                "outcome": if *is_opened { "opened" } else { "tunnelled" },
                "authority": authority.as_str(),
            }),
            Goes::To { url, known, manner, method } => {
                let bucket = manner.bucket(method, url.path());
                json!({
                    "request": request,
                    "outcome": "forwarded",
                    "url": url.to_string(),
                    "upstream": known.map(|upstream| &upstream.name),
                    "token": token(*known, url).map(summary::token),
                    "bucket": bucket.map(|bucket| &bucket.name),
                    "quota": bucket.and_then(|bucket| Some(bucket.quota?.to_string())),
                    "resource": house::shape(method, url.path()),
                })
            }
        }
    }
}

/// The token that is put into a call, if one is: none beside the base that it was given for.
fn token<'c>(known: Option<&'c Upstream>, url: &Uri) -> Option<&'c Token> {
    let upstream = known.filter(|upstream| route::below(&upstream.base, url.path()).is_some())?;
    upstream.token.as_ref()
}

fn bucket(manner: &Manner, method: &Method, path: &str) -> String {
    match manner.bucket(method, path) {
        Some(Bucket { name, quota: Some(quota), .. }) => format!("{name}: {quota}"),
        Some(Bucket { name, .. }) => format!("{name}: its limit is learned"),
        None => format!("{}: told apart by itself, its limit is learned", house::shape(method, path)),
    }
}
