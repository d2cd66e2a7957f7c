//! Why a template cannot be escaped, in the words of Go's `html/template`.

use crate::model::Str;
use crate::template::go::ast::Tree;
use crate::template::go::exec::position;

/// A template that cannot be escaped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct HtmlError {
    /// What kind of mistake it is.
    pub kind: HtmlErrorKind,
    /// `html/template:NAME:LINE:COLUMN: …`, or without line and column where Go does not know them.
    pub text: String,
}

/// Go's kinds of mistakes (`html/template.ErrorCode`), and a limit of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HtmlErrorKind {
    /// An action stands where an address may be before or behind its `?`.
    AmbiguousContext,
    /// The HTML is such that browsers disagree on what it means.
    BadHtml,
    /// Branches of an `if`, `range` or `with` end in different contexts.
    BranchEnd,
    /// The template ends inside of a tag, script or the like.
    EndContext,
    /// No template has that name.
    NoSuchTemplate,
    /// A template calls itself, and its end is in a different context with each call.
    OutputContext,
    /// An action in the brackets of a regular expression.
    PartialCharset,
    /// An action behind a backslash.
    PartialEscape,
    /// A slash that may be a division or may start a regular expression.
    SlashAmbiguous,
    /// `html` or `urlquery` where they do harm.
    PredefinedEscaper,
    /// It takes too much work to find the contexts; Go has no such limit.
    TooMuchWork,
}

/// A place in a template's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) parse_name: Str,
    pub(super) line: usize,
    column: usize,
}

impl Location {
    pub(super) fn of(tree: &Tree, pos: usize) -> Self {
        let (line, column) = position(&tree.text, pos);
        Self { parse_name: tree.parse_name.clone(), line, column }
    }
}

/// What is wrong, before it is known which template was to be escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: HtmlErrorKind,
    pub(super) location: Option<Location>,
    /// The line, or 0, where the location is not known.
    pub(super) line: usize,
    pub(super) description: String,
}

impl Fault {
    /// The error that it makes of the template `name`.
    pub(super) fn of_template(&self, name: &str) -> HtmlError {
        let Self { kind, location, line, description } = self;
        let place = match location {
            Some(Location { parse_name, line, column }) => format!(":{parse_name}:{line}:{column}"),
            None if *line != 0 => format!(":{name}:{line}"),
            None if !name.is_empty() => format!(":{name}"),
            None => String::new(),
        };
        HtmlError { kind: *kind, text: format!("html/template{place}: {description}") }
    }
}
