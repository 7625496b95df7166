//! HTTP/1.1 by hand, so that nothing is sent or read that a test doesn't see. Never here: a gateway.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// What was read of one message.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Message {
    /// The value of a field, if it is there.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }
}

/// Reads a head, up to its empty line.
pub(crate) async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => read.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(read).unwrap()
}

/// Reads a message whose body has a length, or none.
pub(crate) async fn message(stream: &mut (impl AsyncRead + Unpin)) -> Message {
    let mut message = Message { head: head(stream).await, body: String::new() };
    let length = message.field("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    message.body = String::from_utf8(body).unwrap();
    message
}

/// Reads until the other side ends.
pub(crate) async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut read = Vec::new();
    // A reset ends it as well.
    let _ = stream.read_to_end(&mut read).await;
    String::from_utf8_lossy(&read).into_owned()
}

/// Reads exactly this, and fails on anything else.
pub(crate) async fn expect(stream: &mut (impl AsyncRead + Unpin), expected: &str) {
    let mut read = vec![0; expected.len()];
    stream.read_exact(&mut read).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&read), expected);
}

/// Answers each request on a connection with its own head, until the other side ends.
pub(crate) async fn echo_heads(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    loop {
        let asked = message(&mut stream).await;
        if asked.head.is_empty() {
            return;
        }
        let said = format!("{}{}", asked.head, asked.body);
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{said}", said.len());
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}
