//! Which limits a request falls under.

use std::num::NonZeroU32;

use http::Method;
use tidegate::classify::{
    Class, Classifier, Condition, Exempt, Exemption, Gives, Limit, Matcher, Plan, Policy, PolicyWrong,
    Priority, When, networks,
};

use crate::support::{Asked, ask, classifier, limit};

/// Limits that overlap in every way.
fn overlapping() -> Classifier {
    let mut posts = limit("posts", "/v1/rooms/{*rest}", &["ip"]);
    posts.on.methods = vec![Method::POST, Method::from_bytes(b"PURGE").unwrap()];
    let mut reads = limit("reads", "/v1/{*rest}", &["ip"]);
    reads.on.methods = vec![Method::GET];
    let mut admin = limit("admin", "", &["ip"]);
    admin.on.hosts = vec!["admin.example".parse().unwrap(), "*.internal".parse().unwrap()];
    let mut gold = limit("gold", "", &["ip"]);
    gold.on.conditions =
        vec![Condition::header("x-plan = gold").unwrap(), Condition::query("max > 100").unwrap()];
    let members = limit("members", "/v1/rooms/{id}/members", &["path:id"]);
    classifier(vec![limit("all", "", &["ip"]), posts, reads, admin, gold, members])
}

#[test]
fn a_request_falls_under_every_limit_that_matches() {
    let limits = overlapping();
    assert_eq!(ask("GET /other").limits(&limits), ["all"]);
    assert_eq!(ask("GET /v1/rooms").limits(&limits), ["all", "reads"]);
    assert_eq!(ask("HEAD /v1/rooms").limits(&limits), ["all", "reads"]);
    assert_eq!(ask("POST /v1//rooms/").limits(&limits), ["all", "posts"]);
    assert_eq!(ask("PURGE /v1/rooms/7").limits(&limits), ["all", "posts"]);
    assert_eq!(ask("GET /v1/rooms/7/members").limits(&limits), ["all", "reads", "members"]);
    assert_eq!(ask("OPTIONS *").limits(&limits), ["all"]);
}

#[test]
fn hosts_and_conditions_must_all_hold() {
    let limits = overlapping();
    assert_eq!(ask("GET /").at("ADMIN.example.:8080").limits(&limits), ["all", "admin"]);
    assert_eq!(ask("GET /").at("a.b.internal").limits(&limits), ["all", "admin"]);
    assert_eq!(ask("GET /").at("notinternal").limits(&limits), ["all"]);
    let gold = |line: &str, plan: &str| ask(line).with("x-plan", plan).limits(&limits).len() == 2;
    assert!(gold("GET /?max=500", "gold"));
    assert!(!gold("GET /?max=5", "gold"));
    assert!(!gold("GET /?max=500", "tin"));
    assert_eq!(ask("GET /?max=500").limits(&limits), ["all"]);
}

#[test]
fn what_can_be_read_in_two_ways_falls_under_the_limit() {
    let limits = overlapping();
    for line in ["GET /?max=5&max=500", "GET /?max=500&max=5", "GET /?m%61x=%35%300", "GET /?max=many"] {
        assert_eq!(ask(line).with("x-plan", "gold").limits(&limits), ["all", "gold"], "{line}");
    }
    let two_plans = ask("GET /?max=500").with("x-plan", "tin").with("x-plan", "gold");
    assert_eq!(two_plans.limits(&limits), ["all", "gold"]);
}

#[test]
fn of_a_group_only_the_first_that_matches_falls() {
    let grouped = |name, path| Limit { first_of: Some("rooms".into()), ..limit(name, path, &["ip"]) };
    let other = Limit { first_of: Some("other".into()), ..limit("other", "/v1/{*rest}", &["ip"]) };
    let limits = classifier(vec![
        grouped("one", "/v1/rooms/{id}"),
        other,
        grouped("many", "/v1/rooms/{*rest}"),
        limit("always", "/v1/{*rest}", &["ip"]),
    ]);
    assert_eq!(ask("GET /v1/rooms/7").limits(&limits), ["one", "other", "always"]);
    assert_eq!(ask("GET /v1/rooms").limits(&limits), ["other", "many", "always"]);
}

fn exemption(name: &str, path: &str, from: Exempt) -> Exemption {
    let path = Some(path.parse().unwrap());
    Exemption { name: name.into(), on: Matcher { path, ..Matcher::default() }, from }
}

#[test]
fn an_exemption_spares_what_it_names_and_only_if_it_clearly_holds() {
    let mut from_inside = exemption("inside", "/v1/{*rest}", Exempt::Limits(vec!["rooms".into()]));
    from_inside.on.conditions =
        vec![Condition::Client(networks(["10.0.0.0/8"]).unwrap()), Condition::query("dry = true").unwrap()];
    let policy = Policy {
        exemptions: vec![exemption("health", "/healthz", Exempt::All), from_inside],
        limits: vec![limit("all", "", &["ip"]), limit("rooms", "/v1/rooms", &["ip"])],
        ..Policy::default()
    };
    let limits = Classifier::compile(policy).unwrap();
    assert_eq!(ask("GET /healthz").limits(&limits), [""; 0]);
    assert_eq!(ask("GET /v1/../healthz/?x").limits(&limits), [""; 0]);
    assert_eq!(ask("GET /healthz/x").limits(&limits), ["all"]);
    assert_eq!(ask("GET /v1/rooms?dry=true").from("10.1.2.3").limits(&limits), ["all"]);
    assert_eq!(ask("GET /v1/rooms?dry=true").from("::ffff:10.1.2.3").limits(&limits), ["all"]);
    assert_eq!(ask("GET /v1/rooms?dry=true").limits(&limits), ["all", "rooms"]);
    let unclear = ask("GET /v1/rooms?dry=true&dry=false").from("10.1.2.3");
    assert_eq!(unclear.limits(&limits), ["all", "rooms"]);
}

#[test]
fn a_policy_is_refused_with_all_that_is_wrong_with_it() {
    let mut policy = Policy {
        exemptions: vec![exemption("spare", "/x", Exempt::Limits(vec!["none".into()]))],
        limits: vec![
            limit("twice", "/v1/rooms", &["ip"]),
            limit("twice", "/v1/%2Frooms", &["path:id"]),
            limit("fine", "/v1/{id}", &["path:id"]),
        ],
        ..Policy::default()
    };
    policy.grouping.v6_bits = 129;
    let faults = Classifier::compile(policy).unwrap_err();
    let wrong: Vec<_> = faults.iter().map(|fault| &fault.wrong).collect();
    assert!(
        matches!(
            wrong[..],
            [
                PolicyWrong::Grouping,
                PolicyWrong::Template(_),
                PolicyWrong::NoLimit(_),
                PolicyWrong::NameTwice,
                PolicyWrong::NoPlace(_)
            ]
        ),
        "{faults:?}"
    );
    let texts: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(texts[2], "`spare`: there is no limit `none` to be exempt from");
    assert_eq!(texts[4], "`twice`: the key needs path:id, and the limit's path has no {id}: name it there");
}

#[test]
fn hundreds_of_limits_are_told_apart() {
    let path = |number: usize| format!("/v{}/r{}/{{id}}/p{}", number % 3, number % 50, number / 150);
    let limits = (0..600).map(|number| limit(&number.to_string(), &path(number), &["ip"])).collect();
    let limits = classifier(limits);
    for number in [0, 1, 149, 150, 299, 599] {
        let falls = ask(&format!("GET {}", path(number).replace("{id}", "x"))).limits(&limits);
        assert_eq!(falls, [number.to_string()]);
    }
}

#[test]
fn the_first_priority_that_clearly_holds_says_how_much_a_request_matters() {
    let priority = |name: &str, path: &str, class| {
        let on = Matcher { path: Some(path.parse().unwrap()), ..Matcher::default() };
        Priority { name: name.into(), on, class }
    };
    let mut batch = priority("batch", "/{*rest}", Class::Sheddable);
    batch.on.conditions = vec![Condition::header("x-batch = yes").unwrap()];
    let login = priority("login", "/v1/login", Class::Critical);
    let policy = Policy { priorities: vec![batch, login], ..Policy::default() };
    let classifier = Classifier::compile(policy).unwrap();
    let class = |asked: &Asked| asked.classified(&classifier).unwrap().class;
    assert_eq!(class(&ask("GET /v1/login")), Class::Critical);
    assert_eq!(class(&ask("GET /v1/rooms")), Class::Normal);
    assert_eq!(class(&ask("GET /v1/login").with("x-batch", "yes")), Class::Sheddable);
    assert_eq!(class(&ask("GET /v1/login").with("x-batch", "no")), Class::Critical);
    let unclear = ask("GET /v1/rooms").with("x-batch", "no").with("x-batch", "yes");
    assert_eq!(class(&unclear), Class::Normal, "what may be is not enough");
}

#[test]
fn a_limit_without_anything_to_hold_is_a_fault() {
    let wrong = |limit: Limit| {
        let policy = Policy { limits: vec![limit], ..Policy::default() };
        Classifier::compile(policy).err().map(|faults| faults[0].wrong.clone())
    };
    let nothing = Limit { quota: None, ..limit("it", "", &[]) };
    assert_eq!(wrong(nothing.clone()), Some(PolicyWrong::HoldsNothing));
    let mut at_once = Limit { at_once: NonZeroU32::new(5), ..nothing };
    assert_eq!(wrong(at_once.clone()), None);
    let gives = Gives::Quota("1 per second".parse().unwrap());
    let when = When::Holds(Condition::header("x-plan").unwrap());
    at_once.plans = vec![Plan { name: "pro".into(), when, gives }];
    assert_eq!(wrong(at_once), Some(PolicyWrong::PlanWithoutQuota("pro".into())));
}
