//! Histograms of which only count and sum are asked for (`histogram_count(rate(x[5m]))`): they are read without
//! buckets, and resets of their counters are found out while reading.
//!
//! In Prometheus this saves work; it can be told from what is said beside results (buckets that do not fit go
//! unnoticed, contradicting hints are noticed), so it is the same here.

use std::sync::Arc;

use super::selector::is_stale;
use crate::promql::histogram::{CounterResetHint, FloatHistogram};
use crate::promql::value::HistogramPoint;

/// The histograms with count, sum and a hint: of all but the first it is known whether there was a reset.
pub(super) fn without_buckets(points: &[HistogramPoint]) -> Vec<HistogramPoint> {
    let mut last: Option<&FloatHistogram> = None;
    let mut result = Vec::with_capacity(points.len());
    for HistogramPoint { t, h } in points {
        let known = h.counter_reset_hint;
        let mut hint = known;
        if !is_stale(h.sum) {
            if let (CounterResetHint::Unknown, Some(last)) = (known, last) {
                hint =
                    if h.detect_reset(last) { CounterResetHint::Reset } else { CounterResetHint::NotReset };
            }
            last = Some(h);
        }
        let (schema, count, sum) = (h.schema, h.count, h.sum);
        let h = FloatHistogram { counter_reset_hint: hint, schema, count, sum, ..FloatHistogram::default() };
        result.push(HistogramPoint { t: *t, h: Arc::new(h) });
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::notation::{SequenceValue, parse_values};
    use crate::promql::value::Value;

    #[test]
    fn resets_are_found_while_there_are_buckets() {
        let notation = "{{count:5 sum:1 buckets:[2 3]}} {{count:6 sum:2 buckets:[3 3]}} {{count:6 buckets:[4 2]}} stale \
                        {{count:7 buckets:[5 2]}} {{count:1 counter_reset_hint:gauge}} {{count:1 buckets:[1]}}";
        let stale = FloatHistogram::stale();
        let points: Vec<HistogramPoint> = parse_values(notation)
            .expect("valid notation")
            .iter()
            .zip(0..)
            .map(|(value, t)| match value {
                SequenceValue::Value(Value::Histogram(h)) => HistogramPoint { t, h: h.clone() },
                SequenceValue::Value(Value::Float(_)) | SequenceValue::Omitted => {
                    HistogramPoint { t, h: Arc::new(stale.clone()) }
                }
            })
            .collect();
        let shown: Vec<String> = without_buckets(&points).iter().map(|point| point.h.notation()).collect();
        assert_eq!(
            shown,
            [
                "{{count:5 sum:1}}",
                "{{count:6 sum:2 counter_reset_hint:not_reset}}",
                "{{count:6 counter_reset_hint:reset}}",
                "{{sum:NaN}}",
                "{{count:7 counter_reset_hint:not_reset}}",
                "{{count:1 counter_reset_hint:gauge}}",
                "{{count:1 counter_reset_hint:not_reset}}",
            ]
        );
    }
}
