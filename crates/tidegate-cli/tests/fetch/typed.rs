//! What was typed and can't be done: exit code 2, what, where, and what to do. Never here: a server that is called.

use crate::running::{fetch, run};

#[track_caller]
fn check(args: &[&str], says: &[&str]) {
    let ended = run(&mut fetch(args));
    ended.check(2, says);
    assert_eq!(ended.out, "");
}

#[test]
fn what_cannot_be_done_is_told_with_what_to_do() {
    let url = "http://127.0.0.1:1/";
    check(&[], &["required", "URL"]);
    check(&["--no-such-flag", url], &["--no-such-flag"]);
    check(&["--allpages", url], &["--all-pages"]);
    check(&["example.org/x"], &["example.org/x", "did you mean https://example.org/x ?"]);
    check(&["http://exa mple/"], &["exa mple"]);
    check(&["http://a/{1..x}"], &["{1..x}", "--globoff"]);
    check(&["https://me:s3cret@a/"], &["user name or password", "-H @FILE"]);
    check(&["-d", "@/nowhere/body", url], &["the body", "/nowhere/body", "No such file"]);
    check(&["-H", "@/nowhere/headers", url], &["headers", "/nowhere/headers"]);
    check(&["--token-file", "/nowhere/token", url], &["the token", "/nowhere/token"]);
    check(&["--token-env", "NOT_SET_AT_ALL", url], &["NOT_SET_AT_ALL", "export"]);
    check(&["-o", "/nowhere/out", url], &["/nowhere/out", "No such file"]);
    check(&["-X", "G ET", url], &["G ET", "no method"]);
    check(&["--max-wait", "5 minutes", url], &["5 minutes", "1h30m"]);
    check(&["--max-body", "1T", url], &["1T", "64KiB"]);
    check(&["--all-pages", "--items", "items", url], &["--items", "/items"]);
    check(&["--max-pages", "3", url], &["--all-pages"]);
    check(&["--count", "0", "--repeat", url], &["--count"]);
    check(&["--repeat", "--all-pages", url], &["--repeat", "--all-pages"]);
}
