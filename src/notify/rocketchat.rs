//! Rocket.Chat: `chat.postMessage` with a user's token.

use serde::Serialize;

use super::{HttpAnswer, Message, Step, Trouble, address, json, outcome, truncate};
use crate::config::setting::{Secret, Setting};
use crate::router::{Failure, Outcome};

/// The most characters of a title.
const TITLE: usize = 1024;

/// The fields in Alertmanager's order; of its keys it sends these only.
#[derive(Serialize)]
struct Document {
    #[serde(skip_serializing_if = "String::is_empty")]
    channel: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    emoji: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    avatar: String,
    attachments: [Attachment; 1],
}

#[derive(Serialize)]
struct Attachment {
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title_link: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    image_url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    thumb_url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    color: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<Action>,
}

#[derive(Serialize)]
struct Field {
    short: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    value: String,
}

#[derive(Serialize)]
struct Action {
    r#type: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    url: String,
    is_webview: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    msg: String,
    msg_in_chat_window: bool,
}

/// The request that tells it.
pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let document = Document {
        channel: message.word("channel")?,
        emoji: message.optional("emoji")?,
        avatar: message.optional("icon_url")?,
        attachments: [Attachment::new(message)?],
    };
    let url = address::endpoint(message.raw("api_url"), "api/v1/chat.postMessage", &[]);
    let mut request = json::post(message, Secret::new(url.into()), &document);
    request.headers.push(("X-Auth-Token", secret(message, "token")?));
    request.headers.push(("X-User-Id", secret(message, "token_id")?));
    let channel = format!("channel {:?}", document.channel);
    Ok(Step::then(request, move |message, answer| {
        Step::done(outcome::about(&channel, read(message, &answer)))
    }))
}

/// Here the file wins over the secret itself, as in Alertmanager: a global secret stays beside a receiver's file.
fn secret(message: &Message<'_>, key: &str) -> Result<Secret, Trouble> {
    let path = message.raw(&format!("{key}_file"));
    if path.is_empty() { message.secret(key) } else { message.file(path) }
}

impl Attachment {
    fn new(message: &Message<'_>) -> Result<Self, Trouble> {
        let fields = message.items("fields");
        let actions = message.items("actions");
        Ok(Self {
            title: truncate::in_runes(message.text("title")?, TITLE),
            title_link: message.optional("title_link")?,
            text: message.text("text")?,
            image_url: message.optional("image_url")?,
            thumb_url: message.optional("thumb_url")?,
            color: message.optional("color")?,
            fields: fields.iter().map(|field| Field::new(message, field)).collect::<Result<_, _>>()?,
            actions: actions.iter().map(|action| Action::new(message, action)).collect::<Result<_, _>>()?,
        })
    }
}

impl Field {
    fn new(message: &Message<'_>, field: &Setting) -> Result<Self, Trouble> {
        let text = |key: &str| message.render_text(&format!("fields: {key}"), field.text_at(key));
        let short = field.flag_at("short").unwrap_or_else(|| message.flag("short_fields"));
        Ok(Self { short, title: text("title")?, value: text("value")? })
    }
}

impl Action {
    /// A button, whatever its `type`: Rocket.Chat has no other.
    fn new(message: &Message<'_>, action: &Setting) -> Result<Self, Trouble> {
        let word = |key: &str| message.render_optional(&format!("actions: {key}"), action.text_at(key));
        Ok(Self {
            r#type: "button",
            text: message.render_text("actions: text", action.text_at("text"))?,
            url: word("url")?,
            is_webview: false,
            msg: word("msg")?,
            msg_in_chat_window: false,
        })
    }
}

/// Rocket.Chat may also say in a 200 that it failed.
fn read(message: &Message<'_>, answer: &HttpAnswer) -> Outcome {
    let by_status = outcome::of_answer(answer, message.now);
    if by_status != Outcome::Delivered {
        return by_status;
    }
    let Some(said) = json::read(answer).filter(|said| said["success"].is_boolean()) else {
        return outcome::of_garbage(answer);
    };
    if said["success"] == true {
        return Outcome::Delivered;
    }
    let error = said["error"].as_str().unwrap_or_default();
    let failure = match error.contains("too-many-requests") || error.contains("Too many requests") {
        true => Failure::RateLimited,
        false => Failure::ClientError,
    };
    let wait = outcome::retry_after(answer, message.now);
    outcome::of_failure(failure, format!("error response from Rocketchat: {error}"), wait)
}
