//! The alert source of incident.io that takes Alertmanager's document.

use serde_json::json;

use super::document::Document;
use super::{Reply, Request};

/// The token of the source.
pub(crate) const TOKEN: &str = "s3cret-incident";

/// What it says to a request.
pub(crate) fn api(request: &Request) -> Reply {
    let place = (request.method.as_str(), request.path.as_str(), request.query.as_str());
    if place != ("POST", "/v2/alert_events/alertmanager/01", "") {
        return Reply::text(404, "not found");
    }
    if request.header("authorization") != format!("Bearer {TOKEN}") {
        return Reply::json(
            401,
            json!({"error": format!("no source for {}", request.header("authorization"))}),
        );
    }
    if request.body.len() > 512 * 1024 {
        return Reply::json(413, json!({"message": "payload too large"}));
    }
    match request.json::<Document>() {
        Ok(document) if document.version == "1" && !document.alerts.is_empty() => {
            Reply::json(202, json!({"status": "accepted"}))
        }
        Ok(_) => Reply::json(422, json!({"message": "invalid", "errors": ["version"]})),
        Err(error) => Reply::json(422, json!({"message": "invalid", "errors": [error]})),
    }
}
