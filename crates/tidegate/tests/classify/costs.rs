//! How many units a request takes.

use std::num::NonZeroU64;
use std::time::Duration;

use http::Method;
use tidegate::classify::{Amount, Condition, Cost, CostRow, Measured, Methods, Settled};

use crate::support::{Asked, ask, classifier, limit};

fn row(when: Vec<Condition>, is: u64) -> CostRow {
    CostRow { when, is: Amount::Units(is) }
}

fn query(text: &str) -> Condition {
    Condition::query(text).unwrap()
}

#[track_caller]
fn check(cost: &Cost, ask: Asked, units: u64, settled: Settled) {
    let mut it = limit("it", "", &["ip"]);
    it.cost = cost.clone();
    let charges = ask.classified(&classifier(vec![it])).unwrap();
    assert_eq!((charges[0].cost, charges[0].settled), (units, settled), "{ask:?}");
}

#[test]
fn the_dearest_row_that_holds_is_charged() {
    let rows = vec![
        row(vec![query("max > 100")], 5),
        row(vec![query("max > 1000")], 50),
        row(vec![Condition::Method(Methods::of([Method::HEAD]))], 0),
        row(vec![Condition::header("x-deep").unwrap(), query("deep = 1")], 7),
    ];
    let cost = Cost { otherwise: Amount::Units(2), rows, measured: None };
    check(&cost, ask("GET /"), 2, Settled::Now);
    check(&cost, ask("GET /?max=100"), 2, Settled::Now);
    check(&cost, ask("GET /?max=101"), 5, Settled::Now);
    check(&cost, ask("GET /?max=1e4"), 50, Settled::Now);
    check(&cost, ask("HEAD /"), 0, Settled::Now);
    check(&cost, ask("HEAD /?max=101"), 5, Settled::Now);
    check(&cost, ask("GET /?deep=1"), 2, Settled::Now);
    check(&cost, ask("GET /?deep=1").with("x-deep", ""), 7, Settled::Now);
}

#[test]
fn what_is_unclear_makes_dearer_and_never_cheaper() {
    let dearer = Cost { rows: vec![row(vec![query("max > 100")], 5)], ..Cost::default() };
    for line in ["GET /?max=1&max=500", "GET /?max=many", "GET /?max=", "GET /?max", "GET /?a=b;max=500"] {
        check(&dearer, ask(line), 5, Settled::Now);
    }
    for line in ["GET /?max[]=500", "GET /?max%5B0%5D=500", "GET /?+max=500"] {
        check(&dearer, ask(line), 5, Settled::Now);
    }
    let cheaper =
        Cost { otherwise: Amount::Units(5), rows: vec![row(vec![query("max <= 100")], 1)], measured: None };
    check(&cheaper, ask("GET /?max=5"), 1, Settled::Now);
    for line in ["GET /?max=1&max=500", "GET /?max=many", "GET /", "GET /?a;max=5", "GET /?max[]=5"] {
        check(&cheaper, ask(line), 5, Settled::Now);
    }
}

#[test]
fn a_body_costs_by_its_length() {
    let bytes = NonZeroU64::new(1000).unwrap();
    let cost = Cost { otherwise: Amount::Body { bytes, untold: 9 }, ..Cost::default() };
    let post = |length: &str| ask("POST /").with("content-length", length);
    check(&cost, post("0"), 1, Settled::Now);
    check(&cost, post("1000"), 1, Settled::Now);
    check(&cost, post("1001"), 2, Settled::Now);
    check(&cost, post("18446744073709551615"), 18_446_744_073_709_552, Settled::Now);
    check(&cost, ask("POST /"), 9, Settled::Later);
    for odd in ["18446744073709551616", "+5", "5, 5", "", "-1"] {
        check(&cost, post(odd), 9, Settled::Later);
    }
    check(&cost, post("5").with("content-length", "5"), 9, Settled::Later);
    check(&cost, post("5").with("transfer-encoding", "chunked"), 9, Settled::Later);
}

#[test]
fn a_cost_that_only_the_answer_tells_is_reserved() {
    let cost = Cost { measured: Some(Measured::Took { unit: Duration::from_millis(10) }), ..Cost::units(3) };
    check(&cost, ask("GET /"), 3, Settled::Later);
}
