//! What functions of range vectors have in common: points in the order of time, the metric's name, lengths.

use std::sync::Arc;

use super::{Context, Window};
use crate::model::labels::METRIC_NAME;
use crate::promql::annotations::Annotation;
use crate::promql::histogram::FloatHistogram;

/// A sample of a window.
#[derive(Clone, Copy, Debug)]
pub(super) enum Point<'a> {
    /// A float.
    Float(f64),
    /// A native histogram.
    Histogram(&'a Arc<FloatHistogram>),
}

impl<'a> Window<'a> {
    /// The floats and histograms together, in the order of time.
    pub(super) fn points(&self) -> impl Iterator<Item = (i64, Point<'a>)> {
        let mut floats = self.floats.iter().map(|point| (point.t, Point::Float(point.v))).peekable();
        let mut histograms =
            self.histograms.iter().map(|point| (point.t, Point::Histogram(&point.h))).peekable();
        std::iter::from_fn(move || match (floats.peek(), histograms.peek()) {
            (Some((float, _)), Some((histogram, _))) if float > histogram => histograms.next(),
            (Some(_), _) => floats.next(),
            (None, _) => histograms.next(),
        })
    }

    /// The name of the metric, empty if it has none.
    pub(super) fn metric(&self) -> String {
        self.labels.value(METRIC_NAME).to_owned()
    }

    /// The number given as the argument at `index` of those that are not the range vector.
    pub(super) fn scalar(&self, index: usize) -> f64 {
        self.scalars.get(index).copied().unwrap_or(f64::NAN)
    }

    /// Whether there are both floats and histograms.
    pub(super) fn is_mixed(&self) -> bool {
        !self.floats.is_empty() && !self.histograms.is_empty()
    }

    /// Says that floats and histograms are mixed, and gives nothing.
    pub(super) fn refuse_mix<T>(&self, ctx: &mut Context<'_>) -> Option<T> {
        ctx.say_of(0, Annotation::MixedFloatsHistograms { metric: self.metric() });
        None
    }

    /// Says that histograms are ignored, if there are any beside the floats.
    pub(super) fn say_if_histograms_ignored(&self, ctx: &mut Context<'_>) {
        if self.is_mixed() {
            ctx.say_of(0, Annotation::HistogramIgnoredInMixedRange { metric: self.metric() });
        }
    }
}

/// Milliseconds as seconds, with the bits of Go's `Duration.Seconds`.
pub(super) fn seconds(millis: i64) -> f64 {
    (millis / 1000) as f64 + (millis % 1000 * 1_000_000) as f64 / 1e9
}
