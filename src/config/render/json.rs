//! One JSON array.

use serde_json::{Value, json};

use super::{Position, place, word};
use crate::config::problem::Problem;

/// The object of a problem.
pub(super) fn json(problem: &Problem, text: Option<&str>) -> Value {
    let mut value = json!({
        "check": problem.check,
        "severity": word(problem.severity),
        "file": &*problem.file,
        "message": problem.message,
        "help": problem.help,
    });
    if let Some((_, span, start, end)) = place::of(problem, text) {
        let position = |byte: usize, position: Position| json!({"line": position.line, "column": position.column, "offset": byte});
        value["start"] = position(span.start, start);
        value["end"] = position(span.end, end);
    }
    value
}
