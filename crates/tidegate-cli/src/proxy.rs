//! `tidegate proxy`: stands in front of somebody else's API and waits. Never here: one call, a pace.

pub(crate) mod args;
mod asked;
pub(crate) mod authority;
mod base;
mod caller;
pub(crate) mod file;
mod goal;
mod guard;
pub(crate) mod house;
mod itself;
mod refusal;
mod rewrite;
pub(crate) mod route;
mod saved;
mod sender;
pub(crate) mod settings;
mod token;
mod tunnel;
mod usual;
mod walk;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use tidegate::world;

use crate::exit::{Exit, Failure};
use crate::relay::doors::Doors;
use crate::relay::drain::Drain;
use crate::relay::worker::Workers;
use crate::{interrupt, output};
use args::Args;
use authority::LocalAuthority;
use house::House;
use itself::Itself;
use walk::Walker;

/// Serves until it is told to stop, and lets calls under way end.
pub(crate) async fn run(args: Args) -> Result<Exit, Failure> {
    if let Some(folder) = args.trust()? {
        return trust(&folder);
    }
    let stopped = interrupt::stopped()?;
    let count = args.workers();
    let config = args.config()?;
    let (bounds, drain_within) = (config.bounds, config.drain);
    let doors = Doors::open(&config.listen, config.tls.as_ref())?;
    let house = House::new(config, Itself::at(doors.addresses()))?;
    let drain = Drain::new();
    let (made, told) = (Arc::clone(&house), drain.told());
    let make = move |_| Walker::new(&made, told.clone());
    let workers = Workers::start(doors.all(), &bounds, count, &drain, make)?;
    doors.say_where();
    house.say_what();
    drop(doors);
    stopped.await;
    Ok(workers.end(&drain, drain_within, house.in_hand()).await?.say())
}

/// Says how programs come to trust the authority in a folder, which is made if there is none.
fn trust(folder: &Path) -> Result<Exit, Failure> {
    let trusted = LocalAuthority::open(folder, world::wall_clock())?.trusted()?;
    output::stdout(trusted.to_string())?;
    Ok(Exit::Done)
}
