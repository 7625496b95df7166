//! A server on this machine that answers what a test says, byte for byte. Never here: a check.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// What to do with a request.
pub(crate) enum Reply {
    /// Answer, and keep the connection.
    Send(Vec<u8>),
    /// Answer, and close the connection.
    Close(Vec<u8>),
    /// Answer, and say nothing more, but keep the connection open until the client closes it.
    Hang(Vec<u8>),
    /// Answer, and send the second part again and again until the client closes.
    Endless(Vec<u8>, Vec<u8>),
}

/// An answer with this status line, these further header lines and this body.
pub(crate) fn answer(status: &str, headers: &[&str], body: &[u8]) -> Reply {
    let mut bytes = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    headers.iter().for_each(|line| bytes.push_str(&format!("{line}\r\n")));
    Reply::Send([bytes.as_bytes(), b"\r\n", body].concat())
}

/// `200 OK` with this body.
pub(crate) fn ok(body: &str) -> Reply {
    answer("200 OK", &[], body.as_bytes())
}

/// A page: the items' JSON, and where the next one is.
pub(crate) fn page(items: &str, next: Option<&str>) -> Reply {
    let link = next.map(|next| format!("link: <{next}>; rel=\"next\""));
    answer("200 OK", link.as_deref().as_slice(), format!("{{\"items\": {items}}}").as_bytes())
}

/// A refusal that tells to wait for so many seconds.
pub(crate) fn refusal(seconds: &str) -> Reply {
    let headers = [&*format!("retry-after: {seconds}"), "trackingid: ROUTER_REFUSED", "set-cookie: s3cret"];
    answer("429 Too Many Requests", &headers, br#"{"message": "slow down"}"#)
}

/// Listens on a port of the system's choice; its threads end with the process.
pub(crate) struct Server {
    url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    /// Answers the first request by `reply(0, ..)`, the second by `reply(1, ..)`, and so on.
    pub(crate) fn new(reply: impl Fn(usize, &Received) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let server = Server { url, received: received.clone() };
        let reply = Arc::new(reply);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (reply, received) = (reply.clone(), received.clone());
                thread::spawn(move || serve(&stream, &*reply, &received));
            }
        });
        server
    }

    /// The URL of a path here.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// All requests until now, in order.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// The targets of all requests until now.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.received().into_iter().map(|received| received.target).collect()
    }
}

/// A port on which nothing listens.
pub(crate) fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn serve(stream: &TcpStream, reply: &dyn Fn(usize, &Received) -> Reply, received: &Mutex<Vec<Received>>) {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    loop {
        let request = match read(&mut reader) {
            Ok(Some(request)) => request,
            Ok(None) => return,
            Err(_) => return drop(writer.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
        };
        let number = {
            let mut received = received.lock().unwrap();
            received.push(request.clone());
            received.len() - 1
        };
        // A client that has gone away is what some tests are about.
        let gone = match reply(number, &request) {
            Reply::Send(bytes) => writer.write_all(&bytes).is_err(),
            Reply::Close(bytes) => {
                let _ = writer.write_all(&bytes);
                true
            }
            Reply::Hang(bytes) => {
                let _ = writer.write_all(&bytes).and_then(|()| io::copy(&mut reader, &mut io::sink()));
                true
            }
            Reply::Endless(start, again) => {
                let _ = writer.write_all(&start);
                while writer.write_all(&again).is_ok() {}
                true
            }
        };
        if gone {
            return;
        }
    }
}

/// Reads a request; `None` if the client has closed.
fn read(reader: &mut impl BufRead) -> io::Result<Option<Received>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let mut request = Received {
        method: words.next().unwrap_or_default(),
        target: words.next().unwrap_or_default(),
        ..Received::default()
    };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        request.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body)?;
    Ok(Some(request))
}
