//! Answers whose addresses are turned, in rows. Never here: how.

use super::*;

fn base(url: &str) -> Base {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let scheme = if scheme == "http" { Scheme::Http } else { Scheme::Https };
    Base { scheme, authority: authority.parse().unwrap(), path: path.into() }
}

/// What a field's value becomes.
fn seen(url: &str, prefix: &str, name: &str, value: &str) -> String {
    let base = base(url);
    let view = View { base: &base, scheme: "http", host: "127.0.0.1:8430", prefix };
    let name = HeaderName::try_from(name).unwrap();
    let mut headers = HeaderMap::from_iter([(name.clone(), HeaderValue::from_str(value).unwrap())]);
    view.rewrite(&mut headers);
    String::from_utf8(headers[name].as_bytes().to_vec()).unwrap()
}

const HERE: &str = "http://127.0.0.1:8430";

#[track_caller]
fn check(url: &str, prefix: &str, rows: &[(&str, &str)]) {
    for (value, expected) in rows {
        let expected = expected.replace("HERE", HERE);
        assert_eq!(seen(url, prefix, "location", value), expected, "{value} of {url} at {prefix:?}");
    }
}

#[track_caller]
fn unchanged(url: &str, prefix: &str, values: &[&str]) {
    values.iter().for_each(|value| check(url, prefix, &[(value, value)]));
}

#[test]
fn what_is_below_the_base_leads_back_through_here() {
    check(
        "https://webexapis.com",
        "",
        &[
            ("https://webexapis.com/v1/rooms?cursor=x#y", "HERE/v1/rooms?cursor=x#y"),
            ("HTTPS://WebexAPIs.com.:443/v1", "HERE/v1"),
            ("//webexapis.com/v1", "HERE/v1"),
            ("https://webexapis.com", "HERE/"),
            ("https://webexapis.com?a=https://webexapis.com/", "HERE/?a=https://webexapis.com/"),
        ],
    );
    check(
        "http://[::1]:9001/api/v1",
        "/one",
        &[
            ("http://[0:0::1]:9001/api/v1/rooms", "HERE/one/rooms"),
            ("/api/v1/rooms?a=/api/v1", "/one/rooms?a=/api/v1"),
            ("/api/v1", "/one"),
            ("/api/v1?x", "/one?x"),
            ("/api/v1//x", "/one//x"),
        ],
    );
    check(
        "https://a/api",
        "",
        &[
            ("/api", "/"),
            ("/api?x", "/?x"),
            ("/api/x", "/x"),
            ("/api//evil.example/x", "HERE//evil.example/x"),
        ],
    );
    check("https://a", "/one", &[("/", "/one/"), ("/x", "/one/x"), ("https://a", "HERE/one")]);
}

#[test]
fn a_path_beside_the_base_is_named_with_its_host() {
    check(
        "https://a/api/v1",
        "/one",
        &[
            ("/api/v2/rooms", "https://a/api/v2/rooms"),
            ("/api/v1beta", "https://a/api/v1beta"),
            ("/api/v1/../v2", "https://a/api/v1/../v2"),
            ("/api/v1/%2E./v2", "https://a/api/v1/%2E./v2"),
            ("/", "https://a/"),
        ],
    );
}

#[test]
fn what_leads_elsewhere_or_to_nowhere_stays_as_it_is() {
    unchanged(
        "https://a/api",
        "/one",
        &[
            "https://b/api/x",
            "https://a:8443/api/x",
            "http://a/api/x",
            "http://a:443/api/x",
            "https://a/apis",
            "https://a/api/../x",
            "https://a/api/./x",
            "https://user@a/api/x",
            "https://a.b/api/x",
            "https://a\\@b/api/x",
            "/\\b/api",
            "/api/x y",
            "https:/a/api",
            "https:///api",
            "https://",
            "https://[::1/api",
            "mailto:x@a",
            "x",
            "?page=2",
            "../x",
            "",
        ],
    );
    unchanged("https://a", "", &["/x", "/", "/../x"]);
    unchanged("http://a", "", &["//b/x", "//a:81/x"]);
    unchanged("https://a/one", "/one", &["/one/x", "/two", "/"]);
}

#[test]
fn what_has_no_scheme_keeps_the_upstream_s() {
    check("https://a", "", &[("//b/x", "https://b/x"), ("//a:8443/x", "https://a:8443/x")]);
    check("https://a/api", "/one", &[("//b/api", "https://b/api"), ("//a/x", "https://a/x")]);
}

#[test]
fn each_field_is_read_in_its_own_way() {
    let rows = [
        ("content-location", "/v1/rooms/1", "/one/rooms/1"),
        ("operation-location", "https://a/v1/jobs/1", "HERE/one/jobs/1"),
        ("azure-asyncoperation", "https://a/v1/jobs/1", "HERE/one/jobs/1"),
        ("x-next-page", "https://a/v1/rooms?page=2", "HERE/one/rooms?page=2"),
        ("x-next-page", "/v1/rooms", "/v1/rooms"),
        ("x-next-page", "2", "2"),
        ("x-previous-url", "https://b/v1/rooms", "https://b/v1/rooms"),
        ("access-control-allow-origin", "https://a/v1", "https://a/v1"),
        ("x-context", "https://a/v1", "https://a/v1"),
        (
            "link",
            "<https://a/v1/rooms?p=2>; rel=\"next\"; title=\"<https://a/v1>\", </v1/x>;rel=prev , <?p=9>; rel=last",
            "<HERE/one/rooms?p=2>; rel=\"next\"; title=\"<https://a/v1>\", </one/x>;rel=prev , <?p=9>; rel=last",
        ),
        ("link", "<https://a/v1/x; rel=next", "<https://a/v1/x; rel=next"),
    ];
    for (name, value, expected) in rows {
        let expected = expected.replace("HERE", HERE);
        assert_eq!(seen("https://a/v1", "/one", name, value), expected, "{name}: {value}");
    }
}

#[test]
fn every_line_of_a_field_is_rewritten() {
    let base = base("https://a");
    let view = View { base: &base, scheme: "https", host: "proxy.local", prefix: "" };
    let mut headers = HeaderMap::new();
    for value in ["<https://a/1>; rel=next", "<https://b/2>; rel=prev", "<https://a/3>; rel=last"] {
        headers.append(LINK, HeaderValue::from_static(value));
    }
    headers.append(LOCATION, HeaderValue::from_bytes(b"https://a/\xff").unwrap());
    view.rewrite(&mut headers);
    let links: Vec<_> = headers.get_all(LINK).iter().map(|value| value.to_str().unwrap()).collect();
    let expected =
        ["<https://proxy.local/1>; rel=next", "<https://b/2>; rel=prev", "<https://proxy.local/3>; rel=last"];
    assert_eq!(links, expected);
    assert_eq!(headers[LOCATION].as_bytes(), b"https://a/\xff");
}

#[test]
fn cookies_come_back_and_go_to_no_other_upstream() {
    let rows = [
        ("s=1; Path=/; Secure", "s=1; Path=/one; Secure"),
        ("s=1;path=/v1/rooms;HttpOnly", "s=1; Path=/one/rooms;HttpOnly"),
        ("s=1; Path=/v1", "s=1; Path=/one"),
        ("s=1; Path=/v1/", "s=1; Path=/one"),
        ("s=1; Path=/v2", "s=1; Path=/v2"),
        ("s=1; Path=x", "s=1; Path=x"),
        ("s=1; Domain=a", "s=1; Domain=a"),
        ("path=/v1", "path=/v1"),
    ];
    for (cookie, expected) in rows {
        assert_eq!(seen("https://a/v1", "/one", "set-cookie", cookie), expected, "{cookie}");
    }
    assert_eq!(seen("https://a/v1", "", "set-cookie", "s=1; Path=/"), "s=1; Path=/");
    assert_eq!(seen("https://a", "", "set-cookie", "s=1; Path=/x"), "s=1; Path=/x");
}
