//! Resolved rule files: what the rules engine runs.

use std::ops::Range;
use std::sync::Arc;

use super::yaml::SpannedText;
use crate::model::{Duration, Str};
use crate::promql::ast::Expr;
use crate::template::rule::RuleTemplate;

/// One rule file.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleFile {
    /// Its path as loaded; part of its groups' identity.
    pub path: Str,
    /// Its groups in file order.
    pub groups: Vec<Arc<RuleGroup>>,
}

/// A group of rules that are evaluated one after the other at the same timestamps.
///
/// Its identity is `file;name`, as in Prometheus' metrics and API.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleGroup {
    /// The path of its file.
    pub file: Str,
    /// Its name, unique in its file.
    pub name: Str,
    /// How often it is evaluated; `None`: the global evaluation interval.
    pub interval: Option<Duration>,
    /// How far before the slot's time the queries look; `None`: the global default, `Some(0)`: none.
    pub query_offset: Option<Duration>,
    /// The most alerts or series that one rule may produce; 0: no limit.
    pub limit: usize,
    /// The rules in file order.
    pub rules: Vec<Arc<Rule>>,
}

impl RuleGroup {
    /// `file;name`: the group's identity, and the value of the `rule_group` label of its metrics.
    #[must_use]
    pub fn key(&self) -> Str {
        format!("{};{}", self.file, self.name).into()
    }
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The alert's name or the recorded metric's name.
    pub name: Str,
    /// What the data source is asked: the canonical text of the expression, or the text as it was written.
    pub expr: Str,
    /// The expression; none if expressions are taken as they are written. Its places are those of
    /// `written`.
    pub parsed: Option<Arc<Expr>>,
    /// The expression as the file has it.
    pub written: SpannedText,
    /// The group's labels and the rule's own, merged (the rule's win), by name.
    pub labels: Vec<RuleLabel>,
    /// What the rule does with the result.
    pub kind: RuleKind,
    /// Where the rule stands in its file, in bytes.
    pub span: Range<usize>,
}

impl PartialEq for Rule {
    /// Expressions are equal if their texts are.
    fn eq(&self, other: &Self) -> bool {
        let Self { name, expr, parsed: _, written: _, labels, kind, span } = self;
        (name, expr, labels, kind, span)
            == (&other.name, &other.expr, &other.labels, &other.kind, &other.span)
    }
}

/// A label that a rule sets.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleLabel {
    /// The label's name.
    pub name: Str,
    /// Its text; a template for an alerting rule, plain for a recording rule.
    pub value: RuleTemplate,
    /// The text as the file has it.
    pub written: SpannedText,
}

/// What a rule does with the result of its expression.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleKind {
    /// Each sample is written as a sample of the metric that the rule names.
    Recording,
    /// Each sample is an alert.
    Alerting(AlertingRule),
}

/// What only alerting rules have.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertingRule {
    /// How long the expression must hold before the alert fires.
    pub hold_for: Duration,
    /// How long a firing alert keeps firing after the expression stopped to hold.
    pub keep_firing_for: Duration,
    /// The annotations, by name.
    pub annotations: Vec<RuleLabel>,
}
