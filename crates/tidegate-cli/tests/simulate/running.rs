//! A `tidegate simulate` that runs for one test. Never here: what is expected of it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::Value;

use crate::http::{Answer, exchange};

/// A simulation on a free port; killed when it is dropped.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: String,
}

impl Running {
    pub(crate) fn start(flags: &[&str]) -> Running {
        let mut child = tidegate(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").expect(&line).to_owned();
        Running { child, address }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "Authorization: Bearer any\r\n", "")
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, "Authorization: Bearer any\r\n", body)
    }

    /// `fields` are whole header lines, each with its line end.
    pub(crate) fn ask(&self, method: &str, path: &str, fields: &str, body: &str) -> Answer {
        exchange(&self.address, method, path, fields, body).expect("an answer")
    }

    pub(crate) fn stats(&self) -> Value {
        self.ask("GET", "/_tidegate/stats", "", "").json()
    }

    /// Asks it to stop as a service manager does, and says how it ended and what it wrote to standard error.
    pub(crate) fn terminate(mut self) -> (ExitStatus, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs with flags that must be refused: the exit code and standard error.
pub(crate) fn refused(flags: &[&str]) -> (Option<i32>, String) {
    let output = tidegate(flags).output().unwrap();
    assert_eq!(output.stdout, b"", "nothing but results goes to standard output");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn tidegate(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.args(["simulate", "--listen", "127.0.0.1:0"]).args(flags);
    command
}
