//! All rows, and how one is found. Never here: what a row says.

use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::Dialect;
use super::row::Row;
use super::rule::Rule;

/// The standards alone: the row that every other one is like, if it doesn't say otherwise.
const BASE: &str = "ietf";
/// The row for hosts that no row names.
const GENERIC: &str = "generic";

/// The most rows that a text may have: a user has a few, and the world some hundreds.
const MOST_ROWS: usize = 1000;

static BUILT_IN: LazyLock<Table> = LazyLock::new(|| {
    let none = Table { rows: Vec::new() };
    none.extended(include_str!("../../dialects.toml")).expect("a test holds that the built-in table is sound")
});

/// The rows that are known. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    rows: Vec<Arc<Dialect>>,
}

/// A file of rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    dialect: Vec<Row>,
}

/// Why a file of rows can't be taken: what is wrong, where, and what to write. For people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.trim_end())
    }
}

impl std::error::Error for Fault {}

impl Table {
    /// The rows that come with this crate.
    pub fn built_in() -> &'static Table {
        &BUILT_IN
    }

    /// These rows, and those of a text in the form of `dialects.toml`, which are found first.
    ///
    /// A row of a name that is known replaces the known one, and may be `like` the one that it replaces.
    ///
    /// # Errors
    ///
    /// [`Fault`], with line and column where the text isn't what it should be. Nothing of it is taken then.
    pub fn extended(&self, text: &str) -> Result<Table, Fault> {
        let file: File = toml::from_str(text).map_err(|error| Fault(with_hint(error.to_string())))?;
        if file.dialect.len() > MOST_ROWS {
            return Err(Fault(format!("{} rows are too many: {MOST_ROWS} at most", file.dialect.len())));
        }
        let mut table = self.clone();
        let mut added: Vec<Arc<Dialect>> = Vec::new();
        for row in file.dialect {
            if added.iter().any(|known| bare(&known.name) == bare(&row.name)) {
                return Err(Fault(format!(
                    "the dialect {:?} is there twice: give one another name",
                    row.name
                )));
            }
            let dialect = Arc::new(table.completed(row)?);
            table.rows.retain(|known| bare(&known.name) != bare(&dialect.name));
            table.rows.insert(added.len(), Arc::clone(&dialect));
            added.push(dialect);
        }
        Ok(table)
    }

    fn completed(&self, row: Row) -> Result<Dialect, Fault> {
        let name = row.name.clone();
        let is_plain = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || "-.".contains(char);
        if bare(&name).is_empty() || !name.chars().all(is_plain) {
            return Err(Fault(format!(
                "{name:?} is no name of a dialect: use lower-case letters, digits, `-` and `.`"
            )));
        }
        let like = match row.like.as_deref() {
            Some(wanted) => Some(self.named(wanted).ok_or_else(|| {
                Fault(format!(
                    "the dialect {name:?} is like {wanted:?}, which isn't known: {}",
                    self.hint(wanted)
                ))
            })?),
            None => self.named(BASE),
        };
        let row = row.complete(like.as_deref());
        check_hosts(&row)?;
        if row.rules.iter().any(Rule::refuses_all) {
            return Err(Fault(format!(
                "a rule of the dialect {name:?} takes every answer for a refusal: give it a `status` or a `when`"
            )));
        }
        Ok(row)
    }

    /// The row of this name, or one that is also called so. Only letters and digits count, in either case.
    pub fn named(&self, name: &str) -> Option<Arc<Dialect>> {
        let wanted = bare(name);
        let is_also = |row: &&Arc<Dialect>| row.also.iter().any(|name| bare(name) == wanted);
        let by_name = self.rows.iter().find(|row| bare(&row.name) == wanted);
        by_name.or_else(|| self.rows.iter().find(is_also)).cloned()
    }

    /// The row for a host, without a port; the generic one if no row names it.
    ///
    /// Of several rows that fit, the one whose host is longest counts.
    pub fn of_host(&self, host: &str) -> Arc<Dialect> {
        let host = host.strip_suffix('.').unwrap_or(host);
        let fit = |row: &Dialect| {
            let fitting = row.hosts.iter().filter(|known| is_within(host, known));
            fitting.map(String::len).max()
        };
        let fitting = self.rows.iter().filter_map(|row| Some((fit(row)?, row)));
        // The first of equals, so that a user's row beats a built-in one.
        let longest = fitting.reduce(|best, next| if next.0 > best.0 { next } else { best });
        longest.map_or_else(|| self.generic(), |(_, row)| Arc::clone(row))
    }

    /// The row for providers that the table doesn't know.
    pub fn generic(&self) -> Arc<Dialect> {
        // Nearly every call to an unknown host asks for it, by its very name.
        let row = self.rows.iter().rev().find(|row| row.name == GENERIC).cloned();
        row.or_else(|| self.named(GENERIC)).expect("no row is ever taken away, and this one is built in")
    }

    /// All rows: those that were added last come first.
    pub fn rows(&self) -> impl Iterator<Item = &Dialect> {
        self.rows.iter().map(AsRef::as_ref)
    }

    /// What to do about a name that isn't known: which it may mean, or which there are.
    pub fn hint(&self, unknown: &str) -> String {
        let unknown = bare(unknown);
        let names = || self.rows().map(|row| row.name.as_str());
        let near_name = |row| {
            let Dialect { name, also, .. }: &Dialect = row;
            let all = [name].into_iter().chain(also).map(String::as_str);
            all.into_iter().find(|name| is_near(&bare(name), &unknown))
        };
        let near: Vec<&str> = self.rows().filter_map(near_name).collect();
        if near.is_empty() {
            format!("use one of {}", names().collect::<Vec<_>>().join(", "))
        } else {
            format!("did you mean {}?", near.join(" or "))
        }
    }
}

fn check_hosts(row: &Dialect) -> Result<(), Fault> {
    let is_host = |host: &&String| !host.is_empty() && !host.contains(['/', ':', '*', '@', ' ']);
    match row.hosts.iter().find(|host| !is_host(host)) {
        None => Ok(()),
        Some(host) => Err(Fault(format!(
            "{host:?} is no host of the dialect {:?}: write it without scheme, port and `*`, such as \
             \"api.example.com\"; its subdomains are meant, too",
            row.name
        ))),
    }
}

/// The usual slip gets the words that it needs.
fn with_hint(error: String) -> String {
    let is_one_table = error.contains("invalid type: map, expected a sequence");
    if is_one_table {
        format!("{}\nwrite `[[dialect]]`, with two brackets, above each row", error.trim_end())
    } else {
        error
    }
}

/// The letters and digits of a name, in lower case.
fn bare(name: &str) -> String {
    name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a name may be meant by another: one holds the other, or they begin alike.
fn is_near(name: &str, unknown: &str) -> bool {
    let alike = name.chars().zip(unknown.chars()).take_while(|(one, other)| one == other).count();
    let is_long = name.len() >= 3 && unknown.len() >= 3;
    is_long && (name.contains(unknown) || unknown.contains(name) || alike >= 3)
}

fn is_within(host: &str, domain: &str) -> bool {
    match host.len().checked_sub(domain.len()).and_then(|at| host.split_at_checked(at)) {
        Some((sub, tail)) => tail.eq_ignore_ascii_case(domain) && (sub.is_empty() || sub.ends_with('.')),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_host(host: &str, name: &str) {
        assert_eq!(Table::built_in().of_host(host).name, name, "{host}");
    }

    #[test]
    fn a_host_finds_its_row() {
        for host in ["webexapis.com", "WebexApis.com", "eu.webexapis.com", "webexapis.com."] {
            check_host(host, "webex");
        }
        for host in ["", "localhost", "notwebexapis.com", "webexapis.com.evil.example", "ü.com"] {
            check_host(host, "generic");
        }
        check_host("my-shop.myshopify.com", "shopify");
    }

    #[test]
    fn the_longest_host_that_fits_counts() {
        let rows = "
            [[dialect]]\nname = 'all'\nhosts = ['example.com']\nsource = 'here'
            [[dialect]]\nname = 'part'\nhosts = ['api.example.com']\nsource = 'here'
            [[dialect]]\nname = 'mine'\nhosts = ['api.github.com']\nlike = 'github'\nsource = 'here'
        ";
        let table = Table::built_in().extended(rows).expect("the rows are sound");
        assert_eq!(table.of_host("v2.api.example.com").name, "part");
        assert_eq!(table.of_host("www.example.com").name, "all");
        assert_eq!(table.of_host("api.github.com").name, "mine", "a user's row beats a built-in one");
        assert_eq!(table.of_host("uploads.github.com").name, "github");
    }

    #[test]
    fn a_name_is_found_however_it_is_written() {
        for name in ["docker-hub", "Docker_Hub", "docker hub", "dockerhub", "DOCKER"] {
            assert_eq!(Table::built_in().named(name).expect(name).name, "docker-hub");
        }
        assert!(Table::built_in().named("nobody").is_none());
    }

    #[test]
    fn every_built_in_row_can_be_found_by_all_its_names() {
        let table = Table::built_in();
        for row in table.rows() {
            for name in row.also.iter().chain([&row.name]) {
                assert_eq!(table.named(name).expect(name).name, row.name, "{name}");
            }
            for host in &row.hosts {
                assert_eq!(table.of_host(host).name, row.name, "{host}");
            }
            assert!(!row.source.is_empty(), "{} has no source", row.name);
        }
    }

    #[test]
    fn a_row_takes_over_what_it_leaves_out() {
        let rows = "
            [[dialect]]
            name = 'mine'
            like = 'github'
            hosts = ['git.example.com']
            scope = 'everybody'
            rules = [{ status = [418], is = 'limited', wait = 7 }]
            source = 'our wiki'
        ";
        let (mine, github) = (Table::built_in().extended(rows), Table::built_in().named("github"));
        let (mine, github) =
            (mine.expect("a sound row").named("mine").expect("added"), github.expect("built in"));
        assert_eq!((&mine.windows, mine.reach), (&github.windows, github.reach));
        assert_eq!(mine.scope.to_string(), "everybody");
        assert_eq!(mine.rules[1..], github.rules[..]);
        assert_eq!(mine.rules[0].wait, Some(std::time::Duration::from_secs(7)));
        assert!(mine.also.is_empty());
    }

    #[test]
    fn a_row_may_replace_the_one_that_it_is_like() {
        let rows = "[[dialect]]\nname = 'webex'\nlike = 'webex'\nfloor = 2.5\nsource = 'we know better'";
        let table = Table::built_in().extended(rows).expect("a sound row");
        let webex = table.named("webex").expect("replaced");
        assert_eq!(webex.floor, std::time::Duration::from_millis(2500));
        assert_eq!(table.rows().filter(|row| row.name == "webex").count(), 1);
        assert_eq!(table.of_host("webexapis.com").name, "generic", "hosts are never taken over");
    }

    #[track_caller]
    fn check_fault(rows: &str, told: &str) {
        let fault = Table::built_in().extended(rows).expect_err(rows).to_string();
        assert!(fault.contains(told), "{rows:?} tells: {fault}");
    }

    #[test]
    fn a_fault_is_told_with_its_place_and_what_to_write() {
        check_fault("[[dialect]]\nname = 'a'", "missing field `source`");
        check_fault("[[dialect]]\nname = 'a'\nsource = ''\nhots = ['x']", "line 4, column 1");
        check_fault("[[dialect]]\nname = 'A b'\nsource = ''", "is no name of a dialect");
        check_fault(
            "[[dialect]]\nname = 'a'\nlike = 'githup'\nsource = ''",
            "did you mean github or gitlab?",
        );
        check_fault("[[dialect]]\nname = 'a'\nlike = 'qq'\nsource = ''", "use one of");
        check_fault("[[dialect]]\nname = 'a'\nlike = 'twiter'\nsource = ''", "twitter");
        check_fault("[[dialect]]\nname = 'a'\nlike = 'hub'\nsource = ''", "did you mean");
        check_fault("[[dialect]]\nname='a'\nsource=''\n[[dialect]]\nname='a'\nsource=''", "is there twice");
        check_fault("[[dialect]]\nname='a'\nsource=''\nwaits = 'x as weeks'", "weeks");
        check_fault("[[dialect]]\nname='a'\nsource=''\nrules = [{ is = 'limitd' }]", "limited");
        check_fault("[[dialect]]\nname='a'\nsource=''\nrules = [{ is = 'limited', status = [42] }]", "42");
        check_fault(
            "[[dialect]]\nname='a'\nsource=''\nrules = [{ is = 'limited', status = ['9xx'] }]",
            "9xx",
        );
        check_fault("[[dialect]]\nname='a'\nsource=''\nfloor = -1", "is no wait");
        check_fault("[[dialect]]\nname='a'\nsource=''\nreach = 'all'", "no reach");
        check_fault("[[dialect]]\nname='a'\nsource=''\nscope = '{x'", "closing brace");
        check_fault("[[dialect]]\nname='a'\nsource=''\nwindows = [{ limit = -5 }]", "less than nothing");
        check_fault("dialect", "line 1");
        check_fault("[dialect]\nname='a'", "with two brackets");
        check_fault("[[dialect]]\nname='a'\nsource=''\nrules = [{ is = 'limited' }]", "every answer");
        check_fault(
            "[[dialect]]\nname='a'\nsource=''\nrules = [{ is = 'limited', when = ['x ~ a | '] }]",
            "empty text",
        );
        check_fault("[[dialect]]\nname='a'\nsource=''\nfloor = '30'", "without quotes");
        for host in ["https://x.com", "*.x.com", "x.com:8443", ""] {
            check_fault(&format!("[[dialect]]\nname='a'\nsource=''\nhosts = ['{host}']"), "is no host");
        }
        let many: String = (0..1001).map(|at| format!("[[dialect]]\nname='a{at}'\nsource=''\n")).collect();
        check_fault(&many, "1001 rows are too many");
    }
}
