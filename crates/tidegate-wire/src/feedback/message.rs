//! What a refusal says in words, for people. Never here: a decision that hangs on it.

use std::sync::LazyLock;

use super::answer::{Answer, Share};
use crate::dialect::Sources;

/// The longest message, in characters.
const LONGEST: usize = 300;

/// Where APIs are known to put it.
const PLACES: [&str; 12] = [
    "body:/error/message",
    "body:/errors/*/message",
    "body:/errors/*/detail",
    "body:/errors/*/description",
    "body:/message",
    "body:/message/error",
    "body:/*/message",
    "body:/detail",
    "body:/error_description",
    "body:/description",
    "body:/errorSummary",
    "body:/error",
];

static SOURCES: LazyLock<Sources> = LazyLock::new(|| {
    Sources(
        PLACES.iter().map(|place| place.parse().expect("the places are written as sources are")).collect(),
    )
});

/// The message of a JSON body, or else a body of plain text.
pub(super) fn read(answer: &Answer<'_>) -> Option<String> {
    let text =
        |value: &[u8]| Some(String::from_utf8_lossy(value).into_owned()).filter(|text| !text.is_empty());
    let message = answer.first(&SOURCES, &Share::Whole, |_, value| text(value)).map(|told| told.value);
    let plain =
        || answer.text().and_then(text).filter(|text| !text.trim_start().starts_with(['{', '[', '<']));
    let message: String =
        message.or_else(plain)?.chars().filter(|char| !char.is_control()).take(LONGEST).collect();
    Some(message.trim().to_owned()).filter(|message| !message.is_empty())
}
