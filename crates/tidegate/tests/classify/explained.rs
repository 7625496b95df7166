//! Why each limit falls on a request or doesn't: the words, and that they are of the same walk.

use http::Method;
use proptest::prelude::*;
use tidegate::classify::{
    Amount, Classifier, Condition, CostRow, Exempt, Exemption, Gives, Limit, Matcher, Measured, Missing,
    Plan, Policy, Verdict, WhyNot,
};

use crate::support::{Asked, ask, limit};

/// A policy with a limit for each reason.
fn policy(missing: Missing) -> Classifier {
    let mut rooms = Limit { missing, ..limit("rooms", "/v1/rooms/{*rest}", &["bearer", "ip"]) };
    rooms.cost.rows =
        vec![CostRow { when: vec![Condition::query("max > 100").unwrap()], is: Amount::Units(5) }];
    rooms.cost.measured = Some(Measured::Header(http::HeaderName::from_static("x-cost")));
    let staff = Condition::header("x-staff").unwrap();
    rooms.plans = vec![
        Plan {
            name: "pro".into(),
            when: tidegate::classify::When::KeyStarts("pro_".into()),
            gives: Gives::Quota("1 per second".parse().unwrap()),
        },
        Plan { name: "staff".into(), when: tidegate::classify::When::Holds(staff), gives: Gives::Exemption },
    ];
    let mut posts = limit("posts", "", &["ip"]);
    posts.on.methods = vec![Method::POST];
    let mut admin = limit("admin", "", &["host"]);
    admin.on.hosts = vec!["admin.example".parse().unwrap()];
    let mut deep = Limit { first_of: Some("all".into()), ..limit("deep", "", &[]) };
    deep.on.conditions = vec![Condition::query("deep").unwrap()];
    let shallow = Limit { first_of: Some("all".into()), ..limit("shallow", "", &["header:x-api-key"]) };
    let shallow = Limit { missing: Missing::Anonymous, ..shallow };
    let on = Matcher { conditions: vec![Condition::header("x-spare").unwrap()], ..Matcher::default() };
    let spare = Exemption { name: "spare".into(), on, from: Exempt::Limits(vec!["deep".into()]) };
    let limits = vec![rooms, posts, admin, deep, shallow];
    Classifier::compile(Policy { limits, exemptions: vec![spare], ..Policy::default() }).unwrap()
}

#[track_caller]
fn check(ask: &Asked, missing: Missing, text: &str) {
    assert_eq!(ask.explained(&policy(missing)).to_string(), text);
}

#[test]
fn every_limit_says_why_it_falls_or_not() {
    let request = ask("GET /v1/rooms?max=500").with("authorization", "Bearer pro_0123456789abcdef");
    check(
        &request.with("x-api-key", "short"),
        Missing::Refuse,
        "rooms: falls on it: key bearer pro_…, ip 192.0.2.7; cost 5, for query max > 100, reserved until the \
         true cost is known; plan `pro`\n\
         posts: passed over: the method isn't POST\n\
         admin: passed over: the host isn't admin.example\n\
         deep: passed over: it doesn't hold that query deep\n\
         shallow: falls on it: key header:x-api-key s…; cost 1\n",
    );
    check(
        &ask("POST /other?deep").at("admin.example").with("x-api-key", "a").with("x-api-key", "b"),
        Missing::Refuse,
        "rooms: passed over: the path doesn't fit /v1/rooms/{*rest}\n\
         posts: falls on it: key ip 192.0.2.7; cost 1\n\
         admin: falls on it: key host admin.example; cost 1\n\
         deep: falls on it: key one for all; cost 1\n\
         shallow: passed over: `deep` comes before it in `all`\n",
    );
    check(
        &ask("GET /v1/rooms?deep").with("x-spare", "").with("x-api-key", "a").with("x-api-key", "b"),
        Missing::Refuse,
        "rooms: falls on it, and refuses it: bearer none\n\
         posts: passed over: the method isn't POST\n\
         admin: passed over: the host isn't admin.example\n\
         deep: passed over: exempt by `spare`\n\
         shallow: falls on it: key header:x-api-key more than one, so it shares with all such; cost 1\n\
         Refused with 401: the request has no bearer token in Authorization, which tells callers apart here: \
         send it\n",
    );
    let staff = ask("GET /v1/rooms").with("x-staff", "").with("authorization", "Bearer abcd");
    let lines = staff.explained(&policy(Missing::ByAddress)).lines;
    assert_eq!(lines[0].verdict, Verdict::PassedOver(WhyNot::Plan { plan: 1 }));
    assert_eq!(lines[0].words, "passed over: the plan `staff` is exempt from it");
    assert_eq!(lines[0].key, ["bearer a…", "ip 192.0.2.7"]);
}

#[test]
fn no_explanation_holds_a_secret() {
    let secret = "k3Q9-a-long-secret-of-somebody";
    let request = ask("GET /v1/rooms").with("authorization", &format!("Bearer {secret}"));
    let explanation = request.with("x-api-key", secret).explained(&policy(Missing::Refuse));
    let all = format!("{explanation} {explanation:?}");
    assert!(all.contains("k3Q9…"), "{all}");
    assert!(!all.contains(&secret[..5]), "{all}");
    let short = ask("GET /v1/rooms").with("authorization", "Bearer abc").explained(&policy(Missing::Refuse));
    assert_eq!(short.lines[0].key[0], "bearer …");
}

proptest! {
    #[test]
    fn an_explanation_has_the_same_charges(
        method in prop_oneof![Just("GET"), Just("POST")],
        path in prop_oneof![Just("/v1/rooms"), Just("/other"), Just("*"), Just("/v1//rooms/7/?max=500&deep")],
        headers in proptest::collection::vec((0..5_usize, "[a-z_]{0,9}"), 0..5),
        anonymous in any::<bool>(),
    ) {
        let names = ["authorization", "x-api-key", "x-staff", "x-spare", "x-other"];
        let mut request = ask(&format!("{method} {path}"));
        for (name, value) in headers {
            let value = if name == 0 { format!("Bearer {value}") } else { value };
            request = request.with(names[name], &value);
        }
        let policy = policy(if anonymous { Missing::Anonymous } else { Missing::Refuse });
        let explanation = request.explained(&policy);
        prop_assert_eq!(&explanation.outcome, &request.classified(&policy));
        let told = explanation.lines.iter().filter_map(|line| match line.verdict {
            Verdict::Charged(charge) => Some(charge),
            _ => None,
        });
        if let Ok(charges) = &explanation.outcome {
            prop_assert_eq!(told.collect::<Vec<_>>(), charges.to_vec());
        } else {
            let refused = explanation.lines.iter().any(|line| matches!(line.verdict, Verdict::Refused(_)));
            prop_assert!(refused);
        }
    }
}
