//! A batch in a folder of its own, and a simulation to call. Never here: what is expected of them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with a list, an output and a journal in it.
pub(crate) struct Desk {
    folder: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// The code is this one, and each text is in standard error.
    #[track_caller]
    pub(crate) fn check(&self, code: i32, says: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for text in says {
            assert!(self.err.contains(text), "{text:?} isn't in: {}", self.err);
        }
    }
}

impl Desk {
    /// A desk with this list on it.
    pub(crate) fn new(list: &str) -> Desk {
        let desk = Desk { folder: tempfile::tempdir().unwrap() };
        desk.write("list", list);
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// `tidegate batch` on this desk.
    pub(crate) fn batch(&self, base: &str, flags: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
        command.args(["batch", "--base-url", base, "-i", "list", "-o", "results"]).args(flags);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
            command.env_remove(name).env_remove(name.to_ascii_lowercase());
        }
        command.env("TIDEGATE_TOKEN", "canary-token");
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, base: &str, flags: &[&str]) -> Ended {
        ended(&mut self.batch(base, flags))
    }

    /// The results by their ids; each id has one.
    #[track_caller]
    pub(crate) fn results(&self) -> BTreeMap<String, Value> {
        let mut results = BTreeMap::new();
        for line in self.read("results").lines() {
            let result: Value = serde_json::from_str(line).expect(line);
            let id = result["id"].as_str().map_or_else(|| result["id"].to_string(), str::to_owned);
            assert!(results.insert(id, result).is_none(), "twice in the results: {line}");
        }
        results
    }

    /// The ids of the results, in the order of their lines.
    pub(crate) fn ids(&self) -> Vec<String> {
        let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
        self.read("results").lines().map(id).collect()
    }

    /// The names of all files on the desk.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

pub(crate) fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Messages to post, each with an id of its own.
pub(crate) fn posts(count: usize) -> String {
    let line = |number| {
        format!(
            "{{\"id\":\"m{number}\",\"path\":\"/v1/messages\",\"body\":{{\"id\":\"m{number}\",\"text\":\"hi\"}}}}\n"
        )
    };
    (0..count).map(line).collect()
}

/// A `tidegate simulate` on a free port; killed when it is dropped.
pub(crate) struct Simulation {
    child: Child,
    address: String,
}

impl Simulation {
    pub(crate) fn start(flags: &[&str]) -> Simulation {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
        command.args(["simulate", "--listen", "127.0.0.1:0", "--quiet"]).args(flags);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").expect(&line).to_owned();
        Simulation { child, address }
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A figure of all that was counted.
    pub(crate) fn total(&self, name: &str) -> u64 {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head =
            format!("GET /_tidegate/stats HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address);
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let body = &answer[answer.find("\r\n\r\n").unwrap()..];
        let stats: Value = serde_json::from_str(body.trim()).unwrap();
        stats["total"][name].as_u64().unwrap()
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
