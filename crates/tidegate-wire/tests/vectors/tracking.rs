//! `vectors/tracking.json`.

use tidegate_wire::tracking::{TrackingId, is_well_formed};

use super::{run, same, text};

#[test]
fn every_tracking_id_is_judged_as_the_table_says() {
    run(include_str!("../../../../vectors/tracking.json"), 15, |case| {
        let value = text(&case["value"]);
        let well_formed = case["expect"]["well_formed"] == true;
        same("well_formed", is_well_formed(value.as_bytes()), well_formed)?;
        let kept = TrackingId::read(value.as_bytes());
        same("what is kept", kept.as_ref().map(TrackingId::as_str), well_formed.then_some(value))
    });
}
