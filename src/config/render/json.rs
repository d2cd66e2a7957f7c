//! One JSON array.

use serde_json::{Value, json};

use super::source::{Place, Source};
use super::{Position, word};
use crate::config::problem::Problem;

/// The object of a problem.
pub(super) fn json(problem: &Problem, source: Option<&Source<'_>>) -> Value {
    let mut value = json!({
        "check": problem.check,
        "severity": word(problem.severity),
        "file": &*problem.file,
        "message": problem.message,
        "help": problem.help,
    });
    if let Some(Place { span, start, end, .. }) = Place::of(problem, source) {
        let position = |byte: usize, position: Position| json!({"line": position.line, "column": position.column, "offset": byte});
        value["start"] = position(span.start, start);
        value["end"] = position(span.end, end);
    }
    value
}
