//! Why each limit falls on a request or doesn't, heard from the walk itself. Never here: a second way to find out.

use std::fmt;

use super::cost::Priced;
use super::key::{Found, KeyPart, Missing};
use super::walk::Listener;
use super::{Charge, Charges, Classifier, KeyRefusal, Lack};

/// How many characters of a secret are shown, at most and of its length.
const SHOWN: usize = 4;
const SHOWN_OF: usize = 4;

/// What a request takes, and a line for each limit of the policy that says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What [`Classifier::classify`] says.
    pub outcome: Result<Charges, KeyRefusal>,
    /// The limits, in the policy's order.
    pub lines: Vec<Line>,
}

/// Why a limit falls on a request, or doesn't.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The limit's name.
    pub name: String,
    /// What is found.
    pub verdict: Verdict,
    /// The parts of the key, as far as they were looked for: `bearer abcd…`. Of a token, a header, a cookie and a
    /// place in the path, a quarter and at most four characters are shown.
    pub key: Vec<String>,
    /// All of it in words.
    pub words: String,
}

/// Whether a limit falls on a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Charged(Charge),
    /// It does, and refuses the request for want of a key.
    Refused(Lack),
    /// It doesn't.
    PassedOver(WhyNot),
}

/// Why a limit doesn't fall on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// The path doesn't fit the template.
    Path,
    /// The method is another.
    Method,
    /// The host is another.
    Host,
    /// A condition doesn't hold.
    Condition {
        /// Its number in the limit.
        number: u32,
    },
    /// An exemption spares the request.
    Exempt {
        /// Its number in the policy.
        exemption: u32,
    },
    /// Another limit of the same `first_of` fell on it.
    NotFirst {
        /// That limit's number.
        first: u32,
    },
    /// The caller's plan is to be exempt.
    Plan {
        /// Its number in the limit.
        plan: u32,
    },
}

/// Hears the walk and keeps a line per limit. What isn't heard of has another path.
#[derive(Debug)]
pub(super) struct Lines<'c> {
    classifier: &'c Classifier,
    lines: Vec<Line>,
}

impl<'c> Lines<'c> {
    pub(super) fn new(classifier: &'c Classifier) -> Lines<'c> {
        let line = |number| {
            let limit = classifier.limit(number);
            let template = limit.on.path.as_ref().map(ToString::to_string).unwrap_or_default();
            let words = format!("passed over: the path doesn't fit {template}");
            let verdict = Verdict::PassedOver(WhyNot::Path);
            Line { name: limit.name.clone(), verdict, key: Vec::new(), words }
        };
        Lines { classifier, lines: (0..classifier.len() as u32).map(line).collect() }
    }

    pub(super) fn with(self, outcome: Result<Charges, KeyRefusal>) -> Explanation {
        Explanation { outcome, lines: self.lines }
    }

    fn why_not(&self, number: u32, why: WhyNot) -> String {
        let limit = self.classifier.limit(number);
        match why {
            WhyNot::Path => "the path doesn't fit".to_owned(),
            WhyNot::Method => {
                format!("the method isn't {}", self.classifier.limits[number as usize].methods)
            }
            WhyNot::Host => {
                let hosts: Vec<_> = limit.on.hosts.iter().map(ToString::to_string).collect();
                format!("the host isn't {}", hosts.join(" or "))
            }
            WhyNot::Condition { number } => {
                format!("it doesn't hold that {}", limit.on.conditions[number as usize])
            }
            WhyNot::Exempt { exemption } => {
                format!("exempt by `{}`", self.classifier.exemptions[exemption as usize].name)
            }
            WhyNot::NotFirst { first } => {
                let group = limit.first_of.as_deref().unwrap_or_default();
                format!("`{}` comes before it in `{group}`", self.classifier.limit(first).name)
            }
            WhyNot::Plan { plan } => {
                format!("the plan `{}` is exempt from it", limit.plans[plan as usize].name)
            }
        }
    }
}

impl Listener for Lines<'_> {
    fn passed_over(&mut self, limit: u32, why: WhyNot) {
        let words = format!("passed over: {}", self.why_not(limit, why));
        let line = &mut self.lines[limit as usize];
        (line.verdict, line.words) = (Verdict::PassedOver(why), words);
    }

    fn part(&mut self, limit: u32, part: usize, found: &Found<'_>, missing: Missing) {
        let part = &self.classifier.limit(limit).key[part];
        let line = &mut self.lines[limit as usize];
        line.key.push(shown(part, found, missing));
        if let (Found::Lacking(lack), Missing::Refuse) = (found, missing) {
            line.verdict = Verdict::Refused(*lack);
            line.words = format!("falls on it, and refuses it: {}", line.key.join(", "));
        }
    }

    fn charged(&mut self, charge: &Charge, priced: Priced) {
        let limit = self.classifier.limit(charge.limit);
        let line = &mut self.lines[charge.limit as usize];
        let key = if line.key.is_empty() { "one for all".to_owned() } else { line.key.join(", ") };
        let mut words = format!("falls on it: key {key}; cost {}", charge.cost);
        if let Some(row) = priced.row {
            let when: Vec<_> = limit.cost.rows[row].when.iter().map(ToString::to_string).collect();
            words += &format!(", for {}", when.join(" and "));
        }
        if charge.settled == super::Settled::Later {
            words += ", reserved until the true cost is known";
        }
        if let Some(plan) = charge.plan {
            words += &format!("; plan `{}`", limit.plans[plan as usize].name);
        }
        line.words = words;
        line.verdict = Verdict::Charged(*charge);
    }
}

/// A part of a key, for people: the beginning of what may be secret, the whole of what isn't.
fn shown(part: &KeyPart, found: &Found<'_>, missing: Missing) -> String {
    match (part, found) {
        (_, Found::Address(address)) => format!("{part} {address}"),
        (KeyPart::Host, Found::Text(text)) => format!("{part} {}", text.escape_ascii()),
        (_, Found::Text(text)) => {
            let start = &text[..SHOWN.min(text.len() / SHOWN_OF)];
            format!("{part} {}…", start.escape_ascii())
        }
        (_, Found::Lacking(lack)) => {
            let lack = match lack {
                Lack::Absent => "none",
                Lack::Several => "more than one",
                Lack::Unclear => "with no clear end",
            };
            let instead = match missing {
                Missing::Refuse => "",
                Missing::Anonymous => ", so it shares with all such",
                Missing::ByAddress => ", so its address counts",
            };
            format!("{part} {lack}{instead}")
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{}: {}", line.name, line.words)?;
        }
        match &self.outcome {
            Ok(charges) if charges.is_empty() => writeln!(f, "No limit falls on the request."),
            Ok(_) => Ok(()),
            Err(refusal) => writeln!(f, "Refused with {}: {refusal}", refusal.status().as_u16()),
        }
    }
}
