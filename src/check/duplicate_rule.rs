//! `duplicate-rule`: the same rule twice in a file: each writes or fires what the other does.
//!
//! Unlike promtool's lint, the expression counts: rules that split one metric by expression are fine.

use std::collections::BTreeSet;

use super::Checked;
use crate::config::problem::{Problem, Severity};
use crate::config::rules::{Rule, RuleKind};

pub(super) fn check(checked: &Checked, problems: &mut Vec<Problem>) {
    for file in &checked.rules {
        let mut seen = BTreeSet::new();
        for rule in file.groups.iter().flat_map(|group| &group.rules) {
            if !seen.insert(identity(rule)) {
                problems.push(Problem {
                    check: "duplicate-rule",
                    severity: Severity::Warning,
                    file: file.path.clone(),
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
}

/// What makes two rules the same, but for how they are written.
fn identity(rule: &Rule) -> (bool, String, String, Vec<(String, String)>) {
    let alerting = match &rule.kind {
        RuleKind::Recording => false,
        RuleKind::Alerting(_) => true,
    };
    let labels = rule.labels.iter().map(|label| (label.name.to_string(), label.value.text().to_string()));
    let expr = rule.expr.split_whitespace().collect::<Vec<_>>().join(" ");
    (alerting, rule.name.to_string(), expr, labels.collect())
}
