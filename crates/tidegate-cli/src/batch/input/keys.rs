//! An item's Idempotency-Key: the same one in every run of one journal, and nobody else's. Never here: who gets one.

use ring::digest::{SHA256, digest};

/// What the keys of a journal are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keys(String);

impl Keys {
    /// Keys of a seed that nobody else has: it stands in the journal.
    pub(crate) fn new(seed: &str) -> Keys {
        Keys(seed.to_owned())
    }

    /// The key of the item at this line: a UUID (RFC 9562, version 8).
    pub(crate) fn of(&self, line: u32) -> String {
        let drawn = digest(&SHA256, format!("{}/{line}", self.0).as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&drawn.as_ref()[..16]);
        let number = u128::from_be_bytes(bytes);
        let marked = (number & !(0xf << 76) & !(0x3 << 62)) | (0x8 << 76) | (0x2 << 62);
        let hex = format!("{marked:032x}");
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_an_items_own_and_stays() {
        let keys = Keys::new("seed");
        assert_eq!(keys.of(7), keys.of(7));
        assert_ne!(keys.of(7), keys.of(8));
        assert_ne!(keys.of(7), Keys::new("other").of(7));
        let key = keys.of(7);
        assert_eq!((key.len(), &key[14..15]), (36, "8"), "{key}");
    }
}
