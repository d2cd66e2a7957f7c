//! A message to Slack as JSON: the fields and their order are Alertmanager's.
//!
//! Alertmanager cuts the title only. Slack shortens or refuses what is longer than it takes, so we cut that too
//! (not with `compat: strict`), and the ellipsis says so.

use serde::Serialize;

use crate::config::setting::Setting;
use crate::notify::{Message, Trouble, truncate};

/// The most characters of a title.
const TITLE: usize = 1024;
/// The most characters of a text in the attachment: Slack drops the rest without a word.
const ATTACHMENT_TEXT: usize = 8_000;
/// The most characters of a footer.
const FOOTER: usize = 300;
/// The most characters of the message's own text …
const MESSAGE_TEXT: usize = 40_000;
/// … and if it is changed later.
const CHANGED_TEXT: usize = 4_000;

/// The whole message.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Document {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) channel: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    ts: String,
    /// Ours: the message that this one answers.
    #[serde(skip_serializing_if = "String::is_empty")]
    thread_ts: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    icon_emoji: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    icon_url: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    link_names: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    attachments: [Attachment; 1],
}

#[derive(Clone, Debug, Serialize)]
struct Attachment {
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title_link: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pretext: String,
    text: String,
    fallback: String,
    callback_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<Action>,
    #[serde(skip_serializing_if = "String::is_empty")]
    image_url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    thumb_url: String,
    footer: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    color: String,
    mrkdwn_in: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Field {
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    value: String,
    short: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Action {
    #[serde(skip_serializing_if = "String::is_empty")]
    r#type: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    style: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirm: Option<Confirm>,
}

#[derive(Clone, Debug, Serialize)]
struct Confirm {
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    ok_text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    dismiss_text: String,
}

/// Which message of a channel is meant.
pub(super) enum Place {
    /// This one becomes what is sent.
    Change { channel: String, ts: String },
    /// What is sent answers this one.
    Answer { channel: String, ts: String },
}

impl Document {
    /// A new message.
    pub(super) fn new(message: &Message<'_>) -> Result<Self, Trouble> {
        let limit = if message.flag("update_message") { CHANGED_TEXT } else { MESSAGE_TEXT };
        Ok(Self {
            channel: message.word("channel")?,
            ts: String::new(),
            thread_ts: String::new(),
            username: message.optional("username")?,
            icon_emoji: message.optional("icon_emoji")?,
            icon_url: message.optional("icon_url")?,
            link_names: message.flag("link_names"),
            text: message.cut(message.text("message_text")?, limit),
            attachments: [Attachment::new(message)?],
        })
    }

    /// The same as a change of a message or an answer to it.
    pub(super) fn at(mut self, place: Place) -> Self {
        match place {
            Place::Change { channel, ts } => (self.channel, self.ts) = (channel, ts),
            Place::Answer { channel, ts } => (self.channel, self.thread_ts) = (channel, ts),
        }
        self
    }
}

impl Attachment {
    fn new(message: &Message<'_>) -> Result<Self, Trouble> {
        let text = |key: &str| Ok(message.cut(message.text(key)?, ATTACHMENT_TEXT));
        let fields = message.items("fields");
        let actions = message.items("actions");
        let mut actions: Vec<Action> =
            actions.iter().map(|action| Action::new(message, action)).collect::<Result<_, _>>()?;
        actions.retain(|action| message.attempt.notification.strict || action.is_usable());
        Ok(Self {
            title: truncate::in_runes(message.text("title")?, TITLE),
            title_link: message.optional("title_link")?,
            pretext: text("pretext")?,
            text: text("text")?,
            fallback: text("fallback")?,
            callback_id: message.optional("callback_id")?,
            fields: fields.iter().map(|field| Field::new(message, field)).collect::<Result<_, _>>()?,
            actions,
            image_url: message.optional("image_url")?,
            thumb_url: message.optional("thumb_url")?,
            footer: message.cut(message.text("footer")?, FOOTER),
            color: message.optional("color")?,
            mrkdwn_in: markdown_in(message),
        })
    }
}

impl Field {
    fn new(message: &Message<'_>, field: &Setting) -> Result<Self, Trouble> {
        let text = |key: &str| message.render_text(&format!("fields: {key}"), field.text_at(key));
        let short = field.flag_at("short").unwrap_or_else(|| message.flag("short_fields"));
        Ok(Self { title: text("title")?, value: message.cut(text("value")?, ATTACHMENT_TEXT), short })
    }
}

impl Action {
    fn new(message: &Message<'_>, action: &Setting) -> Result<Self, Trouble> {
        let word = |key: &str| message.render_optional(&format!("actions: {key}"), action.text_at(key));
        Ok(Self {
            r#type: word("type")?,
            text: message.render_text("actions: text", action.text_at("text"))?,
            url: word("url")?,
            style: word("style")?,
            name: word("name")?,
            value: word("value")?,
            confirm: action.get("confirm").map(|confirm| Confirm::new(message, confirm)).transpose()?,
        })
    }

    /// Whether Slack can do anything with it: not if a template of it gave nothing.
    fn is_usable(&self) -> bool {
        !(self.r#type.is_empty() || self.url.is_empty() && self.name.is_empty())
    }
}

impl Confirm {
    fn new(message: &Message<'_>, confirm: &Setting) -> Result<Self, Trouble> {
        let text = |key: &str| message.render_text(&format!("confirm: {key}"), confirm.text_at(key));
        Ok(Self {
            text: text("text")?,
            title: text("title")?,
            ok_text: text("ok_text")?,
            dismiss_text: text("dismiss_text")?,
        })
    }
}

/// Which texts Slack reads as its markup.
fn markdown_in(message: &Message<'_>) -> Vec<String> {
    let given = message.items("mrkdwn_in");
    if given.is_empty() {
        return ["fallback", "pretext", "text"].map(str::to_owned).to_vec();
    }
    given.iter().filter_map(Setting::reveal).map(ToString::to_string).collect()
}
