//! What stands in the file with its place: a text that means something, a number, one or a list. Never here: meanings.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::fault::{Fault, Faults};

/// What a text of the file can mean.
pub(crate) trait Readable: Sized {
    /// Its name in the schema.
    const NAME: &'static str;
    /// What is expected, with an example.
    const EXPECTED: &'static str;

    /// Reads it.
    fn read(text: &str) -> Result<Self, Misread>;
}

/// Why a text doesn't mean what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misread {
    /// The byte at which it goes wrong, if one is known.
    pub(crate) at: Option<usize>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Misread {
    pub(crate) fn new(message: impl fmt::Display) -> Misread {
        Misread { at: None, message: message.to_string(), hint: None }
    }

    /// Goes wrong at a byte.
    pub(crate) fn at(self, at: usize) -> Misread {
        Misread { at: Some(at), ..self }
    }

    /// Adds what to do now.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Misread {
        Misread { hint: Some(hint.into()), ..self }
    }
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) span: Range<usize>,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Placed<T>, D::Error> {
        let spanned = Spanned::<T>::deserialize(from)?;
        let span = spanned.span();
        Ok(Placed { value: spanned.into_inner(), span })
    }
}

impl<T: JsonSchema> JsonSchema for Placed<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A text that means a `T`, and its place.
#[derive(Clone, Debug)]
pub(crate) struct Written<T> {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
    means: PhantomData<T>,
}

impl<T: Readable> Written<T> {
    fn new(text: String, span: Range<usize>) -> Written<T> {
        Written { text, span, means: PhantomData }
    }

    /// What it means; a fault if it means nothing.
    pub(crate) fn read(&self, faults: &mut Faults) -> Option<T> {
        let Misread { at, message, hint } = match T::read(&self.text) {
            Ok(value) => return Some(value),
            Err(misread) => misread,
        };
        let span = at.and_then(|at| self.place_of(at)).unwrap_or(self.span.clone());
        faults.add(Fault { span, message, hint });
        None
    }

    /// Where a byte of the text stands in the file; `None` if there are codes in it that move it.
    fn place_of(&self, at: usize) -> Option<Range<usize>> {
        let is_plain = self.span.len() == self.text.len() + 2;
        let start = self.span.start + 1 + at;
        is_plain.then(|| start..(self.span.end - 1).max(start))
    }
}

impl<'de, T: Readable> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Written<T>, D::Error> {
        let spanned = Spanned::<Text<T>>::deserialize(from)?;
        let span = spanned.span();
        Ok(Written::new(spanned.into_inner().0, span))
    }
}

impl<T: Readable> JsonSchema for Written<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": T::EXPECTED })
    }
}

/// A text without its place.
struct Text<T>(String, PhantomData<T>);

impl<'de, T: Readable> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Text<T>, D::Error> {
        from.deserialize_any(OneText(PhantomData))
    }
}

struct OneText<T>(PhantomData<T>);

impl<T: Readable> Visitor<'_> for OneText<T> {
    type Value = Text<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<T>, E> {
        Ok(Text(text.to_owned(), PhantomData))
    }
}

/// One text that means a `T`, or a list of them.
#[derive(Clone, Debug)]
pub(crate) struct List<T> {
    pub(crate) items: Vec<Written<T>>,
    pub(crate) span: Range<usize>,
}

impl<T: Readable> List<T> {
    /// What they mean, those that mean something.
    pub(crate) fn read(&self, faults: &mut Faults) -> Vec<T> {
        self.items.iter().filter_map(|item| item.read(faults)).collect()
    }
}

impl<'de, T: Readable> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<List<T>, D::Error> {
        let spanned = Spanned::<OneOrMany<T>>::deserialize(from)?;
        let span = spanned.span();
        let items = match spanned.into_inner() {
            OneOrMany::One(text) => vec![Written::new(text, span.clone())],
            OneOrMany::Many(items) => items,
        };
        Ok(List { items, span })
    }
}

impl<T: Readable> JsonSchema for List<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}-list", T::NAME).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<Written<T>>();
        let description = format!("{}; or a list of such", T::EXPECTED);
        json_schema!({ "description": description, "anyOf": [one, { "type": "array", "items": one }] })
    }
}

enum OneOrMany<T> {
    One(String),
    Many(Vec<Written<T>>),
}

impl<'de, T: Readable> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<OneOrMany<T>, D::Error> {
        from.deserialize_any(Texts(PhantomData))
    }
}

struct Texts<T>(PhantomData<T>);

impl<'de, T: Readable> Visitor<'de> for Texts<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E>(self, text: &str) -> Result<OneOrMany<T>, E> {
        Ok(OneOrMany::One(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OneOrMany<T>, A::Error> {
        let mut many = Vec::new();
        while let Some(item) = items.next_element()? {
            many.push(item);
        }
        Ok(OneOrMany::Many(many))
    }
}

/// What is written means, or what holds where nothing is written.
pub(crate) fn read_or<T: Readable>(written: Option<&Written<T>>, faults: &mut Faults, otherwise: T) -> T {
    written.and_then(|written| written.read(faults)).unwrap_or(otherwise)
}

/// What must be written, or a fault of its table.
pub(crate) fn needed<'w, T: Readable>(
    written: Option<&'w Written<T>>,
    faults: &mut Faults,
    table: &Range<usize>,
    message: &str,
) -> Option<&'w Written<T>> {
    if written.is_none() {
        faults.missing(table.clone(), message);
    }
    written
}

/// The word chosen, or the usual one.
pub(crate) fn chosen<W: Copy + Into<M>, M: Default>(word: Option<&Placed<W>>) -> M {
    word.map_or_else(M::default, |word| word.value.into())
}

/// A fault at a place that has one.
impl<T> Placed<T> {
    pub(crate) fn fault(&self, message: impl fmt::Display) -> Fault {
        Fault::new(self.span.clone(), message)
    }
}
