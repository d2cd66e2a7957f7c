//! Dead letters as the server writes them. What we do not know is kept.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::LabelSet;

/// Where they are.
pub(super) const PATH: &str = "/api/sereno/v1/dead-letters";

/// The answer to a request for the list.
#[derive(Debug, Deserialize)]
pub(super) struct WireList {
    pub(super) dead_letters: Vec<WireDeadLetter>,
    pub(super) total: usize,
}

/// A dead letter.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct WireDeadLetter {
    pub(super) id: String,
    pub(super) integration: String,
    pub(super) group_labels: LabelSet,
    pub(super) why: String,
    pub(super) error: String,
    pub(super) reason: String,
    pub(super) firing: usize,
    pub(super) resolved: usize,
    pub(super) attempts: u32,
    pub(super) times: u32,
    pub(super) first_at: String,
    pub(super) at: String,
    pub(super) superseded: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) alerts: Option<Vec<WireAlert>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// What it says of an alert.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct WireAlert {
    pub(super) status: String,
    pub(super) labels: LabelSet,
    pub(super) starts_at: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl WireDeadLetter {
    /// Why it was given up, in words.
    pub(super) fn why(&self) -> String {
        match (self.why.as_str(), self.times) {
            ("too_old", _) => "not delivered for too long".to_owned(),
            (why, 1) => why.to_owned(),
            (why, times) => format!("{why} {times} times"),
        }
    }
}
