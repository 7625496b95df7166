//! What goes on in the proxy, counted as it happens: by upstream, by kind of refusal. Never here: how it is shown; a secret.
//!
//! Upstreams that the configuration names have a row each, of the hosts of forward mode those that are called most, and
//! all others one together: so the rows, and with them the labels of metrics, are bounded, whatever callers ask for.

mod call;
mod hosts;
mod line;
mod row;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use http::Request;
use http::uri::Uri;
use tidegate::client::CallId;
use tidegate::observe::{Event, Observe, Stance};

use super::refusal::{Refusal, WORDS};
use super::settings::{Scheme, Upstream};
use crate::exit::Failure;
use crate::office::counts::Count;
use crate::office::log::{self, Draft};
use crate::policy::AccessLog;
use hosts::Hosts;
use line::Line;

pub(crate) use call::Noted;
pub(crate) use row::Row;

/// How many hosts of forward mode have a row of their own.
const HOSTS: usize = 32;

/// The row of hosts that have none of their own.
const OTHERS: &str = "other";

/// How many bits of a call's number say its row.
const ROW_BITS: u32 = 16;

/// All that is counted, since the proxy was started.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Named upstreams, then the others together, then hosts.
    rows: Vec<Row>,
    names: Vec<Arc<str>>,
    /// Named upstreams by their origin; the first of several.
    origins: HashMap<String, usize>,
    hosts: Hosts,
    refused: [Count; WORDS.len()],
    tunnels: Count,
    open_tunnels: Arc<AtomicUsize>,
    calls: AtomicU64,
    pub(crate) log: log::Log<Line>,
}

/// Where a call is counted: the number of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place(usize);

/// A tunnel that is open until this is dropped.
#[derive(Debug)]
pub(crate) struct Tunnel(Arc<AtomicUsize>);

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Seen {
    /// Nothing has happened yet.
    ///
    /// # Errors
    /// When the access log can't be opened.
    pub(crate) fn new(upstreams: &[Upstream], log: &AccessLog) -> Result<Arc<Seen>, Failure> {
        let mut names: Vec<Arc<str>> =
            upstreams.iter().map(|upstream| upstream.name.as_str().into()).collect();
        let is_taken = names.iter().any(|name| **name == *OTHERS);
        names.push(if is_taken { "other hosts".into() } else { OTHERS.into() });
        let mut origins = HashMap::new();
        for (number, Upstream { base, .. }) in upstreams.iter().enumerate() {
            origins.entry(origin(base.scheme, base.authority.as_str())).or_insert(number);
        }
        Ok(Arc::new(Seen {
            rows: (0..names.len() + HOSTS).map(|_| Row::default()).collect(),
            names,
            origins,
            hosts: Hosts::new(HOSTS),
            refused: Default::default(),
            tunnels: Count::default(),
            open_tunnels: Arc::default(),
            calls: AtomicU64::new(0),
            log: log::Log::open(log)?,
        }))
    }

    /// A call begins.
    pub(crate) fn call<B>(self: &Arc<Self>, request: &Request<B>, client: IpAddr) -> Noted {
        Noted::new(self, Draft::of(&self.log, || Line::of(request, client)))
    }

    /// A tunnel is open from now on.
    pub(crate) fn tunnel(&self) -> Tunnel {
        self.tunnels.one();
        self.open_tunnels.fetch_add(1, Ordering::Relaxed);
        Tunnel(Arc::clone(&self.open_tunnels))
    }

    /// How many tunnels were opened, and how many are open.
    pub(crate) fn tunnels(&self) -> (u64, usize) {
        (self.tunnels.now(), self.open_tunnels.load(Ordering::Relaxed))
    }

    /// The proxy's own refusals by their word.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = (&'static str, u64)> {
        WORDS.into_iter().zip(self.refused.iter().map(Count::now))
    }

    /// All rows with their names. A host's is the origin, which no upstream is called.
    pub(crate) fn rows(&self) -> Vec<(Arc<str>, &Row)> {
        let (named, hosts) = self.rows.split_at(self.names.len());
        let hosts = self.hosts.names().into_iter().zip(hosts);
        self.names.iter().cloned().zip(named).chain(hosts).collect()
    }

    /// The name of the row where an origin's calls are counted.
    pub(crate) fn name(&self, origin: &str) -> Arc<str> {
        match (self.origins.get(origin), self.hosts.find(origin)) {
            (Some(number), _) => Arc::clone(&self.names[*number]),
            (None, Some(host)) => host,
            (None, None) => Arc::clone(&self.names[self.others()]),
        }
    }

    /// The name of a row.
    fn name_at(&self, Place(row): Place) -> Arc<str> {
        let host = row.checked_sub(self.names.len());
        let host = host.and_then(|slot| self.hosts.names().get(slot).cloned());
        host.or_else(|| self.names.get(row).cloned()).unwrap_or_else(|| OTHERS.into())
    }

    /// The number of the row of those without one.
    fn others(&self) -> usize {
        self.names.len() - 1
    }

    /// A call to a named upstream, by its number.
    fn enter_named(&self, number: usize) -> Place {
        self.rows[number].enter();
        Place(number)
    }

    /// A call to another host.
    fn enter_host(&self, origin: &str) -> Place {
        if let Some(number) = self.origins.get(origin) {
            return self.enter_named(*number);
        }
        let first = self.names.len();
        match self.hosts.enter(origin, &self.rows[first..]) {
            Some(slot) => Place(first + slot),
            None => self.enter_named(self.others()),
        }
    }

    fn row(&self, Place(number): Place) -> &Row {
        &self.rows[number]
    }

    /// A number for a call that says its row, too: so what the waiting layer tells is counted without looking up
    /// anything.
    fn id(&self, Place(row): Place) -> CallId {
        CallId(self.calls.fetch_add(1, Ordering::Relaxed) << ROW_BITS | row as u64)
    }

    fn refused(&self, refusal: &Refusal) {
        let (_, word) = refusal.kind();
        if let Some(number) = WORDS.iter().position(|known| *known == word) {
            self.refused[number].one();
        }
    }
}

/// A number that [`Seen::id`] gave has its row in it.
fn row_of(id: u64) -> usize {
    (id & ((1 << ROW_BITS) - 1)) as usize
}

impl Observe for Seen {
    fn event(&self, event: &Event<'_>) {
        let row = |id: u64| self.rows.get(row_of(id));
        match event {
            Event::Sent { call, .. } => _ = row(call.id).map(Row::sent),
            Event::Refused { call, status, .. } => _ = row(call.id).map(|row| row.refused(*status)),
            Event::Repeated { call, cause, .. } => _ = row(call.id).map(|row| row.repeated(*cause)),
            Event::Guarded { call, stance: Stance::Shut, .. } => _ = row(call.id).map(Row::shut),
            _ => {}
        }
    }
}

/// Scheme, host and, if it isn't the scheme's own, port, in lower case: as the waiting layer has it.
fn origin(scheme: Scheme, authority: &str) -> String {
    let usual = format!(":{}", scheme.usual_port());
    let authority = authority.strip_suffix(usual.as_str()).unwrap_or(authority);
    format!("{}://{}", scheme.name(), authority.to_ascii_lowercase())
}

/// The origin of a URL.
fn origin_of(url: &Uri) -> String {
    let scheme = if url.scheme_str() == Some("https") { Scheme::Https } else { Scheme::Http };
    origin(scheme, url.authority().map_or("", http::uri::Authority::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::settings::{At, Base, Manner};

    fn upstream(name: &str, base: &str) -> Upstream {
        let base: Base = base.parse().unwrap();
        Upstream {
            name: name.into(),
            base,
            at: At::Prefix(String::new()),
            token: None,
            manner: Manner::default(),
        }
    }

    fn seen(upstreams: &[Upstream]) -> Arc<Seen> {
        Seen::new(upstreams, &AccessLog::Off).unwrap()
    }

    #[test]
    fn a_row_is_found_by_origin_and_hosts_without_one_are_others() {
        let seen = seen(&[
            upstream("webex", "https://WebexAPIs.com:443/v1"),
            upstream("same", "https://webexapis.com"),
        ]);
        assert_eq!(&*seen.name("https://webexapis.com"), "webex", "the first of them");
        assert_eq!(&*seen.name("http://webexapis.com"), "other");
        let place = seen.enter_host("http://webexapis.com");
        assert_eq!(&*seen.name_at(place), "http://webexapis.com");
        assert_eq!(&*seen.name("http://webexapis.com"), "http://webexapis.com");
        let names: Vec<_> = seen.rows().into_iter().map(|(name, _)| name.to_string()).collect();
        assert_eq!(names, ["webex", "same", "other", "http://webexapis.com"]);
    }

    #[test]
    fn rows_are_bounded_and_their_names_are_told_once_each() {
        let seen = seen(&[upstream("other", "http://a")]);
        for number in 0..1_000 {
            let place = seen.enter_host(&format!("http://host-{number}"));
            assert!(seen.rows.len() > place.0);
        }
        let mut names: Vec<_> = seen.rows().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), HOSTS + 2);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), HOSTS + 2);
    }

    #[test]
    fn a_call_s_number_has_its_row_in_it() {
        let seen = seen(&[]);
        let place = seen.enter_host("http://a");
        let (CallId(one), CallId(two)) = (seen.id(place), seen.id(place));
        assert_ne!(one, two);
        assert_eq!((row_of(one), row_of(two)), (place.0, place.0));
    }
}
