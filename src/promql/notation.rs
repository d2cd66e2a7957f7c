//! The notation of series and their values in Prometheus' tests: `up{job="api"} 1 2+1x3 _ stale {{count:2 sum:3}}x4`.
//! A line before it may give the start timestamps of its samples: `up{job="api"}@st -30s-1mx4 _x6`.
//!
//! What it means and what is refused is as in promtool, other than that a series cannot grow without bounds.
//! The metric is read by the parser of expressions, values are read here: `reader` has the sequence, `histogram` what
//! is between double braces, `starts` the start timestamps.

use std::fmt;
use std::sync::Arc;

use super::histogram::FloatHistogram;
use super::value::Value;
use crate::model::LabelSet;

mod error;
mod histogram;
mod metric;
mod reader;
mod starts;

pub use error::{NotationError, NotationErrorKind, StartProblem};
pub use metric::end_of_metric;
pub use starts::{StartsNotation, UnpairedStarts, parse_starts};

/// How many samples one series may have; a histogram that grows counts for as many as it takes the place of.
pub const MAX_SAMPLES: usize = 4_000_000;

/// A series and its values, the first at the first time.
#[derive(Clone, Debug)]
pub struct SeriesNotation {
    /// The labels, the metric name included.
    pub labels: LabelSet,
    /// One value for each time.
    pub values: Vec<SequenceValue>,
}

/// What a series has at a time.
#[derive(Clone, Debug)]
pub enum SequenceValue {
    /// No sample: `_`.
    Omitted,
    /// A float or a histogram; `stale` is a float with the bits of the stale marker.
    Value(Value),
}

impl fmt::Display for SequenceValue {
    /// In the same notation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Omitted => f.write_str("_"),
            Self::Value(Value::Float(value)) if value.to_bits() == crate::model::sample::STALE_NAN_BITS => {
                f.write_str("stale")
            }
            Self::Value(Value::Float(value)) => {
                f.write_str(&crate::model::number::format_float(*value, 'g', None))
            }
            Self::Value(Value::Histogram(histogram)) => f.write_str(&histogram.notation()),
        }
    }
}

impl From<FloatHistogram> for SequenceValue {
    fn from(histogram: FloatHistogram) -> Self {
        Self::Value(Value::Histogram(Arc::new(histogram)))
    }
}

/// Reads a metric and its values: Prometheus' `ParseSeriesDesc`.
///
/// # Errors
/// The first thing that cannot be read, with its place in `text`; or more than [`MAX_SAMPLES`] samples.
pub fn parse_series(text: &str) -> Result<SeriesNotation, NotationError> {
    let end = end_of_metric(text);
    let labels = metric::read(text, end)?;
    Ok(SeriesNotation { labels, values: reader::Reader::new(text, end).read(false)? })
}

/// Reads values alone: what stands behind the metric.
///
/// # Errors
/// As [`parse_series`].
pub fn parse_values(text: &str) -> Result<Vec<SequenceValue>, NotationError> {
    reader::Reader::new(text, 0).read(true)
}

/// Reads one histogram: `{{count:2 sum:3 buckets:[1 1]}}`.
///
/// # Errors
/// It is not one, or something stands before or behind it.
pub fn parse_histogram(text: &str) -> Result<FloatHistogram, NotationError> {
    let mut reader = reader::Reader::new(text, 0);
    let histogram = reader.read_histogram()?;
    match text.len() - reader.at() {
        0 => Ok(histogram),
        _ => Err(reader.unexpected()),
    }
}

#[cfg(test)]
mod tests;
