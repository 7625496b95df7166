//! The one walk from a request to its charges, which tells on the way what it finds. Never here: words for it.

use smallvec::SmallVec;

use crate::store::Secret;

use super::compile::{Ranks, Ready, Spares};
use super::condition::Truth;
use super::cost::Priced;
use super::key::{Found, Gathered};
use super::method::Methods;
use super::policy::{Gives, Matcher, When};
use super::{Charge, Charges, Classifier, KeyRefusal, Missing, Request, WhyNot};

/// Who hears what the walk finds, limit by limit. `()` hears nothing, and costs nothing.
pub(super) trait Listener {
    /// A limit doesn't fall on the request.
    fn passed_over(&mut self, _limit: u32, _why: WhyNot) {}
    /// A part of a limit's key is found, or lacking.
    fn part(&mut self, _limit: u32, _part: usize, _found: &Found<'_>, _missing: Missing) {}
    /// A limit falls on the request.
    fn charged(&mut self, _charge: &Charge, _priced: Priced) {}
}

impl Listener for () {}

/// How surely a rule fits a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sure {
    Yes,
    Perhaps,
}

/// What a row of the routes stands for.
enum Row<'c> {
    Exemption(&'c Spares),
    Priority(&'c Ranks),
    Limit(u32),
}

impl Classifier {
    pub(super) fn walk(
        &self,
        request: &Request<'_>,
        secret: &Secret,
        listener: &mut impl Listener,
    ) -> Result<Charges, KeyRefusal> {
        let mut charges = Charges::default();
        let (mut refused, mut ranked) = (None, false);
        let mut exempt: SmallVec<[u32; 4]> = SmallVec::new();
        let mut groups: SmallVec<[(u32, u32); 4]> = SmallVec::new();
        for &row in &self.routes.fitting(request.target.path()) {
            let number = match self.row(row) {
                Row::Exemption(Spares { on, methods, .. }) => {
                    if matches(on, methods, request) == Ok(Sure::Yes) {
                        exempt.push(row);
                    }
                    continue;
                }
                Row::Priority(Ranks { on, methods, class }) => {
                    if !ranked && matches(on, methods, request) == Ok(Sure::Yes) {
                        (charges.class, ranked) = (*class, true);
                    }
                    continue;
                }
                Row::Limit(number) => number,
            };
            let ready = &self.limits[number as usize];
            if let Some(why) = self.passes_over(number, ready, &exempt, &groups, request) {
                listener.passed_over(number, why);
                continue;
            }
            groups.extend(ready.group.map(|group| (group, number)));
            match self.charge(number, ready, request, secret, listener) {
                Ok(Some(charge)) => charges.all.push(charge),
                Ok(None) => {}
                // The walk goes on, so that an explanation is whole.
                Err(refusal) => _ = refused.get_or_insert(refusal),
            }
        }
        refused.map_or(Ok(charges), Err)
    }

    /// What stands in a row of the routes: exemptions first, then priorities, then limits.
    fn row(&self, row: u32) -> Row<'_> {
        let (exemptions, priorities) = (self.exemptions.len(), self.priorities.len());
        let at = row as usize;
        if at < exemptions {
            Row::Exemption(&self.exemptions[at])
        } else if at < exemptions + priorities {
            Row::Priority(&self.priorities[at - exemptions])
        } else {
            Row::Limit((at - exemptions - priorities) as u32)
        }
    }

    /// Why a limit whose path fits doesn't fall on the request, if it doesn't.
    fn passes_over(
        &self,
        number: u32,
        ready: &Ready,
        exempt: &[u32],
        groups: &[(u32, u32)],
        request: &Request<'_>,
    ) -> Option<WhyNot> {
        if let Err(why) = matches(&ready.limit.on, &ready.methods, request) {
            return Some(why);
        }
        let spares = |row: &&u32| match &self.exemptions[**row as usize].limits {
            None => true,
            Some(limits) => limits.binary_search(&number).is_ok(),
        };
        if let Some(row) = exempt.iter().find(spares) {
            return Some(WhyNot::Exempt { exemption: *row });
        }
        let (_, first) = groups.iter().find(|(group, _)| Some(*group) == ready.group)?;
        Some(WhyNot::NotFirst { first: *first })
    }

    /// What a limit that falls on the request charges; `None` if the plan is to be exempt.
    fn charge(
        &self,
        number: u32,
        ready: &Ready,
        request: &Request<'_>,
        secret: &Secret,
        listener: &mut impl Listener,
    ) -> Result<Option<Charge>, KeyRefusal> {
        let limit = &ready.limit;
        let mut key = Gathered::new(secret);
        let mut begins = Found::Lacking(super::Lack::Absent);
        for (at, part) in ready.key.iter().enumerate() {
            let found = part.of(request, self.grouping);
            listener.part(number, at, &found, limit.missing);
            key.add(&found);
            if let Found::Lacking(lack) = found {
                match limit.missing {
                    Missing::Refuse => {
                        return Err(KeyRefusal { limit: number, part: limit.key[at].clone(), lack });
                    }
                    Missing::Anonymous => {}
                    Missing::ByAddress => key.add(&Found::Address(self.grouping.of(request.client))),
                }
            }
            if at == 0 {
                begins = found;
            }
        }
        let plan = (0..).zip(&limit.plans).find(|(_, plan)| match &plan.when {
            When::KeyStarts(text) => {
                matches!(&begins, Found::Text(found) if found.starts_with(text.as_bytes()))
            }
            When::Holds(condition) => condition.holds(request) == Truth::Yes,
        });
        if let Some((plan, chosen)) = plan {
            if chosen.gives == Gives::Exemption {
                listener.passed_over(number, WhyNot::Plan { plan });
                return Ok(None);
            }
            key.add_plan(&chosen.name);
        }
        let priced = limit.cost.of(request);
        let plan = plan.map(|(plan, _)| plan);
        let Priced { units: cost, settled, .. } = priced;
        let charge = Charge { limit: number, plan, key: key.finish(), cost, settled };
        listener.charged(&charge, priced);
        Ok(Some(charge))
    }
}

/// Whether all but the path fits, clearly or perhaps; or what is the first that doesn't.
fn matches(on: &Matcher, methods: &Methods, request: &Request<'_>) -> Result<Sure, WhyNot> {
    let mut sure = Sure::Yes;
    if !on.methods.is_empty() {
        match methods.has(request.method) {
            Truth::Yes => {}
            Truth::Unclear => sure = Sure::Perhaps,
            Truth::No => return Err(WhyNot::Method),
        }
    }
    if !on.hosts.is_empty() && !on.hosts.iter().any(|host| host.fits(request.host)) {
        return Err(WhyNot::Host);
    }
    for (number, condition) in (0..).zip(&on.conditions) {
        match condition.holds(request) {
            Truth::Yes => {}
            Truth::Unclear => sure = Sure::Perhaps,
            Truth::No => return Err(WhyNot::Condition { number }),
        }
    }
    Ok(sure)
}
