//! Servers that can't be reached: what the caller is told of why. Never here: a server that breaks off later.

use std::path::Path;

use http::Request;
use tidegate::client::WaitError;

use super::tunnels::{authority, in_tls};
use super::*;
use crate::policy::{UpstreamAddress, UpstreamTerms};
use crate::proxy::refusal::Refusal;
use crate::proxy::sender::Unsent;
use crate::relay::forward::Outgoing;
use crate::relay::upstream::{Authorities, HostSeen, SendError, Server};

/// What the caller of `https://HOST:PORT` is told, where the authority of this file is believed.
async fn told(host: &str, port: u16, believed: &Path) -> String {
    let upstream = format!("{host}:{port}");
    let address = UpstreamAddress::Https(Authority::try_from(upstream.as_str()).unwrap());
    let terms = UpstreamTerms { authorities: Some(believed.to_owned()), ..usual::config().terms };
    let authorities = Authorities::load(&terms, std::slice::from_ref(&address)).unwrap();
    let server = Server::new(&address, &terms, &authorities, HostSeen::Own).unwrap();
    let sent = server.send(Request::get("/").body(Outgoing::empty()).unwrap()).await;
    let SendError { reached, fault, .. } = *sent.unwrap_err();
    let refusal = Refusal::from(WaitError::Inner(Unsent { reached, fault, upstream }));
    assert_eq!(refusal.kind().1, "unreachable");
    refusal.to_string()
}

#[tokio::test]
async fn a_certificate_that_is_not_believed_is_told_with_the_reason_and_what_to_do() {
    let (ours, _ours) = authority();
    let (theirs, _theirs) = authority();
    let server = in_tls(&ours, |_| async {}).await;
    let stranger = told("localhost", server.port(), theirs.path()).await;
    assert!(stranger.contains("isn't believed here") && stranger.contains("`authorities`"), "{stranger}");
    let renamed = told("127.0.0.1", server.port(), ours.path()).await;
    assert!(renamed.contains("is for another name"), "{renamed}");
}

#[tokio::test]
async fn a_server_in_the_clear_and_a_name_that_is_nobody_s_are_told_apart() {
    let (ours, _folder) = authority();
    let clear = upstream(|_, mut stream| async move {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        // It stays until the other side has heard that.
        _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut Vec::new()).await;
    })
    .await;
    let said = told("localhost", clear.port(), ours.path()).await;
    assert!(said.contains("speaks no TLS") && said.contains("http://"), "{said}");
    let said = told("nobody.invalid", 443, ours.path()).await;
    assert!(said.contains("its name isn't found"), "{said}");
}
