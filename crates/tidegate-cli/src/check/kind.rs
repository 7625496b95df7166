//! Which door a file is for, told by its tables. Never here: what is in them.

use crate::toml_file::{self, hint};

/// The door that a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// A policy, tidegate.toml
    Gateway,
    /// A proxy's file
    Proxy,
}

/// The outermost tables of either, those first that only one of both can have.
const TABLES: [(&str, Kind); 6] = [
    ("gateway", Kind::Gateway),
    ("proxy", Kind::Proxy),
    ("limit", Kind::Gateway),
    ("exempt", Kind::Gateway),
    ("priority", Kind::Gateway),
    ("upstream", Kind::Proxy),
];

impl Kind {
    /// The door that a text is for; a misspelt table counts as what it may mean. A policy, if nothing tells.
    pub(super) fn of(text: &str) -> Kind {
        let roots = toml_file::roots(text);
        let names = TABLES.map(|(name, _)| name);
        let told = |is: &dyn Fn(&str, &str) -> bool| {
            TABLES.iter().find(|(name, _)| roots.iter().any(|root| is(root, name))).map(|(_, kind)| *kind)
        };
        let meant = || told(&|root, name| hint::nearest(root, &names) == Some(name));
        told(&|root, name| root == name).or_else(meant).unwrap_or(Kind::Gateway)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, kind: Kind) {
        assert_eq!(Kind::of(text), kind, "{text}");
    }

    #[test]
    fn a_file_is_for_the_door_whose_tables_it_has() {
        check("[gateway]\n[[upstream]]", Kind::Gateway);
        check("[[limit]]", Kind::Gateway);
        check("[[upstream]]", Kind::Proxy);
        check("[proxy]\n[[limit]]", Kind::Proxy);
        check("[proxy.forward]", Kind::Proxy);
        check("[porxy]", Kind::Proxy);
        check("[[upstreams]]", Kind::Proxy);
        check("[gatewya]", Kind::Gateway);
        check("[proxy]\nlisten = [", Kind::Proxy);
        check("", Kind::Gateway);
    }
}
