//! What an answer's limit counts by: a row's label, filled in. Never here: which row.

use super::answer::{Answer, Share, part};
use super::origin::{Origin, Told};
use super::seen::Seen;
use crate::categories;
use crate::dialect::{Dialect, Label, Part, Source};
use crate::octets::trim;
use crate::value::Format;

/// The longest label, in characters: labels end up in logs.
const LONGEST: usize = 128;

/// Fills in a label; `None` if nothing of it is told.
pub(super) fn render(
    label: &Label,
    answer: &Answer<'_>,
    lead: Option<&Seen>,
    violated: &[String],
) -> Option<Told<String>> {
    let parts: Vec<Told<String>> =
        label.0.iter().filter_map(|part| render_part(part, answer, lead, violated)).collect();
    // What the answer itself tells is the better witness.
    let told = parts.iter().find(|part| part.origin != Origin::Dialect).or(parts.first())?;
    let origin = told.origin.clone();
    let texts: Vec<&str> = parts.iter().map(|part| part.value.as_str()).collect();
    let text = texts.join(":").chars().filter(|char| !char.is_control()).take(LONGEST).collect();
    Some(Told::new(text, origin))
}

/// The name of the bucket, if the answer tells one.
pub(super) fn bucket(dialect: &Dialect, answer: &Answer<'_>) -> Option<String> {
    let name = answer.first(&dialect.bucket, &Share::Whole, |source, value| {
        let text = String::from_utf8_lossy(part(source, value, None)?).into_owned();
        let name: String = text.chars().filter(|char| !char.is_control()).take(LONGEST).collect();
        (!name.is_empty()).then_some(name)
    });
    name.map(|name| name.value)
}

fn render_part(
    part: &Part,
    answer: &Answer<'_>,
    lead: Option<&Seen>,
    violated: &[String],
) -> Option<Told<String>> {
    match part {
        Part::Text(text) => Some(Told::new(text.clone(), Origin::Dialect)),
        Part::Told(source) => told(source, answer),
        Part::Policy => match violated.first() {
            Some(name) => Some(Told::new(name.clone(), Origin::Body)),
            None => lead?.name.clone(),
        },
        Part::Window => lead.filter(|lead| lead.is_exhausted())?.name.clone(),
    }
}

fn told(source: &Source, answer: &Answer<'_>) -> Option<Told<String>> {
    let (mut lines, mut from) = (Vec::new(), None);
    answer.visit(source, |value, origin| {
        lines.extend(part(source, trim(value), None).map(<[u8]>::to_vec));
        from.get_or_insert(origin);
    });
    let text = match source.format {
        Format::Categories => categories::label(&categories::read(lines.iter().map(Vec::as_slice))),
        _ => lines.first().map(|line| String::from_utf8_lossy(line).into_owned()),
    };
    Some(Told::new(text.filter(|text| !text.is_empty())?, from?))
}
