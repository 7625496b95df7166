//! The real binary with an answer on its standard input. Never here: what it should say.

use std::ffi::OsStr;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `tidegate explain` to its end.
pub(crate) fn explain<S: AsRef<OsStr>>(args: &[S], pasted: &[u8]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.arg("explain").args(args);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Whoever has heard enough hangs up.
    let _ = child.stdin.take().unwrap().write_all(pasted);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

impl Ended {
    /// It was read, with no word of complaint.
    #[track_caller]
    pub(crate) fn read(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{}", self.out);
        self.out
    }

    /// It was read, and each text is in what is noted about it.
    #[track_caller]
    pub(crate) fn noted(self, says: &[&str]) -> String {
        assert_eq!(self.code, Some(0), "{}", self.err);
        assert!(self.err.lines().all(|line| line.starts_with("note: ")), "{}", self.err);
        for text in says {
            assert!(self.err.contains(text), "{text:?} isn't in: {}", self.err);
        }
        self.out
    }

    /// It wasn't read, and each text is in what is said about it.
    #[track_caller]
    pub(crate) fn refused(self, says: &[&str]) {
        assert_eq!((self.code, self.out.as_str()), (Some(2), ""), "{}", self.err);
        for text in says {
            assert!(self.err.contains(text), "{text:?} isn't in: {}", self.err);
        }
    }
}
