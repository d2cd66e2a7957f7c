//! Microsoft Teams by a workflow's webhook: an adaptive card.

use serde::Serialize;

use super::{Message, Step, Trouble, json, msteams};

const RED: &str = "Attention";
const GREEN: &str = "Good";

/// The fields in Alertmanager's order.
#[derive(Serialize)]
struct Document<'a> {
    r#type: &'static str,
    attachments: [Attachment<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attachment<'a> {
    content_type: &'static str,
    /// Always null.
    content_url: Option<&'static str>,
    content: Card<'a>,
}

#[derive(Serialize)]
struct Card<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    r#type: &'static str,
    version: &'static str,
    body: [Block<'a>; 2],
    msteams: Layout,
}

#[derive(Serialize)]
struct Block<'a> {
    r#type: &'static str,
    text: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    weight: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    size: &'static str,
    wrap: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    style: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    color: &'static str,
}

#[derive(Serialize)]
struct Layout {
    width: &'static str,
}

/// The request that tells it.
pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let title = message.text("title")?;
    let color = if message.data.is_firing { RED } else { GREEN };
    let document = |text: &str| json::body(&document(&title, text, color));
    msteams::send(message, message.text("text")?, document)
}

fn document<'a>(title: &'a str, text: &'a str, color: &'static str) -> Document<'a> {
    let heading = Block {
        r#type: "TextBlock",
        text: title,
        weight: "Bolder",
        size: "Medium",
        wrap: true,
        style: "heading",
        color,
    };
    let text = Block { r#type: "TextBlock", text, weight: "", size: "", wrap: true, style: "", color: "" };
    let card = Card {
        schema: "http://adaptivecards.io/schemas/adaptive-card.json",
        r#type: "AdaptiveCard",
        version: "1.2",
        body: [heading, text],
        msteams: Layout { width: "full" },
    };
    let content_type = "application/vnd.microsoft.card.adaptive";
    Document {
        r#type: "message",
        attachments: [Attachment { content_type, content_url: None, content: card }],
    }
}
