//! What the demo says before and after. Never here: a figure.

use super::clients::WORKERS;

/// What is about to be seen.
pub(super) fn introduction(items: u64, servers: u32) -> String {
    format!(
        "Three clients post the same {items} messages, with {WORKERS} workers each, to simulated\n\
         APIs on this machine: one for each client, of {servers} servers chosen at random, every\n\
         server with its own limit. Nobody is told the limit: it shows only as 429.\n\n\
         \x20 naive script   pauses 0.2, 0.4, 0.8 s whatever it is told, then gives up\n\
         \x20 sleep as told  each worker sleeps its own Retry-After, unaware of the others\n\
         \x20 Tidegate       the same HTTP client, with Tidegate's layer around it\n"
    )
}

/// What the columns mean.
pub(super) const LEGEND: &str = "\
× best      the time, against an all-knowing client that delivers the same
429/1,000   refusals among a thousand answers
violations  calls sent before a wait was over that had been told to their token:
            hammering like this is what gets clients banned
lost        messages that were given up
";

/// What to try next, with the name that this program was called by.
pub(super) fn next() -> String {
    let tidegate = std::env::args().next().unwrap_or_else(|| "tidegate".to_owned());
    format!(
        "\nNext, in two terminals:\n  \
         {tidegate} simulate --limit 'GET /v1/rooms: 1/s, burst 5'\n  \
         TIDEGATE_TOKEN=any {tidegate} fetch --all-pages \\\n      \
         --items /items 'http://127.0.0.1:8429/v1/rooms?max=10'\n"
    )
}
