//! A `tidegate proxy`, and the `tidegate simulate` behind it, that run for one test. Never here: what is expected of them.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::Value;

use crate::http::{Answer, exchange};

/// A simulated API on a free port; killed when it is dropped.
pub(crate) struct Api {
    child: Child,
    pub(crate) address: String,
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
        exchange(&self.address, "GET", "/_tidegate/stats", "", "").unwrap().json()["total"].clone()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A proxy on a free port; killed when it is dropped.
pub(crate) struct Proxy {
    child: Child,
    pub(crate) address: String,
    said: BufReader<ChildStderr>,
}

impl Proxy {
    pub(crate) fn start(flags: &[&str]) -> Proxy {
        Proxy::start_with(flags, &[])
    }

    /// With these variables in its environment.
    pub(crate) fn start_with(flags: &[&str], variables: &[(&str, &str)]) -> Proxy {
        let mut command = tidegate(&["proxy", "--listen", "127.0.0.1:0"]);
        command.args(flags).envs(variables.iter().copied());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("tidegate listens on http://").expect(&line).to_owned();
        Proxy { child, address, said }
    }

    /// In front of an API, which is everything.
    pub(crate) fn of(api: &Api) -> Proxy {
        Proxy::start(&["--upstream", &api.url()])
    }

    /// `fields` are whole header lines, each with its line end.
    pub(crate) fn ask(&self, method: &str, path: &str, fields: &str, body: &str) -> Answer {
        exchange(&self.address, method, path, fields, body).expect("an answer")
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Waits for its end, which somebody must have brought about: its exit code, and what it said but for its address.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs with flags that must be refused: the exit code and standard error.
pub(crate) fn refused(flags: &[&str]) -> (Option<i32>, String) {
    let output = tidegate(&["proxy"]).args(flags).output().unwrap();
    assert_eq!(output.stdout, b"", "nothing but results goes to standard output");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// The program with these arguments, and nothing in its environment that it listens to.
pub(crate) fn tidegate(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.args(args).stdin(Stdio::null());
    for name in ["TIDEGATE_TOKEN", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    command
}
