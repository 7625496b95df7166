//! What one request is meant for: an upstream, another host in forward mode, or nothing. Never here: a connection.

use std::net::IpAddr;

use http::uri::{Authority, Uri};
use http::{HeaderMap, Version};
use tidegate::path::Host;

use super::guard::Name;
use super::house::{House, Known};
use super::refusal::Refusal;
use super::route::{self, Astray};
use super::settings::{At, Base, Scheme};
use crate::relay::fault::Fault;

/// Where a call goes.
#[derive(Clone, Debug)]
pub(crate) struct Goal<'h> {
    pub(crate) url: Uri,
    /// The upstream that it is, if the proxy knows one.
    pub(crate) known: Option<&'h Known>,
    /// The host that the request names.
    pub(crate) host: String,
    /// Whether that is one of the proxy's own names.
    pub(crate) name: Name,
}

/// The origin that a call is for which came through a tunnel that was opened: an extension of its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Within(pub(crate) Scheme, pub(crate) Authority);

impl House {
    /// Finds where a request goes.
    ///
    /// # Errors
    /// When it goes nowhere, or not from here.
    pub(crate) fn goal<B>(&self, request: &http::Request<B>) -> Result<Goal<'_>, Refusal> {
        let uri = request.uri();
        if let Some(Within(scheme, authority)) = request.extensions().get() {
            return self.other(*scheme, &read(authority)?, uri);
        }
        // Of an absolute-form the host counts that it names, whatever `Host` says (RFC 9112 section 3.2.2).
        let absolute = uri.authority().filter(|_| request.version() < Version::HTTP_2);
        let host = match absolute {
            Some(authority) => read(authority)?,
            None => told(uri, request.headers())?,
        };
        let is_own = absolute.is_none() || self.is_door(&host);
        let upstreams = self.upstreams.iter().map(|known| &known.upstream);
        let found = route::find(upstreams, host.name(), uri.path());
        let known = found.map(|found| (&self.upstreams[found.number], found.rest));
        match known {
            Some((known, rest)) if is_own || matches!(known.upstream.at, At::Host(_)) => {
                let url = route::there(&known.upstream.base, rest, uri.query())?;
                let name =
                    if matches!(known.upstream.at, At::Host(_)) { Name::Configured } else { Name::Other };
                Ok(Goal { url, known: Some(known), host: host.name().to_owned(), name })
            }
            _ if is_own && absolute.is_some() => Err(Refusal::Loop),
            _ if is_own => Err(Refusal::Nowhere),
            _ => match uri.scheme_str() {
                Some("http") => self.other(Scheme::Http, &host, uri),
                Some("https") => self.other(Scheme::Https, &host, uri),
                _ => Err(Refusal::Target(Astray::NoTarget)),
            },
        }
    }

    /// A host that is called through the proxy by its own name.
    fn other(&self, scheme: Scheme, host: &Host<'_>, uri: &Uri) -> Result<Goal<'_>, Refusal> {
        let is_allowed = self.forward.as_ref().is_some_and(|forward| {
            forward.hosts.as_ref().is_none_or(|hosts| hosts.iter().any(|pattern| pattern.has(host.name())))
        });
        if !is_allowed {
            return Err(Refusal::Host { host: host.to_string() });
        }
        let authority = Authority::try_from(host.to_string()).map_err(|_| Astray::NoTarget)?;
        let is_base =
            |base: &Base| base.scheme == scheme && route::is_same_place(scheme, &base.authority, &authority);
        let known = self.upstreams.iter().find(|known| is_base(&known.upstream.base));
        let target = uri.path_and_query().cloned().ok_or(Astray::NoTarget)?;
        let url = route::url(scheme, authority, target).ok_or(Astray::NoTarget)?;
        Ok(Goal { url, known, host: host.name().to_owned(), name: Name::Configured })
    }

    /// Whether a host is this proxy.
    fn is_door(&self, host: &Host<'_>) -> bool {
        let name = host.name();
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        let address = bare.parse::<IpAddr>().ok();
        self.doors.iter().any(|door| {
            let is_address = |address: IpAddr| {
                address == door.ip() || (door.ip().is_unspecified() && address.is_loopback())
            };
            let is_local = door.ip().is_loopback() || door.ip().is_unspecified();
            host.port() == Some(door.port())
                && (address.is_some_and(is_address) || (name == "localhost" && is_local))
        })
    }
}

fn read(authority: &Authority) -> Result<Host<'_>, Refusal> {
    Host::read(authority.as_str().as_bytes()).map_err(|_| no_host())
}

fn told<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> Result<Host<'r>, Refusal> {
    Host::of(uri.authority().map(Authority::as_str), headers).map_err(|_| no_host())
}

fn no_host() -> Refusal {
    Refusal::Request(Fault::BadRequest("the request names no host, or none that can be read in one way"))
}
