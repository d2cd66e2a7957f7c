//! PagerDuty's Events API: v1 and v2.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Reply, Request, locked};

/// The key of an integration.
pub(crate) const KEY: &str = "s3cret00000000000000000000000000";

/// The keys of the incidents that are open.
pub(crate) type Incidents = Arc<Mutex<BTreeSet<String>>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct V2 {
    routing_key: String,
    event_action: String,
    dedup_key: String,
    payload: Payload,
    #[serde(rename = "client")]
    _client: Option<String>,
    #[serde(rename = "client_url")]
    _client_url: Option<String>,
    #[serde(default)]
    images: Vec<Image>,
    #[serde(default)]
    links: Vec<Link>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    summary: String,
    source: String,
    severity: String,
    #[serde(rename = "class")]
    _class: Option<String>,
    #[serde(rename = "component")]
    _component: Option<String>,
    #[serde(rename = "group")]
    _group: Option<String>,
    #[serde(default, rename = "custom_details")]
    _custom_details: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    src: String,
    #[serde(rename = "alt")]
    _alt: String,
    #[serde(rename = "href")]
    _href: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    href: String,
    #[serde(rename = "text")]
    _text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct V1 {
    service_key: String,
    event_type: String,
    incident_key: String,
    #[serde(default)]
    description: String,
    #[serde(default, rename = "details")]
    _details: Map<String, Value>,
    #[serde(rename = "client")]
    _client: Option<String>,
    #[serde(rename = "client_url")]
    _client_url: Option<String>,
    /// Alertmanager sends these two, though they are for v2.
    #[serde(rename = "event_action")]
    _event_action: String,
    #[serde(rename = "payload")]
    _payload: Option<()>,
}

/// What it says to a request.
pub(crate) fn api(incidents: Incidents) -> impl Fn(&Request) -> Reply + Send + Sync {
    move |request| {
        let judged = match (request.method.as_str(), request.path.as_str(), request.query.as_str()) {
            ("POST", "/v2/enqueue", "") => v2(request, &incidents),
            ("POST", "/generic/2010-04-15/create_event.json", "") => v1(request, &incidents),
            _ => return Reply::text(404, "not found"),
        };
        judged.unwrap_or_else(|errors| invalid(&errors))
    }
}

fn invalid(error: &str) -> Reply {
    let body = json!({"status": "invalid event", "message": "Event object is invalid", "errors": [error]});
    Reply::json(400, body)
}

fn v2(request: &Request, incidents: &Incidents) -> Result<Reply, String> {
    if request.body.len() > 512_000 {
        return Ok(Reply::json(413, json!({"message": "too large"})));
    }
    let event: V2 = request.json()?;
    let in_range = |name: &str, text: &str, most: usize| match text.chars().count() {
        count if (1..=most).contains(&count) => Ok(()),
        count => Err(format!("'{name}' has {count} characters")),
    };
    in_range("payload.summary", &event.payload.summary, 1024)?;
    in_range("payload.source", &event.payload.source, 1024)?;
    in_range("dedup_key", &event.dedup_key, 255)?;
    if !["critical", "error", "warning", "info"].contains(&event.payload.severity.as_str()) {
        return Err("'payload.severity' is invalid".to_owned());
    }
    if event.images.iter().any(|image| !image.src.starts_with("https://")) {
        return Err("'images.src' is not served by HTTPS".to_owned());
    }
    if event.links.iter().any(|link| link.href.is_empty()) {
        return Err("'links.href' is missing".to_owned());
    }
    if event.routing_key != KEY {
        // It says what it got.
        return Err(format!("Invalid routing key {}", event.routing_key));
    }
    take(&event.event_action, &event.dedup_key, incidents)?;
    let body = json!({"status": "success", "message": "Event processed", "dedup_key": event.dedup_key});
    Ok(Reply::json(202, body))
}

fn v1(request: &Request, incidents: &Incidents) -> Result<Reply, String> {
    let event: V1 = request.json()?;
    if event.service_key != KEY {
        return Err("Invalid service key".to_owned());
    }
    if event.event_type == "trigger" && !(1..=1024).contains(&event.description.chars().count()) {
        return Err("'description' is invalid".to_owned());
    }
    take(&event.event_type, &event.incident_key, incidents)?;
    let body = json!({"status": "success", "message": "Event processed", "incident_key": event.incident_key});
    Ok(Reply::json(200, body))
}

fn take(action: &str, key: &str, incidents: &Incidents) -> Result<(), String> {
    let mut incidents = locked(incidents);
    match action {
        "trigger" => incidents.insert(key.to_owned()),
        "resolve" => incidents.remove(key),
        _ => return Err("'event_action' is invalid".to_owned()),
    };
    Ok(())
}
