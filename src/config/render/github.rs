//! Workflow commands of GitHub Actions: problems as annotations of the lines that they are in.

use std::fmt::Write;

use super::{place, word};
use crate::config::problem::{Problem, Severity};

/// `::error file=…,line=…,col=…::message`, one line.
pub(super) fn github(problem: &Problem, text: Option<&str>) -> String {
    let command = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let mut line = format!("::{command} title={}", property(&format!("sereno ({})", problem.check)));
    let _ = write!(line, ",file={}", property(&problem.file));
    let mut place_text = problem.file.to_string();
    if let Some((.., start, end)) = place::of(problem, text) {
        let _ = write!(line, ",line={},endLine={}", start.line, end.line);
        // GitHub ignores columns of places with several lines, and warns about them.
        if start.line == end.line {
            let _ = write!(line, ",col={},endColumn={}", start.column, end.column);
        }
        let _ = write!(place_text, ":{}:{}", start.line, start.column);
    }
    let mut message =
        format!("{place_text}: {}[{}]: {}", word(problem.severity), problem.check, problem.message);
    if let Some(help) = &problem.help {
        let _ = write!(message, "\nhelp: {help}");
    }
    format!("{line}::{}\n", data(&message))
}

/// A message as the runner reads it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
