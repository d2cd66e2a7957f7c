//! A rule file made ready for tests: read and parsed once, however many tests use it.

use std::sync::Arc;

use crate::config::expressions::Expressions;
use crate::config::problem::{Problem, Severity};
use crate::config::read_rule_file_as;
use crate::config::rules::{RuleFile, RuleGroup};
use crate::promql::parser::Features;

/// A rule file without mistakes.
#[derive(Debug)]
pub struct Ruleset(RuleFile);

impl Ruleset {
    /// Reads a rule file. It is `None` if anything in it is an error; warnings are for `sereno check`, not for
    /// tests.
    #[must_use]
    pub fn read(path: &str, text: &str, features: Features) -> (Option<Self>, Vec<Problem>) {
        let (file, mut problems) = read_rule_file_as(path, text, Expressions::Promql(features));
        problems.retain(|problem| problem.severity == Severity::Error);
        (file.map(Self), problems)
    }

    /// Its groups in file order. Each rule is parsed.
    #[must_use]
    pub fn groups(&self) -> &[Arc<RuleGroup>] {
        &self.0.groups
    }
}
