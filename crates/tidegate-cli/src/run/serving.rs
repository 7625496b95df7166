//! The doors at which the command's calls come in: one for all hosts, and one for each base URL. Never here: a call.

use std::future::Future;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use super::counted::Counted;
use super::tally::Tally;
use crate::exit::{Exit, Failure};
use crate::policy::Bounds;
use crate::proxy::house::House;
use crate::proxy::itself::Itself;
use crate::proxy::settings::Config;
use crate::relay::doors::Doors;
use crate::relay::drain::Drain;
use crate::relay::worker::Workers;

/// Threads per door: the second goes on while the first is busy with a handshake. One program's calls need no more.
const WORKERS: NonZeroUsize = NonZeroUsize::new(2).expect("it isn't zero");

/// Who serves one command.
#[derive(Debug)]
pub(crate) struct Serving {
    /// Where all hosts are called.
    pub(crate) address: SocketAddr,
    /// Where the API is that a variable leads to.
    pub(crate) bases: Vec<(String, SocketAddr)>,
    workers: Vec<Workers>,
    drain: Drain,
}

impl Serving {
    /// Opens all doors. Calls that mean the same API wait together, whichever they come in by. Must be called in a
    /// runtime.
    ///
    /// # Errors
    /// When there is no port, no thread or no authority.
    pub(crate) fn start(
        forward: Config,
        bases: Vec<(String, Config)>,
        tally: &Arc<Tally>,
    ) -> Result<Serving, Failure> {
        let drain = Drain::new();
        let door = Place::take(&forward)?;
        let bounds = forward.bounds;
        let house = House::watched(forward, door.itself(), Arc::clone(tally) as _)?;
        let workers = vec![door.serve(&house, &bounds, &drain, tally)?];
        let mut serving = Serving { address: door.address, bases: Vec::new(), workers, drain };
        for (name, config) in bases {
            let door = Place::take(&config)?;
            let beside = house.beside(config, door.itself())?;
            serving.workers.push(door.serve(&beside, &bounds, &serving.drain, tally)?);
            serving.bases.push((name, door.address));
        }
        Ok(serving)
    }

    /// Takes no new calls, and lets those under way end for no longer than `within`, or until `hurry` comes.
    pub(crate) async fn end(self, within: Duration, hurry: impl Future<Output = ()>) {
        let Serving { workers, drain, .. } = self;
        // All are told at once; that they are asked one by one makes the end no longer.
        let mut all = std::pin::pin!(async {
            for workers in workers {
                workers.drain(&drain, within).await;
            }
        });
        tokio::select! {
            () = &mut all => {}
            () = hurry => {
                drain.cut();
                all.await;
            }
        }
    }

    #[cfg(test)]
    pub(super) fn at(address: SocketAddr, bases: Vec<(String, SocketAddr)>) -> Serving {
        Serving { address, bases, workers: Vec::new(), drain: Drain::new() }
    }
}

/// A door on a port that was free.
struct Place {
    doors: Doors,
    address: SocketAddr,
}

impl Place {
    fn take(config: &Config) -> Result<Place, Failure> {
        let doors = Doors::open(&config.listen, None)?;
        let address = doors.addresses().first().copied();
        let address = address.ok_or_else(|| Failure::new(Exit::Failed, "the proxy has no address"))?;
        Ok(Place { doors, address })
    }

    fn itself(&self) -> Itself {
        Itself::at(vec![self.address])
    }

    fn serve(
        &self,
        house: &Arc<House>,
        bounds: &Bounds,
        drain: &Drain,
        tally: &Arc<Tally>,
    ) -> Result<Workers, Failure> {
        let (house, tally, told) = (Arc::clone(house), Arc::clone(tally), drain.told());
        let make = move |_| Counted::new(&house, told.clone(), &tally);
        Workers::start(self.doors.all(), bounds, WORKERS, drain, make)
    }
}
