//! A rule file made ready for tests: read once, its expressions parsed once, however many tests use it.

use std::sync::Arc;

use crate::config::expressions::Expressions;
use crate::config::problem::{Problem, Severity};
use crate::config::read_rule_file_as;
use crate::config::rules::{RuleFile, RuleGroup};
use crate::model::{Lookup, Str};
use crate::promql::ast::Expr;
use crate::promql::parser::Features;

/// A rule file with its expressions.
#[derive(Debug)]
pub struct Ruleset {
    file: RuleFile,
    exprs: Lookup<Str, Arc<Expr>>,
}

impl Ruleset {
    /// Reads a rule file. It is `None` if anything in it is an error; warnings are for `sereno check`, not for tests.
    #[must_use]
    pub fn read(path: &str, text: &str, features: Features) -> (Option<Self>, Vec<Problem>) {
        let (file, mut problems) = read_rule_file_as(path, text, Expressions::Promql(features));
        problems.retain(|problem| problem.severity == Severity::Error);
        let Some(file) = file else { return (None, problems) };
        let mut exprs = Lookup::default();
        for rule in file.groups.iter().flat_map(|group| &group.rules) {
            if let Some(expr) = &rule.parsed {
                exprs.insert(rule.expr.clone(), Arc::clone(expr));
            }
        }
        (Some(Self { file, exprs }), problems)
    }

    /// Its groups in file order.
    #[must_use]
    pub fn groups(&self) -> &[Arc<RuleGroup>] {
        &self.file.groups
    }

    /// The expression of one of its rules.
    #[must_use]
    pub fn expr(&self, text: &str) -> Option<&Arc<Expr>> {
        self.exprs.get(text)
    }
}
