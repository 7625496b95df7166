//! A change of protocol, such as to WebSocket: asked for, agreed on, and then bytes both ways. Never here: HTTP/2,
//! where it isn't served.

use bytes::Bytes;
use http::header::{CONNECTION, HeaderMap, HeaderValue, UPGRADE};
use http::{Request, Version};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

use crate::relay::listen::Call;
use crate::relay::stream::Stream;

/// A caller's wish to change the protocol.
#[derive(Debug)]
pub(crate) struct Upgrade {
    to: HeaderValue,
    caller: OnUpgrade,
    call: Option<Call>,
}

impl Upgrade {
    /// Takes the wish out of a request. A change to HTTP/2 isn't passed on: what is said in it would get round all
    /// that looks at requests.
    pub(super) fn take<B>(request: &mut Request<B>) -> Option<Upgrade> {
        if request.version() != Version::HTTP_11 || !request.headers().contains_key(UPGRADE) {
            return None;
        }
        let to = request.headers().get(UPGRADE)?.clone();
        let is_http = to.to_str().is_ok_and(|to| to.split(',').any(|one| is_http(one.trim())));
        let connection = request.headers().get_all(CONNECTION).iter();
        let mut options = connection.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
        let asks = options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"));
        let call = request.extensions_mut().remove::<Call>();
        (asks && !is_http).then(|| Upgrade { to, caller: hyper::upgrade::on(request), call })
    }

    /// Writes the wish into the request that is forwarded.
    pub(super) fn ask(&self, headers: &mut HeaderMap) {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, self.to.clone());
    }

    /// Writes into the answer what was agreed on.
    pub(super) fn answer(&self, headers: &mut HeaderMap, agreed: Option<HeaderValue>) {
        self.ask(headers);
        if let Some(agreed) = agreed {
            headers.insert(UPGRADE, agreed);
        }
    }

    /// Copies bytes both ways from now on, until both sides have ended or one breaks.
    pub(super) fn open(self, mut server: Stream, said: Bytes, held: impl Send + 'static) {
        if let Some(call) = &self.call {
            call.becomes_tunnel();
        }
        tokio::spawn(async move {
            let _held = (held, self.call);
            if let Ok(caller) = self.caller.await {
                // Which side broke it is no matter: both ends are closed with it.
                let _ = copy(&mut TokioIo::new(caller), &mut server, &said).await;
            }
        });
    }
}

async fn copy<C>(caller: &mut C, server: &mut Stream, said: &[u8]) -> std::io::Result<()>
where
    C: AsyncRead + AsyncWrite + Unpin,
{
    caller.write_all(said).await?;
    tokio::io::copy_bidirectional(caller, server).await?;
    Ok(())
}

/// Whether this names a version of HTTP.
fn is_http(protocol: &str) -> bool {
    let name = protocol.split('/').next().unwrap_or_default();
    ["h2", "h2c", "h3", "http", "tls"].iter().any(|http| name.eq_ignore_ascii_case(http))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(connection: &'static str, upgrade: &'static str, passed: Option<&str>) {
        let request = Request::builder().header(CONNECTION, connection).header(UPGRADE, upgrade);
        let mut request = request.body(()).unwrap();
        let taken = Upgrade::take(&mut request).map(|upgrade| upgrade.to);
        assert_eq!(taken.as_ref().map(|to| to.to_str().unwrap()), passed, "{upgrade}");
    }

    #[test]
    fn a_change_is_passed_on_unless_it_is_to_another_http() {
        check("Upgrade", "websocket", Some("websocket"));
        check("keep-alive, upgrade", "websocket", Some("websocket"));
        check("keep-alive", "websocket", None);
        for http in ["h2c", "H2C", "websocket, h2c", "HTTP/2.0", "TLS/1.0"] {
            check("upgrade", http, None);
        }
    }
}
