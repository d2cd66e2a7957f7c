//! Mattermost: a message with attachments by an incoming webhook.

use serde::Serialize;

use super::{Message, Step, Trouble, json, outcome, truncate};
use crate::config::setting::Setting;

/// The most characters of the message's own text.
const TEXT: usize = 16383;

/// The fields in Alertmanager's order.
#[derive(Serialize)]
struct Document {
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    channel: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    icon_url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    icon_emoji: String,
    attachments: Vec<Attachment>,
    #[serde(skip_serializing_if = "String::is_empty")]
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    props: Option<Props>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
}

#[derive(Serialize)]
struct Attachment {
    #[serde(skip_serializing_if = "String::is_empty")]
    fallback: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    color: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pretext: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    author_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    author_link: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    author_icon: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title_link: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field>,
    #[serde(skip_serializing_if = "String::is_empty")]
    thumb_url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    footer: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    footer_icon: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    image_url: String,
}

#[derive(Serialize)]
struct Field {
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    short: Option<bool>,
}

#[derive(Serialize)]
struct Props {
    #[serde(skip_serializing_if = "String::is_empty")]
    card: String,
}

#[derive(Serialize)]
struct Priority {
    priority: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    requested_ack: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    persistent_notifications: bool,
}

/// The request that tells it.
pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let url = message.secret("webhook_url")?;
    if url.reveal().is_empty() {
        return Err(Trouble::Setting("webhook url missing".to_owned()));
    }
    let document = Document::new(message)?;
    let channel = format!("channel {:?}", document.channel);
    Ok(Step::then(json::post(message, url, &document), move |message, answer| {
        Step::done(outcome::about(&channel, outcome::of_answer(&answer, message.now)))
    }))
}

impl Document {
    /// The keys of the message make its one attachment, unless the file has attachments: then the message has
    /// the text beside these.
    fn new(message: &Message<'_>) -> Result<Self, Trouble> {
        let own = message.items("attachments");
        let values = Setting::Map(message.values().clone());
        let (text, attachments) = if own.is_empty() {
            (String::new(), vec![Attachment::new(message, &values)?])
        } else {
            let attachments = own.iter().map(|attachment| Attachment::new(message, attachment));
            (message.text("text")?, attachments.collect::<Result<_, _>>()?)
        };
        Ok(Self {
            text: truncate::in_runes(text, TEXT),
            channel: message.word("channel")?,
            username: message.optional("username")?,
            icon_url: message.optional("icon_url")?,
            icon_emoji: message.optional("icon_emoji")?,
            attachments,
            r#type: message.word("type")?,
            props: Props::new(message)?,
            priority: Priority::new(message)?,
        })
    }
}

impl Attachment {
    fn new(message: &Message<'_>, from: &Setting) -> Result<Self, Trouble> {
        let text = |key: &str| message.render_text(key, from.text_at(key));
        let optional = |key: &str| message.render_optional(key, from.text_at(key));
        let fields = from.get("fields").map_or(&[][..], Setting::items);
        Ok(Self {
            fallback: text("fallback")?,
            color: optional("color")?,
            pretext: text("pretext")?,
            text: text("text")?,
            author_name: optional("author_name")?,
            author_link: optional("author_link")?,
            author_icon: optional("author_icon")?,
            title: text("title")?,
            title_link: optional("title_link")?,
            fields: fields.iter().map(|field| Field::new(message, field)).collect::<Result<_, _>>()?,
            thumb_url: optional("thumb_url")?,
            footer: text("footer")?,
            footer_icon: optional("footer_icon")?,
            image_url: optional("image_url")?,
        })
    }
}

impl Field {
    fn new(message: &Message<'_>, field: &Setting) -> Result<Self, Trouble> {
        let text = |key: &str| message.render_text(&format!("fields: {key}"), field.text_at(key));
        Ok(Self { title: text("title")?, value: text("value")?, short: field.flag_at("short") })
    }
}

impl Props {
    fn new(message: &Message<'_>) -> Result<Option<Self>, Trouble> {
        let card = message.values().get("props").map_or("", |props| props.text_at("card"));
        if card.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self { card: message.render_text("props: card", card)? }))
    }
}

impl Priority {
    /// Only what Mattermost takes: an unknown priority is `standard`, which nobody has to acknowledge, and only
    /// what is urgent is notified again and again.
    fn new(message: &Message<'_>) -> Result<Option<Self>, Trouble> {
        let Some(setting) = message.values().get("priority") else { return Ok(None) };
        let template = setting.text_at("priority");
        if template.is_empty() {
            return Ok(None);
        }
        let priority = match message.render_optional("priority", template)?.to_lowercase().as_str() {
            "urgent" => "urgent",
            "important" => "important",
            _ => "standard",
        };
        let is_true = |key: &str| setting.flag_at(key) == Some(true);
        Ok(Some(Self {
            priority,
            requested_ack: is_true("requested_ack") && priority != "standard",
            persistent_notifications: is_true("persistent_notifications") && priority == "urgent",
        }))
    }
}
