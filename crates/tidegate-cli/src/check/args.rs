//! The flags of `tidegate check`. Never here: a file opened, or a limit.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// Check a policy file, say what it comes to, and what it would do to a request
#[derive(Debug, Default, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", crate::exit::CODES))]
pub(crate) struct Args {
    /// The policy file; '-' for standard input [default: tidegate.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Say which limits fall on this request, and what would happen; nothing is sent and nothing spent
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

    /// Print the JSON Schema of policy files, for editors; reads nothing
    #[arg(long, conflicts_with_all = ["config", "request"])]
    pub(crate) schema: bool,
}

const EXAMPLES: &str = "\
Examples:
  tidegate check --config tidegate.toml
  tidegate check --request 'GET /v1/rooms?max=500' -H 'Authorization: Bearer x'
  tidegate check --request 'POST /login' --client 198.51.100.7 --repeat 20
  tidegate check --schema > tidegate.schema.json

With --request it says what would happen, and exits with 0 whatever that is.
A header that is typed stands in the shell's history: any token will do, only its beginning counts for plans.";
