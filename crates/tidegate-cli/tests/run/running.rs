//! A `tidegate run` that is started for one test, and an API for it to call. Never here: what is expected of them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The last line, which `--json` made an object.
    #[track_caller]
    pub(crate) fn summary(&self) -> Value {
        let last = self.stderr.lines().last().unwrap_or_else(|| panic!("{self:?}"));
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs with these flags and this command to the end, and gives it something to read.
pub(crate) fn run_with(flags: &[&str], variables: &[(&str, &str)], stdin: &str) -> Ended {
    let mut command = tidegate(&["run"]);
    command.args(flags).envs(variables.iter().copied());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The same with nothing to read.
pub(crate) fn run(flags: &[&str]) -> Ended {
    run_with(flags, &[], "")
}

/// The program, with nothing in its environment that speaks of proxies.
pub(crate) fn tidegate(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.args(args).stdin(Stdio::null());
    for name in ["TIDEGATE_TOKEN", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    command
}

/// A simulated API on a free port; killed when it is dropped.
pub(crate) struct Api {
    child: Child,
    address: String,
}

impl Api {
    pub(crate) fn start(flags: &[&str]) -> Api {
        let mut command = tidegate(&["simulate", "--listen", "127.0.0.1:0"]);
        let mut child = command.args(flags).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").expect(&line).to_owned();
        Api { child, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it counted over all limits.
    pub(crate) fn total(&self) -> Value {
        let url = format!("{}/_tidegate/stats", self.url());
        let output = Command::new("curl").args(["-sS", "--noproxy", "*", &url]).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["total"].clone()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
