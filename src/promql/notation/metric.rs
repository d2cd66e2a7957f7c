//! The metric at the start of a series.

use super::error::{NotationError, NotationErrorKind};
use crate::model::LabelSet;
use crate::promql::parser::parse_metric;
use crate::promql::span::Span;

/// Where the metric at the start of `text` ends: behind its name, or behind the braces that follow it at once.
#[must_use]
pub fn end_of_metric(text: &str) -> usize {
    let body = text.trim_start();
    let start = text.len() - body.len();
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    if body.starts_with(|c: char| c.is_ascii_digit()) {
        return start;
    }
    let braces = body.find(|c| !name(c)).unwrap_or(body.len());
    if !body[braces..].starts_with('{') {
        return start + braces;
    }
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in body.char_indices().skip_while(|(at, _)| *at < braces) {
        match quote {
            _ if escaped => escaped = false,
            Some('"' | '\'') if c == '\\' => escaped = true,
            Some(open) if open == c => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            None if c == '}' => return start + at + 1,
            None => {}
        }
    }
    text.len()
}

/// Reads the metric that ends at `end` as the parser of expressions does.
pub(super) fn read(text: &str, end: usize) -> Result<LabelSet, NotationError> {
    parse_metric(&text[..end]).map_err(|errors| {
        let (span, message) = match errors.0.first() {
            Some(first) => (first.span, first.kind.to_string()),
            None => (Span::default(), errors.to_string()),
        };
        NotationError::new(text, span, NotationErrorKind::Metric(message))
    })
}
