//! `tidegate gateway`: stands in front of servers and refuses exactly. Never here: one call, a decision about a limit.

mod admin;
pub(crate) mod args;
mod follow;
mod gate;
mod health;
mod log;
mod pools;
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
use crate::policy::Listen;
use crate::relay::body::Body;
use crate::relay::drain::Drain;
use crate::relay::listen::{Answer, Door, Peer, ServerTls};
use crate::relay::worker::Workers;
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
    let config = source.read()?;
    let warnings = source.warnings();
    let gateway = config.gateway.clone();
    let gate = Gate::new(config, world::now())?;
    let tls = gateway.tls.as_ref().map(ServerTls::load).transpose()?.map(Arc::new);
    let doors = gateway.listen.iter().map(|listen| Door::open(listen, tls.clone()));
    let doors: Vec<Door> = doors.collect::<Result<_, _>>()?;
    let (drain, closing) = (Drain::new(), Drain::new());
    let reloads = Arc::new(Reloads::new(source));
    let desk = || Desk::new(Arc::clone(&gate), Arc::clone(&reloads), drain.told());
    let office = gateway.admin.as_ref().map(|listen| Office::open(listen, desk())).transpose()?;
    let made = Arc::clone(&gate);
    let make = move |_| Walker { gate: Arc::clone(&made), pools: Pools::default() };
    let workers = Workers::start(&doors, &gateway.bounds, count, &drain, make)?;
    say_where(&doors);
    drop(doors);
    if let Some(office) = office {
        output::error(format!("operators come in at {}", shown("http", office.address())));
        tokio::spawn(office.serve(closing.told()));
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
    end(workers, &drain, &gate).await
}

/// Where callers come in.
fn say_where(doors: &[Door]) {
    for door in doors {
        let scheme = if door.has_tls() { "https" } else { "http" };
        output::error(format!("tidegate listens on {}", shown(scheme, door.address())));
    }
}

/// An address as people type it.
fn shown(scheme: &str, listen: &Listen) -> String {
    match listen {
        Listen::Tcp(address) => format!("{scheme}://{address}"),
        Listen::Unix(path) => format!("unix:{}", path.display()),
    }
}

/// Lets calls under way end; who is told to stop a second time cuts them.
async fn end(workers: Workers, drain: &Drain, gate: &Arc<Gate>) -> Result<Exit, Failure> {
    let within = gate.terms().gateway.drain;
    output::error(format!(
        "stopping: {} under way may end within {within:?}; Ctrl-C again cuts them",
        calls(usize::try_from(gate.in_flight()).unwrap_or_default())
    ));
    let again = interrupt::stopped()?;
    let mut draining = std::pin::pin!(workers.drain(drain, within));
    let cut = tokio::select! {
        cut = &mut draining => cut,
        () = again => {
            drain.cut();
            draining.await
        }
    };
    gate.log.close().await;
    output::error(match cut {
        0 => "stopped; no call was cut".to_owned(),
        1 => "stopped; 1 call was cut".to_owned(),
        more => format!("stopped; {} were cut", calls(more)),
    });
    Ok(if cut == 0 { Exit::Done } else { Exit::Failed })
}

/// So many calls, for people.
fn calls(count: usize) -> String {
    if count == 1 { "1 call".to_owned() } else { format!("{count} calls") }
}

#[cfg(test)]
mod tests;
