//! Calls that wait: refused and sent again, by a deadline, for nobody. Never here: how calls are passed on.

use std::time::Duration;

use http::Method;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::proxy::settings::Bucket;

/// A wait that ends within a test.
const SOON: &str = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0.02\r\nContent-Length: 0\r\n\r\n";

/// A wait that no test sees the end of.
const LATE: &str = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1000\r\nContent-Length: 0\r\n\r\n";

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// A server that refuses the first request once it has its body, takes the others, and tells what it got.
async fn refusing_once() -> (SocketAddr, UnboundedReceiver<String>) {
    let (tell, told) = unbounded_channel();
    let given = Arc::new(AtomicUsize::new(0));
    let address = upstream(move |_, mut stream| {
        let (tell, given) = (tell.clone(), Arc::clone(&given));
        async move {
            loop {
                let head = head(&mut stream).await;
                if head.is_empty() {
                    return;
                }
                let body = if head.to_ascii_lowercase().contains("chunked") {
                    chunks(&mut stream).await
                } else {
                    counted(&head, &mut stream).await
                };
                tell.send(format!("{head}{body}")).unwrap();
                let answer = if given.fetch_add(1, Ordering::SeqCst) == 0 { SOON } else { OK };
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    })
    .await;
    (address, told)
}

async fn counted(head: &str, stream: &mut TcpStream) -> String {
    let length = Message { head: head.to_owned(), body: String::new() };
    let mut body = vec![0; length.field("content-length").map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.unwrap();
    String::from_utf8(body).unwrap()
}

async fn chunks(stream: &mut TcpStream) -> String {
    let mut all = String::new();
    loop {
        let mut size = Vec::new();
        while !size.ends_with(b"\r\n") {
            size.push(stream.read_u8().await.unwrap());
        }
        let size = usize::from_str_radix(String::from_utf8(size).unwrap().trim(), 16).unwrap();
        let mut part = vec![0; size + 2];
        stream.read_exact(&mut part).await.unwrap();
        if size == 0 {
            return all;
        }
        all.push_str(std::str::from_utf8(&part[..size]).unwrap());
    }
}

/// What follows a head.
fn body(message: &str) -> &str {
    message.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn a_refused_body_goes_again_byte_for_byte() {
    let (small, large) = ("{\"a\": 1}".to_owned(), "0123456789abcdef".repeat(20_000));
    for sent in [&small, &large] {
        let (server, mut told) = refusing_once().await;
        let proxy = Running::to(server);
        let length = sent.len();
        let answer = proxy
            .ask(&format!(
                "POST /m HTTP/1.1\r\nHost: a\r\nX-Mine: 1\r\nContent-Length: {length}\r\n\r\n{sent}"
            ))
            .await;
        assert_eq!((answer.status(), answer.field("tidegate-attempts")), ("200", Some("2")));
        assert!(answer.field("tidegate-waited").unwrap().parse::<f64>().unwrap() >= 0.02);
        let (first, second) = (told.recv().await.unwrap(), told.recv().await.unwrap());
        assert_eq!(body(&second), sent);
        assert_eq!(first, second, "head and body are the same");
    }
}

#[tokio::test]
async fn a_body_of_unknown_length_goes_again_too() {
    let (server, mut told) = refusing_once().await;
    let proxy = Running::to(server);
    let request =
        "PUT /m HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    assert_eq!(proxy.ask(request).await.status(), "200");
    let (first, second) = (told.recv().await.unwrap(), told.recv().await.unwrap());
    assert_eq!((body(&first), body(&second)), ("abcde", "abcde"));
}

#[tokio::test]
async fn what_can_not_make_its_deadline_is_told_so_at_once() {
    let proxy = Running::to(answering(&[LATE]).await);
    for field in ["Tidegate-Deadline: 5.5", "Prefer: wait=5"] {
        let request = format!("GET /a HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n");
        let answer = proxy.ask(&request).await;
        assert_eq!(
            (answer.status(), answer.field("tidegate-refused")),
            ("429", Some("deadline")),
            "{answer:?}"
        );
        let wait: u64 = answer.field("retry-after").unwrap().parse().unwrap();
        assert!((990..=1001).contains(&wait), "{wait}");
        assert_eq!(answer.field("content-type"), Some("application/problem+json"));
        assert!(answer.body.contains("nothing was done"), "{}", answer.body);
    }
    let answer = proxy.ask("GET /a HTTP/1.1\r\nHost: a\r\nTidegate-Deadline: soon\r\n\r\n").await;
    assert_eq!((answer.status(), answer.field("tidegate-refused")), ("400", Some("request")));
}

#[tokio::test]
async fn a_deadline_is_for_the_proxy_and_not_for_the_upstream() {
    let server = upstream(|_, stream| echo_heads(stream)).await;
    let fields = "Tidegate-Deadline: 60\r\nPrefer: wait=5, return=minimal\r\nX-Forwarded-For: 6.6.6.6\r\n";
    let answer = Running::to(server).ask(&format!("GET /a HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).await;
    let seen = answer.body.to_ascii_lowercase();
    assert!(!seen.contains("tidegate") && !seen.contains("wait=5"), "{seen}");
    assert!(seen.contains("prefer: return=minimal"), "{seen}");
    assert!(seen.contains(&format!("host: {server}\r\n")), "{seen}");
    assert!(seen.contains("x-forwarded-for: 6.6.6.6\r\n") && !seen.contains("forwarded-proto"), "{seen}");
}

#[tokio::test]
async fn a_wait_beyond_the_longest_is_not_begun() {
    let config = Config {
        upstreams: vec![all(answering(&[LATE]).await)],
        max_wait: Duration::from_secs(10),
        ..usual::config()
    };
    let answer = Running::by(config).ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!((answer.status(), answer.field("tidegate-refused")), ("429", Some("max-wait")));
}

#[tokio::test]
async fn a_quota_that_is_known_is_kept_without_a_refusal() {
    let server = upstream(|_, stream| echo_heads(stream)).await;
    let mut config = Config { upstreams: vec![all(server)], ..usual::config() };
    config.upstreams[0].manner.buckets = vec![Bucket {
        name: "rooms".into(),
        methods: vec![Method::GET],
        paths: vec!["/v1/rooms/{*rest}".parse().unwrap()],
        quota: Some("1 per hour".parse().unwrap()),
    }];
    let proxy = Running::by(config);
    let statuses = async |request: &str| {
        let request = format!("{request} HTTP/1.1\r\nHost: a\r\nTidegate-Deadline: 20\r\n");
        let answer = proxy.ask(&format!("{request}Content-Length: 0\r\n\r\n")).await;
        answer.status().to_owned()
    };
    assert_eq!(statuses("GET /v1/rooms/5").await, "200");
    assert_eq!(statuses("GET /v1/rooms?max=1").await, "429", "the same bucket, and nothing is left");
    assert_eq!(statuses("POST /v1/rooms").await, "200");
    assert_eq!(statuses("GET /v1/people").await, "200");
}

#[tokio::test]
async fn a_full_queue_says_so() {
    let mut config = Config { upstreams: vec![all(answering(&[LATE]).await)], ..usual::config() };
    config.queue.waiters = 1;
    let proxy = Running::by(config);
    let mut waiting = TcpStream::connect(proxy.at).await.unwrap();
    waiting.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let answer = loop {
        let answer = proxy.ask("GET / HTTP/1.1\r\nHost: a\r\nTidegate-Deadline: 5\r\n\r\n").await;
        // Before the first one waits there is a place, where this one isn't in time.
        if answer.status() != "429" {
            break answer;
        }
    };
    assert_eq!((answer.status(), answer.field("tidegate-refused")), ("503", Some("full")));
    assert!(answer.field("retry-after").is_some());
}

#[tokio::test]
async fn who_hangs_up_while_waiting_frees_the_place() {
    let proxy = Running::to(answering(&[LATE]).await);
    let requests = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".to_owned(),
    ];
    for request in requests {
        let mut caller = TcpStream::connect(proxy.at).await.unwrap();
        caller.write_all(request.as_bytes()).await.unwrap();
        proxy.holds(1).await;
        drop(caller);
        proxy.holds(0).await;
    }
}
