//! What a stored histogram says about resets of its counter: found out when it is stored, as Prometheus does.
//!
//! Prometheus keeps runs of histograms that can only have grown together and tells of each but the first that there
//! was no reset before it. Of the first it tells nothing, even if it was stored with a hint.

use std::sync::Arc;

use crate::model::sample::STALE_NAN_BITS;
use crate::promql::histogram::{Buckets, CounterResetHint, FloatHistogram};

/// The histogram with the hint that it is read with. `previous` is the sample right before it, if that is a
/// histogram.
pub(super) fn stored(
    previous: Option<&FloatHistogram>,
    histogram: Arc<FloatHistogram>,
) -> Arc<FloatHistogram> {
    let hint = match histogram.counter_reset_hint {
        CounterResetHint::Gauge => CounterResetHint::Gauge,
        CounterResetHint::Reset => CounterResetHint::Unknown,
        CounterResetHint::Unknown | CounterResetHint::NotReset => {
            match previous.is_some_and(|previous| has_only_grown(previous, &histogram)) {
                true => CounterResetHint::NotReset,
                false => CounterResetHint::Unknown,
            }
        }
    };
    if hint == histogram.counter_reset_hint {
        return histogram;
    }
    let mut histogram = Arc::unwrap_or_clone(histogram);
    histogram.counter_reset_hint = hint;
    Arc::new(histogram)
}

fn has_only_grown(previous: &FloatHistogram, now: &FloatHistogram) -> bool {
    let is_stale = |histogram: &FloatHistogram| histogram.sum.to_bits() == STALE_NAN_BITS;
    if previous.counter_reset_hint == CounterResetHint::Gauge {
        return false;
    }
    if is_stale(now) || is_stale(previous) {
        return is_stale(now);
    }
    previous.count <= now.count
        && previous.schema == now.schema
        && previous.zero_threshold.to_bits() == now.zero_threshold.to_bits()
        && previous.custom_values == now.custom_values
        && previous.zero_count <= now.zero_count
        && have_only_grown(&previous.positive, &now.positive)
        && have_only_grown(&previous.negative, &now.negative)
}

/// Whether every bucket that had observations still has as many.
fn have_only_grown(previous: &Buckets, now: &Buckets) -> bool {
    let mut now = now.indexed().peekable();
    previous.indexed().filter(|(_, count)| *count != 0.0).all(|(index, count)| {
        while now.next_if(|(other, _)| *other < index).is_some() {}
        now.next_if(|(other, _)| *other == index).is_some_and(|(_, now)| now >= count)
    })
}
