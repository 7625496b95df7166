//! What makes limited services, and what they share. Never here: what becomes of a call.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::request::Parts;
use tidegate_core::ParseQuotaError;
use tower_layer::Layer;

use super::answer::Answers;
use super::door::{Door, OnStoreError, Settings};
use super::service::Limited;
use crate::classify::client::Trust;
use crate::classify::{KeyPartError, Limit, Policy, PolicyFault};
use crate::limiter::Limiter;
use crate::store::{Room, Secret, Table};
use crate::world;

/// How much memory the table of a layer takes that wasn't given a limiter: room for some hundred thousand keys.
const ROOM_BYTES: usize = 4 << 20;

/// Puts [`Limited`] around a service.
///
/// All clones of a layer, and all services made from them, share one limiter: what a call takes through one of them
/// is gone for all.
///
/// The target of each request is brought to its normal form, and the inner service sees that form: what is forwarded
/// is what was matched. Targets that servers read in different ways are answered with a 400, and so are requests that
/// name no host.
pub struct LimitLayer<T = Table> {
    limiter: Arc<Limiter<T>>,
    settings: Settings,
}

impl LimitLayer<Table> {
    /// A layer with one limit of its own, kept in memory: `quota` ([as people say it](tidegate_core::Quota)) for each
    /// `key` (`bearer`, `ip`, `header:NAME`, `cookie:NAME`, `host`). A request without the key is refused.
    ///
    /// # Errors
    /// When the quota or the key can't be read.
    pub fn per_key(quota: &str, key: &str) -> Result<Self, LayerError> {
        let quota = quota.parse().map_err(LayerError::Quota)?;
        let limit = Limit::new("default", vec![key.parse().map_err(LayerError::Key)?], quota);
        LimitLayer::of(Policy { limits: vec![limit], ..Policy::default() })
    }

    /// A layer with a policy of its own, kept in memory: 4 MiB of it, some hundred thousand keys.
    ///
    /// # Errors
    /// With all that is wrong with the policy.
    pub fn of(policy: Policy) -> Result<Self, LayerError> {
        let (table, secret) = (Table::new(Room::split(ROOM_BYTES)), Secret::new(world::secret_bits()));
        let limiter = Limiter::new(policy, table, secret, world::now()).map_err(LayerError::Policy)?;
        Ok(LimitLayer::new(Arc::new(limiter)))
    }
}

impl<T> LimitLayer<T> {
    /// A layer with the limits of a limiter, which others may share and change.
    pub fn new(limiter: Arc<Limiter<T>>) -> Self {
        LimitLayer { limiter, settings: Settings::default() }
    }

    /// What its answers look like.
    #[must_use]
    pub fn answers(self, answers: Answers) -> Self {
        self.with(|settings| settings.answers = answers)
    }

    /// Which proxies in front are believed when they tell who called them; none by default.
    #[must_use]
    pub fn trust(self, trust: Trust) -> Self {
        self.with(|settings| settings.trust = trust)
    }

    /// How to see which address a request's connection comes from. By default a
    /// [`ConnectAddress`](super::ConnectAddress) in its extensions says so.
    ///
    /// All requests of unknown address are one caller, `0.0.0.0`: nobody gets round a limit per address because the
    /// address isn't told.
    #[must_use]
    pub fn client_address(self, address: impl Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.address = Arc::new(address))
    }

    /// What becomes of calls while the store can't answer; they go by default.
    #[must_use]
    pub fn on_store_error(self, on_store_error: OnStoreError) -> Self {
        self.with(|settings| settings.on_store_error = on_store_error)
    }

    /// The limits, to be watched and changed.
    pub fn limiter(&self) -> &Arc<Limiter<T>> {
        &self.limiter
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }
}

impl<S, T> Layer<S> for LimitLayer<T> {
    type Service = Limited<S, T>;

    fn layer(&self, inner: S) -> Limited<S, T> {
        let door = Door { limiter: self.limiter.clone(), settings: self.settings.clone() };
        Limited::new(inner, Arc::new(door))
    }
}

impl<T> Clone for LimitLayer<T> {
    fn clone(&self) -> Self {
        LimitLayer { limiter: self.limiter.clone(), settings: self.settings.clone() }
    }
}

impl<T> fmt::Debug for LimitLayer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimitLayer").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Why a layer can't be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayerError {
    /// The quota can't be read.
    Quota(ParseQuotaError),
    /// The key can't be read.
    Key(KeyPartError),
    /// All that is wrong with the policy; at least one thing.
    Policy(Vec<PolicyFault>),
}

impl Error for LayerError {}

impl fmt::Display for LayerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LayerError::Quota(error) => write!(f, "{error}"),
            LayerError::Key(error) => write!(f, "{error}"),
            LayerError::Policy(faults) => {
                for (number, fault) in faults.iter().enumerate() {
                    write!(f, "{}{fault}", if number == 0 { "" } else { "; " })?;
                }
                Ok(())
            }
        }
    }
}
