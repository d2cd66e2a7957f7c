//! `sereno check`, its pure part: files in, problems out.
//!
//! Reading a file finds what makes it unusable ([`crate::config`]); here is what a usable file still does
//! wrong. One lint a file; `LINTS` lists them.

mod duplicate_rule;
mod into_the_void;
mod kind;
mod repeat_interval;
mod unused_interval;
mod unused_receiver;

use crate::config::problem::Problem;
use crate::config::routes::Routing;
use crate::config::rules::RuleFile;
use crate::config::{read_routing, read_rule_file};
use crate::model::Str;

pub use kind::FileKind;

/// What has been read of all files, for lints that look across them.
#[derive(Debug, Default)]
pub struct Checked {
    /// The usable rule files.
    pub rules: Vec<RuleFile>,
    /// The usable routing files.
    pub routing: Vec<Routing>,
}

/// A lint: looks at everything and adds what it finds.
type Lint = fn(&Checked, &mut Vec<Problem>);

/// All lints.
const LINTS: &[Lint] = &[
    duplicate_rule::check,
    into_the_void::check,
    repeat_interval::check,
    unused_interval::check,
    unused_receiver::check,
];

/// Checks files, given as path, text and kind (`None`: told from the content). The problems are in the
/// order of the files, and in each in the order of their places.
#[must_use]
pub fn check_files(files: &[(Str, Str, Option<FileKind>)]) -> Vec<Problem> {
    let (mut checked, mut problems) = (Checked::default(), Vec::new());
    for (path, text, kind) in files {
        match kind.unwrap_or_else(|| FileKind::of(text)) {
            FileKind::Rules => {
                let (file, found) = read_rule_file(path, text);
                checked.rules.extend(file);
                problems.extend(found);
            }
            FileKind::Routing => {
                let (routing, found) = read_routing(path, text);
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
