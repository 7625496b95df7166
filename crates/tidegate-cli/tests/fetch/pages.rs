//! `--all-pages` and `--items`. Never here: waits, and what is wrong with a connection.

use crate::running::{fetch, run};
use crate::server::{Reply, Server, answer, ok, page, refusal};

const ITEMS: [&str; 3] = ["--all-pages", "--items", "/items"];

/// Three pages of two items; their order of fields and their numbers are odd on purpose.
fn three_pages() -> Server {
    Server::new(|_, request| match &*request.target {
        "/rooms?max=2" => page("[ {\"b\": 1.50,\n \"a\": 2}, \"x y\" ]", Some("/rooms?max=2&after=2")),
        "/rooms?max=2&after=2" => page("[3, 4]", Some("?max=2&after=4")),
        "/rooms?max=2&after=4" => page("[12345678901234567890, null]", None),
        _ => answer("404 Not Found", &[], b""),
    })
}

#[test]
fn every_item_comes_once_in_order_with_its_bytes() {
    let server = three_pages();
    let ended = run(fetch(&ITEMS).arg(server.url("/rooms?max=2")));
    assert_eq!(ended.out, "{\"b\":1.50,\"a\":2}\n\"x y\"\n3\n4\n12345678901234567890\nnull\n");
    ended.check(0, &["done: 3 pages, 6 items"]);
}

#[test]
fn whole_bodies_are_one_line_each() {
    let server = three_pages();
    let ended = run(&mut fetch(&["--all-pages", "--quiet", &server.url("/rooms?max=2")]));
    assert_eq!(ended.out.lines().count(), 3);
    assert_eq!(ended.out.lines().nth(1), Some(r#"{"items":[3,4]}"#));
    assert_eq!((ended.code, &*ended.err), (Some(0), ""));
    let ended = run(&mut fetch(&["--all-pages", &server.url("/rooms?max=2")]));
    ended.check(0, &["done: 3 pages, "]);
    assert!(!ended.err.contains("item"), "{}", ended.err);
}

#[test]
fn a_thing_is_a_line_and_a_list_gives_its_elements() {
    let server = Server::new(|_, request| match &*request.target {
        "/things/1" => ok("{\"id\": 1,\n \"tags\": [1, 2]}\n"),
        "/things/2" => ok("[2,\n 3]"),
        _ => ok("null"),
    });
    let ended = run(&mut fetch(&["--concurrency", "8", "--items", "", &server.url("/things/{1..3}")]));
    assert_eq!(ended.out, "{\"id\":1,\"tags\":[1,2]}\n2\n3\nnull\n");
    ended.check(0, &["done: 3 of 3 answers, 4 items"]);
}

#[test]
fn a_refused_page_is_waited_for_and_nothing_is_lost_or_doubled() {
    let server = Server::new(|number, request| match (number, &*request.target) {
        (1, _) => refusal("1"),
        (_, "/") => page("[1]", Some("/?2")),
        _ => page("[2]", None),
    });
    let ended = run(fetch(&ITEMS).arg(server.url("/")));
    assert_eq!(ended.out, "1\n2\n");
    ended.check(0, &["done: 2 pages, 2 items", "was told once to wait"]);
    assert_eq!(server.targets(), ["/", "/?2", "/?2"]);
}

#[test]
fn a_page_that_breaks_off_is_asked_for_again() {
    const CUT: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"items\": [1,";
    let server = Server::new(|number, _| match number {
        0 => page("[0]", Some("/2")),
        1 => Reply::Close(CUT.to_vec()),
        _ => page("[1, 2]", None),
    });
    let ended = run(fetch(&ITEMS).arg(server.url("/")));
    ended.check(0, &["broke off before its end: asks for it again", "done: 2 pages, 3 items"]);
    assert_eq!((&*ended.out, server.targets()), ("0\n1\n2\n", ["/", "/2", "/2"].map(str::to_owned).to_vec()));

    let server = Server::new(|_, _| Reply::Close(CUT.to_vec()));
    run(fetch(&ITEMS).arg(server.url("/"))).check(4, &["broke off before its end"]);
    run(fetch(&ITEMS).args(["-X", "POST", &server.url("/")])).check(4, &["broke off before its end"]);
    assert_eq!(server.received().len(), 3 + 1, "a POST isn't sent again");
}

#[test]
fn max_pages_stops_and_names_the_next() {
    let server = three_pages();
    let ended = run(fetch(&ITEMS).args(["--max-pages", "2", &server.url("/rooms?max=2")]));
    ended.check(0, &["stopped after 2 pages", "after=4"]);
    assert_eq!((ended.out.lines().count(), server.received().len()), (4, 2));
}

#[test]
fn several_lists_are_walked_at_once_and_written_in_order() {
    let server = Server::new(|_, request| match request.target.strip_suffix("?2") {
        Some(list) => page(&format!("[\"{list}.2\"]"), None),
        None => page(&format!("[\"{}.1\"]", request.target), Some(&format!("{}?2", request.target))),
    });
    let ended = run(fetch(&ITEMS).args(["--concurrency", "4", &server.url("/{a,b,c,d,e}")]));
    let expected: String = "abcde".chars().map(|list| format!("\"/{list}.1\"\n\"/{list}.2\"\n")).collect();
    assert_eq!((ended.code, ended.out), (Some(0), expected), "{}", ended.err);
}

#[test]
fn a_circle_of_pages_is_found() {
    let server = Server::new(|_, request| match &*request.target {
        "/a" => page("[1]", Some("/b")),
        _ => page("[2]", Some("/a")),
    });
    let ended = run(fetch(&ITEMS).arg(server.url("/a")));
    ended.check(1, &["in a circle", "/a", "--max-pages", "until then: 2 pages, 2 items"]);
    assert_eq!(ended.out, "1\n2\n");
}

#[test]
fn what_is_no_list_of_items_is_told_and_where() {
    let server = Server::new(|_, request| match &*request.target {
        "/html" => answer("200 OK", &["content-type: text/html"], b"<html>"),
        "/empty" => ok(""),
        "/other" => ok(r#"{"rooms": []}"#),
        "/object" => ok(r#"{"items": {}}"#),
        "/1" => page("[1]", Some("/html")),
        _ => page("[1]", Some("http://[")),
    });
    let items = |path: &str| run(fetch(&ITEMS).arg(server.url(path)));
    items("/html").check(1, &["/html", "isn't JSON", "text/html"]);
    items("/empty").check(1, &["/empty", "is empty"]);
    items("/other").check(1, &["nothing at --items \"/items\"", "rooms", "JSON Pointer"]);
    items("/object")
        .check(1, &["an object, not a list", "--items '' writes a body that is no list as one line"]);
    items("/1").check(1, &["page 2 of", "isn't JSON", "go on with", "/html"]);
    items("/link").check(1, &["http://[", "is no URL"]);
}

#[test]
fn items_of_a_single_answer_need_no_link() {
    let server = Server::new(|_, _| page("[1, 2]", Some("/more")));
    let ended = run(&mut fetch(&["--items", "/items", &server.url("/")]));
    assert_eq!((ended.code, &*ended.out, server.received().len()), (Some(0), "1\n2\n", 1));
}

#[test]
fn a_failure_on_the_way_keeps_what_came_and_says_how_to_go_on() {
    let server = Server::new(|_, request| match &*request.target {
        "/a" => page("[1]", Some("/a?2")),
        "/a?2" => {
            answer("500 Internal Server Error", &["trackingid: ROUTER_9"], b"{\"message\": \"oh\x1b[2J no\"}")
        }
        _ => page("[9]", None),
    });
    let ended = run(fetch(&ITEMS).args([server.url("/a"), server.url("/b"), server.url("/c")]));
    ended.check(
        1,
        &[
            "page 2 of",
            "500 Internal Server Error",
            "ROUTER_9",
            "until then: 1 page, 1 item",
            "not begun: 2, from",
        ],
    );
    ended.check(1, &[&format!("go on with: '{}'", server.url("/a?2"))]);
    assert_eq!(ended.out, "1\n");
    assert!(!ended.err.contains('\u{1b}'));
}
