//! The flags of `tidegate gateway`. Never here: what is in the file.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::source::{Legacy, Source, Typed};

/// Stand in front of your API: refuse exactly who goes over a limit, pass on all else
#[derive(Debug, clap::Args)]
#[command(after_help = "\
With a policy file:
  tidegate check --config tidegate.toml       looks it over
  tidegate gateway --config tidegate.toml     serves by it
  tidegate check --schema                     prints what can be in it
It is read again when it changes, and on SIGHUP; with a fault in it, nothing
changes.

In a minute, without one:
  tidegate gateway --upstream http://127.0.0.1:9001 --limit '300 per minute'

Operators come in at an address of their own, which has no password:
  curl -s localhost:8081/state

Ctrl-C or SIGTERM: nothing new is taken, calls under way end, then it exits
with 0. A second one cuts them, and it exits with 1.")]
pub(crate) struct Args {
    /// The policy file, TOML
    #[arg(long, value_name = "FILE", default_value = "tidegate.toml")]
    config: PathBuf,
    /// Without a file: a server behind; once for each
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    upstream: Vec<String>,
    /// Without a file: how much each caller may, such as '300 per minute, burst 50'
    #[arg(long, value_name = "QUOTA", requires = "upstream")]
    limit: Option<String>,
    /// Without a file: what tells callers apart; who lacks it counts by address
    #[arg(long, value_name = "KEY", requires = "limit", default_value = "bearer")]
    key: String,
    /// Without a file: where callers come in
    #[arg(long, value_name = "ADDRESS", requires = "upstream", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Without a file: where operators come in, or 'off'
    #[arg(long, value_name = "ADDRESS", requires = "upstream", default_value = "127.0.0.1:8081")]
    admin: String,
    /// Announce limits in X-RateLimit-Limit, -Remaining and -Reset, too
    #[arg(long)]
    legacy_headers: bool,
    /// Threads that serve; one per core unless told otherwise
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,
}

impl Args {
    /// How many threads serve.
    pub(crate) fn workers(&self) -> NonZeroUsize {
        self.workers.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
    }

    /// Where the policy comes from.
    pub(crate) fn source(self) -> Source {
        let legacy = if self.legacy_headers { Legacy::Too } else { Legacy::AsInFile };
        if self.upstream.is_empty() {
            return Source::file(self.config, legacy);
        }
        let Args { listen, admin, upstream: upstreams, limit: quota, key, .. } = self;
        Source::flags(&Typed { listen, admin, upstreams, quota, key }, legacy)
    }
}
