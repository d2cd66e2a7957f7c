//! Workflow commands of GitHub Actions: problems as annotations of the lines that they are in.

use std::fmt::Write;

use super::source::{Place, Source};
use super::{lines, plain_path, printable, word};
use crate::config::problem::{Problem, Severity};

/// `::error file=…,line=…,col=…::message`, one line.
pub(super) fn github(problem: &Problem, source: Option<&Source<'_>>) -> String {
    let command = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let mut line = format!("::{command} title={}", property(&format!("sereno ({})", problem.check)));
    let _ = write!(line, ",file={}", property(plain_path(&problem.file)));
    let mut place = problem.file.to_string();
    if let Some(Place { start, end, .. }) = Place::of(problem, source) {
        let _ = write!(line, ",line={},endLine={}", start.line, end.line);
        // GitHub ignores columns of places with several lines, and warns about them.
        if start.line == end.line {
            let _ = write!(line, ",col={},endColumn={}", start.column, end.column);
        }
        let _ = write!(place, ":{}:{}", start.line, start.column);
    }
    let mut message = format!("{place}: {}[{}]: {}", word(problem.severity), problem.check, problem.message);
    if let Some(help) = &problem.help {
        let _ = write!(message, "\nhelp: {help}");
    }
    format!("{line}::{}\n", data(&lines(&message)))
}

/// A message as the runner reads it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(&printable(text)).replace(':', "%3A").replace(',', "%2C")
}
