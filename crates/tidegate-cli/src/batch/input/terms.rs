//! What the flags add to every item: where paths lead, the token and its home, keys. Never here: an item.

use reqwest::Url;

use super::item::absolute;
use super::keys::Keys;
use super::row::Rows;
use crate::caller::token::Token;

/// What items are read by.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// What paths are put behind.
    pub(crate) base: Option<Url>,
    /// Where the token may go: the base, or else the one origin of all items.
    pub(crate) home: Option<Url>,
    pub(crate) token: Option<Token>,
    /// Where keys come from, if items get one.
    pub(crate) keys: Option<Keys>,
    /// How rows of CSV are read; `None` for lines of JSON.
    pub(crate) rows: Option<Rows>,
}

impl Terms {
    /// The token's home is where the base is, if there is one.
    pub(crate) fn at_home(mut self) -> Terms {
        self.home = self.base.clone();
        self
    }

    /// Where a path or URL of the list leads.
    pub(super) fn target(&self, text: &str, is_path: bool) -> Result<Url, String> {
        if !is_path {
            return absolute(text);
        }
        let base = self.base.as_ref().ok_or("it has a path, but no --base-url is given to put before it")?;
        if !text.starts_with('/') {
            return Err(format!("the path {text:?} has to be one that begins with a slash"));
        }
        absolute(&format!("{}{text}", base.as_str().trim_end_matches('/')))
    }

    /// The token, for requests to its home.
    pub(super) fn token_for(&self, url: &Url) -> Option<&Token> {
        self.token.as_ref().filter(|_| self.is_home(url))
    }

    /// Whether the token would go there, but there is none.
    pub(super) fn lacks_token_for(&self, url: &Url) -> bool {
        self.token.is_none() && self.is_home(url)
    }

    fn is_home(&self, url: &Url) -> bool {
        self.home.as_ref().is_some_and(|home| home.origin() == url.origin())
    }
}
