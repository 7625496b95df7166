//! The flags of `tidegate check`. Never here: a file opened, or a limit.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use super::kind::Kind;

/// Check a file of the gateway or of the proxy, say what it comes to, and what it would do to a request
#[derive(Debug, Default, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", crate::exit::CODES))]
pub(crate) struct Args {
    /// The file, of the gateway or of the proxy: its tables tell; '-' for standard input [default: tidegate.toml]
    #[arg(value_name = "FILE", conflicts_with = "config")]
    file: Option<PathBuf>,

    /// The same
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Say what would become of this request: which limits fall on it, or where it goes; nothing is sent or spent
    #[arg(long, value_name = "METHOD TARGET")]
    pub(crate) request: Option<String>,

    /// A header of the request, 'Name: value'. May be repeated
    #[arg(short = 'H', long = "header", value_name = "HEADER", requires = "request")]
    pub(crate) headers: Vec<String>,

    /// The address that the request comes from [default: 192.0.2.1, which is nobody's]
    #[arg(long, value_name = "IP", requires = "request")]
    pub(crate) client: Option<IpAddr>,

    /// How many servers are in routing, for limits per server [default: all]
    #[arg(long, value_name = "N", requires = "request")]
    pub(crate) servers: Option<NonZeroU32>,

    /// Send it so many times at once
    #[arg(long, value_name = "N", requires = "request", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) repeat: Option<u32>,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Print the JSON Schema of the gateway's file, or of the proxy's, for editors; reads nothing
    #[arg(long, value_name = "DOOR", num_args = 0..=1, default_missing_value = "gateway")]
    #[arg(conflicts_with_all = ["file", "config", "request"])]
    pub(crate) schema: Option<Kind>,
}

impl Args {
    /// The file that was named.
    pub(crate) fn named(&self) -> Option<&Path> {
        self.file.as_deref().or(self.config.as_deref())
    }
}

const EXAMPLES: &str = "\
Examples:
  tidegate check tidegate.toml
  tidegate check --request 'GET /v1/rooms?max=500' -H 'Authorization: Bearer x'
  tidegate check --request 'POST /login' --client 198.51.100.7 --repeat 20
  tidegate check proxy.toml --request 'GET /webex/v1/rooms'
  tidegate check --schema > tidegate.schema.json
  tidegate check --schema proxy > proxy.schema.json

With --request it says what would happen, and exits with 0 whatever that is.
A header that is typed stands in the shell's history: any token will do, only its beginning counts for plans.";
