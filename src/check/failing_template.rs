//! `failing-template`: labels and annotations of alerts that fail on a sample as their rule's expression gives
//! them. Prometheus finds that out when the alert fires, and sends the error instead of the text.
//!
//! What is not known of a sample is tried in several ways; a template that works with one of them is fine. So
//! what is reported fails whatever the labels hold.

use std::collections::{BTreeMap, BTreeSet};

use super::Checked;
use super::label_flow::{Labels, labels_of};
use crate::config::expressions::Expressions;
use crate::config::problem::{Problem, Severity};
use crate::config::rules::{Rule, RuleFile, RuleKind, RuleLabel};
use crate::model::number::format_float;
use crate::model::{LabelSet, QueryValue, Sample, SampleValue, Str, Timestamp};
use crate::promql::ast::{BinaryOp, Expr, Sign, ValueType};
use crate::promql::parser::parse;
use crate::template::rule::{ExecError, Queries, RuleData, Trial};

/// What an unknown label may hold: a text, a number, a duration, a time.
const TEXTS: [&str; 4] = ["example", "1", "5m", "2026-01-01T00:00:00Z"];
/// Values of an expression that does not restrict them.
const VALUES: [f64; 2] = [1.0, 0.0];
/// How many different queries of one template are answered.
const MAX_QUERIES: usize = 20;
/// When the samples are from.
const NOW: Timestamp = Timestamp::from_secs(1_767_225_600);

pub(super) fn check(checked: &Checked, problems: &mut Vec<Problem>) {
    for file in &checked.rules {
        // A group's label is a label of each of its rules.
        let mut reported = BTreeSet::new();
        for rule in file.groups.iter().flat_map(|group| &group.rules) {
            let RuleKind::Alerting(alerting) = &rule.kind else { continue };
            let labels = rule.labels.iter().map(|label| ("label", label));
            let annotations = alerting.annotations.iter().map(|label| ("annotation", label));
            for (kind, field) in labels.chain(annotations) {
                let found = failure(checked, file, rule, kind, field);
                problems.extend(found.filter(|problem| {
                    reported.insert(problem.span.as_ref().map(|span| (span.start, span.end)))
                }));
            }
        }
    }
}

fn failure(
    checked: &Checked,
    file: &RuleFile,
    rule: &Rule,
    kind: &str,
    field: &RuleLabel,
) -> Option<Problem> {
    let text = field.value.text();
    if !text.contains("{{") || field.value.problem().is_some() {
        return None;
    }
    let labels = rule.parsed.as_deref().map_or_else(Labels::default, labels_of);
    let tried = Tried { field, labels, names: identifiers(text), expressions: checked.expressions };
    let values = rule.parsed.as_deref().map_or_else(|| VALUES.to_vec(), values_of);
    let failed: Vec<(f64, ExecError)> =
        values.iter().filter_map(|value| Some((*value, tried.with(*value)?))).collect();
    let always = failed.len() == values.len();
    let (value, error) = failed.into_iter().next()?;
    let when = match always {
        true => String::new(),
        false => format!(" for the value {}", format_float(value, 'g', None)),
    };
    Some(Problem {
        check: "failing-template",
        severity: if always { Severity::Error } else { Severity::Warning },
        file: Str::clone(&file.path),
        span: Some(field.written.place(checked.text_of(&file.path), &error.range)),
        message: format!("{kind} \"{}\" fails{when}: {error}", field.name),
        help: Some(help(&error.text).to_owned()),
    })
}

fn help(error: &str) -> &'static str {
    if error.contains("incompatible types for comparison") {
        "values are floats, and Go compares only what has one type: write `100.0` instead of `100`"
    } else if error.contains("parse error") {
        "the query in the template is no PromQL; the alert would carry the error instead of the text"
    } else {
        "the alert would carry the error instead of the text"
    }
}

/// A template that is tried.
struct Tried<'a> {
    field: &'a RuleLabel,
    labels: Labels,
    /// Names that the template may ask for.
    names: BTreeSet<&'a str>,
    expressions: Expressions,
}

impl Tried<'_> {
    /// Why it fails for a sample with this value; none if it works with any of the texts for labels.
    fn with(&self, value: f64) -> Option<ExecError> {
        let mut first = None;
        for text in TEXTS {
            match self.run(text, value) {
                Ok(()) => return None,
                Err(error) => first = first.or(Some(error)),
            }
        }
        first
    }

    fn run(&self, text: &str, value: f64) -> Result<(), ExecError> {
        let value = SampleValue::Float(value);
        let data = RuleData {
            labels: &self.label_set(&self.labels, text),
            value: &value,
            external_labels: &self.label_set(&Labels::default(), text),
            external_url: "http://prometheus.example",
            now: NOW,
        };
        let mut answers = Answers::default();
        loop {
            match self.field.value.trial(&data, &answers) {
                Trial::Text(_) => return Ok(()),
                Trial::Failed(error) => return Err(*error),
                Trial::NeedsQuery(_) if answers.0.len() >= MAX_QUERIES => return Ok(()),
                Trial::NeedsQuery(query) => {
                    let answer = self.answer(&query, text);
                    answers.0.insert(query, answer);
                }
            }
        }
    }

    fn label_set(&self, labels: &Labels, text: &str) -> LabelSet {
        let mut pairs: BTreeMap<&str, &str> = BTreeMap::new();
        match &labels.only {
            Some(only) => pairs.extend(only.iter().map(|name| (&**name, text))),
            None => {
                pairs.extend(["instance", "job"].map(|name| (name, text)));
                pairs.extend(self.names.iter().map(|name| (*name, text)));
            }
        }
        pairs.extend(labels.values.iter().map(|(name, value)| (&**name, &**value)));
        LabelSet::from_pairs(pairs)
    }

    /// A plausible answer: one sample.
    fn answer(&self, query: &str, text: &str) -> Result<QueryValue, String> {
        let sample =
            |labels: &Labels| QueryValue::Vector(vec![Sample::float(self.label_set(labels, text), 1.0)]);
        let Expressions::Promql(features) = self.expressions else { return Ok(sample(&Labels::default())) };
        let expr = parse(query, features).map_err(|errors| errors.to_string())?;
        Ok(match expr.value_type() {
            ValueType::Vector => sample(&labels_of(&expr)),
            ValueType::Scalar => QueryValue::Scalar(1.0),
            ValueType::String => QueryValue::String(String::new()),
            ValueType::Matrix => QueryValue::Matrix,
        })
    }
}

#[derive(Default)]
struct Answers(BTreeMap<Str, Result<QueryValue, String>>);

impl Queries for Answers {
    fn answer(&self, expr: &str) -> Option<&Result<QueryValue, String>> {
        self.0.get(expr)
    }
}

/// Words of a template that could be names of labels: too many do no harm.
fn identifiers(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')).collect()
}

/// Values that the samples of `expr` can have: beside the threshold, if there is one.
fn values_of(expr: &Expr) -> Vec<f64> {
    let Expr::Binary(node) = expr.without_parens() else { return VALUES.to_vec() };
    if node.op == BinaryOp::And || node.op == BinaryOp::Unless {
        return values_of(&node.left);
    }
    match number(&node.right).filter(|_| !node.return_bool) {
        Some(bound) => beside(node.op, bound),
        None => VALUES.to_vec(),
    }
}

/// Values that a comparison with `bound` lets through.
fn beside(op: BinaryOp, bound: f64) -> Vec<f64> {
    match op {
        BinaryOp::Greater | BinaryOp::NotEqual => vec![bound + 1.0],
        BinaryOp::GreaterOrEqual => vec![bound, bound + 1.0],
        BinaryOp::Less => vec![bound - 1.0],
        BinaryOp::LessOrEqual => vec![bound, bound - 1.0],
        BinaryOp::Equal => vec![bound],
        BinaryOp::Add
        | BinaryOp::Sub
        | BinaryOp::Mul
        | BinaryOp::Div
        | BinaryOp::Mod
        | BinaryOp::Pow
        | BinaryOp::Atan2
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Unless
        | BinaryOp::TrimUpper
        | BinaryOp::TrimLower => VALUES.to_vec(),
    }
}

/// A number with or without a sign.
fn number(expr: &Expr) -> Option<f64> {
    let expr = expr.without_parens();
    if let Expr::Unary(node) = expr {
        let sign = if node.sign == Sign::Minus { -1.0 } else { 1.0 };
        return number(&node.operand).map(|value| sign * value);
    }
    if let Expr::Number(node) = expr { Some(node.value) } else { None }
}
