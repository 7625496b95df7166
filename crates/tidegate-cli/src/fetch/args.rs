//! The flags of `tidegate fetch`. Never here: files opened, variables read, or any other consequence of a flag.

use std::path::PathBuf;
use std::time::Duration;

use crate::caller::token::TokenArgs;
use crate::caller::units::{duration, size};
use crate::caller::voice::Manner;
use crate::dialects::DialectArgs;

/// What `tidegate fetch` was told to do.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", crate::exit::CODES))]
pub(crate) struct Args {
    /// What to call; '{1..100}', '{001..100..10}' and '{rooms,people}' stand for several. Of several, a body that
    /// doesn't end in a line end gets one
    #[arg(required = true, value_name = "URL")]
    pub(crate) urls: Vec<String>,

    /// Take braces in URLs as they are
    #[arg(short = 'g', long)]
    pub(crate) globoff: bool,

    #[command(flatten)]
    pub(crate) request: RequestArgs,
    #[command(flatten)]
    pub(crate) token: TokenArgs,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
    #[command(flatten)]
    pub(crate) dialects: DialectArgs,
    #[command(flatten)]
    pub(crate) bounds: BoundArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// What is asked of each URL.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The request")]
pub(crate) struct RequestArgs {
    /// The method; GET, or POST if there is a body
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub(crate) request: Option<String>,

    /// A header, 'Name: value'; 'Name:' leaves out one of ours; @FILE reads one per line. May be repeated
    #[arg(short = 'H', long, value_name = "HEADER")]
    pub(crate) header: Vec<String>,

    /// A form body; @FILE reads it (@- from standard input) and drops its line ends, as curl does
    #[arg(short = 'd', long, value_name = "DATA")]
    pub(crate) data: Vec<String>,

    /// Like --data, but a file's bytes are kept as they are
    #[arg(long, value_name = "DATA", conflicts_with = "data")]
    pub(crate) data_binary: Option<String>,

    /// A JSON body, or @FILE; sets Content-Type and Accept
    #[arg(long, value_name = "JSON", conflicts_with_all = ["data", "data_binary"])]
    pub(crate) json_body: Option<String>,

    /// Follow up to 10 redirects; the token, and any header that may be a secret, stay with the origin that was typed
    #[arg(short = 'L', long)]
    pub(crate) location: bool,
}

/// How often, how far and how many at once.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The work")]
pub(crate) struct WorkArgs {
    /// Follow rel="next" to the last page
    #[arg(long, conflicts_with = "repeat")]
    pub(crate) all_pages: bool,

    /// Stop after so many pages of each URL
    #[arg(long, value_name = "N", requires = "all_pages", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_pages: Option<u64>,

    /// Write the items at this JSON Pointer ('/items'), one per line; '' is the whole body, which is one line if it
    /// is no list
    #[arg(long, value_name = "POINTER", conflicts_with = "repeat")]
    pub(crate) items: Option<String>,

    /// Call again and again; prints status, time and tracking ID of each answer
    #[arg(long)]
    pub(crate) repeat: bool,

    /// With --repeat: stop after so many answers
    #[arg(long, value_name = "N", requires = "repeat", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,

    /// With --repeat: stop after so long
    #[arg(long = "for", value_name = "DURATION", requires = "repeat", value_parser = duration)]
    pub(crate) lasting: Option<Duration>,

    /// How many URLs to work on at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) concurrency: u16,

    /// Write results as they come, not in the order of the URLs
    #[arg(long)]
    pub(crate) unordered: bool,
}

/// Where it stops.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Bounds")]
pub(crate) struct BoundArgs {
    /// Sit out no told wait longer than this
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = duration)]
    pub(crate) max_wait: Duration,

    /// End the whole run after this
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) deadline: Option<Duration>,

    /// Give up on an answer of which nothing came for so long
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub(crate) timeout: Duration,

    /// The largest body [default: 64MiB for bodies that must be held, none for those that only pass through]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_body: Option<u64>,
}

/// Where words go.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Write results to this file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Add to the file given by -o
    #[arg(long, requires = "output")]
    pub(crate) append: bool,

    /// Show requests and answers, refused ones too, on standard error; what may be a secret is left out
    #[arg(short, long)]
    pub(crate) verbose: bool,

    /// No progress, notes or summary; errors are still told
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Tell events (refused, warning, error, summary) as JSON lines on standard error, and with --repeat the
    /// answers as JSON lines on standard output
    #[arg(long, conflicts_with = "verbose")]
    pub(crate) json: bool,
}

impl OutputArgs {
    /// How much is told, and to whom.
    pub(crate) fn manner(&self) -> Manner {
        match self {
            OutputArgs { quiet: true, json: false, .. } => Manner::Quiet,
            OutputArgs { json: true, .. } => Manner::Json,
            OutputArgs { verbose: true, .. } => Manner::Verbose,
            _ => Manner::Plain,
        }
    }
}

const EXAMPLES: &str = "\
Proxies are taken from HTTP_PROXY, HTTPS_PROXY and ALL_PROXY; NO_PROXY lists the hosts that are called without one.

Durations: 250ms, 30s, 5m, 1h30m, 2d; a bare number is seconds.   Sizes: 4096, 64KiB, 1MiB, 2GiB.

Examples:
  tidegate fetch https://example.org/status
  tidegate fetch --all-pages --items /items 'https://webexapis.com/v1/rooms?max=100' > rooms.jsonl
  tidegate fetch --repeat --for 10m -v 'https://webexapis.com/v1/rooms'
  tidegate fetch --concurrency 4 --items '' 'https://example.org/things/{1..500}' -o things.jsonl
  tidegate fetch -X POST --json-body @message.json https://webexapis.com/v1/messages";
