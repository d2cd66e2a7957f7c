//! Evaluates expressions over a source of series, with the semantics of Prometheus 3.14's engine.
//!
//! An expression is first prepared for its query (`prepare`): durations are computed, times of `@` are known,
//! and what is the same at every step is marked. Then each node is evaluated once, over all steps, into series of
//! points. An instant query is a range query of one step.

use super::annotations::Annotations;
use super::ast::{Expr, ValueType};
use super::source::Source;
use super::value::{FloatPoint, QueryResult, Series, Value, VectorSample};

mod absent;
mod aggregate;
mod binary;
mod count_values;
mod cursor;
mod durations;
mod error;
mod evaluator;
mod extended;
mod folds;
mod gathered;
mod grouping;
mod info;
mod labels;
mod limits;
mod matching;
mod names;
mod operators;
mod prepare;
mod ratio;
mod selector;
mod sets;
mod stats;
mod steps;
mod stepwise;
mod subquery;
mod topk;
mod window;

pub use error::{DurationProblem, EvalError};
pub use limits::SampleStats;

use evaluator::Evaluator;
use steps::Steps;

/// How an expression is evaluated.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// How long a sample counts when none follows, milliseconds; Prometheus' default is five minutes.
    pub lookback: i64,
    /// How many samples may be in memory at once. A histogram counts as several.
    pub max_samples: usize,
    /// Metric names are dropped at the end of the evaluation instead of by each function (a feature of Prometheus).
    pub delayed_name_removal: bool,
    /// The step of subqueries that give none, milliseconds; in Prometheus the global evaluation interval.
    pub default_subquery_step: i64,
    /// Whether `rate` judges counters by the label `__type__` instead of the name (`type-and-unit-labels`).
    pub type_and_unit_labels: bool,
    /// Whether start timestamps of samples count: they tell `rate`, `irate`, `increase` and `resets` of resets, and
    /// are what `start_timestamp` gives (`use-start-timestamps`).
    pub use_start_timestamps: bool,
    /// Asked now and then; the evaluation ends with an error when it answers true.
    pub deadline: Option<&'a dyn Fn() -> bool>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            lookback: 300_000,
            max_samples: 50_000_000,
            delayed_name_removal: false,
            default_subquery_step: 60_000,
            type_and_unit_labels: false,
            use_start_timestamps: false,
            deadline: None,
        }
    }
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("lookback", &self.lookback)
            .field("max_samples", &self.max_samples)
            .field("delayed_name_removal", &self.delayed_name_removal)
            .field("default_subquery_step", &self.default_subquery_step)
            .field("type_and_unit_labels", &self.type_and_unit_labels)
            .field("use_start_timestamps", &self.use_start_timestamps)
            .field("deadline", &self.deadline.is_some())
            .finish()
    }
}

/// What an evaluation gives.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The value.
    pub result: QueryResult,
    /// What there is to say beside it.
    pub annotations: Annotations,
    /// How many samples were needed.
    pub samples: SampleStats,
}

/// Evaluates an expression at one time (milliseconds since the epoch).
///
/// A vector comes in the order of the evaluation (which is that of `sort` and `topk`), a matrix sorted by labels.
///
/// # Errors
/// Those of Prometheus' engine, with its texts.
pub fn instant(
    expr: &Expr,
    source: &dyn Source,
    at: i64,
    options: &Options<'_>,
) -> Result<Evaluation, EvalError> {
    if let Expr::String(text) = expr.without_parens() {
        return Ok(Evaluation {
            result: QueryResult::String(text.value.clone(), at),
            annotations: Annotations::default(),
            samples: SampleStats::default(),
        });
    }
    let plan = prepare::prepare(expr, &prepare::Query { start: at, end: at, step: 0 })?;
    let mut evaluator = Evaluator::new(source, options);
    let matrix = evaluator.eval_query(&plan, Steps::new(at, at, 1))?;
    let result = match expr.value_type() {
        ValueType::Scalar => {
            let v = matrix.first().and_then(|series| series.floats.first()).map_or(f64::NAN, |point| point.v);
            QueryResult::Scalar(FloatPoint { t: at, v })
        }
        ValueType::Vector | ValueType::String => {
            QueryResult::Vector(matrix.into_iter().filter_map(|series| sample_at(series, at)).collect())
        }
        ValueType::Matrix => QueryResult::Matrix(sorted(matrix)),
    };
    Ok(evaluator.finish(result))
}

/// Evaluates an expression at `start`, at each `step` after it and up to `end` (all in milliseconds). The result
/// is always a matrix, sorted by labels; a scalar is a series without labels.
///
/// # Errors
/// Those of Prometheus' engine, with its texts.
pub fn range(
    expr: &Expr,
    source: &dyn Source,
    start: i64,
    end: i64,
    step: i64,
    options: &Options<'_>,
) -> Result<Evaluation, EvalError> {
    match expr.value_type() {
        ValueType::Vector | ValueType::Scalar => {}
        other @ (ValueType::String | ValueType::Matrix) => return Err(EvalError::RangeType(other)),
    }
    if step <= 0 {
        return Err(EvalError::StepNotPositive);
    }
    let plan = prepare::prepare(expr, &prepare::Query { start, end, step })?;
    let mut evaluator = Evaluator::new(source, options);
    let matrix = evaluator.eval_query(&plan, Steps::new(start, end, step))?;
    Ok(evaluator.finish(QueryResult::Matrix(sorted(matrix))))
}

/// The sample of an instant query: its time is that of the evaluation.
fn sample_at(series: Series, at: i64) -> Option<VectorSample> {
    let value = match (series.histograms.first(), series.floats.first()) {
        (Some(point), _) => Value::Histogram(point.h.clone()),
        (None, Some(point)) => Value::Float(point.v),
        (None, None) => return None,
    };
    Some(VectorSample { labels: series.labels, drop_name: series.drop_name, value, t: at })
}

fn sorted(mut matrix: Vec<Series>) -> Vec<Series> {
    matrix.sort_by(|one, other| one.labels.cmp(&other.labels));
    matrix
}

#[cfg(test)]
mod tests;
