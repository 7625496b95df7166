//! Which form of body a caller takes, by `Accept` (RFC 9110 section 12.5.1). Never here: what a body says.

use http::HeaderMap;
use http::header::ACCEPT;
use tidegate_wire::problem;

use super::answer::Body;

/// What a body is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// `application/problem+json`.
    Problem,
    /// JSON as Webex writes it.
    Webex,
    /// A line of text.
    Text,
}

/// The form for whoever accepts this: what it would rather have, and the configured one where it leaves that open.
///
/// Who takes neither JSON nor text is answered in the configured form all the same, which the standard allows: an
/// error in a form that wasn't asked for tells more than another error.
pub(super) fn written(headers: &HeaderMap, configured: Body) -> Written {
    let configured = match configured {
        Body::Problem => Written::Problem,
        Body::Webex => Written::Webex,
    };
    let lines = || headers.get_all(ACCEPT).iter().map(|line| line.as_bytes());
    if lines().all(|line| line == b"*/*") {
        return configured;
    }
    let weight = |wanted| Weight::of(lines(), wanted);
    let (problem, json) = (weight(problem::MEDIA_TYPE), weight("application/json"));
    let text = weight("text/plain").max(weight("text/html"));
    if text.thousandths > problem.thousandths.max(json.thousandths) {
        return Written::Text;
    }
    let by_name = problem.exactness == BY_NAME && problem.thousandths > 0;
    if by_name && problem.thousandths > json.thousandths { Written::Problem } else { configured }
}

/// How exactly a range must name a media type to be its very name.
const BY_NAME: u8 = 3;

/// How much a media type is wanted. The most exact range that it falls under counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Weight {
    thousandths: u16,
    exactness: u8,
}

impl Weight {
    fn of<'l>(lines: impl Iterator<Item = &'l [u8]>, wanted: &str) -> Weight {
        let ranges = lines.flat_map(|line| line.split(|&byte| byte == b','));
        let weights = ranges.filter_map(|range| Weight::of_range(range, wanted));
        weights.max_by_key(|weight| (weight.exactness, weight.thousandths)).unwrap_or_default()
    }

    /// What one range says of the media type; `None` if it is malformed, or about others.
    fn of_range(range: &[u8], wanted: &str) -> Option<Weight> {
        let mut parts = std::str::from_utf8(range).ok()?.split(';').map(str::trim);
        let named = parts.next()?;
        let (kind, subtype) = named.split_once('/')?;
        let exactness = match (kind, subtype) {
            ("*", "*") => 1,
            (kind, "*")
                if wanted.split_once('/').is_some_and(|(wanted, _)| wanted.eq_ignore_ascii_case(kind)) =>
            {
                2
            }
            _ if named.eq_ignore_ascii_case(wanted) => BY_NAME,
            _ => return None,
        };
        let q = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        Some(Weight { thousandths: q.map_or(Some(1000), thousandths)?, exactness })
    }
}

/// A weight of RFC 9110 section 12.4.2: from 0 to 1, with at most three digits behind the point.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction =
        fraction.bytes().chain(*b"000").take(3).fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match (whole, fraction) {
        ("0", fraction) => Some(fraction),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[track_caller]
    fn check(lines: &[&str], if_problem: Written, if_webex: Written) {
        let lines = lines.iter().map(|line| (ACCEPT, HeaderValue::from_bytes(line.as_bytes()).unwrap()));
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(name, line);
        }
        assert_eq!(written(&headers, Body::Problem), if_problem, "{headers:?}");
        assert_eq!(written(&headers, Body::Webex), if_webex, "{headers:?}");
    }

    #[test]
    fn who_leaves_it_open_gets_what_is_configured() {
        use Written::{Problem, Webex};
        check(&[], Problem, Webex);
        check(&["*/*"], Problem, Webex);
        check(&["*/*", "*/*"], Problem, Webex);
        check(&["application/*"], Problem, Webex);
        check(&["application/json"], Problem, Webex);
        check(&["Application/JSON;charset=utf-8"], Problem, Webex);
        check(&["application/json, application/problem+json"], Problem, Webex);
        check(&["application/problem+json;q=0.5, application/json"], Problem, Webex);
        check(&["text/html,application/xhtml+xml,application/xml;q=0.9,application/json"], Problem, Webex);
        check(&["text/plain;q=0.5, application/json;q=0.5"], Problem, Webex);
    }

    #[test]
    fn who_asks_for_a_problem_gets_one() {
        use Written::Problem;
        check(&["application/problem+json"], Problem, Problem);
        check(&["application/json;q=0.9", "application/problem+json"], Problem, Problem);
        check(&["application/problem+json, */*;q=0.1"], Problem, Problem);
    }

    #[test]
    fn who_would_rather_read_gets_text() {
        use Written::Text;
        check(&["text/plain"], Text, Text);
        check(&["text/html"], Text, Text);
        check(&["text/*"], Text, Text);
        check(&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], Text, Text);
        check(&["text/plain;q=0.001, application/json;q=0, application/*;q=0"], Text, Text);
    }

    #[test]
    fn a_weight_of_nothing_is_a_refusal_and_an_exact_range_beats_a_wide_one() {
        use Written::{Problem, Webex};
        check(&["text/plain;q=0, */*;q=0.1"], Problem, Webex);
        check(&["text/*;q=0.2, text/html;q=0.1, text/plain;q=0, */*;q=0.15"], Problem, Webex);
    }

    #[test]
    fn who_takes_neither_or_writes_garbage_gets_what_is_configured() {
        use Written::{Problem, Webex};
        for line in
            ["image/png", "", ",,", "text", "text/plain;q=2", "text/plain;q=0.1234", "text/plain;q=x", "é"]
        {
            check(&[line], Problem, Webex);
        }
    }

    #[test]
    fn weights_are_read_by_the_letter() {
        for (text, weight) in [("0", 0), ("1", 1000), ("0.5", 500), ("1.000", 1000), ("0.", 0), ("0.001", 1)]
        {
            assert_eq!(thousandths(text), Some(weight), "{text}");
        }
        for text in ["", ".5", "1.1", "-1", "00", "0.0000", "0,5"] {
            assert_eq!(thousandths(text), None, "{text}");
        }
    }
}
