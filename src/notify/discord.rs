//! Discord: a message with one embed by a channel's webhook.

use serde::Serialize;

use super::{Message, Step, Trouble, json, truncate};

/// The most characters of a title, …
const TITLE: usize = 256;
/// … of a description …
const DESCRIPTION: usize = 4096;
/// … and of the message's own text.
const CONTENT: usize = 2000;

const RED: u32 = 0x0099_2D22;
const GREEN: u32 = 0x002E_CC71;

/// The fields in Alertmanager's order.
#[derive(Serialize)]
struct Document<'a> {
    content: String,
    embeds: [Embed; 1],
    #[serde(skip_serializing_if = "str::is_empty")]
    username: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    avatar_url: &'a str,
}

#[derive(Serialize)]
struct Embed {
    title: String,
    description: String,
    color: u32,
}

/// The request that tells it.
pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let embed = Embed {
        title: truncate::in_runes(message.text("title")?, TITLE),
        description: truncate::in_runes(message.text("message")?, DESCRIPTION),
        color: if message.data.is_firing { RED } else { GREEN },
    };
    let avatar_url = message.raw("avatar_url");
    let document = Document {
        content: truncate::in_runes(message.text("content")?, CONTENT),
        embeds: [embed],
        username: message.raw("username"),
        // Discord refuses the whole message for the sake of a bad one.
        avatar_url: if url::Url::parse(avatar_url).is_ok() { avatar_url } else { "" },
    };
    Ok(Step::request(json::post(message, message.secret("webhook_url")?, &document)))
}
