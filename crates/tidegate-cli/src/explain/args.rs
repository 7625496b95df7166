//! The flags of `tidegate explain`. Never here: a file opened, or an answer read.

use std::path::PathBuf;

use tidegate_core::Time;

use super::now;
use crate::dialects::DialectArgs;

/// Say what an answer tells about limits, and from where: paste one, or pipe it from `curl -si`
#[derive(Debug, Default, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", crate::exit::CODES))]
pub(crate) struct Args {
    /// The file with the answer; standard input if left out, or '-'
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// When it came, if it has no Date: seconds since 1970, or '2023-11-14T22:13:20Z'; now, unless said otherwise
    #[arg(long, value_name = "INSTANT", value_parser = now::read)]
    pub(crate) now: Option<Time>,

    /// Print one JSON object; with --list, an array
    #[arg(long)]
    pub(crate) json: bool,

    /// Print the APIs that are known, with their other names and hosts; reads nothing
    #[arg(long, conflicts_with_all = ["file", "provider", "host", "now"])]
    pub(crate) list: bool,

    /// Read it as the API of this host means it; a URL will do
    #[arg(long, value_name = "HOST", conflicts_with = "provider", help_heading = PROVIDER)]
    pub(crate) host: Option<String>,

    #[command(flatten)]
    pub(crate) dialect: DialectArgs,
}

/// The heading of [`DialectArgs`], where `--host` belongs, too.
const PROVIDER: &str = "The provider (found by the host, unless said otherwise)";

const EXAMPLES: &str = "\
Examples:
  curl -si https://api.github.com/rate_limit | tidegate explain --host api.github.com
  tidegate explain --provider slack answer.txt
  tidegate explain --dialects my-api.toml --provider my-api --now 1700000000 --json answer.txt
  tidegate explain --list

What `curl -v` and `wget -S` print is read, too. Of several heads (redirects, proxies, retries) the last counts.";
