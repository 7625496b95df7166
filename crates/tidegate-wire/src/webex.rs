//! Error bodies as Webex writes them, for programs that were made for Webex. Never here: a status, an RFC.

use serde::Serialize;

use crate::tracking::TrackingId;

/// The media type of an error body.
pub const MEDIA_TYPE: &str = "application/json;charset=UTF-8";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody<'a> {
    message: &'a str,
    errors: [Description<'a>; 1],
    tracking_id: &'a str,
}

#[derive(Serialize)]
struct Description<'a> {
    description: &'a str,
}

/// Writes an error body: the message, the same as the one error's description, and the tracking ID.
pub fn write(message: &str, tracking: &TrackingId) -> Vec<u8> {
    let errors = [Description { description: message }];
    let body = ErrorBody { message, errors, tracking_id: tracking.as_str() };
    serde_json::to_vec(&body).unwrap_or_else(|_| b"{}".to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_written_as_webex_writes_it() {
        let tracking = "ROUTER_1".parse().expect("well formed");
        let body = String::from_utf8(write("the \"rooms\" are used up", &tracking)).expect("JSON is UTF-8");
        assert_eq!(
            body,
            r#"{"message":"the \"rooms\" are used up","errors":[{"description":"the \"rooms\" are used up"}],"trackingId":"ROUTER_1"}"#
        );
    }
}
