//! What keeps an answer from being understood for sure, and what to do about it. Never here: what is understood.

use super::body::Broken;
use super::findings::{Clock, Findings, Lack};
use super::past::Past;

/// Why the answer can't be understood for sure, if that is so.
pub(super) fn unsure(found: &Findings) -> Option<String> {
    let lack = found.lack.filter(|_| found.is_unsure)?;
    let what = if found.is_passed() { "a refusal" } else { "more about the refusal" };
    Some(format!("{what} may stand in the body, which {}", is_so(lack)))
}

fn is_so(lack: Lack) -> &'static str {
    match lack {
        Lack::Packed => "is compressed",
        Lack::Large => "is larger than 64 KiB",
        Lack::Broken(Broken::CutOff) => "is cut off",
        Lack::Broken(Broken::Followed) => "has something behind its JSON",
        Lack::Broken(Broken::Malformed) => "begins like JSON or is said to be, and isn't",
        Lack::Missing => "isn't there",
    }
}

/// What the reading lacks, and what to do about it.
pub(super) fn all(found: &Findings) -> Vec<String> {
    let lack = found.lack.map(|lack| {
        let unread = if matches!(lack, Lack::Broken(_)) { "no JSON" } else { "nothing" };
        let what = || format!("the body {}, so {unread} is read from it", is_so(lack));
        let what = unsure(found).unwrap_or_else(what);
        format!("{what}: {}", remedy(lack))
    });
    let is_told = matches!(found.lack, Some(Lack::Broken(_)));
    let head = || {
        "a whole head stands in the body and was taken for a part of it: if it is another answer's, hand that one over alone".to_owned()
    };
    let head = (found.holds_head && !is_told).then(head);
    [lack, head, found.past.as_ref().map(|past| long_past(past, found.clock))].into_iter().flatten().collect()
}

fn remedy(lack: Lack) -> &'static str {
    match lack {
        Lack::Packed => "`curl --compressed -si URL` unpacks it",
        Lack::Large => "a body of that size isn't looked at",
        Lack::Broken(Broken::CutOff) => "hand over all of it, best with `curl -si URL | tidegate explain`",
        Lack::Broken(Broken::Followed) => "leave that out, be it what `curl -w` prints or another answer",
        Lack::Broken(Broken::Malformed) => "look whether copying has changed it",
        Lack::Missing => "`curl -si URL` prints it, -I doesn't",
    }
}

fn long_past(past: &Past, clock: Clock) -> String {
    let Past { name, days } = past;
    match clock {
        Clock::Wall(_) => {
            format!("the instant in {name} is {days} days past: say --now if the answer is old")
        }
        Clock::Given(_) => format!("the instant in {name} lies {days} days before the one in --now"),
        Clock::Date(_) => format!("the instant in {name} lies {days} days before the answer's own Date"),
    }
}
