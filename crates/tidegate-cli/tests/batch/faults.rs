//! What is wrong with a list, said with its line before anything is sent. Never here: what is wrong with an answer.

use crate::running::Desk;
use crate::server::{Server, ok};

#[track_caller]
fn check(list: &str, flags: &[&str], says: &[&str]) {
    let server = Server::new(|_, _| ok("1"));
    let desk = Desk::new(list);
    desk.run(&server.url(""), flags).check(2, says);
    assert_eq!(server.received().len(), 0, "nothing is sent");
    assert_eq!(desk.files(), ["list"], "nothing is left behind");
}

#[test]
fn every_faulty_line_is_named() {
    let list = "{\"path\":\"/\"}\n\n[1]\n{\"path\":\"/\",\"pth\":1}\n{\"path\":\"/\"\n{\"path\":\"x\"}\n";
    check(
        list,
        &[],
        &[
            "list, line 3: it isn't a JSON object",
            "list, line 4: unknown field `pth`",
            "list, line 5: EOF while parsing an object, at column",
            "list, line 6: the path \"x\" has to be one that begins with a slash",
            "nothing was sent",
        ],
    );
}

#[test]
fn an_id_that_comes_twice_is_a_fault_of_the_list() {
    let list = "{\"id\":\"a\",\"path\":\"/\"}\n{\"id\":4,\"path\":\"/\"}\n{\"id\":\"a\",\"path\":\"/\"}\n{\"path\":\"/\"}\n";
    check(
        list,
        &[],
        &["list, line 3: the id \"a\" is that of line 1, too", "list, line 4: the id 4 is that of line 2"],
    );
}

#[test]
fn many_faults_are_counted() {
    check(&"{}\n".repeat(25), &[], &["line 10: it has neither a path nor a url", "and 15 more"]);
}

#[test]
fn faults_of_csv_are_named_too() {
    let flags = ["--url-template", "/p/{id}"];
    check("id,name\n1,a\n2\n", &flags, &["list, line 3: it has 1 fields, but the header line has 2"]);
    check("id,name\n1,\"a\nb\"\n1,c\n", &flags, &["list, line 4: the id \"1\" is that of line 2, too"]);
    check("id,name\n", &["--url-template", "/p/{nam}"], &["list, line 1: --url-template names {nam}"]);
}

#[test]
fn a_token_goes_to_one_origin_only() {
    let server = Server::new(|_, _| ok("1"));
    let desk = Desk::new("{\"url\":\"http://127.0.0.1:1/\"}\n{\"url\":\"http://127.0.0.1:2/\"}\n");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.args(["batch", "-i"]).arg(desk.path("list")).arg("-o").arg(desk.path("results"));
    let ended = crate::running::ended(command.env("TIDEGATE_TOKEN", "canary-token"));
    ended.check(2, &["the items go to more than one origin", "--base-url"]);
    assert!(!ended.err.contains("canary"));
    drop(server);
}

#[test]
fn an_output_that_is_not_ours_is_left_alone() {
    let desk = Desk::new("{\"path\":\"/\"}\n");
    desk.write("results", "precious\n");
    desk.run("http://127.0.0.1:9", &[]).check(2, &["results is there already, and no journal goes with it"]);
    assert_eq!(desk.read("results"), "precious\n");
    desk.write("results", "");
    desk.write("results.journal", "precious\n");
    desk.run("http://127.0.0.1:9", &[]).check(2, &["is no journal of tidegate batch"]);
    assert_eq!(desk.read("results.journal"), "precious\n");
    desk.run("http://127.0.0.1:9", &["--journal", "list"]).check(2, &["three files"]);
}
