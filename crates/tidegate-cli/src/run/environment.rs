//! What the command's environment gets, so that its programs find the proxy and trust it. Never here: who is started.

use std::ffi::OsString;

use super::serving::Serving;
use crate::proxy::authority::trust::Trusted;

/// Read by nearly all programs, some in small letters alone (curl for `http://`) and some in capitals alone.
const PROXIES: [&str; 4] = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"];

const SPARED: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// Node 24 and newer go by the others if this is set; older ones don't know it.
const NODE: &str = "NODE_USE_ENV_PROXY";

/// Where the proxy is, for programs that are told in a way of their own, such as Java's `-Dhttps.proxyPort`.
const OWN: &str = "TIDEGATE_PROXY";

/// What the command is to find.
#[derive(Debug)]
pub(crate) struct Environment<'r> {
    pub(crate) serving: &'r Serving,
    /// What `NO_PROXY` is to be.
    pub(crate) spared: &'r str,
    /// What is to be trusted, if tunnels are opened.
    pub(crate) trusted: Option<&'r Trusted>,
}

impl Environment<'_> {
    /// The variables, which take the place of others of their names.
    pub(crate) fn variables(&self) -> Vec<(String, OsString)> {
        let proxy = format!("http://{}", self.serving.address);
        let mut all: Vec<(String, OsString)> = Vec::new();
        let mut set = |name: &str, value: OsString| all.push((name.to_owned(), value));
        PROXIES.into_iter().chain([OWN]).for_each(|name| set(name, proxy.clone().into()));
        SPARED.into_iter().for_each(|name| set(name, self.spared.into()));
        set(NODE, "1".into());
        for (name, file) in self.trusted.iter().flat_map(|trusted| trusted.variables()) {
            set(name, file.into());
        }
        for (name, address) in &self.serving.bases {
            set(name, format!("http://{address}").into());
        }
        all
    }

    /// What people may not expect of it. `inherited` tells the environment as it was.
    pub(crate) fn warnings(&self, inherited: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let is_set = |name: &&str| inherited(name).is_some_and(|value| !value.is_empty());
        let replaced = PROXIES.iter().find(|name| is_set(name)).map(|name| {
            format!("warning: {name} names a proxy already, which calls won't use: they go straight to their hosts")
        });
        let alone = self.trusted.filter(|trusted| trusted.of_system == 0).map(|_| {
            "warning: this system has no authorities of its own: the command will trust intercepted hosts alone".into()
        });
        replaced.into_iter().chain(alone).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serving() -> Serving {
        Serving::at(
            "127.0.0.1:4000".parse().unwrap(),
            vec![("API".into(), "127.0.0.1:4001".parse().unwrap())],
        )
    }

    fn trusted() -> Trusted {
        Trusted { certificate: "/own.crt".into(), bundle: "/all.crt".into(), of_system: 0 }
    }

    #[test]
    fn programs_find_the_proxy_and_each_base_url() {
        let serving = serving();
        let environment = Environment { serving: &serving, spared: "localhost", trusted: None };
        let variables = environment.variables();
        let value = |name: &str| {
            let mut found = variables.iter().filter(|(known, _)| known == name);
            (found.next().and_then(|(_, value)| value.to_str()), found.count())
        };
        for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "TIDEGATE_PROXY"] {
            assert_eq!(value(name), (Some("http://127.0.0.1:4000"), 0), "{name}");
        }
        assert_eq!(value("no_proxy"), (Some("localhost"), 0));
        assert_eq!(value("API"), (Some("http://127.0.0.1:4001"), 0));
        assert_eq!(value("SSL_CERT_FILE"), (None, 0), "nothing is to be trusted unless tunnels are opened");
    }

    #[test]
    fn programs_trust_the_authority_where_tunnels_are_opened() {
        let (serving, trusted) = (serving(), trusted());
        let environment = Environment { serving: &serving, spared: "", trusted: Some(&trusted) };
        assert!(environment.variables().contains(&("SSL_CERT_FILE".into(), "/all.crt".into())));
        assert!(environment.variables().contains(&("NODE_EXTRA_CA_CERTS".into(), "/own.crt".into())));
        assert!(environment.warnings(|_| None).iter().any(|said| said.contains("no authorities")));
    }

    #[test]
    fn a_proxy_that_is_replaced_is_said_without_what_is_in_it() {
        let serving = serving();
        let environment = Environment { serving: &serving, spared: "", trusted: None };
        let said = environment.warnings(|name| (name == "https_proxy").then(|| "http://u:s3cret@p".into()));
        assert!(
            said.len() == 1 && said[0].contains("https_proxy") && !said[0].contains("s3cret"),
            "{said:?}"
        );
        assert!(environment.warnings(|_| Some(String::new())).is_empty());
    }
}
