//! What is legal in a policy file and likely wrong. Never here: what is refused.

use super::fault::Fault;
use super::file::File;
use super::settings::Config;

/// All of it, in the file's order.
pub(super) fn all(_file: &File, _config: &Config) -> Vec<Fault> {
    Vec::new()
}
