//! What operators see of a proxy, over loopback. Never here: a secret, which has tests of its own.

use serde_json::Value;

use super::*;
use crate::office::Office;
use crate::office::metrics::tests::samples;
use crate::policy::AccessLog;
use crate::proxy::desk::Desk;
use crate::proxy::settings::{Forward, Token, TokenSource};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

const SOON: &str = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n";

/// A wait that no test sees the end of.
const LATE: &str = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1000\r\nContent-Length: 0\r\n\r\n";

/// A proxy with its operators' door.
pub(super) struct Watched {
    pub(super) proxy: Running,
    pub(super) admin: SocketAddr,
    /// Kept, since who tells nobody any more ends everything.
    _operators: Drain,
}

impl Watched {
    pub(super) fn by(config: Config) -> Watched {
        let proxy = Running::by(config);
        let office = Office::open(&Listen::Tcp(([127, 0, 0, 1], 0).into())).unwrap();
        let Listen::Tcp(admin) = *office.address() else { panic!("a TCP door has a TCP address") };
        let operators = Drain::new();
        let desk = Desk::new(Arc::clone(&proxy.house), proxy.drain.told(), proxy.workers.places());
        tokio::spawn(office.serve(desk, operators.told()));
        Watched { proxy, admin, _operators: operators }
    }

    fn to(upstream: SocketAddr) -> Watched {
        Watched::by(Config { upstreams: vec![all(upstream)], ..usual::config() })
    }

    pub(super) async fn get(&self, page: &str) -> Message {
        self.operate(&format!("GET {page} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await
    }

    pub(super) async fn post(&self, page: &str, body: &str) -> Message {
        let fields = format!("Content-Type: application/json\r\nContent-Length: {}", body.len());
        self.operate(&format!("POST {page} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n{body}")).await
    }

    async fn operate(&self, request: &str) -> Message {
        let mut operator = TcpStream::connect(self.admin).await.unwrap();
        operator.write_all(request.as_bytes()).await.unwrap();
        message(&mut operator).await
    }

    async fn state(&self) -> Value {
        serde_json::from_str(&self.get("/state").await.body).unwrap()
    }

    /// The state once it is so: what is noted of a call is so a moment after its caller has its answer.
    async fn state_once(&self, is_so: impl Fn(&Value) -> bool) -> Value {
        let reached = async {
            loop {
                let state = self.state().await;
                if is_so(&state) {
                    return state;
                }
            }
        };
        tokio::time::timeout(AT_MOST, reached).await.expect("it comes to that")
    }
}

const GET: &str = "GET /v1/rooms/1234567?x HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn a_proxy_is_ready_until_its_token_is_lost_or_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "abc").unwrap();
    let token = Token {
        field: http::header::AUTHORIZATION,
        scheme: "Bearer ".to_owned(),
        source: TokenSource::File(file.clone()),
    };
    let upstream = Upstream { token: Some(token), ..all(answering(&[OK]).await) };
    let watched = Watched::by(Config { upstreams: vec![upstream], ..usual::config() });
    assert_eq!(watched.get("/healthz").await.status(), "200");
    assert_eq!(watched.get("/readyz").await.body, "ready\n");
    std::fs::remove_file(&file).unwrap();
    let answer = watched.get("/readyz").await;
    assert_eq!(answer.status(), "503");
    assert!(answer.body.contains("it has no token any more"), "{}", answer.body);
    assert_eq!(watched.state().await["ready"], false);
    std::fs::write(&file, "abc").unwrap();
    assert_eq!(watched.get("/readyz").await.status(), "200");
    watched.proxy.drain.start();
    let answer = watched.get("/readyz").await;
    assert!(answer.status() == "503" && answer.body.contains("is ending"), "{answer:?}");
    assert_eq!(watched.get("/healthz").await.status(), "200");
}

#[tokio::test]
async fn metrics_are_well_formed_and_count_what_happened() {
    let mut config = Config { upstreams: vec![all(answering(&[SOON, OK]).await)], ..usual::config() };
    config.forward = Some(Forward { hosts: None, intercept: None });
    let watched = Watched::by(config);
    for _ in 0..2 {
        assert_eq!(watched.proxy.ask(GET).await.status(), "200");
    }
    let nowhere = watched.proxy.ask("GET / HTTP/1.1\r\nHost: a\r\nTidegate-Deadline: x\r\n\r\n").await;
    assert_eq!(nowhere.status(), "400");
    let other = answering(&[OK]).await;
    let host = watched.proxy.ask(&format!("GET http://{other}/ HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    assert_eq!(host.status(), "200");
    watched.state_once(|state| state["calls_in_hand"] == 0).await;
    let text = watched.get("/metrics").await.body;
    let samples = samples(&text);
    for (sample, value) in [
        ("tidegate_proxy_calls_total{upstream=\"it\",outcome=\"answered\"}", 2.0),
        ("tidegate_proxy_calls_total{upstream=\"it\",outcome=\"refused\"}", 0.0),
        ("tidegate_proxy_sendings_total{upstream=\"it\"}", 3.0),
        ("tidegate_proxy_upstream_refusals_total{upstream=\"it\",status=\"429\"}", 1.0),
        ("tidegate_proxy_repeats_total{upstream=\"it\",why=\"refused\"}", 1.0),
        ("tidegate_proxy_wait_seconds_count{upstream=\"it\"}", 2.0),
        ("tidegate_proxy_waiting{upstream=\"it\"}", 0.0),
        ("tidegate_proxy_guard_is_shut{upstream=\"it\"}", 0.0),
        ("tidegate_proxy_buckets{upstream=\"it\"}", 1.0),
        ("tidegate_proxy_refused_total{why=\"request\"}", 1.0),
        ("tidegate_proxy_calls_total{upstream=\"other\",outcome=\"answered\"}", 0.0),
        ("tidegate_proxy_open_tunnels", 0.0),
        ("tidegate_proxy_saved_total{how=\"shared\"}", 0.0),
    ] {
        assert_eq!(samples.get(sample), Some(&value), "{sample} in\n{text}");
    }
    let host = format!("tidegate_proxy_calls_total{{upstream=\"http://{other}\",outcome=\"answered\"}}");
    assert_eq!(samples.get(&host), Some(&1.0), "{text}");
}

#[tokio::test]
async fn every_metric_is_in_the_guide() {
    let folder = tempfile::tempdir().unwrap();
    let access_log = AccessLog::File(folder.path().join("access.log"));
    let watched = Watched::by(Config { access_log, ..usual::config() });
    let guide = include_str!("../../../../../docs/operations.md");
    let text = watched.get("/metrics").await.body;
    let families: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert!(families.len() > 20, "{families:?}");
    for family in families {
        assert!(guide.contains(&format!("`{family}")), "docs/operations.md doesn't tell of {family}");
    }
}

#[tokio::test]
async fn what_waits_is_shown_and_goes_on_once_the_wait_is_forgotten() {
    let server = answering(&[LATE, OK]).await;
    let watched = Watched::to(server);
    let mut caller = TcpStream::connect(watched.proxy.at).await.unwrap();
    let ask = "GET /v1/rooms/1234567?x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer b\r\n\r\n";
    caller.write_all(ask.as_bytes()).await.unwrap();
    let state = watched.state_once(|state| state["buckets"][0]["closed_for_s"].is_number()).await;
    let bucket = &state["buckets"][0];
    assert_eq!((&bucket["waiting"], &bucket["callers"]), (&1.into(), &1.into()), "{state:#}");
    let left = bucket["closed_for_s"].as_f64().unwrap();
    assert!((900.0..=1100.0).contains(&left), "{left}");
    assert_eq!(bucket["token"].as_str().map(str::len), Some(8), "{bucket}");
    let resource = bucket["resource"].as_str().unwrap();
    assert!(resource.contains("/v1/rooms/{}") && !resource.contains("1234567"), "{resource}");
    assert_eq!((&bucket["upstream"], &bucket["guard"]), (&"it".into(), &"open".into()));
    let upstream = &state["upstreams"][0];
    assert_eq!((&upstream["waiting"], &upstream["in_hand"]), (&1.into(), &1.into()), "{upstream}");
    assert_eq!((&state["calls_in_hand"], &state["connections"]), (&1.into(), &1.into()));
    assert_eq!(watched.post("/forget", "{}").await.status(), "400");
    let forgotten = watched.post("/forget", &format!("{{\"origin\": \"http://{server}\"}}")).await;
    assert!(forgotten.body.contains("\"forgotten_buckets\": 1"), "{forgotten:?}");
    assert_eq!(message(&mut caller).await.status(), "200");
}

#[tokio::test]
async fn a_tunnel_is_counted_while_it_is_open() {
    let server = upstream(|_, stream| echo_heads(stream)).await;
    let forward = Some(Forward { hosts: None, intercept: None });
    let watched = Watched::by(Config { forward, ..usual::config() });
    let mut caller = TcpStream::connect(watched.proxy.at).await.unwrap();
    caller
        .write_all(format!("CONNECT {server} HTTP/1.1\r\nHost: {server}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    assert!(head(&mut caller).await.starts_with("HTTP/1.1 200"));
    let state = watched.state_once(|state| state["tunnels"]["open"] == 1).await;
    assert_eq!(state["upstreams"][1]["name"], format!("https://{server}"), "{state:#}");
    drop(caller);
    let state = watched.state_once(|state| state["tunnels"]["open"] == 0).await;
    assert_eq!(state["tunnels"]["opened"], 1);
}

#[tokio::test]
async fn calls_are_lines_with_their_waits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let upstreams = vec![all(answering(&[SOON, OK, LATE]).await)];
    let config = Config { upstreams, access_log: AccessLog::File(path.clone()), ..usual::config() };
    let watched = Watched::by(config);
    assert_eq!(watched.proxy.ask(GET).await.status(), "200");
    let late = "POST /v1/rooms;a=b HTTP/1.1\r\nHost: a\r\nTidegate-Deadline: 60\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(watched.proxy.ask(late).await.status(), "429");
    watched.state_once(|state| state["calls_in_hand"] == 0).await;
    let gone = TcpStream::connect(watched.proxy.at).await.unwrap();
    let mut gone = gone;
    gone.write_all(b"POST /v1/rooms HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    watched.proxy.holds(1).await;
    drop(gone);
    watched.proxy.holds(0).await;
    watched.state_once(|state| state["upstreams"][0]["calls"]["gone"] == 1).await;
    watched.proxy.house.seen.log.close().await;
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [answered, late, gone] = &lines[..] else { panic!("three calls are three lines: {text}") };
    assert_eq!((&answered["path"], &answered["upstream"]), (&"/v1/rooms/{}".into(), &"it".into()), "{text}");
    assert_eq!((&answered["status"], &answered["attempts"]), (&200.into(), &2.into()), "{text}");
    assert_eq!((&answered["absorbed"], answered.get("why")), (&1.into(), None), "{text}");
    assert!(answered["waited_ms"].is_number() && answered["took_ms"].is_number(), "{text}");
    assert_eq!((&late["status"], &late["why"]), (&429.into(), &"deadline".into()), "{text}");
    assert_eq!((&late["path"], &late["absorbed"]), (&"/v1/rooms;…".into(), &1.into()), "{text}");
    assert_eq!((gone.get("status"), &gone["why"]), (None, &"gone".into()), "{text}");
}

#[tokio::test]
async fn the_page_is_one_file_that_asks_nobody_else() {
    let watched = Watched::by(usual::config());
    let page = watched.get("/").await;
    assert_eq!(page.status(), "200");
    assert_eq!(page.field("content-type"), Some("text/html; charset=utf-8"));
    let may = page.field("content-security-policy").unwrap();
    assert!(may.starts_with("default-src 'none'") && may.contains("connect-src 'self'"), "{may}");
    for elsewhere in ["http:", "https:", "//cdn", "@import", "innerHTML"] {
        assert!(!page.body.contains(elsewhere), "{elsewhere}");
    }
    let nothing = watched.get("/nothing").await;
    assert!(nothing.status() == "404" && nothing.body.contains("POST /forget"), "{nothing:?}");
}
