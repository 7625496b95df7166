//! What all calls through one proxy share, from its start to its end. Never here: a call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::request::Parts;
use http::{Extensions, Method};
use tidegate::client::{Deadline, Refusals, Speaks, WaitLayer, template};
use tidegate::observe::{Event, Observe};
use tidegate::world;
use tidegate_core::{Quota, Time};
use tidegate_wire::dialect::Table;

use super::authority::LocalAuthority;
use super::caller::Callers;
use super::itself::Itself;
use super::saved::Saved;
use super::seen::Seen;
use super::sender::{Sender, Unsent};
use super::settings::{At, Config, Forward, Manner, Scheme, Upstream};
use super::token::Injected;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::policy::{Forwarding, UpstreamAddress, UpstreamTerms};
use crate::relay::forward::Terms;
use crate::relay::upstream::Authorities;

/// An upstream, and what was made ready for it.
#[derive(Debug)]
pub(crate) struct Known {
    /// Its place among all.
    pub(crate) number: usize,
    pub(crate) upstream: Upstream,
    pub(crate) token: Option<Injected>,
    /// How it says "slow down".
    pub(crate) speaks: Speaks,
}

/// What all calls share.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) upstreams: Vec<Known>,
    pub(crate) forward: Option<Forward>,
    pub(crate) itself: Itself,
    pub(crate) terms: Terms,
    pub(crate) layer: WaitLayer,
    pub(crate) callers: Callers,
    pub(crate) saved: Saved,
    pub(crate) seen: Arc<Seen>,
    manner: Manner,
    deadline: Option<Duration>,
    upstream_terms: UpstreamTerms,
    authorities: Authorities,
    /// Vouches for hosts whose TLS is opened, if some are.
    authority: Option<LocalAuthority>,
    in_hand: AtomicUsize,
}

/// A call that isn't at its end.
#[derive(Debug)]
pub(crate) struct InHand(Arc<House>);

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.in_hand.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a call's limit is about, and what it allows, if that is known: an extension of its request.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    name: String,
    quota: Option<Quota>,
}

impl Resource {
    /// One of which nothing is known but its name.
    pub(crate) fn named(name: String) -> Resource {
        Resource { name, quota: None }
    }
}

impl House {
    /// Makes all ready that calls share. `itself` is where callers come in.
    ///
    /// # Errors
    /// When a token, a dialect or an authority isn't there, or everybody could call everything through it.
    pub(crate) fn new(config: Config, itself: Itself) -> Result<Arc<House>, Failure> {
        let seen = Seen::new(&config.upstreams, &config.access_log)?;
        let layer = layer(&config).observer(Arc::clone(&seen) as _);
        House::paced_by(layer, seen, config, itself)
    }

    /// The same, with somebody who is told what happens.
    ///
    /// # Errors
    /// As [`House::new`].
    pub(crate) fn watched(
        config: Config,
        itself: Itself,
        observer: Arc<dyn Observe>,
    ) -> Result<Arc<House>, Failure> {
        let seen = Seen::new(&config.upstreams, &config.access_log)?;
        let counts = Arc::clone(&seen);
        let both = move |event: &Event<'_>| {
            counts.event(event);
            observer.event(event);
        };
        let layer = layer(&config).observer(Arc::new(both));
        House::paced_by(layer, seen, config, itself)
    }

    /// Another, at another place: its calls wait in the queues of this one.
    ///
    /// # Errors
    /// As [`House::new`].
    pub(crate) fn beside(&self, config: Config, itself: Itself) -> Result<Arc<House>, Failure> {
        House::paced_by(self.layer.clone(), Arc::clone(&self.seen), config, itself)
    }

    fn paced_by(
        layer: WaitLayer,
        seen: Arc<Seen>,
        config: Config,
        itself: Itself,
    ) -> Result<Arc<House>, Failure> {
        check_openness(&config, &itself)?;
        let authorities = authorities(&config)?;
        let intercept = config.forward.as_ref().and_then(|forward| forward.intercept.as_ref());
        let authority =
            intercept.map(|it| LocalAuthority::open(&it.folder, world::wall_clock())).transpose()?;
        let dialects = config.dialects;
        let upstreams = config.upstreams.into_iter().enumerate();
        let upstreams = upstreams.map(|(number, upstream)| known(number, upstream, &dialects));
        let forwarding =
            Forwarding { x_forwarded: false, forwarded: false, keep_host: false, underscores: true };
        Ok(Arc::new(House {
            upstreams: upstreams.collect::<Result<_, _>>()?,
            forward: config.forward,
            itself,
            terms: Terms { forwarding, bounds: config.bounds },
            layer,
            callers: Callers::by(config.callers, config.priority),
            saved: Saved::new(),
            seen,
            manner: config.manner,
            deadline: config.deadline,
            upstream_terms: config.terms,
            authorities,
            authority,
            in_hand: AtomicUsize::new(0),
        }))
    }

    /// Counts a call until what comes back is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> InHand {
        self.in_hand.fetch_add(1, Ordering::Relaxed);
        InHand(Arc::clone(self))
    }

    /// What upstream's token can't be read any more where it is kept, and why, if there is one: a proxy that is started
    /// again wouldn't have it.
    pub(crate) fn lost_token(&self) -> Option<(&str, Failure)> {
        self.upstreams.iter().find_map(|Known { upstream, .. }| {
            let token = upstream.token.as_ref()?;
            let read = Injected::read(token, |name| std::env::var(name).ok());
            read.err().map(|failure| (upstream.name.as_str(), failure))
        })
    }

    /// How many calls aren't at their end: they wait, or are under way.
    pub(crate) fn in_hand(&self) -> usize {
        self.in_hand.load(Ordering::Relaxed)
    }

    /// Connections of one worker's own.
    pub(crate) fn sender(&self) -> Sender {
        Sender::new(&self.upstream_terms, &self.authorities)
    }

    /// Whether a host may be called in forward mode.
    pub(crate) fn allows(&self, host: &str) -> bool {
        let hosts = self.forward.as_ref().map(|forward| forward.hosts.as_deref());
        hosts.is_some_and(|hosts| hosts.is_none_or(|hosts| hosts.iter().any(|pattern| pattern.has(host))))
    }

    /// Who vouches for a host here, if tunnels to it are opened.
    pub(crate) fn opens(&self, host: &str) -> Option<&LocalAuthority> {
        let intercept = self.forward.as_ref().and_then(|forward| forward.intercept.as_ref())?;
        self.authority.as_ref().filter(|_| intercept.hosts.iter().any(|pattern| pattern.has(host)))
    }

    /// How long a connection may take to come about.
    pub(crate) fn connect_within(&self) -> Duration {
        self.upstream_terms.connect
    }

    /// How a call is made to an upstream, or to a host that isn't one.
    pub(crate) fn manner<'h>(&'h self, known: Option<&'h Known>) -> &'h Manner {
        known.map_or(&self.manner, |known| &known.upstream.manner)
    }

    /// By when a call is to be answered that comes now, if there is such a time.
    pub(crate) fn deadline(&self, extensions: &Extensions) -> Option<Time> {
        let span = extensions.get().map(|&Deadline(span)| span).or(self.deadline);
        span.map(|span| world::now().later(span))
    }

    /// What the limit of a call is about: the first bucket of its upstream that it fits, or else method and path
    /// without ids.
    pub(crate) fn resource(&self, known: Option<&Known>, method: &Method, path: &str) -> Resource {
        let manner = self.manner(known);
        match manner.bucket(method, path) {
            Some(bucket) => Resource { name: format!(" {}", bucket.name), quota: bucket.quota },
            None => Resource::named(shape(method, path)),
        }
    }

    /// How many refusals are risked where a call goes, if that is told.
    pub(crate) fn refusals(&self, known: Option<&Known>) -> Option<Refusals> {
        self.manner(known).refusals.map(Refusals)
    }

    /// Tells people what goes where.
    pub(crate) fn say_what(&self) {
        for Known { upstream, token, .. } in &self.upstreams {
            let at = match &upstream.at {
                At::Prefix(prefix) => format!("{prefix}/"),
                At::Host(host) => host.clone(),
            };
            let with = if token.is_some() { ", with a token put in" } else { "" };
            output::error(format!("{at} goes to {}{with}", upstream.base));
            if token.is_some() && self.itself.open().next().is_some() {
                output::error(format!(
                    "warning: whoever reaches this address may use the token of {}",
                    upstream.name
                ));
            }
        }
        if self.forward.is_some() {
            output::error(
                "HTTP_PROXY and HTTPS_PROXY may name this address: each host is paced, tunnels by their connections",
            );
        }
        if let Some(authority) = &self.authority {
            let certificate = authority.path().display();
            output::error(format!("hosts whose TLS is opened are vouched for by {certificate}"));
        }
    }
}

/// Method and path, ids left out: `/v1/rooms/{} GET`. What a HEAD costs is mostly what its GET costs.
pub(crate) fn shape(method: &Method, path: &str) -> String {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    format!("{} {method}", template(path))
}

fn known(number: usize, upstream: Upstream, dialects: &Table) -> Result<Known, Failure> {
    let token = upstream.token.as_ref();
    let token = token.map(|token| Injected::read(token, |name| std::env::var(name).ok())).transpose()?;
    let unknown = |name: &str| {
        Failure::new(Exit::Usage, format!("the dialect {name:?} isn't known")).hint(dialects.hint(name))
    };
    let speaks = match upstream.manner.dialect.as_deref() {
        Some(name) => dialects.named(name).ok_or_else(|| unknown(name))?,
        None => dialects.of_host(upstream.base.authority.host()),
    };
    Ok(Known { number, speaks: Speaks(speaks), token, upstream })
}

/// How often a call is sent whose connection breaks, if it may be sent again: with the pauses between, six seconds of
/// trouble are outlived, and who calls a server that isn't there knows after as many.
const TRIES: u32 = 6;

fn layer(config: &Config) -> WaitLayer {
    let queue = &config.queue;
    let layer = WaitLayer::new()
        .tries(TRIES)
        .max_wait(config.max_wait)
        .replay(queue.body_memory_bytes, queue.body_spill_bytes)
        .waiters(queue.waiters)
        .buckets(queue.buckets)
        .dialects(config.dialects.clone())
        .repeat_if(Unsent::broken)
        .waiting_bytes(queue.memory_bytes)
        .quotas(|parts, _| parts.extensions.get::<Resource>()?.quota)
        .resource(|parts: &Parts| match parts.extensions.get() {
            Some(Resource { name, .. }) => name.clone(),
            None => shape(&parts.method, parts.uri.path()),
        });
    match config.deadline {
        Some(deadline) => layer.deadline(deadline),
        None => layer,
    }
}

/// Those who vouch for servers in TLS. Forward mode may do without: most of what it is asked in the clear isn't for such
/// a server, and whatever is gets told.
fn authorities(config: &Config) -> Result<Authorities, Failure> {
    let bases = config.upstreams.iter().map(|upstream| match upstream.base.scheme {
        Scheme::Http => UpstreamAddress::Http(upstream.base.authority.clone()),
        Scheme::Https => UpstreamAddress::Https(upstream.base.authority.clone()),
    });
    let bases: Vec<UpstreamAddress> = bases.collect();
    let any = [UpstreamAddress::Https(http::uri::Authority::from_static("any"))];
    match (Authorities::load(&config.terms, &bases), config.forward.is_some()) {
        (Ok(_), true) => {
            Authorities::load(&config.terms, &any).or_else(|_| Authorities::load(&config.terms, &[]))
        }
        (loaded, _) => loaded,
    }
}

/// Forward mode at an address that others reach is for named hosts alone: an open proxy is found within hours.
fn check_openness(config: &Config, itself: &Itself) -> Result<(), Failure> {
    let is_open = config.forward.as_ref().is_some_and(|forward| forward.hosts.is_none());
    match itself.open().next() {
        Some(door) if is_open => Err(Failure::new(
            Exit::Usage,
            format!("forward mode at {door} would let everybody who reaches it call every host"),
        )
        .hint("listen on 127.0.0.1, or name the hosts that may be called: `hosts` of [proxy.forward]")),
        _ => Ok(()),
    }
}
