//! What requests cost, as the library takes it. Never here: a request.

use std::num::NonZeroU64;

use http::Method;
use tidegate::classify::{self, Amount, Condition, CostRow, Measured, Methods};

use super::super::file::cost::{self as file, Cost, Row};
use super::super::kinds::{OnHeader, OnQuery};
use crate::toml_file::sizes::Bytes;
use crate::toml_file::written::{List, Placed, needed};
use crate::toml_file::{Fault, Faults};

pub(super) fn read(written: &Cost, faults: &mut Faults) -> classify::Cost {
    match written {
        Cost::Units(units) => classify::Cost::units(*units),
        Cost::Rows(written) => classify::Cost { rows: rows(written, faults), ..classify::Cost::default() },
        Cost::Table(table) => {
            let otherwise = table.otherwise.as_ref().map(|amount| self::amount(amount, faults));
            classify::Cost {
                otherwise: otherwise.unwrap_or(Amount::Units(1)),
                rows: rows(&table.rows, faults),
                measured: measured(table, faults),
            }
        }
    }
}

fn measured(table: &file::Table, faults: &mut Faults) -> Option<Measured> {
    let header = table.from_header.as_ref().and_then(|header| header.read(faults)).map(Measured::Header);
    let unit = table.from_time.as_ref().and_then(|time| Some((time, time.read(faults)?)));
    if let (Some(_), Some(time)) = (&table.from_header, &table.from_time) {
        let message = "the true cost is told by a header or by time, not both: leave one out";
        faults.add(Fault::new(time.span.clone(), message));
    }
    if let Some((written, _)) = unit.filter(|(_, unit)| unit.is_zero()) {
        faults.add(Fault::new(
            written.span.clone(),
            "a unit of no time would cost without end: name a longer one",
        ));
    }
    header.or(unit.map(|(_, unit)| Measured::Took { unit }))
}

fn rows(written: &[Placed<Row>], faults: &mut Faults) -> Vec<CostRow> {
    written.iter().filter_map(|row| self::row(row, faults)).collect()
}

fn row(written: &Placed<Row>, faults: &mut Faults) -> Option<CostRow> {
    let row = &written.value;
    let mut when = Vec::new();
    when.extend(row.method.as_ref().map(|list| methods(list, faults)));
    if let Some(list) = &row.header {
        when.extend(list.read(faults).into_iter().map(|OnHeader(condition)| condition));
    }
    if let Some(list) = &row.query {
        when.extend(list.read(faults).into_iter().map(|OnQuery(condition)| condition));
    }
    when.extend(row.address.as_ref().map(|list| Condition::Client(list.read(faults))));
    let says = row.method.is_some() || row.header.is_some() || row.query.is_some() || row.address.is_some();
    if !says {
        let message = "the row doesn't say which requests: give it `query`, `header`, `method` or `address`";
        faults.missing(written.span.clone(), message);
    }
    let Some(is) = &row.is else {
        faults.missing(written.span.clone(), "the row doesn't say what such a request costs: is = 5");
        return None;
    };
    Some(CostRow { when, is: amount(is, faults) })
}

fn amount(written: &Placed<file::Amount>, faults: &mut Faults) -> Amount {
    let body = match &written.value {
        file::Amount::Units(units) => return Amount::Units(*units),
        file::Amount::Body(body) => body,
    };
    let message = "a cost by body needs `body-per-unit`, such as \"64 KiB\"";
    let per_unit = needed(body.body_per_unit.as_ref(), faults, &written.span, message);
    let read = per_unit.and_then(|size| size.read(faults));
    let bytes = read.and_then(|Bytes(bytes)| NonZeroU64::new(bytes));
    if let (Some(written), Some(_), None) = (per_unit, read, bytes) {
        faults.add(Fault::new(written.span.clone(), "a unit of no bytes would cost without end: name more"));
    }
    Amount::Body { bytes: bytes.unwrap_or(NonZeroU64::MIN), untold: body.untold.unwrap_or(1) }
}

/// A condition on the method.
pub(super) fn methods(list: &List<Method>, faults: &mut Faults) -> Condition {
    Condition::Method(Methods::of(list.read(faults)))
}
