//! Binary operations: which way each goes, and those with a number on at least one side.

use super::cursor::Point;
use super::error::EvalError;
use super::evaluator::Evaluator;
use super::operators;
use super::prepare::{BinaryPlan, Plan};
use super::steps::Steps;
use crate::promql::ast::{Binary, BinaryOp, ValueType};
use crate::promql::span::Span;
use crate::promql::value::{FloatPoint, HistogramPoint, Series, Value};

impl Evaluator<'_> {
    /// A binary operation at all steps.
    pub(super) fn binary(
        &mut self,
        plan: &BinaryPlan<'_>,
        span: Span,
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        let before = self.limits.current;
        let left = self.eval(&plan.left, steps)?;
        let right = self.eval(&plan.right, steps)?;
        let is_scalar = |plan: &Plan<'_>| plan.value_type == ValueType::Scalar;
        let result = match (is_scalar(&plan.left), is_scalar(&plan.right)) {
            (true, true) => scalars(plan.node.op, &left, &right),
            (false, true) => self.vector_and_scalar(plan.node, left, &right, false, span, steps)?,
            (true, false) => self.vector_and_scalar(plan.node, right, &left, true, span, steps)?,
            (false, false) => match (&plan.node.matching, plan.node.op) {
                (None, _) => Vec::new(),
                (Some(matching), BinaryOp::And | BinaryOp::Or | BinaryOp::Unless) => {
                    self.sets(plan.node.op, matching, &left, &right, steps)?
                }
                (Some(matching), _) => self.vectors(plan.node, matching, &left, &right, span, steps)?,
            },
        };
        self.replace(before, &result)?;
        Ok(result)
    }

    /// Goes series by series; the number is on the left if `swapped`.
    fn vector_and_scalar(
        &mut self,
        node: &Binary,
        vector: Vec<Series>,
        scalar: &[Series],
        swapped: bool,
        span: Span,
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        let numbers = scalar.first().map(|series| series.floats.as_slice()).unwrap_or_default();
        let number_at = |t: i64| numbers.get(steps.index(t)).map_or(f64::NAN, |point| point.v);
        let mut result = Vec::with_capacity(vector.len());
        for mut series in vector {
            self.limits.tick(series.floats.len() + series.histograms.len())?;
            let compute = |t: i64, point: Point<'_>| {
                let number = Point::Float(number_at(t));
                let (left, right) = if swapped { (number, point) } else { (point, number) };
                operators::elements(node.op, left, right)
            };
            let floats = std::mem::take(&mut series.floats);
            let histograms = std::mem::take(&mut series.histograms);
            series.floats.reserve_exact(floats.len());
            for FloatPoint { t, v } in floats {
                let outcome = compute(t, Point::Float(v));
                self.keep(node, &mut series, t, Point::Float(v), outcome, span);
            }
            for HistogramPoint { t, h } in histograms {
                let outcome = compute(t, Point::Histogram(&h));
                self.keep(node, &mut series, t, Point::Histogram(&h), outcome, span);
            }
            if !series.floats.is_empty() || !series.histograms.is_empty() {
                result.push(series);
            }
        }
        if operators::changes_meaning(node.op) || node.return_bool {
            return self.dropping_names(result);
        }
        Ok(result)
    }

    /// Adds what an operation with a number gave for an element, which is what a comparison keeps.
    fn keep(
        &mut self,
        node: &Binary,
        series: &mut Series,
        t: i64,
        element: Point<'_>,
        outcome: operators::Outcome,
        span: Span,
    ) {
        if let Some(annotation) = outcome.annotation {
            self.say(annotation, span);
        }
        let value = match outcome.value {
            None => return,
            Some((_, holds)) if node.return_bool => Value::Float(f64::from(u8::from(holds))),
            Some((_, false)) => return,
            Some((_, true)) if node.op.is_comparison() => element.to_value(),
            Some((value, true)) => value,
        };
        match value {
            Value::Float(v) => series.floats.push(FloatPoint { t, v }),
            Value::Histogram(h) => series.histograms.push(HistogramPoint { t, h }),
        }
    }
}

fn scalars(op: BinaryOp, left: &[Series], right: &[Series]) -> Vec<Series> {
    let (Some(left), Some(right)) = (left.first(), right.first()) else { return Vec::new() };
    let pairs = left.floats.iter().zip(&right.floats);
    let floats =
        pairs.map(|(left, right)| FloatPoint { t: left.t, v: operators::scalar(op, left.v, right.v) });
    vec![Series { floats: floats.collect(), ..Series::default() }]
}
