//! YAML text → a tree whose every part knows its place in the text.
//!
//! Not a YAML parser: `granit-parser` reads the text, this gathers its events. It knows nothing of rule
//! files or routes; what a mapping may hold is for `raw` beside it.

mod build;
mod node;
mod places;
mod spanned;
mod untyped;
mod write;

pub use build::{YamlProblem, parse};
pub use node::{Node, Scalar, Style, Value};
pub use places::places;
pub use spanned::SpannedText;
pub(crate) use untyped::{untyped, untyped_text};
pub(crate) use write::{Yaml, write};
