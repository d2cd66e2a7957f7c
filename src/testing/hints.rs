//! What Prometheus' storage knows of native histograms beside what it is given: whether a counter was reset.

use std::sync::Arc;

use crate::model::sample::STALE_NAN_BITS;
use crate::model::{LabelSet, Lookup};
use crate::promql::histogram::{CounterResetHint, FloatHistogram};
use crate::promql::value::Value;

/// The last histogram of each series that has any.
#[derive(Debug, Default)]
pub(super) struct Hints(Lookup<LabelSet, Last>);

#[derive(Debug)]
struct Last {
    histogram: Arc<FloatHistogram>,
    /// A stale marker came after it.
    ended: bool,
}

impl Hints {
    /// The value as the storage would give it back: a histogram that says nothing of a reset gets what comes of a
    /// comparison with the one before it.
    ///
    /// Prometheus forgets what was before at the border of its chunks, every 120 samples or so; this does not.
    pub(super) fn stored(&mut self, labels: &LabelSet, value: Value) -> Value {
        match value {
            Value::Float(float) => {
                if float.to_bits() == STALE_NAN_BITS
                    && let Some(last) = self.0.get_mut(labels)
                {
                    last.ended = true;
                }
                Value::Float(float)
            }
            Value::Histogram(histogram) => {
                let histogram = self.hinted(labels, histogram);
                self.0.insert(labels.clone(), Last { histogram: Arc::clone(&histogram), ended: false });
                Value::Histogram(histogram)
            }
        }
    }

    fn hinted(&self, labels: &LabelSet, histogram: Arc<FloatHistogram>) -> Arc<FloatHistogram> {
        let hint = match (histogram.counter_reset_hint, self.0.get(labels)) {
            (CounterResetHint::Gauge | CounterResetHint::Reset, _) => return histogram,
            // The first one of a chunk: whatever it says, nothing is known.
            (CounterResetHint::NotReset | CounterResetHint::Unknown, None) => CounterResetHint::Unknown,
            (CounterResetHint::NotReset | CounterResetHint::Unknown, Some(last)) => {
                match last.ended || histogram.detect_reset(&last.histogram) {
                    true => CounterResetHint::Reset,
                    false => CounterResetHint::NotReset,
                }
            }
        };
        if histogram.counter_reset_hint == hint {
            return histogram;
        }
        let mut histogram = FloatHistogram::clone(&histogram);
        histogram.counter_reset_hint = hint;
        Arc::new(histogram)
    }
}
