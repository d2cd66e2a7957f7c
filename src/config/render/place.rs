//! Places of problems as programs count them.

use std::ops::Range;

use super::Position;
use crate::config::problem::Problem;

/// Start and end of a problem's place; none if it is about a file as a whole, or the text is not known.
pub(super) fn of<'a>(
    problem: &'a Problem,
    text: Option<&'a str>,
) -> Option<(&'a str, &'a Range<usize>, Position, Position)> {
    let (span, text) = (problem.span.as_ref()?, text?);
    Some((text, span, Position::of(text, span.start), Position::of(text, span.end)))
}

/// The column of a byte in UTF-16 code units, from 1.
pub(super) fn utf16_column(text: &str, byte: usize) -> usize {
    let mut at = byte.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let line_start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    text[line_start..at].encode_utf16().count() + 1
}
