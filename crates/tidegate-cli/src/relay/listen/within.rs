//! What a connection goes on as when a tunnel through it is opened: TLS and HTTP within it. Never here: which tunnels are.

use std::sync::Arc;

use http::uri::Authority;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;

use super::peer::Peer;
use crate::relay::stream::Plain;

/// A tunnel whose caller is answered here, as if this were the host at its other end: an extension of the answer to its
/// CONNECT.
#[derive(Clone, Debug)]
pub(crate) struct Within {
    /// The caller's side, once the answer has gone.
    pub(crate) caller: OnUpgrade,
    /// The host and port that the tunnel was asked for.
    pub(crate) host: Authority,
    /// What the caller is shown in TLS.
    pub(crate) shown: Arc<ServerConfig>,
}

impl Within {
    /// The bytes' way, and who is at its other end; `None` if it didn't come about.
    pub(super) async fn begin(self, peer: &Peer) -> Option<(Plain, Arc<ServerConfig>, Peer)> {
        let stream = Plain::Within(Box::new(TokioIo::new(self.caller.await.ok()?)));
        Some((stream, self.shown, peer.within(self.host)))
    }
}
