//! How much a call matters when not all can go. Never here: who decides it, or what goes.

use core::fmt;
use core::str::FromStr;

/// How much a call matters when servers can't take all: sheddable ones go first, critical ones last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Nobody waits for it: prefetches, reports, batches that come again.
    Sheddable,
    /// What isn't said to be anything else.
    #[default]
    Normal,
    /// What the service is for, and what must work for it to be mended.
    Critical,
}

impl Class {
    /// All classes, those first that go first.
    pub const ALL: [Class; 3] = [Class::Sheddable, Class::Normal, Class::Critical];

    /// The word for it: `sheddable`, `normal` or `critical`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Class::Sheddable => "sheddable",
            Class::Normal => "normal",
            Class::Critical => "critical",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Class {
    type Err = ParseClassError;

    fn from_str(text: &str) -> Result<Class, ParseClassError> {
        Class::ALL.into_iter().find(|class| class.as_str() == text).ok_or(ParseClassError)
    }
}

/// A text that is no class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseClassError;

impl core::error::Error for ParseClassError {}

impl fmt::Display for ParseClassError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no class of calls: expected `critical`, `normal` or `sheddable`")
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_class_is_read_as_it_is_written() {
        for class in Class::ALL {
            assert_eq!(class.to_string().parse(), Ok(class));
        }
        assert_eq!("Critical".parse::<Class>(), Err(ParseClassError));
        assert_eq!("".parse::<Class>(), Err(ParseClassError));
    }

    #[test]
    fn what_matters_more_is_greater() {
        assert!(Class::Critical > Class::Normal);
        assert!(Class::Normal > Class::Sheddable);
        assert_eq!(Class::default(), Class::Normal);
    }
}
