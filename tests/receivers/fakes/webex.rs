//! Webex: messages to rooms.

use serde::Deserialize;
use serde_json::json;

use super::{Fake, Reply};

/// The bot's token.
pub(crate) const TOKEN: &str = "bot-s3cret";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Message {
    markdown: String,
    room_id: String,
}

pub(crate) async fn start() -> Fake {
    Fake::start(|request| {
        let failed = |status: u16, message: &str| {
            Reply::json(
                status,
                json!({"message": message, "errors": [{"description": message}], "trackingId": "T"}),
            )
        };
        if request.header("authorization") != format!("Bearer {TOKEN}") {
            return failed(
                401,
                "The request requires a valid access token set in the Authorization request header.",
            );
        }
        match request.json::<Message>() {
            _ if request.path != "/v1/messages" => failed(404, "The requested resource could not be found."),
            _ if request.method != "POST" => failed(405, "Method not allowed"),
            Err(error) => failed(400, &error),
            Ok(message) if message.room_id != "room1" => {
                failed(404, "Could not find a room with provided ID.")
            }
            Ok(message) if message.markdown.is_empty() => {
                failed(400, "text, file, or meetingId must be specified")
            }
            Ok(message) if message.markdown.len() > 7439 => {
                failed(400, "Message length limited to 7439 bytes")
            }
            Ok(_) => Reply::json(200, json!({"id": "M1", "roomId": "room1"})),
        }
    })
    .await
}
