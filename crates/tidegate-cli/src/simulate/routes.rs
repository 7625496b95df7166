//! Which addresses the played API has, and what each call there is about. Never here: an answer.

use http::Method;

/// A call that the played API, or its stats desk, knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Api(Endpoint),
    Stats,
    Reset,
}

/// A call of the API itself: it needs a token and falls under the limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    ListRooms,
    ListMessages,
    PostMessage,
    Person(String),
    /// Whatever arrives is told back.
    Echo,
}

/// Why a request leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Astray {
    NotFound,
    /// The path is right and the method isn't; these are.
    Method {
        allow: &'static str,
    },
}

pub(super) fn find(method: &Method, path: &str) -> Result<Route, Astray> {
    match (path, method.as_str()) {
        ("/v1/rooms", "GET") => Ok(Route::Api(Endpoint::ListRooms)),
        ("/v1/messages", "GET") => Ok(Route::Api(Endpoint::ListMessages)),
        ("/v1/messages", "POST") => Ok(Route::Api(Endpoint::PostMessage)),
        ("/_tidegate/stats", "GET") => Ok(Route::Stats),
        ("/_tidegate/reset", "POST") => Ok(Route::Reset),
        ("/v1/rooms" | "/_tidegate/stats", _) => Err(Astray::Method { allow: "GET" }),
        ("/v1/messages", _) => Err(Astray::Method { allow: "GET, POST" }),
        ("/_tidegate/reset", _) => Err(Astray::Method { allow: "POST" }),
        ("/v1/echo", _) => Ok(Route::Api(Endpoint::Echo)),
        _ if path.starts_with("/v1/echo/") => Ok(Route::Api(Endpoint::Echo)),
        _ => person(method, path),
    }
}

fn person(method: &Method, path: &str) -> Result<Route, Astray> {
    let id = path.strip_prefix("/v1/people/").filter(|id| !id.is_empty() && !id.contains('/'));
    match id {
        Some(id) if method == Method::GET => Ok(Route::Api(Endpoint::Person(id.to_owned()))),
        Some(_) => Err(Astray::Method { allow: "GET" }),
        None => Err(Astray::NotFound),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: Method, path: &str, found: Result<Route, Astray>) {
        assert_eq!(find(&method, path), found, "{method} {path}");
    }

    #[test]
    fn every_address_has_its_methods_and_others_are_astray() {
        check(Method::GET, "/v1/rooms", Ok(Route::Api(Endpoint::ListRooms)));
        check(Method::POST, "/v1/rooms", Err(Astray::Method { allow: "GET" }));
        check(Method::GET, "/v1/rooms/", Err(Astray::NotFound));
        check(Method::POST, "/v1/messages", Ok(Route::Api(Endpoint::PostMessage)));
        check(Method::DELETE, "/v1/messages", Err(Astray::Method { allow: "GET, POST" }));
        check(Method::GET, "/v1/people/me", Ok(Route::Api(Endpoint::Person("me".into()))));
        check(Method::PUT, "/v1/people/me", Err(Astray::Method { allow: "GET" }));
        check(Method::GET, "/v1/people/", Err(Astray::NotFound));
        check(Method::GET, "/v1/people/a/b", Err(Astray::NotFound));
        check(Method::GET, "/v1/echo", Ok(Route::Api(Endpoint::Echo)));
        check(Method::PATCH, "/v1/echo/a/b", Ok(Route::Api(Endpoint::Echo)));
        check(Method::GET, "/v1/echoes", Err(Astray::NotFound));
        check(Method::GET, "/_tidegate/stats", Ok(Route::Stats));
        check(Method::GET, "/_tidegate/reset", Err(Astray::Method { allow: "POST" }));
        check(Method::GET, "/", Err(Astray::NotFound));
    }
}
