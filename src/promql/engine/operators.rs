//! What operators give for two values, with the float semantics of Go.

use std::sync::Arc;

use crate::promql::annotations::{Annotation, HistogramOperation};
use crate::promql::ast::BinaryOp;
use crate::promql::functions::go_math;
use crate::promql::histogram::{CounterResetHint, FloatHistogram};
use crate::promql::value::Value;

use super::cursor::Point;

/// What an operator gives for two elements of vectors.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The value, if there is one, and whether a comparison is true (other operators keep all).
    pub(super) value: Option<(Value, bool)>,
    /// What there is to say.
    pub(super) annotation: Option<Annotation>,
}

impl Outcome {
    fn of(value: Value, keep: bool) -> Self {
        Self { value: Some((value, keep)), annotation: None }
    }

    fn float(v: f64) -> Self {
        Self::of(Value::Float(v), true)
    }

    fn histogram(h: FloatHistogram) -> Self {
        Self::of(Value::Histogram(Arc::new(h)), true)
    }
}

/// Whether the result means something else than the operand, so that the metric name no longer fits.
pub(super) fn changes_meaning(op: BinaryOp) -> bool {
    match op {
        BinaryOp::Add
        | BinaryOp::Sub
        | BinaryOp::Mul
        | BinaryOp::Div
        | BinaryOp::Mod
        | BinaryOp::Pow
        | BinaryOp::Atan2 => true,
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Unless
        | BinaryOp::TrimUpper
        | BinaryOp::TrimLower => false,
    }
}

/// Two numbers; comparisons give 1 or 0. Operators on sets or histograms alone give NaN: there are no such
/// expressions.
pub(super) fn scalar(op: BinaryOp, left: f64, right: f64) -> f64 {
    match compare(op, left, right) {
        Some(holds) => f64::from(u8::from(holds)),
        None => arithmetic(op, left, right).unwrap_or(f64::NAN),
    }
}

fn compare(op: BinaryOp, left: f64, right: f64) -> Option<bool> {
    match op {
        BinaryOp::Equal => Some(left == right),
        BinaryOp::NotEqual => Some(left != right),
        BinaryOp::Greater => Some(left > right),
        BinaryOp::GreaterOrEqual => Some(left >= right),
        BinaryOp::Less => Some(left < right),
        BinaryOp::LessOrEqual => Some(left <= right),
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
        | BinaryOp::TrimLower => None,
    }
}

/// Rust's functions have Go's special cases: those of C99.
fn arithmetic(op: BinaryOp, left: f64, right: f64) -> Option<f64> {
    match op {
        BinaryOp::Add => Some(left + right),
        BinaryOp::Sub => Some(left - right),
        BinaryOp::Mul => Some(left * right),
        BinaryOp::Div => Some(left / right),
        BinaryOp::Mod => Some(left % right),
        BinaryOp::Pow => Some(go_math::pow(left, right)),
        BinaryOp::Atan2 => Some(left.atan2(right)),
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Unless
        | BinaryOp::TrimUpper
        | BinaryOp::TrimLower => None,
    }
}

/// Two elements of vectors; comparisons give the left one.
pub(super) fn elements(op: BinaryOp, left: Point<'_>, right: Point<'_>) -> Outcome {
    match (left, right) {
        (Point::Float(left), Point::Float(right)) => match compare(op, left, right) {
            Some(holds) => Outcome::of(Value::Float(left), holds),
            None => match arithmetic(op, left, right) {
                Some(v) => Outcome::float(v),
                None => incompatible(op, "float", "float"),
            },
        },
        (Point::Float(factor), Point::Histogram(h)) => match op {
            BinaryOp::Mul => changed(h, |h| h.mul(factor)),
            _ => incompatible(op, "float", "histogram"),
        },
        (Point::Histogram(h), Point::Float(v)) => match op {
            BinaryOp::Mul => changed(h, |h| h.mul(v)),
            BinaryOp::Div => changed(h, |h| h.div(v)),
            BinaryOp::TrimUpper => Outcome::histogram(with(h, |h| h.trim_upper(v))),
            BinaryOp::TrimLower => Outcome::histogram(with(h, |h| h.trim_lower(v))),
            _ => incompatible(op, "histogram", "float"),
        },
        (Point::Histogram(left), Point::Histogram(right)) => histograms(op, left, right),
    }
}

/// A changed copy without empty buckets.
fn changed(h: &FloatHistogram, change: impl FnOnce(&mut FloatHistogram)) -> Outcome {
    let mut copy = with(h, change);
    copy.compact(0);
    Outcome::histogram(copy)
}

fn with(h: &FloatHistogram, change: impl FnOnce(&mut FloatHistogram)) -> FloatHistogram {
    let mut copy = h.clone();
    change(&mut copy);
    copy
}

/// A histogram times a number.
pub(super) fn scaled(h: &FloatHistogram, factor: f64) -> Arc<FloatHistogram> {
    Arc::new(with(h, |h| h.mul(factor)))
}

/// Two histograms: they can be added, subtracted and compared.
fn histograms(op: BinaryOp, left: &Arc<FloatHistogram>, right: &Arc<FloatHistogram>) -> Outcome {
    let (mut result, operation) = match op {
        BinaryOp::Add => (FloatHistogram::clone(left), HistogramOperation::Addition),
        BinaryOp::Sub => (FloatHistogram::clone(left), HistogramOperation::Subtraction),
        BinaryOp::Equal => return Outcome::of(Value::Histogram(Arc::clone(left)), left.equals(right)),
        BinaryOp::NotEqual => return Outcome::of(Value::Histogram(Arc::clone(left)), !left.equals(right)),
        _ => return incompatible(op, "histogram", "histogram"),
    };
    let combined = match operation {
        HistogramOperation::Subtraction => result.sub(right),
        HistogramOperation::Addition | HistogramOperation::Aggregation => result.add(right),
    };
    let Ok(combined) = combined else {
        let annotation = Annotation::IncompatibleBucketLayout { operator: op.symbol().to_owned() };
        return Outcome { value: None, annotation: Some(annotation) };
    };
    if operation == HistogramOperation::Subtraction {
        result.counter_reset_hint = CounterResetHint::Gauge;
    }
    if combined.collision {
        // Prometheus gives only the warning, not the result.
        return Outcome { value: None, annotation: Some(Annotation::CounterResetCollision(operation)) };
    }
    result.compact(0);
    let annotation = combined.reconciled.then_some(Annotation::MismatchedCustomBuckets(operation));
    Outcome { annotation, ..Outcome::histogram(result) }
}

fn incompatible(op: BinaryOp, left: &str, right: &str) -> Outcome {
    let (left, right) = (left.to_owned(), right.to_owned());
    let annotation = Annotation::IncompatibleTypes { left, operator: op.symbol().to_owned(), right };
    Outcome { value: None, annotation: Some(annotation) }
}
