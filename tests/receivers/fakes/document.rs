//! Alertmanager's document about a group, with every field that it has and no other.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "all must be there")]
pub(crate) struct Document {
    receiver: String,
    status: String,
    pub(crate) alerts: Vec<Alert>,
    #[serde(rename = "notification_reason")]
    notification_reason: String,
    group_labels: BTreeMap<String, String>,
    common_labels: BTreeMap<String, String>,
    common_annotations: BTreeMap<String, String>,
    route_labels: BTreeMap<String, String>,
    #[serde(rename = "externalURL")]
    external_url: String,
    pub(crate) version: String,
    group_key: String,
    truncated_alerts: usize,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "all must be there")]
pub(crate) struct Alert {
    status: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: String,
    fingerprint: String,
}
