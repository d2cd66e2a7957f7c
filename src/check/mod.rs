//! `sereno check`, its pure part: a file in, problems out.
//!
//! Reading a file finds what makes it unusable ([`crate::config`]); here is what a usable file still does
//! wrong. One lint a module; `OF_RULES` and `OF_ROUTING` list them. No lint looks at two files, so that they can
//! be checked in any order.

mod duplicate_rule;
mod expr_type;
mod failing_template;
mod into_the_void;
mod kind;
mod label_flow;
mod repeat_interval;
mod unused_interval;
mod unused_receiver;

use crate::config::expressions::Expressions;
use crate::config::problem::Problem;
use crate::config::routes::Routing;
use crate::config::rules::{Rule, RuleFile};
use crate::config::{ReadFiles, load_templates, read_routing_as, read_rule_file_as, unreadable_files};
use crate::model::matcher::MatcherMode;

pub use kind::FileKind;

/// A usable rule file, as its lints see it.
struct Rules<'a> {
    file: &'a RuleFile,
    text: &'a str,
    expressions: Expressions,
}

impl<'a> Rules<'a> {
    /// The rules of all groups.
    fn iter(&self) -> impl Iterator<Item = &'a Rule> {
        self.file.groups.iter().flat_map(|group| &group.rules).map(|rule| &**rule)
    }
}

/// The lints of rule files: each looks at a whole file and adds what it finds.
const OF_RULES: &[fn(&Rules<'_>, &mut Vec<Problem>)] =
    &[duplicate_rule::check, expr_type::check, failing_template::check];

/// The lints of routing files.
const OF_ROUTING: &[fn(&Routing, &mut Vec<Problem>)] =
    &[into_the_void::check, repeat_interval::check, unused_interval::check, unused_receiver::check];

/// What a check needs to know besides the file.
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
    /// Nothing but the file: those that it names are not looked for.
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

/// Checks a file of this kind (`None`: told from the content). The problems are in the order of their places,
/// those in template files that it names first.
#[must_use]
pub fn check_file(path: &str, text: &str, kind: Option<FileKind>, options: Options<'_>) -> Vec<Problem> {
    let mut problems = match kind.unwrap_or_else(|| FileKind::of(text)) {
        FileKind::Rules => check_rules(path, text, options.expressions),
        FileKind::Routing => check_routing(path, text, options),
    };
    problems.sort_by(|one, other| order(one, path).cmp(&order(other, path)));
    problems
}

/// By file, that of `path` last, and by place.
fn order<'a>(problem: &'a Problem, path: &str) -> (bool, &'a str, Option<(usize, usize)>) {
    let place = problem.span.as_ref().map(|span| (span.start, span.end));
    (*problem.file == *path, &problem.file, place)
}

fn check_rules(path: &str, text: &str, expressions: Expressions) -> Vec<Problem> {
    let (file, mut problems) = read_rule_file_as(path, text, expressions);
    if let Some(file) = &file {
        OF_RULES.iter().for_each(|lint| lint(&Rules { file, text, expressions }, &mut problems));
    }
    problems
}

fn check_routing(path: &str, text: &str, options: Options<'_>) -> Vec<Problem> {
    let (mut routing, mut problems) = read_routing_as(path, text, options.matchers);
    if let Some(routing) = &mut routing {
        problems.extend(load_templates(routing, options.read_templates).1);
        problems.extend(unreadable_files(routing, options.why_unreadable));
        OF_ROUTING.iter().for_each(|lint| lint(routing, &mut problems));
    }
    problems
}
