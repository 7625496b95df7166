//! A connection to a server that may answer and hang up while it is still spoken to. Never here: HTTP.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::relay::stream::Stream;

/// A connection that is listened to after nobody hears it any more: a server that refuses an upload closes behind its
/// answer, and whoever takes the failed write for the end never reads why. What can't be written is let go; that no
/// answer came is told by reading.
#[derive(Debug)]
pub(super) struct Attentive {
    stream: Stream,
    heard: Heard,
}

/// Whether anybody takes what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Yes,
    NoMore,
}

impl Attentive {
    pub(super) fn new(stream: Stream) -> Attentive {
        Attentive { stream, heard: Heard::Yes }
    }

    pub(super) fn into_inner(self) -> Stream {
        self.stream
    }

    /// Writes as long as somebody listens. `nobody` is what is told from then on.
    fn speak<T>(
        &mut self,
        nobody: T,
        write: impl FnOnce(Pin<&mut Stream>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.heard == Heard::NoMore {
            return Poll::Ready(Ok(nobody));
        }
        match write(Pin::new(&mut self.stream)) {
            Poll::Ready(Err(error)) if is_hung_up(&error) => {
                self.heard = Heard::NoMore;
                Poll::Ready(Ok(nobody))
            }
            written => written,
        }
    }
}

fn is_hung_up(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

impl AsyncRead for Attentive {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Attentive {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().speak(bytes.len(), |stream| stream.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().speak((), |stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().speak((), |stream| stream.poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let all = slices.iter().map(|slice| slice.len()).sum();
        self.get_mut().speak(all, |stream| stream.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::relay::stream::Plain;

    #[tokio::test]
    async fn an_answer_is_read_though_its_server_hung_up_on_what_was_said() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let mut client = Attentive::new(Stream::Plain(Plain::tcp(client)));
        client.write_all(&[0; 4096]).await.unwrap();
        server.write_all(b"no").await.unwrap();
        server.readable().await.unwrap();
        // With something unread, it resets the connection.
        drop(server);
        while client.heard == Heard::Yes {
            client.write_all(&[0; 4096]).await.unwrap();
        }
        client.write_all(&[0; 4096]).await.unwrap();
        client.flush().await.unwrap();
        let mut answer = [0; 2];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"no");
        assert!(matches!(client.read(&mut answer).await, Ok(0) | Err(_)), "and that is all");
    }
}
