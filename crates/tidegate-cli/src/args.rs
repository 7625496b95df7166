//! What was typed: the doors and the first screen. Never here: what a door does with its flags.

use clap::{Parser, Subcommand};

/// Keeps HTTP APIs inside their limits, from either side.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, after_help = crate::exit::CODES, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Call an API that limits you: waits as told, follows pages, repeats, loses nothing
    Fetch(Box<crate::fetch::args::Args>),
    /// Call an API for a whole list of work that may be stopped at any time and gone on with
    Batch(Box<crate::batch::args::Args>),
    /// Be a rate-limited API on this machine, for trying and testing clients
    Simulate(crate::simulate::args::Args),
    /// Watch three clients do the same work against hidden limits, in under 40 s
    Demo(crate::demo::args::Args),
    /// Stand in front of your API: refuse exactly who goes over a limit, pass on all else
    Gateway(crate::gateway::args::Args),
    /// Stand in front of an API that limits you: your programs call it there, and never see a 429
    Proxy(Box<crate::proxy::args::Args>),
    /// Run a program with that in front of all it calls: nothing in it is to be changed
    Run(Box<crate::run::args::Args>),
    /// Say what an answer tells about limits, and where: paste it, or pipe it from `curl -si`
    Explain(crate::explain::args::Args),
    /// Check a policy file, say what it comes to, and what it would do to a request
    Check(crate::check::args::Args),
}

/// What `tidegate` alone prints.
pub(crate) const FIRST_SCREEN: &str = "\
Tidegate keeps HTTP APIs inside their limits, from either side.

See it work (under 40 s, nothing leaves this machine):
  tidegate demo

Call an API that answers 429, and wait as it says:
  export TIDEGATE_TOKEN=...
  tidegate fetch --all-pages --items /items 'https://webexapis.com/v1/rooms?max=100'

Let programs in any language call it so, by changing one URL:
  tidegate proxy --upstream https://webexapis.com
  curl http://127.0.0.1:8430/v1/rooms -H \"Authorization: Bearer $TIDEGATE_TOKEN\"

Or by changing nothing:
  tidegate run --intercept webexapis.com -- python3 program.py

Work through a list of calls that may be stopped or killed, and goes on where it was:
  tidegate batch --base-url https://webexapis.com/v1 -i work.jsonl -o results.jsonl

Keep the callers of your own API inside limits:
  tidegate gateway --upstream http://127.0.0.1:9001 --limit '300 per minute, burst 50'

Try the other side without an API, in two terminals:
  tidegate simulate --limit 'GET /v1/rooms: 1/s, burst 5'
  TIDEGATE_TOKEN=any tidegate fetch --all-pages --items /items 'http://127.0.0.1:8429/v1/rooms?max=10'

See what an API's answer means:
  curl -si https://api.github.com/rate_limit | tidegate explain --host api.github.com

Every door explains itself:  tidegate fetch --help
";
