//! The end of serving, as people see it: calls under way end, a second signal cuts them. Never here: the first signal.

use std::time::Duration;

use super::drain::Drain;
use super::worker::Workers;
use crate::exit::{Exit, Failure};
use crate::{interrupt, output};

/// How serving ended.
#[derive(Clone, Copy, Debug)]
#[must_use = "who asked for the end is to hear of it"]
pub(crate) struct Ended {
    /// How many calls were cut.
    cut: usize,
}

impl Workers {
    /// Lets calls under way end; who is told to stop a second time cuts them.
    ///
    /// # Errors
    /// When that can't be listened for.
    pub(crate) async fn end(
        self,
        drain: &Drain,
        within: Duration,
        under_way: usize,
    ) -> Result<Ended, Failure> {
        output::error(format!(
            "stopping: {} under way may end within {within:?}; Ctrl-C again cuts them",
            calls(under_way)
        ));
        let again = interrupt::stopped()?;
        let mut draining = std::pin::pin!(self.drain(drain, within));
        let cut = tokio::select! {
            cut = &mut draining => cut,
            () = again => {
                drain.cut();
                draining.await
            }
        };
        Ok(Ended { cut })
    }
}

impl Ended {
    /// Tells how it ended.
    pub(crate) fn say(self) -> Exit {
        output::error(match self.cut {
            0 => "stopped; no call was cut".to_owned(),
            1 => "stopped; 1 call was cut".to_owned(),
            more => format!("stopped; {} were cut", calls(more)),
        });
        if self.cut == 0 { Exit::Done } else { Exit::Failed }
    }
}

/// So many calls, for people.
fn calls(count: usize) -> String {
    if count == 1 { "1 call".to_owned() } else { format!("{count} calls") }
}
