//! What the played API holds: rooms, messages, people, and what was posted to it. Never here: limits, HTTP.

use serde_json::{Value, json};

use super::page::{Page, Sizes};

pub(super) const ROOM_SIZES: Sizes = Sizes { unasked: 100, most: 1000 };
pub(super) const MESSAGE_SIZES: Sizes = Sizes { unasked: 50, most: 1000 };

/// One page of a list, as it is answered.
pub(super) fn list(page: Page, total: u64, entry: impl Fn(usize) -> Value) -> Value {
    let total = usize::try_from(total).unwrap_or(usize::MAX);
    json!({ "items": page.range(total).map(entry).collect::<Vec<_>>() })
}

pub(super) fn room(index: usize) -> Value {
    let number = index + 1;
    json!({ "id": format!("room-{number}"), "title": format!("Room {number}"), "type": "group", "isLocked": false })
}

pub(super) fn message(index: usize) -> Value {
    let number = index + 1;
    json!({
        "id": format!("message-{number}"),
        "roomId": "room-1",
        "roomType": "group",
        "text": format!("Message {number}"),
        "personId": "1",
    })
}

/// The person of this ID: a number from 1, or `me`.
pub(super) fn person(id: &str, people: u64) -> Option<Value> {
    let number = match id {
        "me" => 1,
        _ => id.parse().ok().filter(|number| (1..=people).contains(number) && !id.starts_with('+'))?,
    };
    Some(json!({
        "id": number.to_string(),
        "displayName": format!("Person {number}"),
        "emails": [format!("person{number}@example.com")],
        "type": "person",
    }))
}

/// A message that somebody posts: the JSON object that was sent, under an ID.
pub(super) fn posted(body: &[u8], id: Option<&str>) -> Option<(Value, Option<String>)> {
    let Value::Object(mut members) = serde_json::from_slice(body).ok()? else { return None };
    let own = match members.get("id") {
        Some(Value::String(own)) => Some(own.clone()),
        Some(Value::Number(own)) => Some(own.to_string()),
        _ => None,
    };
    let id = id.map(str::to_owned).or(own);
    if let Some(id) = &id {
        members.insert("id".to_owned(), Value::String(id.clone()));
    }
    Some((Value::Object(members), id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_numbered_from_one_and_the_first_is_me() {
        assert_eq!(person("me", 5), person("1", 5));
        assert_eq!(person("5", 5).unwrap()["displayName"], "Person 5");
        for stranger in ["0", "6", "+1", "", "x"] {
            assert_eq!(person(stranger, 5), None, "{stranger:?}");
        }
    }

    #[test]
    fn a_message_is_known_by_the_id_in_the_query_or_in_the_body() {
        let id = |body: &str, query| posted(body.as_bytes(), query).map(|(_, id)| id);
        assert_eq!(id(r#"{"text":"hi"}"#, None), Some(None));
        assert_eq!(id(r#"{"id":"a"}"#, None), Some(Some("a".into())));
        assert_eq!(id(r#"{"id":7}"#, None), Some(Some("7".into())));
        assert_eq!(id(r#"{"id":"a"}"#, Some("b")), Some(Some("b".into())));
        assert_eq!(id("[1]", None), None);
        assert_eq!(id("{", None), None);
    }
}
