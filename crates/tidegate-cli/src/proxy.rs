//! `tidegate proxy`: stands in front of somebody else's API and waits. Never here: one call, a pace.

pub(crate) mod args;
mod asked;
pub(crate) mod authority;
mod base;
mod caller;
mod desk;
pub(crate) mod file;
mod goal;
mod guard;
pub(crate) mod house;
pub(crate) mod itself;
pub(crate) mod refusal;
mod rewrite;
pub(crate) mod route;
mod saved;
mod seen;
mod sender;
pub(crate) mod settings;
mod token;
mod tunnel;
pub(crate) mod usual;
pub(crate) mod walk;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use tidegate::world;
use tokio::signal::unix::Signal;

use crate::exit::{Exit, Failure};
use crate::office::Office;
use crate::relay::doors::{Doors, shown};
use crate::relay::drain::Drain;
use crate::relay::worker::Workers;
use crate::{interrupt, output};
use args::Args;
use authority::LocalAuthority;
use desk::Desk;
use house::House;
use itself::Itself;
use walk::Walker;

/// Serves until it is told to stop, and lets calls under way end.
pub(crate) async fn run(args: Args) -> Result<Exit, Failure> {
    if let Some(folder) = args.trust()? {
        return trust(&folder);
    }
    let (stopped, hang_ups) = (interrupt::stopped()?, interrupt::hang_ups()?);
    let count = args.workers();
    let config = args.config()?;
    let (bounds, drain_within) = (config.bounds, config.drain);
    let doors = Doors::open(&config.listen, config.tls.as_ref())?;
    let office = config.admin.as_ref().map(Office::open).transpose()?;
    let house = House::new(config, Itself::at(doors.addresses()))?;
    let (drain, closing) = (Drain::new(), Drain::new());
    let (made, told) = (Arc::clone(&house), drain.told());
    let make = move |_| Walker::new(&made, told.clone());
    let workers = Workers::start(doors.all(), &bounds, count, &drain, make)?;
    doors.say_where();
    house.say_what();
    drop(doors);
    if let Some(office) = office {
        output::error(format!("operators come in at {}", shown("http", office.address())));
        let desk = Desk::new(Arc::clone(&house), drain.told(), workers.places());
        tokio::spawn(office.serve(desk, closing.told()));
    }
    tokio::select! {
        () = stopped => {}
        () = rotate(&house, hang_ups) => {}
    }
    let ended = workers.end(&drain, drain_within, house.in_hand()).await?;
    house.seen.log.close().await;
    Ok(ended.say())
}

/// Goes on in a new file of the access log's name at each SIGHUP.
async fn rotate(house: &House, mut hang_ups: Signal) {
    while hang_ups.recv().await.is_some() {
        house.seen.log.reopen().await;
    }
}

/// Says how programs come to trust the authority in a folder, which is made if there is none.
fn trust(folder: &Path) -> Result<Exit, Failure> {
    let trusted = LocalAuthority::open(folder, world::wall_clock())?.trusted()?;
    output::stdout(trusted.to_string())?;
    Ok(Exit::Done)
}
