//! Where an evaluation finds its samples.

use super::value::{FloatPoint, HistogramPoint, StartPoint};
use crate::model::{LabelSet, Matcher};

/// A store of series that can be asked for some of them.
///
/// It does no I/O: data from elsewhere is fetched before an evaluation begins.
pub trait Source {
    /// The series that match all `matchers`, each with at least its samples of `window`, in any order.
    ///
    /// Samples outside of the window may be among them. Stale markers are kept as they are (floats with the bits
    /// of `STALE_NAN_BITS`, histograms whose sum has them).
    ///
    /// # Errors
    /// The data cannot be had.
    fn select(&self, matchers: &[Matcher], window: TimeWindow) -> Result<Vec<StoredSeries<'_>>, SourceError>;
}

/// Times from `from` to `to`, both included, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeWindow {
    /// The first.
    pub from: i64,
    /// The last.
    pub to: i64,
}

/// A series as it is stored: its samples sorted by time, each time once in one of both lists.
#[derive(Clone, Copy, Debug)]
pub struct StoredSeries<'a> {
    /// The labels, the metric name included.
    pub labels: &'a LabelSet,
    /// Floats.
    pub floats: &'a [FloatPoint],
    /// Native histograms.
    pub histograms: &'a [HistogramPoint],
    /// The start timestamps of those samples that have one, sorted by the times of the samples.
    pub starts: &'a [StartPoint],
}

/// Why a source cannot answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);
