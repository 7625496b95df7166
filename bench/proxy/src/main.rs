//! What tries the proxy: a plain one to stand beside it, loads, queues of callers. Never here: a verdict.
//!
//! - `plain PORT UPSTREAM`: a proxy that passes on and does nothing else.
//! - `load ADDRESS CONNECTIONS HOW_LONG [RATE]`: calls as fast as answers come, or so many a second, whatever the answers
//!   do; HOW_LONG is a number of calls, or of seconds: `5s`.
//! - `queue PROXY OPERATORS CALLERS PROCESS`: so many callers wait, then hang up, one by one and all at once.
//! - `fair PROXY SECONDS`: ten callers in one bucket, each with twice the calls of the one before.

mod caller;
mod fair;
mod load;
mod plain;
mod queue;

use std::io;

const USAGE: &str = "usage: tidegate-bench-proxy plain PORT UPSTREAM | load ADDRESS CONNECTIONS HOW_LONG [RATE] \
                     | queue PROXY OPERATORS CALLERS PROCESS | fair PROXY SECONDS (see bench/README.md)";

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["plain", port, upstream] => plain::serve(number(port)?, upstream),
        ["load", address, connections, how_long] => load::run(address, number(connections)?, how_long, None),
        ["load", address, connections, how_long, rate] => {
            load::run(address, number(connections)?, how_long, Some(number(rate)?))
        }
        ["queue", proxy, operators, callers, process] => {
            queue::run(proxy, operators, number(callers)?, number(process)?)
        }
        ["fair", proxy, seconds] => fair::run(proxy, number(seconds)?),
        _ => Err(io::Error::other(USAGE)),
    }
}

fn number<T: std::str::FromStr>(word: &str) -> io::Result<T> {
    word.parse().map_err(|_| io::Error::other(format!("`{word}` isn't the number it should be: {USAGE}")))
}
