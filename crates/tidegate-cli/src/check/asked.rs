//! The request that is asked about, as it was typed. Never here: what becomes of it.

use std::net::{IpAddr, Ipv4Addr};

use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::args::Args;
use crate::exit::{Exit, Failure};
use crate::gateway;
use crate::policy::settings::{Config, Gateway};

/// An address of the documentation (RFC 5737): nobody's.
const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// The host of a request that names none.
const NO_HOST: HeaderValue = HeaderValue::from_static("localhost");

/// A request, and how often it comes.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    /// The target as it would stand in the request line.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    /// How many fields a gateway takes away before limits look.
    pub(super) taken_away: usize,
    /// Who connects to the gateway.
    pub(super) peer: IpAddr,
    /// How many servers count.
    pub(super) servers_thousandths: u32,
    pub(super) repeat: u32,
}

impl Asked {
    /// Reads what was typed.
    ///
    /// # Errors
    /// When it is no request at all. One that a gateway refuses is a request.
    pub(super) fn read(request: &str, args: &Args, config: &Config) -> Result<Asked, Failure> {
        let (method, target) = request_line(request)?;
        let mut headers = HeaderMap::new();
        for line in &args.headers {
            let (name, value) = header(line)?;
            headers.append(name, value);
        }
        let is_absolute = !target.starts_with('/') && target.contains("://");
        if !headers.contains_key(HOST) && !is_absolute {
            headers.insert(HOST, NO_HOST);
        }
        let (peer, said) = (args.client.unwrap_or(NOBODY), headers.len());
        gateway::clean(&mut headers, &config.gateway, peer);
        let servers = args.servers.map(|servers| servers.get().saturating_mul(1_000));
        Ok(Asked {
            method,
            target,
            taken_away: said - headers.len(),
            headers,
            peer,
            servers_thousandths: servers.unwrap_or_else(|| all_servers(&config.gateway)),
            repeat: args.repeat.unwrap_or(1),
        })
    }
}

/// All servers by their weight, within the fleet's floor and ceiling.
fn all_servers(gateway: &Gateway) -> u32 {
    let weights = gateway.upstreams.iter().map(|server| server.weight_thousandths.get());
    let most = gateway.fleet.ceiling_thousandths.unwrap_or(u32::MAX);
    weights.fold(0, u32::saturating_add).max(gateway.fleet.floor_thousandths).min(most)
}

pub(super) fn request_line(request: &str) -> Result<(Method, String), Failure> {
    let bad = |what: String| {
        Failure::new(Exit::Usage, format!("--request {request:?}: {what}"))
            .hint("write a method and a target: --request 'GET /v1/rooms?max=5'")
    };
    let mut words = request.splitn(2, ' ');
    let (method, target) = match (words.next().unwrap_or_default(), words.next()) {
        (target, None) if target.starts_with('/') => return Err(bad("it has no method".to_owned())),
        (_, None) => return Err(bad("it has no target".to_owned())),
        (method, Some(target)) => (method, target.trim()),
    };
    let read = Method::from_bytes(method.as_bytes()).map_err(|_| bad(format!("`{method}` is no method")))?;
    if method != method.to_ascii_uppercase() {
        let capitals = method.to_ascii_uppercase();
        return Err(bad(format!("methods are written in capitals: `{capitals}`, not `{method}`")));
    }
    if target.is_empty() {
        return Err(bad("it has no target".to_owned()));
    }
    // Whoever pastes a request line has the version behind the target.
    let target = target.strip_suffix(" HTTP/1.1").unwrap_or(target);
    Ok((read, target.to_owned()))
}

pub(super) fn header(line: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let bad = |what: &str| {
        Failure::new(Exit::Usage, format!("a header given by -H {what}"))
            .hint("write 'Name: value', for example -H 'X-Api-Key: abc'")
    };
    let (name, value) = line.split_once(':').ok_or_else(|| bad("has no colon"))?;
    let name = name.parse().map_err(|_| bad("has no valid name before the colon"))?;
    let value =
        HeaderValue::from_str(value.trim()).map_err(|_| bad("has a control character in its value"))?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_refused(request: &str, says: &str) {
        let failure = request_line(request).unwrap_err();
        assert!(failure.message().contains(says), "{failure}");
        assert!(failure.hinted().is_some());
    }

    #[test]
    fn a_request_has_a_method_and_a_target() {
        assert_eq!(request_line("GET /a b").unwrap(), (Method::GET, "/a b".to_owned()));
        assert_eq!(request_line("GET /a HTTP/1.1").unwrap(), (Method::GET, "/a".to_owned()));
        check_refused("/v1/rooms", "no method");
        check_refused("GET", "no target");
        check_refused("GET  ", "no target");
        check_refused("get /", "capitals: `GET`");
        check_refused("G@T /", "`G@T` is no method");
        check_refused("", "no target");
    }

    #[test]
    fn a_header_is_told_without_its_value() {
        assert_eq!(header("A:b : c ").unwrap().1, "b : c");
        for line in ["s3cret", "a b: s3cret", "a: s3cret\u{1}x"] {
            let failure = header(line).unwrap_err().to_string();
            assert!(failure.contains("-H") && !failure.contains("s3cret"), "{failure}");
        }
    }
}
