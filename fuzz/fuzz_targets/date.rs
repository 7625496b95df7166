//! Dates: any bytes are a date or nothing, and what is read is written and read back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_fuzz::NOW;
use tidegate_wire::date;

/// The first and the last second of the years 0 to 9999.
const YEARS: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;

fuzz_target!(|data: &[u8]| {
    let read = date::read(data, NOW);
    if let Some(http) = date::read_http(data, NOW) {
        assert_eq!(read, Some(http), "an HTTP-date means the same to both readers");
    }
    let Some(seconds) = read else { return };
    assert!(seconds.abs_diff(0) < 1 << 39, "{seconds} is beyond all dates");
    let written = date::write(seconds);
    let again = date::read_http(written.as_bytes(), NOW).expect("what is written is readable");
    assert_eq!(again, seconds.clamp(*YEARS.start(), *YEARS.end()), "{written}");
});
