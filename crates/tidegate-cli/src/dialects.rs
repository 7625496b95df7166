//! The two flags that say how an API says "slow down": a provider's name, and files of more rows. Never here: a row.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tidegate_wire::dialect::{Dialect, Table};

use crate::caller::input::{self, Purpose};
use crate::exit::{Exit, Failure};

/// How large a file of rows may be: the built-in one is 40 KiB.
const MOST: u64 = 4 << 20;

/// Whose dialect is spoken; found by the host if nothing is said.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "The provider (found by the host, unless said otherwise)")]
pub(crate) struct DialectArgs {
    /// Read answers as this provider's, whatever the host: 'github', 'openai', ...
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,

    /// Know the providers in this file, too; they come before those that are built in. May be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) dialects: Vec<PathBuf>,
}

impl DialectArgs {
    /// The built-in rows and those of the files. Those of the last file are found first.
    pub(crate) fn table(&self) -> Result<Table, Failure> {
        let mut table = Table::built_in().clone();
        for path in &self.dialects {
            table = extended(&table, path).map_err(|failure| failure.within("--dialects"))?;
        }
        Ok(table)
    }

    /// The row that `--provider` names, if it is given.
    pub(crate) fn chosen(&self, table: &Table) -> Result<Option<Arc<Dialect>>, Failure> {
        let Some(name) = &self.provider else { return Ok(None) };
        let unknown =
            || Failure::new(Exit::Usage, format!("--provider {name:?} isn't known")).hint(table.hint(name));
        table.named(name).map(Some).ok_or_else(unknown)
    }
}

/// A table with the rows of a file before its own.
///
/// # Errors
/// When the file can't be read, or what is in it.
pub(crate) fn extended(table: &Table, path: &Path) -> Result<Table, Failure> {
    let bytes = input::read(path, Purpose { what: "the dialects", most: MOST })?;
    let unreadable =
        |fault: &dyn std::fmt::Display| Failure::new(Exit::Usage, format!("{}: {fault}", path.display()));
    let text = String::from_utf8(bytes).map_err(|_| unreadable(&"it isn't UTF-8 text"))?;
    table.extended(&text).map_err(|fault| unreadable(&fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(provider: &str, dialects: &[PathBuf]) -> DialectArgs {
        DialectArgs { provider: Some(provider.into()), dialects: dialects.to_vec() }
    }

    #[test]
    fn a_provider_is_found_by_any_of_its_names_and_a_file_beats_the_built_in_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, "[[dialect]]\nname = \"mine\"\nsource = \"me\"\n[[dialect]]\nname = \"github\"\nlike = \"github\"\nsource = \"me, too\"")
            .unwrap();
        let found = |args: DialectArgs| args.chosen(&args.table()?).map(Option::unwrap);
        assert_eq!(found(args("Claude", &[])).unwrap().name, "anthropic");
        assert_eq!(found(args("mine", std::slice::from_ref(&path))).unwrap().name, "mine");
        assert_eq!(found(args("github", &[path])).unwrap().source, "me, too");
        assert_eq!(DialectArgs::default().chosen(Table::built_in()).unwrap(), None);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bad.toml");
        std::fs::write(&path, "[[dialect]]\nname = \"mine\"\nsource = 3\n").unwrap();
        let failure = args("mine", &[path]).table().unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
        assert!(failure.message().contains("bad.toml: "), "{failure}");
        assert!(failure.message().contains("line 3"), "{failure}");
        let failure = args("gitub", &[]).chosen(Table::built_in()).unwrap_err();
        assert!(failure.to_string().contains("\"gitub\" isn't known"), "{failure}");
        assert!(failure.hinted().is_some());
    }
}
