//! The generic REST endpoint of VictorOps.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Reply, Request};

/// The key of the API.
pub(crate) const KEY: &str = "s3cret-victorops";

/// What it says to a request. Fields of any name are shown with the incident; all are texts here.
pub(crate) fn api(request: &Request) -> Reply {
    let path = request.path.strip_prefix("/integrations/generic/20131114/alert/");
    let Some((key, routing_key)) = path.and_then(|path| path.split_once('/')) else {
        return Reply::text(404, "not found");
    };
    if key != KEY || routing_key.is_empty() || request.method != "POST" || !request.query.is_empty() {
        return failure(403, &format!("no integration {key}/{routing_key}"));
    }
    let fields: BTreeMap<String, String> = match request.json() {
        Ok(fields) => fields,
        Err(error) => return failure(400, &error),
    };
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    if !["INFO", "WARNING", "CRITICAL", "ACKNOWLEDGEMENT", "RECOVERY"].contains(&field("message_type")) {
        return failure(400, "message_type is invalid");
    }
    if field("state_message").chars().count() > 20_480 {
        return failure(400, "state_message is too long");
    }
    if field("entity_id").is_empty() || field("monitoring_tool").is_empty() {
        return failure(400, "a field is missing");
    }
    Reply::json(200, json!({"result": "success", "entity_id": field("entity_id")}))
}

fn failure(status: u16, text: &str) -> Reply {
    Reply::json(status, json!({"result": "failure", "message": text}))
}
