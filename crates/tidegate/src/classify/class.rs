//! How much a call matters when not all can be served. Never here: who is served.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

/// How much a call matters: in need, the sheddable are refused first and the critical last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Refused first: what nobody waits for.
    Sheddable,
    /// What isn't said to be otherwise.
    #[default]
    Normal,
    /// Refused last: what keeps the lights on.
    Critical,
}

impl Class {
    /// All classes, from the one that is refused first.
    pub const ALL: [Class; 3] = [Class::Sheddable, Class::Normal, Class::Critical];

    /// Its name, as policies have it.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Sheddable => "sheddable",
            Class::Normal => "normal",
            Class::Critical => "critical",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that is no class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassError {
    text: String,
}

impl Error for ClassError {}

impl fmt::Display for ClassError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no class: expected critical, normal or sheddable", self.text)
    }
}

impl FromStr for Class {
    type Err = ClassError;

    fn from_str(text: &str) -> Result<Class, ClassError> {
        let class = Class::ALL.into_iter().find(|class| class.name() == text);
        class.ok_or_else(|| ClassError { text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_written_as_it_is_read() {
        for class in Class::ALL {
            assert_eq!(class.to_string().parse(), Ok(class));
        }
        assert!(Class::ALL.is_sorted());
        let error = "urgent".parse::<Class>().unwrap_err().to_string();
        assert!(error.contains("`urgent`") && error.contains("critical"), "{error}");
    }
}
