//! HTTP/1.1 by hand over one connection: nothing is normalised, retried or hidden. Never here: a gateway.

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::running::AT_MOST;

/// A message as it came: an answer, or a request at a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

pub(crate) type Answer = Message;

impl Message {
    pub(crate) fn first_line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    fn word(&self, number: usize) -> &str {
        self.first_line().split(' ').nth(number).unwrap_or_default()
    }

    /// A request's target.
    pub(crate) fn target(&self) -> &str {
        self.word(1)
    }

    /// An answer's status; 0 for what is none.
    pub(crate) fn status(&self) -> u16 {
        self.word(1).parse().unwrap_or_default()
    }

    pub(crate) fn fields(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let named = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.trim()).collect()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields(name).first().copied()
    }

    /// How long the answer says to wait.
    pub(crate) fn wait_seconds(&self) -> u64 {
        self.field("retry-after").unwrap_or_else(|| panic!("no Retry-After: {self:?}")).parse().unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// Whether nothing follows the head, whatever it says of a length.
    fn is_without_body(&self) -> bool {
        self.status() / 100 == 1 || matches!(self.status(), 204 | 304)
    }
}

/// A connection, from either side.
pub(crate) struct Caller(pub(crate) BufReader<TcpStream>);

impl Caller {
    pub(crate) fn of(stream: TcpStream) -> Caller {
        Caller(BufReader::new(stream))
    }

    pub(crate) async fn to(address: &str) -> Caller {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Caller::of(stream)
    }

    /// Sends this. Whoever has refused already may have stopped reading: that is for the answer to say.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.0.write_all(bytes.as_ref()).await;
    }

    /// Reads a message; `None` if the connection ends before it does. `method` is that of the request.
    pub(crate) async fn read(&mut self, method: &str) -> Option<Message> {
        let mut message = Message::default();
        while !message.head.ends_with("\r\n\r\n") {
            let mut line = Vec::new();
            if self.0.read_until(b'\n', &mut line).await.ok()? == 0 {
                return None;
            }
            message.head.push_str(&String::from_utf8_lossy(&line));
        }
        if method == "HEAD" || message.is_without_body() {
            return Some(message);
        }
        if message.field("transfer-encoding").is_some() {
            while let Some(part @ [_, ..]) = self.chunk().await?.as_deref() {
                message.body.extend_from_slice(part);
            }
        } else if let Some(length) = message.field("content-length") {
            message.body.resize(length.parse().ok()?, 0);
            self.0.read_exact(&mut message.body).await.ok()?;
        }
        Some(message)
    }

    /// Reads a part of a chunked body, empty at its end; `None` inside where what comes is no such part.
    pub(crate) async fn chunk(&mut self) -> Option<Option<Vec<u8>>> {
        let mut line = String::new();
        self.0.read_line(&mut line).await.ok()?;
        let length = usize::from_str_radix(line.trim_end(), 16).ok()?;
        let mut part = vec![0; length + 2];
        self.0.read_exact(&mut part).await.ok()?;
        part.truncate(length);
        Some(Some(part))
    }

    /// Reads an answer, which has to come.
    pub(crate) async fn answer(&mut self, method: &str) -> Answer {
        let read = tokio::time::timeout(AT_MOST, self.read(method)).await;
        read.expect("an answer comes").expect("the connection stands")
    }

    /// Asks and hears. `fields` are lines without their ends.
    pub(crate) async fn ask(&mut self, method: &str, target: &str, fields: &[&str]) -> Answer {
        self.send(request(method, target, fields)).await;
        self.answer(method).await
    }

    /// All that comes until the other side ends.
    pub(crate) async fn rest(&mut self) -> String {
        let mut read = Vec::new();
        // A reset ends it as well.
        let ended = tokio::time::timeout(AT_MOST, self.0.read_to_end(&mut read)).await;
        assert!(ended.is_ok(), "the connection doesn't end");
        String::from_utf8_lossy(&read).into_owned()
    }
}

/// The head of a request without a body.
pub(crate) fn request(method: &str, target: &str, fields: &[&str]) -> String {
    let host = if fields.iter().any(|line| line.starts_with("Host:")) { "" } else { "Host: api.example\r\n" };
    let fields: String = fields.iter().map(|line| format!("{line}\r\n")).collect();
    format!("{method} {target} HTTP/1.1\r\n{host}{fields}\r\n")
}
