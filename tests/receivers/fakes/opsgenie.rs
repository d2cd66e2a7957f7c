//! Opsgenie's alert API: create, close, and updates of message and description.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_json::json;

use super::{Reply, Request, locked};

/// The key of an API integration.
pub(crate) const KEY: &str = "s3cret-opsgenie";

/// The messages and descriptions of the alerts that are open, by alias.
pub(crate) type Alerts = Arc<Mutex<BTreeMap<String, (String, String)>>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    alias: String,
    message: String,
    #[serde(default)]
    description: String,
    details: BTreeMap<String, String>,
    source: String,
    #[serde(default)]
    responders: Vec<Responder>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    note: String,
    priority: Option<String>,
    #[serde(default)]
    entity: String,
    #[serde(default)]
    actions: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Responder {
    id: Option<String>,
    name: Option<String>,
    username: Option<String>,
    r#type: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Close {
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    message: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    description: String,
}

/// What it says to a request.
pub(crate) fn api(alerts: Alerts) -> impl Fn(&Request) -> Reply + Send + Sync {
    move |request| {
        if request.header("authorization") != format!("GenieKey {KEY}") {
            return reply(403, "You are not authorized to access this resource");
        }
        match judged(request, &alerts) {
            Ok(()) => reply(202, "Request will be processed"),
            Err(error) if error.is_empty() => reply(404, "Not Found"),
            Err(error) => reply(422, &error),
        }
    }
}

fn reply(status: u16, text: &str) -> Reply {
    Reply::json(status, json!({"message": text, "took": 0.1, "requestId": "1"}))
}

fn judged(request: &Request, alerts: &Alerts) -> Result<(), String> {
    let by_alias = request.query == "identifierType=alias";
    let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    let limited = |name: &str, text: &str, most: usize| match text.chars().count() <= most {
        true => Ok(()),
        false => Err(format!("{name} can not be longer than {most} characters")),
    };
    let mut alerts = locked(alerts);
    match (request.method.as_str(), parts.as_slice(), by_alias) {
        ("POST", ["v2", "alerts"], false) => {
            let alert: Create = request.json()?;
            if alert.message.is_empty() || alert.details.contains_key("") {
                return Err("Message can not be empty".to_owned());
            }
            for (name, text, most) in [
                ("message", &alert.message, 130),
                ("alias", &alert.alias, 512),
                ("description", &alert.description, 15_000),
                ("source", &alert.source, 100),
                ("note", &alert.note, 25_000),
                ("entity", &alert.entity, 512),
            ] {
                limited(name, text, most)?;
            }
            let mut texts = alert.tags.iter().chain(&alert.actions);
            texts.try_for_each(|text| limited("tags", text, 50))?;
            for Responder { id, name, username, r#type } in &alert.responders {
                let is_known = ["team", "user", "escalation", "schedule"].contains(&r#type.as_str());
                if !is_known || [id, name, username].iter().all(|one| one.is_none()) {
                    return Err("Responder is invalid".to_owned());
                }
            }
            if alert.priority.is_some_and(|priority| !["P1", "P2", "P3", "P4", "P5"].contains(&&*priority)) {
                return Err("Priority is invalid".to_owned());
            }
            alerts.entry(alert.alias).or_insert((alert.message, alert.description));
        }
        ("POST", ["v2", "alerts", alias, "close"], true) => {
            limited("source", &request.json::<Close>()?.source, 100)?;
            alerts.remove(*alias);
        }
        ("PUT", ["v2", "alerts", alias, "message"], true) => {
            let new = request.json::<Message>()?.message;
            limited("message", &new, 130)?;
            alerts.get_mut(*alias).ok_or("")?.0 = new;
        }
        ("PUT", ["v2", "alerts", alias, "description"], true) => {
            let new = request.json::<Description>()?.description;
            limited("description", &new, 15_000)?;
            alerts.get_mut(*alias).ok_or("")?.1 = new;
        }
        _ => return Err(String::new()),
    }
    Ok(())
}
