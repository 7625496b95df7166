//! The limits of a policy at work: a request in, a verdict out. Never here: a socket, a clock, an answer's form.
//!
//! A call is classified, then decided under all its limits at once: it goes when all let it go, and is charged to
//! all then. Who is admitted holds a [`Permit`], which is settled when the call's true cost is known, or refunded
//! when the call was never made. A [`Refusal`] says why, and how long to wait.
//!
//! A policy is changed while calls are decided. A key's state stays with the limit of the same name, by
//! [`tidegate_core::carry`]'s rule: the share that is left stays the same. Another key in the policy (`ip` for
//! `bearer`) makes new counts, and a limit of a new name begins unused.
//!
//! ```
//! use http::{HeaderMap, Method};
//! use tidegate::classify::{Limit, Policy, Request};
//! use tidegate::limiter::{Limiter, Verdict};
//! use tidegate::path::{Host, Target};
//! use tidegate::store::{Room, Secret, Table};
//! use tidegate_core::Time;
//!
//! let limit = Limit::new("calls", vec!["ip".parse()?], "1 per minute".parse()?);
//! let policy = Policy { limits: vec![limit], ..Policy::default() };
//! let now = Time::from_secs(100);
//! let limiter = Limiter::new(policy, Table::new(Room::split(1 << 20)), Secret::new([1, 2]), now)
//!     .map_err(|mut faults| faults.remove(0))?;
//!
//! let headers = HeaderMap::from_iter([(http::header::HOST, "api.example".parse()?)]);
//! let rules = limiter.rules();
//! let request = Request {
//!     method: &Method::GET,
//!     target: &Target::of(b"/v1/rooms", rules.paths())?,
//!     host: &Host::of(None, &headers)?,
//!     headers: &headers,
//!     client: "192.0.2.7".parse()?,
//! };
//! let decided = |now| futures(limiter.decide(now, &request));
//! # fn futures<F: Future>(work: F) -> F::Output {
//! #     let mut work = std::pin::pin!(work);
//! #     match work.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
//! #         std::task::Poll::Ready(output) => output,
//! #         std::task::Poll::Pending => unreachable!("the memory store is always ready"),
//! #     }
//! # }
//! assert!(matches!(decided(now)?, Verdict::Admitted(_)));
//! let Verdict::Refused(refusal) = decided(now)? else { panic!("one per minute is one") };
//! assert_eq!(refusal.told.wait.unwrap().as_secs(), 60);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod change;
mod explain;
mod permit;
mod rules;
mod tally;
mod told;
mod verdict;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::HeaderMap;
use smallvec::SmallVec;
use tidegate_core::{Decision, Time, Together};

use crate::at_once::{AtOnce, Bound, Place};
use crate::classify::{Charge, Charges, Mode, Policy, PolicyFault, Request};
use crate::store::{Claim, Secret, Store};

pub use change::{Changed, Kept};
pub use explain::{Explained, Foreseen};
pub use permit::{Permit, Seen};
pub use rules::Rules;
pub use tally::{Counts, Tally};
pub use told::Told;
pub use verdict::{Refusal, Verdict, Why};

use permit::Spent;

/// How long a caller is told to wait for a place among calls at once: nobody knows when one ends.
const WAIT_FOR_A_PLACE: Duration = Duration::from_secs(1);

/// One gateway's limits.
#[derive(Debug)]
pub struct Limiter<S> {
    secret: Secret,
    store: S,
    at_once: AtOnce,
    rules: ArcSwap<Rules>,
    /// What was asked for last; held while the rules change.
    wanted: Mutex<change::Wanted>,
}

/// The claims of a call.
type Claims<'r> = SmallVec<[Claim<'r>; 4]>;

impl<S: Store> Limiter<S> {
    /// The limits of a policy. The secret is drawn once per process.
    ///
    /// # Errors
    /// With all that is wrong with the policy.
    pub fn new(policy: Policy, store: S, secret: Secret, now: Time) -> Result<Limiter<S>, Vec<PolicyFault>> {
        let (rules, wanted) = change::begin(policy, now)?;
        let (rules, wanted) = (ArcSwap::from_pointee(rules), Mutex::new(wanted));
        Ok(Limiter { secret, store, at_once: AtOnce::new(), rules, wanted })
    }

    /// The rules of now. Who looks at one request keeps one of these for all of it.
    pub fn rules(&self) -> Arc<Rules> {
        self.rules.load_full()
    }

    /// What keeps the states.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// What keys are hashed with.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Decides a call, and charges it if it is admitted.
    ///
    /// # Errors
    /// When the store can't answer. Then it isn't known whether anything was spent.
    pub async fn decide(&self, now: Time, request: &Request<'_>) -> Result<Verdict, S::Error> {
        self.decide_by(self.rules(), now, request).await
    }

    /// The same by rules that the caller holds, since the request was normalised by them.
    ///
    /// # Errors
    /// As [`Limiter::decide`].
    pub async fn decide_by(
        &self,
        rules: Arc<Rules>,
        now: Time,
        request: &Request<'_>,
    ) -> Result<Verdict, S::Error> {
        let charges = match rules.classifier.classify(request, &self.secret) {
            Ok(charges) => charges,
            Err(lacking) => {
                rules.limit(lacking.limit).tally.lacking.one();
                return Ok(Refusal::lacking(rules, lacking).into());
            }
        };
        let place = match self.enter(&rules, &charges) {
            Ok(place) => place,
            Err(full) => {
                rules.limit(full).tally.full.one();
                return Ok(Refusal::full(rules, full, WAIT_FOR_A_PLACE).into());
            }
        };
        let (mut spent, together) = self.charge(&rules, &charges, now).await?;
        match together.decision {
            Decision::Admit { remaining, .. } => {
                let places = self.shadow(&rules, &charges, now, &mut spent).await?;
                for charge in charges.iter() {
                    rules.limit(charge.limit).tally.admitted.one();
                }
                let tightest = enforced(&rules, &charges).nth(together.tightest).copied();
                let told = Told::admitted(rules, &charges, tightest, remaining, now);
                Ok(Permit { class: charges.class, spent, told, place, places }.into())
            }
            refused => {
                let tightest = enforced(&rules, &charges).nth(together.tightest);
                Ok(refusal(rules.clone(), &charges, tightest, refused, now).into())
            }
        }
    }

    /// Enters all bounds on calls at once, or none, or says which limit is full.
    fn enter(&self, rules: &Rules, charges: &Charges) -> Result<Option<Place>, u32> {
        let bounds: SmallVec<[(u32, Bound); 2]> = enforced(rules, charges)
            .filter_map(|charge| Some((charge.limit, rules.bound(charge)?)))
            .collect();
        if bounds.is_empty() {
            return Ok(None);
        }
        let only: SmallVec<[Bound; 2]> = bounds.iter().map(|(_, bound)| *bound).collect();
        self.at_once.enter_all(&only).map(Some).map_err(|full| bounds[full].0)
    }

    /// Decides under all limits that refuse; what was spent, if it is admitted.
    async fn charge(
        &self,
        rules: &Rules,
        charges: &Charges,
        now: Time,
    ) -> Result<(SmallVec<[Spent; 2]>, Together), S::Error> {
        let counted: SmallVec<[&Charge; 4]> =
            enforced(rules, charges).filter(|charge| rules.store_limit(charge).is_some()).collect();
        let mut claims: Claims<'_> = counted.iter().filter_map(|charge| rules.claim(charge)).collect();
        let mut together = self.store.decide(now, &mut claims).await?;
        // From here on, the tightest is told by its place among all that refuse.
        if let Some(tightest) = counted.get(together.tightest) {
            let place = enforced(rules, charges).position(|charge| charge.limit == tightest.limit);
            together.tightest = place.unwrap_or_default();
        }
        let spent = counted.iter().zip(&claims).map(|(charge, claim)| Spent::new(charge, claim.receipt));
        Ok((spent.collect(), together))
    }

    /// Counts an admitted call under the limits that only look on.
    async fn shadow(
        &self,
        rules: &Rules,
        charges: &Charges,
        now: Time,
        spent: &mut SmallVec<[Spent; 2]>,
    ) -> Result<SmallVec<[Place; 1]>, S::Error> {
        let mut places = SmallVec::new();
        for charge in charges.iter().filter(|charge| rules.mode(charge) == Mode::Shadow) {
            let tally = &rules.limit(charge.limit).tally;
            if let Some(bound) = rules.bound(charge) {
                let place = self.at_once.enter_anyway(bound);
                if place.over() > 0 {
                    tally.would_refuse.one();
                }
                places.push(place);
            }
            let Some(claim) = rules.claim(charge) else { continue };
            let mut claim = [claim];
            match self.store.decide(now, &mut claim).await?.decision {
                Decision::Admit { .. } => spent.push(Spent::new(charge, claim[0].receipt)),
                Decision::Deny { .. } | Decision::Never => tally.would_refuse.one(),
            }
        }
        Ok(places)
    }

    /// Brings what an admitted call spent to its true cost, where its answer tells one, and gives its places back.
    ///
    /// # Errors
    /// When the store can't answer.
    pub async fn settle(&self, now: Time, permit: Box<Permit>, seen: &Seen<'_>) -> Result<(), S::Error> {
        for spent in permit.spent.iter().filter(|spent| spent.is_open()) {
            let Some(mut claim) = permit.told.rules.claim_of(spent) else { continue };
            let used = permit.told.rules.limit(spent.limit).cost_of(spent, seen);
            self.store.settle(now, &mut claim, used).await?;
        }
        Ok(())
    }

    /// The same for what the head of the answer tells already: `permit` stays open only for what is known at the end.
    ///
    /// # Errors
    /// When the store can't answer.
    pub async fn settle_head(
        &self,
        now: Time,
        permit: &mut Permit,
        headers: &HeaderMap,
    ) -> Result<(), S::Error> {
        let rules = &permit.told.rules;
        for spent in permit.spent.iter_mut().filter(|spent| spent.is_open()) {
            let Some(used) = rules.limit(spent.limit).cost_at_head(headers) else { continue };
            spent.close();
            let Some(mut claim) = rules.claim_of(spent) else { continue };
            self.store.settle(now, &mut claim, used).await?;
        }
        Ok(())
    }

    /// Gives back all that a call spent that was never made, and its places.
    ///
    /// # Errors
    /// When the store can't answer.
    pub async fn refund(&self, now: Time, permit: Box<Permit>) -> Result<(), S::Error> {
        let rules = &permit.told.rules;
        let mut claims: Claims<'_> = permit.spent.iter().filter_map(|spent| rules.claim_of(spent)).collect();
        self.store.refund(now, &mut claims).await
    }

    /// Forgets what the callers of such a request used, under all limits that it falls under or under the one of
    /// this name; the names of those limits.
    ///
    /// # Errors
    /// When the store can't answer.
    pub async fn reset(&self, request: &Request<'_>, only: Option<&str>) -> Result<Vec<String>, S::Error> {
        let rules = self.rules();
        let mut forgotten = Vec::new();
        let Ok(charges) = rules.classifier.classify(request, &self.secret) else { return Ok(forgotten) };
        for charge in charges.iter() {
            let name = &rules.classifier.limit(charge.limit).name;
            if only.is_some_and(|only| only != name) {
                continue;
            }
            if let Some(limit) = rules.store_limit(charge) {
                self.store.reset(limit, charge.key).await?;
                forgotten.push(name.clone());
            }
        }
        Ok(forgotten)
    }
}

/// The charges of limits that refuse.
fn enforced<'c>(rules: &Rules, charges: &'c Charges) -> impl Iterator<Item = &'c Charge> {
    charges.iter().filter(|charge| rules.mode(charge) == Mode::Enforce)
}

/// What a caller is told whom the limits refuse.
fn refusal(
    rules: Arc<Rules>,
    charges: &Charges,
    tightest: Option<&Charge>,
    decision: Decision,
    now: Time,
) -> Refusal {
    let Some(&charge) = tightest else { unreachable!("under no limit at all, every call goes") };
    let tally = &rules.limit(charge.limit).tally;
    match decision {
        Decision::Deny { retry_at } => {
            tally.refused.one();
            Refusal::used_up(rules, charges, &charge, retry_at.since(now))
        }
        _ => {
            tally.never.one();
            Refusal::never(rules, &charge)
        }
    }
}
