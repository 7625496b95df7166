//! A `tidegate gateway` that runs for one test, by a policy of its own. Never here: what is expected of it.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::caller::{Answer, Caller};

/// How long something is waited for that has to come: no test passes by it.
pub(crate) const AT_MOST: Duration = Duration::from_secs(30);

/// A policy file: servers, further lines of `[gateway]`, and the tables behind it.
pub(crate) fn policy(upstreams: &[String], gateway: &str, tables: &str) -> String {
    format!(
        "[gateway]\nlisten = \"127.0.0.1:0\"\nadmin = \"off\"\nupstreams = {upstreams:?}\n{gateway}\n\n{tables}\n"
    )
}

/// A gateway on a free port; killed when it is dropped.
pub(crate) struct Gateway {
    child: Child,
    pub(crate) address: String,
    folder: TempDir,
    /// Its standard error, line by line.
    lines: UnboundedReceiver<String>,
}

/// How a gateway ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// What it said since it was last listened to.
    pub(crate) said: String,
}

impl Gateway {
    pub(crate) async fn start(policy: &str) -> Gateway {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tidegate.toml");
        std::fs::write(&file, policy).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
        command.arg("gateway").arg("--config").arg(&file).stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let (tell, lines) = unbounded_channel();
        let said = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            let told = |line: std::io::Result<String>| tell.send(line.unwrap_or_default()).is_ok();
            said.lines().all(told)
        });
        let mut gateway = Gateway { child, address: String::new(), folder, lines };
        let line = gateway.says("listens on").await;
        line.rsplit('/').next().unwrap().clone_into(&mut gateway.address);
        gateway
    }

    /// The next line that has this in it.
    pub(crate) async fn says(&mut self, text: &str) -> String {
        let mut said = String::new();
        let found = async {
            while let Some(line) = self.lines.recv().await {
                said = format!("{said}{line}\n");
                if line.contains(text) {
                    return Some(line);
                }
            }
            None
        };
        let found = tokio::time::timeout(AT_MOST, found).await;
        found.ok().flatten().unwrap_or_else(|| panic!("{text:?} isn't in: {said}"))
    }

    /// The next line, whatever it is.
    pub(crate) async fn next_line(&mut self) -> String {
        self.says("").await
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("tidegate.toml")
    }

    /// Puts another policy in the place of the file, as a careful editor does: never half of it.
    pub(crate) fn write(&self, policy: &str) {
        let new = self.folder.path().join("new.toml");
        std::fs::write(&new, policy).unwrap();
        std::fs::rename(new, self.file()).unwrap();
    }

    /// Puts another policy in place, and waits until it is taken.
    pub(crate) async fn change(&mut self, policy: &str) {
        self.write(policy);
        self.says("was read again and taken").await;
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Waits for its end, which somebody must have brought about.
    pub(crate) async fn ended(mut self) -> Ended {
        let mut said = String::new();
        let all = async {
            while let Some(line) = self.lines.recv().await {
                said = format!("{said}{line}\n");
            }
        };
        tokio::time::timeout(AT_MOST, all).await.unwrap_or_else(|_| panic!("it doesn't end: {said}"));
        Ended { code: self.child.wait().unwrap().code(), said }
    }

    pub(crate) async fn caller(&self) -> Caller {
        Caller::to(&self.address).await
    }

    /// One request on a connection of its own.
    pub(crate) async fn ask(&self, method: &str, target: &str, fields: &[&str]) -> Answer {
        self.caller().await.ask(method, target, fields).await
    }

    /// A GET with this bearer token.
    pub(crate) async fn get(&self, target: &str, token: &str) -> Answer {
        self.ask("GET", target, &[&format!("Authorization: Bearer {token}")]).await
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs with a file's text, or without a file, which must end at once: the exit code and standard error.
pub(crate) fn refused(policy: Option<&[u8]>) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tidegate.toml");
    if let Some(policy) = policy {
        std::fs::write(&file, policy).unwrap();
    }
    refused_at(&file)
}

/// The same with whatever is at a path.
pub(crate) fn refused_at(file: &std::path::Path) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    let output = command.arg("gateway").arg("--config").arg(file).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.stdout, b"", "nothing but results goes to standard output");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}
