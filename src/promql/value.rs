//! What an evaluation works on and gives: points, series, vectors.

use std::sync::Arc;

use super::histogram::FloatHistogram;
use crate::model::LabelSet;

/// A float at a time.
#[derive(Clone, Copy, Debug)]
pub struct FloatPoint {
    /// Milliseconds since the epoch.
    pub t: i64,
    /// The value.
    pub v: f64,
}

/// A native histogram at a time.
#[derive(Clone, Debug)]
pub struct HistogramPoint {
    /// Milliseconds since the epoch.
    pub t: i64,
    /// The value.
    pub h: Arc<FloatHistogram>,
}

/// A float or a native histogram.
#[derive(Clone, Debug)]
pub enum Value {
    /// A float.
    Float(f64),
    /// A native histogram.
    Histogram(Arc<FloatHistogram>),
}

/// The points of a series. A time has a float or a histogram, never both; each list is sorted by time.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// The labels, the metric name included.
    pub labels: LabelSet,
    /// The metric name is to be dropped at the end of the evaluation (delayed name removal).
    pub drop_name: bool,
    /// Floats.
    pub floats: Vec<FloatPoint>,
    /// Native histograms.
    pub histograms: Vec<HistogramPoint>,
}

/// One element of an instant vector.
#[derive(Clone, Debug)]
pub struct VectorSample {
    /// The labels, the metric name included unless dropped.
    pub labels: LabelSet,
    /// The metric name is to be dropped at the end of the evaluation (delayed name removal).
    pub drop_name: bool,
    /// The value.
    pub value: Value,
    /// The time that is shown for it, milliseconds since the epoch: of the evaluation, not of the stored sample.
    pub t: i64,
}

/// The result of a query.
#[derive(Clone, Debug)]
pub enum QueryResult {
    /// A number at a time.
    Scalar(FloatPoint),
    /// A text at a time.
    String(Arc<str>, i64),
    /// One sample a series.
    Vector(Vec<VectorSample>),
    /// Many samples a series: of a range query, or of an instant query of a range vector.
    Matrix(Vec<Series>),
}
