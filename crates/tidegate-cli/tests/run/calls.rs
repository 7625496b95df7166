//! What a command's calls come to, and what is said of them. Never here: TLS, a signal.

use serde_json::Value;

use crate::running::{Api, run, run_with};
use crate::upstream;

const LIMIT: [&str; 4] = ["--limit", "GET /v1/rooms: 10/s, burst 2", "--rooms", "5"];

#[test]
fn curl_gets_every_answer_and_the_last_line_says_what_that_took() {
    let api = Api::start(&LIMIT);
    let url = format!("{}/v1/rooms?max=[1-8]", api.url());
    let curl = [
        "curl",
        "--silent",
        "--output",
        "/dev/null",
        "--write-out",
        "%{http_code} ",
        "-HAuthorization: Bearer any",
    ];
    let flags: Vec<&str> =
        ["--loopback", "--json", "--"].into_iter().chain(curl).chain([url.as_str()]).collect();
    let ended = run(&flags);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "200 ".repeat(8).as_str()), "{ended:?}");
    let summary = ended.summary();
    assert_eq!((&summary["calls"], &summary["exit"]), (&8.into(), &0.into()), "{summary}");
    check_absorbed(&summary, &api);
}

/// Every refusal of the API's stayed in the proxy, however many there were.
#[track_caller]
fn check_absorbed(summary: &Value, api: &Api) {
    let total = api.total();
    assert_eq!(
        summary["absorbed"]["429"].as_u64().unwrap_or(0),
        total["limited"].as_u64().unwrap(),
        "{summary} {total}"
    );
    assert_eq!(total["violations"], 0, "{total}");
}

#[test]
fn python_gets_every_answer_too() {
    let api = Api::start(&LIMIT);
    let program = "\
import concurrent.futures, sys, urllib.request
def call(_):
    request = urllib.request.Request(sys.argv[1], headers={'Authorization': 'Bearer any'})
    return urllib.request.urlopen(request).status
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(list(pool.map(call, range(8))))
";
    let url = format!("{}/v1/rooms", api.url());
    let ended = run(&["--loopback", "--json", "--", "python3", "-c", program, &url]);
    assert_eq!(ended.stdout.trim(), "[200, 200, 200, 200, 200, 200, 200, 200]", "{ended:?}");
    check_absorbed(&ended.summary(), &api);
}

#[test]
fn an_api_is_found_by_a_variable_of_its_own() {
    let api = Api::start(&LIMIT);
    let named = format!("API_URL={}/v1", api.url());
    let script = "curl -sS -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer any' $API_URL/rooms";
    let ended = run(&["--base-url", &named, "--json", "--", "sh", "-c", script]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "200"), "{ended:?}");
    assert_eq!(ended.summary()["calls"], 1);
}

#[test]
fn this_machine_is_called_directly_unless_asked_for() {
    let api = Api::start(&LIMIT);
    let url = format!("{}/v1/rooms", api.url());
    let ended = run(&["--", "curl", "-sS", "-o", "/dev/null", &url]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("tidegate: 0 calls; "), "{}", ended.stderr);
}

#[test]
fn what_may_have_been_done_is_said() {
    let address = upstream::hangs_up();
    let url = format!("http://{address}/orders");
    let ended = run(&["--loopback", "--json", "--", "curl", "-sS", "-d", "one", "-w", "%{http_code}", &url]);
    assert!(ended.stdout.ends_with("502"), "{ended:?}");
    let summary = ended.summary();
    assert_eq!((&summary["calls"], &summary["unknown"]), (&1.into(), &1.into()), "{summary}");
}

#[test]
fn a_command_finds_the_proxy_in_its_environment() {
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "TIDEGATE_PROXY"];
    let script = format!(
        "{}; echo $no_proxy; echo $NODE_USE_ENV_PROXY",
        names.map(|name| format!("echo ${name}")).join(";")
    );
    let variables = [("NO_PROXY", "corp.example"), ("https_proxy", "http://user:s3cret@10.0.0.1:3128")];
    let ended = run_with(&["--", "sh", "-c", &script], &variables, "");
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(
        lines[0].starts_with("http://127.0.0.1:") && lines[..5].iter().all(|line| *line == lines[0]),
        "{lines:?}"
    );
    assert_eq!(lines[5..], ["corp.example,localhost,127.0.0.1", "1"]);
    assert!(ended.stderr.contains("https_proxy names a proxy already"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("s3cret"), "{}", ended.stderr);
}
