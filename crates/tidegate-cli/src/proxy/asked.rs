//! How long a caller is ready to wait, as its request says. Never here: a wait, a default.

use std::time::Duration;

use http::header::{HeaderMap, HeaderName, HeaderValue};

/// By when the caller wants its answer: seconds from the request, with a fraction if need be.
pub(crate) const DEADLINE: HeaderName = HeaderName::from_static("tidegate-deadline");

/// The standard's way to say so (RFC 7240 section 4.3), among other preferences.
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// The longest deadline that is counted: a year. Whoever asks for more gets that.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// A `Tidegate-Deadline` that isn't understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoDeadline;

/// Takes the caller's deadline out of its request: `Tidegate-Deadline`, or else `wait` in `Prefer`. Neither is for the
/// upstream; other preferences stay, byte for byte.
///
/// # Errors
/// When `Tidegate-Deadline` is no number of seconds above zero. A `wait` that is none is left out of account, as all
/// preferences are that aren't understood (RFC 7240 section 2).
pub(crate) fn take(headers: &mut HeaderMap) -> Result<Option<Duration>, NoDeadline> {
    let wait = take_wait(headers);
    let mut lines = headers.get_all(DEADLINE).iter();
    let told = match (lines.next(), lines.next()) {
        (None, _) => None,
        (Some(line), None) => Some(seconds(line).ok_or(NoDeadline)?),
        (Some(_), Some(_)) => return Err(NoDeadline),
    };
    headers.remove(DEADLINE);
    Ok(told.or(wait))
}

/// Seconds as people write them: digits, and a fraction if need be.
fn seconds(line: &HeaderValue) -> Option<Duration> {
    let text = line.to_str().ok()?.trim();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds: f64 = text.parse().ok().filter(|seconds| is_plain && *seconds > 0.0)?;
    Some(Duration::try_from_secs_f64(seconds).map_or(LONGEST, |span| span.min(LONGEST)))
}

/// Takes `wait` out of `Prefer`; of several, the first counts (RFC 7240 section 2).
fn take_wait(headers: &mut HeaderMap) -> Option<Duration> {
    if !headers.contains_key(PREFER) {
        return None;
    }
    let lines: Vec<HeaderValue> = headers.get_all(PREFER).iter().cloned().collect();
    let (mut wait, mut left) = (None, Vec::new());
    for line in lines {
        let Ok(text) = line.to_str() else {
            left.push(line);
            continue;
        };
        let (own, others): (Vec<&str>, Vec<&str>) =
            split(text, ',').into_iter().partition(|one| is_wait(one));
        wait = wait.or_else(|| own.first().map(|one| value(one)));
        if own.is_empty() {
            left.push(line);
        } else if let Ok(joined) = HeaderValue::try_from(others.join(",").trim())
            && !joined.is_empty()
        {
            left.push(joined);
        }
    }
    headers.remove(PREFER);
    left.into_iter().for_each(|line| _ = headers.append(PREFER, line));
    wait.flatten()
}

fn is_wait(preference: &str) -> bool {
    let name = preference.split(['=', ';']).next().unwrap_or_default();
    name.trim().eq_ignore_ascii_case("wait")
}

/// The seconds that a preference `wait=N` says; its parameters, should it have some, mean nothing.
fn value(preference: &str) -> Option<Duration> {
    let (_, value) = split(preference, ';').first()?.split_once('=')?;
    let value = value.trim();
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    let is_number = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = bare.parse().unwrap_or(u64::MAX);
    (is_number && seconds > 0).then(|| Duration::from_secs(seconds).min(LONGEST))
}

/// The parts of a text between marks that aren't in a quoted string.
fn split(text: &str, mark: char) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut quoted, mut escaped) = (false, false);
    for (at, char) in text.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if char == mark && !quoted => {
                parts.push(&text[start..at]);
                start = at + mark.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is taken, and what is left of `Prefer`.
    #[track_caller]
    fn check(fields: &[(&'static str, &'static str)], taken: Result<Option<f64>, NoDeadline>, left: &[&str]) {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let got = take(&mut headers).map(|span| span.map(|span| span.as_secs_f64()));
        assert_eq!(got, taken, "{fields:?}");
        let prefer: Vec<&str> = headers.get_all(PREFER).iter().map(|line| line.to_str().unwrap()).collect();
        assert_eq!(prefer, left, "{fields:?}");
        assert!(taken.is_err() || !headers.contains_key(DEADLINE));
    }

    #[test]
    fn a_deadline_is_seconds_above_zero() {
        check(&[], Ok(None), &[]);
        check(&[("tidegate-deadline", "30")], Ok(Some(30.0)), &[]);
        check(&[("tidegate-deadline", " 0.25 ")], Ok(Some(0.25)), &[]);
        check(&[("tidegate-deadline", "9999999999999999999999")], Ok(Some(365.0 * 86_400.0)), &[]);
        for bad in ["", "soon", "-1", "0", "0.0", "1e3", "inf", "NaN", "5s", "1, 2"] {
            check(&[("tidegate-deadline", bad)], Err(NoDeadline), &[]);
        }
        check(&[("tidegate-deadline", "1"), ("tidegate-deadline", "1")], Err(NoDeadline), &[]);
    }

    #[test]
    fn a_wait_is_found_among_other_preferences_and_they_stay() {
        check(&[("prefer", "wait=10")], Ok(Some(10.0)), &[]);
        check(&[("prefer", "respond-async, wait=10")], Ok(Some(10.0)), &["respond-async"]);
        check(&[("prefer", "Wait = \"7\" ; x=y, return=minimal")], Ok(Some(7.0)), &["return=minimal"]);
        check(&[("prefer", "a=\"wait=3, b\\\", wait=4\"")], Ok(None), &["a=\"wait=3, b\\\", wait=4\""]);
        check(&[("prefer", "a"), ("prefer", "wait=2,b"), ("prefer", "wait=1")], Ok(Some(2.0)), &["a", "b"]);
        check(&[("prefer", "wait=99999999999999999999")], Ok(Some(365.0 * 86_400.0)), &[]);
    }

    #[test]
    fn a_wait_that_is_none_is_left_out_of_account() {
        for bad in ["wait", "wait=", "wait=0", "wait=-1", "wait=1.5", "wait=soon"] {
            check(&[("prefer", bad)], Ok(None), &[]);
        }
        check(&[("prefer", "waiting=5")], Ok(None), &["waiting=5"]);
    }

    #[test]
    fn a_deadline_beats_a_wait() {
        check(&[("prefer", "wait=10"), ("tidegate-deadline", "3")], Ok(Some(3.0)), &[]);
    }
}
