//! One page of a list: which part is asked for, and where the next one is. Never here: what the list holds.

use std::ops::Range;

/// How many entries a page of one kind of list may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) unasked: usize,
    pub(super) most: usize,
}

/// A part of a list, as a query asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    from: usize,
    max: usize,
}

impl Page {
    /// Reads `max` and `cursor`. What is wrong with them is said in words for the answer's body.
    pub(super) fn read(query: &str, sizes: Sizes) -> Result<Page, String> {
        let max = match value(query, "max") {
            None => sizes.unasked,
            Some(text) => text
                .parse()
                .ok()
                .filter(|max| (1..=sizes.most).contains(max))
                .ok_or_else(|| format!("max must be a number from 1 to {}", sizes.most))?,
        };
        let from = match value(query, "cursor") {
            None => 0,
            Some(cursor) => read_cursor(cursor)
                .ok_or("this cursor is not one that a Link header gave; start without a cursor")?,
        };
        Ok(Page { from, max })
    }

    /// The entries of this page in a list of `total`.
    pub(super) fn range(self, total: usize) -> Range<usize> {
        let from = self.from.min(total);
        from..from.saturating_add(self.max).min(total)
    }

    /// The query of the page after this one, if there is one.
    pub(super) fn next(self, total: usize) -> Option<String> {
        let end = self.range(total).end;
        (end < total).then(|| format!("max={}&cursor={CURSOR}{end:x}", self.max))
    }
}

/// What cursors begin with, so that a made-up one is told from a given one.
const CURSOR: &str = "after-";

fn read_cursor(cursor: &str) -> Option<usize> {
    let digits = cursor.strip_prefix(CURSOR).filter(|digits| !digits.starts_with('+'))?;
    usize::from_str_radix(digits, 16).ok()
}

/// The first value that a query gives to `name`, as it was written.
pub(super) fn value<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes { unasked: 100, most: 1000 };

    #[test]
    fn following_next_meets_every_entry_once() {
        for (total, max) in [(0, 10), (1, 10), (10, 10), (11, 10), (95, 7)] {
            let (mut query, mut met) = (Some(format!("max={max}")), Vec::new());
            while let Some(asked) = query {
                let page = Page::read(&asked, SIZES).unwrap();
                met.extend(page.range(total));
                query = page.next(total);
            }
            assert_eq!(met, (0..total).collect::<Vec<_>>(), "{total} entries by {max}");
        }
    }

    #[track_caller]
    fn check_refused(query: &str, part: &str) {
        let said = Page::read(query, SIZES).unwrap_err();
        assert!(said.contains(part), "{query}: {said}");
    }

    #[test]
    fn a_bad_page_is_refused_in_words() {
        check_refused("max=0", "from 1 to 1000");
        check_refused("max=1001", "from 1 to 1000");
        check_refused("max=ten", "from 1 to 1000");
        check_refused("cursor=7", "cursor");
        check_refused("cursor=after-+7", "cursor");
        check_refused("cursor=after-ffffffffffffffffff", "cursor");
    }

    #[test]
    fn a_cursor_beyond_the_end_gives_an_empty_page() {
        let page = Page::read("max=5&cursor=after-ffff", SIZES).unwrap();
        assert_eq!(page.range(10), 10..10);
        assert_eq!(page.next(10), None);
    }
}
