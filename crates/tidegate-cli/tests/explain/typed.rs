//! What was typed and can't be done, and what needs no answer. Never here: a head.

use crate::running::explain;

const ANSWER: &[u8] =
    b"HTTP/1.1 429 Too Many Requests\r\nX-My-Wait: 7\r\nX-RateLimit-Reset: 1700000900\r\n\r\n";

#[track_caller]
fn check(args: &[&str], says: &[&str]) {
    explain(args, ANSWER).refused(says);
}

#[test]
fn what_cannot_be_done_is_told_with_what_to_do() {
    check(&["--provider", "gitub"], &["gitub", "github"]);
    check(&["--provider", "github", "--host", "a"], &["--provider", "--host"]);
    check(&["--host", "a b"], &["--host", "no host", "api.example.org"]);
    check(&["--now", "yesterday"], &["yesterday", "1700000000.5"]);
    check(&["--now", "99999999999"], &["too far in the future"]);
    check(&["--dialects", "/nowhere/rows.toml"], &["/nowhere/rows.toml", "No such file"]);
    check(&["--now", "1700000000123"], &["milliseconds?", "1700000000.123"]);
    check(&["--list", "--host", "a"], &["--list", "--host"]);
    check(&["/nowhere/answer.txt"], &["/nowhere/answer.txt", "No such file"]);
    check(&["https://api.example.org/"], &["explain calls nobody", "curl -si URL"]);
}

#[test]
fn all_rows_are_listed_without_an_answer() {
    let list = explain(&["--list"], b"").read();
    let row = |name: &str| list.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
    assert!(row("github").contains("api.github.com"), "{list}");
    assert!(row("webex").contains("webexapis.com"), "{list}");
    assert!(list.lines().count() > 40, "{list}");
    let rows: Vec<serde_json::Value> =
        serde_json::from_str(&explain(&["--list", "--json"], b"").read()).unwrap();
    assert!(rows.len() > 40);
    assert!(rows.iter().any(|row| row["name"] == "webex" && row["hosts"][0] == "webexapis.com"));
}

#[test]
fn an_answer_may_be_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answer.txt");
    std::fs::write(&path, ANSWER).unwrap();
    let said = explain(&["--provider", "ietf", path.to_str().unwrap()], b"").read();
    assert!(said.contains("429 Too Many Requests"), "{said}");
    let said = explain(&["--provider", "ietf", "-"], ANSWER).read();
    assert!(said.contains("429 Too Many Requests"), "{said}");
}

#[test]
fn a_row_of_ones_own_is_known_by_name_and_by_host() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let rows = "[[dialect]]\nname = \"my-api\"\nhosts = [\"api.mine.test\"]\nwaits = [\"x-my-wait\"]\nsource = \"mine\"\n";
    std::fs::write(&path, rows).unwrap();
    let path = path.to_str().unwrap();
    for chosen in [["--provider", "My_API"], ["--host", "https://eu.api.mine.test/v1"]] {
        let said = explain(&[&chosen[..], &["--dialects", path]].concat(), ANSWER).read();
        assert!(said.contains("7 s"), "{said}");
        assert!(said.contains("from x-my-wait"), "{said}");
    }
    let list = explain(&["--list", "--dialects", path], b"").read();
    assert!(
        list.lines().any(|line| line.starts_with("my-api ") && line.ends_with("api.mine.test")),
        "{list}"
    );
    std::fs::write(path, "[[dialect]]\nname = \"my-api\"\nwait = 1\n").unwrap();
    check(&["--dialects", path], &["mine.toml", "line 3", "wait"]);
}

#[test]
fn nothing_to_read_is_told_with_what_to_type() {
    for nothing in [b"".as_slice(), b"\r\n \n"] {
        explain::<&str>(&[], nothing).refused(&[
            "nothing to read",
            "curl -si URL | tidegate explain",
            "explain FILE",
        ]);
    }
}

#[test]
fn more_than_is_read_is_told() {
    let large = [ANSWER, &vec![b' '; 1 << 20]].concat();
    explain::<&str>(&[], &large).refused(&[
        "the answer in standard input is larger than 1 MiB",
        "larger than 64 KiB only the head is read",
    ]);
    let most = [ANSWER, &vec![b' '; (1 << 20) - ANSWER.len()]].concat();
    let ended = explain(&["--host", "webexapis.com"], &most);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.err.contains("larger than 64 KiB"), "{ended:?}");
}
