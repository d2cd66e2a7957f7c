//! Histograms without their buckets, for expressions that only ask for count and sum.

use std::sync::Arc;

use super::{CounterResetHint, FloatHistogram};
use crate::promql::value::HistogramPoint;

/// The histograms of a series without buckets. As resets can no longer be found out then, each is given the hint that
/// its predecessor makes certain; hints that are known already, and the first one's, stay. (Prometheus'
/// `HistogramStatsIterator`, which is why `histogram_count(sum(h))` may warn where `sum(h)` does not.)
#[must_use]
pub fn without_buckets(points: &[HistogramPoint]) -> Vec<HistogramPoint> {
    let mut previous: Option<&FloatHistogram> = None;
    let mut without = Vec::with_capacity(points.len());
    for point in points {
        let histogram = &*point.h;
        let counter_reset_hint = match (histogram.counter_reset_hint, previous) {
            (CounterResetHint::Unknown, Some(previous)) if !histogram.is_stale() => {
                let is_reset = histogram.detect_reset(previous);
                if is_reset { CounterResetHint::Reset } else { CounterResetHint::NotReset }
            }
            (hint, _) => hint,
        };
        if !histogram.is_stale() {
            previous = Some(&point.h);
        }
        let (schema, count, sum) = (histogram.schema, histogram.count, histogram.sum);
        let h = FloatHistogram { counter_reset_hint, schema, count, sum, ..FloatHistogram::default() };
        without.push(HistogramPoint { t: point.t, h: Arc::new(h) });
    }
    without
}
