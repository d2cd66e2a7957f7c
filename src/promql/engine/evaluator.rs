//! Walks over a prepared expression: each node gives the points of its series at all steps.

use super::error::EvalError;
use super::limits::{Limits, matrix_size, series_size};
use super::names;
use super::prepare::{Kind, Plan};
use super::steps::Steps;
use super::{Evaluation, Options};
use crate::model::LabelSet;
use crate::promql::annotations::{Annotation, Annotations};
use crate::promql::histogram::FloatHistogram;
use crate::promql::source::Source;
use crate::promql::span::Span;
use crate::promql::value::{FloatPoint, HistogramPoint, QueryResult, Series};
use std::sync::Arc;

/// Evaluates one query.
pub(super) struct Evaluator<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) options: Options<'a>,
    pub(super) annotations: Annotations,
    pub(super) limits: Limits<'a>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(source: &'a dyn Source, options: &Options<'a>) -> Self {
        Self { source, options: *options, annotations: Annotations::default(), limits: Limits::new(options) }
    }

    /// The whole expression: names that were to be dropped are dropped at last.
    pub(super) fn eval_query(&mut self, plan: &Plan<'_>, steps: Steps) -> Result<Vec<Series>, EvalError> {
        self.limits.allow(steps)?;
        let mut matrix = self.eval(plan, steps)?;
        if self.options.delayed_name_removal {
            for series in matrix.iter_mut().filter(|series| series.drop_name) {
                series.labels = names::without_name(&series.labels);
            }
            matrix = names::merge_same(matrix)?;
        }
        for series in &mut matrix {
            series.drop_name = false;
        }
        Ok(matrix)
    }

    /// What the evaluation gave.
    pub(super) fn finish(self, result: QueryResult) -> Evaluation {
        Evaluation { result, annotations: self.annotations, samples: self.limits.stats }
    }

    /// One node at all steps. The samples of the result are counted as being in memory.
    pub(super) fn eval(&mut self, plan: &Plan<'_>, steps: Steps) -> Result<Vec<Series>, EvalError> {
        self.limits.tick(1)?;
        if steps.count_u64() == 0 {
            return Ok(Vec::new());
        }
        match &plan.kind {
            Kind::Number(value) => self.number(*value, steps),
            Kind::String(_) => Ok(Vec::new()),
            Kind::Selector(selector) => self.select(selector, plan.span, steps),
            Kind::Range(range) => self.raw_range(range, steps),
            Kind::Subquery(subquery) => self.subquery(subquery, steps).map(|(matrix, _)| matrix),
            Kind::Aggregate(aggregate) => self.aggregate(aggregate, plan.span, steps),
            Kind::Binary(binary) => self.binary(binary, plan.span, steps),
            Kind::Call(call, args) => self.call(call, args, steps),
            Kind::Negated(operand) => self.negated(operand, steps),
            Kind::Once(inner) => self.once(inner, steps),
        }
    }

    /// Says something about a place of the expression.
    pub(super) fn say(&mut self, annotation: Annotation, span: Span) {
        self.annotations.add(annotation, span);
    }

    /// Drops the names of series to which something was done, now or at the end, and merges those that become one.
    pub(super) fn dropping_names(&mut self, mut matrix: Vec<Series>) -> Result<Vec<Series>, EvalError> {
        for series in &mut matrix {
            series.drop_name = true;
        }
        if self.options.delayed_name_removal {
            return Ok(matrix);
        }
        let unique = names::share_a_name(&matrix);
        names::drop_names(&mut matrix);
        if unique { Ok(matrix) } else { names::merge_same(matrix) }
    }

    fn number(&mut self, value: f64, steps: Steps) -> Result<Vec<Series>, EvalError> {
        self.limits.hold(steps.count())?;
        Ok(vec![constant(value, steps)])
    }

    fn negated(&mut self, operand: &Plan<'_>, steps: Steps) -> Result<Vec<Series>, EvalError> {
        let mut matrix = self.eval(operand, steps)?;
        for series in &mut matrix {
            for point in &mut series.floats {
                point.v = -point.v;
            }
            for point in &mut series.histograms {
                point.h = super::operators::scaled(&point.h, -1.0);
            }
        }
        self.dropping_names(matrix)
    }

    /// Evaluates at the first step only and repeats the points at the others.
    fn once(&mut self, inner: &Plan<'_>, steps: Steps) -> Result<Vec<Series>, EvalError> {
        let first = Steps::new(steps.start, steps.start, steps.interval);
        let read = self.limits.stats.total;
        let mut matrix = self.eval(inner, first)?;
        let read = self.limits.stats.total - read;
        let again = read.saturating_mul(steps.count_u64() - 1);
        self.limits.stats.total = self.limits.stats.total.saturating_add(again);
        if matches!(inner.kind, Kind::Range(_) | Kind::Subquery(_)) || steps.count() == 1 {
            return Ok(matrix);
        }
        for series in &mut matrix {
            self.limits.tick(steps.count())?;
            let count = steps.count() - 1;
            self.limits.hold(series_size(series).saturating_mul(count))?;
            if let Some(v) = series.floats.first().map(|point| point.v) {
                series.floats = steps.iter().map(|t| FloatPoint { t, v }).collect();
            } else if let Some(h) = series.histograms.first().map(|point| point.h.clone()) {
                series.histograms =
                    steps.iter().map(|t| HistogramPoint { t, h: Arc::<FloatHistogram>::clone(&h) }).collect();
            }
        }
        Ok(matrix)
    }

    /// Replaces operands by the result in the count of samples in memory.
    pub(super) fn replace(&mut self, before: usize, result: &[Series]) -> Result<(), EvalError> {
        let size = matrix_size(result);
        self.limits.pass(size)?;
        self.limits.current = before;
        self.limits.hold(size)
    }
}

/// The same number at all steps.
pub(super) fn constant(v: f64, steps: Steps) -> Series {
    Series {
        labels: LabelSet::default(),
        drop_name: false,
        floats: steps.iter().map(|t| FloatPoint { t, v }).collect(),
        histograms: Vec::new(),
    }
}
