//! `duplicate-rule`: the same rule twice in a file: each writes or fires what the other does.
//!
//! Unlike promtool's lint, the expression counts: rules that split one metric by expression are fine.

use std::collections::BTreeSet;

use super::Rules;
use crate::config::problem::{Problem, Severity};
use crate::config::rules::{Rule, RuleKind};

pub(super) fn check(rules: &Rules<'_>, problems: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for rule in rules.iter() {
        if !seen.insert(identity(rule)) {
            problems.push(Problem {
                check: "duplicate-rule",
                severity: Severity::Warning,
                file: rules.file.path.clone(),
                span: Some(rule.span.clone()),
                message: format!(
                    "{:?} is twice in this file, with the same expression and labels",
                    rule.name
                ),
                help: Some("remove one of them".to_owned()),
            });
        }
    }
}

/// What makes two rules the same. The expression is the canonical one, so that it does not matter how it is
/// written, unless it is of a language that is not read here.
fn identity(rule: &Rule) -> (bool, &str, &str, Vec<(&str, &str)>) {
    let alerting = match &rule.kind {
        RuleKind::Recording => false,
        RuleKind::Alerting(_) => true,
    };
    let labels = rule.labels.iter().map(|label| (&*label.name, &**label.value.text()));
    (alerting, &rule.name, &rule.expr, labels.collect())
}
