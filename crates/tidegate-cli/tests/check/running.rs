//! The real binary with a policy of the test's own. Never here: what it should say.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `tidegate check` to its end, in a folder.
pub(crate) fn check_in(folder: &Path, args: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    let command = command.arg("check").args(args).current_dir(folder);
    // Those that the examples name; HOME is where an authority would be kept.
    let command = command.env("WEBEX_TOKEN", "s3cret").env("GITHUB_TOKEN", "s3cret").env("HOME", folder);
    let output = command.env_remove("XDG_DATA_HOME").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs `tidegate check` on a file, which is `p.toml`.
pub(crate) fn check(policy: &str, args: &[&str]) -> Ended {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("p.toml"), policy).unwrap();
    let mut all = vec!["--config", "p.toml"];
    all.extend(args);
    check_in(folder.path(), &all)
}

/// The least gateway, with limits behind it.
pub(crate) fn with(limits: &str) -> String {
    format!("[gateway]\nlisten = \"0.0.0.0:80\"\nupstreams = \"http://127.0.0.1:9001\"\n{limits}")
}

/// A folder of the project.
pub(crate) fn project(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder)
}

impl Ended {
    /// It is good, with no word of complaint.
    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{}", self.out);
        self.out
    }
}

/// The file is refused, and this is said: `line:column: message` and its hint, each.
#[track_caller]
pub(crate) fn refused(file: &str, says: &[(&str, &str)]) {
    let ended = check(file, &["--json"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(2), ""), "{}", ended.out);
    let said: Value = serde_json::from_str(&ended.out).unwrap();
    let faults = said["faults"].as_array().unwrap().iter().map(|fault| {
        let message =
            format!("{}:{}: {}", fault["line"], fault["column"], fault["message"].as_str().unwrap());
        (message, fault["hint"].as_str().unwrap_or_default().to_owned())
    });
    let faults: Vec<(String, String)> = faults.collect();
    let faults: Vec<(&str, &str)> =
        faults.iter().map(|(message, hint)| (message.as_str(), hint.as_str())).collect();
    assert_eq!(faults, says);
}
