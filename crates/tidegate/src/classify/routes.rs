//! All path templates of a policy in one tree, so that a request looks only at those it may fall under. Never
//! here: a method, a condition, a choice between two that fit.

use smallvec::SmallVec;

use crate::path::{Fault, Rules, Sameness, Target, Wrong};

use super::template::{Segment, Template};

/// The numbers of the templates that a path fits.
pub(super) type Rows = SmallVec<[u32; 16]>;

/// The templates, by segment. Each node is visited at most once per path, so no path costs more than the
/// policy is large.
#[derive(Clone, Debug)]
pub(super) struct Routes {
    nodes: Vec<Node>,
    anywhere: Vec<u32>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// The nodes behind names, sorted by name.
    names: Vec<(Box<[u8]>, usize)>,
    /// The node behind a place.
    place: Option<usize>,
    /// The rows whose template ends here.
    here: Vec<u32>,
    /// The rows that take all that is here or below.
    below: Vec<u32>,
}

impl Default for Routes {
    fn default() -> Routes {
        Routes { nodes: vec![Node::default()], anywhere: Vec::new() }
    }
}

impl Routes {
    /// Adds a row that fits any target, even `*`.
    pub(super) fn add_anywhere(&mut self, row: u32) {
        self.anywhere.push(row);
    }

    /// Adds a row that fits the template, whose names are spelled as the rules spell a request's.
    pub(super) fn add(&mut self, template: &Template, row: u32, rules: &Rules) -> Result<(), Fault> {
        let mut at = 0;
        for segment in &template.segments {
            at = match segment {
                Segment::Name(name) => {
                    let name = spelled(name, rules)?;
                    self.behind_name(at, &name)
                }
                Segment::Place(_) => self.behind_place(at),
                Segment::Rest(_) => {
                    self.nodes[at].below.push(row);
                    return Ok(());
                }
            };
        }
        let is_root = template.segments.is_empty();
        if template.ends_in_slash && !is_root && rules.trailing_slash == Sameness::Distinct {
            at = self.behind_name(at, "");
        }
        self.nodes[at].here.push(row);
        Ok(())
    }

    fn behind_name(&mut self, at: usize, name: &str) -> usize {
        let next = self.nodes.len();
        let (names, name) = (&mut self.nodes[at].names, name.as_bytes());
        match names.binary_search_by(|(other, _)| (**other).cmp(name)) {
            Ok(found) => names[found].1,
            Err(place) => {
                names.insert(place, (name.into(), next));
                self.nodes.push(Node::default());
                next
            }
        }
    }

    fn behind_place(&mut self, at: usize) -> usize {
        let next = self.nodes.len();
        if let Some(found) = self.nodes[at].place {
            return found;
        }
        self.nodes[at].place = Some(next);
        self.nodes.push(Node::default());
        next
    }

    /// The rows that a path fits, in their order.
    pub(super) fn fitting(&self, path: &str) -> Rows {
        let mut rows = Rows::new();
        push_all(&mut rows, &self.anywhere);
        match path.as_bytes() {
            b"/" => self.collect(0, b"", &mut rows),
            path @ [b'/', ..] => self.collect(0, path, &mut rows),
            _asterisk => {}
        }
        rows.sort_unstable();
        rows
    }

    /// Goes no deeper than the longest template.
    fn collect(&self, at: usize, rest: &[u8], rows: &mut Rows) {
        let node = &self.nodes[at];
        push_all(rows, &node.below);
        let Some((_slash, rest)) = rest.split_first() else {
            push_all(rows, &node.here);
            return;
        };
        let (segment, rest) = rest.split_at(rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len()));
        if let Ok(found) = node.names.binary_search_by(|(name, _)| (**name).cmp(segment)) {
            self.collect(node.names[found].1, rest, rows);
        }
        match node.place {
            Some(place) if !segment.is_empty() => self.collect(place, rest, rows),
            _ => {}
        }
    }
}

/// One at a time: most lists have one row or none, where copying a slice costs ten times as much.
fn push_all(rows: &mut Rows, more: &[u32]) {
    for &row in more {
        rows.push(row);
    }
}

/// A name of a template, as a request's path would have it.
fn spelled(name: &str, rules: &Rules) -> Result<String, Fault> {
    let path = format!("/{name}");
    let target = Target::of(path.as_bytes(), rules)?;
    match target.path().strip_prefix('/') {
        Some(name) if !name.is_empty() => Ok(name.to_owned()),
        // It was resolved away, as it would be in a request.
        _ => Err(Fault::new(Wrong::DotSegment, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(templates: &[&str], rules: &Rules) -> Routes {
        let mut routes = Routes::default();
        for (row, template) in (0..).zip(templates) {
            routes.add(&template.parse().unwrap(), row, rules).unwrap();
        }
        routes
    }

    #[track_caller]
    fn check(path: &str, fitting: &[&str]) {
        let templates =
            ["/{*all}", "/", "/v1/rooms", "/v1/rooms/{*rest}", "/v1/{kind}", "/{x}/rooms/{id}", "/caf%c3%a9"];
        let routes = routes(&templates, &Rules::default());
        let found: Vec<_> = routes.fitting(path).iter().map(|&row| templates[row as usize]).collect();
        assert_eq!(found, fitting, "{path}");
    }

    #[test]
    fn all_that_fit_are_found_and_in_their_order() {
        check("/", &["/{*all}", "/"]);
        check("/v1", &["/{*all}"]);
        check("/v1/rooms", &["/{*all}", "/v1/rooms", "/v1/rooms/{*rest}", "/v1/{kind}"]);
        check("/v1/rooms/7", &["/{*all}", "/v1/rooms/{*rest}", "/{x}/rooms/{id}"]);
        check("/v1/rooms/7/x", &["/{*all}", "/v1/rooms/{*rest}"]);
        check("/v1/people", &["/{*all}", "/v1/{kind}"]);
        check("/v1/roomsx", &["/{*all}", "/v1/{kind}"]);
        check("/caf%C3%A9", &["/{*all}", "/caf%c3%a9"]);
        check("*", &[]);
    }

    #[test]
    fn a_slash_at_the_end_counts_where_the_rules_say_so() {
        let rules = Rules { trailing_slash: Sameness::Distinct, ..Rules::default() };
        let routes = routes(&["/a", "/a/", "/a/{id}", "/a/{*rest}"], &rules);
        assert_eq!(routes.fitting("/a").as_slice(), [0, 3]);
        assert_eq!(routes.fitting("/a/").as_slice(), [1, 3]);
        assert_eq!(routes.fitting("/a/b").as_slice(), [2, 3]);
    }

    #[test]
    fn a_template_that_no_request_can_fit_is_refused() {
        let mut routes = Routes::default();
        for template in ["/a/..", "/.", "/a/%2e", "/a%2Fb", "/%zz", "/a\\b", "/a b", "/..;x"] {
            let refused = routes.add(&template.parse().unwrap(), 0, &Rules::default());
            assert!(refused.is_err(), "{template}");
        }
    }
}
