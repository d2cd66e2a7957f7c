//! Problems for people and programs. One format a file.

mod concise;
mod full;
mod github;
mod json;
mod mask;
mod place;
mod sarif;
mod snippet;

use std::collections::BTreeMap;
use std::ops::Range;

use super::problem::{Problem, Severity};

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

impl std::str::FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "full" => Ok(Self::Full),
            "concise" => Ok(Self::Concise),
            "json" => Ok(Self::Json),
            "github" => Ok(Self::Github),
            "sarif" => Ok(Self::Sarif),
            _ => Err(format!("unknown format {name:?}: one of `full`, `concise`, `json`, `github`, `sarif`")),
        }
    }
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
    match format {
        Format::Full => {
            // A file with a problem has more of them, mostly.
            let mut masks: BTreeMap<&str, Vec<Range<usize>>> = BTreeMap::new();
            let rendered = problems.iter().map(|problem| {
                let text = text_of(&problem.file);
                let masks =
                    masks.entry(&problem.file).or_insert_with(|| text.map(mask::secrets).unwrap_or_default());
                full::full(problem, text, masks, colour)
            });
            rendered.collect::<Vec<_>>().join("\n")
        }
        Format::Concise => {
            problems.iter().map(|problem| concise::concise(problem, text_of(&problem.file))).collect()
        }
        Format::Github => {
            problems.iter().map(|problem| github::github(problem, text_of(&problem.file))).collect()
        }
        Format::Json => {
            let values = problems.iter().map(|problem| json::json(problem, text_of(&problem.file)));
            pretty(&values.collect::<Vec<_>>())
        }
        Format::Sarif => pretty(&sarif::sarif(problems, &text_of)),
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
        let mut at = byte.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &text[..at];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}
