//! One line for each problem.

use std::fmt::Write;

use super::{place, word};
use crate::config::problem::Problem;

/// `file:line:column: severity[check]: message (help)`
pub(super) fn concise(problem: &Problem, text: Option<&str>) -> String {
    let place = match place::of(problem, text) {
        Some((.., start, _)) => format!("{}:{}:{}", problem.file, start.line, start.column),
        None => problem.file.to_string(),
    };
    let mut line =
        format!("{place}: {}[{}]: {}", word(problem.severity), problem.check, one_line(&problem.message));
    if let Some(help) = &problem.help {
        let _ = write!(line, " ({})", one_line(help));
    }
    line + "\n"
}

/// A message never breaks the line, whatever the file holds.
fn one_line(text: &str) -> String {
    text.replace('\n', "\\n").replace('\r', "\\r")
}
