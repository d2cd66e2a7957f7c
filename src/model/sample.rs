//! What a query returns: samples with a float or a native histogram.

use std::sync::Arc;

use super::{LabelSet, Timestamp};

/// The answer to an instant query, in the shapes that Prometheus' API has.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryValue {
    /// One sample a series, in the order in which the data source sent them.
    Vector(Vec<Sample>),
    /// A number without labels.
    Scalar(f64),
    /// A text; a rule cannot use it.
    String(String),
    /// Ranges of samples; a rule cannot use them.
    Matrix,
}

/// One element of an instant vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The labels, metric name included.
    pub labels: LabelSet,
    /// The value.
    pub value: SampleValue,
}

impl Sample {
    /// A float sample.
    #[must_use]
    pub fn float(labels: LabelSet, value: f64) -> Self {
        Self { labels, value: SampleValue::Float(value) }
    }
}

/// A float or a native histogram.
#[derive(Clone, Debug)]
pub enum SampleValue {
    /// A 64-bit float, NaN and infinities included.
    Float(f64),
    /// A native histogram, as the query API gives it.
    Histogram(Arc<Histogram>),
}

impl SampleValue {
    /// The number that an alert shows as its value: a histogram counts as 0, as in Prometheus.
    #[must_use]
    pub fn as_float(&self) -> f64 {
        match self {
            Self::Float(value) => *value,
            Self::Histogram(_) => 0.0,
        }
    }
}

impl PartialEq for SampleValue {
    /// Floats are compared by their bits, so that NaN equals itself: "nothing changed" must be decidable.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(one), Self::Float(two)) => one.to_bits() == two.to_bits(),
            (Self::Histogram(one), Self::Histogram(two)) => one == two,
            (Self::Float(_), Self::Histogram(_)) | (Self::Histogram(_), Self::Float(_)) => false,
        }
    }
}

/// A native histogram in the form of the query API: count, sum and buckets with their bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Number of observations.
    pub count: f64,
    /// Sum of the observations.
    pub sum: f64,
    /// The buckets that are not empty, lowest first.
    pub buckets: Vec<Bucket>,
}

/// One bucket of a native histogram.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    /// Which bounds belong to the bucket: 0 `(a,b]`, 1 `[a,b)`, 2 `(a,b)`, 3 `[a,b]`.
    pub bounds: u8,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
    /// Number of observations in it.
    pub count: f64,
}

/// A sample of a series at a point in time, to be written back to the data source.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesPoint {
    /// The labels, metric name included.
    pub labels: LabelSet,
    /// When it was taken.
    pub at: Timestamp,
    /// Its value.
    pub value: SampleValue,
}

/// The bits of the NaN that marks a series as ended (Prometheus' `StaleNaN`).
pub const STALE_NAN_BITS: u64 = 0x7ff0_0000_0000_0002;

/// The value that marks a series as ended.
#[must_use]
pub fn stale_nan() -> f64 {
    f64::from_bits(STALE_NAN_BITS)
}
