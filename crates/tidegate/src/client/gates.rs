//! All gates of a layer, bounded: the idle ones are forgotten. Never here: what a gate does.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidegate_core::pacer::Belief;
use tidegate_core::{Quota, Time};

use super::gate::Gate;
use super::guard::Guard;
use super::kin::{Kin, Moved, Route, Said};
use super::lodging::{Lodging, Lodgings};
use super::memory::Tally;
use super::view::BucketView;
use crate::key::Key;
use crate::observe::BucketName;

/// What all clones of a layer have in common.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) gates: Gates,
    /// The number of the next request.
    pub(crate) calls: AtomicU64,
    /// What requests hold in memory.
    pub(crate) memory: Arc<Tally>,
}

/// The gates of all buckets in use, by origin, resource and token.
#[derive(Debug, Default)]
pub(crate) struct Gates(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    gates: BTreeMap<Key, Kept>,
    /// Origins that are closed as a whole, for whom, and until when: buckets that come later are closed with them.
    closed: BTreeMap<(Arc<str>, Whose), Time>,
    /// Who shares a bucket with whom.
    kin: Kin,
    /// Where the calls of each route wait.
    lodgings: BTreeMap<Route, Lodgings>,
    /// What is left of the refusals risked with each origin.
    guards: BTreeMap<Arc<str>, Arc<Guard>>,
}

/// Whose calls an origin is closed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Everybody,
    /// The calls with this token, or with none.
    Token(Option<u64>),
}

#[derive(Debug)]
struct Kept {
    gate: Arc<Gate>,
    used: Time,
}

impl Kept {
    /// Nobody waits, and nothing is under way: both would hold the gate.
    fn is_unused(&self) -> bool {
        Arc::strong_count(&self.gate) == 1
    }

    /// It is unused, and no wait would be forgotten with it.
    fn is_idle(&self, now: Time) -> bool {
        self.is_unused() && self.gate.is_open(now)
    }
}

/// How gates are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// How many gates there may be.
    pub(crate) most: usize,
    /// How many refusals are risked with an origin.
    pub(crate) refusals: Quota,
}

impl Gates {
    /// Where a call to this route waits that comes now; `None` if there are too many gates, and all are in use.
    pub(crate) fn lodge(&self, route: &Route, now: Time, terms: Terms) -> Option<Arc<Lodging>> {
        let mut known = self.lock();
        let oldest = known.lodgings.get(route).and_then(Lodgings::oldest);
        oldest.or_else(|| known.lodge(route, now, terms))
    }

    /// Where a call moves on to from a lodging that is left.
    pub(crate) fn next(&self, route: &Route, left: &Arc<Lodging>, now: Time, terms: Terms) -> Arc<Lodging> {
        let mut known = self.lock();
        if let Some(next) = known.lodgings.get(route).and_then(|lodgings| lodgings.after(left)) {
            return next;
        }
        // One that waits already isn't turned away: there are never more gates than calls for that.
        let gladly = Terms { most: usize::MAX, ..terms };
        known.lodge(route, now, gladly).unwrap_or_else(|| left.clone())
    }

    /// Learns from an answer which routes share a bucket. If it told a wait, the bucket that the route counts in now
    /// is closed as well as the one that the call was sent from.
    pub(crate) fn hear(&self, route: &Route, said: &Said<'_>) {
        let (left, bucket) = {
            let mut known = self.lock();
            let left = match known.kin.hear(route, said) {
                Moved::Nobody => Vec::new(),
                Moved::Route => known.move_out(|other| other == route),
                Moved::Family => known.move_out(|other| other.home.is_kin(&route.home)),
            };
            let bucket = known.kin.bucket(route);
            (left, known.gates.get(&bucket).map(|kept| kept.gate.clone()))
        };
        if let (Some(until), Some(bucket)) = (said.closes(), bucket) {
            bucket.close_until(until);
        }
        left.iter().for_each(|gate| gate.wake());
    }

    /// Closes all buckets of an origin and a token until `until`. What other tokens may do is their own affair:
    /// of many users of one program, one that is limited must not stop the others.
    pub(crate) fn close_origin(&self, key: &Key, now: Time, until: Time) {
        let gates: Vec<Arc<Gate>> = {
            let mut known = self.lock();
            known.close(key.name.origin().into(), Whose::Token(key.token), now, until);
            let is_same = |other: &Key| other.name.origin() == key.name.origin() && other.token == key.token;
            let same = known.gates.iter().filter(|(other, _)| is_same(other));
            same.map(|(_, kept)| kept.gate.clone()).collect()
        };
        for gate in gates {
            gate.close_until(until);
        }
    }

    /// Forgets what the answers of an origin told and taught, but for the refusals that were risked with it. Says how
    /// many buckets that were.
    pub(crate) fn forget(&self, origin: &str) -> usize {
        let gates: Vec<Arc<Gate>> = {
            let mut known = self.lock();
            known.closed.retain(|(closed, _), _| **closed != *origin);
            known.kin.forget(origin);
            let same = known.gates.iter().filter(|(key, _)| key.name.origin() == origin);
            same.map(|(_, kept)| kept.gate.clone()).collect()
        };
        gates.iter().for_each(|gate| gate.forget());
        gates.len()
    }

    pub(crate) fn beliefs(&self, now: Time) -> Vec<(BucketName, Belief)> {
        let belief = |(key, kept): (&Key, &Kept)| (key.name.clone(), kept.gate.belief(now));
        self.lock().gates.iter().map(belief).collect()
    }

    pub(crate) fn views(&self, now: Time) -> Vec<BucketView> {
        let view = |(key, kept): (&Key, &Kept)| kept.gate.view(key, now);
        self.lock().gates.iter().map(view).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The gate of a bucket, made if need be; `None` if there are too many already and all are in use.
    fn gate(&mut self, key: &Key, now: Time, terms: Terms) -> Option<Arc<Gate>> {
        if let Some(kept) = self.gates.get_mut(key) {
            kept.used = now;
            return Some(kept.gate.clone());
        }
        if self.gates.len() >= terms.most {
            self.forget_idle(now);
            if self.gates.len() >= terms.most {
                self.fold_a_crowd(now);
            }
            if self.gates.len() >= terms.most {
                return None;
            }
        }
        let gate = Arc::new(Gate::new(self.guard(key, now, terms)));
        if let Some(until) = self.closed_until(key) {
            gate.close_until(until);
        }
        self.gates.insert(key.clone(), Kept { gate: gate.clone(), used: now });
        Some(gate)
    }

    /// A new lodging of a route, at the gate of its bucket. It opens no sooner than the route was told.
    fn lodge(&mut self, route: &Route, now: Time, terms: Terms) -> Option<Arc<Lodging>> {
        let key = self.kin.bucket(route);
        let gate = self.gate(&key, now, terms)?;
        if let Some(told) = self.kin.told(route).filter(|told| *told > now) {
            gate.close_until(told);
        }
        if self.lodgings.len() > self.gates.len() * 2 {
            self.lodgings.retain(|_, lodgings| !lodgings.is_empty());
        }
        let lodging = Arc::new(Lodging::new(gate, key));
        self.lodgings.entry(route.clone()).or_default().add(&lodging);
        Some(lodging)
    }

    /// Tells the calls of these routes to move if they wait elsewhere than where they count now. Gives the gates
    /// whose heads are to hear of it.
    fn move_out(&self, is_meant: impl Fn(&Route) -> bool) -> Vec<Arc<Gate>> {
        let meant = self.lodgings.iter().filter(|(route, _)| is_meant(route));
        meant.filter_map(|(route, lodgings)| lodgings.move_to(&self.kin.bucket(route))).collect()
    }

    /// The guard of an origin, made if need be. One whose gates are all forgotten is kept while it knows something,
    /// if there are no more than gates may be.
    fn guard(&mut self, key: &Key, now: Time, terms: Terms) -> Arc<Guard> {
        let Terms { most, refusals } = terms;
        if self.guards.len() >= most {
            self.guards.retain(|_, guard| Arc::strong_count(guard) > 1 || !guard.is_whole(now));
        }
        if self.guards.len() >= most {
            self.guards.retain(|_, guard| Arc::strong_count(guard) > 1);
        }
        let guard = self.guards.entry(key.name.origin().into());
        guard.or_insert_with(|| Arc::new(Guard::new(refusals))).clone()
    }

    /// Remembers a closed origin for buckets to come. One in here has, or had, many buckets that were closed with
    /// it: the map is bounded by those.
    fn close(&mut self, origin: Arc<str>, whose: Whose, now: Time, until: Time) {
        self.closed.retain(|_, until| *until > now);
        let closed = self.closed.entry((origin, whose)).or_default();
        *closed = until.max(*closed);
    }

    fn closed_until(&self, key: &Key) -> Option<Time> {
        let origin: Arc<str> = key.name.origin().into();
        let whose = [Whose::Everybody, Whose::Token(key.token)];
        whose.into_iter().filter_map(|whose| self.closed.get(&(origin.clone(), whose))).max().copied()
    }

    /// Forgets the closed gates that nobody waits at, of the origin that has most of them, and closes that origin
    /// as a whole for as long: one that closes bucket after bucket for years shuts out itself, and no other.
    fn fold_a_crowd(&mut self, now: Time) {
        let mut crowds: BTreeMap<Arc<str>, (usize, Time)> = BTreeMap::new();
        for (key, kept) in self.gates.iter().filter(|(_, kept)| kept.is_unused()) {
            let (count, until) = crowds.entry(key.name.origin().into()).or_default();
            *count += 1;
            *until = kept.gate.not_before(now).max(*until);
        }
        let Some((origin, (_, until))) = crowds.into_iter().max_by_key(|(_, (count, _))| *count) else {
            return;
        };
        self.gates.retain(|key, kept| *key.name.origin() != *origin || !kept.is_unused());
        self.close(origin, Whose::Everybody, now, until);
    }

    /// Forgets the half of the idle gates that was used longest ago, so that it has to be done rarely.
    fn forget_idle(&mut self, now: Time) {
        let idle = self.gates.values().filter(|kept| kept.is_idle(now));
        let mut used: Vec<Time> = idle.map(|kept| kept.used).collect();
        used.sort_unstable();
        let Some(&newest) = used.get(used.len().saturating_sub(1) / 2) else { return };
        self.gates.retain(|_, kept| kept.used > newest || !kept.is_idle(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world;
    use std::time::Duration;

    fn terms(most: usize) -> Terms {
        Terms { most, refusals: REFUSALS }
    }

    const REFUSALS: Quota = match Quota::new(9, Duration::from_secs(9)) {
        Ok(quota) => quota,
        Err(_) => panic!("a quota"),
    };

    fn key(uri: &str) -> Key {
        let (parts, ()) = http::Request::builder().uri(uri).body(()).unwrap().into_parts();
        Key::new(&parts, parts.uri.path())
    }

    fn with_token(uri: &str, token: &str) -> Key {
        let request = http::Request::builder().uri(uri).header("authorization", token);
        let (parts, ()) = request.body(()).unwrap().into_parts();
        Key::new(&parts, parts.uri.path())
    }

    fn closed_until(gates: &Gates, uri: &str) -> Time {
        let gate = gates.lock().gate(&key(uri), world::now(), terms(9)).unwrap();
        gate.belief(world::now()).closed_until
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_of_the_whole_origin_closes_its_buckets_and_those_to_come() {
        let gates = Gates::default();
        let now = world::now();
        let until = now.later(Duration::from_secs(60));
        closed_until(&gates, "http://one/known");
        closed_until(&gates, "http://other/known");
        gates.close_origin(&key("http://one/known"), now, until);
        gates.close_origin(&key("http://one/known"), now, now.later(Duration::from_secs(30)));
        assert_eq!(closed_until(&gates, "http://one/known"), until);
        assert_eq!(closed_until(&gates, "http://one/new"), until);
        let another = gates.lock().gate(&with_token("http://one/known", "another's"), now, terms(9)).unwrap();
        assert!(another.belief(now).closed_until <= now, "another token has another limit");
        assert!(closed_until(&gates, "http://other/known") <= now);
        assert!(closed_until(&gates, "http://other/new") <= now);
        gates.close_origin(&key("http://other/new"), until, until.later(Duration::from_secs(1)));
        assert_eq!(gates.lock().closed.len(), 1, "what has passed is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn of_the_idle_the_longest_unused_are_forgotten_first() {
        let gates = Gates::default();
        let now = world::now();
        for number in 0..4u32 {
            let used = now.later(Duration::from_secs(number.into()));
            gates.lock().gate(&key(&format!("http://one/{number}")), used, terms(4)).unwrap();
        }
        let later = now.later(Duration::from_secs(9));
        let held = gates.lock().gate(&key("http://one/0"), now, terms(4)).unwrap();
        gates.lock().gate(&key("http://one/new"), later, terms(4)).unwrap();
        let left: Vec<_> =
            gates.beliefs(later).into_iter().map(|(name, _)| name.resource().to_owned()).collect();
        assert_eq!(left, ["/0", "/3", "/new"], "one in use stays, of the three idle two go");
        drop(held);
    }
}
