//! Whole answers, read by every dialect: the status decides, no refusal's wait is shorter than told, and every
//! part says where it is from.
#![no_main]

use http::header::{AGE, DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use tidegate_core::Verdict;
use tidegate_fuzz::{Answer, NOW};
use tidegate_wire::dialect::{Dialect, TABLE};
use tidegate_wire::feedback::{Reading, read};
use tidegate_wire::retry_after;

fuzz_target!(|data: &[u8]| {
    let Some(answer) = Answer::cut(data) else { return };
    for dialect in TABLE {
        let reading = read(dialect, answer.status, &answer.headers, answer.body, NOW);
        the_status_decides(&answer, &reading);
        no_refusal_is_shorter_than_told(dialect, &answer, &reading);
        every_part_has_an_origin(&reading);
        assert!(reading.scope.is_none_or(|scope| scope.len() <= data.len() + 16), "labels are bounded");
        what_is_cached_announces_nothing(dialect, &answer);
    }
});

fn the_status_decides(answer: &Answer<'_>, reading: &Reading) {
    match reading.feedback.verdict {
        Verdict::Limited { wait } => {
            assert_eq!(answer.status.as_u16(), 429);
            assert_eq!(wait, reading.wait);
        }
        Verdict::Unavailable { wait } => {
            assert!(matches!(answer.status.as_u16(), 423 | 503));
            assert!(wait.is_some() && wait == reading.wait);
        }
        Verdict::Passed => assert_ne!(answer.status.as_u16(), 429),
    }
}

fn no_refusal_is_shorter_than_told(dialect: &Dialect, answer: &Answer<'_>, reading: &Reading) {
    if !reading.feedback.is_refusal() {
        return;
    }
    let lines = answer.headers.get_all(RETRY_AFTER).into_iter().map(HeaderValue::as_bytes);
    let date = answer.headers.get(DATE).map(HeaderValue::as_bytes);
    let told = retry_after::read(lines, date, NOW).map(|told| told.wait);
    assert!(reading.wait >= told, "{:?} is shorter than {told:?}", reading.wait);
    assert!(reading.wait.is_none_or(|wait| wait >= dialect.floor));
}

fn every_part_has_an_origin(reading: &Reading) {
    let (feedback, origins) = (reading.feedback, reading.origins);
    assert_eq!(reading.wait.is_some(), origins.wait.is_some());
    assert_eq!(feedback.remaining.is_some(), origins.remaining.is_some());
    assert_eq!(feedback.limit.is_some(), origins.limit.is_some());
    assert_eq!(feedback.window.is_some(), origins.window.is_some());
    assert_eq!(feedback.reset.is_some(), origins.reset.is_some());
    assert_eq!(reading.scope.is_some(), origins.scope.is_some());
}

fn what_is_cached_announces_nothing(dialect: &Dialect, answer: &Answer<'_>) {
    let mut headers: HeaderMap = answer.headers.clone();
    headers.append(AGE, HeaderValue::from_static("1"));
    let cached = read(dialect, answer.status, &headers, answer.body, NOW).feedback;
    assert_eq!((cached.remaining, cached.limit, cached.window, cached.reset), (None, None, None, None));
}
