//! Being told to stop, by Ctrl-C or SIGTERM, or to read files again, by SIGHUP. Never here: what is done then.

use std::io;

use crate::exit::{Exit, Failure};

/// Listens for Ctrl-C and SIGTERM from now on; what is handed back ends when one of them came.
pub(crate) fn stopped() -> Result<impl Future<Output = ()>, Failure> {
    listen().map_err(|error| Failure::new(Exit::Failed, format!("can't listen for Ctrl-C: {error}")))
}

/// Listens for SIGHUP from now on: each is one to be received.
#[cfg(unix)]
pub(crate) fn hang_ups() -> Result<tokio::signal::unix::Signal, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::hangup())
        .map_err(|error| Failure::new(Exit::Failed, format!("can't be told of SIGHUP: {error}")))
}

#[cfg(unix)]
fn listen() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn listen() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
