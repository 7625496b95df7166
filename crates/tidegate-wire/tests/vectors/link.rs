//! `vectors/link.json`.

use tidegate_wire::link;

use super::{lines, run, same};

#[test]
fn the_next_page_is_found_as_the_table_says() {
    run(include_str!("../../../../vectors/link.json"), 27, |case| {
        same("next", link::next(lines(&case["header_values"])), case["expect"]["next"].as_str())
    });
}
