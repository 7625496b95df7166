//! The command: started, signalled, waited for. Never here: what it calls.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;

use super::signals::Signals;
use crate::caller::text::printable;
use crate::exit::{Exit, Failure};

/// Runs a command to its end with these variables, passes signals on, and says what it ended with: its own code, or 128
/// and the signal that ended it. Its standard input, output and error are ours.
///
/// # Errors
/// When it can't be started.
pub(crate) async fn run(
    command: &[OsString],
    variables: &[(String, OsString)],
    signals: &mut Signals,
) -> Result<u8, Failure> {
    let Some((program, given)) = command.split_first() else {
        return Err(Failure::new(Exit::Usage, "there is no command to run"));
    };
    let mut command = Command::new(program);
    command.args(given).envs(variables.iter().map(|(name, value)| (name, value)));
    let mut child = command.spawn().map_err(|error| unstarted(&program.to_string_lossy(), &error))?;
    // It is somebody else's number only after we have waited for it: never while this goes on.
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            number = signals.passed_on() => pass_on(id, number),
        }
    };
    status
        .map(code)
        .map_err(|error| Failure::new(Exit::Failed, format!("can't wait for the command: {error}")))
}

fn pass_on(id: Option<Pid>, number: i32) {
    if let (Some(id), Some(signal)) = (id, Signal::from_named_raw(number)) {
        // It may have ended by now, or be another user's: then there is nobody to tell.
        let _ = kill_process(id, signal);
    }
}

/// What a shell would say of it.
fn code(status: ExitStatus) -> u8 {
    let told = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    told.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

fn unstarted(program: &str, error: &io::Error) -> Failure {
    let said = format!("can't start `{}`: {error}", printable(program, 200));
    match error.kind() {
        ErrorKind::NotFound if program.contains(char::is_whitespace) => Failure::new(Exit::NotFound, said)
            .hint("that is one word to the system; a shell's line goes so: tidegate run -- sh -c '...'"),
        ErrorKind::NotFound => Failure::new(Exit::NotFound, said).hint(
            "is it installed, and in a folder of PATH? Of a script, the program may be missing that its first line names",
        ),
        _ => Failure::new(Exit::NotStarted, said).hint(
            "is it a program for this system, and may this user execute it? A script's first line names its program: \
             #!/bin/sh",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_command_s_own_or_its_signal_s() {
        for (raw, expected) in [(0, 0), (3 << 8, 3), (255 << 8, 255), (15, 143), (9, 137), (139, 139)] {
            assert_eq!(code(ExitStatus::from_raw(raw)), expected, "{raw}");
        }
    }

    #[test]
    fn what_can_not_be_started_is_told_from_what_is_not_there() {
        let exit = |kind: ErrorKind| unstarted("x", &kind.into()).exit();
        let line = unstarted("echo hi | cat", &ErrorKind::NotFound.into());
        assert_eq!(line.exit(), Exit::NotFound);
        assert!(format!("{line:?}").contains("sh -c"), "{line:?}");
        assert_eq!(exit(ErrorKind::NotFound), Exit::NotFound);
        assert_eq!(exit(ErrorKind::PermissionDenied), Exit::NotStarted);
    }
}
