//! Problems of files together with the files' texts, so that they can be shown with their places.

use std::collections::BTreeMap;

use crate::config::problem::{Problem, Severity};
use crate::config::render::{Format, render};
use crate::model::Str;

/// Problems with the texts they were found in.
#[derive(Default)]
pub struct Findings {
    /// What was found, in order of file and place.
    pub problems: Vec<Problem>,
    /// The files' texts by path.
    pub texts: BTreeMap<Str, Str>,
}

impl std::fmt::Debug for Findings {
    /// Without the texts, which may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let files: Vec<_> = self.texts.keys().collect();
        f.debug_struct("Findings").field("problems", &self.problems).field("files", &files).finish()
    }
}

impl Findings {
    /// Reads a file's text with `read` and keeps the text and what is wrong with it.
    pub fn add_file(&mut self, path: &str, text: &str, read: impl FnOnce(&str, &str) -> Vec<Problem>) {
        self.problems.extend(read(path, text));
        self.texts.insert(path.into(), text.into());
    }

    /// How many problems are of this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.problems.iter().filter(|problem| problem.severity == severity).count()
    }

    /// Whether any of the files cannot be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// The problems as text; empty if there are none (in JSON: `[]`).
    #[must_use]
    pub fn render(&self, format: Format, colour: bool) -> String {
        render(&self.problems, |path| self.texts.get(path).map(|text| &**text), format, colour)
    }

    /// Each error on a line, without a line break at the end.
    #[must_use]
    pub fn error_lines(&self) -> String {
        let errors = self.problems.iter().filter(|problem| problem.severity == Severity::Error);
        errors.map(|problem| self.line(problem)).collect::<Vec<_>>().join("\n")
    }

    /// The problem on one line, without a line break.
    #[must_use]
    pub fn line(&self, problem: &Problem) -> String {
        let text_of = |path: &str| self.texts.get(path).map(|text| &**text);
        render(std::slice::from_ref(problem), text_of, Format::Concise, false).trim_end().to_owned()
    }
}
