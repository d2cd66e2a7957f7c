//! The buckets of a histogram with their bounds.

use super::bounds::upper_bound;
use super::{Buckets, FloatHistogram};
use crate::promql::functions::go_math::log2;

/// One bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Its lower bound.
    pub lower: f64,
    /// Its upper bound.
    pub upper: f64,
    /// Whether the lower bound belongs to it.
    pub lower_inclusive: bool,
    /// Whether the upper bound belongs to it.
    pub upper_inclusive: bool,
    /// Observations in it.
    pub count: f64,
    /// Its index among the buckets of its side; 0 for the zero bucket.
    pub index: i32,
}

/// Which buckets.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Negative,
    Zero,
    Positive,
}

/// One bucket before its bounds are looked up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    side: Side,
    index: i32,
    pub(super) count: f64,
}

impl Bucket {
    /// How much of its width is at or below `value`, which must be strictly between its bounds, both finite: on a
    /// linear scale or on a logarithmic one.
    #[must_use]
    pub fn fraction_below(&self, value: f64, linear: bool) -> f64 {
        if linear {
            return (value - self.lower) / (self.upper - self.lower);
        }
        let (lower, upper, at) = (log2(self.lower.abs()), log2(self.upper.abs()), log2(value.abs()));
        if value > 0.0 { (at - lower) / (upper - lower) } else { 1.0 - (at - upper) / (lower - upper) }
    }
}

impl FloatHistogram {
    /// Buckets of positive observations (or all custom ones), lowest first, empty ones included.
    pub fn positive_buckets(&self) -> impl Iterator<Item = Bucket> {
        self.positive.indexed().map(|(index, count)| self.bucket(index, count, true))
    }

    /// Buckets of negative observations, the one next to zero first, empty ones included.
    pub fn negative_buckets(&self) -> impl Iterator<Item = Bucket> {
        self.negative.indexed().map(|(index, count)| self.bucket(index, count, false))
    }

    /// The zero bucket; of no use for custom buckets.
    #[must_use]
    pub fn zero_bucket(&self) -> Bucket {
        Bucket {
            lower: -self.zero_threshold,
            upper: self.zero_threshold,
            lower_inclusive: true,
            upper_inclusive: true,
            count: self.zero_count,
            index: 0,
        }
    }

    /// All buckets, lowest first; `.into_iter().rev()` gives the highest first. The zero bucket is among them if it
    /// is not empty, and buckets that overlap it end or begin at its threshold.
    #[must_use]
    pub fn all_buckets(&self) -> Vec<Bucket> {
        self.places().into_iter().map(|place| self.bucket_at(place)).collect()
    }

    /// The same without their bounds, which cost more than the rest.
    pub(super) fn places(&self) -> Vec<Place> {
        let mut all = Vec::with_capacity(self.negative.counts.len() + 1 + self.positive.counts.len());
        let at = |side| move |(index, count)| Place { side, index, count };
        all.extend(self.negative.indexed().map(at(Side::Negative)));
        all.reverse();
        let zero = Place { side: Side::Zero, index: 0, count: self.zero_count };
        all.extend((self.zero_count > 0.0).then_some(zero));
        all.extend(self.positive.indexed().map(at(Side::Positive)));
        all
    }

    /// The bucket at one of those places.
    pub(super) fn bucket_at(&self, Place { side, index, count }: Place) -> Bucket {
        match side {
            Side::Negative => self.clipped(self.bucket(index, count, false)),
            Side::Zero => self.zero_bucket(),
            Side::Positive => self.clipped(self.bucket(index, count, true)),
        }
    }

    /// Whether there are buckets of only one side: `(negative, positive)` sides that have any.
    pub(super) fn sides(&self) -> (bool, bool) {
        let has = |side: &Buckets| !side.is_empty();
        (has(&self.negative), has(&self.positive))
    }

    fn bucket(&self, index: i32, count: f64, positive: bool) -> Bucket {
        let bound = |index| upper_bound(index, self.schema, &self.custom_values);
        let (far, near) = (bound(index), bound(index.saturating_sub(1)));
        let (lower, upper) = if positive { (near, far) } else { (-far, -near) };
        let (lower_inclusive, upper_inclusive) =
            if self.uses_custom_buckets() { (index == 0, true) } else { (lower < 0.0, upper > 0.0) };
        Bucket { lower, upper, lower_inclusive, upper_inclusive, count, index }
    }

    fn clipped(&self, mut bucket: Bucket) -> Bucket {
        let threshold = self.zero_threshold;
        if bucket.upper < 0.0 && bucket.upper > -threshold {
            bucket.upper = -threshold;
        } else if bucket.lower > 0.0 && bucket.lower < threshold {
            bucket.lower = threshold;
        }
        bucket
    }
}
