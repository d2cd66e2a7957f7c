//! A text of a file, with what is needed to find pieces of it in the file again.

use std::ops::Range;

use super::node::{Node, Scalar, Style};
use super::places::places;

/// A text as it was written in a file, for those who have something to say about a piece of it later.
#[derive(Clone, Debug, Eq)]
pub struct SpannedText {
    /// Where it stands: bytes of the file's text.
    pub span: Range<usize>,
    /// The text, and how it was written.
    pub scalar: Scalar,
}

impl PartialEq for SpannedText {
    /// Always equal: what stands elsewhere, or was written in another way, is the same still.
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Default for SpannedText {
    /// Of what does not come from a file.
    fn default() -> Self {
        let scalar = Scalar { text: "".into(), style: Style::Plain, tagged_text: false };
        Self { span: 0..0, scalar }
    }
}

impl SpannedText {
    /// The text of a node; an empty one if it holds none.
    #[must_use]
    pub fn of(node: &Node) -> Self {
        match node.scalar() {
            Some(scalar) => Self { span: node.span.clone(), scalar: scalar.clone() },
            None => Self { span: node.span.clone(), ..Self::default() },
        }
    }

    /// The bytes of the file's text that hold `range` of this text. An empty range is the character at it, or
    /// the last one: a place that can be seen.
    #[must_use]
    pub fn place(&self, file: &str, range: &Range<usize>) -> Range<usize> {
        let places = places(file, &self.span, &self.scalar);
        let Some(last) = places.len().checked_sub(1) else { return self.span.clone() };
        let first = range.start.min(last);
        let end = range.end.saturating_sub(1).clamp(first, last);
        places[first].start..places[end].end.max(places[first].end)
    }
}
