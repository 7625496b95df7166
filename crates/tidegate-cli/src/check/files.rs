//! Files that a policy names and a gateway will read, tried. Never here: what is in them.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::policy::settings::Config;

/// What is said of each file that can't be read.
pub(super) fn unreadable(config: &Config) -> Vec<String> {
    let tls = config.gateway.tls.iter();
    let mut files: Vec<(&str, &Path)> = Vec::new();
    for tls in tls {
        files.push(("the certificate", &tls.certificate));
        files.push(("the certificate's key", &tls.key));
    }
    files.extend(config.gateway.upstream.authorities.iter().map(|file| ("the authorities", file.as_path())));
    let tried = files.into_iter().filter_map(|(what, path)| {
        // A folder can be opened, not read.
        let read = File::open(path).and_then(|mut file| file.read(&mut [0]));
        let error = read.err()?;
        Some(format!("can't read {what} from {}: {error}", path.display()))
    });
    tried.collect()
}
