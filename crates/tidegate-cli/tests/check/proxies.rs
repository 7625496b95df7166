//! What is said of proxies' files: the examples, what is refused, what is likely wrong, where requests go. Never here: the
//! single texts, which units hold.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::running::{check, check_in, project, refused};

/// A folder with all files that the examples name.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("tls")).unwrap();
    for name in ["tls/certificate.pem", "tls/key.pem", "tls/authorities.pem", "token"] {
        fs::write(folder.path().join(name), "a file").unwrap();
    }
    fs::write(folder.path().join("own.toml"), "[[dialect]]\nname = \"own\"\nsource = \"me\"\n").unwrap();
    folder
}

#[test]
fn every_example_is_good_and_nothing_about_it_is_odd() {
    let entries = fs::read_dir(project("examples/proxies")).unwrap();
    let files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        let folder = folder();
        fs::copy(&file, folder.path().join("proxy.toml")).unwrap();
        let said = check_in(folder.path(), &["proxy.toml"]).good();
        assert!(said.starts_with("proxy.toml is good.\n"), "{}: {said}", file.display());
        assert!(!said.contains("s3cret"), "{said}");
    }
}

#[track_caller]
fn goes(example: &str, args: &[&str], says: &[&str]) {
    let mut all = vec![example, "--request"];
    all.extend(args);
    let said = check_in(&project("examples/proxies"), &all).good();
    for part in says {
        assert!(said.contains(part), "{part:?} isn't in: {said}");
    }
}

#[test]
fn the_examples_send_requests_where_their_comments_say() {
    goes(
        "webex.toml",
        &["GET /v1/messages/7"],
        &["https://webexapis.com/v1/messages/7", "messages: its limit"],
    );
    goes("webex.toml", &["GET /v1/rooms/123456"], &["/v1/rooms/{} GET: told apart", "the caller's own"]);
    goes(
        "several.toml",
        &["GET /webex/v1/rooms"],
        &["https://webexapis.com/v1/rooms\n", "the variable WEBEX_TOKEN"],
    );
    goes(
        "several.toml",
        &["POST /github/a?b=c"],
        &["https://api.github.com/a?b=c\n", "asked about by its ETag"],
    );
    let orders = ["HEAD /search?q=x", "-H", "Host: orders.localhost:8430"];
    goes("several.toml", &orders, &["http://orders.internal:8080/v2/search?q=x\n", "search: 10 per second"]);
    goes("several.toml", &["GET /v1/rooms"], &["Goes nowhere: no upstream is found at this host and path"]);
    goes("several.toml", &["GET http://a.example/"], &["forward mode is off"]);
    goes(
        "forward.toml",
        &["GET http://a.example.com/x"],
        &["http://a.example.com/x\n", "/x GET: told apart"],
    );
    goes(
        "forward.toml",
        &["GET http://example.com/x"],
        &["Goes nowhere: example.com isn't among the `hosts`"],
    );
    goes("forward.toml", &["CONNECT api.github.com:443"], &["opened: each call in it is paced"]);
    goes("forward.toml", &["CONNECT a.example.com:443"], &["passed through unread"]);
    goes("forward.toml", &["GET https://api.github.com/user"], &["upstream  api.github.com", "by its ETag"]);
}

#[test]
fn scripts_are_told_the_same() {
    let json = |args: &[&str]| -> Value {
        let all = [&["several.toml", "--json"], args].concat();
        serde_json::from_str(&check_in(&project("examples/proxies"), &all).good()).unwrap()
    };
    let whole = json(&[]);
    assert_eq!((&whole["good"], &whole["upstreams"][0]["prefix"]), (&true.into(), &"/webex".into()));
    assert_eq!(whole["upstreams"][2]["buckets"][0]["requests"], "GET /v2/search");
    assert_eq!((&whole["forward"], &whole["unset"]), (&Value::Null, &Value::Array(Vec::new())));
    let goes = json(&["--request", "GET /webex/v1/rooms"]);
    assert_eq!((&goes["outcome"], &goes["upstream"]), (&"forwarded".into(), &"webex".into()));
    assert_eq!(
        (&goes["url"], &goes["resource"]),
        (&"https://webexapis.com/v1/rooms".into(), &"/v1/rooms GET".into())
    );
}

const ONE: &str = "[[upstream]]\nurl = \"https://a.example\"\n";

#[test]
fn upstreams_have_names_and_places_of_their_own() {
    let each = "of several upstreams, each must say where callers find it: `prefix` or `host`";
    let place = "prefix = \"/webex\"; prefix = \"/\" for whatever no other one has";
    refused(
        &format!("{ONE}{ONE}"),
        &[
            (&format!("1:1: {each}"), place),
            (&format!("3:1: {each}"), place),
            ("4:7: there is another upstream called `a.example`", "give each its own `name`"),
        ],
    );
    refused(
        &format!("{ONE}prefix = \"/a\"\n[[upstream]]\nurl = \"https://b.example\"\nprefix = \"/a/\"\n"),
        &[("6:10: `a.example` is found there already", "give each its own `prefix` or `host`")],
    );
    refused(
        &format!("{ONE}prefix = \"webex\"\n"),
        &[("3:10: a prefix begins with a slash", "write `/webex`")],
    );
    refused(
        &format!("{ONE}dialect = \"webx\"\n[[upstream.bucket]]\nmatch = {{ paht = \"/a\" }}\n"),
        &[
            (
                "3:11: there is no dialect `webx`",
                "did you mean webex or webex-contact-center or webex-engage?",
            ),
            ("5:11: there is no key `paht` here", "did you mean `path`?"),
        ],
    );
    let nothing =
        "there is nothing to call: name an API, [[upstream]] with its `url`, or open [proxy.forward]";
    refused("[proxy]\n", &[(&format!("1:1: {nothing}"), "")]);
}

#[test]
fn a_token_is_named_once_and_goes_nowhere_in_the_clear() {
    let with = |lines: &str| format!("{ONE}{lines}\n");
    refused(
        &with("token-env = \"A\"").replace("https", "http"),
        &[(
            "3:13: the token would cross the network in the clear, for everybody on the way to read",
            "write url = \"https://a.example\"",
        )],
    );
    let both = "the token is in the environment or in a file, not both: leave one out";
    refused(&with("token-env = \"A\"\ntoken-file = \"t\""), &[(&format!("4:14: {both}"), "")]);
    refused(
        &with("token-field = \"X-Key\""),
        &[("3:15: there is no token to put in", "name `token-env` or `token-file`")],
    );
    refused(
        &with("token-env = \"A\"\ntoken-field = \"Host\""),
        &[("4:15: `Host` says how a request is sent: no token goes there", "")],
    );
}

#[test]
fn what_cannot_be_run_is_refused_at_its_place() {
    let with = |lines: &str| format!("[proxy]\n{lines}\n{ONE}");
    refused(
        &with("admin = \"127.0.0.1:8430\""),
        &[("2:9: callers come in at this address: give operators their own", "")],
    );
    refused(
        &with("listen = \"0.0.0.0:8430\"\n[proxy.forward]"),
        &[(
            "3:1: everybody who reaches 0.0.0.0:8430 could call every host",
            "name the hosts that may be called: hosts = [\"api.example.com\"]; or listen on 127.0.0.1",
        )],
    );
    refused(
        &with("[proxy.forward]\nhosts = \"*.a.example\"\nintercept = [\"b.a.example\", \"a.example\"]"),
        &[("4:29: `a.example` isn't among the `hosts` that may be called", "add it there, too")],
    );
    refused(&with("deadline = \"0s\""), &[("2:12: no time at all lets nothing pass: name a longer one", "")]);
    let bucket = "[[upstream.bucket]]\nname = \"b\"\nmatch = { path = \"/rooms\" }\n";
    refused(
        &format!("[[upstream]]\nurl = \"https://a/v1\"\n{bucket}"),
        &[(
            "5:18: no request can fit: every path at https://a/v1 begins with `/v1`",
            "paths are written as the API sees them: `/v1/rooms`",
        )],
    );
    let ended = check(&with("dialects = \"none.toml\""), &[]);
    assert!(ended.err.contains("p.toml:2:12: can't read the dialects from none.toml: "), "{}", ended.err);
}

/// The file is good, and this is what is said about it: `line:column: message`, each.
#[track_caller]
fn warns(file: &str, says: &[&str]) {
    let ended = check(file, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let warnings = ended.err.lines().filter_map(|line| line.strip_prefix("warning: p.toml:"));
    assert_eq!(warnings.collect::<Vec<_>>(), says, "{}", ended.err);
}

#[test]
fn what_is_likely_wrong_is_said() {
    let token = "token-env = \"WEBEX_TOKEN\"\n";
    warns(
        &format!("[[upstream]]\nurl = \"http://api.internal\"\n{token}"),
        &["3:13: the token goes over the network in the clear: whoever shares that network can read it"],
    );
    warns(&format!("[[upstream]]\nurl = \"http://127.0.0.1:9001\"\n{token}"), &[]);
    warns(
        &format!("[proxy]\nlisten = \"0.0.0.0:80\"\nadmin = \"0.0.0.0:81\"\n{ONE}{token}"),
        &[
            "3:9: whoever reaches this address sees what is called, and can change how",
            "6:13: callers on other machines use this token without knowing it",
        ],
    );
    let buckets = |first: &str, second: &str| {
        let bucket = |name: &str, path: &str| {
            format!("[[upstream.bucket]]\nname = \"{name}\"\nmatch = {{ path = \"{path}\" }}\n")
        };
        format!("{ONE}{}{}", bucket("a", first), bucket("b", second))
    };
    warns(
        &buckets("/v1/{*rest}", "/v1/rooms"),
        &["7:8: nothing is left for it: `a` comes first, and matches all that it matches"],
    );
    warns(&buckets("/v1/rooms", "/v1/{*rest}"), &[]);
}

#[test]
fn what_is_missing_here_is_said_and_no_file_can_be_missing() {
    let ended = check(&format!("{ONE}token-env = \"NOBODY_HAS_SET_THIS\"\n"), &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.err.contains("warning: the variable NOBODY_HAS_SET_THIS isn't set here"), "{}", ended.err);
    let ended = check(&format!("{ONE}token-file = \"none\"\n"), &[]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("error: can't read the token from none: "), "{}", ended.err);
}
