//! By whose rules an answer is read. Never here: the answer.

use std::fmt;
use std::sync::Arc;

use reqwest::Url;
use tidegate_wire::dialect::{Dialect, Table};

use super::args::Args;
use crate::exit::{Exit, Failure};

/// The row that was chosen, and by what.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) dialect: Arc<Dialect>,
    chosen: Chosen,
}

#[derive(Debug)]
enum Chosen {
    Name,
    Host(String),
    Nothing,
}

impl Provider {
    /// The row that the flags mean.
    pub(super) fn chosen(table: &Table, args: &Args) -> Result<Provider, Failure> {
        let (dialect, chosen) = match (args.dialect.chosen(table)?, &args.host) {
            (Some(dialect), _) => (dialect, Chosen::Name),
            (None, Some(typed)) => {
                let host = host(typed)?;
                (table.of_host(&host), Chosen::Host(host))
            }
            (None, None) => (table.generic(), Chosen::Nothing),
        };
        Ok(Provider { dialect, chosen })
    }

    /// What to type for a better reading, if there may be one.
    pub(super) fn hint(&self) -> Option<&'static str> {
        match self.chosen {
            Chosen::Nothing => {
                Some("--host HOST or --provider NAME reads it as that API means it; --list shows them")
            }
            Chosen::Host(_) if self.is_unknown_host() => Some(
                "--provider NAME reads it as another API means it; --dialects FILE adds a row of your own",
            ),
            _ => None,
        }
    }

    fn is_unknown_host(&self) -> bool {
        // The generic row has no hosts: whoever came to it by a host found no other.
        matches!(self.chosen, Chosen::Host(_)) && self.dialect.hosts.is_empty()
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.dialect.name;
        match &self.chosen {
            Chosen::Name => write!(f, "{name}, by --provider"),
            Chosen::Host(host) if self.is_unknown_host() => {
                write!(f, "{name}: no row of the table names {host}")
            }
            Chosen::Host(host) => write!(f, "{name} ({host}), by --host"),
            Chosen::Nothing => {
                write!(f, "{name}: the standards, and what fields of other APIs most likely mean")
            }
        }
    }
}

/// The host of `api.example.org`, `api.example.org:8443` or `https://api.example.org/v1`.
fn host(typed: &str) -> Result<String, Failure> {
    let typed = typed.trim();
    let url = if typed.contains("://") { Url::parse(typed) } else { Url::parse(&format!("http://{typed}")) };
    let host = url.ok().and_then(|url| url.host_str().map(str::to_owned));
    host.ok_or_else(|| {
        Failure::new(Exit::Usage, "what --host names is no host")
            .hint("write one such as api.example.org, or the URL that was called")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::DialectArgs;

    fn chosen(provider: Option<&str>, host: Option<&str>) -> Result<Provider, Failure> {
        let typed = |text: Option<&str>| text.map(str::to_owned);
        let dialect = DialectArgs { provider: typed(provider), ..DialectArgs::default() };
        let args = Args { dialect, host: typed(host), ..Args::default() };
        Provider::chosen(Table::built_in(), &args)
    }

    #[track_caller]
    fn check(provider: Option<&str>, host: Option<&str>, name: &str) {
        assert_eq!(chosen(provider, host).unwrap().dialect.name, name);
    }

    #[test]
    fn rows_are_found_by_name_and_by_host() {
        for name in ["github", "GitHub", "ghe", "github_enterprise"] {
            check(Some(name), None, "github");
        }
        for host in [
            "api.github.com",
            "API.GitHub.com.",
            "api.github.com:443",
            "https://me:pw@api.github.com/user?a=b#c",
        ] {
            check(None, Some(host), "github");
        }
        for host in ["api.example.org", "[::1]:8080", "127.0.0.1"] {
            check(None, Some(host), "generic");
        }
        check(None, None, "generic");
    }

    #[test]
    fn what_isnt_known_is_told_with_what_is() {
        let failure = chosen(Some("gitub"), None).unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
        assert!(failure.to_string().contains("gitub"), "{failure}");
        assert!(failure.to_string().contains("github"), "{failure}");
        for host in ["", "a b", "https://", "http://[::1"] {
            assert!(chosen(None, Some(host)).unwrap_err().to_string().contains("is no host"), "{host}");
        }
    }

    #[test]
    fn a_hint_is_given_where_the_reading_may_be_better() {
        assert!(chosen(None, None).unwrap().hint().unwrap().contains("--host"));
        assert!(chosen(None, Some("example.org")).unwrap().hint().unwrap().contains("--provider"));
        assert_eq!(chosen(None, Some("slack.com")).unwrap().hint(), None);
        assert_eq!(chosen(Some("generic"), None).unwrap().hint(), None);
    }
}
