//! Aggregations (`sum by (job) (…)`): series are put into groups once, then each group's values are folded step by
//! step.

use super::error::EvalError;
use super::evaluator::Evaluator;
use super::folds::{Average, Count, Fold, Group, Maximum, Minimum, Notes, Quantile, Spread, Sum};
use super::grouping::{Groups, Key};
use super::labels::label_name;
use super::prepare::{AggregatePlan, Plan};
use super::steps::Steps;
use crate::promql::annotations::{Annotation, HistogramOperation};
use crate::promql::ast::AggregateOp;
use crate::promql::span::Span;
use crate::promql::value::{FloatPoint, HistogramPoint, Series, Value};

/// How many steps are folded at once: so many values of a series are read in a row.
const BLOCK: usize = 128;

/// How many groups times steps are folded at once: with many groups, blocks are smaller. In tests there are few
/// groups and steps, which are to be several blocks all the same.
const MOST_FOLDS: usize = if cfg!(test) { 1 << 5 } else { 1 << 20 };

impl Evaluator<'_> {
    /// An aggregation at all steps.
    pub(super) fn aggregate(
        &mut self,
        plan: &AggregatePlan<'_>,
        span: Span,
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        let before = self.limits.current;
        let result = match plan.node.op {
            AggregateOp::CountValues => {
                let label = label_name(plan.param.as_ref())
                    .map_err(|invalid| EvalError::InvalidLabelName(invalid.quoted()))?;
                let matrix = self.eval(&plan.operand, steps)?;
                self.count_values(plan.node, label, &matrix, steps)?
            }
            AggregateOp::Topk | AggregateOp::Bottomk | AggregateOp::Limitk | AggregateOp::LimitRatio => {
                let param = self.param(plan.param.as_ref(), steps)?;
                let matrix = self.eval(&plan.operand, steps)?;
                self.chosen(plan, &param, &matrix, span, steps)?
            }
            AggregateOp::Avg
            | AggregateOp::Count
            | AggregateOp::Group
            | AggregateOp::Max
            | AggregateOp::Min
            | AggregateOp::Quantile
            | AggregateOp::Stddev
            | AggregateOp::Stdvar
            | AggregateOp::Sum => {
                let param = self.param(plan.param.as_ref(), steps)?;
                let matrix = self.eval(&plan.operand, steps)?;
                if let Some(span) = plan.param.as_ref().map(|param| param.span) {
                    self.check_quantile(&param, span);
                }
                self.folded(plan, &param, &matrix, steps)?
            }
        };
        self.replace(before, &result)?;
        Ok(result)
    }

    /// The values of the parameter at all steps.
    fn param(&mut self, param: Option<&Plan<'_>>, steps: Steps) -> Result<Vec<f64>, EvalError> {
        let Some(param) = param else { return Ok(Vec::new()) };
        let matrix = self.eval(param, steps)?;
        let floats = matrix.into_iter().next().map(|series| series.floats).unwrap_or_default();
        Ok(floats.into_iter().map(|point| point.v).collect())
    }

    fn check_quantile(&mut self, param: &[f64], span: Span) {
        let (least, most) = extent(param);
        if param.iter().any(|value| value.is_nan()) {
            self.say(Annotation::InvalidQuantile(f64::NAN), span);
        }
        if most > 1.0 {
            self.say(Annotation::InvalidQuantile(most), span);
        }
        if least < 0.0 {
            self.say(Annotation::InvalidQuantile(least), span);
        }
    }

    fn folded(
        &mut self,
        plan: &AggregatePlan<'_>,
        param: &[f64],
        matrix: &[Series],
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        let grouped = Grouped::new(&Key::of_grouping(&plan.node.grouping), matrix);
        let mut notes = Notes::default();
        let (op, span) = (plan.node.op, plan.operand.span);
        let notes_ = &mut notes;
        let result = match op {
            AggregateOp::Sum => self.fold::<Sum>(grouped, param, matrix, steps, notes_),
            AggregateOp::Avg => self.fold::<Average>(grouped, param, matrix, steps, notes_),
            AggregateOp::Count => self.fold::<Count>(grouped, param, matrix, steps, notes_),
            AggregateOp::Group => self.fold::<Group>(grouped, param, matrix, steps, notes_),
            AggregateOp::Max => self.fold::<Maximum>(grouped, param, matrix, steps, notes_),
            AggregateOp::Min => self.fold::<Minimum>(grouped, param, matrix, steps, notes_),
            AggregateOp::Quantile => self.fold::<Quantile>(grouped, param, matrix, steps, notes_),
            AggregateOp::Stddev => self.fold::<Spread<true>>(grouped, param, matrix, steps, notes_),
            AggregateOp::Stdvar => self.fold::<Spread<false>>(grouped, param, matrix, steps, notes_),
            AggregateOp::Bottomk
            | AggregateOp::CountValues
            | AggregateOp::LimitRatio
            | AggregateOp::Limitk
            | AggregateOp::Topk => Ok(Vec::new()),
        }?;
        self.tell(notes, op, span);
        Ok(result)
    }

    /// Says what was found while folding.
    fn tell(&mut self, notes: Notes, op: AggregateOp, span: Span) {
        if notes.ignored {
            self.say(Annotation::HistogramIgnoredInAggregation { aggregation: op.name().to_owned() }, span);
        }
        if notes.mixed {
            self.say(Annotation::MixedFloatsHistogramsAggregation, span);
        }
        if notes.collision {
            self.say(Annotation::CounterResetCollision(HistogramOperation::Aggregation), span);
        }
        if notes.reconciled {
            self.say(Annotation::MismatchedCustomBuckets(HistogramOperation::Aggregation), span);
        }
        for metric in notes.mixed_buckets {
            self.say(Annotation::MixedExponentialCustomHistograms { metric }, span);
        }
    }

    fn fold<F: Fold>(
        &mut self,
        grouped: Grouped,
        param: &[f64],
        matrix: &[Series],
        steps: Steps,
        notes: &mut Notes,
    ) -> Result<Vec<Series>, EvalError> {
        let count = steps.count();
        let mut result = grouped.results;
        let mut behind = vec![(0, 0); matrix.len()];
        let mut folds: Vec<F> = Vec::new();
        let most = (MOST_FOLDS / result.len().max(1)).clamp(1, BLOCK);
        for first in (0..count).step_by(most) {
            let length = most.min(count - first);
            let block = Steps::new(steps.time(first), steps.time(first + length - 1), steps.interval);
            folds.clear();
            folds.resize_with(result.len() * length, F::default);
            for ((series, behind), group) in matrix.iter().zip(&mut behind).zip(&grouped.numbers) {
                self.limits.tick(length)?;
                let folds = &mut folds[group * length..(group + 1) * length];
                fold_series(series, behind, folds, block, notes);
            }
            for (series, folds) in result.iter_mut().zip(folds.chunks_mut(length)) {
                for (step, fold) in folds.iter_mut().enumerate() {
                    let q = param.get(first + step).copied().unwrap_or(0.0);
                    let t = block.time(step);
                    match fold.finish(q, notes) {
                        Some(Value::Float(v)) => {
                            if series.floats.capacity() == 0 {
                                series.floats.reserve_exact((count - first - step).min(1 << 14));
                            }
                            series.floats.push(FloatPoint { t, v });
                        }
                        Some(Value::Histogram(h)) => series.histograms.push(HistogramPoint { t, h }),
                        None => {}
                    }
                }
            }
        }
        result.retain(|series| !series.floats.is_empty() || !series.histograms.is_empty());
        Ok(result)
    }
}

/// Adds the points of a series that are in the block; those `behind` it were in earlier ones.
fn fold_series<F: Fold>(
    series: &Series,
    behind: &mut (usize, usize),
    folds: &mut [F],
    block: Steps,
    notes: &mut Notes,
) {
    for point in series.floats[behind.0..].iter().take_while(|point| point.t <= block.end) {
        folds[block.index(point.t)].float(point.v);
        behind.0 += 1;
    }
    for point in series.histograms[behind.1..].iter().take_while(|point| point.t <= block.end) {
        folds[block.index(point.t)].histogram(&point.h, &series.labels, notes);
        behind.1 += 1;
    }
}

/// Series put into groups.
struct Grouped {
    /// The group of each series.
    numbers: Vec<usize>,
    /// The result of each group, still without points.
    results: Vec<Series>,
}

impl Grouped {
    fn new(key: &Key, matrix: &[Series]) -> Self {
        let mut groups = Groups::default();
        let mut results: Vec<Series> = Vec::new();
        let mut numbers = Vec::with_capacity(matrix.len());
        for series in matrix {
            let (number, is_new) = groups.number(key, &series.labels);
            if is_new {
                results.push(Series { labels: key.labels(&series.labels), ..Series::default() });
            }
            results[number].drop_name |= series.drop_name;
            numbers.push(number);
        }
        Self { numbers, results }
    }
}

/// The least and the greatest value, as Go's `math.Min` and `math.Max` find them: NaN wins.
pub(super) fn extent(values: &[f64]) -> (f64, f64) {
    use crate::promql::functions::go_math;
    match values {
        [] => (0.0, 0.0),
        values => values.iter().fold((f64::MAX, -f64::MAX), |(least, most), value| {
            (go_math::min(least, *value), go_math::max(most, *value))
        }),
    }
}
