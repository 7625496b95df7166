//! One connection that calls and reads answers, as little as that can be. Never here: when, how often.

use std::io::{self, Read, Write};
use std::net::TcpStream;

/// Who calls: all of one token, so that all count in one bucket.
const TOKEN: &str = "an-example-of-a-token-0123456789";

/// A connection of a caller's.
pub struct Caller {
    stream: TcpStream,
    /// What was read, and not yet looked at.
    read: Vec<u8>,
}

impl Caller {
    pub fn connect(address: &str) -> io::Result<Caller> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Caller { stream, read: Vec::with_capacity(1024) })
    }

    /// Sends a GET. `fields` are whole lines.
    pub fn ask(&mut self, target: &str, fields: &str) -> io::Result<()> {
        let head = format!(
            "GET {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n{fields}\r\n"
        );
        self.stream.write_all(head.as_bytes())
    }

    /// Reads an answer: its status and its body.
    pub fn answer(&mut self) -> io::Result<(u16, Vec<u8>)> {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more()?;
        };
        let head = String::from_utf8_lossy(&self.read[..end]).to_ascii_lowercase();
        let status = head.get(9..12).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no answer: {head}")))?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length
            .and_then(|length| length.trim().parse().ok())
            .ok_or_else(|| io::Error::other(format!("an answer without a length: {head}")))?;
        while self.read.len() < end + length {
            self.more()?;
        }
        let body = self.read[end..end + length].to_vec();
        self.read.drain(..end + length);
        Ok((status, body))
    }

    /// Calls and wants a 200, with this body.
    pub fn call(&mut self, target: &str, fields: &str) -> io::Result<Vec<u8>> {
        self.ask(target, fields)?;
        match self.answer()? {
            (200, body) => Ok(body),
            (status, body) => {
                Err(io::Error::other(format!("{target}: {status} {}", String::from_utf8_lossy(&body))))
            }
        }
    }

    fn more(&mut self) -> io::Result<()> {
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.read.extend_from_slice(&bytes[..count]);
                Ok(())
            }
        }
    }
}
