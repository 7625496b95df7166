//! Where callers come in and where servers are, read from text. Never here: a socket.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use http::uri::{Authority, Scheme, Uri};

use super::written::{Misread, Readable};
use crate::relay::settings::{AccessLog, Listen, UpstreamAddress};

impl Readable for Listen {
    const NAME: &'static str = "listen";
    const EXPECTED: &'static str = "an address with a port, such as \"127.0.0.1:8080\" or \"[::]:443\", or a socket file, \"unix:/run/tidegate.sock\"";

    fn read(text: &str) -> Result<Listen, Misread> {
        if let Some(path) = text.strip_prefix("unix:") {
            return socket_file(path).map(Listen::Unix);
        }
        text.parse::<SocketAddr>().map(Listen::Tcp).map_err(|_| {
            let misread = Misread::new(format_args!("`{text}` is no address to listen on"));
            match text.rsplit_once(':') {
                Some(("", port)) => {
                    misread.hint(format!("for all addresses of the machine write `[::]:{port}`"))
                }
                Some(("localhost", port)) => misread.hint(format!("write `127.0.0.1:{port}`")),
                _ => misread.hint(format!("expected {}", Self::EXPECTED)),
            }
        })
    }
}

/// Where operators come in, or nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Admin(pub(crate) Option<Listen>);

impl Readable for Admin {
    const NAME: &'static str = "admin";
    const EXPECTED: &'static str = "an address to listen on, such as \"127.0.0.1:8081\", or \"off\"";

    fn read(text: &str) -> Result<Admin, Misread> {
        if text == "off" { Ok(Admin(None)) } else { Listen::read(text).map(|listen| Admin(Some(listen))) }
    }
}

impl Readable for UpstreamAddress {
    const NAME: &'static str = "upstream-url";
    const EXPECTED: &'static str =
        "a server, such as \"http://127.0.0.1:9001\", \"https://api.internal\" or \"unix:/run/api.sock\"";

    fn read(text: &str) -> Result<UpstreamAddress, Misread> {
        if let Some(path) = text.strip_prefix("unix:") {
            return socket_file(path).map(UpstreamAddress::Unix);
        }
        let expected = format!("expected {}", Self::EXPECTED);
        let unread = || Misread::new(format_args!("`{text}` is no server's URL")).hint(expected.clone());
        let uri: Uri = text.parse().map_err(|_| unread())?;
        let authority: Authority = uri.authority().cloned().ok_or_else(unread)?;
        if authority.as_str().contains('@') {
            return Err(Misread::new("a server's URL has no user").hint(expected));
        }
        if uri.scheme().is_none() {
            return Err(Misread::new(format_args!("`{text}` doesn't say how it is spoken to"))
                .hint(format!("write `http://{text}`")));
        }
        if uri.path() != "/" || uri.query().is_some() {
            return Err(Misread::new(
                "a server's URL ends at its port: paths are forwarded as callers send them",
            )
            .hint(format!("write `{}://{authority}`", uri.scheme_str().unwrap_or("http"))));
        }
        match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => Ok(UpstreamAddress::Http(authority)),
            Some(scheme) if *scheme == Scheme::HTTPS => Ok(UpstreamAddress::Https(authority)),
            _ => Err(unread()),
        }
    }
}

/// Where calls are noted: `off`, `stdout` or a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogPlace {
    Off,
    Stdout,
    File(PathBuf),
}

impl LogPlace {
    /// What it comes to where files are named from this folder.
    pub(crate) fn seen_from(self, folder: &Path) -> AccessLog {
        match self {
            LogPlace::Off => AccessLog::Off,
            LogPlace::Stdout => AccessLog::Stdout,
            LogPlace::File(file) => AccessLog::File(folder.join(file)),
        }
    }
}

impl Readable for LogPlace {
    const NAME: &'static str = "log";
    const EXPECTED: &'static str = "\"off\", \"stdout\" or a file, such as \"/var/log/tidegate.log\"";

    fn read(text: &str) -> Result<LogPlace, Misread> {
        match text {
            "off" => Ok(LogPlace::Off),
            "stdout" => Ok(LogPlace::Stdout),
            path if path.contains(['/', '.']) => Ok(LogPlace::File(path.into())),
            // A misspelt `stdout` would make a file of that name.
            word => Err(Misread::new(format_args!("`{word}` is no place for a log"))
                .hint(format!("expected {}; a file of that name is `./{word}`", Self::EXPECTED))),
        }
    }
}

fn socket_file(path: &str) -> Result<PathBuf, Misread> {
    if path.starts_with('/') {
        Ok(path.into())
    } else {
        Err(Misread::new("a socket file is named from the root").hint("write `unix:/run/tidegate.sock`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_servers_are_read() {
        assert_eq!(Listen::read("[::1]:80"), Ok(Listen::Tcp("[::1]:80".parse().unwrap())));
        assert_eq!(Listen::read("unix:/a/b"), Ok(Listen::Unix("/a/b".into())));
        assert_eq!(Admin::read("off"), Ok(Admin(None)));
        let authority = |text: &'static str| Authority::from_static(text);
        assert_eq!(UpstreamAddress::read("http://a:1"), Ok(UpstreamAddress::Http(authority("a:1"))));
        assert_eq!(UpstreamAddress::read("HTTPS://a/"), Ok(UpstreamAddress::Https(authority("a"))));
        assert_eq!(LogPlace::read("./log"), Ok(LogPlace::File("./log".into())));
    }

    #[track_caller]
    fn check_refused<T: Readable + std::fmt::Debug>(text: &str, hint: &str) {
        let misread = T::read(text).unwrap_err();
        assert!(misread.hint.as_deref().unwrap_or_default().contains(hint), "{misread:?}");
    }

    #[test]
    fn what_is_none_is_refused_with_what_to_write() {
        check_refused::<Listen>(":8080", "`[::]:8080`");
        check_refused::<Listen>("localhost:8080", "`127.0.0.1:8080`");
        check_refused::<Listen>("8080", "an address with a port");
        check_refused::<Listen>("unix:x", "unix:/run");
        check_refused::<UpstreamAddress>("127.0.0.1:9001", "`http://127.0.0.1:9001`");
        check_refused::<UpstreamAddress>("ftp://a", "a server, such as");
        check_refused::<UpstreamAddress>("http://a/v1", "write `http://a`");
        check_refused::<UpstreamAddress>("http://u@a", "a server, such as");
        check_refused::<UpstreamAddress>("", "a server, such as");
        check_refused::<LogPlace>("stdoud", "`./stdoud`");
    }
}
