//! Rocket.Chat: `chat.postMessage`.

use serde::Deserialize;
use serde_json::json;

use super::{Fake, Reply, Request};

/// The user's id and token.
pub(crate) const USER: (&str, &str) = ("id-s3cret", "token-s3cret");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    channel: String,
    emoji: Option<String>,
    avatar: Option<String>,
    attachments: Vec<Attachment>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attachment {
    title: String,
    title_link: Option<String>,
    text: Option<String>,
    image_url: Option<String>,
    thumb_url: Option<String>,
    color: Option<String>,
    #[serde(default)]
    fields: Vec<Field>,
    #[serde(default)]
    actions: Vec<Action>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    #[expect(dead_code, reason = "either is fine")]
    short: bool,
    title: String,
    value: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Action {
    r#type: String,
    text: String,
    url: Option<String>,
    is_webview: bool,
    msg: Option<String>,
    msg_in_chat_window: bool,
}

pub(crate) async fn start() -> Fake {
    Fake::start(|request| {
        if request.path != "/api/v1/chat.postMessage" || request.method != "POST" {
            return Reply::json(404, json!({"success": false, "error": "Method not found."}));
        }
        if (request.header("x-user-id"), request.header("x-auth-token")) != USER {
            return Reply::json(
                401,
                json!({"status": "error", "message": "You must be logged in to do this."}),
            );
        }
        match read(request) {
            Ok(()) => Reply::json(200, json!({"success": true, "ts": 1, "channel": "ops", "message": {}})),
            Err(error) => Reply::json(400, json!({"success": false, "error": error})),
        }
    })
    .await
}

fn read(request: &Request) -> Result<(), String> {
    let message: Message = request.json()?;
    if !["#ops", "@me"].contains(&&*message.channel) {
        return Err("error-room-not-found".to_owned());
    }
    let is_set = |text: &Option<String>| text.as_deref() != Some("");
    let is_valid = |attachment: &Attachment| {
        let texts = [
            &attachment.title_link,
            &attachment.text,
            &attachment.image_url,
            &attachment.thumb_url,
            &attachment.color,
        ];
        attachment.title.chars().count() <= 1024
            && texts.into_iter().all(is_set)
            && attachment.fields.iter().all(|field| !field.title.is_empty() && !field.value.is_empty())
            && attachment.actions.iter().all(|action| {
                action.r#type == "button"
                    && !action.text.is_empty()
                    && (action.url.is_some() || action.msg.is_some())
                    && !(action.is_webview || action.msg_in_chat_window)
            })
    };
    let is_valid =
        message.attachments.iter().all(is_valid) && is_set(&message.emoji) && is_set(&message.avatar);
    if is_valid { Ok(()) } else { Err("error-invalid-params".to_owned()) }
}
