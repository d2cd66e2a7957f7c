//! One line for each problem.

use std::fmt::Write;

use super::source::{Place, Source};
use super::{printable, word};
use crate::config::problem::Problem;

/// `file:line:column: severity[check]: message (help)`
pub(super) fn concise(problem: &Problem, source: Option<&Source<'_>>) -> String {
    let mut line = problem.file.to_string();
    if let Some(Place { start, .. }) = Place::of(problem, source) {
        let _ = write!(line, ":{}:{}", start.line, start.column);
    }
    let _ = write!(line, ": {}[{}]: {}", word(problem.severity), problem.check, problem.message);
    if let Some(help) = &problem.help {
        let _ = write!(line, " ({help})");
    }
    printable(&line) + "\n"
}
