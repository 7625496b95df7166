//! How a connection begins: TLS, and which HTTP it is. Never here: a request.

use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::io::AsyncReadExt as _;
use tokio_rustls::TlsAcceptor;

use crate::relay::stream::{Plain, Stream};

/// How HTTP/2 begins (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How much is read at first: most requests fit.
const FIRST: usize = 2048;

/// A connection of which it is known what is spoken on it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) stream: Stream,
    /// What was read already.
    pub(super) early: Vec<u8>,
    pub(super) version: Spoken,
}

/// Which HTTP is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    Http1,
    Http2,
}

/// Finds out what is spoken on a connection.
pub(super) async fn open(stream: Plain, shown: Option<Arc<ServerConfig>>) -> io::Result<Opened> {
    let mut stream = match shown {
        None => Stream::Plain(stream),
        Some(shown) => Stream::Tls(Box::new(TlsAcceptor::from(shown).accept(stream).await?.into())),
    };
    if stream.chose_http2() {
        return Ok(Opened { stream, early: Vec::new(), version: Spoken::Http2 });
    }
    let mut early = Vec::with_capacity(FIRST);
    loop {
        let read = stream.read_buf(&mut early).await?;
        if early.len() >= PREFACE.len() && early.starts_with(PREFACE) {
            return Ok(Opened { stream, early, version: Spoken::Http2 });
        }
        if read == 0 || !PREFACE.starts_with(&early) {
            return Ok(Opened { stream, early, version: Spoken::Http1 });
        }
    }
}
