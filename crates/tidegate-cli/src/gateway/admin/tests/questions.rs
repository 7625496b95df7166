//! Questions about requests, and what operators do about callers and the policy. Never here: pages that are looked at.

use http::StatusCode;
use serde_json::json;

use super::*;

fn asked(token: &str) -> Value {
    json!({
        "target": "/v1/rooms/7?max=5",
        "headers": { "Authorization": format!("Bearer {token}") },
        "client": "127.0.0.1",
    })
}

#[tokio::test]
async fn a_request_is_explained_by_the_state_that_calls_left_and_spends_nothing() {
    let stage = Stage::new("").await;
    assert_eq!(stage.call("/v1/rooms/1", "abcdefgh").await, 200);
    for _ in 0..3 {
        let (status, told) = stage.post("/explain", asked("abcdefgh")).await;
        assert_eq!((status, &told["outcome"]), (StatusCode::OK, &"admitted".into()));
        let rooms = &told["limits"][0];
        assert_eq!(
            (&rooms["name"], &rooms["falls"], &rooms["passes"]),
            (&"rooms".into(), &true.into(), &true.into())
        );
        assert_eq!(rooms["remaining_after"], 0);
        assert!(rooms["words"].as_str().unwrap().contains("bearer ab…"), "{rooms}");
        let all = &told["limits"][1];
        assert_eq!(
            (&all["mode"], &all["passes"]),
            (&"shadow".into(), &false.into()),
            "the same address called"
        );
    }
    assert_eq!(stage.call("/v1/rooms/1", "abcdefgh").await, 200);
    let (_, told) = stage.post("/explain", asked("abcdefgh")).await;
    assert_eq!((&told["outcome"], &told["refused_by"]), (&"refused".into(), &json!(["rooms"])));
    let wait = told["limits"][0]["retry_after_s"].as_u64().unwrap();
    assert!((1..=3600).contains(&wait), "{told}");
    let (_, told) = stage.post("/explain", asked("another")).await;
    assert_eq!(told["outcome"], "admitted");
}

#[tokio::test]
async fn requests_that_no_limit_is_asked_about_are_told_of_too() {
    let stage = Stage::new("").await;
    let (_, told) = stage.post("/explain", json!({ "target": "/v1/rooms%2F..%2Fadmin" })).await;
    assert_eq!((&told["outcome"], &told["status"]), (&"refused".into(), &400.into()));
    let (_, told) = stage.post("/explain", json!({ "target": "/v1/rooms/1" })).await;
    assert_eq!((&told["outcome"], &told["status"]), (&"refused".into(), &401.into()), "{told}");
    let (_, told) = stage.post("/explain", json!({ "target": "/other" })).await;
    assert_eq!((&told["outcome"], &told["limits"][0]["falls"]), (&"admitted".into(), &false.into()));
}

#[tokio::test]
async fn a_key_is_peeked_at_and_reset() {
    let stage = Stage::new("").await;
    for status in [200, 200, 429] {
        assert_eq!(stage.call("/v1/rooms/1", "abc").await, status);
    }
    let mut question = asked("abc");
    question["limit"] = "rooms".into();
    let (_, told) = stage.post("/peek", &question).await;
    assert_eq!((told["limits"].as_array().unwrap().len(), &told["limits"][0]["passes"]), (1, &false.into()));
    let (status, told) = stage.post("/reset", &question).await;
    assert_eq!((status, told), (StatusCode::OK, json!({ "reset": ["rooms"] })));
    let (_, told) = stage.post("/peek", &question).await;
    assert_eq!(told["limits"][0]["remaining_after"], 1);
    assert_eq!(stage.call("/v1/rooms/1", "abc").await, 200);
    question["limit"] = "rooom".into();
    for page in ["/explain", "/peek", "/reset"] {
        let (status, told) = stage.post(page, &question).await;
        assert_eq!(
            (status, &told["hint"]),
            (StatusCode::BAD_REQUEST, &"did you mean `rooms`?".into()),
            "{page}"
        );
    }
}

#[tokio::test]
async fn a_caller_in_the_penalty_box_is_shown_and_forgiven() {
    let stage = Stage::new("penalty = { forgiven = \"1 per hour\", longest = \"2h\", grace = \"0s\" }").await;
    for _ in 0..6 {
        stage.call("/v1/rooms/1", "abc").await;
    }
    let (_, text) = stage.get("/penalties?most=5").await;
    let worst: Value = serde_json::from_str(&text).unwrap();
    let caller = &worst["callers"][0];
    assert!(caller["strikes"].as_u64() > Some(1), "{text}");
    assert!(caller["shut_for_s"].as_u64() > Some(0), "{text}");
    let (_, told) = stage.post("/peek", asked("abc")).await;
    assert_eq!(told["caller"]["caller"], caller["caller"], "the same caller by its token");
    let (status, told) = stage.post("/forgive", json!({ "caller": caller["caller"] })).await;
    assert_eq!((status, &told["forgiven"]), (StatusCode::OK, &caller["caller"]));
    assert_eq!(told["was"]["strikes"], caller["strikes"]);
    assert_eq!(stage.get("/penalties").await.1.trim(), format!("{:#}", json!({ "callers": [] })));
    assert_eq!(stage.post("/forgive", asked("abc")).await.1["forgiven"], caller["caller"]);
    assert_eq!(stage.post("/forgive", json!({ "caller": "xyz" })).await.0, StatusCode::BAD_REQUEST);
    for query in ["most=0", "most=x", "least=1", "most=100000"] {
        assert_eq!(stage.get(&format!("/penalties?{query}")).await.0, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn a_good_file_is_taken_and_a_bad_one_changes_nothing() {
    let stage = Stage::new("").await;
    let text = std::fs::read_to_string(stage.file()).unwrap();
    std::fs::write(stage.file(), text.replace("2 per hour", "5 per hour").replace("1 MiB", "2 MiB")).unwrap();
    let (status, told) = stage.post("/reload", "").await;
    assert_eq!((status, &told["taken"]), (StatusCode::OK, &true.into()), "{told}");
    assert_eq!(told["change_at_restart"], json!(["memory"]));
    let (_, told) = stage.post("/reload", "").await;
    assert_eq!(told["change_at_restart"], json!(["memory"]), "it is still to come");
    std::fs::write(stage.file(), text.replace("2 per hour", "5 per hour")).unwrap();
    let (_, told) = stage.post("/reload", "").await;
    assert_eq!(told["change_at_restart"], json!([]), "it is as it was at the start");
    let state = stage.state().await;
    assert_eq!(
        (&state["policy"]["generation"], &state["limits"][0]["quota"]),
        (&3.into(), &"5 per hour".into())
    );
    std::fs::write(stage.file(), text.replace("2 per hour", "two per hour").replace("bearer", "bear"))
        .unwrap();
    let (status, told) = stage.post("/reload", "{}").await;
    assert_eq!((status, &told["taken"]), (StatusCode::UNPROCESSABLE_ENTITY, &false.into()));
    let faults = told["faults"].as_str().unwrap();
    assert!(faults.contains("two per hour") && faults.contains("bear"), "all of it at once: {faults}");
    let state = stage.state().await;
    assert_eq!(
        (&state["policy"]["generation"], &state["limits"][0]["quota"]),
        (&3.into(), &"5 per hour".into())
    );
    assert_eq!(state["policy"]["last_reload"]["came_to"]["taken"], false);
}
