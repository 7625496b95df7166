//! The gateway's counts for Prometheus. Never here: counting; a label without a bound.
//!
//! Labels are names of limits and servers, which the policy file bounds, and words from fixed lists: never a key, a
//! path or an address of a caller.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use tidegate::fleet::{ServerView, State};
use tidegate::overload::Class;
use tidegate::world;
use tidegate_core::Time;

use crate::gateway::gate::Gate;
use crate::gateway::traffic::{Cause, Counts};
use crate::office::counts::CLASSES;
use crate::office::metrics::Families;

/// Reads everything from where it is counted when it is asked.
pub(super) struct Gauges(pub(super) Arc<Gate>);

impl fmt::Debug for Gauges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gauges")
    }
}

impl Collector for Gauges {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (gate, now) = (&self.0, world::now());
        let mut families = Families::new(encoder);
        families.info("tidegate_build", "Which version this is", [("version", env!("CARGO_PKG_VERSION"))])?;
        traffic(&mut families, &gate.traffic.counts())?;
        limits(&mut families, gate)?;
        servers(&mut families, gate, now)?;
        overload(&mut families, gate)?;
        penalty(&mut families, gate, now)?;
        upkeep(&mut families, gate)
    }
}

fn traffic(families: &mut Families<'_>, counts: &Counts) -> fmt::Result {
    families.counter("tidegate_requests", "Requests that came", counts.requests)?;
    let by_class =
        |counts: [u64; 5]| CLASSES.into_iter().zip(counts).map(|(class, count)| ([("class", class)], count));
    families.counters(
        "tidegate_answers",
        "Answers, by the class of their status",
        by_class(counts.answers),
    )?;
    let help = "Answers that came from servers, by the class of their status";
    families.counters("tidegate_server_answers", help, by_class(counts.server_answers))?;
    let turned = Cause::ALL.iter().zip(counts.turned).map(|(cause, count)| ([("why", cause.name())], count));
    families.counters("tidegate_turned", "Calls that the gateway answered itself, by why", turned)?;
    families.histogram(
        "tidegate_server_answer_seconds",
        "How long servers took to begin their answers",
        &counts.server_took,
    )
}

fn limits(families: &mut Families<'_>, gate: &Gate) -> fmt::Result {
    let rules = gate.limiter.rules();
    let calls = rules.tallies().flat_map(|(name, tally)| {
        let counts = tally.counts();
        [
            ("admitted", counts.admitted),
            ("refused", counts.refused),
            ("full", counts.full),
            ("never", counts.never),
            ("lacking", counts.lacking),
            ("would_refuse", counts.would_refuse),
        ]
        .map(|(outcome, count)| ([("limit", name), ("outcome", outcome)], count))
    });
    families.counters(
        "tidegate_limit_calls",
        "Calls that fell under each limit, by what it said to them",
        calls,
    )
}

fn servers(families: &mut Families<'_>, gate: &Gate, now: Time) -> fmt::Result {
    let routing = gate.fleet.routing(now);
    families.gauge("tidegate_servers_in_routing", "Servers that get calls", f64::from(routing.servers))?;
    let counted = f64::from(routing.weight.as_thousandths()) / 1_000.0;
    families.gauge("tidegate_servers_counted", "Servers that limits per server count on", counted)?;
    families.gauge("tidegate_in_flight", "Calls that are at servers", f64::from(gate.in_flight()))?;
    let views = gate.fleet.view(now);
    let each = |value: fn(&ServerView) -> f64| {
        views.iter().map(move |view| ([("server", &*view.name)], value(view)))
    };
    let in_routing = each(|view| f64::from(u8::from(view.state == State::InRouting)));
    families.gauges("tidegate_server_in_routing", "Whether a server gets calls: 1 or 0", in_routing)?;
    let in_flight = each(|view| f64::from(view.in_flight));
    families.gauges("tidegate_server_in_flight", "Calls that are at a server", in_flight)?;
    let calls = views.iter().flat_map(|view| {
        let counts = view.counts;
        [
            ("answered", counts.answered),
            ("server_error", counts.server_errors),
            ("refused", counts.refused),
            ("broke", counts.broke),
            ("timed_out", counts.timed_out),
        ]
        .map(|(outcome, count)| ([("server", &*view.name), ("outcome", outcome)], count))
    });
    families.counters("tidegate_server_calls", "Calls to each server, by how they ended", calls)
}

fn overload(families: &mut Families<'_>, gate: &Gate) -> fmt::Result {
    let terms = gate.terms();
    let learned = || terms.servers.values().map(|known| (&*known.upstream.name, known.learner.known()));
    let limits = learned().map(|(name, known)| ([("server", name)], f64::from(known.limit)));
    families.gauges(
        "tidegate_overload_limit",
        "Calls that a server may have in flight, as learned",
        limits,
    )?;
    let slowness = learned().map(|(name, known)| ([("server", name)], known.slowness));
    let help = "How many times as long as unloaded a server's answers take";
    families.gauges("tidegate_overload_slowness_ratio", help, slowness)?;
    let counts = gate.overload.counts();
    let refused = Class::ALL.into_iter().flat_map(|class| {
        [("full", counts.full), ("greedy", counts.greedy)]
            .map(|(cause, counts)| ([("class", class.as_str()), ("cause", cause)], counts[class as usize]))
    });
    families.counters(
        "tidegate_overload_refused",
        "Calls refused for the servers' sake, or in shadow mode",
        refused,
    )
}

fn penalty(families: &mut Families<'_>, gate: &Gate, now: Time) -> fmt::Result {
    let counts = gate.penalty.counts(now);
    families.gauge(
        "tidegate_penalty_shut_callers",
        "Callers that are refused at the door",
        counts.shut as f64,
    )?;
    let calls = [
        ([("outcome", "refused")], counts.refused),
        ([("outcome", "would_refuse")], counts.would_be_refused),
        ([("outcome", "unnoted")], counts.unnoted),
    ];
    let help =
        "Calls refused at the door, or in shadow mode, and refused calls that found no place in the box";
    families.counters("tidegate_penalty_calls", help, calls)
}

fn upkeep(families: &mut Families<'_>, gate: &Gate) -> fmt::Result {
    let table = gate.limiter.store();
    families.gauge("tidegate_table_bytes", "What the table of keys takes", table.bytes() as f64)?;
    let help = "Decisions on a state that keys without a place share";
    families.counter("tidegate_table_crowded", help, table.crowded())?;
    let counts = gate.traffic.counts();
    let reloads = [([("outcome", "taken")], counts.taken), ([("outcome", "refused")], counts.refused)];
    families.counters(
        "tidegate_reloads",
        "Times that the policy file was read again, by what came of it",
        reloads,
    )?;
    let help = "How many policy files came before the present one";
    families.gauge("tidegate_policy_generation", help, gate.terms().generation as f64)?;
    gate.log.counts().map_or(Ok(()), |log| log.encode(families))
}
