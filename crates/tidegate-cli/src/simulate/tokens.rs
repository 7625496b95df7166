//! Whose call it is: bearer tokens, known only as numbers in the order in which they came. Never here: a token in
//! the clear after it was read.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher as _};

use http::HeaderMap;
use http::header::AUTHORIZATION;
use tidegate_sim::Token;

/// How many different tokens one simulation tells apart.
const MOST_TOKENS: usize = 65_536;

/// Why a call is nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stranger {
    NoToken,
    OneTooMany,
}

/// The tokens that have called, as keyed hashes.
#[derive(Debug)]
pub(super) struct Tokens {
    key: u64,
    numbers: HashMap<u64, u64>,
}

impl Tokens {
    /// Nobody yet. The key keeps the hashes from telling the tokens.
    pub(super) fn new(key: u64) -> Tokens {
        Tokens { key, numbers: HashMap::new() }
    }

    /// Who calls. Numbers follow the order of coming, so that a run can be repeated from its seed.
    pub(super) fn who(&mut self, headers: &HeaderMap) -> Result<Token, Stranger> {
        let token = bearer(headers).ok_or(Stranger::NoToken)?;
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.key);
        hasher.write(token);
        let (hash, next) = (hasher.finish(), self.numbers.len() as u64 + 1);
        match self.numbers.get(&hash) {
            Some(&number) => Ok(Token(number)),
            None if self.numbers.len() >= MOST_TOKENS => Err(Stranger::OneTooMany),
            None => Ok(Token(*self.numbers.entry(hash).or_insert(next))),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.as_bytes().split_at_checked("Bearer ".len())?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(tokens: &mut Tokens, authorization: &'static str, who: Result<Token, Stranger>) {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(authorization))]);
        assert_eq!(tokens.who(&headers), who, "{authorization}");
    }

    #[test]
    fn tokens_are_numbered_as_they_come() {
        let tokens = &mut Tokens::new(7);
        check(tokens, "Bearer a", Ok(Token(1)));
        check(tokens, "bearer b", Ok(Token(2)));
        check(tokens, "Bearer a", Ok(Token(1)));
    }

    #[test]
    fn without_a_bearer_token_nobody_calls() {
        let tokens = &mut Tokens::new(7);
        for authorization in ["", "Bearer", "Bearer ", "Basic abc", "Bearera"] {
            check(tokens, authorization, Err(Stranger::NoToken));
        }
        assert_eq!(tokens.who(&HeaderMap::new()), Err(Stranger::NoToken));
    }
}
