//! The flags of `tidegate batch`. Never here: files opened, variables read, or any other consequence of a flag.

use std::path::PathBuf;
use std::time::Duration;

use crate::caller::token::TokenArgs;
use crate::caller::units::{duration, size};
use crate::caller::voice::Manner;
use crate::dialects::DialectArgs;

/// What `tidegate batch` was told to do.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", crate::exit::CODES))]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) list: ListArgs,
    #[command(flatten)]
    pub(crate) token: TokenArgs,
    #[command(flatten)]
    pub(crate) results: ResultArgs,
    #[command(flatten)]
    pub(crate) care: CareArgs,
    #[command(flatten)]
    pub(crate) dialects: DialectArgs,
    #[command(flatten)]
    pub(crate) bounds: BoundArgs,

    /// No progress, notes or summary; errors are still told
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// Tell events (progress, refused, warning, error, summary) as JSON lines on standard error
    #[arg(long)]
    pub(crate) json: bool,
}

/// What there is to do.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The work")]
pub(crate) struct ListArgs {
    /// The list: a JSON object a line, with id, method, path or url, headers, body, paginate; or CSV
    #[arg(short, long, value_name = "FILE")]
    pub(crate) input: PathBuf,

    /// What paths in the list are put behind; the token goes only to its origin
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// The list is CSV with a header line, and each row calls this path or URL: '/people/{id}'
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) url_template: Option<String>,

    /// With --url-template: the method [default: GET]
    #[arg(long, value_name = "METHOD", requires = "url_template")]
    pub(crate) method: Option<String>,

    /// With --url-template: send each row as a JSON object of strings
    #[arg(long, requires = "url_template")]
    pub(crate) row_as_body: bool,

    /// How many calls may be under way at once; those that wait don't count
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) concurrency: u16,
}

/// Where results go.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Results")]
pub(crate) struct ResultArgs {
    /// The file that gets a JSON line for each item, in order of completion
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,

    /// Once all is done, put the results into the order of the list
    #[arg(long)]
    pub(crate) ordered: bool,

    /// Put the answers' headers into the results, but for those that may be secret
    #[arg(long)]
    pub(crate) with_headers: bool,
}

/// What keeps it from being ruined.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Going on")]
pub(crate) struct CareArgs {
    /// Where is kept what was sent and what is done [default: the output's name and .journal]
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,

    /// Give every item that may not be sent twice an Idempotency-Key, the same one however often it is sent
    #[arg(long)]
    pub(crate) idempotency: bool,

    /// What becomes of items that were sent and may have been done: leave them, list them and do nothing else, retry
    /// them, skip them, or do as @FILE says, an edited list
    #[arg(long, value_name = "leave|list|retry|skip|@FILE", default_value = "leave")]
    pub(crate) on_unknown: String,

    /// How often a 500, 502 or 504 is answered by another try, of items that may be sent twice
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) retries: u32,
}

/// Where it stops.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Bounds")]
pub(crate) struct BoundArgs {
    /// Sit out no told wait longer than this; what would have to is left for the next run
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = duration)]
    pub(crate) max_wait: Duration,

    /// End the whole run after this
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) deadline: Option<Duration>,

    /// Give up on an answer of which nothing came for so long
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub(crate) timeout: Duration,

    /// End the run when nobody can be reached for so long
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration)]
    pub(crate) unreachable: Duration,

    /// The largest result of an item; above 64 KiB they are kept in a file until written
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = size)]
    pub(crate) max_body: u64,
}

impl Args {
    /// How much is told, and to whom.
    pub(crate) fn manner(&self) -> Manner {
        match (self.json, self.quiet) {
            (true, _) => Manner::Json,
            (false, true) => Manner::Quiet,
            (false, false) => Manner::Plain,
        }
    }

    /// Where the journal is.
    pub(crate) fn journal(&self) -> PathBuf {
        self.care.journal.clone().unwrap_or_else(|| beside(&self.results.output, ".journal"))
    }
}

/// A file beside another one, whose name has this at its end.
pub(crate) fn beside(path: &std::path::Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

const EXAMPLES: &str = "\
A line of the list:     {\"id\": \"a7\", \"method\": \"POST\", \"path\": \"/messages\", \"body\": {\"text\": \"hi\"}}
A line of the results:  {\"id\": \"a7\", \"status\": 200, \"attempts\": 1, \"body\": {...}}
Stopped, killed or out of disk: the same command goes on where it was.

Examples:
  tidegate batch --base-url https://webexapis.com/v1 -i work.jsonl -o results.jsonl --concurrency 50
  tidegate batch --base-url https://webexapis.com/v1 -i people.csv --url-template '/people/{id}' -o people.jsonl";
