//! Every spelling of `vectors/paths.json` through the whole gateway to a server that says what it got: none gets round
//! a limit, and what is forwarded is what was matched. Never here: how a path is read.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::caller::Caller;
use crate::running::{Gateway, policy};
use crate::upstream::Upstream;

/// The resource that most spellings mean.
const ROOMS: &str = "/v1/rooms";

const TABLES: &str = r#"
[[limit]]
name = "rooms"
match = { path = "/v1/rooms" }
key = ["bearer"]
quota = "1 per day"
"#;

/// What a path of limits could be read from, and the reader of HTTP takes for no target.
const UNREADABLE: [&str; 4] = ["half_raw_utf8", "raw_less", "raw_greater", "raw_grave"];

fn cases() -> Vec<Value> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/paths.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn spelled(case: &Value) -> Option<Vec<u8>> {
    if let Some(target) = case["target"].as_str() {
        return Some(target.as_bytes().to_vec());
    }
    let hex = case["target_hex"].as_str()?;
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    Some((0..hex.len()).step_by(2).map(byte).collect())
}

/// The policy's words for a case's rules.
fn paths(rules: &Value) -> String {
    let Some(rules) = rules.as_object() else { return String::new() };
    let written = |(name, value): (&String, &Value)| match value {
        Value::Number(bytes) => format!("{name} = \"{bytes} B\""),
        word => format!("{} = {word}", name.replace('_', "-")),
    };
    format!("paths = {{ {} }}", rules.iter().map(written).collect::<Vec<_>>().join(", "))
}

/// A gateway of one set of rules, with a server behind it that says what it got.
struct Tried {
    upstream: Upstream,
    gateway: Gateway,
}

impl Tried {
    /// Sends a spelling byte for byte: the status, the field `RateLimit-Policy`, and the target that the server got.
    async fn send(&self, spelling: &[u8], token: &str) -> (u16, Option<String>, Option<String>) {
        let absolute = spelling.windows(3).position(|bytes| bytes == b"://");
        let rest = absolute.map_or(&b"api.example"[..], |at| &spelling[at + 3..]);
        let host = rest.split(|byte| b"/?#\\".contains(byte)).next().unwrap();
        let host = if spelling.starts_with(b"/") { b"api.example" } else { host };
        let method: &[u8] = if spelling == b"*" { b"OPTIONS " } else { b"GET " };
        let fields = format!("\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");
        let mut caller: Caller = self.gateway.caller().await;
        caller.send([method, spelling, b" HTTP/1.1\r\nHost: ", host, fields.as_bytes()].concat()).await;
        let answer = caller.answer("GET").await;
        let got =
            (answer.status() == 200).then(|| answer.text().split(' ').nth(1).unwrap_or_default().to_owned());
        (answer.status(), answer.field("ratelimit-policy").map(str::to_owned), got)
    }

    /// A spelling that is taken, if it can be read at all: as it is to be forwarded, and on the count of its resource or on none.
    async fn taken(&self, name: &str, spelling: &[u8], expect: &Value) -> Vec<String> {
        let path = expect["path"].as_str().unwrap();
        let (status, limited, got) = self.send(spelling, name).await;
        let mut faults = Vec::new();
        let Some(got) = got else {
            let is_known = status == 400 && UNREADABLE.contains(&name);
            return if is_known { faults } else { vec![format!("{name}: {status} where it is to be taken")] };
        };
        if expect["forward"].as_str().is_some_and(|forward| forward != got) {
            faults.push(format!("{name}: the server got {got}, not {}", expect["forward"]));
        }
        if limited.is_some() != (path == ROOMS) {
            faults.push(format!("{name}: means {path}, and is under {limited:?}"));
        }
        if path == ROOMS {
            // It took the one unit that there is, for itself, for what was forwarded, and for the plain spelling.
            for again in [spelling, got.as_bytes(), ROOMS.as_bytes()] {
                let (status, ..) = self.send(again, name).await;
                if status != 429 {
                    faults.push(format!("{name}: {} passes with {status}", String::from_utf8_lossy(again)));
                }
            }
        }
        faults
    }

    /// A spelling that is refused: no server hears of it.
    async fn refused(&self, name: &str, spelling: &[u8]) -> Vec<String> {
        let before = self.upstream.count();
        let (status, ..) = self.send(spelling, name).await;
        let reached = self.upstream.count() - before;
        let expected = if name == "too_long" { 414 } else { 400 };
        let fault = (status, reached) != (expected, 0);
        fault.then(|| format!("{name}: {status}, and {reached} reached the server")).into_iter().collect()
    }
}

#[tokio::test]
async fn no_spelling_gets_round_a_limit_and_servers_get_what_was_matched() {
    let mut by_rules: BTreeMap<String, Vec<(Vec<u8>, Value)>> = BTreeMap::new();
    for case in cases() {
        let Some(spelling) = spelled(&case) else { continue };
        by_rules.entry(paths(&case["rules"])).or_default().push((spelling, case));
    }
    let (mut faults, mut taken, mut of_rooms) = (Vec::new(), 0, 0);
    for (rules, cases) in by_rules {
        let upstream = Upstream::echo().await;
        let gateway = Gateway::start(&policy(&[upstream.url()], &rules, TABLES)).await;
        let tried = Tried { upstream, gateway };
        for (spelling, case) in cases {
            let (name, expect) = (case["name"].as_str().unwrap(), &case["expect"]);
            if expect["refused"].is_string() {
                faults.extend(tried.refused(name, &spelling).await);
            } else {
                taken += 1;
                of_rooms += usize::from(expect["path"] == ROOMS);
                faults.extend(tried.taken(name, &spelling, expect).await);
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(taken > 150 && of_rooms > 80, "{taken} spellings were taken, {of_rooms} of {ROOMS}");
}

#[tokio::test]
async fn a_host_has_one_spelling_or_none() {
    let upstream = Upstream::echo().await;
    let tables = TABLES.replace("[\"bearer\"]", "[\"bearer\", \"host\"]");
    let gateway = Gateway::start(&policy(&[upstream.url()], "", &tables)).await;
    let mut faults = Vec::new();
    for case in cases() {
        let Some(lines) = case["host_lines"].as_array() else { continue };
        let name = case["name"].as_str().unwrap();
        let at =
            case["authority"].as_str().map_or_else(String::new, |authority| format!("http://{authority}"));
        let before = upstream.count();
        let ask = |target: String, lines: String| {
            let gateway = &gateway;
            async move {
                let mut caller = gateway.caller().await;
                let head = format!("GET {target} HTTP/1.1\r\n{lines}Authorization: Bearer {name}\r\n\r\n");
                caller.send(head).await;
                caller.answer("GET").await.status()
            }
        };
        let hosts = lines.iter().map(|line| format!("Host: {}\r\n", line.as_str().unwrap())).collect();
        // HTTP/1.1 always has a Host: without one, even an absolute-form is refused (RFC 9112 section 3.2).
        let is_refused = case["expect"]["refused"].is_string() || lines.is_empty();
        let status = ask(format!("{at}{ROOMS}"), hosts).await;
        if is_refused {
            if status != 400 || upstream.count() != before {
                faults.push(format!("{name}: {status}, {} reached the server", upstream.count() - before));
            }
            continue;
        }
        let plain = format!("Host: {}\r\n", case["expect"]["host"].as_str().unwrap());
        let again = ask(ROOMS.to_owned(), plain).await;
        if (status, again) != (200, 429) {
            faults.push(format!("{name}: {status}, and {again} for its plain spelling"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
