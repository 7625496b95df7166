//! How the gateway is, as one JSON page. Never here: a request, a caller, a secret.

use serde_json::{Map, Value, json};
use tidegate::classify::Per;
use tidegate::fleet::{ServerView, State};
use tidegate::overload;
use tidegate_core::Time;
use tidegate_wire::date;

use super::asked::mode;
use crate::gateway::gate::{Gate, Reloaded};
use crate::gateway::reload::Reloads;
use crate::gateway::terms::Terms;
use crate::office::log::Counts;
use crate::office::reply::seconds;

/// All of it.
pub(super) fn of(gate: &Gate, reloads: &Reloads, not_ready: Option<&str>, now: Time) -> Value {
    let terms = gate.terms();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "time": date::write_rfc3339(tidegate::world::wall_clock()),
        "ready": not_ready.is_none(),
        "not_ready": not_ready,
        "policy": policy(&terms, reloads, now),
        "limits": limits(gate),
        "fleet": fleet(gate, now),
        "servers": servers(gate, &terms, now),
        "overload": overload(gate, &terms),
        "penalty": penalty(gate, now),
        "table": { "bytes": gate.limiter.store().bytes(), "crowded_decisions": gate.limiter.store().crowded() },
        "access_log": gate.log.counts().map(Counts::told),
    })
}

/// What a reload did.
pub(super) fn reloaded(reloaded: &Reloaded, now: Time) -> Value {
    let kept = reloaded.changed.kept.iter();
    let kept: Vec<Value> = kept
        .map(|kept| json!({ "limit": kept.limit, "changes_in_s": seconds(kept.retry_at.since(now)) }))
        .collect();
    json!({ "taken": true, "keep_old_quota_for_now": kept, "change_at_restart": reloaded.at_restart })
}

fn policy(terms: &Terms, reloads: &Reloads, now: Time) -> Value {
    let last = reloads.last().map(|last| {
        let told = match &last.came {
            Ok(came) => reloaded(came, now),
            Err(faults) => json!({ "taken": false, "faults": faults }),
        };
        json!({ "ago_s": seconds(now.since(last.at)), "came_to": told })
    });
    json!({ "file": reloads.name(), "generation": terms.generation, "last_reload": last })
}

fn limits(gate: &Gate) -> Vec<Value> {
    let rules = gate.limiter.rules();
    let numbered = (0..).zip(rules.tallies());
    let limit = |(number, (name, tally)): (u32, (&str, &tidegate::limiter::Tally))| {
        let (limit, counts) = (rules.classifier().limit(number), tally.counts());
        json!({
            "name": name,
            "mode": mode(limit.mode),
            "quota": limit.quota.map(|quota| quota.to_string()),
            "per": match limit.per { Per::Fleet => "fleet", Per::Server => "server" },
            "at_once": limit.at_once,
            "admitted": counts.admitted,
            "refused": counts.refused,
            "full": counts.full,
            "never": counts.never,
            "lacking": counts.lacking,
            "would_refuse": counts.would_refuse,
        })
    };
    numbered.map(limit).collect()
}

fn fleet(gate: &Gate, now: Time) -> Value {
    let routing = gate.fleet.routing(now);
    json!({
        "in_routing": routing.servers,
        "counted_as": f64::from(routing.weight.as_thousandths()) / 1_000.0,
        "rests_on": routing.basis.to_string(),
        "in_flight": gate.in_flight(),
    })
}

fn servers(gate: &Gate, terms: &Terms, now: Time) -> Vec<Value> {
    let learned = |view: &ServerView| terms.servers.get(&view.id).map(|known| known.learner.known());
    let views = gate.fleet.view(now);
    views.iter().map(|view| server(view, learned(view), now)).collect()
}

fn server(view: &ServerView, known: Option<overload::Known>, now: Time) -> Value {
    json!({
        "name": &*view.name,
        "in_routing": view.state == State::InRouting,
        "state": view.state_in_words(now),
        "since_s": seconds(now.since(view.since)),
        "weight": f64::from(view.weight.as_thousandths()) / 1_000.0,
        "in_flight": view.in_flight,
        "at_once": view.at_once,
        "answered": view.counts.answered,
        "server_errors": view.counts.server_errors,
        "refused": view.counts.refused,
        "broke": view.counts.broke,
        "timed_out": view.counts.timed_out,
        "last_failure": view.last_failure.map(|failure| json!({
            "what": failure.what.to_string(), "ago_s": seconds(now.since(failure.at)),
        })),
        "learned": known.map(|known| json!({
            "limit": known.limit,
            "in_flight": known.in_flight,
            "slowness": known.slowness,
            "failing": known.failing,
            "probing": known.probing,
        })),
    })
}

fn overload(gate: &Gate, terms: &Terms) -> Value {
    let counts = gate.overload.counts();
    let refused = overload::Class::ALL.into_iter().map(|class| {
        let (full, greedy) = (counts.full[class as usize], counts.greedy[class as usize]);
        (class.to_string(), json!({ "full": full, "greedy": greedy }))
    });
    json!({
        "mode": terms.gateway.overload.map_or("off", |overload| mode(overload.mode)),
        "in_flight": gate.in_flight(),
        "limit": terms.capacity(),
        "refused": refused.collect::<Map<_, _>>(),
    })
}

fn penalty(gate: &Gate, now: Time) -> Value {
    let counts = gate.penalty.counts(now);
    json!({
        "mode": gate.terms().gateway.penalty.as_ref().map_or("off", |penalty| mode(penalty.mode)),
        "shut": counts.shut,
        "refused": counts.refused,
        "would_be_refused": counts.would_be_refused,
        "unnoted": counts.unnoted,
        "bytes": gate.penalty.bytes(),
    })
}
