//! A path with places in it, as `/v1/rooms/{id}/messages`: read from text. Never here: a path of a request.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

/// How many segments a template may have.
const MOST_SEGMENTS: usize = 64;

/// A path with places in it: `/v1/rooms/{id}/messages`, `/v1/rooms/{*rest}`.
///
/// `{id}` stands for one segment, whatever is in it. `{*rest}` stands for all that follows, be it nothing: a limit
/// on `/v1/rooms/{*rest}` falls on `/v1/rooms` too. What else is in a template stands for itself, in whatever
/// spelling a request has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    text: String,
    pub(super) segments: Vec<Segment>,
    pub(super) ends_in_slash: bool,
}

/// One segment of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Name(String),
    Place(String),
    Rest(String),
}

impl Template {
    /// Whether a path fits, as it is spelled; slashes at the end make no other path.
    pub fn fits(&self, path: &str) -> bool {
        let path = path.trim_matches('/');
        let mut parts = path.split('/').filter(|_| !path.is_empty());
        for segment in &self.segments {
            match (segment, parts.next()) {
                (Segment::Rest(_), _) => return true,
                (Segment::Name(name), Some(part)) if name == part => {}
                (Segment::Place(_), Some(_)) => {}
                _ => return false,
            }
        }
        parts.next().is_none()
    }

    /// The number of the segment that a place with this name stands for, and whether for all that follow as well.
    pub(super) fn place(&self, wanted: &str) -> Option<(usize, Extent)> {
        self.segments.iter().enumerate().find_map(|(at, segment)| match segment {
            Segment::Place(name) if name == wanted => Some((at, Extent::One)),
            Segment::Rest(name) if name == wanted => Some((at, Extent::Rest)),
            _ => None,
        })
    }
}

/// How many segments a place stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    One,
    Rest,
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a text is no template, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    text: String,
    column: usize,
    wrong: &'static str,
}

impl TemplateError {
    /// The character at which the text goes wrong, counted from 1.
    pub fn column(&self) -> usize {
        self.column
    }
}

impl Error for TemplateError {}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TemplateError { text, column, wrong } = self;
        write!(f, "`{text}` is no path template, at column {column}: {wrong}")
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Template, TemplateError> {
        let fault = |at: usize, wrong| {
            let column = text[..at].chars().count() + 1;
            TemplateError { text: text.to_owned(), column, wrong }
        };
        let Some(inner) = text.strip_prefix('/') else {
            return Err(fault(0, "it must begin with /"));
        };
        let (mut segments, mut at) = (Vec::new(), 1);
        let ends_in_slash = inner.is_empty() || inner.ends_with('/');
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        for part in inner.split('/').filter(|_| !inner.is_empty()) {
            let segment = read_segment(part).map_err(|(within, wrong)| fault(at + within, wrong))?;
            if let Some(Segment::Rest(_)) = segments.last() {
                return Err(fault(at - 1, "nothing can follow {*name}: it stands for all the rest"));
            }
            if segment.place().is_some_and(|name| segments.iter().any(|other| other.place() == Some(name))) {
                return Err(fault(at, "there is a place of this name already: give each its own"));
            }
            if segments.len() == MOST_SEGMENTS {
                return Err(fault(at, "it has more than 64 segments"));
            }
            segments.push(segment);
            at += part.len() + 1;
        }
        if let (Some(Segment::Rest(_)), true) = (segments.last(), ends_in_slash) {
            return Err(fault(text.len() - 1, "nothing can follow {*name}: it stands for all the rest"));
        }
        Ok(Template { text: text.to_owned(), segments, ends_in_slash })
    }
}

impl Segment {
    fn place(&self) -> Option<&str> {
        match self {
            Segment::Name(_) => None,
            Segment::Place(name) | Segment::Rest(name) => Some(name),
        }
    }
}

/// Reads one segment; what is wrong is told with the byte in it.
fn read_segment(part: &str) -> Result<Segment, (usize, &'static str)> {
    if part.is_empty() {
        return Err((0, "there is nothing between two slashes: no request's path has that"));
    }
    if part == "*" || part == "**" || part.starts_with(':') {
        let wrong =
            "a place is {name} for one segment, {*name} for all the rest; if * or : is meant, code it";
        return Err((0, wrong));
    }
    let Some(inside) = part.strip_prefix('{') else {
        let odd = "a place must be a whole segment: write /{name}/";
        return match part.find(['{', '}', '?', '#']) {
            Some(at) if matches!(part.as_bytes()[at], b'?' | b'#') => {
                Err((at, "a path ends before ? and #: match the query with a condition"))
            }
            Some(at) => Err((at, odd)),
            None => Ok(Segment::Name(part.to_owned())),
        };
    };
    let Some(end) = inside.find('}') else { return Err((0, "this { isn't closed")) };
    if end + 1 < inside.len() {
        return Err((end + 2, "a place must be a whole segment: write /{name}/"));
    }
    let (name, start) = match inside[..end].strip_prefix('*') {
        Some(name) => (name, 2),
        None => (&inside[..end], 1),
    };
    if name.is_empty() {
        return Err((start, "the place needs a name, as in {id}"));
    }
    if let Some(at) = name.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')) {
        return Err((start + at, "a place's name has letters, digits and _ only"));
    }
    let name = name.to_owned();
    Ok(if start == 2 { Segment::Rest(name) } else { Segment::Place(name) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_refused(text: &str, column: usize, part: &str) {
        let error = text.parse::<Template>().unwrap_err();
        assert_eq!(error.column(), column, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }

    #[test]
    fn a_template_has_names_and_places() {
        let template: Template = "/v1/rooms/{id}/{*rest}".parse().unwrap();
        assert_eq!(template.place("id"), Some((2, Extent::One)));
        assert_eq!(template.place("rest"), Some((3, Extent::Rest)));
        assert_eq!(template.place("rooms"), None);
        assert_eq!(template.to_string(), "/v1/rooms/{id}/{*rest}");
        assert!("/".parse::<Template>().unwrap().segments.is_empty());
        assert_eq!("/a/".parse::<Template>().unwrap().segments.len(), 1);
    }

    #[test]
    fn what_is_no_template_is_refused_where_it_goes_wrong() {
        check_refused("", 1, "begin with /");
        check_refused("v1/rooms", 1, "begin with /");
        check_refused("/v1//rooms", 5, "between two slashes");
        check_refused("/v1/*", 5, "{*name}");
        check_refused("/v1/:id", 5, "{name}");
        check_refused("/v1/{id", 5, "isn't closed");
        check_refused("/v1/{}", 6, "needs a name");
        check_refused("/v1/{*}", 7, "needs a name");
        check_refused("/v1/{a-b}", 7, "letters, digits");
        check_refused("/v1/x{id}", 6, "whole segment");
        check_refused("/v1/{id}x", 9, "whole segment");
        check_refused("/ü/{id}/{id}", 9, "of this name");
        check_refused("/v1/{*rest}/x", 12, "all the rest");
        check_refused("/v1/{*rest}/", 12, "all the rest");
        check_refused("/v1?max=5", 4, "query");
        check_refused(&"/a".repeat(65), 130, "64 segments");
    }
}
