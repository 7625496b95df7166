//! One HTTP/1.1 exchange over a plain socket: nothing is retried or hidden. Never here: a simulation.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

/// An answer as it came.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The address of the next page.
    pub(crate) fn next(&self) -> Option<&str> {
        self.field("link")?.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")
    }

    fn read(text: &str) -> Option<Answer> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
    }
}

/// Sends one request; `None` if the connection ends without an answer.
pub(crate) fn exchange(address: &str, method: &str, path: &str, fields: &str, body: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{fields}");
    // Whoever is refused early may stop reading: that is for the answer to say.
    let _ = write!(stream, "{head}Content-Length: {length}\r\n\r\n{body}");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Answer::read(&String::from_utf8(answer).unwrap())
}
