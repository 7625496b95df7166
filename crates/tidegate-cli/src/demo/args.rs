//! The flags of `tidegate demo`.

/// Watch three clients do the same work against hidden limits, in under 40 s
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print the table as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Show nothing but the table
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// What routing and delays are drawn from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many messages each client posts
    #[arg(long, value_name = "N", default_value_t = 460, hide = true, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) items: u64,
}
