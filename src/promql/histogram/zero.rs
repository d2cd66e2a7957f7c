//! Zero buckets of different widths: the narrower one grows over the buckets beside it.

use super::{Bucket, Buckets, FloatHistogram};
use crate::promql::functions::kahan::KahanSum;

/// A zero bucket that has grown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grown {
    /// How far it reaches: further than was asked for if it would have ended within a populated bucket.
    pub(super) threshold: f64,
    /// Its observations, and what rounding has taken from them.
    pub(super) count: KahanSum,
}

impl Grown {
    /// Takes in the buckets of one side, nearest first, that begin before its end. A populated bucket that it ends in
    /// is taken in as a whole.
    fn swallow(&mut self, buckets: impl Iterator<Item = Bucket>, lost: Option<&Buckets>) {
        for (at, bucket) in buckets.enumerate() {
            let (near, far) = nearest_first(bucket);
            if near >= self.threshold {
                break;
            }
            self.count.add(bucket.count);
            if let Some(lost) = lost.and_then(|lost| lost.counts.get(at)) {
                self.count.add(*lost);
            }
            if far > self.threshold {
                if bucket.count != 0.0 {
                    self.threshold = far;
                }
                break;
            }
        }
    }
}

/// The bounds of a bucket as distances from zero.
fn nearest_first(bucket: Bucket) -> (f64, f64) {
    if bucket.upper > 0.0 { (bucket.lower, bucket.upper) } else { (-bucket.upper, -bucket.lower) }
}

impl FloatHistogram {
    /// Its zero bucket if it reached to `threshold`, which must not be nearer than it does. `lost` has what rounding
    /// has taken from its counts, with the same buckets.
    pub(super) fn grown_zero_bucket(&self, threshold: f64, lost: Option<&Self>) -> Grown {
        let mut compensation = lost.map_or(0.0, |lost| lost.zero_count);
        let mut reached = threshold;
        loop {
            let count = KahanSum { sum: self.zero_count, compensation };
            let mut grown = Grown { threshold: reached, count };
            if threshold == self.zero_threshold {
                return grown;
            }
            grown.swallow(self.positive_buckets(), lost.map(|lost| &lost.positive));
            reached = grown.threshold;
            grown.swallow(self.negative_buckets(), lost.map(|lost| &lost.negative));
            if grown.threshold == reached {
                return grown;
            }
            // The positive side has to be gone over again: the end is now further away. What rounding took this time
            // counts twice then, as in Prometheus.
            (reached, compensation) = (grown.threshold, grown.count.compensation);
        }
    }

    /// Widens its zero bucket until it is as wide as `other`'s and ends within no populated bucket of either; answers
    /// with what `other` then has in it, and what rounding has taken from that.
    pub(super) fn reconcile_zero_buckets(&mut self, other: &Self, mut lost: Option<&mut Self>) -> KahanSum {
        let count = KahanSum::starting_with(other.zero_count);
        let mut theirs = Grown { threshold: other.zero_threshold, count };
        // NaN is never reached and never equal; widths that are not numbers are left as they are.
        while theirs.threshold < self.zero_threshold || self.zero_threshold < theirs.threshold {
            if theirs.threshold < self.zero_threshold {
                theirs = other.grown_zero_bucket(self.zero_threshold, None);
            }
            if self.zero_threshold < theirs.threshold {
                let mine = self.grown_zero_bucket(theirs.threshold, lost.as_deref());
                self.zero_threshold = mine.threshold;
                self.zero_count = mine.count.sum;
                if let Some(lost) = &mut lost {
                    lost.zero_count = mine.count.compensation;
                }
                self.drop_buckets_within_zero(lost.as_deref_mut());
            }
        }
        theirs.count
    }

    /// Removes buckets whose observations are now in the zero bucket, and with them all that are empty.
    fn drop_buckets_within_zero(&mut self, lost: Option<&mut Self>) {
        let outside = |bucket: Bucket| nearest_first(bucket).0 >= self.zero_threshold;
        let positive: Vec<bool> = self.positive_buckets().map(outside).collect();
        let negative: Vec<bool> = self.negative_buckets().map(outside).collect();
        let mut none = Self::default();
        let lost = lost.unwrap_or(&mut none);
        keep_populated(&mut self.positive, &mut lost.positive, &positive);
        keep_populated(&mut self.negative, &mut lost.negative, &negative);
    }
}

/// Keeps of one side what is marked and not empty.
fn keep_populated(buckets: &mut Buckets, lost: &mut Buckets, marked: &[bool]) {
    let all: Vec<(i32, f64, f64)> = buckets
        .indexed()
        .zip(lost.counts.iter().copied().chain(std::iter::repeat(0.0)))
        .zip(marked)
        .filter(|(((_, count), lost), marked)| **marked && (*count != 0.0 || *lost != 0.0))
        .map(|(((index, count), lost), _)| (index, count, lost))
        .collect();
    *buckets = Buckets::from_indexed(all.iter().map(|(index, count, _)| (*index, *count)));
    *lost = Buckets::from_indexed(all.iter().map(|(index, _, lost)| (*index, *lost)));
}
