//! The `RateLimit` fields of all drafts: a strict reading is a lenient one too, and what is read is written and
//! read back the same; stamps before 2001 and times finer than a second aside.
#![no_main]

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use tidegate_fuzz::lines;
use tidegate_wire::ratelimit::{
    self, Field, Fields, MAX_ITEMS, Reset, TRIO, Tolerance, read_combined, read_limits, read_policies,
    read_quota_policies, read_trio, write_combined, write_limits, write_policies, write_quota_policies,
    write_trio,
};

fuzz_target!(|data: &[u8]| {
    let lines = lines(data);
    named(&lines);
    combined(&lines);
    let as_one = |name| headers(lines.iter().map(|&line| (name, line)));
    for name in ["ratelimit", "ratelimit-policy", "ratelimit-limit", "ratelimit-reset"] {
        answer(&as_one(name), lines.len());
    }
    let three = [TRIO.limit, TRIO.remaining, TRIO.reset];
    answer(&headers(three.into_iter().zip(lines.iter().copied())), lines.len());
    let all = ["ratelimit", "ratelimit-policy", "ratelimit-limit", "x-ratelimit-reset", "x-ratelimit"];
    answer(&headers(all.into_iter().zip(lines.iter().copied())), lines.len());
});

/// Drafts -08 to -11.
fn named(lines: &[&[u8]]) {
    // Lines are joined by a comma and a blank, even inside a string.
    let joined = lines.iter().map(|line| line.len() + 2).sum();

    let limits = read_limits(lines.iter().copied(), Tolerance::Lenient);
    let strict = read_limits(lines.iter().copied(), Tolerance::Strict);
    assert!(strict.is_none() || strict == limits);
    if let Some(limits) = limits {
        let names: usize = limits.iter().map(|limit| limit.name.len()).sum();
        assert!(names <= joined && limits.len() <= MAX_ITEMS);
        let written = write_limits(&limits).expect("what is readable is writable");
        assert_eq!(read_limits([written.as_bytes()], Tolerance::Lenient), Some(limits));
    }

    let policies = read_policies(lines.iter().copied(), Tolerance::Lenient);
    let strict = read_policies(lines.iter().copied(), Tolerance::Strict);
    assert!(strict.is_none() || strict == policies);
    if let Some(policies) = policies {
        let names: usize = policies.iter().map(|policy| policy.name.len()).sum();
        assert!(names <= joined && policies.len() <= MAX_ITEMS);
        let written = write_policies(&policies).expect("what is readable is writable");
        assert_eq!(read_policies([written.as_bytes()], Tolerance::Lenient), Some(policies));
    }
}

/// Draft -07, and the policies of those before.
fn combined(lines: &[&[u8]]) {
    if let Field::Read(combined) = read_combined(lines.iter().copied()) {
        let written = write_combined(&combined);
        let again = read_combined([written.as_bytes()]);
        let again = again.value().expect("what is written is readable");
        assert_eq!((again.limit, again.remaining), (combined.limit, combined.remaining));
        let kept = |reset: Reset| (reset.number(), reset.epoch_secs().is_some());
        assert_eq!(kept(again.reset), kept(combined.reset));
    }
    if let Some(policies) = read_quota_policies(lines.iter().copied()) {
        assert!(policies.len() <= MAX_ITEMS);
        let written = write_quota_policies(&policies).expect("what is readable is writable");
        assert_eq!(read_quota_policies([written.as_bytes()]), Some(policies));
    }
}

/// All fields of an answer, through the one door.
fn answer(headers: &HeaderMap, lines: usize) {
    let strict = ratelimit::read(headers, Tolerance::Strict);
    let lenient = ratelimit::read(headers, Tolerance::Lenient);
    assert!(is_kept(&strict, &lenient));
    let json = lenient.to_json(Some(Duration::from_millis(1500))).to_string();
    assert_eq!(json == "null", headers.is_empty());
    let bytes: usize = headers.values().map(HeaderValue::len).sum();
    // Each byte may be escaped as six, and each item has its keys.
    assert!(json.len() <= 8 * (bytes + 2 * lines) + 64 * MAX_ITEMS + 256, "{} bytes", json.len());

    if let Field::Read(trio) = read_trio(headers, &TRIO, Tolerance::Strict) {
        let mut again = HeaderMap::new();
        write_trio(&mut again, &TRIO, &trio).expect("what is readable is writable");
        let again = read_trio(&again, &TRIO, Tolerance::Strict);
        let again = again.value().expect("what is written is readable");
        assert_eq!((again.limit, again.remaining), (trio.limit, trio.remaining));
        let kept = |reset: Option<Reset>| reset.map(|reset| (reset.number(), reset.epoch_secs().is_some()));
        assert_eq!(kept(again.reset), kept(trio.reset));
    }
}

/// Whether all that a strict reader finds is found by a lenient one too.
fn is_kept(strict: &Fields, lenient: &Fields) -> bool {
    fn kept<T: PartialEq>(strict: &Field<T>, lenient: &Field<T>) -> bool {
        strict.value().is_none_or(|value| lenient.value() == Some(value))
    }
    kept(&strict.policies, &lenient.policies)
        && kept(&strict.quota_policies, &lenient.quota_policies)
        && kept(&strict.limits, &lenient.limits)
        && kept(&strict.combined, &lenient.combined)
        && kept(&strict.trio, &lenient.trio)
        && kept(&strict.x_trio, &lenient.x_trio)
        && strict.foreign == lenient.foreign
}

/// The lines as fields of these names; a line that HTTP can't carry is left out.
fn headers<'a>(fields: impl Iterator<Item = (&'static str, &'a [u8])>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, line) in fields {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    headers
}
