//! Keys as stores know them: hashes that nobody outside can aim. Never here: what a key is made of.

use std::fmt;
use std::hash::{BuildHasher, Hasher};

use foldhash::SharedSeed;
use foldhash::quality::{FoldHasher, SeedableRandomState};

/// A key's hash under the process's [`Secret`]: 64 bits from which no token can be read back.
///
/// Two keys with one hash share their quota. Of ten million keys, one pair in 370,000 such processes does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u64);

impl Key {
    /// The hash's bits.
    pub const fn to_bits(self) -> u64 {
        self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:016x})", self.0)
    }
}

/// What keys are hashed with: drawn once when a process starts, told to nobody, kept in no file.
///
/// The hash is foldhash, quality variant: multiplications folded with the secret, some 20 instructions for a key
/// of 16 bytes where SipHash takes 150. It is no cryptographic hash. It needn't be: nobody is ever shown one, and
/// without the secret no two keys can be made to collide on purpose, nor a key to collide with a token that one
/// doesn't know. Somebody who found a collision of keys of their own would share a quota with themselves.
#[derive(Clone)]
pub struct Secret(SeedableRandomState);

impl Secret {
    /// The secret that these 128 random bits make.
    ///
    /// It stays for the life of the process: make one.
    pub fn new([shared, own]: [u64; 2]) -> Secret {
        let seed: &'static SharedSeed = Box::leak(Box::new(SharedSeed::from_u64(shared)));
        Secret(SeedableRandomState::with_seed(own, seed))
    }

    /// The key that this text is, a token or an address or several values joined with a separator.
    #[inline]
    pub fn key(&self, text: &[u8]) -> Key {
        let mut hasher = self.hasher();
        hasher.write(text);
        hasher.key()
    }

    /// For a key of several parts.
    #[inline]
    pub(crate) fn hasher(&self) -> KeyHasher {
        KeyHasher(self.0.build_hasher())
    }
}

/// Hashes the parts of a key, one after another.
#[derive(Clone)]
pub(crate) struct KeyHasher(FoldHasher<'static>);

impl KeyHasher {
    /// The key of what was written.
    #[inline]
    pub(crate) fn key(&self) -> Key {
        Key(self.0.finish())
    }
}

impl Hasher for KeyHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHasher(..)")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_makes_keys_of_its_own() {
        let (one, other) = (Secret::new([1, 2]), Secret::new([1, 3]));
        let token = b"an example of a token";
        assert_eq!(one.key(token), Secret::new([1, 2]).key(token));
        assert_ne!(one.key(token), other.key(token));
        assert_ne!(one.key(token), Secret::new([2, 2]).key(token));
        assert_ne!(one.key(token), one.key(b"an example of a tokem"));
        assert_eq!(format!("{one:?}"), "Secret(..)");
    }
}
