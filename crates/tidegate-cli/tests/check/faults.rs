//! What is said of bad files: all of it, each at its place, with what to do. Never here: single texts, which units hold.

use std::fs;

use tempfile::TempDir;

use crate::running::{check, check_in, refused, with};

const CALLS: &str = "[[limit]]\nname = \"calls\"\nkey = \"bearer\"\nquota = \"5/s\"\n";

#[test]
fn people_see_the_line_with_a_caret_and_what_to_do() {
    let ended = check(&with("[[limit]]\nname = \"a b\"\nkey = \"bearer\"\nquotta = \"5/s\"\n"), &[]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert_eq!(
        ended.err,
        "error: p.toml:5:10: expected a name of letters, digits, -, _ and ., at most 64\n  |\n5 | name = \"a b\"\n  \
         |          ^^\n\nerror: p.toml:7:1: there is no key `quotta` here\n  |\n7 | quotta = \"5/s\"\n  | ^^^^^^\n  \
         hint: did you mean `quota`?\n\n2 mistakes in the file\n"
    );
}

#[test]
fn the_grammar_is_toml() {
    refused("[gateway\n", &[("1:9: unclosed table, expected `]`", "")]);
    refused(
        &with("[[limit]]\nname = calls\n"),
        &[("5:8: string values must be quoted, expected literal string", "")],
    );
}

#[test]
fn a_pair_of_brackets_too_few_or_too_many_is_told() {
    let several = "there may be several of these, so each begins with two brackets";
    refused(
        &with("[limit]\nname = \"a\"\nkey = \"ip\"\nquota = \"5/s\"\n"),
        &[(&format!("4:1: {several}"), "write `[[limit]]`")],
    );
    refused(&with("[limit.orders]\nkey = \"ip\"\n"), &[(&format!("4:2: {several}"), "write `[[limit]]`")]);
    let plan = "[limit.plan]\nname = \"a\"\n";
    refused(&with(&format!("{CALLS}{plan}")), &[(&format!("8:1: {several}"), "write `[[limit.plan]]`")]);
    let one = "there is only one such table";
    refused("[[gateway]]\nupstreams = \"http://a\"\n", &[(&format!("1:1: {one}"), "write `[gateway]`")]);
    refused(
        &with(&format!("{CALLS}[[limit.match]]\npath = \"/a\"\n")),
        &[(&format!("8:1: {one}"), "write `[limit.match]`")],
    );
}

#[test]
fn a_gateway_needs_its_servers() {
    let missing = "there is no [gateway]: it says where callers come in and which servers are behind";
    refused("", &[(&format!("1:1: {missing}"), "")]);
    let servers = "the gateway needs `upstreams`, the servers behind: [\"http://127.0.0.1:9001\"]";
    refused("[gateway]\n", &[(&format!("1:1: {servers}"), "")]);
    refused("[gatewya]\n", &[("1:2: there is no key `gatewya` here", "did you mean `gateway`?")]);
    refused(
        "[gateway]\nupstream = \"http://a\"\n",
        &[(
            "2:12: expected a table, such as { version = \"http2\" }; servers are in `upstreams`, not string \
             \"http://a\"",
            "",
        )],
    );
    refused(
        "[gateway]\nupstreams = [\"http://a\", { url = \"http://b\", name = \"http\" }, \"http://a\", 5]\n",
        &[
            (
                "2:63: there is another server called `http://a`",
                "give each its own `name`: { url = \"...\", name = \"...\" }",
            ),
            ("2:75: expected a server's URL, or a table, not integer `5`", ""),
        ],
    );
    refused(
        "[gateway]\nupstreams = { name = \"a\", weight = 0 }\n",
        &[
            ("2:13: a server needs `url`, where it is", ""),
            ("2:36: expected a number of servers from 0.001 to 1000000", ""),
        ],
    );
}

#[track_caller]
fn gateway_refused(line: &str, column: usize, message: &str, hint: &str) {
    let policy = format!("[gateway]\nupstreams = \"http://a\"\n{line}\n{CALLS}");
    refused(&policy, &[(&format!("3:{column}: {message}"), hint)]);
}

#[test]
fn what_cannot_be_run_is_refused_at_its_place() {
    gateway_refused("listen = []", 10, "callers must come in somewhere: name an address", "");
    gateway_refused("listen = [\"[::]:80\", \"[::]:80\"]", 22, "`[::]:80` is listened on already", "");
    gateway_refused(
        "admin = \"127.0.0.1:8080\"",
        9,
        "callers come in at this address: give operators their own",
        "",
    );
    gateway_refused(
        "memory = \"64 megs\"",
        14,
        "expected a size, such as \"16 KiB\" or \"256 MiB\"",
        "the units are B, KiB, MiB, GiB, and kB, MB, GB for thousands",
    );
    gateway_refused("tls = { key = \"k\" }", 7, "TLS needs `certificate`, a PEM file", "");
    gateway_refused(
        "health = { path = \"healthz\" }",
        19,
        "a health check asks for a path, such as \"/healthz\"",
        "",
    );
    gateway_refused(
        "health = { path = \"/\", fall = 0 }",
        31,
        "expected a number of 1 or more, not integer `0`",
        "",
    );
    gateway_refused(
        "fleet = { floor = 3, ceiling = 2 }",
        32,
        "the ceiling is below the floor: at most can't be less than at least",
        "",
    );
    gateway_refused(
        "bounds = { head = \"1 KiB\" }",
        19,
        "a head needs at least 8 KiB: many callers' cookies do",
        "",
    );
}

#[test]
fn terms_and_guards_that_make_no_sense_are_refused_at_their_place() {
    gateway_refused(
        "upstream = { connect = \"0s\" }",
        24,
        "no time at all lets nothing pass: name a longer one",
        "",
    );
    gateway_refused(
        "answers = { fields = [\"x-rate-limit\"] }",
        23,
        "expected `ratelimit`, `draft-07`, `draft-06`, `draft-03`, `x-ratelimit` or `x-ratelimit-epoch`, not `x-rate-limit`",
        "did you mean `x-ratelimit`?",
    );
    gateway_refused(
        "penalty = { key = [] }",
        19,
        "one penalty for all would punish the innocent: name a key",
        "",
    );
    gateway_refused(
        "penalty = { longest = \"2s\" }",
        23,
        "the longest wait, 2s, is shorter than the 3s that one bad call costs: name a longer one, or forgive more per \
         window",
        "",
    );
    gateway_refused(
        "penalty = { forgiven = \"5 per hour, fixed\" }",
        24,
        "bad calls can't be counted by `5 per hour, fixed`: name a quota that refills steadily, in a whole number of \
         nanoseconds or 64ths of them, and wholly within 48 days, such as `20 per minute`",
        "",
    );
    gateway_refused(
        "overload = { first = 50000 }",
        22,
        "at first there are from 4 (`least`) to 10000 (`most`)",
        "",
    );
    gateway_refused("addresses = { v4-bits = 33 }", 25, "such an address has 32 bits: write no more", "");
    gateway_refused(
        "trusted-proxies = [\"10.0.0.0/33\"]",
        20,
        "`10.0.0.0/33` is no network: expected an address, or a network as 10.0.0.0/8",
        "",
    );
    gateway_refused(
        "access-log = true",
        14,
        "expected \"off\", \"stdout\" or a file, such as \"/var/log/tidegate.log\", not boolean `true`",
        "",
    );
    gateway_refused(
        "listen = [[\"[::]:80\"]]",
        11,
        "expected an address with a port, such as \"127.0.0.1:8080\" or \"[::]:443\", or a socket file, \"unix:/run/tidegate.sock\", not a list",
        "",
    );
}

#[track_caller]
fn limit_refused(lines: &str, place: &str, message: &str, hint: &str) {
    refused(&with(&format!("{CALLS}{lines}\n")), &[(&format!("{place}: {message}"), hint)]);
}

#[test]
fn a_limit_that_makes_no_sense_is_refused_at_its_place() {
    limit_refused(CALLS, "9:8", "there is another of the name `calls`: give each its own", "");
    limit_refused(
        "match = { path = \"/a//b\" }",
        "8:22",
        "`/a//b` is no path template: there is nothing between two slashes: no request's path has that",
        "",
    );
    limit_refused(
        "per = \"sever\"",
        "8:7",
        "expected `fleet` or `server`, not `sever`",
        "did you mean `server`?",
    );
    limit_refused("cost = -1", "8:8", "a cost is 0 or more, not -1", "");
    limit_refused(
        "cost = [{ query = \"max\" }]",
        "8:9",
        "the row doesn't say what such a request costs: is = 5",
        "",
    );
    limit_refused(
        "cost = [{ is = 5 }]",
        "8:9",
        "the row doesn't say which requests: give it `query`, `header`, `method` or `address`",
        "",
    );
    limit_refused(
        "cost = { from-header = \"a\", from-time = \"1s\" }",
        "8:41",
        "the true cost is told by a header or by time, not both: leave one out",
        "",
    );
    limit_refused(
        "cost = { otherwise = { body-per-unit = \"0 B\" } }",
        "8:40",
        "a unit of no bytes would cost without end: name more",
        "",
    );
}

#[test]
fn a_plan_an_exemption_and_a_priority_that_make_no_sense_are_refused_at_their_places() {
    limit_refused(
        "[[limit.plan]]\nname = \"p\"\nkey-starts = \"p\"",
        "8:1",
        "the plan gives nothing: give it a `quota`, or `exempt = true`",
        "",
    );
    limit_refused(
        "[[limit.plan]]\nname = \"p\"\nexempt = true",
        "8:1",
        "the plan doesn't say who has it: give it `key-starts`, `header`, `query`, `method` or `address`",
        "",
    );
    limit_refused(
        "[[exempt]]\nname = \"e\"\nmatch = {}\nfrom = \"cals\"",
        "11:8",
        "there is no limit `cals`",
        "did you mean `calls`?",
    );
    limit_refused("[[exempt]]\nname = \"e\"", "8:1", "it needs a `match`: which requests", "");
    limit_refused(
        "[[exempt]]\nname = \"e\"\nmatch = { path = \"/%zz\" }",
        "10:18",
        "no request can fit the path, since one with this name is refused: the % at byte 2 of the target begins no code: write %25 for a %",
        "",
    );
    limit_refused(
        "[[priority]]\nname = \"p\"\nmatch = {}\nclass = \"urgent\"",
        "11:9",
        "expected `critical`, `normal` or `sheddable`, not `urgent`",
        "",
    );
}

#[test]
fn what_the_library_refuses_has_its_place_too() {
    let limit = |lines: &str| with(&format!("[[limit]]\nname = \"a\"\n{lines}\n"));
    refused(
        &limit("key = [\"ip\", \"path:id\"]\nquota = \"5/s\"\nmatch = { path = \"/a\" }"),
        &[("6:14: the key needs path:id, and the limit's path has no {id}: name it there", "")],
    );
    refused(
        &limit(
            "key = \"ip\"\nquota = \"5/s\"\n[[limit.plan]]\nname = \"p\"\nkey-starts = \"p\"\nquota = \"6/s\"",
        ),
        &[(
            "10:14: a plan asks how the key begins, which only a bearer, header, cookie, path or host can tell: put \
             that first in the key, or ask for an address",
            "",
        )],
    );
    refused(
        &limit(
            "key = \"bearer\"\nat-once = 2\n[[limit.plan]]\nname = \"p\"\nkey-starts = \"p\"\nquota = \"6/s\"",
        ),
        &[("11:9: the plan `p` has a quota and the limit has none to replace: give the limit one", "")],
    );
    refused(&limit("key = \"bearer\""), &[("4:1: it limits nothing: give it a `quota`, or `at-once`", "")]);
}

#[test]
fn a_file_that_is_not_there_or_not_readable_is_told() {
    let folder = TempDir::new().unwrap();
    let ended = check_in(folder.path(), &[]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("can't read the policy from tidegate.toml"), "{}", ended.err);
    assert!(ended.err.contains("hint: name a policy file: tidegate check --config FILE"), "{}", ended.err);
    fs::write(folder.path().join("tidegate.toml"), b"\xff").unwrap();
    assert!(check_in(folder.path(), &[]).err.contains("tidegate.toml isn't UTF-8 text"));
    let tls = format!("{}tls = {{ certificate = \"c.pem\", key = \"k.pem\" }}\n{CALLS}", with(""));
    fs::write(folder.path().join("tidegate.toml"), tls).unwrap();
    fs::write(folder.path().join("c.pem"), "x").unwrap();
    let ended = check_in(folder.path(), &[]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.out.starts_with("tidegate.toml is well written, and names a file that can't be read.\n"),
        "{}",
        ended.out
    );
    assert!(ended.err.contains("can't read the certificate's key from k.pem: "), "{}", ended.err);
    assert!(!ended.err.contains("c.pem"), "{}", ended.err);
}
