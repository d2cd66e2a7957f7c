//! Whether a counter has been reset between two histograms.

use super::bounds::{coarser_index, exponential_bound};
use super::combine::{bucket_over, common_bounds};
use super::{Buckets, CounterResetHint, FloatHistogram};

impl FloatHistogram {
    /// Whether there was a reset since `previous`: by its hint, or because a count has become smaller, a populated
    /// bucket is gone, the resolution finer or the zero bucket narrower. The sum does not count.
    #[must_use]
    pub fn detect_reset(&self, previous: &Self) -> bool {
        match self.counter_reset_hint {
            CounterResetHint::Reset => return true,
            CounterResetHint::NotReset => return false,
            // A gauge is looked at like a counter; who does so gets a warning elsewhere.
            CounterResetHint::Unknown | CounterResetHint::Gauge => {}
        }
        if self.count < previous.count {
            return true;
        }
        if self.uses_custom_buckets() != previous.uses_custom_buckets() {
            return true;
        }
        if self.uses_custom_buckets() {
            if self.custom_values != previous.custom_values {
                return self.lost_custom_observations(previous);
            }
            return has_lost(self.positive.indexed(), previous.positive.indexed());
        }
        if self.schema > previous.schema || self.zero_threshold < previous.zero_threshold {
            return true;
        }
        let zero = previous.grown_zero_bucket(self.zero_threshold, None);
        if zero.threshold != self.zero_threshold || self.zero_count < zero.count.sum {
            return true;
        }
        let lost = |now: &Buckets, before: &Buckets| {
            has_lost(self.outside_zero(self, now), self.outside_zero(previous, before))
        };
        lost(&self.positive, &previous.positive) || lost(&self.negative, &previous.negative)
    }

    /// A side of `other` in this one's schema, without what is in this one's zero bucket.
    fn outside_zero(&self, other: &Self, side: &Buckets) -> impl Iterator<Item = (i32, f64)> {
        let (schema, threshold) = (self.schema, self.zero_threshold);
        let within = move |index: i32| threshold != 0.0 && exponential_bound(index, schema) <= threshold;
        coarser(side, other.schema, schema).skip_while(move |(index, _)| within(*index))
    }

    /// The same for custom buckets with different bounds: over the bounds that both have.
    fn lost_custom_observations(&self, previous: &Self) -> bool {
        let bounds = common_bounds(&self.custom_values, &previous.custom_values);
        let sums = |histogram: &Self| {
            let mut sums = vec![0.0; bounds.len() + 1];
            for (index, count) in histogram.positive.indexed() {
                sums[bucket_over(index, &histogram.custom_values, &bounds)] += count;
            }
            sums
        };
        sums(self).iter().zip(sums(previous)).any(|(now, before)| *now < before)
    }
}

/// The buckets of a side in a coarser schema, or in the same.
fn coarser(side: &Buckets, schema: i32, coarser: i32) -> impl Iterator<Item = (i32, f64)> {
    let mut buckets =
        side.indexed().map(move |(index, count)| (coarser_index(index, schema, coarser), count));
    let mut next = buckets.next();
    std::iter::from_fn(move || {
        let (index, mut sum) = next?;
        loop {
            next = buckets.next();
            match next {
                Some((other, count)) if other == index => sum += count,
                Some(_) | None => return Some((index, sum)),
            }
        }
    })
}

/// Whether a populated bucket is gone or one has become smaller. Both are in the order of their indices.
fn has_lost(now: impl Iterator<Item = (i32, f64)>, before: impl Iterator<Item = (i32, f64)>) -> bool {
    let mut now = now.peekable();
    for (index, count) in before {
        while now.next_if(|(other, _)| *other < index).is_some() {}
        match now.peek() {
            Some((other, left)) if *other == index => {
                if *left < count {
                    return true;
                }
            }
            Some(_) | None => {
                if count != 0.0 {
                    return true;
                }
            }
        }
    }
    false
}
