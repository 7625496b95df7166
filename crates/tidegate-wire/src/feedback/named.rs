//! What an answer has of the places that a row names, and whether it can be read. Never here: what it means.

use http::{HeaderMap, StatusCode};
use tidegate_core::Time;

use super::answer::{Answer, part};
use crate::dialect::{Dialect, Part, Place, Source, Test, Window};
use crate::octets::trim;
use crate::value;

/// A place that a row names, and that an answer fills.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Named {
    /// The field's name in lower case, or `body:/path`, as the row writes it.
    pub place: String,
    /// As what it is read: `a count`, `ms`, `epoch`, ...
    pub format: String,
    /// Whether any of the values there can be read so.
    pub is_readable: bool,
}

/// As what a value is read.
#[derive(Clone, Copy)]
enum Role {
    Count,
    Ratio,
    Share,
    Wait,
    Text,
}

impl Role {
    fn format(self, source: &Source) -> String {
        match self {
            Role::Count => "a count".into(),
            Role::Ratio => "a ratio".into(),
            Role::Share => "a share".into(),
            Role::Wait => source.format.to_string(),
            Role::Text => "text".into(),
        }
    }

    fn reads(self, source: &Source, value: &[u8], answer: &Answer<'_>) -> bool {
        match self {
            Role::Count => value::count(value).is_some(),
            Role::Ratio => value::ratio(value).is_some(),
            Role::Share => value::share(value).is_some(),
            Role::Wait => answer.reads_wait(value, source.format),
            Role::Text => true,
        }
    }
}

/// The places that the row names and the answer fills, each once for each format, in the row's order: the
/// windows, the waits, what the limit counts by, and the conditions of the rules for this status.
///
/// Of a body longer than 64 KiB nothing is found. `now` is the time since the Unix epoch.
pub fn named(
    dialect: &Dialect,
    status: StatusCode,
    headers: &HeaderMap,
    body: Option<&[u8]>,
    now: Time,
) -> Vec<Named> {
    let answer = Answer::new(status, headers, body, now);
    let mut found: Vec<Named> = Vec::new();
    for (source, role) in sources(dialect, status) {
        let mut readable = Vec::new();
        answer.visit(source, |value, _| {
            if let Some(value) = part(source, trim(value), None) {
                readable.push(role.reads(source, value, &answer));
            }
        });
        let named = Named {
            place: source.place.to_string(),
            format: role.format(source),
            is_readable: readable.contains(&true),
        };
        let is_known = |known: &Named| known.place == named.place && known.format == named.format;
        if !readable.is_empty() && !found.iter().any(is_known) {
            found.push(named);
        }
    }
    found
}

fn sources(dialect: &Dialect, status: StatusCode) -> Vec<(&Source, Role)> {
    let labels = dialect.rules.iter().filter_map(|rule| rule.scope.as_ref()).chain([&dialect.scope]);
    let told = labels.flat_map(|label| &label.0).filter_map(|part| match part {
        Part::Told(source) => Some((source, Role::Text)),
        Part::Text(_) | Part::Policy | Part::Window => None,
    });
    let rules = dialect.rules.iter().filter(|rule| rule.statuses.has(status));
    let conditions = rules.flat_map(|rule| &rule.when).filter(|condition| condition.test != Test::Absent);
    let all = dialect
        .windows
        .iter()
        .flat_map(of_window)
        .chain(dialect.waits.iter().map(|source| (source, Role::Wait)))
        .chain(told)
        .chain(conditions.map(|condition| (&condition.source, Role::Text)));
    all.filter(|(source, _)| !matches!(source.place, Place::Known(_) | Place::Body)).collect()
}

fn of_window(window: &Window) -> impl Iterator<Item = (&Source, Role)> {
    let Window { limit, remaining, used, ratio, share, reset, window, needs, refill, .. } = window;
    [
        (limit, Role::Count),
        (remaining, Role::Count),
        (used, Role::Count),
        (ratio, Role::Ratio),
        (share, Role::Share),
        (reset, Role::Wait),
        (window, Role::Wait),
        (needs, Role::Count),
        (refill, Role::Count),
    ]
    .into_iter()
    .flat_map(|(sources, role)| sources.iter().map(move |source| (source, role)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Table;
    use http::{HeaderName, HeaderValue};

    const ROWS: &str = "
        [[dialect]]
        name = 'mine'
        rules = [{ status = [429], when = ['x-why = rate'], is = 'limited' }, { status = [503], when = ['x-busy'], is = 'limited' }]
        windows = [{ limit = 'x-limit', remaining = 'x-left', reset = 'x-reset as epoch', window = 'x-limit[w]' }]
        waits = ['x-wait as ms', 'body:/wait']
        scope = '{x-bucket}'
        source = 'here'
    ";

    #[track_caller]
    fn check(fields: &[(&'static str, &'static str)], body: &str, found: &[(&str, &str, bool)]) {
        let table = Table::built_in().extended(ROWS).expect("sound rows");
        let field = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let headers = fields.iter().map(field).collect();
        let dialect = table.named("mine").expect("added");
        let (status, now) = (StatusCode::TOO_MANY_REQUESTS, Time::from_secs(1_700_000_000));
        let named = named(&dialect, status, &headers, Some(body.as_bytes()), now);
        let named: Vec<_> =
            named.iter().map(|named| (&*named.place, &*named.format, named.is_readable)).collect();
        assert_eq!(named, found);
    }

    #[test]
    fn what_a_row_names_is_found_and_what_cannot_be_read_is_known() {
        let fields =
            [("x-limit", "10;w=60"), ("x-left", "some"), ("x-reset", "1700000030"), ("x-wait", "soon")];
        let found = [
            ("x-limit", "a count", true),
            ("x-left", "a count", false),
            ("x-reset", "epoch", true),
            ("x-limit", "seconds", true),
            ("x-wait", "ms", false),
            ("body:/wait", "seconds", true),
        ];
        check(&fields, "{\"wait\": 5}", &found);
    }

    #[test]
    fn what_is_not_there_is_not_listed() {
        check(&[("x-other", "1"), ("x-busy", "1")], "", &[]);
        check(
            &[("x-why", "rate"), ("x-bucket", "a")],
            "{",
            &[("x-bucket", "text", true), ("x-why", "text", true)],
        );
        check(&[("x-limit", "10")], "", &[("x-limit", "a count", true)]);
    }
}
