//! `sereno check`, its pure part: files in, problems out.
//!
//! Reading a file finds what makes it unusable ([`crate::config`]); here is what a usable file still does
//! wrong. One lint a file; `LINTS` lists them.

mod duplicate_rule;
mod expr_type;
mod failing_template;
mod into_the_void;
mod kind;
mod label_flow;
mod repeat_interval;
mod unused_interval;
mod unused_receiver;

use std::collections::BTreeMap;

use crate::config::expressions::Expressions;
use crate::config::problem::Problem;
use crate::config::routes::Routing;
use crate::config::rules::RuleFile;
use crate::config::{ReadFiles, load_templates, read_routing_as, read_rule_file_as, unreadable_files};
use crate::model::Str;
use crate::model::matcher::MatcherMode;

pub use kind::FileKind;

/// What has been read of all files, for lints that look across them.
#[derive(Debug, Default)]
pub struct Checked {
    /// The usable rule files.
    pub rules: Vec<RuleFile>,
    /// The usable routing files.
    pub routing: Vec<Routing>,
    /// In which language expressions are.
    pub expressions: Expressions,
    /// The texts of all files by path.
    pub texts: BTreeMap<Str, Str>,
}

impl Checked {
    /// The text of a file; nothing for one that was not read.
    fn text_of(&self, path: &str) -> &str {
        self.texts.get(path).map_or("", |text| text)
    }
}

/// A lint: looks at everything and adds what it finds.
type Lint = fn(&Checked, &mut Vec<Problem>);

/// All lints.
const LINTS: &[Lint] = &[
    duplicate_rule::check,
    expr_type::check,
    failing_template::check,
    into_the_void::check,
    repeat_interval::check,
    unused_interval::check,
    unused_receiver::check,
];

/// What a check needs to know besides the files.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// By which grammar matchers are read.
    pub matchers: MatcherMode,
    /// In which language the expressions of rules are.
    pub expressions: Expressions,
    /// Why a file that a routing file names cannot be read; `None` if it can.
    pub why_unreadable: &'a dyn Fn(&str) -> Option<String>,
    /// The template files that a pattern in a routing file names.
    pub read_templates: ReadFiles<'a>,
}

impl Default for Options<'_> {
    /// Nothing but the files: those that they name are not looked for.
    fn default() -> Self {
        Self {
            matchers: MatcherMode::default(),
            expressions: Expressions::default(),
            why_unreadable: &|_| None,
            read_templates: &|_| Ok(Vec::new()),
        }
    }
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("matchers", &self.matchers).finish_non_exhaustive()
    }
}

/// Checks files, given as path, text and kind (`None`: told from the content). The problems are in the
/// order of the files, and in each in the order of their places.
#[must_use]
pub fn check_files(files: &[(Str, Str, Option<FileKind>)], options: Options<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let texts = files.iter().map(|(path, text, _)| (Str::clone(path), Str::clone(text))).collect();
    let mut checked = Checked { expressions: options.expressions, texts, ..Checked::default() };
    for (path, text, kind) in files {
        match kind.unwrap_or_else(|| FileKind::of(text)) {
            FileKind::Rules => {
                let (file, found) = read_rule_file_as(path, text, options.expressions);
                checked.rules.extend(file);
                problems.extend(found);
            }
            FileKind::Routing => {
                let (mut routing, found) = read_routing_as(path, text, options.matchers);
                if let Some(routing) = &mut routing {
                    problems.extend(load_templates(routing, options.read_templates).1);
                }
                let unreadable =
                    routing.iter().flat_map(|routing| unreadable_files(routing, options.why_unreadable));
                problems.extend(unreadable);
                checked.routing.extend(routing);
                problems.extend(found);
            }
        }
    }
    for lint in LINTS {
        lint(&checked, &mut problems);
    }
    let order = |problem: &Problem| {
        let file = files.iter().position(|(path, ..)| *path == problem.file);
        (file, problem.span.as_ref().map(|span| (span.start, span.end)))
    };
    problems.sort_by_key(order);
    problems
}
