//! Limits per server follow the fleet: servers that come and go by reload, or die and return, and what passes then.
//! Never here: how health is judged.

use std::time::Duration;

use tidegate::world;
use tidegate_core::Time;

use crate::caller::request;
use crate::load::{Load, Tally};
use crate::running::{Gateway, policy};
use crate::upstream::Upstream;

/// What one server is good for, in calls per second; the burst is as much.
const PER_SERVER: u32 = 50;

/// How long a change may take until it is followed.
const WITHIN: Duration = Duration::from_secs(2);

fn limited(servers: &[Upstream], gateway: &str) -> String {
    let urls: Vec<String> = servers.iter().map(Upstream::url).collect();
    let quota = format!("quota = \"{PER_SERVER} per second\"\nper = \"server\"");
    policy(&urls, gateway, &format!("[[limit]]\nname = \"all\"\nkey = []\n{quota}\n"))
}

async fn servers(count: usize) -> Vec<Upstream> {
    let mut servers = Vec::new();
    for _ in 0..count {
        servers.push(Upstream::echo().await);
    }
    servers
}

async fn pass(time: Duration) {
    world::sleep_until(world::now().later(time)).await;
}

/// So many servers count from this instant on.
#[derive(Clone, Copy, Debug)]
struct Step {
    at: Time,
    servers: u32,
}

/// Callers who ask for far more than passes.
fn greedy(gateway: &Gateway) -> Load {
    Load::start(&gateway.address, 6, Duration::from_millis(2), |_, _| request("GET", "/", &[]))
}

/// Looks at what passed after each step: at once no more than the quotas before and after allow, and from 2 s on what
/// the new one says.
fn check(tally: &Tally, steps: &[Step], end: Time) {
    assert_eq!(tally.other_than(&[200, 429]), Default::default(), "no errors");
    let ends = steps.iter().skip(1).map(|step| step.at).chain([end]);
    let mut before = u32::MAX;
    for (step, end) in steps.iter().zip(ends) {
        let steady = step.at.later(WITHIN);
        let seconds = end.since(steady).as_secs_f64();
        let (rate, target) =
            (tally.admitted(steady, end) as f64 / seconds, f64::from(step.servers * PER_SERVER));
        let at_once = tally.admitted(step.at, steady);
        let most = f64::from(step.servers.max(before).saturating_mul(PER_SERVER)) * WITHIN.as_secs_f64();
        println!(
            "{} servers: {rate:.1}/s from 2 s on, {:+.2} % of {target}/s; {at_once} passed in the 2 s before, at most {most}",
            step.servers,
            100.0 * (rate / target - 1.0)
        );
        assert!(rate <= target * 1.05, "{rate} where {target} is right");
        // What isn't asked for can't pass: a machine may be too slow to ask.
        if tally.asked_for_more(steady, end) {
            assert!(rate >= target * 0.95, "{rate} where {target} is right");
        } else {
            println!("(not judged from below: for a while, nobody was refused)");
        }
        // A free burst would be a second's worth or more.
        assert!(at_once as f64 <= most * 1.05 + 5.0, "{at_once} passed at the change");
        before = step.servers;
    }
}

/// Uses up the burst.
async fn warm_up(load: &Load, gateway: &Gateway) {
    load.hears(1000).await;
    while gateway.ask("GET", "/", &[]).await.status() != 429 {}
}

async fn changed_by_reload(sizes: &[usize], hold: Duration) {
    let fleet = servers(6).await;
    let mut gateway = Gateway::start(&limited(&fleet[..sizes[0]], "")).await;
    let load = greedy(&gateway);
    warm_up(&load, &gateway).await;
    let mut steps = vec![Step { at: world::now(), servers: sizes[0] as u32 }];
    pass(hold).await;
    for &size in &sizes[1..] {
        gateway.write(&limited(&fleet[..size], ""));
        gateway.signal("-HUP");
        steps.push(Step { at: world::now(), servers: size as u32 });
        gateway.says("was read again and taken").await;
        pass(hold).await;
    }
    let end = world::now();
    check(&load.stop().await, &steps, end);
}

#[tokio::test]
async fn what_passes_follows_a_fleet_that_grows() {
    changed_by_reload(&[2, 4], Duration::from_secs(4)).await;
}

#[tokio::test]
#[ignore = "takes half a minute: bench/gateway/fleet.sh runs it"]
async fn what_passes_follows_the_fleet_from_3_to_6_to_2() {
    changed_by_reload(&[3, 6, 2], Duration::from_secs(10)).await;
}

#[tokio::test]
#[ignore = "takes half a minute: bench/gateway/fleet.sh runs it"]
async fn what_passes_follows_servers_that_die_and_return() {
    let mut fleet = servers(4).await;
    let gateway = Gateway::start(&limited(&fleet, "health = { path = \"/healthz\" }")).await;
    let load = greedy(&gateway);
    warm_up(&load, &gateway).await;
    let hold = Duration::from_secs(10);
    let mut steps = vec![Step { at: world::now(), servers: 4 }];
    pass(hold).await;
    let mut gone = Vec::new();
    for server in fleet.drain(2..) {
        gone.push(server.address());
        server.end().await;
    }
    steps.push(Step { at: world::now(), servers: 2 });
    pass(hold).await;
    for address in gone {
        fleet.push(Upstream::echo_at(address).await);
    }
    steps.push(Step { at: world::now(), servers: 4 });
    pass(hold).await;
    let end = world::now();
    check(&load.stop().await, &steps, end);
}
