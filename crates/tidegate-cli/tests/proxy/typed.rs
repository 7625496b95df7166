//! What is typed and can't be: refused with what to do instead. Never here: a call.

use crate::running::{refused, tidegate};

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

#[test]
fn the_authority_of_a_file_is_told_how_to_trust() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proxy.toml");
    let file_name = file.display().to_string();
    let flags = ["--config", file_name.as_str(), "--trust"];
    std::fs::write(&file, "[proxy.forward]\nintercept = [\"api.example.com\"]\nauthority = \"own\"\n")
        .unwrap();
    let output = tidegate(&["proxy"]).args(flags).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(&folder.path().join("own").display().to_string()), "{said}");
    std::fs::write(&file, "[[upstream]]\nurl = \"http://a\"\n").unwrap();
    check(&flags, &["opens no tunnels", "`intercept` of [proxy.forward]"]);
}
