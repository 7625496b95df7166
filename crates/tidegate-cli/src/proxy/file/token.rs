//! The secret that is put into requests to an API, as a file names it. Never here: the secret.

use std::net::IpAddr;
use std::path::Path;

use http::HeaderName;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};

use super::texts::Variable;
use super::upstream::Upstream;
use crate::proxy::settings::{Base, Scheme, Token, TokenSource};
use crate::toml_file::written::Placed;
use crate::toml_file::{Fault, Faults};

/// Fields that say how a request is sent: nobody's secret goes there.
const OF_HTTP: [HeaderName; 7] = [CONNECTION, CONTENT_LENGTH, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

/// The token, if there is one.
pub(super) fn read(
    one: &Placed<Upstream>,
    base: Option<&Base>,
    folder: &Path,
    faults: &mut Faults,
) -> Option<Token> {
    let Upstream { token_env, token_file, token_field, token_scheme, .. } = &one.value;
    let field = field(one, faults);
    let scheme = scheme(one, &field, faults);
    let variable =
        token_env.as_ref().map(|name| name.read(faults).map(|Variable(name)| TokenSource::Variable(name)));
    let file =
        token_file.as_ref().map(|file| file.read(faults).map(|file| TokenSource::File(folder.join(file))));
    if let (Some(_), Some(file)) = (token_env, token_file) {
        let message = "the token is in the environment or in a file, not both: leave one out";
        faults.add(Fault::new(file.span.clone(), message));
    }
    let place = token_env.as_ref().map(|name| name.span.clone());
    let place = place.or(token_file.as_ref().map(|file| file.span.clone()));
    let Some(place) = place else {
        let span = token_field.as_ref().map(|field| field.span.clone());
        if let Some(span) = span.or(token_scheme.as_ref().map(|scheme| scheme.span.clone())) {
            let message = "there is no token to put in";
            faults.missing_at(one.span.clone(), span, message, "name `token-env` or `token-file`");
        }
        return None;
    };
    if let Some(base) = base.filter(|base| way(base) == Way::OpenRoad) {
        let message = "the token would cross the network in the clear, for everybody on the way to read";
        let hint = format!("write url = \"https://{}{}\"", base.authority, base.path);
        faults.add(Fault::new(place, message).hint(hint));
    }
    Some(Token { field, scheme, source: variable.or(file)?? })
}

fn field(one: &Placed<Upstream>, faults: &mut Faults) -> HeaderName {
    let Some(written) = &one.value.token_field else { return AUTHORIZATION };
    let Some(field) = written.read(faults) else { return AUTHORIZATION };
    if OF_HTTP.contains(&field) {
        let message = format_args!("`{}` says how a request is sent: no token goes there", written.text);
        faults.add(Fault::new(written.span.clone(), message));
    }
    field
}

/// What stands before the token, with the blank behind it.
fn scheme(one: &Placed<Upstream>, field: &HeaderName, faults: &mut Faults) -> String {
    let usual = if *field == AUTHORIZATION { "Bearer" } else { "" };
    let word = one.value.token_scheme.as_ref();
    if let Some(word) = word.filter(|word| !word.value.bytes().all(|byte| byte.is_ascii_graphic())) {
        faults.add(word.fault("expected a word without blanks, such as \"Bearer\", or \"\" for none"));
    }
    match word.map_or(usual, |word| &word.value) {
        "" => String::new(),
        word => format!("{word} "),
    }
}

/// Who could read along on the way to an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Nobody: it is within TLS, or stays on this machine.
    Closed,
    /// Whoever is in the same house: a private address, or a name that only a house's own name servers know.
    House,
    /// Anybody.
    OpenRoad,
}

/// Endings of names that aren't looked up outside (RFC 6761, RFC 6762, RFC 8375, and `.internal`, which ICANN reserves).
const OF_HOUSES: [&str; 6] = [".internal", ".local", ".lan", ".home.arpa", ".test", ".svc"];

/// The way to an API.
pub(super) fn way(base: &Base) -> Way {
    if base.scheme == Scheme::Https {
        return Way::Closed;
    }
    let host = base.authority.host().trim_end_matches('.').to_ascii_lowercase();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&host);
    match bare.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(address) if address.is_loopback() => Way::Closed,
        Ok(IpAddr::V4(address)) if address.is_private() || address.is_link_local() => Way::House,
        Ok(IpAddr::V6(address)) if address.is_unique_local() || address.is_unicast_link_local() => Way::House,
        Ok(_) => Way::OpenRoad,
        Err(_) if bare == "localhost" || bare.ends_with(".localhost") => Way::Closed,
        Err(_) if !bare.contains('.') || OF_HOUSES.iter().any(|end| bare.ends_with(end)) => Way::House,
        Err(_) => Way::OpenRoad,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, is: Way) {
        assert_eq!(way(&url.parse().unwrap()), is, "{url}");
    }

    #[test]
    fn a_token_may_go_in_the_clear_only_where_strangers_cannot_read_it() {
        check("https://webexapis.com", Way::Closed);
        check("http://127.0.0.1:9001", Way::Closed);
        check("http://[::1]:9001", Way::Closed);
        check("http://LOCALHOST", Way::Closed);
        check("http://10.1.2.3", Way::House);
        check("http://[fd00::1]", Way::House);
        check("http://api", Way::House);
        check("http://api.internal", Way::House);
        check("http://webexapis.com", Way::OpenRoad);
        check("http://internal.example", Way::OpenRoad);
        check("http://8.8.8.8", Way::OpenRoad);
        check("http://[2001:db8::1]", Way::OpenRoad);
    }
}
