//! Files that a file names and a door will read, tried. Never here: what is in them.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::policy;
use crate::proxy::settings::{self as proxy, TokenSource};
use crate::relay::settings::{Tls, UpstreamTerms};

/// What is said of each file of a policy that can't be read.
pub(super) fn of_policy(config: &policy::Config) -> Vec<String> {
    unreadable(of_both(config.gateway.tls.as_ref(), &config.gateway.upstream))
}

/// What is said of each file of a proxy that can't be read.
pub(super) fn of_proxy(config: &proxy::Config) -> Vec<String> {
    let mut files = of_both(config.tls.as_ref(), &config.terms);
    files.extend(config.upstreams.iter().filter_map(|upstream| match &upstream.token.as_ref()?.source {
        TokenSource::File(path) => Some(("the token", path.as_path())),
        TokenSource::Variable(_) => None,
    }));
    unreadable(files)
}

fn of_both<'c>(tls: Option<&'c Tls>, terms: &'c UpstreamTerms) -> Vec<(&'static str, &'c Path)> {
    let mut files: Vec<(&str, &Path)> = Vec::new();
    if let Some(tls) = tls {
        files.push(("the certificate", &tls.certificate));
        files.push(("the certificate's key", &tls.key));
    }
    files.extend(terms.authorities.iter().map(|file| ("the authorities", file.as_path())));
    files
}

fn unreadable(files: Vec<(&str, &Path)>) -> Vec<String> {
    let tried = files.into_iter().filter_map(|(what, path)| {
        // A folder can be opened, not read.
        let read = File::open(path).and_then(|mut file| file.read(&mut [0]));
        let error = read.err()?;
        Some(format!("can't read {what} from {}: {error}", path.display()))
    });
    tried.collect()
}
