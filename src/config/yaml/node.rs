//! The tree: scalars, sequences and mappings with their spans.

use std::ops::Range;

use crate::model::Str;

/// A value in a YAML document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it holds.
    pub value: Value,
    /// Where it stands: bytes of the file's text. What an alias stands for keeps the place of its anchor.
    pub span: Range<usize>,
}

/// What a [`Node`] holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text, number, boolean or null; which one is decided by who reads it.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in file order, each key once, merge keys (`<<`) resolved.
    Mapping(Vec<(Node, Node)>),
}

/// A scalar after YAML's escapes and folding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// Its text.
    pub text: Str,
    /// How it was written.
    pub style: Style,
    /// Whether a tag (`!!str`) says that it is text, whatever it looks like.
    pub tagged_text: bool,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `text`
    Plain,
    /// `'text'`
    SingleQuoted,
    /// `"text"`
    DoubleQuoted,
    /// `|` and lines below
    Literal,
    /// `>` and lines below
    Folded,
}

impl Node {
    /// The scalar in it, if it is one.
    #[must_use]
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// Whether it is YAML's null: nothing, `~` or `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.scalar().is_some_and(|scalar| {
            scalar.is_plain() && matches!(&*scalar.text, "" | "~" | "null" | "Null" | "NULL")
        })
    }

    /// Whether there is nothing in it: a null or an empty collection or text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.value {
            Value::Scalar(scalar) => self.is_null() || scalar.text.is_empty(),
            Value::Sequence(items) => items.is_empty(),
            Value::Mapping(pairs) => pairs.is_empty(),
        }
    }

    /// The value at `key`, if it is a mapping that has the key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        let Value::Mapping(pairs) = &self.value else { return None };
        let found = pairs.iter().find(|(name, _)| name.scalar().is_some_and(|name| &*name.text == key));
        found.map(|(_, value)| value)
    }

    /// What it is, in the words of Go's YAML errors: `!!str`, `!!seq`, `!!map`, `!!null`.
    #[must_use]
    pub fn tag(&self) -> &'static str {
        match &self.value {
            Value::Scalar(_) if self.is_null() => "!!null",
            Value::Scalar(_) => "!!str",
            Value::Sequence(_) => "!!seq",
            Value::Mapping(_) => "!!map",
        }
    }

    /// How many nodes it consists of, itself included.
    pub(super) fn weight(&self) -> usize {
        match &self.value {
            Value::Scalar(_) => 1,
            Value::Sequence(items) => 1 + items.iter().map(Node::weight).sum::<usize>(),
            Value::Mapping(pairs) => {
                1 + pairs.iter().map(|(key, value)| key.weight() + value.weight()).sum::<usize>()
            }
        }
    }
}

impl Scalar {
    /// Whether it may be read as something else than text.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.style == Style::Plain && !self.tagged_text
    }
}
