//! Which hosts the command calls without the proxy: `NO_PROXY`. Never here: another variable.

/// This machine, as the command is told to spare it. Not `::1`: httpx before 0.24.1 breaks on it, and who calls that
/// address through the proxy gets there, too.
const SPARED: [&str; 2] = ["localhost", "127.0.0.1"];

/// What is to go through the proxy, whatever the environment says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Through {
    /// Calls to this machine.
    pub(crate) loopback: bool,
    /// Hosts that were asked for by name, in lower case.
    pub(crate) named: Vec<String>,
}

/// The list that the environment has: the name in small letters counts first, as it does with curl and Python.
pub(crate) fn inherited(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    variable("no_proxy").or_else(|| variable("NO_PROXY"))
}

/// The list for the command: that of the environment and this machine, without what is to go through.
pub(crate) fn hosts(inherited: Option<&str>, through: &Through) -> String {
    let own = SPARED.into_iter().filter(|_| !through.loopback);
    let mut hosts: Vec<&str> = Vec::new();
    let told = inherited.unwrap_or_default().split([',', ' ']).map(str::trim);
    for host in told.chain(own).filter(|host| !host.is_empty() && goes_by(host, through)) {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts.join(",")
}

/// Whether an entry stays.
fn goes_by(entry: &str, through: &Through) -> bool {
    let bare = entry.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let is_named = through.named.iter().any(|name| name.trim_matches(['[', ']']) == bare);
    let is_loopback = matches!(bare.as_str(), "localhost" | "::1") || bare.starts_with("127.");
    // A star spares all hosts: then there would be no use in a proxy at all.
    entry != "*" && !is_named && !(through.loopback && is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(inherited: Option<&str>, loopback: bool, named: &[&str], list: &str) {
        let named = named.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(hosts(inherited, &Through { loopback, named }), list, "{inherited:?}");
    }

    #[test]
    fn this_machine_is_spared_unless_asked_for() {
        check(None, false, &[], "localhost,127.0.0.1");
        check(None, true, &[], "");
        check(Some("localhost, 127.0.0.0/8,[::1],10.0.0.0/8"), true, &[], "10.0.0.0/8");
    }

    #[test]
    fn the_environment_s_list_stays() {
        check(Some(".corp.example, 10.1.2.3"), false, &[], ".corp.example,10.1.2.3,localhost,127.0.0.1");
        check(Some("localhost,,a.example"), false, &[], "localhost,a.example,127.0.0.1");
        check(Some("*"), true, &[], "");
    }

    #[test]
    fn a_host_that_is_intercepted_goes_through() {
        check(Some("A.example,b.example"), true, &["a.example"], "b.example");
        check(None, false, &["127.0.0.1"], "localhost");
        check(Some("::1"), false, &["[::1]"], "localhost,127.0.0.1");
    }

    #[test]
    fn small_letters_count_first() {
        let both = |name: &str| Some(name.to_owned());
        assert_eq!(inherited(both).as_deref(), Some("no_proxy"));
        assert_eq!(inherited(|name| (name == "NO_PROXY").then(|| "a".into())).as_deref(), Some("a"));
    }
}
