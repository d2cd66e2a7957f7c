//! Opsgenie: an alert is created by a firing group and closed when all of it is resolved.
//!
//! The alert's alias is Alertmanager's. With `update_alerts` its message and description follow the group.
//! Texts are cut to what the API takes; Alertmanager, and we with `compat: strict`, cut the message only.

use std::collections::BTreeMap;

use serde::Serialize;

use super::truncate::in_runes;
use super::{HttpRequest, Message, Step, Trouble, address, ids, json};
use crate::config::setting::Secret;
use crate::model::Str;

// The most characters of its fields.
const MESSAGE_LIMIT: usize = 130;
const DESCRIPTION_LIMIT: usize = 15_000;
const SOURCE_LIMIT: usize = 100;
const ENTITY_LIMIT: usize = 512;
const NOTE_LIMIT: usize = 25_000;

/// An alert, with its fields in Alertmanager's order.
#[derive(Serialize)]
struct Create<'a> {
    alias: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    details: BTreeMap<Str, String>,
    source: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    responders: Vec<Responder>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    priority: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    entity: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<String>,
}

#[derive(Clone, Default, PartialEq, Serialize)]
struct Responder {
    #[serde(skip_serializing_if = "String::is_empty")]
    id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    r#type: String,
}

#[derive(Serialize)]
struct Close {
    source: String,
}

#[derive(Serialize)]
struct UpdateMessage<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
}

#[derive(Serialize)]
struct UpdateDescription<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
}

pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let alias = ids::of_group(&message.data.group_key);
    let source = message.cut(message.text("source")?, SOURCE_LIMIT);
    if !message.data.is_firing {
        let close = request(message, "POST", &format!("v2/alerts/{alias}/close"), &Close { source })?;
        return Ok(Step::request(close));
    }
    let text = in_runes(message.text("message")?, MESSAGE_LIMIT);
    let description = message.cut(message.text("description")?, DESCRIPTION_LIMIT);
    let create = Create {
        alias: &alias,
        message: &text,
        description: &description,
        details: details(message)?,
        source,
        responders: responders(message)?,
        tags: split(&message.word("tags")?),
        note: message.cut(message.text("note")?, NOTE_LIMIT),
        priority: message.word("priority")?,
        entity: message.cut(message.text("entity")?, ENTITY_LIMIT),
        actions: split(&message.word("actions")?),
    };
    let mut requests = vec![request(message, "POST", "v2/alerts", &create)?];
    if message.flag("update_alerts") {
        let path = |part| format!("v2/alerts/{alias}/{part}");
        requests.push(request(message, "PUT", &path("message"), &UpdateMessage { message: &text })?);
        let update = UpdateDescription { description: &description };
        requests.push(request(message, "PUT", &path("description"), &update)?);
    }
    Ok(Step::in_turn(requests))
}

fn request(
    message: &Message<'_>,
    method: &'static str,
    path: &str,
    document: &impl Serialize,
) -> Result<HttpRequest, Trouble> {
    let by_alias = [("identifierType", "alias")];
    let parameters = if path == "v2/alerts" { &[][..] } else { &by_alias };
    let url = address::endpoint(message.raw("api_url"), path, parameters);
    let mut request = json::post(message, Secret::new(url.into()), document);
    request.method = method;
    let credentials = format!("GenieKey {}", message.secret_word("api_key")?);
    request.headers.push(("Authorization", Secret::new(credentials.into())));
    Ok(request)
}

/// What all alerts have, and the details of the settings, which win.
fn details(message: &Message<'_>) -> Result<BTreeMap<Str, String>, Trouble> {
    let common = message.data.common_labels.iter();
    let mut details: BTreeMap<_, _> = common.map(|(name, value)| (name.clone(), value.to_string())).collect();
    for (name, template) in message.pairs("details") {
        details.insert(name.clone(), message.render_text("details", template)?);
    }
    Ok(details)
}

/// Those with something in them; one of type `teams` names several, with commas between them.
fn responders(message: &Message<'_>) -> Result<Vec<Responder>, Trouble> {
    let mut responders = Vec::new();
    for item in message.items("responders") {
        let word = |key| message.render_word("responders", item.text_at(key));
        let responder = Responder {
            id: word("id")?,
            name: word("name")?,
            username: word("username")?,
            r#type: word("type")?,
        };
        if responder.r#type == "teams" {
            let team = |name| Responder { name, r#type: "team".to_owned(), ..Responder::default() };
            responders.extend(split(&responder.name).into_iter().map(team));
        } else if responder != Responder::default() {
            responders.push(responder);
        }
    }
    Ok(responders)
}

/// The parts between commas that are not empty.
fn split(text: &str) -> Vec<String> {
    text.trim().split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
