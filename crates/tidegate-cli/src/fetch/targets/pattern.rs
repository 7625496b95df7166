//! One URL with ranges in it: `{1..100}`, `{001..100..10}`, `{a,b}`. Never here: what makes a URL valid.

/// A text with places that take several values; the last place turns fastest.
#[derive(Debug)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Debug)]
enum Part {
    Text(String),
    Range { from: u64, to: u64, step: u64, width: usize },
    Choice(Vec<String>),
}

impl Pattern {
    /// A text that stands for itself alone.
    pub(super) fn literal(text: &str) -> Pattern {
        Pattern(vec![Part::Text(text.to_owned())])
    }

    /// Reads the ranges of a text; the error says what was expected.
    pub(super) fn read(text: &str) -> Result<Pattern, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let (before, braced) = rest.split_at(open);
            let inside = braced.strip_prefix('{').ok_or("a } that no { opened")?;
            let close = inside.find('}').ok_or("a { that no } closes")?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::read(&inside[..close])?);
            rest = &inside[close + 1..];
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Pattern(parts))
    }

    /// How many texts it stands for; `None` beyond counting.
    pub(super) fn count(&self) -> Option<u64> {
        self.0.iter().try_fold(1u64, |count, part| count.checked_mul(part.count()?))
    }

    /// The text with this number, counted from 0.
    pub(super) fn at(&self, mut index: u64) -> String {
        let mut texts = Vec::with_capacity(self.0.len());
        for part in self.0.iter().rev() {
            let count = part.count().unwrap_or(u64::MAX);
            texts.push(part.at(index % count));
            index /= count;
        }
        texts.into_iter().rev().collect()
    }
}

impl Part {
    fn read(inside: &str) -> Result<Part, String> {
        let expected =
            || format!("{{{inside}}} is neither a range such as {{1..100}} nor a list such as {{a,b}}");
        if inside.contains(',') {
            if inside.contains('{') {
                return Err("braces within braces".to_owned());
            }
            return Ok(Part::Choice(inside.split(',').map(str::to_owned).collect()));
        }
        let mut numbers = inside.split("..");
        let (Some(from), Some(to)) = (numbers.next(), numbers.next()) else { return Err(expected()) };
        let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => text.parse::<u64>().map_err(|_| expected()),
            false => Err(expected()),
        };
        let step = numbers.next().map_or(Ok(1), number)?;
        if step == 0 || numbers.next().is_some() {
            return Err(expected());
        }
        let padded = [from, to].into_iter().filter(|text| text.len() > 1 && text.starts_with('0'));
        let width = if padded.count() > 0 { from.len().max(to.len()) } else { 0 };
        Ok(Part::Range { from: number(from)?, to: number(to)?, step, width })
    }

    fn count(&self) -> Option<u64> {
        match self {
            Part::Text(_) => Some(1),
            Part::Choice(values) => Some(values.len() as u64),
            Part::Range { from, to, step, .. } => (from.abs_diff(*to) / step).checked_add(1),
        }
    }

    fn at(&self, index: u64) -> String {
        match self {
            Part::Text(text) => text.clone(),
            Part::Choice(values) => values[index as usize].clone(),
            Part::Range { from, to, step, width } => {
                let away = index * step;
                let value = if from <= to { from + away } else { from - away };
                format!("{value:0width$}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let pattern = Pattern::read(text).unwrap();
        let all: Vec<String> = (0..pattern.count().unwrap()).map(|index| pattern.at(index)).collect();
        assert_eq!(all, expected, "{text}");
    }

    #[test]
    fn ranges_and_lists_stand_for_several() {
        check("plain", &["plain"]);
        check("{1..3}", &["1", "2", "3"]);
        check("{3..1}", &["3", "2", "1"]);
        check("a{08..10}b", &["a08b", "a09b", "a10b"]);
        check("{0..10..5}", &["0", "5", "10"]);
        check("{x,,y}", &["x", "", "y"]);
        check("{a,b}/{1..2}", &["a/1", "a/2", "b/1", "b/2"]);
        check("{18446744073709551615..18446744073709551615}", &["18446744073709551615"]);
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in [
            "{",
            "}",
            "{id}",
            "{}",
            "{1..}",
            "{..}",
            "{a..b}",
            "{1..2..0}",
            "{1..2..3..4}",
            "{-1..3}",
            "{a,{b,c}}",
        ] {
            assert!(Pattern::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn more_than_can_be_counted_is_no_count() {
        assert_eq!(Pattern::read("{0..18446744073709551615}").unwrap().count(), None);
        assert_eq!(Pattern::read("{1..9999999999}{1..9999999999}").unwrap().count(), None);
    }
}
