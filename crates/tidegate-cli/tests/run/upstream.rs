//! Servers that do what a simulated API doesn't: speak TLS, or hang up. Never here: what is expected of them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

/// A server that hangs up on every request once it has it.
pub(crate) fn hangs_up() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
        }
    });
    address
}

/// An API within TLS whose first answer is a 429.
pub(crate) struct Secure {
    pub(crate) address: SocketAddr,
    folder: TempDir,
}

impl Secure {
    pub(crate) fn start() -> Secure {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut root = CertificateParams::new([]).unwrap();
        // A leaf of its name would be taken for a root.
        root.distinguished_name.push(DnType::CommonName, "an authority");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = root.self_signed(&key).unwrap();
        std::fs::write(folder.path().join("authority.pem"), certificate.pem()).unwrap();
        let own = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&own, &Issuer::new(root, key)).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let own = PrivateKeyDer::try_from(own.serialize_der()).unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![leaf.der().clone()], own).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || serve(&listener, &Arc::new(config)));
        Secure { address, folder }
    }

    /// The authority that vouches for it.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }
}

fn serve(listener: &TcpListener, config: &Arc<ServerConfig>) {
    let mut answers = ["429 Too Many Requests\r\nRetry-After: 1"].into_iter();
    for stream in listener.incoming() {
        let connection = ServerConnection::new(Arc::clone(config)).unwrap();
        let mut stream: StreamOwned<_, TcpStream> = StreamOwned::new(connection, stream.unwrap());
        let mut lines = BufReader::new(&mut stream).lines();
        if lines
            .by_ref()
            .find(|line| !line.as_ref().is_ok_and(|line| !line.is_empty()))
            .is_none_or(|end| end.is_err())
        {
            continue;
        }
        let head = answers.next().unwrap_or("200 OK");
        let _ = write!(stream, "HTTP/1.1 {head}\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
        stream.conn.send_close_notify();
        let _ = stream.flush();
    }
}
