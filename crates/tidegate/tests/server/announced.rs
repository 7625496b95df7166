//! What answers that go through tell of limits, beside what the service tells of its own.

use tidegate::server::Answers;
use tidegate_wire::announce::{Form, ResetAs};
use tower::Layer;

use crate::support::{Echo, ask, call, layer, limit};

/// What is told of limits by the first answer through a layer, around a service that tells these fields.
async fn told(forms: &[Form], theirs: &[(&'static str, &'static str)]) -> Vec<String> {
    let layer = layer(vec![limit("all", "10 per minute"), limit("rooms", "5 per 10 s")]);
    let layer = layer.answers(Answers { forms: forms.to_vec(), ..Answers::default() });
    let heard = ask(&layer.layer(Echo::with(theirs)), call("GET", "/", "a")).await;
    assert_eq!(heard.body, "hello");
    let mut told: Vec<String> = heard
        .headers
        .iter()
        .filter(|(name, _)| name.as_str().contains("ratelimit"))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    told.sort_unstable_by_key(|line| line.replacen(": ", "\0", 1));
    told
}

const OURS: &str = "ratelimit: \"rooms\";r=4;t=2";
const OUR_POLICIES: &str = "ratelimit-policy: \"all\";q=10;w=60, \"rooms\";q=5;w=10";

#[tokio::test(start_paused = true)]
async fn all_policies_are_told_and_what_is_left_of_the_tightest() {
    assert_eq!(told(&[Form::Current], &[]).await, [OURS, OUR_POLICIES]);
    assert!(told(&[], &[]).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_services_own_limits_are_told_beside_ours() {
    let theirs = [("ratelimit", "\"theirs\";r=1"), ("ratelimit-policy", "\"theirs\";q=3")];
    let both = [OURS, "ratelimit: \"theirs\";r=1", OUR_POLICIES, "ratelimit-policy: \"theirs\";q=3"];
    assert_eq!(told(&[Form::Current], &theirs).await, both);
}

#[tokio::test(start_paused = true)]
async fn what_ours_cannot_stand_beside_is_replaced() {
    let same_name = [("ratelimit", "\"rooms\";r=1"), ("ratelimit-policy", "\"all\";q=3")];
    assert_eq!(told(&[Form::Current], &same_name).await, [OURS, OUR_POLICIES]);
    let older = [("ratelimit", "limit=3, remaining=1, reset=5"), ("ratelimit-policy", "3;w=5")];
    assert_eq!(told(&[Form::Current], &older).await, [OURS, OUR_POLICIES]);
    let theirs =
        [("x-ratelimit-remaining", "7"), ("x-ratelimit-limit", "8"), ("ratelimit", "\"theirs\";r=1")];
    let ours = [
        "ratelimit: \"theirs\";r=1",
        "x-ratelimit-limit: 5",
        "x-ratelimit-remaining: 4",
        "x-ratelimit-reset: 2",
    ];
    assert_eq!(told(&[Form::XRateLimit(ResetAs::DelaySeconds)], &theirs).await, ours);
}
