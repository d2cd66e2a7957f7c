//! What is wrong with a file, where, and how to mend it.

use std::ops::Range;

use crate::model::Str;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but probably does not do what its author wants.
    Warning,
    /// Worth knowing.
    Info,
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The kebab-case name of the check that found it, such as `unknown-field`.
    pub check: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The file's path as the user gave it.
    pub file: Str,
    /// Where in the file: bytes of the file's text. `None` only if the file as a whole is meant.
    pub span: Option<Range<usize>>,
    /// What is wrong, in one line; where Prometheus or Alertmanager have a message for it, that message.
    pub message: String,
    /// How to mend it, if we know.
    pub help: Option<String>,
}
