//! Mattermost: an incoming webhook.

use serde::Deserialize;
use serde_json::json;

use super::{Fake, Reply, Request};

/// The path of the webhook.
pub(crate) const WEBHOOK: &str = "/hooks/s3cret";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    #[serde(default)]
    text: String,
    channel: Option<String>,
    username: Option<String>,
    icon_url: Option<String>,
    icon_emoji: Option<String>,
    #[serde(default)]
    attachments: Vec<Attachment>,
    r#type: Option<String>,
    props: Option<Props>,
    priority: Option<Priority>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attachment {
    fallback: Option<String>,
    color: Option<String>,
    pretext: Option<String>,
    text: Option<String>,
    author_name: Option<String>,
    author_link: Option<String>,
    author_icon: Option<String>,
    title: Option<String>,
    title_link: Option<String>,
    #[serde(default)]
    fields: Vec<Field>,
    thumb_url: Option<String>,
    footer: Option<String>,
    footer_icon: Option<String>,
    image_url: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    title: String,
    value: String,
    #[expect(dead_code, reason = "either is fine")]
    short: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Props {
    card: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Priority {
    priority: String,
    #[serde(default)]
    requested_ack: bool,
    #[serde(default)]
    persistent_notifications: bool,
}

pub(crate) async fn start() -> Fake {
    Fake::start(|request| {
        let failed = |status: u16, message: &str| {
            Reply::json(
                status,
                json!({"id": "web.incoming_webhook", "message": message, "status_code": status}),
            )
        };
        match read(request) {
            _ if request.path != WEBHOOK => failed(404, "Invalid webhook."),
            _ if request.method != "POST" => failed(405, "Method not allowed."),
            Ok(message) if message.channel.as_deref() == Some("gone") => {
                failed(404, "Couldn't find the channel.")
            }
            Ok(_) => Reply::text(200, "ok"),
            Err(error) => failed(400, &error),
        }
    })
    .await
}

fn read(request: &Request) -> Result<Message, String> {
    let message: Message = request.json()?;
    if message.text.is_empty() && message.attachments.is_empty() {
        return Err("No text or attachments specified.".to_owned());
    }
    if message.text.chars().count() > 16_383 {
        return Err("The text is too long.".to_owned());
    }
    let texts =
        [&message.channel, &message.username, &message.icon_url, &message.icon_emoji, &message.r#type];
    if texts.into_iter().flatten().any(String::is_empty)
        || message.props.as_ref().is_some_and(|p| p.card.is_empty())
    {
        return Err("An empty text is left out.".to_owned());
    }
    if message.r#type.as_deref().is_some_and(|kind| !kind.starts_with("custom_")) {
        return Err("The type must start with custom_.".to_owned());
    }
    if !message.attachments.iter().all(is_attachment) {
        return Err("Bad attachment.".to_owned());
    }
    if let Some(Priority { priority, requested_ack, persistent_notifications }) = &message.priority {
        let is_valid = match priority.as_str() {
            "urgent" => true,
            "important" => !persistent_notifications,
            "standard" => !requested_ack && !persistent_notifications,
            _ => false,
        };
        if !is_valid {
            return Err("Bad priority.".to_owned());
        }
    }
    Ok(message)
}

fn is_attachment(attachment: &Attachment) -> bool {
    let texts = [
        &attachment.fallback,
        &attachment.color,
        &attachment.pretext,
        &attachment.text,
        &attachment.author_name,
        &attachment.author_link,
        &attachment.author_icon,
        &attachment.title,
        &attachment.title_link,
        &attachment.thumb_url,
        &attachment.footer,
        &attachment.footer_icon,
        &attachment.image_url,
    ];
    texts.into_iter().flatten().all(|text| !text.is_empty())
        && attachment.fields.iter().all(|field| !field.title.is_empty() && !field.value.is_empty())
}
