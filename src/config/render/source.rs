//! The text of a file, and what has to be worked out once to say where something is in it.

use std::cell::OnceCell;
use std::ops::Range;

use super::{Position, mask};
use crate::config::problem::Problem;

/// A file that problems are about.
pub(super) struct Source<'t> {
    pub(super) text: &'t str,
    /// Where each line starts.
    lines: Vec<usize>,
    secrets: OnceCell<Vec<Range<usize>>>,
}

impl<'t> Source<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let behind_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { text, lines: std::iter::once(0).chain(behind_breaks).collect(), secrets: OnceCell::new() }
    }

    /// The bytes that must not be shown, in order and apart from each other.
    pub(super) fn secrets(&self) -> &[Range<usize>] {
        self.secrets.get_or_init(|| mask::secrets(self.text))
    }

    /// The position of a byte; what is behind the end is at the end.
    pub(super) fn position(&self, byte: usize) -> Position {
        let (line, before) = self.before(byte);
        Position { line, column: before.chars().count() + 1 }
    }

    /// The column of a byte in UTF-16 code units, from 1.
    pub(super) fn utf16_column(&self, byte: usize) -> usize {
        self.before(byte).1.encode_utf16().count() + 1
    }

    /// The line of a byte, from 1, and what stands before the byte in it.
    fn before(&self, byte: usize) -> (usize, &'t str) {
        let at = self.text.floor_char_boundary(byte);
        let line = self.lines.partition_point(|start| *start <= at);
        (line, &self.text[self.lines[line - 1]..at])
    }
}

/// A problem's place in the text of its file.
pub(super) struct Place<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) span: &'a Range<usize>,
    pub(super) start: Position,
    pub(super) end: Position,
}

impl<'a> Place<'a> {
    /// None if the problem is about a file as a whole, or the text is not known.
    pub(super) fn of(problem: &'a Problem, source: Option<&'a Source<'a>>) -> Option<Self> {
        let (span, source) = (problem.span.as_ref()?, source?);
        Some(Self { source, span, start: source.position(span.start), end: source.position(span.end) })
    }
}
