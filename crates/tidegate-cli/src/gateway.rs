//! `tidegate gateway`: stands in front of servers and refuses exactly. Never here: one call, a decision about a limit.

mod admin;
pub(crate) mod args;
mod follow;
mod gate;
mod health;
mod pools;
mod record;
mod reload;
mod source;
mod terms;
mod traffic;
mod walk;

use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use tidegate::world;

use crate::exit::{Exit, Failure};
use crate::office::Office;
use crate::relay::body::Body;
use crate::relay::doors::{Doors, shown};
use crate::relay::drain::Drain;
use crate::relay::listen::{Answer, Peer};
use crate::relay::worker::Workers;
use crate::toml_file::Taken;
use crate::{interrupt, output};
use admin::Desk;
use args::Args;
use gate::Gate;
use pools::Pools;
use reload::Reloads;

pub(crate) use walk::clean;

/// Who answers in one worker.
struct Walker {
    gate: Arc<Gate>,
    pools: Pools,
}

impl Answer for Walker {
    fn answer(&self, request: Request<Incoming>, peer: &Peer) -> impl Future<Output = Response<Body>> + Send {
        walk::walk(&self.gate, &self.pools, request, peer)
    }
}

/// Serves until it is told to stop, and lets calls under way end.
pub(crate) async fn run(args: Args) -> Result<Exit, Failure> {
    let mut stopped = std::pin::pin!(interrupt::stopped()?);
    let count = args.workers();
    let source = args.source();
    let Taken { config, warnings } = source.read()?;
    let gateway = config.gateway.clone();
    let gate = Gate::new(config, world::now())?;
    let doors = Doors::open(&gateway.listen, gateway.tls.as_ref())?;
    let tls = doors.tls();
    let (drain, closing) = (Drain::new(), Drain::new());
    let reloads = Arc::new(Reloads::new(source));
    let office = gateway.admin.as_ref().map(Office::open).transpose()?;
    let made = Arc::clone(&gate);
    let make = move |_| Walker { gate: Arc::clone(&made), pools: Pools::default() };
    let workers = Workers::start(doors.all(), &gateway.bounds, count, &drain, make)?;
    doors.say_where();
    drop(doors);
    if let Some(office) = office {
        output::error(format!("operators come in at {}", shown("http", office.address())));
        let desk = Desk::new(Arc::clone(&gate), Arc::clone(&reloads), drain.told());
        tokio::spawn(office.serve(desk, closing.told()));
    }
    for warning in warnings {
        output::error(format!("warning: {warning}"));
    }
    tokio::select! {
        () = &mut stopped => {}
        () = follow::follow(Arc::clone(&gate)) => {}
        () = health::watch(Arc::clone(&gate)) => {}
        ended = reloads.watch(&gate, tls.as_deref()) => ended?,
    }
    let under_way = usize::try_from(gate.in_flight()).unwrap_or_default();
    let ended = workers.end(&drain, gate.terms().gateway.drain, under_way).await?;
    gate.log.close().await;
    Ok(ended.say())
}

#[cfg(test)]
mod tests;
