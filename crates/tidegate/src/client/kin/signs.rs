//! Templates that share a counter, by when they are refused. Never here: a name that an answer gives.
//!
//! A call to `/b` that was sent after `/a` was told to wait, and is refused inside that wait, is a sign that both share
//! a counter; one that passes is a sign that they don't. Two signs, at two waits, and none against it since, and they
//! are taken to share: a call to either waits for both. One sign against it keeps two templates apart for
//! [`APART`].
//!
//! Once they share, no call goes inside a told wait, so nothing can pass there and tell. Two things can: their answers
//! announce different limits, which part them at once; and after [`SHARED`] it is tried anew.
//!
//! False sharing slows people down, and shared counters that aren't seen cost a few refusals. So in doubt, and at each
//! bound, templates are apart.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tidegate_core::Time;

use crate::key::Key;

/// How long a sign against it counts.
const APART: Duration = Duration::from_secs(3600);

/// How long templates are taken to share a counter.
const SHARED: Duration = Duration::from_secs(3600);

/// How much longer than it has to be a wait may be told, for being told in whole seconds.
const ROUNDING: Duration = Duration::from_secs(1);

/// How many signs it takes.
const ENOUGH: u8 = 2;

/// How many origins and tokens are looked at, how many waits and members in each, and how many pairs.
const MOST_FAMILIES: usize = 1_000;
const MOST_MEMBERS: usize = 64;
const MOST_PAIRS: usize = 256;

type Resource = Arc<str>;

/// The signs, by origin and token.
#[derive(Debug, Default)]
pub(super) struct Signs(BTreeMap<(Arc<str>, Option<u64>), Family>);

/// A wait that was told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) since: Time,
    pub(super) until: Time,
}

#[derive(Debug, Default)]
struct Family {
    /// The newest wait of each template, or of all that share a counter.
    told: BTreeMap<Resource, Told>,
    pairs: BTreeMap<(Resource, Resource), Pair>,
    /// Templates that share a counter with another, and in whose bucket they count.
    members: BTreeMap<Resource, Member>,
}

#[derive(Clone, Copy, Debug)]
enum Pair {
    /// So many signs, the last of them at the wait that was told then.
    Alike {
        signs: u8,
        at: Time,
    },
    Apart {
        until: Time,
    },
}

#[derive(Clone, Debug)]
struct Member {
    root: Resource,
    since: Time,
    /// The limit that it announced last.
    limit: Option<u64>,
}

impl Signs {
    /// The bucket that a template counts in.
    pub(super) fn of(&self, home: &Key) -> Key {
        let family = self.0.get(&family_of(home));
        let member = family.and_then(|family| family.members.get(home.name.shared_resource()));
        member.map_or_else(|| home.clone(), |member| home.sibling(&member.root))
    }

    /// A call to a template passed; says whether some template counts in another bucket now.
    pub(super) fn passed(&mut self, home: &Key, sent: Time, now: Time, limit: Option<u64>) -> bool {
        let Some(family) = self.0.get_mut(&family_of(home)) else { return false };
        let resource = home.name.shared_resource();
        let has_moved = family.tick(now) | family.announced(resource, limit, now);
        let me = family.root(resource);
        for other in family.waiting(&me, sent, now) {
            family.pairs.insert(pair(&me, &other), Pair::Apart { until: now.later(APART) });
        }
        family.keep_within_bounds();
        has_moved
    }

    /// A call to a template was refused, with this wait; says whether some template counts in another bucket now.
    pub(super) fn refused(&mut self, home: &Key, sent: Time, told: Told, limit: Option<u64>) -> bool {
        let (key, now) = (family_of(home), told.since);
        if self.0.len() >= MOST_FAMILIES && !self.0.contains_key(&key) {
            self.0.retain(|_, family| family.says_something(now));
            if self.0.len() >= MOST_FAMILIES {
                return false;
            }
        }
        let family = self.0.entry(key).or_default();
        let resource = home.name.shared_resource();
        let mut has_moved = family.tick(now) | family.announced(resource, limit, now);
        let me = family.root(resource);
        for other in family.waiting(&me, sent, now) {
            if family.is_shared_by(&me, &other) && family.members.len() + 2 <= MOST_MEMBERS {
                family.share(&me, &other, now);
                has_moved = true;
                break;
            }
        }
        let me = family.root(resource);
        let known = family.told.get(&me).copied().filter(|known| known.until > now).unwrap_or(told);
        family.told.insert(me, Told { since: known.since, until: known.until.max(told.until) });
        family.keep_within_bounds();
        has_moved
    }
}

impl Family {
    fn root(&self, resource: &Resource) -> Resource {
        self.members.get(resource).map_or_else(|| resource.clone(), |member| member.root.clone())
    }

    /// The others that were told to wait before `sent` and until after `now`. The last second of a wait says nothing:
    /// waits are told in whole seconds, rounded up.
    fn waiting(&self, me: &Resource, sent: Time, now: Time) -> Vec<Resource> {
        let waits = |(other, told): &(&Resource, &Told)| {
            *other != me && told.since <= sent && now < told.until && sent.later(ROUNDING) < told.until
        };
        self.told.iter().filter(waits).map(|(other, _)| other.clone()).collect()
    }

    /// Counts a sign, once for each wait of the other's; says whether there are enough.
    fn is_shared_by(&mut self, me: &Resource, other: &Resource) -> bool {
        let Some(told) = self.told.get(other) else { return false };
        let known = self.pairs.entry(pair(me, other)).or_insert(Pair::Alike { signs: 0, at: Time::MAX });
        match known {
            Pair::Alike { signs, at } if *at != told.since => {
                (*signs, *at) = (*signs + 1, told.since);
                *signs >= ENOUGH
            }
            Pair::Alike { .. } | Pair::Apart { .. } => false,
        }
    }

    /// All that count with `me` count with `other` from now on.
    fn share(&mut self, me: &Resource, other: &Resource, now: Time) {
        for member in self.members.values_mut().filter(|member| member.root == *me) {
            member.root = other.clone();
        }
        for resource in [me, other] {
            let new = Member { root: other.clone(), since: now, limit: None };
            self.members.entry(resource.clone()).or_insert(new);
        }
        self.pairs.retain(|(one, two), _| one != me && two != me);
        if let Some(mine) = self.told.remove(me)
            && let Some(told) = self.told.get_mut(other)
        {
            told.until = told.until.max(mine.until);
        }
    }

    /// A template announces a limit: another than its kin's parts them all.
    fn announced(&mut self, resource: &Resource, limit: Option<u64>, now: Time) -> bool {
        let (Some(limit), Some(member)) = (limit, self.members.get_mut(resource)) else { return false };
        member.limit = Some(limit);
        let root = member.root.clone();
        let kin: Vec<_> = self.members.iter().filter(|(_, member)| member.root == root).collect();
        if kin.iter().all(|(_, member)| member.limit.is_none_or(|known| known == limit)) {
            return false;
        }
        let kin: Vec<Resource> = kin.into_iter().map(|(resource, _)| resource.clone()).collect();
        for other in kin.iter().filter(|other| *other != resource) {
            self.pairs.insert(pair(resource, other), Pair::Apart { until: now.later(APART) });
        }
        self.members.retain(|_, member| member.root != root);
        true
    }

    /// Forgets what is over; says whether some template counts for itself again.
    fn tick(&mut self, now: Time) -> bool {
        self.told.retain(|_, told| told.until > now);
        self.pairs.retain(|_, pair| !matches!(pair, Pair::Apart { until } if *until <= now));
        let over = self.members.values().filter(|member| member.since.later(SHARED) <= now);
        let over: Vec<Resource> = over.map(|member| member.root.clone()).collect();
        self.members.retain(|_, member| !over.contains(&member.root));
        !over.is_empty()
    }

    fn keep_within_bounds(&mut self) {
        while self.told.len() > MOST_MEMBERS {
            self.told.pop_first();
        }
        while self.pairs.len() > MOST_PAIRS {
            self.pairs.pop_first();
        }
    }

    fn says_something(&self, now: Time) -> bool {
        !self.members.is_empty() || self.told.values().any(|told| told.until > now)
    }
}

fn family_of(home: &Key) -> (Arc<str>, Option<u64>) {
    (home.name.shared_origin().clone(), home.token)
}

fn pair(one: &Resource, two: &Resource) -> (Resource, Resource) {
    (one.min(two).clone(), one.max(two).clone())
}

#[cfg(test)]
mod tests;
