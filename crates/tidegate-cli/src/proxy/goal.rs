//! What one request is meant for: an upstream, another host in forward mode, or nothing. Never here: a connection.

use std::cmp::Reverse;

use http::uri::{Authority, Uri};
use http::{HeaderMap, Version};
use tidegate::path::Host;

use super::house::{House, Known};
use super::refusal::Refusal;
use super::rewrite::View;
use super::route::{self, Astray};
use super::settings::{At, Base, Scheme, Upstream};
use super::token::Injected;
use crate::relay::fault::Fault;

/// Where a call goes.
#[derive(Clone, Debug)]
pub(crate) struct Goal<'h> {
    pub(crate) url: Uri,
    /// The upstream that it is, if the proxy knows one.
    pub(crate) known: Option<&'h Known>,
    /// The host that the request names, with its port if it names one.
    pub(crate) host: String,
    pub(crate) by: By,
}

/// By what it was found where a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// By its path, at the proxy's own address.
    Path,
    /// By a host that the proxy's file names.
    Host,
    /// By its own host: forward mode.
    Itself,
}

impl Goal<'_> {
    /// The host that the request names, without port.
    pub(crate) fn host_name(&self) -> &str {
        match self.host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => name,
            _ => &self.host,
        }
    }

    /// The token that is put into it. By its own host an upstream is called below its base and beside it: a token that
    /// was given for the base goes nowhere else.
    pub(crate) fn token(&self) -> Option<&Injected> {
        let known = self.known?;
        known.token.as_ref().filter(|_| route::below(&known.upstream.base, self.url.path()).is_some())
    }

    /// Brings the upstream's addresses in an answer to where its caller found it; `scheme` is the one that the caller
    /// came by. Whoever called an upstream by its own host finds it there.
    pub(crate) fn rewrite(&self, scheme: &str, headers: &mut HeaderMap) {
        let Some(Upstream { base, at, .. }) = self.known.map(|known| &known.upstream) else { return };
        let prefix = match (self.by, at) {
            (By::Itself, _) => return,
            (By::Path, At::Prefix(prefix)) => prefix,
            (By::Path | By::Host, _) => "",
        };
        View { base, scheme, host: &self.host, prefix }.rewrite(headers);
    }
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
        let scheme = if uri.scheme_str() == Some("https") { Scheme::Https } else { Scheme::Http };
        let is_own = absolute.is_none() || self.itself.is(&host, scheme);
        let upstreams = self.upstreams.iter().map(|known| &known.upstream);
        let found = route::find(upstreams, host.name(), uri.path());
        let known = found.map(|found| (&self.upstreams[found.number], found.rest));
        match known {
            Some((known, rest)) if is_own || matches!(known.upstream.at, At::Host(_)) => {
                let url = route::there(&known.upstream.base, rest, uri.query())?;
                let by = if matches!(known.upstream.at, At::Host(_)) { By::Host } else { By::Path };
                Ok(Goal { url, known: Some(known), host: host.to_string(), by })
            }
            _ if is_own && absolute.is_some() => Err(Refusal::Loop),
            _ if is_own => Err(Refusal::Nowhere),
            _ if uri.scheme_str().is_some_and(|scheme| scheme == "http" || scheme == "https") => {
                self.other(scheme, &host, uri)
            }
            _ => Err(Refusal::Target(Astray::NoTarget)),
        }
    }

    /// A host that is called through the proxy by its own name.
    fn other(&self, scheme: Scheme, host: &Host<'_>, uri: &Uri) -> Result<Goal<'_>, Refusal> {
        if !self.allows(host.name()) {
            return Err(Refusal::Host { host: host.to_string() });
        }
        let authority = Authority::try_from(host.to_string()).map_err(|_| Astray::NoTarget)?;
        let is_base =
            |base: &Base| base.scheme == scheme && route::is_same_place(scheme, &base.authority, &authority);
        let known = self.upstreams.iter().filter(|known| is_base(&known.upstream.base));
        // Of several at one host the one whose base is nearest: each may have a token of its own.
        let known = known.min_by_key(|known| Reverse(route::below(&known.upstream.base, uri.path())));
        let target = uri.path_and_query().cloned().ok_or(Astray::NoTarget)?;
        let url = route::url(scheme, authority, target).ok_or(Astray::NoTarget)?;
        Ok(Goal { url, known, host: host.to_string(), by: By::Itself })
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
