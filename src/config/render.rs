//! Problems for people and programs. One format a file.

mod concise;
mod full;
mod github;
mod json;
mod mask;
mod sarif;
mod snippet;
mod source;

use std::collections::BTreeMap;

use super::problem::{Problem, Severity};
use crate::model::text::printable;
use source::Source;

/// How problems are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// With the lines they are about, for people.
    #[default]
    Full,
    /// `file:line:column: severity[check]: message`, one line each.
    Concise,
    /// A JSON array of objects.
    Json,
    /// Annotations of a GitHub workflow.
    Github,
    /// A SARIF log.
    Sarif,
}

/// Writes problems as text that ends with a line break; nothing for no problems (in JSON: `[]`, in SARIF a
/// log without results).
///
/// `text_of` gives the text of a file that problems are about. Lines and columns count from 1, columns in
/// characters. `colour` is for [`Format::Full`] alone. Secrets in the lines of a file are not shown.
#[must_use]
pub fn render<'t>(
    problems: &[Problem],
    text_of: impl Fn(&str) -> Option<&'t str>,
    format: Format,
    colour: bool,
) -> String {
    let mut sources: BTreeMap<&str, Option<Source<'t>>> = BTreeMap::new();
    for problem in problems {
        sources.entry(&problem.file).or_insert_with(|| text_of(&problem.file).map(Source::new));
    }
    let of = |problem: &Problem| sources.get(&*problem.file).and_then(Option::as_ref);
    let each = problems.iter().map(|problem| (problem, of(problem)));
    match format {
        Format::Full => {
            each.map(|(problem, source)| full::full(problem, source, colour)).collect::<Vec<_>>().join("\n")
        }
        Format::Concise => each.map(|(problem, source)| concise::concise(problem, source)).collect(),
        Format::Github => each.map(|(problem, source)| github::github(problem, source)).collect(),
        Format::Json => {
            pretty(&each.map(|(problem, source)| json::json(problem, source)).collect::<Vec<_>>())
        }
        Format::Sarif => pretty(&sarif::sarif(&each.collect::<Vec<_>>())),
    }
}

/// Indented JSON with a line break behind it.
fn pretty(value: &impl serde::Serialize) -> String {
    // Writing strings and numbers to memory cannot fail.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// A place as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// The position of a byte of `text`; what is behind the end is at the end.
    #[must_use]
    pub fn of(text: &str, byte: usize) -> Self {
        Source::new(text).position(byte)
    }
}

/// One problem as JSON, as an item of [`Format::Json`]; `text` is that of its file.
pub(crate) fn problem_json(problem: &Problem, text: Option<&str>) -> serde_json::Value {
    json::json(problem, text.map(Source::new).as_ref())
}

/// A message as people read it, which may have several lines; other control characters are written out.
fn lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// A path as code hosts know it: `./` at its start would make it another one.
fn plain_path(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}
