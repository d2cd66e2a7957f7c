//! Alerts and silences as Alertmanager's API v2 writes them: what is read of any server that speaks it, and
//! what is sent. What we do not know is kept, so that a list printed as JSON is what the server said.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::client::{Client, ClientError};
use super::time_words::shown;
use crate::model::{LabelSet, MatchOp, Matcher, Str, Timestamp};

/// A matcher of a silence.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireMatcher {
    name: Str,
    value: Str,
    is_regex: bool,
    /// Absent means true.
    #[serde(default = "yes")]
    is_equal: bool,
}

fn yes() -> bool {
    true
}

impl WireMatcher {
    pub(super) fn of(matcher: &Matcher) -> Self {
        let (is_regex, is_equal) = match matcher.op() {
            MatchOp::Equal => (false, true),
            MatchOp::NotEqual => (false, false),
            MatchOp::Regex => (true, true),
            MatchOp::NotRegex => (true, false),
        };
        let (name, value) = (Str::clone(matcher.name()), Str::clone(matcher.value()));
        Self { name, value, is_regex, is_equal }
    }

    /// As it is written on a command line: `severity=~"page|critical"`.
    pub(super) fn text(&self) -> String {
        let op = match (self.is_regex, self.is_equal) {
            (false, true) => MatchOp::Equal,
            (false, false) => MatchOp::NotEqual,
            (true, true) => MatchOp::Regex,
            (true, false) => MatchOp::NotRegex,
        };
        match Matcher::new(Str::clone(&self.name), op, Str::clone(&self.value)) {
            Ok(matcher) => matcher.to_string(),
            Err(_) => format!("{}{op}{:?}", self.name, self.value), // the server knows more than we do
        }
    }
}

/// Matchers as they are written on a command line, with spaces between them.
pub(super) fn matchers_text(matchers: &[WireMatcher]) -> String {
    matchers.iter().map(WireMatcher::text).collect::<Vec<_>>().join(" ")
}

/// A silence.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireSilence {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) status: WireState,
    pub(super) matchers: Vec<WireMatcher>,
    pub(super) starts_at: String,
    pub(super) ends_at: String,
    #[serde(default)]
    pub(super) created_by: String,
    #[serde(default)]
    pub(super) comment: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) annotations: Option<BTreeMap<String, String>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// What a silence or an alert is.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireState {
    #[serde(default)]
    pub(super) state: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl WireState {
    /// A list of texts, such as `silencedBy`.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let list = self.rest.get(name).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

impl WireSilence {
    /// When it ends, if the server says it in a way that we read.
    pub(super) fn end(&self) -> Option<Timestamp> {
        Timestamp::parse_rfc3339(&self.ends_at).ok()
    }

    /// When it starts, if the server says it in a way that we read.
    pub(super) fn start(&self) -> Option<Timestamp> {
        Timestamp::parse_rfc3339(&self.starts_at).ok()
    }

    /// `active`, `pending` or `expired`; with what else it is, as in `active (ack)`.
    pub(super) fn state(&self) -> String {
        let kind = self.annotations.as_ref().and_then(|annotations| annotations.get("sereno_kind"));
        match kind {
            Some(kind) => format!("{} ({})", self.status.state, kind.replace('_', " ")),
            None => self.status.state.clone(),
        }
    }

    /// The document that makes it, or changes it if it has an id.
    pub(super) fn to_post(&self) -> Value {
        let mut value = serde_json::json!({
            "matchers": self.matchers,
            "startsAt": self.starts_at,
            "endsAt": self.ends_at,
            "createdBy": self.created_by,
            "comment": self.comment,
        });
        if !self.id.is_empty() {
            value["id"] = Value::String(self.id.clone());
        }
        if let Some(annotations) = &self.annotations {
            value["annotations"] = serde_json::json!(annotations);
        }
        value
    }
}

/// An alert.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireAlert {
    pub(super) labels: LabelSet,
    pub(super) starts_at: String,
    #[serde(default)]
    pub(super) status: WireState,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl WireAlert {
    /// What it fires for, how long, and what mutes it.
    pub(super) fn row(&self, now: Timestamp) -> [String; 5] {
        let because = |what: &str, name: &str| match self.status.list(name) {
            list if list.is_empty() => None,
            list => Some(format!("{what} {}", list.join(", "))),
        };
        let muted: Vec<String> = [
            because("silenced by", "silencedBy"),
            because("inhibited by", "inhibitedBy"),
            because("quiet in", "mutedBy"),
        ]
        .into_iter()
        .flatten()
        .collect();
        [
            self.labels.value("alertname").to_owned(),
            self.labels.without("alertname").to_string(),
            shown(now, &self.starts_at),
            self.status.state.clone(),
            muted.join("; "),
        ]
    }
}

/// The heading of [`WireAlert::row`].
pub(super) const ALERT_HEADING: [&str; 5] = ["NAME", "LABELS", "SINCE", "STATE", "MUTED"];

/// The alerts that match, whatever mutes them.
pub(super) fn matching_alerts(client: &Client, filter: &[Matcher]) -> Result<Vec<WireAlert>, ClientError> {
    alerts(client, filters(filter))
}

/// The alerts that a query asks for.
pub(super) fn alerts(client: &Client, query: Vec<(&str, String)>) -> Result<Vec<WireAlert>, ClientError> {
    client.list("/api/v2/alerts", &query)
}

/// Matchers as parameters of a query.
pub(super) fn filters(matchers: &[Matcher]) -> Vec<(&'static str, String)> {
    matchers.iter().map(|matcher| ("filter", matcher.to_string())).collect()
}

/// The silence with this id.
pub(super) fn silence(client: &Client, id: &str) -> Result<WireSilence, ClientError> {
    let unknown = |error| match error {
        ClientError::Refused { status: 404 | 422, body, .. } => ClientError::Refused {
            status: 404,
            message: format!("no silence has the id {id}; `sereno silence list` shows those that hold"),
            body,
        },
        other => other,
    };
    client.one(&format!("/api/v2/silence/{id}"), &[]).map_err(unknown)
}

/// Makes a silence, or changes the one whose id the document has; answers its id.
pub(super) fn post_silence(client: &Client, silence: &Value) -> Result<String, ClientError> {
    let answer = client.post("/api/v2/silences", silence)?;
    Ok(answer.body.get("silenceID").and_then(Value::as_str).unwrap_or_default().to_owned())
}
