//! What a policy does to a request, on a page. Never here: what it does.

use std::fmt::{self, Write as _};

use tidegate::classify::{Class, Mode, Per, Verdict};

use super::outlook::{Ahead, Then};
use super::table::lined_up;
use super::told::{Limits, Outcome, Told};

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.request)?;
        for note in &self.notes {
            writeln!(f, "  {note}")?;
        }
        writeln!(f)?;
        match &self.outcome {
            Outcome::Malformed { fault, shown } => {
                writeln!(f, "{shown}Refused with {}, before any limit: {fault}", fault.status().as_u16())
            }
            Outcome::Limits(limits) => f.write_str(&limits.page()),
        }
    }
}

impl Limits {
    fn page(&self) -> String {
        let mut rows = Vec::new();
        for (number, line) in (0..).zip(&self.explanation.lines) {
            rows.push(vec![line.name.clone(), line.words.clone()]);
            if let (Verdict::Charged(_), Some(ahead)) =
                (&line.verdict, self.ahead.iter().find(|ahead| ahead.limit == number))
            {
                rows.push(vec![String::new(), self.count(ahead)]);
            }
        }
        let mut page = lined_up(&rows);
        if !page.is_empty() {
            page += "\n";
        }
        match &self.explanation.outcome {
            Err(refusal) => {
                let _ = writeln!(page, "Refused with {}: {refusal}.", refusal.status().as_u16());
            }
            Ok(charges) if charges.is_empty() => page += "Admitted: no limit falls on it.\n",
            Ok(_) => page += &self.future(),
        }
        match self.class {
            Class::Normal => {}
            Class::Critical => page += "It is critical: refused last when servers are overloaded.\n",
            Class::Sheddable => page += "It is sheddable: refused first when servers are overloaded.\n",
        }
        page
    }

    /// What counts under one limit, and what is left of it.
    fn count(&self, ahead: &Ahead) -> String {
        let limit = &self.limits[ahead.limit as usize];
        let mut words = Vec::new();
        if let (Some(quota), Some(left)) = (&ahead.quota, self.left(ahead)) {
            let servers = match limit.per {
                Per::Server if self.servers == 1.0 => " for 1 server".to_owned(),
                Per::Server => format!(" for {} servers", self.servers),
                Per::Fleet => String::new(),
            };
            words.push(format!("{quota}{servers}: {left} left of {}", quota.burst()));
        }
        if let Some(most) = ahead.at_once {
            words.push(format!("at most {most} in flight"));
        }
        if limit.mode == Mode::Shadow {
            words.push("in shadow: counts, refuses nothing".to_owned());
        }
        words.join("; ")
    }

    fn future(&self) -> String {
        let mut said = String::new();
        match self.first_to_stop(Mode::Enforce) {
            None if self.repeat == 1 => said += "Admitted, and so is every other one like it.\n",
            None => said += &format!("All {} are admitted.\n", self.repeat),
            Some((ahead, passes)) => said += &self.stopped(ahead, passes),
        }
        if let Some((ahead, passes)) = self.first_to_stop(Mode::Shadow) {
            let name = self.name(ahead);
            said += &match (ahead.then, passes) {
                (Then::Never, _) => format!("Were it not in shadow, `{name}` would never let it pass.\n"),
                _ => format!("Were it not in shadow, `{name}` would let {passes} pass at once.\n"),
            };
        }
        said
    }

    /// What is told when calls come to an end.
    fn stopped(&self, ahead: &Ahead, passes: u64) -> String {
        let name = self.name(ahead);
        let answer = match ahead.then {
            Then::Waits { seconds, at_most: false } => {
                format!("429 with Retry-After: {seconds}, by `{name}`")
            }
            Then::Waits { seconds, at_most: true } => {
                format!("429 with Retry-After: {seconds} or less, as the clock has it, by `{name}`")
            }
            _ => format!("429 by `{name}` until another one has ended"),
        };
        if ahead.then == Then::Never {
            let most = ahead.quota.map_or(0, |quota| quota.burst());
            return format!(
                "Never admitted: it costs {}, and `{name}` holds at most {most}. It is answered 400, since no wait helps.\n",
                ahead.cost
            );
        }
        match self.repeat {
            1 => format!(
                "Admitted. {passes} such calls pass at once from a fresh count; the next is answered {answer}.\n"
            ),
            repeat if repeat <= passes => {
                format!("All {repeat} are admitted. From {} on they are answered {answer}.\n", passes + 1)
            }
            repeat => format!(
                "Of {repeat} at once, {passes} are admitted and {} answered {answer}.\n",
                repeat - passes
            ),
        }
    }
}
