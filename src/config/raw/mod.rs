//! Typed access to a YAML tree that collects every problem instead of stopping at the first.
//!
//! Knows YAML, types and words that are close to each other; what the keys of a file mean is in the
//! modules beside it.

mod expression;
mod fields;
mod headers;
mod http;
mod inline_templates;
mod intervals;
mod kinds;
mod matchers;
mod not_obeyed;
mod oauth2;
mod original;
mod proxy;
mod read_value;
mod receivers;
mod route_tree;
pub(crate) mod routing;
pub(crate) mod rule_file;
mod scalars;
mod schema;
mod tls;
mod values;

use std::collections::BTreeSet;
use std::ops::Range;

pub(crate) use crate::model::suggest::did_you_mean;
pub(crate) use fields::{Fields, Shape};
pub(crate) use kinds::{is_public_url_list, is_secret_holder, is_secret_key};

use super::problem::{Problem, Severity};
use super::routes::NamedFile;
use super::yaml::{self, Node, Scalar, YamlProblem};
use crate::model::Str;
use crate::model::matcher::MatcherMode;

/// The items of the list at `key`; what is no list has been reported already.
pub(crate) fn items<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    match node.get(key).map(|node| &node.value) {
        Some(yaml::Value::Sequence(items)) => items,
        Some(yaml::Value::Scalar(_) | yaml::Value::Mapping(_)) | None => &[],
    }
}

/// The kinds of integrations that a receiver may have: `webhook`, `email`, …
pub fn integration_kinds() -> impl Iterator<Item = &'static str> {
    kinds::INTEGRATIONS.iter().map(|integration| integration.kind)
}

/// Reads one file: its text, and all that is wrong with it so far.
pub(crate) struct Reader<'a> {
    file: Str,
    text: &'a str,
    problems: Vec<Problem>,
    /// Start, check and message of each problem: an alias brings the same text, and its problem, again.
    reported: BTreeSet<(usize, &'static str, String)>,
    /// By which grammar matchers are read.
    mode: MatcherMode,
    /// The files that are named so far.
    files: Vec<NamedFile>,
}

/// What to do about mistakes that many make, by a part of what the parser says.
const HELP: &[(&str, &str)] = &[
    (
        "did not find expected '-' indicator",
        "indent this line more to put it into the item above, or less to end the list",
    ),
    (
        "mapping values are not allowed",
        "a text with `: ` in it needs quotes; a key needs the indentation of the keys beside it",
    ),
    ("unexpected character", "put the text in quotes"),
    ("invalid trailing content after", "put all of the text in quotes"),
];

impl<'a> Reader<'a> {
    pub(crate) fn new(file: &str, text: &'a str, mode: MatcherMode) -> Self {
        let (problems, reported, files) = (Vec::new(), BTreeSet::new(), Vec::new());
        Self { file: file.into(), text, problems, reported, mode, files }
    }

    pub(crate) fn file(&self) -> &Str {
        &self.file
    }

    /// The first document of the file; what is wrong with it as YAML is reported. `None` for an empty file
    /// and for what is not YAML.
    pub(crate) fn document(&mut self) -> Option<Node> {
        let (root, problems) = yaml::parse(self.text);
        for problem in problems {
            self.yaml_problem(problem);
        }
        root
    }

    /// The line of a byte of the text, counted from 1.
    pub(crate) fn line_of(&self, at: usize) -> usize {
        self.text.get(..at).map_or(1, |before| before.matches('\n').count() + 1)
    }

    fn yaml_problem(&mut self, problem: YamlProblem) {
        let message = problem.to_string();
        match problem {
            YamlProblem::Syntax { span, .. } => {
                let message = format!("yaml: {message}");
                match self.tab_indentation(span.start).filter(|_| message.contains("tab")) {
                    None => {
                        let help = HELP.iter().find(|(part, _)| message.contains(part));
                        let help = help.map(|(_, help)| (*help).to_owned());
                        self.report(Severity::Error, "yaml-syntax", &span, message, help);
                    }
                    Some(tab) => {
                        self.error_help("yaml-syntax", &tab, message, "indent with spaces, not with tabs")
                    }
                }
            }
            YamlProblem::DuplicateKey { span, .. } => {
                self.error_help("duplicate-key", &span, message, "remove one of the two");
            }
            YamlProblem::Alias { span, .. } => self.error("yaml-alias", &span, message),
            YamlProblem::SecondDocument { span } => {
                let help = "move it to a file of its own";
                self.report(Severity::Warning, "second-document", &span, message, Some(help.to_owned()));
            }
        }
    }

    /// The first tab in the indentation of a line, from the line of byte `from` on.
    fn tab_indentation(&self, from: usize) -> Option<Range<usize>> {
        let mut at = self.text.get(..from)?.rfind('\n').map_or(0, |at| at + 1);
        for line in self.text[at..].split_inclusive('\n') {
            let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
            if let Some(tab) = line[..indent].find('\t') {
                return Some(at + tab..at + tab + 1);
            }
            at += line.len();
        }
        None
    }

    pub(crate) fn error(&mut self, check: &'static str, span: &Range<usize>, message: impl Into<String>) {
        self.report(Severity::Error, check, span, message, None);
    }

    pub(crate) fn error_help(
        &mut self,
        check: &'static str,
        span: &Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(Severity::Error, check, span, message, Some(help.into()));
    }

    pub(crate) fn report(
        &mut self,
        severity: Severity,
        check: &'static str,
        span: &Range<usize>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let (file, message) = (self.file.clone(), message.into());
        if self.reported.insert((span.start, check, message.clone())) {
            self.problems.push(Problem { check, severity, file, span: Some(span.clone()), message, help });
        }
    }

    /// The file's bytes that hold `range` of the scalar's value. An empty range is the character at it, or
    /// the last one: a place that can be seen.
    pub(crate) fn place(&self, node: &Node, scalar: &Scalar, range: &Range<usize>) -> Range<usize> {
        yaml::SpannedText { span: node.span.clone(), scalar: scalar.clone() }.place(self.text, range)
    }

    /// Whether the check has found something that starts where `span` does.
    pub(crate) fn is_reported(&self, check: &'static str, span: &Range<usize>) -> bool {
        let from = (span.start, check, String::new());
        self.reported
            .range(from..)
            .next()
            .is_some_and(|(start, found, _)| (*start, *found) == (span.start, check))
    }

    /// Whether an error was reported inside `span`.
    pub(crate) fn has_error_in(&self, span: &Range<usize>) -> bool {
        self.problems.iter().any(|problem| {
            let inside = |place: &Range<usize>| place.start >= span.start && place.end <= span.end;
            problem.severity == Severity::Error && problem.span.as_ref().is_some_and(inside)
        })
    }

    /// Whether nothing so far stops the file from being used.
    pub(crate) fn is_usable(&self) -> bool {
        self.problems.iter().all(|problem| problem.severity != Severity::Error)
    }

    /// All problems, in the order of their places.
    pub(crate) fn finish(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.span.as_ref().map(|span| (span.start, span.end)));
        self.problems
    }
}
