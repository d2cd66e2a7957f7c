//! The alert source of incident.io that takes Alertmanager's document.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::{Reply, Request};

/// The token of the source.
pub(crate) const TOKEN: &str = "s3cret-incident";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "all must be there")]
struct Document {
    receiver: String,
    status: String,
    alerts: Vec<Alert>,
    #[serde(rename = "notification_reason")]
    notification_reason: String,
    group_labels: BTreeMap<String, String>,
    common_labels: BTreeMap<String, String>,
    common_annotations: BTreeMap<String, String>,
    route_labels: BTreeMap<String, String>,
    #[serde(rename = "externalURL")]
    external_url: String,
    version: String,
    group_key: String,
    truncated_alerts: usize,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "all must be there")]
struct Alert {
    status: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: String,
    fingerprint: String,
}

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
