//! What is typed and can't be: refused with what to do instead. Never here: a call.

use crate::running::refused;

#[track_caller]
fn check(flags: &[&str], says: &[&str]) {
    let (code, said) = refused(flags);
    assert_eq!(code, Some(2), "{said}");
    for text in says {
        assert!(said.contains(text), "{text:?} isn't in: {said}");
    }
}

#[test]
fn what_can_not_be_is_refused_with_what_to_write() {
    check(&["--upstream", "webexapis.com"], &["https://webexapis.com"]);
    check(&["--upstream", "https://u:s3cret@a"], &["no user"]);
    check(&["--listen", "8430"], &["127.0.0.1:8430"]);
    check(&["--listen", "0.0.0.0:0"], &["let everybody", "127.0.0.1"]);
    check(&["--upstream", "http://a", "--token-env", "NOT_SET_ANYWHERE"], &["export NOT_SET_ANYWHERE="]);
    check(&["--token-env", "MINE"], &["--upstream"]);
    check(&["--upstream", "http://a", "--provider", "gitub"], &["gitub"]);
}
