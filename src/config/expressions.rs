//! In which language expressions of rules are written, and which of them cannot be a rule's.

use crate::model::Str;
use crate::promql::ast::{Expr, ValueType};
use crate::promql::parser::Features;

use super::problem::{Problem, Severity};
use super::rules::{Rule, RuleFile};

/// In which language expressions are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expressions {
    /// PromQL: they are parsed, and the data source is asked their canonical text, as Prometheus does.
    Promql(Features),
    /// Whatever the data source understands, such as MetricsQL: they are not looked at.
    AsWritten,
}

impl Default for Expressions {
    /// PromQL with what Prometheus has switched on unless told otherwise.
    fn default() -> Self {
        Self::Promql(Features::default())
    }
}

/// `expr-type`: expressions that Prometheus loads and can never evaluate, because they are neither vector nor
/// scalar. `text` is the file's text.
#[must_use]
pub fn unusable_types(file: &RuleFile, text: &str, severity: Severity) -> Vec<Problem> {
    let rules = file.groups.iter().flat_map(|group| &group.rules);
    rules.filter_map(|rule| unusable_type(rule, &file.path, text, severity)).collect()
}

fn unusable_type(rule: &Rule, file: &Str, text: &str, severity: Severity) -> Option<Problem> {
    let expr = rule.parsed.as_deref()?;
    let help = match expr.value_type() {
        ValueType::Scalar | ValueType::Vector => return None,
        ValueType::String => "a text is no value that could be recorded or fire; write a number or a vector",
        ValueType::Matrix if matches!(expr.without_parens(), Expr::Subquery(_)) => {
            "a subquery gives many samples of each series; put a function around it that makes one of them, \
             such as `max_over_time(…)`"
        }
        ValueType::Matrix => {
            "a range gives many samples of each series; put a function around it that makes one of them, such \
             as `rate(…)`, or remove the range"
        }
    };
    let span = expr.span();
    Some(Problem {
        check: "expr-type",
        severity,
        file: Str::clone(file),
        span: Some(rule.written.place(text, &(span.start..span.end))),
        message: "rule result is not a vector or scalar".to_owned(),
        help: Some(help.to_owned()),
    })
}
