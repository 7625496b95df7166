//! What the upstream calls the bucket of each route. Never here: what is guessed from refusals.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_core::Time;

use super::Route;

/// How many routes are remembered: about twice the buckets that a layer has by default. Of more, the half that was
/// heard of longest ago is forgotten, and named anew by its next answer.
const MOST: usize = 20_000;

/// The names, and the waits that were told with them.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<Route, Entry>);

#[derive(Debug, Default)]
struct Entry {
    name: Option<Arc<str>>,
    /// Another name that the last answer gave. A second one in a row takes over: where several limits apply, answers
    /// may name now this and now that, and the route is not to move to and fro.
    rival: Option<Arc<str>>,
    told: Time,
    heard: Time,
}

impl Names {
    pub(super) fn of(&self, route: &Route) -> Option<&str> {
        self.0.get(route)?.name.as_deref()
    }

    /// Until when the route was told to wait.
    pub(super) fn told(&self, route: &Route) -> Option<Time> {
        self.0.get(route).map(|entry| entry.told)
    }

    /// An answer came; says whether it gives the route a new name. A wait is remembered, and that nothing is left as
    /// far as the new name goes.
    pub(super) fn hear(
        &mut self,
        route: &Route,
        name: Option<&str>,
        closed: Option<Time>,
        empty: Option<Time>,
        now: Time,
    ) -> bool {
        if name.is_none() && closed.is_none() && !self.0.contains_key(route) {
            return false;
        }
        if self.0.len() >= MOST && !self.0.contains_key(route) {
            self.forget();
        }
        let entry = self.0.entry(route.clone()).or_default();
        entry.heard = now;
        entry.told = entry.told.max(closed.unwrap_or_default());
        let is_new = name.is_some_and(|name| entry.is_renamed(name));
        if is_new {
            entry.told = entry.told.max(empty.unwrap_or_default());
        }
        is_new
    }

    /// Forgets the routes of an origin.
    pub(super) fn forget_origin(&mut self, origin: &str) {
        self.0.retain(|route, _| route.home.name.origin() != origin);
    }

    fn forget(&mut self) {
        let mut heard: Vec<Time> = self.0.values().map(|entry| entry.heard).collect();
        let middle = heard.len() / 2;
        let (_, &mut middle, _) = heard.select_nth_unstable(middle);
        self.0.retain(|_, entry| entry.heard > middle);
    }
}

impl Entry {
    fn is_renamed(&mut self, name: &str) -> bool {
        let is = |known: &Option<Arc<str>>| known.as_deref() == Some(name);
        if is(&self.name) {
            self.rival = None;
            return false;
        }
        if self.name.is_none() || is(&self.rival) {
            (self.name, self.rival) = (Some(name.into()), None);
            return true;
        }
        self.rival = Some(name.into());
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;

    fn route(path: &str) -> Route {
        let (parts, ()) = http::Request::new(()).into_parts();
        Route::new(Key::new(&parts, path), &parts.method)
    }

    #[test]
    fn a_first_name_counts_at_once_and_another_when_it_is_said_twice() {
        let mut names = Names::default();
        let now = Time::from_secs(1);
        let mut hear = |name| {
            let is_new = names.hear(&route("/a"), Some(name), None, None, now);
            (is_new, names.of(&route("/a")).unwrap_or_default().to_owned())
        };
        assert_eq!(hear("core"), (true, "core".into()));
        assert_eq!(hear("search"), (false, "core".into()));
        assert_eq!(hear("core"), (false, "core".into()), "it was an exception");
        assert_eq!(hear("search"), (false, "core".into()));
        assert_eq!(hear("search"), (true, "search".into()));
    }

    #[test]
    fn what_was_told_goes_with_the_route() {
        let (mut names, until) = (Names::default(), Time::from_secs(60));
        names.hear(&route("/a"), None, Some(until), None, Time::from_secs(1));
        assert_eq!(names.told(&route("/a")), Some(until));
        names.hear(&route("/a"), Some("core"), None, Some(until.later(until.since(Time::ZERO))), Time::ZERO);
        assert_eq!(names.told(&route("/a")), Some(Time::from_secs(120)), "nothing is left there");
        names.hear(&route("/a"), Some("core"), None, Some(Time::MAX), Time::ZERO);
        assert_eq!(names.told(&route("/a")), Some(Time::from_secs(120)), "the bucket knows that by itself");
    }

    #[test]
    fn of_too_many_the_older_half_is_forgotten() {
        let mut names = Names::default();
        for number in 0..=MOST {
            let now = Time::from_secs(number as u64);
            names.hear(&route(&format!("/{number}")), Some("core"), None, None, now);
        }
        assert!(names.0.len() <= MOST / 2 + 1, "{}", names.0.len());
        assert_eq!(names.of(&route("/0")), None);
        assert_eq!(names.of(&route(&format!("/{MOST}"))), Some("core"));
    }
}
