//! What is legal in a proxy's file and likely wrong. Never here: what is refused.

use tidegate::classify::Matcher;

use super::forward::is_local;
use super::token::{Way, way};
use super::written::File;
use crate::proxy::settings::{Bucket, Config, Upstream};
use crate::relay::settings::Listen;
use crate::toml_file::{Fault, covers};

/// All of it, in the file's order.
pub(super) fn all(file: &File, config: &Config) -> Vec<Fault> {
    let mut warnings = Vec::new();
    if let (Some(Listen::Tcp(address)), Some(written)) =
        (&config.admin, file.proxy.as_ref().and_then(|proxy| proxy.value.admin.as_ref()))
        && !address.ip().is_loopback()
    {
        let message = "whoever reaches this address sees what is called, and can change how";
        let hint = "listen on 127.0.0.1, or on a socket file";
        warnings.push(Fault::new(written.span.clone(), message).hint(hint));
    }
    for (written, upstream) in file.upstream.iter().zip(&config.upstreams) {
        let value = &written.value;
        let name = value.token_env.as_ref().map(|name| name.span.clone());
        if let Some(place) = name.or(value.token_file.as_ref().map(|file| file.span.clone())) {
            of_token(place, upstream, config, &mut warnings);
        }
        for (number, bucket) in value.bucket.iter().enumerate() {
            let buckets = &upstream.manner.buckets;
            let first = buckets[..number].iter().find(|first| takes_all(first, &buckets[number]));
            if let (Some(first), Some(name)) = (first, &bucket.value.name) {
                let message = format!(
                    "nothing is left for it: `{}` comes first, and matches all that it matches",
                    first.name
                );
                let hint = "put the bucket that matches less before the other";
                warnings.push(Fault::new(name.span.clone(), message).hint(hint));
            }
        }
    }
    warnings.sort_by_key(|warning| warning.span.start);
    warnings
}

fn of_token(place: std::ops::Range<usize>, upstream: &Upstream, config: &Config, warnings: &mut Vec<Fault>) {
    if way(&upstream.base) == Way::House {
        let message = "the token goes over the network in the clear: whoever shares that network can read it";
        warnings.push(Fault::new(place.clone(), message).hint("write `https://`, if the API has it"));
    }
    if !config.listen.iter().all(is_local) {
        let message = "callers on other machines use this token without knowing it";
        warnings.push(
            Fault::new(place, message).hint("listen on 127.0.0.1, or let callers send tokens of their own"),
        );
    }
}

/// Whether a bucket that comes first takes all that another one matches.
fn takes_all(first: &Bucket, other: &Bucket) -> bool {
    let wide = matchers(first);
    matchers(other).iter().all(|narrow| wide.iter().any(|wide| covers::all_of(wide, narrow)))
}

/// What a bucket matches, path by path.
fn matchers(bucket: &Bucket) -> Vec<Matcher> {
    let of = |path| Matcher { methods: bucket.methods.clone(), path, ..Matcher::default() };
    if bucket.paths.is_empty() {
        return vec![of(None)];
    }
    bucket.paths.iter().map(|path| of(Some(path.clone()))).collect()
}
