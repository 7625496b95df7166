//! The flags of `tidegate explain`. Never here: a file opened, or an answer read.

use tidegate_core::Time;

use crate::dialects::DialectArgs;

/// Say what an answer tells about limits, and from where: paste one, or pipe it from `curl -si`
#[derive(Debug, Default, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", crate::exit::CODES))]
pub(crate) struct Args {
    /// When it came, in seconds since 1970; now, unless said otherwise
    #[arg(long, value_name = "EPOCH", value_parser = epoch)]
    pub(crate) now: Option<Time>,

    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,

    /// Print the APIs that are known, with their other names and hosts; reads nothing
    #[arg(long, conflicts_with_all = ["provider", "host", "now", "json"])]
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
  curl -si https://api.github.com/user | tidegate explain --host api.github.com
  tidegate explain --provider slack < answer.txt
  tidegate explain --dialects my-api.toml --provider my-api --now 1700000000 --json < answer.txt
  tidegate explain --list

What `curl -v` prints is read, too. Of several heads (redirects, proxies, 1xx) the last one counts.";

/// `1700000000` or `1700000000.25`, as it is written: a nanosecond more would make another wait.
fn epoch(text: &str) -> Result<Time, String> {
    let expected = || "expected seconds since 1970, such as 1700000000 or 1700000000.5".to_owned();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return Err(expected());
    }
    let nanos = format!("{fraction:0<9}")[..9].parse::<u64>().map_err(|_| expected())?;
    let seconds: u64 = whole.parse().map_err(|_| "that is too far in the future".to_owned())?;
    let total = seconds.checked_mul(1_000_000_000).and_then(|whole| whole.checked_add(nanos));
    total.map(Time::from_nanos).ok_or_else(|| "that is too far in the future".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_taken_to_the_nanosecond() {
        for (text, nanos) in [
            ("0", 0),
            ("1700000000", 1_700_000_000_000_000_000),
            ("1700000000.25", 1_700_000_000_250_000_000),
            ("1470172958.5530000019", 1_470_172_958_553_000_001),
        ] {
            assert_eq!(epoch(text), Ok(Time::from_nanos(nanos)), "{text}");
        }
        for text in [
            "",
            "now",
            "-1",
            "+1",
            "1e9",
            "1.",
            ".5",
            "1.5.0",
            "1.٣",
            "18446744074",
            "99999999999999999999999",
        ] {
            assert!(epoch(text).is_err(), "{text:?}");
        }
    }
}
