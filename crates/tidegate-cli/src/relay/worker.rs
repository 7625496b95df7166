//! The threads that serve: each with a runtime, connections and servers of its own, so that no call changes threads.
//! Never here: what is answered.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tidegate::world;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::drain::Drain;
use super::listen::{Answer, Door, Hall, Places};
use crate::exit::{Exit, Failure};
use crate::policy::Bounds;

/// The threads that serve.
#[derive(Debug)]
pub(crate) struct Workers {
    ends: Vec<oneshot::Receiver<usize>>,
    places: Places,
}

impl Workers {
    /// Starts them; each takes connections from all doors. `make` is called in each thread with its number, counted
    /// from 0, and gives who answers there.
    ///
    /// # Errors
    /// When the system gives no thread, or no further handle of a socket.
    pub(crate) fn start<A: Answer>(
        doors: &[Door],
        bounds: &Bounds,
        count: NonZeroUsize,
        drain: &Drain,
        make: impl Fn(usize) -> A + Send + Sync + 'static,
    ) -> Result<Workers, Failure> {
        let make = Arc::new(make);
        let places = Places::of(bounds.connections);
        let mut ends = Vec::with_capacity(count.get());
        for number in 0..count.get() {
            let doors: Vec<Door> = doors.iter().map(Door::another).collect::<Result<_, _>>()?;
            let (told, make, places, bounds) = (drain.told(), Arc::clone(&make), places.clone(), *bounds);
            let (end, ended) = oneshot::channel();
            let work = move || {
                let cut = serve(doors, |doors| {
                    let hall = Arc::new(Hall::new(make(number), bounds, told, places));
                    let mut open = JoinSet::new();
                    for door in doors {
                        open.spawn(Arc::clone(&hall).keep(door));
                    }
                    open
                });
                // Who started them may have stopped waiting.
                let _ = end.send(cut);
            };
            let thread = std::thread::Builder::new().name(format!("worker-{number}"));
            thread.spawn(work).map_err(|error| {
                Failure::new(Exit::Failed, format!("can't start a thread to serve in: {error}"))
            })?;
            ends.push(ended);
        }
        Ok(Workers { ends, places })
    }

    /// Where callers' connections are counted.
    pub(crate) fn places(&self) -> Places {
        self.places.clone()
    }

    /// Ends serving: takes nothing new, lets calls under way end for no longer than `within`, cuts the rest, and says
    /// how many calls that were.
    pub(crate) async fn drain(self, drain: &Drain, within: Duration) -> usize {
        drain.start();
        let deadline = world::now().later(within);
        let mut all = std::pin::pin!(self.ended());
        tokio::select! {
            cut = &mut all => cut,
            () = world::sleep_until(deadline) => {
                drain.cut();
                all.await
            }
        }
    }

    async fn ended(self) -> usize {
        let mut cut = 0;
        for end in self.ends {
            // A thread that broke has no more to say.
            cut += end.await.unwrap_or_default();
        }
        cut
    }
}

/// Serves until all doors are closed and everybody is out; says how many calls were cut.
fn serve(doors: Vec<Door>, open: impl FnOnce(Vec<Door>) -> JoinSet<usize>) -> usize {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return 0 };
    let cut = runtime.block_on(async move {
        let mut open = open(doors);
        let mut cut = 0;
        while let Some(ended) = open.join_next().await {
            cut += ended.unwrap_or_default();
        }
        cut
    });
    // A name that is being looked up must not hold up the end.
    runtime.shutdown_background();
    cut
}
