//! The metric at the start of a series.

use crate::model::LabelSet;
use crate::promql::span::Span;

/// Where the metric at the start of `text` ends: behind its name, or behind the braces that follow it at once.
#[must_use]
pub fn end_of_metric(text: &str) -> usize {
    let body = text.trim_start();
    let start = text.len() - body.len();
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
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

/// Reads a metric: a name, and labels between braces.
pub(super) fn read(text: &str) -> Result<LabelSet, (Span, String)> {
    let failed = |at: usize| (Span::new(at, text.len()), "bad metric".to_owned());
    let mut builder = LabelSet::default().to_builder();
    let (name, labels) = text.trim_start().split_once('{').unwrap_or((text.trim_start(), "}"));
    builder.set("__name__", name);
    let mut rest = labels.strip_suffix('}').ok_or_else(|| failed(0))?.trim();
    while !rest.is_empty() {
        let (label, after) = rest.split_once('=').ok_or_else(|| failed(0))?;
        let value = after.trim_start();
        let quote = value.chars().next().ok_or_else(|| failed(0))?;
        let end = value.get(1..).and_then(|value| value.find(quote)).ok_or_else(|| failed(0))? + 1;
        builder.set(label.trim(), &value[1..end]);
        rest = value[end + 1..].trim_start().trim_start_matches(',').trim_start();
    }
    Ok(builder.build())
}
