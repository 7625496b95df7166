//! The flags of `tidegate proxy`. Never here: what is in the file, what a default is for.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::header::AUTHORIZATION;
use tidegate::path::Host;

use super::settings::{
    At, Base, Config, Forward, HostPattern, Intercept, Manner, Token, TokenSource, Upstream,
};
use super::{authority, file, usual};
use crate::caller::units::duration;
use crate::dialects::DialectArgs;
use crate::exit::{Exit, Failure};
use crate::policy::Listen;
use crate::toml_file::addresses::{Admin, LogPlace};
use crate::toml_file::written::Readable;

/// Stand in front of an API that limits you: your programs call it there, and never see a 429
#[derive(Debug, clap::Args)]
#[command(after_help = "\
One API, by its base URL:
  tidegate proxy --upstream https://webexapis.com
  curl http://127.0.0.1:8430/v1/rooms -H \"Authorization: Bearer $TOKEN\"
  Python:  WebexAPI(base_url='http://127.0.0.1:8430/v1/')
  Node:    fetch('http://127.0.0.1:8430/v1/rooms')

Several, with tokens, limits that are known, hosts that may be called:
  tidegate check proxy.toml                   looks it over
  tidegate proxy --config proxy.toml          serves by it

Any API, as a forward proxy (http:// URLs):
  tidegate proxy
  HTTP_PROXY=http://127.0.0.1:8430 python3 program.py
  tidegate proxy --intercept api.github.com     https:// URLs, too: opens the
                  TLS of these hosts, by an authority of this machine alone
  tidegate proxy --trust                        how programs come to trust that

Calls wait inside: each is sent when its turn comes, again with the same body
when the API limits it, and answered with the final answer. Who can't wait says
so, in seconds: `Tidegate-Deadline: 30`, or `Prefer: wait=30`. What can't be
answered by then gets a 429 at once, marked `Tidegate-Refused: deadline`.

Ctrl-C or SIGTERM: nothing new is taken, calls under way end, then it exits
with 0. A second one cuts them, and it exits with 1.")]
pub(crate) struct Args {
    /// The proxy's file, TOML, in place of all flags but --workers
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "upstream", "listen", "admin", "access_log", "token_env", "deadline", "max_wait", "forward", "intercept", "authority",
        "provider", "dialects",
    ])]
    config: Option<PathBuf>,
    /// The API to stand in front of: its base URL. Without it, a forward proxy
    #[arg(long, value_name = "URL", value_parser = str::parse::<Base>)]
    upstream: Option<Base>,
    /// Where callers come in
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8430", value_parser = listen)]
    listen: Listen,
    /// Where operators come in: a page of what waits, metrics, readiness; "off" for nowhere
    #[arg(long, value_name = "ADDRESS", default_value = "off", value_parser = read::<Admin>)]
    admin: Admin,
    /// Note each call in this file, or on "stdout"; "off" for nowhere
    #[arg(long, value_name = "FILE", default_value = "off", value_parser = read::<LogPlace>)]
    access_log: LogPlace,
    /// Put the bearer token of this environment variable into requests to the upstream
    #[arg(long, value_name = "NAME", requires = "upstream")]
    token_env: Option<String>,
    /// How long a call may take that has no deadline of its own
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    deadline: Option<Duration>,
    /// Sit out no told wait longer than this
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = duration)]
    max_wait: Duration,
    /// Be a forward proxy, too
    #[arg(long)]
    forward: bool,
    /// Open tunnels to these hosts, `*.example.com` for all below one: calls in them wait like all others
    #[arg(long, value_name = "HOST", value_delimiter = ',', conflicts_with = "trust", value_parser = pattern)]
    intercept: Vec<HostPattern>,
    /// The folder of the authority that vouches for them, made on first use; in the user's data folder unless told
    /// otherwise
    #[arg(long, value_name = "FOLDER")]
    authority: Option<PathBuf>,
    /// Say how programs come to trust that authority, and end
    #[arg(long)]
    trust: bool,
    /// Threads that serve; one per core unless told otherwise
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,
    #[command(flatten)]
    dialects: DialectArgs,
}

impl Args {
    /// How many threads serve.
    pub(crate) fn workers(&self) -> NonZeroUsize {
        self.workers.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
    }

    /// The folder of the authority, if only how to trust it was asked for.
    ///
    /// # Errors
    /// When there is no folder for it, or the file can't be read.
    pub(crate) fn trust(&self) -> Result<Option<PathBuf>, Failure> {
        let folder = || match &self.config {
            Some(path) => folder_of(path),
            None => self.folder(),
        };
        self.trust.then(folder).transpose()
    }

    fn folder(&self) -> Result<PathBuf, Failure> {
        let usual = || authority::usual_folder(|name| std::env::var_os(name).map(PathBuf::from));
        self.authority.clone().or_else(usual).ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                "there is no folder for an authority: neither XDG_DATA_HOME nor HOME is set",
            )
            .hint("name one with --authority")
        })
    }

    /// What the proxy runs with.
    ///
    /// # Errors
    /// When a file of dialects can't be read, or names none that is asked for; when there is no folder for an authority.
    pub(crate) fn config(self) -> Result<Config, Failure> {
        if let Some(path) = &self.config {
            return file::open(path);
        }
        let hosts = self.intercept.clone();
        let intercept = (!hosts.is_empty()).then(|| Ok(Intercept { hosts, folder: self.folder()? }));
        let intercept = intercept.transpose()?;
        let dialects = self.dialects.table()?;
        let dialect = self.dialects.chosen(&dialects)?.map(|dialect| dialect.name.clone());
        let token = self.token_env.map(|name| Token {
            field: AUTHORIZATION,
            scheme: "Bearer ".to_owned(),
            source: TokenSource::Variable(name),
        });
        let manner = Manner { dialect, ..Manner::default() };
        let is_forward = self.forward || self.upstream.is_none() || intercept.is_some();
        let forward = is_forward.then_some(Forward { hosts: None, intercept });
        let upstreams = self.upstream.map(|base| Upstream {
            name: base.authority.host().to_owned(),
            base,
            at: At::Prefix(String::new()),
            token,
            manner: manner.clone(),
        });
        Ok(Config {
            listen: vec![self.listen],
            admin: self.admin.0,
            access_log: self.access_log.seen_from(Path::new("")),
            upstreams: upstreams.into_iter().collect(),
            forward,
            manner,
            deadline: self.deadline,
            max_wait: self.max_wait,
            dialects,
            ..usual::config()
        })
    }
}

/// Reads what a file of ours may have, too.
fn read<T: Readable>(text: &str) -> Result<T, String> {
    T::read(text).map_err(|misread| match misread.hint {
        Some(hint) => format!("{}: {hint}", misread.message),
        None => misread.message,
    })
}

/// The folder of the authority that a file opens tunnels with.
fn folder_of(path: &Path) -> Result<PathBuf, Failure> {
    let intercept = file::open(path)?.forward.and_then(|forward| forward.intercept);
    intercept.map(|intercept| intercept.folder).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("{} opens no tunnels, so there is nobody to trust", path.display()))
            .hint("name the hosts whose TLS is opened: `intercept` of [proxy.forward]")
    })
}

fn listen(text: &str) -> Result<Listen, String> {
    text.parse()
        .map(Listen::Tcp)
        .map_err(|_| format!("`{text}` is no address with a port, such as {}", "127.0.0.1:8430"))
}

/// A host, or `*.` and one for all below it, as it is typed.
pub(crate) fn pattern(text: &str) -> Result<HostPattern, String> {
    let (parent, is_below) = text.strip_prefix("*.").map_or((text, false), |parent| (parent, true));
    let host = Host::read(parent.as_bytes()).ok().filter(|host| host.port().is_none());
    let name =
        host.ok_or_else(|| format!("`{text}` is no host, such as api.example.com or *.example.com"))?;
    let name = name.name().to_owned();
    Ok(if is_below { HostPattern::Below(name) } else { HostPattern::Exactly(name) })
}
