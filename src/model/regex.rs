//! Regular expressions as matchers use them: Go's RE2 dialect, anchored at both ends.

use std::fmt;

/// A regular expression that must match the whole text. Equal if written the same.
#[derive(Clone)]
pub struct AnchoredRegex {
    text: String,
    compiled: regex::Regex,
}

/// A text that is not a regular expression.
#[derive(Clone, Debug, thiserror::Error)]
#[error("invalid regular expression {text:?}: {reason}")]
pub struct InvalidRegex {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl AnchoredRegex {
    /// Compiles `text` so that it matches only whole strings.
    ///
    /// # Errors
    /// The text is not valid in Go's dialect, or too large.
    pub fn new(text: &str) -> Result<Self, InvalidRegex> {
        regex::Regex::new(&format!("^(?:{text})$"))
            .map(|compiled| Self { text: text.to_owned(), compiled })
            .map_err(|error| InvalidRegex { text: text.to_owned(), reason: error.to_string() })
    }

    /// Whether the whole of `text` matches.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.compiled.is_match(text)
    }

    /// The expression as it was written, without anchors.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for AnchoredRegex {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for AnchoredRegex {}

impl fmt::Debug for AnchoredRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.text)
    }
}
