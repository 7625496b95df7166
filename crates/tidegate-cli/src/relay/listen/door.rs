//! A socket that callers come to, and what the system says when there is none. Never here: TLS, HTTP.

use std::fs;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};

use super::tls::ServerTls;
use crate::exit::{Exit, Failure};
use crate::policy::Listen;
use crate::relay::stream::Plain;

/// How many connections may wait to be taken; the system may allow fewer.
const MOST_WAITING: u32 = 4096;

/// A socket that callers come to.
#[derive(Debug)]
pub(crate) struct Door {
    socket: Socket,
    address: Listen,
    tls: Option<Arc<ServerTls>>,
}

#[derive(Debug)]
enum Socket {
    Tcp(std::net::TcpListener),
    Unix(std::os::unix::net::UnixListener, Arc<SocketFile>),
}

/// A socket's file, which is removed with the last door that has it.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Somebody else may have removed it: then all is well, too.
        let _ = fs::remove_file(&self.0);
    }
}

impl Door {
    /// Takes an address. Must be called in a runtime.
    ///
    /// # Errors
    /// When it can't be had; says why, and what to do.
    pub(crate) fn open(listen: &Listen, tls: Option<Arc<ServerTls>>) -> Result<Door, Failure> {
        match listen {
            Listen::Tcp(address) => {
                let socket = tcp(*address).map_err(|error| not_had(&address.to_string(), &error))?;
                let address = Listen::Tcp(socket.local_addr().unwrap_or(*address));
                Ok(Door { socket: Socket::Tcp(socket), address, tls })
            }
            Listen::Unix(path) => {
                make_way(path)?;
                let opened = UnixListener::bind(path).and_then(UnixListener::into_std);
                let socket = opened.map_err(|error| not_had(&format!("unix:{}", path.display()), &error))?;
                let file = Arc::new(SocketFile(path.clone()));
                Ok(Door { socket: Socket::Unix(socket, file), address: listen.clone(), tls })
            }
        }
    }

    /// Where it is: with the port that the system chose, if it was to choose.
    pub(crate) fn address(&self) -> &Listen {
        &self.address
    }

    /// The same door for another worker: who comes is let in by whoever is free.
    pub(crate) fn another(&self) -> Result<Door, Failure> {
        let socket = match &self.socket {
            Socket::Tcp(socket) => socket.try_clone().map(Socket::Tcp),
            Socket::Unix(socket, file) => {
                socket.try_clone().map(|socket| Socket::Unix(socket, Arc::clone(file)))
            }
        };
        let socket = socket.map_err(|error| {
            Failure::new(Exit::Failed, format!("can't share a socket among threads: {error}"))
        })?;
        Ok(Door { socket, address: self.address.clone(), tls: self.tls.clone() })
    }

    /// Whether callers speak TLS here.
    pub(crate) fn has_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// A connection that waits already; asks the system itself, since the runtime may not have heard of it yet.
    pub(super) fn waiting(&self) -> Option<(Plain, IpAddr)> {
        match &self.socket {
            Socket::Tcp(socket) => {
                let (stream, peer) = socket.accept().ok()?;
                stream.set_nonblocking(true).ok()?;
                let stream = TcpStream::from_std(stream).ok()?;
                Some(entered(stream, peer))
            }
            Socket::Unix(socket, _) => {
                let (stream, _) = socket.accept().ok()?;
                stream.set_nonblocking(true).ok()?;
                Some(entered_by_file(UnixStream::from_std(stream).ok()?))
            }
        }
    }

    pub(super) fn tls(&self) -> Option<Arc<ServerTls>> {
        self.tls.clone()
    }

    /// The door as this thread's runtime watches it.
    pub(super) fn entrance(&self) -> io::Result<Entrance> {
        Ok(match &self.socket {
            Socket::Tcp(socket) => Entrance::Tcp(TcpListener::from_std(socket.try_clone()?)?),
            Socket::Unix(socket, _) => Entrance::Unix(UnixListener::from_std(socket.try_clone()?)?),
        })
    }
}

fn tcp(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(MOST_WAITING)?.into_std()
}

/// Removes a socket file that nobody listens at any more.
fn make_way(path: &Path) -> Result<(), Failure> {
    let refuse = |why: &str| {
        Err(Failure::new(Exit::Usage, format!("can't listen on unix:{}: {why}", path.display()))
            .hint("name another path, or remove the file"))
    };
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => refuse("there is a file that is no socket"),
        Ok(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => {
            refuse("another program does already")
        }
        Ok(_) => match fs::remove_file(path) {
            Ok(()) => Ok(()),
            Err(error) => refuse(&format!("an old socket can't be removed: {error}")),
        },
        Err(_) => Ok(()),
    }
}

fn not_had(address: &str, error: &io::Error) -> Failure {
    let why = match error.kind() {
        io::ErrorKind::AddrInUse => "another program does already".to_owned(),
        io::ErrorKind::AddrNotAvailable => "not an address of this machine".to_owned(),
        io::ErrorKind::PermissionDenied => "the system forbids it".to_owned(),
        io::ErrorKind::NotFound => "its folder isn't there".to_owned(),
        _ => error.to_string(),
    };
    Failure::new(Exit::Usage, format!("can't listen on {address}: {why}")).hint("port 0 takes any free port")
}

/// Where connections come in, in one runtime.
#[derive(Debug)]
pub(super) enum Entrance {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Entrance {
    /// The next connection.
    pub(super) async fn next(&mut self) -> io::Result<(Plain, IpAddr)> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Plain, IpAddr)>> {
        match self {
            Entrance::Tcp(listener) => {
                listener.poll_accept(cx).map_ok(|(stream, peer)| entered(stream, peer))
            }
            Entrance::Unix(listener) => {
                listener.poll_accept(cx).map_ok(|(stream, _)| entered_by_file(stream))
            }
        }
    }
}

fn entered(stream: TcpStream, peer: SocketAddr) -> (Plain, IpAddr) {
    (Plain::tcp(stream), peer.ip())
}

fn entered_by_file(stream: UnixStream) -> (Plain, IpAddr) {
    (Plain::Unix(stream), IpAddr::V4(Ipv4Addr::LOCALHOST))
}
