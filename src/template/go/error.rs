//! Why a template cannot be parsed or run, with its place in the text.

use std::ops::Range;

use crate::model::Str;

/// A text that is not a template, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template: {template}:{line}: {message}")]
pub struct TemplateError {
    /// The name of the template (for files, the file).
    pub template: Str,
    /// The line that Go reports, counted from 1.
    pub line: usize,
    /// What is wrong, in Go's words, without the template's name and line.
    pub message: String,
    /// The bytes of the text that are at fault.
    pub range: Range<usize>,
}

/// A template that failed while it ran, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ExecError {
    /// The name of the template that failed.
    pub template: Str,
    /// `template: NAME:LINE:COLUMN: executing "NAME" at <…>: …`.
    pub text: String,
    /// The bytes at fault of the text that the template was parsed from; empty at 0 if that is not known.
    pub range: Range<usize>,
}
