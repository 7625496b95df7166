//! Whole answers, read by the generic row, the standards' and one more: no refusal's wait is shorter than told,
//! and every part says where it is from.
#![no_main]

use http::header::{AGE, DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use tidegate_core::Verdict;
use tidegate_fuzz::{Answer, NOW};
use tidegate_wire::dialect::{Dialect, Table};
use tidegate_wire::feedback::{Reading, read};
use tidegate_wire::retry_after;

fuzz_target!(|data: &[u8]| {
    let Some(answer) = Answer::cut(data) else { return };
    let table = Table::built_in();
    let rows: Vec<&Dialect> = table.rows().collect();
    // The bytes themselves choose the third row, so that a mutation tries another.
    let chosen = data.iter().fold(0usize, |sum, &byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    for dialect in [&*table.generic(), rows[0], rows[chosen % rows.len()]] {
        let reading = read(dialect, answer.status, &answer.headers, answer.body, NOW);
        the_verdict_agrees(&answer, &reading);
        no_refusal_is_shorter_than_told(dialect, &answer, &reading);
        every_part_has_an_origin(&reading);
        assert!(reading.scope.is_none_or(|scope| scope.chars().count() <= 128), "labels are bounded");
        assert!(reading.message.is_none_or(|text| text.chars().count() <= 300), "messages are bounded");
        what_is_cached_announces_nothing(dialect, &answer);
    }
});

fn the_verdict_agrees(answer: &Answer<'_>, reading: &Reading) {
    match reading.feedback.verdict {
        Verdict::Limited { wait } => {
            assert!(reading.limited && !reading.terminal);
            assert_eq!(wait, reading.wait);
        }
        Verdict::Unavailable { wait } => assert_eq!(wait, reading.wait),
        Verdict::Passed => assert!(answer.status.as_u16() != 429 || reading.terminal),
    }
    assert!(!reading.terminal || (reading.limited && reading.wait.is_none()));
}

fn no_refusal_is_shorter_than_told(dialect: &Dialect, answer: &Answer<'_>, reading: &Reading) {
    if !reading.feedback.is_refusal() {
        return;
    }
    let lines = answer.headers.get_all(RETRY_AFTER).into_iter().map(HeaderValue::as_bytes);
    let date = answer.headers.get(DATE).map(HeaderValue::as_bytes);
    let told = retry_after::read(lines, date, NOW).map(|told| told.wait);
    // Another field may tell the same wait unrounded.
    let rounded = reading.wait.map(retry_after::write);
    assert!(
        reading.wait >= told || rounded >= told.map(|told| told.as_secs()),
        "{:?} of {told:?}",
        reading.wait
    );
    assert!(reading.wait.is_none_or(|wait| wait >= dialect.floor));
}

fn every_part_has_an_origin(reading: &Reading) {
    let origins = &reading.origins;
    assert_eq!(reading.limited, origins.limited.is_some());
    assert_eq!(reading.wait.is_some(), origins.wait.is_some());
    assert_eq!(reading.remaining.is_some(), origins.remaining.is_some());
    assert_eq!(reading.limit.is_some(), origins.limit.is_some());
    assert_eq!(reading.window.is_some(), origins.window.is_some());
    assert_eq!(reading.reset.is_some(), origins.reset.is_some());
    assert_eq!(reading.used_ratio.is_some(), origins.used_ratio.is_some());
    assert_eq!(reading.scope.is_some(), origins.scope.is_some());
}

fn what_is_cached_announces_nothing(dialect: &Dialect, answer: &Answer<'_>) {
    let mut headers: HeaderMap = answer.headers.clone();
    headers.append(AGE, HeaderValue::from_static("1"));
    let cached = read(dialect, answer.status, &headers, answer.body, NOW).feedback;
    assert_eq!((cached.remaining, cached.limit, cached.window, cached.reset), (None, None, None, None));
}
