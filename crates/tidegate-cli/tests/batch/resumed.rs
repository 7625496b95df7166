//! Runs that go on where another one ended, and those that must not. Never here: how that one was ended.

use std::fs::{File, OpenOptions};

use crate::running::{Desk, Simulation, posts};
use crate::server::{Server, closed_port, ok};

/// A batch of twenty that is done.
fn done() -> (Simulation, Desk) {
    let simulation = Simulation::start(&[]);
    let desk = Desk::new(&posts(20));
    desk.run(&simulation.base(), &[]).check(0, &["done: 20 of 20"]);
    (simulation, desk)
}

fn cut(desk: &Desk, name: &str, by: usize) {
    let length = desk.read(name).len() - by;
    OpenOptions::new().write(true).open(desk.path(name)).unwrap().set_len(length as u64).unwrap();
}

#[test]
fn what_is_done_is_not_done_again() {
    let (simulation, desk) = done();
    let results = desk.read("results");
    desk.run(&simulation.base(), &[]).check(0, &["20 of them before"]);
    assert_eq!((desk.read("results"), simulation.total("calls")), (results, 20));
}

#[test]
fn a_result_that_was_not_entered_is_found() {
    let (simulation, desk) = done();
    let (results, journal) = (desk.read("results"), desk.read("results.journal"));
    let last = journal.trim_end().rfind('\n').unwrap() + 1;
    assert!(journal[last..].starts_with("d "));
    // The run was ended between the two, or in the midst of the entry.
    for torn in [journal.len() - last, 3] {
        desk.write("results.journal", &journal);
        cut(&desk, "results.journal", torn);
        desk.run(&simulation.base(), &[]).check(0, &["20 of them before"]);
        assert_eq!((desk.read("results"), simulation.total("calls")), (results.clone(), 20));
        assert_eq!(desk.read("results.journal"), journal);
    }
}

#[test]
fn a_torn_result_that_was_not_entered_is_taken_off_and_is_unknown() {
    let (simulation, desk) = done();
    let journal = desk.read("results.journal");
    cut(&desk, "results.journal", journal.len() - journal.trim_end().rfind('\n').unwrap() - 1);
    cut(&desk, "results", 5);
    desk.run(&simulation.base(), &[]).check(1, &["outcome unknown: 1"]);
    assert_eq!((desk.results().len(), simulation.total("calls")), (19, 20));
}

#[test]
fn results_are_put_into_order_whenever_that_was_ended() {
    let lines = ["a/1", "a/2", "a/3", "b/1", "b/2", "b/3"]
        .map(|id| format!("{{\"id\":\"{id}\",\"path\":\"/v1/{id}\"}}\n"));
    let (server, desk) = (Server::new(|_, _| ok("1")), Desk::new(&lines.concat()));
    // Two groups take turns.
    desk.run(&server.url(""), &["--concurrency", "1"]).check(0, &["done: 6 of 6"]);
    let (completed, begun) = (desk.read("results"), desk.read("results.journal"));
    desk.run(&server.url(""), &["--ordered"]).check(0, &["6 of them before"]);
    let (ordered, entered) = (desk.read("results"), desk.read("results.journal"));
    assert_eq!(desk.ids(), ["a/1", "a/2", "a/3", "b/1", "b/2", "b/3"]);
    assert_ne!(completed, ordered);
    let in_the_copy = (&*completed, &*begun, Some(&ordered[..ordered.len() / 2]));
    let in_the_entry = (&*completed, &entered[..entered.len() - 3], Some(&*ordered));
    let before_its_place_is_taken = (&*completed, &*entered, Some(&*ordered));
    let at_the_end = (&*ordered, &*entered, None);
    for (results, journal, beside) in [in_the_copy, in_the_entry, before_its_place_is_taken, at_the_end] {
        desk.write("results", results);
        desk.write("results.journal", journal);
        if let Some(beside) = beside {
            desk.write("results.ordered", beside);
        }
        desk.run(&server.url(""), &["--ordered"]).check(0, &["6 of them before"]);
        assert_eq!((desk.read("results"), desk.read("results.journal")), (ordered.clone(), entered.clone()));
        assert_eq!(desk.files(), ["list", "results", "results.journal"]);
    }
    assert_eq!(server.received().len(), 6);
}

#[test]
fn a_list_or_flags_that_were_changed_are_refused() {
    let (simulation, desk) = done();
    let base = simulation.base();
    desk.run(&base, &["--idempotency"]).check(2, &["begun without --idempotency"]);
    desk.run("http://127.0.0.1:1", &[]).check(2, &["--base-url was", "results.journal doesn't belong"]);
    desk.write("list", &posts(21));
    desk.run(&base, &[]).check(2, &["the list isn't the one that was begun with: it had 20 items"]);
    assert_eq!(simulation.total("calls"), 20);
}

#[test]
fn an_output_that_was_cut_or_written_to_is_refused() {
    let (simulation, desk) = done();
    let results = desk.read("results");
    cut(&desk, "results", 30);
    desk.run(&simulation.base(), &[]).check(2, &["results has", "but its journal says"]);
    desk.write("results", &format!("{results}hello\n"));
    desk.run(&simulation.base(), &[]).check(2, &["is no result"]);
    desk.write("results", &format!("{results}{{\"id\":\"stranger\"}}\n"));
    desk.run(&simulation.base(), &[]).check(2, &["\"stranger\" that isn't ours"]);
    assert_eq!(simulation.total("calls"), 20);
}

#[test]
fn a_damaged_journal_is_refused() {
    let (simulation, desk) = done();
    let journal = desk.read("results.journal");
    desk.write("results.journal", &journal.replacen("\ns ", "\nn ", 1));
    desk.run(&simulation.base(), &[]).check(2, &["is damaged at line 2"]);
    assert_eq!(simulation.total("calls"), 20);
}

#[test]
fn two_runs_on_one_journal_are_locked_out() {
    let desk = Desk::new("{\"path\":\"/\"}\n");
    let journal = File::create(desk.path("results.journal")).unwrap();
    journal.lock().unwrap();
    desk.run("http://127.0.0.1:9", &[])
        .check(2, &["another run of tidegate batch is at work on results.journal"]);
}

#[test]
fn without_a_network_it_ends_and_goes_on_later() {
    let desk = Desk::new("{\"path\":\"/a\",\"method\":\"POST\"}\n");
    let address = format!("127.0.0.1:{}", closed_port());
    let ended = desk.run(&format!("http://{address}"), &["--unreachable", "0s"]);
    ended.check(4, &["connection refused", "not done: 1; resume with: "]);
    assert_eq!(desk.read("results"), "");
    assert!(
        desk.read("results.journal").contains("\nn 1 "),
        "it never left: {}",
        desk.read("results.journal")
    );
}

#[test]
fn the_list_must_stay_the_same_while_it_is_worked_on() {
    let folder = Desk::new("{\"path\":\"/0\"}\n{\"path\":\"/1\"}\n{\"path\":\"/2\"}\n{\"path\":\"/3\"}\n");
    let list = folder.path("list");
    let server = Server::new(move |number, _| {
        if number == 0 {
            std::fs::write(&list, "{\"path\":\"/x\"}\n").unwrap();
        }
        ok("1")
    });
    folder
        .run(&server.url(""), &["--concurrency", "1"])
        .check(1, &["list was changed while it was worked on"]);
}
