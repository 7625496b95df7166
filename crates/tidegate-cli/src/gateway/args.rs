//! The flags of `tidegate gateway`. Never here: what is in the file.

use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Stand in front of your API: refuse exactly who goes over a limit, pass on all else
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The policy file says what is limited; `tidegate check --config FILE` looks it over, and `tidegate check --schema`
prints what can be in it. It is read again when it changes, and on SIGHUP; a file with faults changes nothing.
Ctrl-C or SIGTERM: nothing new is taken, calls under way end, then it exits with 0. A second one cuts them.")]
pub(crate) struct Args {
    /// The policy file, TOML
    #[arg(long, value_name = "FILE", default_value = "tidegate.toml")]
    pub(crate) config: PathBuf,
    /// Threads that serve; one per core unless told otherwise
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,
}

impl Args {
    /// How many threads serve.
    pub(crate) fn workers(&self) -> NonZeroUsize {
        self.workers.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
    }
}
