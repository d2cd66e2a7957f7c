//! How the functions of PromQL compute: one [`Implementation`] each. The evaluator walks over steps and series and
//! calls these; they know nothing of the expression but what they are given.

use super::annotations::{Annotation, Annotations};
use super::ast::Extension;
use super::signature::Function;
use super::span::Span;
use super::value::{FloatPoint, HistogramPoint, StartPoint, Value, VectorSample};
use crate::model::LabelSet;
use crate::model::number::format_float;

mod changes;
mod dates;
mod extended;
pub(crate) mod go_math;
mod histogram;
pub(crate) mod kahan;
mod math;
mod natural;
mod notes;
mod over_time;
mod rate;
mod sort;
mod starts;
pub(crate) mod statistics;
mod table;
#[cfg(test)]
mod testing;
mod trend;
pub(crate) mod vectors;
mod window;

pub use table::implementation;

/// How a function is computed.
#[derive(Clone, Copy)]
pub enum Implementation {
    /// From each float alone; histograms give nothing. The metric name is dropped.
    Math(fn(f64) -> f64),
    /// From the samples of one series in a window (`rate`, `max_over_time`): once a series and step.
    Window {
        /// What is computed; nothing where it answers `None`.
        compute: fn(&Window<'_>, &mut Context<'_>) -> Option<Value>,
        /// `last_over_time` and its like keep the metric name.
        keeps_name: bool,
    },
    /// From whole vectors at one step (`histogram_quantile`, `clamp`, `sort`).
    Vector(fn(&[Argument<'_>], &mut Context<'_>) -> Vec<VectorSample>),
    /// A number at one step (`time`, `pi`).
    Scalar(fn(&[Argument<'_>], &mut Context<'_>) -> f64),
    /// Needs more than values: the evaluator does it itself (`absent`, `label_replace`, `timestamp`, `info` …).
    Evaluator,
}

/// The samples of one series in the window of a range selector or subquery.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    /// Floats after `start` and up to `end`, sorted; with an extension also those beyond that it needs.
    pub floats: &'a [FloatPoint],
    /// Histograms likewise.
    pub histograms: &'a [HistogramPoint],
    /// The start timestamps that samples have, sorted by their times; none where they do not count.
    pub starts: &'a [StartPoint],
    /// The start of the window, excluded; milliseconds since the epoch. Offsets are already subtracted.
    pub start: i64,
    /// The end of the window, included.
    pub end: i64,
    /// The length of the range as it is written, milliseconds.
    pub range: i64,
    /// `anchored` or `smoothed`.
    pub extension: Option<Extension>,
    /// The labels of the series, the metric name included.
    pub labels: &'a LabelSet,
    /// The other arguments (`quantile_over_time(φ, …)`, `predict_linear(…, t)`), in order, at this step.
    pub scalars: &'a [f64],
    /// The time of the step, milliseconds since the epoch (it differs from `end` by offset and `@`).
    pub step: i64,
}

/// An argument at one step.
#[derive(Clone, Copy, Debug)]
pub enum Argument<'a> {
    /// An instant vector.
    Vector(&'a [VectorSample]),
    /// A number.
    Scalar(f64),
    /// A text.
    String(&'a str),
}

/// What a function may know and tell beside its arguments.
#[derive(Debug)]
pub struct Context<'a> {
    /// The time of the step, milliseconds since the epoch.
    pub step: i64,
    /// Start, end and step, milliseconds; start and end are equal for an instant query.
    pub query: QueryTimes,
    /// Names are dropped at the end of the evaluation instead of by each function.
    pub delayed_name_removal: bool,
    /// Where the call stands.
    pub call: Span,
    /// Where each argument stands.
    pub args: &'a [Span],
    /// What there is to say.
    pub annotations: &'a mut Annotations,
}

/// The times of a query; inside of a subquery, those at which that is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryTimes {
    /// The first step, milliseconds since the epoch.
    pub start: i64,
    /// The last step, or after the last one by less than `interval`.
    pub end: i64,
    /// Between two steps, milliseconds; 1 for an instant query.
    pub interval: i64,
    /// Whether `start` and `end` differ: results are then sorted by labels.
    pub is_range: bool,
}

impl Context<'_> {
    /// Says something about the whole call.
    pub fn say(&mut self, annotation: Annotation) {
        self.annotations.add(annotation, self.call);
    }

    /// Says something about an argument.
    pub fn say_of(&mut self, argument: usize, annotation: Annotation) {
        let span = self.args.get(argument).copied().unwrap_or(self.call);
        self.annotations.add(annotation, span);
    }
}

/// A number that a function refuses: the whole query fails.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ArgumentError {
    /// The second argument of `double_exponential_smoothing`.
    #[error("invalid smoothing factor. Expected: 0 < sf < 1, got: {}", format_float(*.0, 'f', Some(6)))]
    SmoothingFactor(f64),
    /// The third argument of `double_exponential_smoothing`.
    #[error("invalid trend factor. Expected: 0 < tf < 1, got: {}", format_float(*.0, 'f', Some(6)))]
    TrendFactor(f64),
}

/// Asks whether `function` takes these numbers beside its range vector. The evaluator asks before each call with a
/// window that has samples, and ends the query with the error.
///
/// # Errors
/// It does not.
pub fn check_scalars(function: Function, scalars: &[f64]) -> Result<(), ArgumentError> {
    if function == Function::DoubleExponentialSmoothing { trend::check_factors(scalars) } else { Ok(()) }
}
