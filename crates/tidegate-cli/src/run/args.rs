//! The flags of `tidegate run`. Never here: what the command's environment becomes.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::spared::Through;
use super::summary::Told;
use crate::caller::units::duration;
use crate::dialects::DialectArgs;
use crate::exit::{Exit, Failure};
use crate::policy::Listen;
use crate::proxy::args::pattern;
use crate::proxy::settings::{At, Base, Config, Forward, HostPattern, Intercept, Manner, Upstream};
use crate::proxy::usual;

/// Run a program with a proxy in front of all it calls: nothing in it is to be changed
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tidegate run --intercept api.github.com -- python3 program.py
  tidegate run --base-url OPENAI_BASE_URL=https://api.openai.com/v1 -- node program.mjs

The program finds the proxy by HTTP_PROXY and HTTPS_PROXY, as curl, Python,
Go, Rust, Ruby, .NET and Node (22.21, 24.5) do. Calls to https:// go through
tunnels that nobody reads, so they can't wait; --intercept opens those of a
host, by an authority that is made for this run and is gone after it.

Programs that know no proxy, but let you set an API's address in a variable,
get one with --base-url.

Signals go on to the program, and it ends as the program does: with its code,
or 128 and the signal's number. 126: it can't be started. 127: it isn't there.")]
pub(crate) struct Args {
    /// Open the TLS of calls to these hosts, `*.example.com` for all below one: they wait like all others
    #[arg(long, value_name = "HOST", value_delimiter = ',', value_parser = pattern)]
    intercept: Vec<HostPattern>,
    /// The folder of an authority that is kept, and made on first use, in place of one for this run alone
    #[arg(long, value_name = "FOLDER", requires = "intercept")]
    authority: Option<PathBuf>,
    /// Put an address into this variable at which the program finds the API of that URL; may be repeated
    #[arg(long, value_name = "NAME=URL", value_parser = named)]
    base_url: Vec<Named>,
    /// Have calls to this machine itself go through the proxy, too
    #[arg(long)]
    loopback: bool,
    /// How long a call may take that has no deadline of its own
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    deadline: Option<Duration>,
    /// Sit out no told wait longer than this
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = duration)]
    max_wait: Duration,
    #[command(flatten)]
    dialects: DialectArgs,
    /// Say nothing but errors: no line at the end
    #[arg(long, short, conflicts_with = "json")]
    quiet: bool,
    /// Say the last line as JSON, on standard error
    #[arg(long)]
    json: bool,
    /// The program, and what it is given
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// The API that a variable is to lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    variable: String,
    base: Base,
}

/// What is to be run, and what serves it.
pub(crate) struct Plan {
    /// The program, and what it is given; at least the first.
    pub(crate) command: Vec<OsString>,
    pub(crate) forward: Config,
    /// What serves each API that has a variable of its own.
    pub(crate) bases: Vec<(String, Config)>,
    pub(crate) told: Told,
    pub(crate) through: Through,
    /// The authority's folder, where it is for this run alone.
    pub(crate) folder: Option<TempDir>,
}

impl Args {
    /// What is to be run, and what serves it.
    ///
    /// # Errors
    /// When a dialect isn't known, a variable is named twice, or there is no place for an authority.
    pub(crate) fn plan(self) -> Result<Plan, Failure> {
        self.check_names()?;
        let usual = self.usual()?;
        let exactly = |pattern: &HostPattern| match pattern {
            HostPattern::Exactly(name) => Some(name.clone()),
            HostPattern::Below(_) => None,
        };
        let through =
            Through { loopback: self.loopback, named: self.intercept.iter().filter_map(exactly).collect() };
        let is_own = !self.intercept.is_empty() && self.authority.is_none();
        let folder = if is_own { Some(folder()?) } else { None };
        let kept = folder.as_ref().map(|folder| folder.path().to_owned()).or(self.authority);
        let intercept = kept.map(|folder| Intercept { hosts: self.intercept, folder });
        let forward = Config { forward: Some(Forward { hosts: None, intercept }), ..usual.clone() };
        let bases = self.base_url.into_iter().map(|named| (named.variable, based(named.base, &usual)));
        let told = match (self.quiet, self.json) {
            (true, _) => Told::Nothing,
            (_, true) => Told::Json,
            _ => Told::Plain,
        };
        Ok(Plan { command: self.command, forward, bases: bases.collect(), told, through, folder })
    }

    fn check_names(&self) -> Result<(), Failure> {
        let names = || self.base_url.iter().map(|named| &named.variable);
        match names().find(|name| names().filter(|other| other == name).count() > 1) {
            Some(name) => Err(Failure::new(Exit::Usage, format!("--base-url names {name} twice"))
                .hint("one variable holds one address")),
            None => Ok(()),
        }
    }

    /// What all doors have in common.
    fn usual(&self) -> Result<Config, Failure> {
        let dialects = self.dialects.table()?;
        let dialect = self.dialects.chosen(&dialects)?.map(|dialect| dialect.name.clone());
        Ok(Config {
            // The system chooses ports that are free.
            listen: vec![Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))],
            manner: Manner { dialect, ..Manner::default() },
            deadline: self.deadline,
            max_wait: self.max_wait,
            dialects,
            ..usual::config()
        })
    }
}

/// What serves one API by its base URL.
fn based(base: Base, usual: &Config) -> Config {
    let upstream = Upstream {
        name: base.authority.host().to_owned(),
        base,
        at: At::Prefix(String::new()),
        token: None,
        manner: usual.manner.clone(),
    };
    Config { upstreams: vec![upstream], ..usual.clone() }
}

fn folder() -> Result<TempDir, Failure> {
    tempfile::Builder::new().prefix("tidegate-run-").tempdir().map_err(|error| {
        Failure::new(Exit::Failed, format!("can't make a folder for this run's authority: {error}"))
            .hint("set TMPDIR to a folder that this user may write in, or name one with --authority")
    })
}

fn named(text: &str) -> Result<Named, String> {
    let unread = || format!("`{text}` is no variable and URL, such as API_URL=https://api.example.com/v1");
    let (variable, url) = text.split_once('=').ok_or_else(unread)?;
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.starts_with(|char: char| char.is_ascii_digit())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if !is_name(variable) {
        return Err(unread());
    }
    Ok(Named { variable: variable.to_owned(), base: url.parse()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(Debug, clap::Parser)]
    struct Typed {
        #[command(flatten)]
        args: Args,
    }

    fn typed(flags: &[&str]) -> Args {
        Typed::try_parse_from(std::iter::once(&"run").chain(flags)).unwrap().args
    }

    #[test]
    fn what_follows_the_command_is_the_command_s() {
        for flags in [&["--quiet", "--", "curl", "--json", "-q"][..], &["--quiet", "curl", "--json", "-q"]] {
            let plan = typed(flags).plan().unwrap();
            assert_eq!(plan.command, ["curl", "--json", "-q"]);
            assert_eq!(plan.told, Told::Nothing);
        }
    }

    #[test]
    fn a_base_url_is_a_variable_and_a_url() {
        let named = |text| named(text).map(|named| (named.variable, named.base.to_string()));
        let read = named("API_URL=https://a.example/v1/?x=1");
        assert!(read.unwrap_err().contains("has a query"));
        let read = named("API_URL=https://a.example/v1/").unwrap();
        assert_eq!(read, ("API_URL".into(), "https://a.example/v1".into()));
        for text in
            ["https://a.example", "=https://a.example", "1A=https://a.example", "A-B=https://a.example"]
        {
            assert!(named(text).unwrap_err().contains("API_URL="), "{text}");
        }
    }

    #[test]
    fn a_variable_holds_one_address() {
        let twice = typed(&["--base-url", "A=http://a", "--base-url", "A=http://b", "true"]).plan();
        assert!(twice.is_err_and(|failure| failure.exit() == Exit::Usage));
    }

    #[test]
    fn an_authority_is_made_for_one_run_unless_a_kept_one_is_named() {
        let plan = typed(&["--intercept", "a.example", "true"]).plan().unwrap();
        let own = plan.folder.as_ref().map(|folder| folder.path().to_owned());
        assert_eq!(plan.forward.intercept().map(|it| it.folder.clone()), own);
        let plan = typed(&["--intercept", "a.example", "--authority", "/kept", "true"]).plan().unwrap();
        assert!(plan.folder.is_none());
        assert_eq!(plan.forward.intercept().map(|it| it.folder.clone()), Some("/kept".into()));
        assert!(typed(&["true"]).plan().unwrap().forward.intercept().is_none());
    }
}
