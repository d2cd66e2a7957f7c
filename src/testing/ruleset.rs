//! A rule file made ready for tests: read once, its expressions parsed once, however many tests use it.

use std::ops::Range;
use std::sync::Arc;

use crate::config::problem::{Problem, Severity};
use crate::config::read_rule_file;
use crate::config::rules::{Rule, RuleFile, RuleGroup};
use crate::model::{Lookup, Str};
use crate::promql::ast::Expr;
use crate::promql::parser::{Features, ParseErrors, parse};

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
        let (file, mut problems) = read_rule_file(path, text);
        problems.retain(|problem| problem.severity == Severity::Error);
        let Some(file) = file else { return (None, problems) };
        let mut exprs = Lookup::default();
        for rule in file.groups.iter().flat_map(|group| &group.rules) {
            if exprs.contains_key(&rule.expr) {
                continue;
            }
            match parse(&rule.expr, features) {
                Ok(expr) => drop(exprs.insert(rule.expr.clone(), Arc::new(expr))),
                Err(errors) => problems.push(unparsed(path, text, rule, &errors)),
            }
        }
        (problems.is_empty().then_some(Self { file, exprs }), problems)
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

fn unparsed(path: &str, text: &str, rule: &Rule, errors: &ParseErrors) -> Problem {
    Problem {
        check: "promql-syntax",
        severity: Severity::Error,
        file: path.into(),
        span: Some(place(text, rule, errors)),
        message: format!("could not parse expression: {errors}"),
        help: errors.help().map(str::to_owned),
    }
}

/// Where the mistake stands, if the expression stands in the file as it is (no escapes, no folding); otherwise
/// the rule.
fn place(text: &str, rule: &Rule, errors: &ParseErrors) -> Range<usize> {
    let found = || {
        let raw = text.get(rule.span.clone())?;
        let key = raw.find("expr")?;
        let start = rule.span.start + key + raw[key..].find(&*rule.expr)?;
        let span = errors.0.first()?.span;
        Some(
            start + span.start..start + span.end.max(span.start + 1).min(rule.expr.len().max(span.start + 1)),
        )
    };
    found().unwrap_or_else(|| rule.span.clone())
}
