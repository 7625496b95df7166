//! Whose count a request takes from.

use http::StatusCode;
use tidegate::classify::{
    Classifier, Condition, Gives, Grouping, Lack, Limit, Missing, Plan, Policy, PolicyWrong, When,
};

use crate::support::{Asked, ask, classifier, limit};

fn by(key: &[&str], missing: Missing) -> Classifier {
    let path = if key.contains(&"path:id") { "/v1/{id}/{*rest}" } else { "" };
    classifier(vec![Limit { missing, ..limit("it", path, key) }])
}

fn bearer(token: &str) -> Asked {
    ask("GET /v1/rooms").with("authorization", &format!("Bearer {token}"))
}

/// Requests that are one caller, and requests that are another each.
#[track_caller]
fn check(key: &[&str], same: &[Asked], others: &[Asked]) {
    let limits = by(key, Missing::Refuse);
    let first = same[0].key(&limits);
    for ask in same {
        assert_eq!(ask.key(&limits), first, "{ask:?}");
    }
    let mut keys: Vec<_> = others.iter().map(|ask| ask.key(&limits)).chain([first]).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), others.len() + 1, "two of {others:?} share a key");
}

fn get(header: &'static str, value: &str) -> Asked {
    ask("GET /v1/rooms").with(header, value)
}

#[test]
fn one_caller_has_one_key_in_every_spelling() {
    check(
        &["bearer"],
        &[
            bearer("abc"),
            get("authorization", "bearer abc"),
            get("authorization", "BEARER   abc "),
            get("authorization", "Bearer\tabc"),
            bearer("abc").from("10.0.0.1"),
            bearer("abc").with("authorization", "Bearer abc"),
        ],
        &[bearer("abd"), bearer("ABC"), bearer("ab")],
    );
    check(
        &["header:x-api-key"],
        &[get("x-api-key", "k"), get("x-api-key", " k "), get("x-api-key", "k\u{a0}")],
        &[get("x-api-key", "K")],
    );
    check(
        &["cookie:sid"],
        &[get("cookie", "sid=abc"), get("cookie", "a=b; sid=\"abc\""), get("cookie", "sid=%61bc")],
        &[get("cookie", "sid=abd")],
    );
    check(
        &["path:id"],
        &[ask("GET /v1/a@b/x"), ask("GET /v1//a%40b;x"), ask("GET /v1/%61%40b/y/z?q")],
        &[ask("GET /v1/a"), ask("GET /v1/A@b")],
    );
    check(&["path:rest", "path:id"][1..], &[ask("GET /v1/a")], &[ask("GET /v1/b")]);
    check(
        &["host"],
        &[ask("GET /").at("a.example"), ask("GET /").at("A.EXAMPLE.:80")],
        &[ask("GET /").at("b.example")],
    );
}

#[test]
fn an_address_is_one_caller_and_an_ipv6_network_too() {
    let from = |client| ask("GET /").from(client);
    check(
        &["ip"],
        &[from("192.0.2.7"), from("::ffff:192.0.2.7")],
        &[from("192.0.2.8"), from("2001:db8::1"), from("2001:db8:0:1::1")],
    );
    check(&["ip"], &[from("2001:db8::1"), from("2001:db8::ffff:ffff:ffff:ffff")], &[from("2001:db8:1::1")]);
    let policy = Policy {
        grouping: Grouping { v4_bits: 24, v6_bits: 48 },
        limits: vec![limit("it", "", &["ip"])],
        ..Policy::default()
    };
    let wide = Classifier::compile(policy).unwrap();
    assert_eq!(from("192.0.2.1").key(&wide), from("192.0.2.254").key(&wide));
    assert_eq!(from("2001:db8:0:1::1").key(&wide), from("2001:db8:0:2::1").key(&wide));
}

#[test]
fn parts_are_told_apart_from_their_neighbours() {
    let (two, key) = (|a: &str, b: &str| get("x-a", a).with("x-b", b), ["header:x-a", "header:x-b"]);
    check(&key, &[two("ab", "c")], &[two("a", "bc"), two("c", "ab"), two("abc", "t")]);
    check(&key, &[two("at", "b")], &[two("a", "tb")]);
    check(&[], &[bearer("a"), ask("POST /other").from("10.0.0.1")], &[]);
}

#[test]
fn a_missing_part_is_refused_with_the_reason() {
    let limits = by(&["bearer"], Missing::Refuse);
    for ask in [ask("GET /"), get("authorization", "Basic YTpi"), get("authorization", "Bearer "), bearer("")]
    {
        let refusal = ask.classified(&limits).unwrap_err();
        assert_eq!((refusal.status(), refusal.lack), (StatusCode::UNAUTHORIZED, Lack::Absent));
        assert!(refusal.to_string().contains("no bearer token"), "{refusal}");
    }
    let refusal = bearer("a").with("authorization", "Bearer b").classified(&limits).unwrap_err();
    assert_eq!((refusal.status(), refusal.lack), (StatusCode::BAD_REQUEST, Lack::Several));
    for token in ["a b", "a,b", "a\u{a0}", "\"a\""] {
        let refusal = bearer(token).classified(&limits).unwrap_err();
        assert_eq!((refusal.status(), refusal.lack), (StatusCode::BAD_REQUEST, Lack::Unclear), "{token:?}");
    }
    let limits = by(&["cookie:sid"], Missing::Refuse);
    let refusal = get("cookie", "sid=a; sid=b").classified(&limits).unwrap_err();
    assert_eq!(refusal.to_string(), "the request has more than one sid cookie: send one");
    let limits = by(&["header:x-api-key"], Missing::Refuse);
    assert_eq!(get("x-api-key", "").classified(&limits).unwrap_err().lack, Lack::Absent);
}

#[test]
fn the_anonymous_share_one_count_and_nobody_else_can() {
    let limits = by(&["bearer", "host"], Missing::Anonymous);
    let anonymous = ask("GET /").key(&limits);
    assert_eq!(ask("POST /x").from("10.0.0.1").key(&limits), anonymous);
    assert_eq!(bearer("a").with("authorization", "Bearer b").key(&limits), anonymous);
    assert_ne!(ask("GET /").at("other.example").key(&limits), anonymous, "the other part still counts");
    for token in ["-", "anonymous", "\u{7f}", "0"] {
        let Ok(value) = http::HeaderValue::from_str(token) else { continue };
        assert_ne!(bearer(value.to_str().unwrap()).key(&limits), anonymous);
    }
}

#[test]
fn who_has_no_key_may_count_by_address() {
    let limits = by(&["bearer"], Missing::ByAddress);
    let here = ask("GET /").key(&limits);
    assert_eq!(get("authorization", "Basic x").key(&limits), here);
    assert_ne!(ask("GET /").from("192.0.2.8").key(&limits), here);
    assert_ne!(bearer("192.0.2.7").key(&limits), here);
    assert_ne!(ask("GET /").key(&by(&["bearer"], Missing::Anonymous)), here);
}

fn plans() -> Classifier {
    let mut it = limit("it", "", &["bearer"]);
    let plan = |name: &str, when, gives| Plan { name: name.into(), when, gives };
    let quota = |text: &str| Gives::Quota(text.parse().unwrap());
    it.plans = vec![
        plan("staff", When::Holds(Condition::header("x-staff = yes").unwrap()), Gives::Exemption),
        plan("pro", When::KeyStarts("pro_".into()), quota("1000 per second")),
        plan("gold", When::Holds(Condition::header("x-plan = gold").unwrap()), quota("100 per second")),
    ];
    classifier(vec![it])
}

#[test]
fn a_plan_chooses_another_quota_with_counts_of_its_own() {
    let limits = plans();
    let amount = |ask: &Asked| limits.quota(&ask.classified(&limits).unwrap()[0]).unwrap().amount();
    assert_eq!(amount(&bearer("free_1")), 10);
    assert_eq!(amount(&bearer("pro_1")), 1000);
    assert_eq!(amount(&bearer("pro_1").with("x-plan", "gold")), 1000, "the first that holds");
    assert_eq!(amount(&bearer("free_1").with("x-plan", "gold")), 100);
    assert_ne!(bearer("free_1").key(&limits), bearer("free_1").with("x-plan", "gold").key(&limits));
    assert_eq!(bearer("x").with("x-staff", "yes").limits(&limits), [""; 0]);
}

#[test]
fn a_plan_is_given_only_if_it_clearly_holds() {
    let limits = plans();
    let two = bearer("free_1").with("x-plan", "gold").with("x-plan", "tin");
    assert_eq!(two.classified(&limits).unwrap()[0].plan, None);
    let two = bearer("free_1").with("x-staff", "yes").with("x-staff", "no");
    assert_eq!(two.limits(&limits), ["it"]);
}

#[test]
fn a_plan_by_key_needs_a_key_with_a_beginning() {
    let plan = Plan {
        name: "pro".into(),
        when: When::KeyStarts("192.".into()),
        gives: Gives::Quota("1 per second".parse().unwrap()),
    };
    for key in [&["ip"][..], &[]] {
        let limits = vec![Limit { plans: vec![plan.clone()], ..limit("it", "", key) }];
        let faults = Classifier::compile(Policy { limits, ..Policy::default() }).unwrap_err();
        assert_eq!(faults[0].wrong, PolicyWrong::KeyIsNoText);
    }
}
