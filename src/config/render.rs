//! Problems for people and programs: with the lines of the file, in one line each, as JSON.

mod mask;
mod snippet;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use serde_json::json;

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
}

impl std::str::FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "full" => Ok(Self::Full),
            "concise" => Ok(Self::Concise),
            "json" => Ok(Self::Json),
            _ => Err(format!("unknown format {name:?}: one of `full`, `concise`, `json`")),
        }
    }
}

/// Writes problems as text that ends with a line break; nothing for no problems (in JSON: `[]`).
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
                full(problem, text, masks, colour)
            });
            rendered.collect::<Vec<_>>().join("\n")
        }
        Format::Concise => problems.iter().map(|problem| concise(problem, text_of(&problem.file))).collect(),
        Format::Json => {
            let values: Vec<_> =
                problems.iter().map(|problem| json_of(problem, text_of(&problem.file))).collect();
            // Pretty-printing a value of strings and numbers cannot fail; the array is its plainest form.
            serde_json::to_string_pretty(&values).unwrap_or_else(|_| "[]".to_owned()) + "\n"
        }
    }
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

/// A message never breaks the one-line formats, whatever the file holds.
fn one_line(text: &str) -> String {
    text.replace('\n', "\\n").replace('\r', "\\r")
}

fn concise(problem: &Problem, text: Option<&str>) -> String {
    let place = match (&problem.span, text) {
        (Some(span), Some(text)) => {
            let position = Position::of(text, span.start);
            format!("{}:{}:{}", problem.file, position.line, position.column)
        }
        (None, _) | (_, None) => problem.file.to_string(),
    };
    let mut line =
        format!("{place}: {}[{}]: {}", word(problem.severity), problem.check, one_line(&problem.message));
    if let Some(help) = &problem.help {
        let _ = write!(line, " ({})", one_line(help));
    }
    line + "\n"
}

fn json_of(problem: &Problem, text: Option<&str>) -> serde_json::Value {
    let mut value = json!({
        "check": problem.check,
        "severity": word(problem.severity),
        "file": &*problem.file,
        "message": problem.message,
        "help": problem.help,
    });
    if let (Some(span), Some(text)) = (&problem.span, text) {
        let position = |byte| {
            let position = Position::of(text, byte);
            json!({"line": position.line, "column": position.column, "offset": byte})
        };
        value["start"] = position(span.start);
        value["end"] = position(span.end);
    }
    value
}

/// ANSI colours, or nothing.
struct Paint {
    on: bool,
}

impl Paint {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn severity(&self, severity: Severity, text: &str) -> String {
        self.paint(
            match severity {
                Severity::Error => "1;31",
                Severity::Warning => "1;33",
                Severity::Info => "1;36",
            },
            text,
        )
    }

    fn frame(&self, text: &str) -> String {
        self.paint("1;34", text)
    }
}

fn full(problem: &Problem, text: Option<&str>, masks: &[Range<usize>], colour: bool) -> String {
    let paint = Paint { on: colour };
    let title = format!("{}[{}]", word(problem.severity), problem.check);
    let message = paint.paint("1", &format!(": {}", problem.message));
    let mut out = format!("{}{message}\n", paint.severity(problem.severity, &title));
    let width = match (&problem.span, text) {
        (Some(span), Some(text)) => {
            snippet::write(&mut out, problem, snippet::Source { text, masks }, span, &paint)
        }
        (None, _) | (_, None) => {
            let _ = writeln!(out, " {} {}", paint.frame("-->"), problem.file);
            1
        }
    };
    if let Some(help) = &problem.help {
        let _ = writeln!(out, "{} {} help: {help}", " ".repeat(width), paint.frame("="));
    }
    out
}
