//! Calls that are saved: identical ones at one time, and what a 304 says still holds. Never here: which may be.

use super::*;
use crate::proxy::settings::Revalidate;

const LIMITED: &str = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0.02\r\nContent-Length: 0\r\n\r\n";

const TAGGED: &str = "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 2\r\n\r\nhi";

#[tokio::test]
async fn identical_callers_wait_for_one_call_even_if_it_is_sent_again() {
    let (came, go) = (Arc::new(tokio::sync::Semaphore::new(0)), Arc::new(tokio::sync::Semaphore::new(0)));
    let (tell, wait) = (Arc::clone(&came), Arc::clone(&go));
    let server = upstream(move |_, mut stream| {
        let (came, go) = (Arc::clone(&tell), Arc::clone(&wait));
        async move {
            for answer in [LIMITED, TAGGED] {
                head(&mut stream).await;
                came.add_permits(1);
                go.acquire().await.unwrap().forget();
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            head(&mut stream).await;
        }
    })
    .await;
    let proxy = Running::to(server);
    let asks = async |number: usize| {
        let mut caller = TcpStream::connect(proxy.at).await.unwrap();
        let request = format!("GET /x HTTP/1.1\r\nHost: a\r\nX-Request-Id: {number}\r\n\r\n");
        caller.write_all(request.as_bytes()).await.unwrap();
        caller
    };
    let mut callers = vec![asks(0).await];
    came.acquire().await.unwrap().forget();
    for number in 1..20 {
        callers.push(asks(number).await);
    }
    proxy.holds(20).await;
    while proxy.house.saved.figures().following < 19 {
        tokio::task::yield_now().await;
    }
    go.add_permits(2);
    let mut shared = 0;
    for mut caller in callers {
        let got = message(&mut caller).await;
        assert_eq!((got.status(), got.body.as_str()), ("200", "hi"), "{got:?}");
        shared += usize::from(got.field("tidegate-shared") == Some("followed"));
    }
    assert_eq!((shared, came.available_permits()), (19, 1), "sent twice for all of them");
    proxy.holds(0).await;
}

#[tokio::test]
async fn what_still_holds_is_served_where_that_was_asked_for() {
    let server = answering(&[TAGGED, "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nX: new\r\n\r\n"]).await;
    let manner = Manner { revalidate: Revalidate::Public, ..Manner::default() };
    let proxy =
        Running::by(Config { upstreams: vec![Upstream { manner, ..all(server) }], ..usual::config() });
    let first = proxy.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!((first.body.as_str(), first.field("tidegate-kept")), ("hi", None));
    let again = proxy.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!((again.status(), again.body.as_str(), again.field("x")), ("200", "hi", Some("new")));
    assert_eq!(again.field("tidegate-kept"), Some("revalidated"));
    let own = proxy.ask("GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"a\"\r\n\r\n").await;
    assert_eq!(own.status(), "304", "a caller's own condition gets its own answer");
}
