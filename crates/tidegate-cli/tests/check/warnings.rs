//! What is legal and likely wrong, as it is said. Never here: what is refused.

use crate::running::{check, with};

/// The file is good, and this is what is said about it: `line:column: message`, each.
#[track_caller]
fn warns(policy: &str, says: &[&str]) {
    let ended = check(policy, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let warnings = ended.err.lines().filter_map(|line| line.strip_prefix("warning: p.toml:"));
    assert_eq!(warnings.collect::<Vec<_>>(), says, "{}", ended.err);
}

const CALLS: &str = "[[limit]]\nname = \"calls\"\nkey = \"bearer\"\nquota = \"5/s\"\n";

#[test]
fn what_can_never_be_is_said() {
    warns(&with(""), &["1:1: there is no [[limit]]: everything is forwarded"]);
    warns(
        &with(&format!("{CALLS}cost = 6\n")),
        &["8:8: a request of this cost can never pass: the quota holds at most 5"],
    );
    warns(
        &with(&format!("{CALLS}cost = [{{ query = \"all\", is = 9 }}]\n")),
        &["8:9: a request of this cost can never pass: the quota holds at most 5"],
    );
    warns(&with(&format!("{CALLS}cost = {{ otherwise = 5 }}\n")), &[]);
    let group = |first: &str, second: &str| {
        format!(
            "{CALLS}first-of = \"g\"\nmatch = {{ path = \"{first}\" }}\n[[limit]]\nname = \"b\"\nkey = []\nquota = \
             \"5/s\"\nfirst-of = \"g\"\nmatch = {{ path = \"{second}\" }}\n"
        )
    };
    warns(
        &with(&group("/a/{*rest}", "/a/{id}")),
        &["11:8: it never falls: `calls` matches all that it matches, and is first of `g`"],
    );
    warns(&with(&group("/a/{id}", "/a/{*rest}")), &[]);
}

#[test]
fn a_plan_that_nobody_has_or_anybody_is_said() {
    let plan = |name: &str, who: &str| format!("[[limit.plan]]\nname = \"{name}\"\n{who}\nquota = \"9/s\"\n");
    let (short, long) = (plan("pro", "key-starts = \"p\""), plan("plus", "key-starts = \"plus_\""));
    warns(
        &with(&format!("{CALLS}{short}{long}")),
        &["13:8: nobody has this plan: whoever would has `pro`, which comes first"],
    );
    warns(&with(&format!("{CALLS}{long}{short}")), &[]);
    let gold = plan("gold", "header = \"x-plan = gold\"");
    warns(
        &with(&format!("{CALLS}{gold}")),
        &["9:8: every caller can send the field x-plan, and choose this plan"],
    );
    let trusting = |more: &str| with(&format!("trusted-proxies = \"10.0.0.1\"\n{more}{CALLS}{gold}"));
    warns(&trusting(""), &["10:8: every caller can send the field x-plan, and choose this plan"]);
    warns(&trusting("trusted-fields = \"x-plan\"\n"), &[]);
}

#[test]
fn an_exemption_that_anybody_has_is_said() {
    let exempt = |on: &str| with(&format!("{CALLS}[[exempt]]\nname = \"us\"\nmatch = {{ {on} }}\n"));
    warns(
        &exempt("header = \"x-internal\""),
        &["10:9: every caller can send the field x-internal, and be exempt"],
    );
    warns(&exempt(""), &["10:9: every request is exempt: no limit ever falls"]);
    warns(&exempt("header = \"x-internal\", address = \"10.0.0.0/8\""), &[]);
    warns(&exempt("path = \"/healthz\""), &[]);
}

#[test]
fn addresses_and_memory_that_serve_nobody_are_said() {
    let gateway = "[gateway]\nupstreams = \"http://127.0.0.1:9001\"\n";
    let by_address = CALLS.replace("bearer", "ip");
    warns(
        &format!("{gateway}{by_address}"),
        &["5:7: callers come only from this machine, so all have one address and share one count"],
    );
    warns(&format!("{gateway}trusted-proxies = \"127.0.0.1\"\n{by_address}"), &[]);
    warns(&with(&by_address), &[]);
    warns(
        &format!("{gateway}memory = \"64 KiB\"\n{CALLS}"),
        &["3:10: this is little: callers beyond some thousands would share one count per limit"],
    );
    warns(
        &format!("{gateway}admin = \"0.0.0.0:81\"\n{CALLS}"),
        &["3:9: whoever reaches this address can reset counts and reload the policy"],
    );
    warns(
        &format!("{gateway}health = {{ path = \"/\", timeout = \"2s\" }}\n{CALLS}"),
        &["3:34: a check may take longer than the time between two: a server that hangs is found late"],
    );
}
