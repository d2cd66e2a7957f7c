//! Webex: a message in a room. The bot's token is in `http_config.authorization`.

use serde::Serialize;

use super::{Message, Step, Trouble, json, open, truncate};

/// The most bytes of a message.
const LIMIT: usize = 7439;

/// The fields in Alertmanager's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    markdown: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    room_id: String,
}

/// The request that tells it.
pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let document = Document {
        markdown: truncate::in_bytes(message.text("message")?, LIMIT),
        room_id: message.word("room_id")?,
    };
    Ok(Step::request(json::post(message, open(message.raw("api_url")), &document)))
}
