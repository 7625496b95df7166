//! Partition keys as they are written. Base64 that isn't canonical, as in the draft's own examples, can't be had
//! back from the bytes. Never here: a field that hasn't been read as well-formed.

use super::names::NAMES;

/// The base64 text of each item's partition key, from a well-formed field.
pub(super) fn partition_texts(field: &[u8]) -> Vec<Option<String>> {
    parts(field, b',').into_iter().map(partition_text).collect()
}

/// The last one counts, as with all parameters (RFC 9651 section 4.2.3.2).
fn partition_text(item: &[u8]) -> Option<String> {
    let text = |param: &[u8]| {
        let value =
            param.trim_ascii().strip_prefix(NAMES.partition.as_str().as_bytes())?.strip_prefix(b"=:")?;
        String::from_utf8(value.strip_suffix(b":")?.to_vec()).ok()
    };
    parts(item, b';').into_iter().rev().find_map(text)
}

/// Cuts at a separator, but not inside strings.
fn parts(text: &[u8], separator: u8) -> Vec<&[u8]> {
    let mut within = Within::Nothing;
    let mut before = separator;
    text.split(|&byte| {
        within = within.after(byte, before);
        before = byte;
        byte == separator && within == Within::Nothing
    })
    .collect()
}

/// Where in the text a byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    String,
    Escape,
    /// A display string, `%"..."`, has no escapes that hide a quote.
    DisplayString,
}

impl Within {
    fn after(self, byte: u8, before: u8) -> Within {
        match (self, byte) {
            (Within::Nothing, b'"') if before == b'%' => Within::DisplayString,
            (Within::Nothing, b'"') => Within::String,
            (Within::String | Within::DisplayString, b'"') => Within::Nothing,
            (Within::String, b'\\') => Within::Escape,
            (Within::Escape, _) => Within::String,
            (within, _) => within,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Limit, Tolerance, Value, read_limits, write_limits};
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(field: &str, expected: &[Option<&str>]) {
        let found = partition_texts(field.as_bytes());
        assert_eq!(found.iter().map(Option::as_deref).collect::<Vec<_>>(), expected, "{field}");
    }

    #[test]
    fn keys_are_found_as_they_are_written() {
        check(r#""a";pk=:cHsdsRa894==:;r=1, "b", "c"; pk=::"#, &[Some("cHsdsRa894=="), None, Some("")]);
        check(r#""a";pk=:YQ==:;pk=:Yg==:"#, &[Some("Yg==")]);
        check(r#"";pk=:YQ==:, \";pk=:YQ==:";xpk=:YQ==:"#, &[None]);
        check(r#""a";x=%"\";pk=:YQ==:,"b";x="\\";pk=:Yg==:"#, &[Some("YQ=="), Some("Yg==")]);
        check("tok%;pk=:YQ==:", &[Some("YQ==")]);
    }

    proptest! {
        #[test]
        fn a_key_that_is_written_is_found(
            limits in prop::collection::vec(("[ -~]{0,8}", any::<Option<Vec<u8>>>(), "[ -~]{0,8}"), 1..5)
        ) {
            let limit = |(name, partition, comment): (String, _, String)| {
                let comment = sfv::String::from_string(comment).expect("printable ASCII");
                let extensions = vec![("x".to_owned(), Value::String(comment))];
                Limit { name, remaining: Some(1), partition, extensions, ..Limit::default() }
            };
            let limits: Vec<Limit> = limits.into_iter().map(limit).collect();
            let field = write_limits(&limits).expect("made of writable parts");
            let texts = partition_texts(field.as_bytes());
            prop_assert_eq!(texts.len(), limits.len());
            for (text, limit) in texts.iter().zip(&limits) {
                prop_assert_eq!(text.is_some(), limit.partition.is_some());
                let Some(text) = text else { continue };
                let alone = format!("\"a\";r=1;pk=:{text}:");
                let read = read_limits([alone.as_bytes()], Tolerance::Strict);
                prop_assert_eq!(&read.expect("well-formed")[0].partition, &limit.partition);
            }
        }
    }
}
