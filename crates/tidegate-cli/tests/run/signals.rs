//! Signals: passed on, once, by whomever they were sent. Never here: a call.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::running::tidegate;

/// Says each signal that comes; ends at SIGUSR2, with 5.
const CHILD: &str = "\
import os, signal, sys
def say(number, frame):
    os.write(1, (signal.Signals(number).name + '\\n').encode())
    if number == signal.SIGUSR2:
        os._exit(5)
for name in ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2']:
    signal.signal(getattr(signal, name), say)
os.write(1, b'ready\\n')
while True:
    signal.pause()
";

/// Runs a command in a terminal of its own, types into it, and shows what comes out.
const TERMINAL: &str = "\
import os, pty, signal, sys
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
shown = b''
def until(text):
    global shown
    while text not in shown:
        shown += os.read(terminal, 1024)
until(b'ready')
os.write(terminal, b'\\x03')
until(b'SIGINT')
os.write(terminal, b'\\x1c')
until(b'SIGQUIT')
os.kill(child, signal.SIGUSR2)
until(b'SIGUSR2')
print(shown.decode().count('SIGINT'), shown.decode().count('SIGQUIT'), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
";

struct Running {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Running {
    fn start() -> Running {
        let mut command = tidegate(&["run", "--quiet", "--", "python3", "-c", CHILD]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Running { child, said }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Sends a signal to `tidegate` alone.
    fn send(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }
}

#[test]
fn each_signal_is_passed_on_once() {
    let mut running = Running::start();
    assert_eq!(running.line(), "ready");
    for name in ["HUP", "INT", "QUIT", "TERM", "USR1", "INT", "USR2"] {
        running.send(name);
        assert_eq!(running.line(), format!("SIG{name}"));
    }
    assert_eq!(running.child.wait().unwrap().code(), Some(5));
}

#[test]
fn what_the_terminal_sends_reaches_the_command_once() {
    let output = Command::new("python3")
        .args([
            "-c",
            TERMINAL,
            env!("CARGO_BIN_EXE_tidegate"),
            "run",
            "--quiet",
            "--",
            "python3",
            "-c",
            CHILD,
        ])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.trim(), "1 1 5", "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_is_ignored_is_ignored_by_the_command_too() {
    let script = format!(
        "trap '' HUP INT; exec {} run --quiet -- python3 -c \
         'import signal as s; print(s.getsignal(s.SIGHUP).name, s.getsignal(s.SIGINT).name, s.getsignal(s.SIGTERM).name)'",
        env!("CARGO_BIN_EXE_tidegate")
    );
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "SIG_IGN SIG_IGN SIG_DFL");
}
