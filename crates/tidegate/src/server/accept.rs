//! Which form of body a caller takes, by `Accept` (RFC 9110 section 12.5.1). Never here: what a body says.

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue};
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
    if headers.get_all(ACCEPT).iter().all(|line| line == "*/*") {
        return configured;
    }
    let [problem, json, plain, html] = weights(headers);
    if plain.thousandths.max(html.thousandths) > problem.thousandths.max(json.thousandths) {
        return Written::Text;
    }
    let by_name = problem.exactness == BY_NAME && problem.thousandths > 0;
    if by_name && problem.thousandths > json.thousandths { Written::Problem } else { configured }
}

/// What an answer's body could be.
const MEDIA_TYPES: [&str; 4] = [problem::MEDIA_TYPE, "application/json", "text/plain", "text/html"];

/// How exactly a range must name a media type to be its very name.
const BY_NAME: u8 = 3;

/// How much a media type is wanted. Of the ranges that it falls under, the most exact one counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Weight {
    exactness: u8,
    thousandths: u16,
}

/// How much each of the media types is wanted. Malformed ranges say nothing.
fn weights(headers: &HeaderMap) -> [Weight; 4] {
    let mut weights = [Weight::default(); 4];
    let lines = headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes);
    for range in lines.flat_map(|line| line.split(|&byte| byte == b',')) {
        let mut parts = range.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
        let named = parts.next().unwrap_or_default();
        let q = parts.find_map(|part| part.strip_prefix(b"q=").or(part.strip_prefix(b"Q=")));
        let Some(thousandths) = q.map_or(Some(1000), thousandths) else { continue };
        for (weight, media_type) in weights.iter_mut().zip(MEDIA_TYPES) {
            let exactness = exactness(named, media_type.as_bytes());
            if exactness > 0 {
                *weight = Weight { exactness, thousandths }.max(*weight);
            }
        }
    }
    weights
}

/// How exactly a range names a media type; 0 if it doesn't.
fn exactness(range: &[u8], media_type: &[u8]) -> u8 {
    match range.strip_suffix(b"*") {
        Some(b"*/") => 1,
        Some(kind) if kind.ends_with(b"/") => {
            2 * u8::from(media_type.get(..kind.len()).is_some_and(|of| of.eq_ignore_ascii_case(kind)))
        }
        _ => BY_NAME * u8::from(range.eq_ignore_ascii_case(media_type)),
    }
}

/// A weight of RFC 9110 section 12.4.2: from 0 to 1, with at most three digits behind the point.
fn thousandths(text: &[u8]) -> Option<u16> {
    let (whole, fraction) = match text {
        [whole] => (whole, [].as_slice()),
        [whole, b'.', fraction @ ..] => (whole, fraction),
        _ => return None,
    };
    if fraction.len() > 3 || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = fraction.iter().chain(b"000").take(3);
    match (whole, digits.fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'))) {
        (b'0', fraction) => Some(fraction),
        (b'1', 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        check(&["TEXT/*;Q=1"], Text, Text);
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
            assert_eq!(thousandths(text.as_bytes()), Some(weight), "{text}");
        }
        for text in ["", ".5", "1.1", "-1", "00", "0.0000", "0,5"] {
            assert_eq!(thousandths(text.as_bytes()), None, "{text}");
        }
    }
}
