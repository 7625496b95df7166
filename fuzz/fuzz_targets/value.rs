//! One value in each of the formats that a row can name: any bytes are a wait or nothing, and digits keep their size.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode};
use libfuzzer_sys::fuzz_target;
use tidegate_core::Time;
use tidegate_fuzz::NOW;
use tidegate_wire::dialect::{Dialect, Table};
use tidegate_wire::feedback::read;

const FORMATS: [&str; 8] = ["seconds", "ms", "duration", "epoch", "epoch-ms", "date", "any", "categories"];

static ROWS: LazyLock<Vec<Dialect>> = LazyLock::new(|| {
    let row = |format| {
        let row = format!(
            "[[dialect]]\nname = 'fuzz'\nsource = 'fuzz'\nwaits = 'x as {format}'\nscope = '{{x as {format}}}'\n\
             windows = [{{ limit = 'x', ratio = 'x[r]', share = 'x', window = 'x[w] as {format}' }}]"
        );
        let table = Table::built_in().extended(&row).expect("a sound row");
        Dialect::clone(&table.named("fuzz").expect("it was added"))
    };
    FORMATS.map(row).to_vec()
});

fuzz_target!(|data: &[u8]| {
    let Some((&first, value)) = data.split_first() else { return };
    let Ok(line) = HeaderValue::from_bytes(value) else { return };
    let headers = HeaderMap::from_iter([(http::HeaderName::from_static("x"), line)]);
    let format = usize::from(first) % FORMATS.len();
    let row = &ROWS[format];
    let wait = |now| read(row, StatusCode::TOO_MANY_REQUESTS, &headers, None, now).wait;
    let told = wait(NOW);
    // What has been waited is not waited again, and no more than that is forgiven.
    let later = wait(NOW.later(Duration::from_secs(1)));
    assert!(later <= told, "{later:?} later than {told:?}");
    // A two-digit year may belong to another century a second later.
    if !matches!(FORMATS[format], "date" | "any") {
        assert!(told <= later.map(|later| later.saturating_add(Duration::from_secs(1))));
    }
    // A number that is too large for a delay is guessed.
    let is_short = value.len() <= 8 && value.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    if FORMATS[format] == "seconds" && is_short {
        assert_eq!(told, wait(Time::ZERO), "a delay knows no clock");
    }
});
