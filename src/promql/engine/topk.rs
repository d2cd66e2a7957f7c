//! Aggregations that choose some of the series of each group (`topk`, `bottomk`, `limitk`, `limit_ratio`).

use std::cmp::Ordering;

use super::aggregate::extent;
use super::cursor::{Cursor, Point};
use super::error::{EvalError, GoFloat};
use super::evaluator::Evaluator;
use super::gathered::Gathered;
use super::grouping::{Groups, Key};
use super::prepare::AggregatePlan;
use super::ratio;
use super::steps::Steps;
use crate::promql::annotations::Annotation;
use crate::promql::ast::AggregateOp;
use crate::promql::span::Span;
use crate::promql::value::Series;

/// What is chosen of a group at one step: series and, of floats, values.
type Chosen<'m> = Vec<(usize, Point<'m>)>;

impl Evaluator<'_> {
    /// Some of the series of each group, step by step.
    pub(super) fn chosen(
        &mut self,
        plan: &AggregatePlan<'_>,
        param: &[f64],
        matrix: &[Series],
        span: Span,
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        let op = plan.node.op;
        let param_span = plan.param.as_ref().map_or(span, |param| param.span);
        if !self.check_param(op, param, param_span)? {
            return Ok(Vec::new());
        }
        let key = Key::of_grouping(&plan.node.grouping);
        let mut groups = Groups::default();
        let numbers = groups.numbers(&key, matrix);
        let shares: Vec<f64> = match op {
            AggregateOp::LimitRatio => matrix.iter().map(|series| ratio::offset(&series.labels)).collect(),
            _ => Vec::new(),
        };
        let mut chosen: Vec<Chosen<'_>> = vec![Vec::new(); groups.len()];
        let mut cursor = Cursor::new(matrix);
        let mut places: Vec<Option<usize>> = vec![None; matrix.len()];
        let mut gathered = Gathered::new(steps);
        let mut ignored = false;
        for (step, t) in steps.iter().enumerate() {
            self.limits.tick(matrix.len())?;
            let value = param.get(step).copied().unwrap_or(0.0);
            // As in Go the fraction is cut off; it fits, which has been checked.
            let k = if value >= 1.0 { (value as usize).min(matrix.len()) } else { 0 };
            chosen.iter_mut().for_each(Vec::clear);
            for (series, group) in numbers.iter().enumerate() {
                let Some(point) = cursor.take(series, t) else { continue };
                let chosen = &mut chosen[*group];
                if op == AggregateOp::LimitRatio {
                    if value != 0.0 && ratio::takes(shares[series], value.clamp(-1.0, 1.0)) {
                        chosen.push((series, point));
                    }
                } else if k > 0 {
                    ignored |= !offer_point(chosen, k, (series, point), op);
                }
            }
            for chosen in &mut chosen {
                if matches!(op, AggregateOp::Topk | AggregateOp::Bottomk) {
                    chosen.sort_by(|one, other| order(float(other.1), float(one.1), op == AggregateOp::Topk));
                }
                for (series, point) in chosen.iter() {
                    let known = &matrix[*series];
                    let place = match places[*series] {
                        Some(place) => place,
                        None => gathered.place_apart(&known.labels, known.drop_name, step, usize::MAX),
                    };
                    places[*series] = Some(place);
                    gathered.push(place, step, t, point.to_value())?;
                }
            }
        }
        if ignored {
            self.say(Annotation::HistogramIgnoredInAggregation { aggregation: op.name().to_owned() }, span);
        }
        Ok(gathered.finish())
    }

    /// Checks the parameter at all steps; answers whether there is anything to choose at all.
    fn check_param(&mut self, op: AggregateOp, param: &[f64], span: Span) -> Result<bool, EvalError> {
        const INT64_END: f64 = 9_223_372_036_854_775_808.0;
        let (least, most) = extent(param);
        let is_nan = param.iter().any(|value| value.is_nan());
        if op == AggregateOp::LimitRatio {
            if most == 0.0 && least == 0.0 {
                return Ok(false);
            }
            if is_nan {
                return Err(EvalError::RatioNan);
            }
            if most > 1.0 {
                self.say(Annotation::InvalidRatio { ratio: most, capped_to: 1.0 }, span);
            }
            if least < -1.0 {
                self.say(Annotation::InvalidRatio { ratio: least, capped_to: -1.0 }, span);
            }
            return Ok(true);
        }
        if most < 1.0 {
            return Ok(false);
        }
        if is_nan {
            return Err(EvalError::ParameterNan);
        }
        if least <= -INT64_END {
            return Err(EvalError::ParameterUnderflows(GoFloat(least)));
        }
        if most >= INT64_END {
            return Err(EvalError::ParameterOverflows(GoFloat(most)));
        }
        Ok(true)
    }
}

fn float(point: Point<'_>) -> f64 {
    match point {
        Point::Float(v) => v,
        Point::Histogram(_) => f64::NAN,
    }
}

/// The order of values, NaN first in both directions.
fn order(one: f64, other: f64, rising: bool) -> Ordering {
    match (one.is_nan(), other.is_nan()) {
        (false, false) if rising => one.partial_cmp(&other).unwrap_or(Ordering::Equal),
        (false, false) => other.partial_cmp(&one).unwrap_or(Ordering::Equal),
        (one, other) => other.cmp(&one),
    }
}

/// Whether one value is to be given up before the other; a NaN before all, also before another NaN.
fn is_less(one: f64, other: f64, rising: bool) -> bool {
    one.is_nan() || if rising { one < other } else { one > other }
}

/// Offers an element to those of which `k` are chosen. Answers whether it can be chosen at all: histograms have no
/// order.
fn offer_point<'m>(
    chosen: &mut Chosen<'m>,
    k: usize,
    (series, point): (usize, Point<'m>),
    op: AggregateOp,
) -> bool {
    match point {
        _ if op == AggregateOp::Limitk => {
            if chosen.len() < k {
                chosen.push((series, point));
            }
            true
        }
        Point::Histogram(_) => false,
        Point::Float(v) => {
            offer(chosen, k, (series, v), op == AggregateOp::Topk);
            true
        }
    }
}

/// Offers a value to a heap of the `k` best, of which the worst is first. It is Go's `container/heap`, so that of
/// equal values the same are kept.
fn offer(heap: &mut Chosen<'_>, k: usize, (series, v): (usize, f64), rising: bool) {
    if heap.len() < k {
        heap.push((series, Point::Float(v)));
        let mut at = heap.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 2;
            if !is_less(float(heap[at].1), float(heap[parent].1), rising) {
                return;
            }
            heap.swap(at, parent);
            at = parent;
        }
        return;
    }
    let worst = float(heap[0].1);
    let is_better = if rising { worst < v } else { worst > v };
    if !is_better && (!worst.is_nan() || v.is_nan()) {
        return;
    }
    heap[0] = (series, Point::Float(v));
    let mut at = 0;
    loop {
        let left = 2 * at + 1;
        if left >= heap.len() {
            return;
        }
        let right = left + 1;
        let child = match heap.get(right) {
            Some(other) if is_less(float(other.1), float(heap[left].1), rising) => right,
            Some(_) | None => left,
        };
        if !is_less(float(heap[child].1), float(heap[at].1), rising) {
            return;
        }
        heap.swap(at, child);
        at = child;
    }
}
