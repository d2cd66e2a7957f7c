//! Slack: an incoming webhook, `chat.postMessage` and `chat.update`.

use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Fake, Reply, Request, locked};

/// The path of the webhook.
pub(crate) const WEBHOOK: &str = "/services/T0/B0/s3cret";
/// The token of the bot.
pub(crate) const TOKEN: &str = "xoxb-s3cret";

/// Channels by name, with their ids.
const CHANNELS: [(&str, &str); 2] = [("#ops", "C0001"), ("#dev", "C0002")];

/// A message in a channel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Posted {
    pub(crate) channel: &'static str,
    pub(crate) ts: String,
    pub(crate) thread_ts: Option<String>,
    /// The title of its attachment.
    pub(crate) title: String,
}

/// What the workspace holds.
pub(crate) type Workspace = Arc<Mutex<Vec<Posted>>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    channel: Option<String>,
    ts: Option<String>,
    thread_ts: Option<String>,
    username: Option<String>,
    icon_emoji: Option<String>,
    icon_url: Option<String>,
    #[serde(default)]
    link_names: bool,
    #[serde(default)]
    text: String,
    #[serde(default)]
    attachments: Vec<Attachment>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attachment {
    #[serde(default)]
    title: String,
    title_link: Option<String>,
    #[serde(default)]
    pretext: String,
    text: String,
    fallback: String,
    callback_id: String,
    #[serde(default)]
    fields: Vec<Field>,
    #[serde(default)]
    actions: Vec<Action>,
    image_url: Option<String>,
    thumb_url: Option<String>,
    footer: String,
    color: Option<String>,
    mrkdwn_in: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    title: String,
    value: String,
    #[expect(dead_code, reason = "either is fine")]
    short: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Action {
    r#type: String,
    text: String,
    url: Option<String>,
    name: Option<String>,
    #[expect(dead_code, reason = "anything is fine")]
    value: Option<String>,
    style: Option<String>,
    confirm: Option<Confirm>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "anything is fine")]
struct Confirm {
    text: String,
    title: Option<String>,
    ok_text: Option<String>,
    dismiss_text: Option<String>,
}

/// A workspace with its API.
pub(crate) async fn start() -> (Fake, Workspace) {
    let workspace = Workspace::default();
    let inside = Arc::clone(&workspace);
    let fake = Fake::start(move |request| match request.path.as_str() {
        WEBHOOK => webhook(request),
        "/api/chat.postMessage" => Reply::json(200, said(post(request, &inside))),
        "/api/chat.update" => Reply::json(200, said(update(request, &inside))),
        path if path.starts_with("/services/") => Reply::text(404, "no_service"),
        _ => Reply::json(200, said(Err("unknown_method".to_owned()))),
    });
    (fake.await, workspace)
}

fn said(result: Result<Value, String>) -> Value {
    result.unwrap_or_else(|error| json!({"ok": false, "error": error}))
}

fn webhook(request: &Request) -> Reply {
    match read(request) {
        _ if request.method != "POST" => Reply::text(400, "invalid_payload"),
        Err(error) if error.starts_with("no_text") => Reply::text(400, "no_text"),
        Err(error) => Reply::text(400, format!("invalid_payload {error}")),
        Ok(message) if message.ts.is_some() => Reply::text(400, "invalid_payload ts"),
        Ok(_) => Reply::text(200, "ok"),
    }
}

fn post(request: &Request, workspace: &Workspace) -> Result<Value, String> {
    authorized(request)?;
    let message = read(request)?;
    let given = message.channel.as_deref().ok_or("channel_not_found")?;
    let (_, id) =
        CHANNELS.iter().find(|(name, id)| given == *name || given == *id).ok_or("channel_not_found")?;
    if message.ts.is_some() {
        return Err("invalid_arguments".to_owned());
    }
    let mut messages = locked(workspace);
    if let Some(thread) = &message.thread_ts
        && !messages.iter().any(|known| known.ts == *thread && known.channel == *id)
    {
        return Err("thread_not_found".to_owned());
    }
    let ts = format!("1700000000.{:06}", messages.len() + 1);
    let title = title(&message);
    messages.push(Posted { channel: id, ts: ts.clone(), thread_ts: message.thread_ts, title });
    Ok(json!({"ok": true, "channel": id, "ts": ts, "message": {"type": "message"}}))
}

fn update(request: &Request, workspace: &Workspace) -> Result<Value, String> {
    authorized(request)?;
    let message = read(request)?;
    let (channel, ts) =
        (message.channel.as_deref().unwrap_or_default(), message.ts.as_deref().unwrap_or_default());
    if !CHANNELS.iter().any(|(_, id)| *id == channel) {
        return Err("channel_not_found".to_owned());
    }
    if message.text.chars().count() > 4_000 {
        return Err("msg_too_long".to_owned());
    }
    let title = title(&message);
    let mut messages = locked(workspace);
    let known = messages.iter_mut().find(|known| known.ts == ts && known.channel == channel);
    known.ok_or("message_not_found")?.title = title;
    Ok(json!({"ok": true, "channel": channel, "ts": ts, "text": ""}))
}

fn title(message: &Message) -> String {
    message.attachments.first().map(|attachment| attachment.title.clone()).unwrap_or_default()
}

fn authorized(request: &Request) -> Result<(), String> {
    match request.header("authorization") {
        "" => Err("not_authed".to_owned()),
        given if given == format!("Bearer {TOKEN}") => Ok(()),
        _ => Err("invalid_auth".to_owned()),
    }
}

/// The message, if it is one that Slack takes.
fn read(request: &Request) -> Result<Message, String> {
    if request.method != "POST" {
        return Err("invalid_post_type".to_owned());
    }
    let message: Message = request.json().map_err(|error| format!("invalid_json {error}"))?;
    if message.text.is_empty() && message.attachments.is_empty() {
        return Err("no_text".to_owned());
    }
    if message.text.chars().count() > 40_000 {
        return Err("msg_too_long".to_owned());
    }
    let empty = [&message.username, &message.icon_emoji, &message.icon_url, &message.thread_ts];
    if empty.into_iter().flatten().any(String::is_empty) || message.link_names && message.channel.is_none() {
        return Err("invalid_arguments".to_owned());
    }
    if message.attachments.len() > 100 {
        return Err("too_many_attachments".to_owned());
    }
    message.attachments.iter().try_for_each(check)?;
    Ok(message)
}

fn check(attachment: &Attachment) -> Result<(), String> {
    let length = |text: &str| text.chars().count();
    let long = [&attachment.pretext, &attachment.text, &attachment.fallback, &attachment.callback_id];
    let links = [&attachment.title_link, &attachment.image_url, &attachment.thumb_url, &attachment.color];
    let is_valid = length(&attachment.title) <= 1024
        && long.into_iter().all(|text| length(text) <= 8_000)
        && length(&attachment.footer) <= 300
        && links.into_iter().flatten().all(|text| !text.is_empty())
        && attachment.fields.iter().all(|field| !field.title.is_empty() && length(&field.value) <= 8_000)
        && attachment.actions.len() <= 5
        && attachment.actions.iter().all(is_action)
        && attachment
            .mrkdwn_in
            .iter()
            .all(|place| ["fallback", "fields", "pretext", "text"].contains(&&**place));
    if is_valid { Ok(()) } else { Err("invalid_attachments".to_owned()) }
}

fn is_action(action: &Action) -> bool {
    action.r#type == "button"
        && !action.text.is_empty()
        && (action.url.is_some() || action.name.is_some())
        && action.style.as_deref().is_none_or(|style| ["default", "primary", "danger"].contains(&style))
        && action.confirm.as_ref().is_none_or(|confirm| !confirm.text.is_empty())
}
