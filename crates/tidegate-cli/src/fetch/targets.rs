//! The URLs that were typed, with their ranges: counted and made one by one, never all at once. Never here: a call.

mod pattern;

use reqwest::Url;

use crate::caller::url::url;
use crate::exit::{Exit, Failure};
use pattern::Pattern;

/// All URLs of a run, in order.
#[derive(Debug)]
pub(crate) struct Targets {
    patterns: Vec<Pattern>,
    count: u64,
}

/// Whether braces in a URL stand for several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Braces {
    Expand,
    Keep,
}

impl Targets {
    /// Reads what was typed; the first URL of each pattern is checked at once.
    pub(crate) fn read(typed: &[String], braces: Braces) -> Result<Targets, Failure> {
        let mut targets = Targets { patterns: Vec::new(), count: 0 };
        for text in typed {
            let pattern = match braces {
                Braces::Keep => Pattern::literal(text),
                Braces::Expand => Pattern::read(text).map_err(|fault| {
                    Failure::new(Exit::Usage, format!("can't read the URL {text:?}: {fault}"))
                        .hint("write {1..100} or {a,b}; --globoff takes braces as they are")
                })?,
            };
            url(&pattern.at(0))?;
            let too_many =
                || Failure::new(Exit::Usage, format!("{text:?} stands for more URLs than can be counted"));
            let count = pattern.count().ok_or_else(too_many)?;
            targets.count = targets.count.checked_add(count).ok_or_else(too_many)?;
            targets.patterns.push(pattern);
        }
        Ok(targets)
    }

    /// How many there are: at least one.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The first URL of each pattern.
    pub(crate) fn firsts(&self) -> impl Iterator<Item = Url> {
        self.patterns.iter().filter_map(|pattern| url(&pattern.at(0)).ok())
    }

    /// The URL with this number, counted from 0 and round and round.
    pub(crate) fn at(&self, index: u64) -> Result<Url, Failure> {
        let mut index = index % self.count;
        for pattern in &self.patterns {
            let count = pattern.count().unwrap_or(u64::MAX);
            if index < count {
                return url(&pattern.at(index));
            }
            index -= count;
        }
        unreachable!("the index is below the sum of the counts")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &[&str]) -> Result<Targets, Failure> {
        let typed: Vec<String> = typed.iter().map(ToString::to_string).collect();
        Targets::read(&typed, Braces::Expand)
    }

    #[test]
    fn several_patterns_count_through() {
        let targets = read(&["http://a/{1..2}", "http://b/", "http://c/{x,y}"]).unwrap();
        let all: Vec<String> = (0..=targets.count()).map(|index| targets.at(index).unwrap().into()).collect();
        assert_eq!(all, ["http://a/1", "http://a/2", "http://b/", "http://c/x", "http://c/y", "http://a/1"]);
    }

    #[track_caller]
    fn check_refused(text: &str, says: &str) {
        let failure = read(&[text]).expect_err(text);
        assert_eq!(failure.exit(), Exit::Usage);
        assert!(failure.to_string().contains(says), "{failure}");
    }

    #[test]
    fn what_cannot_be_called_is_refused_with_a_hint() {
        check_refused("webexapis.com/v1", "did you mean https://webexapis.com/v1 ?");
        check_refused("localhost:8080/v1", "did you mean http://localhost:8080/v1 ?");
        check_refused("ftp://a/b", "only http:// and https://");
        check_refused("http://", "is no URL");
        check_refused("http://a:99999/", "is no URL");
        check_refused("http://a/{1..}", "--globoff");
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        let failure = read(&["https://me:s3cret@a/"]).expect_err("a password");
        assert!(!failure.to_string().contains("s3cret"));
    }

    #[test]
    fn braces_may_be_kept() {
        let targets = Targets::read(&["http://a/{id}".to_owned()], Braces::Keep).unwrap();
        assert_eq!(targets.at(0).unwrap().as_str(), "http://a/%7Bid%7D");
    }
}
