//! The path as limits look at it: what the rules call the same is the same. Never here: what is forwarded.

use super::bytes::{Kind, decoded, kind};
use super::forward::without_params;
use super::{Params, Rules, Sameness};

/// The path to match for a path in its forwarded form, if it isn't that itself.
pub(super) fn of(forward: &str, rules: &Rules) -> Option<String> {
    if is_same(forward, rules) {
        return None;
    }
    let name = |segment| match rules.params {
        Params::Strip => without_params(segment),
        Params::Keep | Params::Refuse => segment,
    };
    let (mut matched, mut is_folder) = (String::with_capacity(forward.len()), true);
    for segment in forward.split('/').skip(1).map(name) {
        // A segment of nothing but parameters is an empty one.
        is_folder = segment.is_empty();
        if !is_folder {
            matched.push('/');
            push_decoded(&mut matched, segment);
        }
    }
    if matched.is_empty() || (is_folder && rules.trailing_slash == Sameness::Distinct) {
        matched.push('/');
    }
    if rules.case == Sameness::Same {
        lower(&mut matched);
    }
    Some(matched)
}

/// The path to match for a path without codes and parameters, if it isn't that itself.
pub(super) fn of_plain(path: &str, rules: &Rules) -> Option<String> {
    let slash = rules.trailing_slash == Sameness::Distinct || !path.ends_with('/') || path.len() == 1;
    if slash && rules.case == Sameness::Distinct { None } else { of(path, rules) }
}

fn is_same(forward: &str, rules: &Rules) -> bool {
    let slash = rules.trailing_slash == Sameness::Distinct || !forward.ends_with('/') || forward == "/";
    let case = rules.case == Sameness::Distinct || !forward.bytes().any(|byte| byte.is_ascii_uppercase());
    slash && case && !forward.bytes().any(|byte| matches!(byte, b'%' | b';'))
}

/// Writes a segment with the codes decoded of all characters that may stand in one.
fn push_decoded(matched: &mut String, segment: &str) {
    let mut rest = segment;
    while let Some(at) = rest.find('%') {
        matched.push_str(&rest[..at]);
        let (code, after) = rest[at..].split_at(3);
        match decoded(&code.as_bytes()[1..]) {
            Some(byte) if matches!(kind(byte), Kind::Reserved | Kind::Semicolon) => {
                matched.push(char::from(byte));
            }
            _ => matched.push_str(code),
        }
        rest = after;
    }
    matched.push_str(rest);
}

/// Writes ASCII letters small, but for the digits of codes.
fn lower(matched: &mut String) {
    let mut digits = 0;
    *matched = matched
        .chars()
        .map(|letter| {
            let is_digit = digits > 0;
            digits = if letter == '%' { 2_u8 } else { digits.saturating_sub(1) };
            if is_digit { letter } else { letter.to_ascii_lowercase() }
        })
        .collect();
}
