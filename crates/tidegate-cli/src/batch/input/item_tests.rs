//! What an item's line means, and what is wrong with one, as tables. Never here: a file.

use super::*;
use crate::caller::token::{Token, TokenArgs};

fn terms() -> Terms {
    let args = TokenArgs { token_env: None, token_file: None };
    let token = Token::read(&args, |_| Some("t0ken".into())).unwrap();
    Terms { base: Some(url("https://a/v1/").unwrap()), home: None, token, keys: None, rows: None }.at_home()
}

fn read(line: &str) -> Result<Item, String> {
    Item::read(line.as_bytes(), 6, &terms())
}

#[test]
fn a_line_is_a_call() {
    let item = read(r#"{"id": "a", "path": "/b?c=1", "body": {"x": [1,  2.50]}}"#).unwrap();
    let request = item.request(&item.url).unwrap();
    assert_eq!((request.method(), request.uri().to_string().as_str()), (&Method::POST, "https://a/v1/b?c=1"));
    assert_eq!(request.headers()[CONTENT_TYPE], "application/json");
    assert_eq!(request.headers()[AUTHORIZATION], "Bearer t0ken");
    assert_eq!(item.body, r#"{"x": [1,  2.50]}"#);
    assert!(item.may_double());
    let item = read(r#"{"path": "/b/123"}"#).unwrap();
    assert_eq!((item.method(), item.id.json.as_str()), (&Method::GET, "7"));
    assert_eq!(item.lane(), "https://a/v1/b/{}");
}

#[test]
fn the_token_stays_with_the_base_url() {
    for elsewhere in ["http://a/x", "https://b/x", "https://a:444/x"] {
        let item = read(&format!(r#"{{"url": "{elsewhere}"}}"#)).unwrap();
        assert!(!item.headers.contains_key(AUTHORIZATION), "{elsewhere}");
    }
    let item = read(r#"{"url": "https://a:443/x", "headers": {"Authorization": "Basic own"}}"#).unwrap();
    assert_eq!(item.headers[AUTHORIZATION], "Basic own");
}

#[test]
fn a_text_goes_as_text_if_the_item_says_so() {
    let item = read(r#"{"path": "/", "headers": {"content-type": "text/plain"}, "body": "a\nb"}"#).unwrap();
    assert_eq!(item.body, "a\nb");
    assert_eq!(read(r#"{"path": "/", "body": "a"}"#).unwrap().body, "\"a\"");
}

#[track_caller]
fn check_fault(line: &str, says: &str) {
    let fault = read(line).expect_err(line);
    assert!(fault.contains(says), "{fault}");
}

#[test]
fn what_is_wrong_is_said() {
    check_fault("[1]", "isn't a JSON object");
    check_fault("{\"path\": \"/\"", "at column 12");
    check_fault(r#"{"path": "/", "pth": 1}"#, "unknown field `pth`");
    check_fault(r#"{"path": "/", "path": "/"}"#, "duplicate field `path`");
    check_fault(r#"{"id": 1}"#, "neither a path nor a url");
    check_fault(r#"{"path": "/", "url": "http://a/"}"#, "both a path and a url");
    check_fault(r#"{"path": "b"}"#, "begins with a slash");
    check_fault(r#"{"url": "/b"}"#, "no URL");
    check_fault(r#"{"url": "https://me:s3cret@a/"}"#, "user name or password");
    check_fault(r#"{"path": "/", "id": {}}"#, "neither a string nor a number");
    check_fault(r#"{"path": "/", "method": "get"}"#, "is no method");
    check_fault(r#"{"path": "/", "method": "POST", "paginate": true}"#, "its method is POST");
    check_fault(r#"{"path": "/", "headers": {"a b": "c"}}"#, "no header's name");
    check_fault(r#"{"path": "/", "headers": {"a": "b\r\nc: d"}}"#, "control character");
    check_fault(r#"{"path": "/", "headers": {"Host": "b"}}"#, "can't be set");
    check_fault(r#"{"path": "/", "headers": {"content-type": "text/csv"}, "body": {}}"#, "to be a string");
}
