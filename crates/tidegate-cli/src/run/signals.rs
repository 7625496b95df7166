//! Signals that come while the command runs, and who sent them. Never here: what is done about one.
//!
//! The command is in the same process group. What the terminal sends, by Ctrl-C and its kin, reaches it without us, and a
//! second one would be taken for impatience; so it matters who sent a signal. Ctrl-Z and what follows it need nobody's
//! help: all of the group stop and go on together.

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::{Cause, Origin};
use tokio::sync::mpsc;

use crate::exit::{Exit, Failure};

/// Those that a command may be waiting for.
const PASSED_ON: [i32; 7] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH];

/// Those that the terminal sends to all of the group. Its hang-up isn't one: that may reach the group's first alone.
const TERMINAL_S: [i32; 3] = [SIGINT, SIGQUIT, SIGWINCH];

/// Those that ask for an end.
const ENDS: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/// More than may ever wait: the system keeps one of each kind.
const ROOM: usize = 64;

/// Signals from now on.
#[derive(Debug)]
pub(crate) struct Signals(mpsc::Receiver<Came>);

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Came {
    number: i32,
    by: By,
}

/// Who sent a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// The terminal, to all of its foreground group.
    Terminal,
    /// A process, to us.
    Process,
}

impl Signals {
    /// Takes signals from now on, but for those that are ignored: the command is to ignore them, too, as under `nohup`.
    ///
    /// # Errors
    /// When the system lets nobody listen.
    pub(crate) fn listen() -> Result<Signals, Failure> {
        let unheard = |error| Failure::new(Exit::Failed, format!("can't listen for signals: {error}"));
        let ignored = ignored(&std::fs::read_to_string("/proc/self/status").unwrap_or_default());
        let heard = PASSED_ON.into_iter().filter(|number| !is_in(ignored, *number));
        let mut signals = SignalsInfo::<WithOrigin>::new(heard).map_err(unheard)?;
        let (tell, told) = mpsc::channel(ROOM);
        let listen = move || {
            for origin in signals.forever() {
                let came = Came { number: origin.signal, by: sender(&origin) };
                if tell.blocking_send(came).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("signals".to_owned()).spawn(listen);
        thread.map_err(unheard)?;
        Ok(Signals(told))
    }

    /// The next signal that is to be passed on.
    pub(crate) async fn passed_on(&mut self) -> i32 {
        loop {
            let came = self.next().await;
            if came.by == By::Process || !TERMINAL_S.contains(&came.number) {
                return came.number;
            }
        }
    }

    /// Comes back when an end is asked for, by whomever.
    pub(crate) async fn ending(mut self) {
        while !ENDS.contains(&self.next().await.number) {}
    }

    async fn next(&mut self) -> Came {
        match self.0.recv().await {
            Some(came) => came,
            // Nobody listens any more.
            None => std::future::pending().await,
        }
    }
}

/// Who sent a signal. Where the system doesn't say, no process did.
fn sender(origin: &Origin) -> By {
    match (origin.cause, origin.process) {
        (Cause::Sent(_), _) | (_, Some(_)) => By::Process,
        _ => By::Terminal,
    }
}

/// The signals that this process was told to ignore, a bit for each, as Linux says in `/proc/self/status` (proc(5)).
fn ignored(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

fn is_in(mask: u64, number: i32) -> bool {
    let bit = u32::try_from(number - 1).unwrap_or(u32::MAX);
    mask.checked_shr(bit).is_some_and(|rest| rest & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_is_read_off_the_system_s_words() {
        let nohup = ignored("Name:\ta\nSigBlk:\t0000000000000002\nSigIgn:\t0000000000001001\n");
        assert!(is_in(nohup, SIGHUP) && !is_in(nohup, SIGINT) && !is_in(nohup, SIGTERM));
        for unread in ["", "SigIgn:\tx", "SigIgn:"] {
            assert_eq!(ignored(unread), 0, "{unread:?}");
        }
    }
}
