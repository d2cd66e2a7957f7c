//! Verdicts for people and programs. Pure: texts come out, nothing is printed here.

mod coverage;
mod json;
mod junit;
mod lines;
mod table;
mod text;
mod timeline;

use std::collections::BTreeMap;
use std::ops::Range;

pub use coverage::coverage;
pub use json::json;
pub use junit::junit;
pub use text::{summary, text};

use super::verdict::{Failure, FailureKind, FileVerdict};
use crate::config::render::Position;
use crate::model::Str;

/// The texts of files by their paths, to show places in them.
pub type Texts = BTreeMap<Str, Str>;

/// How a report for people looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// In colours.
    pub colour: bool,
    /// With what is as expected, and with what was evaluated.
    pub verbose: bool,
}

/// `file:line:column` of a place; the path alone if the text is not known.
fn place(path: &str, span: &Range<usize>, texts: &Texts) -> String {
    match texts.get(path) {
        Some(text) => {
            let position = Position::of(text, span.start);
            format!("{path}:{}:{}", position.line, position.column)
        }
        None => path.to_owned(),
    }
}

/// What is not as expected, on one line.
fn headline(failure: &Failure) -> String {
    match &failure.kind {
        FailureKind::Unreadable(problem) => problem.message.clone(),
        FailureKind::Rule { group, rule, at, error } => {
            let group = group.rsplit_once(';').map_or(&**group, |(_, name)| name);
            format!("rule: {rule}, group: {group}, time: {at}, err: {error}")
        }
        FailureKind::Alerts(mismatch) => {
            let state = mismatch.state.as_str();
            let of = |count: usize| format!("{count} {}", if count == 1 { "alert" } else { "alerts" });
            let what = match (mismatch.state, mismatch.expected == mismatch.found) {
                (super::file::ExpectedState::Inactive, _) => {
                    format!("{} pending or firing, but expected to be inactive", of(mismatch.found))
                }
                (_, true) => format!("{} {state}, but not as expected", of(mismatch.found)),
                (_, false) => format!("{} {state} expected, {} found", of(mismatch.expected), mismatch.found),
            };
            format!("alertname: {}, time: {}: {what}", mismatch.alertname, mismatch.at)
        }
        FailureKind::Samples(mismatch) => {
            let of = |count: usize| format!("{count} {}", if count == 1 { "sample" } else { "samples" });
            let what = match mismatch.expected == mismatch.found {
                true => format!("{}, but not as expected", of(mismatch.found)),
                false => format!("{} expected, {} found", of(mismatch.expected), mismatch.found),
            };
            format!("expr: {:?}, time: {}: {what}", &*mismatch.expr, mismatch.at)
        }
        FailureKind::Notifications(mismatch) => {
            format!("notification_test: {} expected, found {}", mismatch.what, mismatch.found)
        }
        FailureKind::Query { expr, at, error } => format!("expr: {:?}, time: {at}, err: {error}", &**expr),
    }
}

/// How many tests passed, and how many failed.
fn counts(verdict: &FileVerdict) -> (usize, usize) {
    let passed = verdict.tests.iter().filter(|test| test.passed()).count();
    (passed, verdict.tests.len() - passed)
}

#[cfg(test)]
mod tests;
