//! `failing-template`: labels and annotations of alerts that fail on a sample as their rule's expression gives
//! them. Prometheus finds that out when the alert fires, and sends the error instead of the text.
//!
//! What is not known of a sample is tried in several ways; a template that works with one of them is fine. So
//! what is reported fails whatever the labels hold.

use std::collections::{BTreeMap, BTreeSet};

use super::Rules;
use super::label_flow::{Labels, labels_of};
use crate::config::expressions::Expressions;
use crate::config::problem::{Problem, Severity};
use crate::config::rules::{Rule, RuleKind, RuleLabel};
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

pub(super) fn check(rules: &Rules<'_>, problems: &mut Vec<Problem>) {
    // A group's label is a label of each of its rules.
    let mut reported = BTreeSet::new();
    for rule in rules.iter() {
        let RuleKind::Alerting(alerting) = &rule.kind else { continue };
        let labels = rule.labels.iter().map(|label| ("label", label));
        let annotations = alerting.annotations.iter().map(|label| ("annotation", label));
        let fields: Vec<_> = labels.chain(annotations).filter(|(_, field)| is_template(field)).collect();
        let mut samples = Samples::of(rule, fields.iter().map(|(_, field)| *field), rules.expressions);
        for (kind, field) in fields {
            let Some(failure) = samples.failure(field) else { continue };
            let problem = failure.problem(rules, kind, field);
            if reported.insert(problem.span.as_ref().map(|span| (span.start, span.end))) {
                problems.push(problem);
            }
        }
    }
}

/// Whether there is something to run.
fn is_template(field: &RuleLabel) -> bool {
    field.value.text().contains("{{") && field.value.problem().is_none()
}

/// A template that fails, whatever unknown labels hold.
struct Failure {
    error: ExecError,
    /// The only value with which it fails, of several; none if it fails with each.
    value: Option<f64>,
}

impl Failure {
    fn problem(&self, rules: &Rules<'_>, kind: &str, field: &RuleLabel) -> Problem {
        let Self { error, value } = self;
        let when = value
            .map_or_else(String::new, |value| format!(" for the value {}", format_float(value, 'g', None)));
        Problem {
            check: "failing-template",
            severity: if value.is_none() { Severity::Error } else { Severity::Warning },
            file: Str::clone(&rules.file.path),
            span: Some(field.written.place(rules.text, &error.range)),
            message: format!("{kind} \"{}\" fails{when}: {error}", field.name),
            help: Some(help(&error.text).to_owned()),
        }
    }
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

/// Samples of a rule's expression, as far as it tells what they are.
struct Samples<'a> {
    expressions: Expressions,
    labels: Labels,
    values: Vec<f64>,
    /// Names that the rule's templates may ask for.
    names: BTreeSet<&'a str>,
    /// One for each of [`TEXTS`] that has been needed.
    guesses: Vec<Guess>,
}

/// What a template sees if each label of which the value is not known holds one text.
struct Guess {
    text: &'static str,
    labels: LabelSet,
    external_labels: LabelSet,
    answers: Answers,
}

impl<'a> Samples<'a> {
    fn of(rule: &Rule, templates: impl Iterator<Item = &'a RuleLabel>, expressions: Expressions) -> Self {
        let expr = rule.parsed.as_deref();
        Self {
            expressions,
            labels: expr.map_or_else(Labels::default, labels_of),
            values: expr.map_or_else(|| VALUES.to_vec(), values_of),
            names: templates.flat_map(|template| identifiers(template.value.text())).collect(),
            guesses: Vec::with_capacity(TEXTS.len()),
        }
    }

    fn failure(&mut self, template: &RuleLabel) -> Option<Failure> {
        let values = self.values.clone();
        let mut failed = values.iter().filter_map(|value| Some((*value, self.error(template, *value)?)));
        let (value, error) = failed.next()?;
        let always = 1 + failed.count() == values.len();
        Some(Failure { error, value: (!always).then_some(value) })
    }

    /// Why a template fails for a sample with this value; none if it works with any of the texts for labels.
    fn error(&mut self, template: &RuleLabel, value: f64) -> Option<ExecError> {
        let mut first = None;
        for (at, text) in TEXTS.into_iter().enumerate() {
            if self.guesses.len() == at {
                let guess = self.guess(text);
                self.guesses.push(guess);
            }
            match self.run(template, value, at) {
                Ok(()) => return None,
                Err(error) => first = first.or(Some(error)),
            }
        }
        first
    }

    fn guess(&self, text: &'static str) -> Guess {
        Guess {
            text,
            labels: self.label_set(&self.labels, text),
            external_labels: self.label_set(&Labels::default(), text),
            answers: Answers::default(),
        }
    }

    fn run(&mut self, template: &RuleLabel, value: f64, guess: usize) -> Result<(), ExecError> {
        let value = SampleValue::Float(value);
        for _ in 0..=MAX_QUERIES {
            let Guess { text, labels, external_labels, answers } = &self.guesses[guess];
            let external_url = "http://prometheus.example";
            let data = RuleData { labels, value: &value, external_labels, external_url, now: NOW };
            match template.value.trial(&data, answers) {
                Trial::Text(_) => return Ok(()),
                Trial::Failed(error) => return Err(*error),
                Trial::NeedsQuery(query) => {
                    let answer = self.answer(&query, text);
                    self.guesses[guess].answers.0.insert(query, answer);
                }
            }
        }
        Ok(())
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

/// Words in the actions of a template, all of which could be names of labels: too many do no harm.
fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    // The text behind an action has no `}}`, but a text in it may.
    let actions = text.split("{{").skip(1).filter_map(|part| Some(part.rsplit_once("}}")?.0));
    let words = actions.flat_map(|action| action.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')));
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}

/// Values that the samples of `expr` can have: beside the threshold, if there is one.
fn values_of(expr: &Expr) -> Vec<f64> {
    let Expr::Binary(node) = expr.without_parens() else { return VALUES.to_vec() };
    if node.op == BinaryOp::And || node.op == BinaryOp::Unless {
        return values_of(&node.left);
    }
    match (number(&node.left), number(&node.right)) {
        _ if node.return_bool => VALUES.to_vec(),
        (_, Some(bound)) => beside(node.op, bound, 1.0),
        (Some(bound), None) => beside(node.op, bound, -1.0),
        (None, None) => VALUES.to_vec(),
    }
}

/// Values that a comparison with `bound` lets through. `up` is 1 if they stand on its left side, and -1 if they
/// stand on its right, where all is the other way round.
fn beside(op: BinaryOp, bound: f64, up: f64) -> Vec<f64> {
    match op {
        BinaryOp::Greater | BinaryOp::NotEqual => vec![bound + up],
        BinaryOp::GreaterOrEqual => vec![bound, bound + up],
        BinaryOp::Less => vec![bound - up],
        BinaryOp::LessOrEqual => vec![bound, bound - up],
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
