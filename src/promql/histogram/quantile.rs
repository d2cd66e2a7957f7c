//! Quantiles, fractions and variance of a histogram, estimated from its buckets.
//!
//! Within a bucket observations are taken to lie evenly: on a linear scale in custom buckets and the zero bucket, on
//! a logarithmic one in exponential buckets.

use super::exponential::exp2;
use super::{Bucket, FloatHistogram};
use crate::promql::functions::go_math::log2;
use crate::promql::functions::kahan::KahanSum;

/// What observations of NaN, which are in no bucket, have done to a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NanObservations {
    /// There are none, or they make no difference.
    #[default]
    None,
    /// They count as the greatest observations: the quantile is higher than that of the others.
    Skewed,
    /// The quantile is among them.
    Result,
}

/// A quantile of a histogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// The value; NaN if there is none.
    pub value: f64,
    /// What there is to be said about it.
    pub nan: NanObservations,
}

impl Quantile {
    fn plain(value: f64) -> Self {
        Self { value, nan: NanObservations::None }
    }
}

impl FloatHistogram {
    /// The `q`-quantile: -Inf for q < 0, +Inf for q > 1, NaN without observations.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Quantile {
        if q < 0.0 {
            return Quantile::plain(f64::NEG_INFINITY);
        }
        if q > 1.0 {
            return Quantile::plain(f64::INFINITY);
        }
        if self.count == 0.0 || q.is_nan() {
            return Quantile::plain(f64::NAN);
        }
        // Counted from the nearer end; NaN observations are missing at the upper one, so that only the lower is left.
        let upwards = self.sum.is_nan() || q < 0.5;
        let mut places = self.places();
        if !upwards {
            places.reverse();
        }
        let rank = if upwards { q * self.count } else { (1.0 - q) * self.count };
        let mut places = places.into_iter();
        let (mut place, mut count) = (None, 0.0);
        for next in places.by_ref() {
            place = Some(next);
            count += next.count;
            if next.count != 0.0 && count >= rank {
                break;
            }
        }
        let mut bucket = place.map_or(NO_BUCKET, |place| self.bucket_at(place));
        if let Some(value) = self.bound_towards_zero(&mut bucket) {
            return Quantile::plain(value);
        }
        // Rounding may have made it more than all. NaN stays: the result is NaN then.
        if count > self.count {
            count = self.count;
        }
        if count < rank {
            return if self.sum.is_nan() {
                Quantile { value: f64::NAN, nan: NanObservations::Result }
            } else {
                Quantile::plain(bucket.upper)
            };
        }
        let rank_within = if upwards { rank - (count - bucket.count) } else { count - rank };
        // A sum of NaN may also come from infinities of both signs: then all observations are in buckets. To find out,
        // Prometheus walks on to the last bucket and then interpolates in that one; a test of rules has to say what
        // the server will say.
        let mut nan = NanObservations::None;
        if self.sum.is_nan() {
            for next in places {
                bucket = self.bucket_at(next);
                count += next.count;
            }
            if count < self.count {
                nan = NanObservations::Skewed;
            }
        }
        let value = interpolate(&bucket, rank_within / bucket.count, self.uses_custom_buckets());
        Quantile { value, nan }
    }

    /// Bounds of the zero bucket and of custom buckets with an infinite bound, where observations of one sign only
    /// are to be expected. Answers with the value if there is nothing to interpolate in it.
    fn bound_towards_zero(&self, bucket: &mut Bucket) -> Option<f64> {
        if self.uses_custom_buckets() {
            if bucket.lower == f64::NEG_INFINITY {
                if bucket.upper <= 0.0 {
                    return Some(bucket.upper);
                }
                bucket.lower = 0.0;
            } else if bucket.upper == f64::INFINITY {
                return Some(bucket.lower);
            }
        } else if bucket.lower < 0.0 && bucket.upper > 0.0 {
            self.clip_zero_bucket(bucket);
        }
        None
    }

    fn clip_zero_bucket(&self, bucket: &mut Bucket) {
        match self.sides() {
            (false, true) => bucket.lower = 0.0,
            (true, false) => bucket.upper = 0.0,
            (true, true) | (false, false) => {}
        }
    }

    /// Which part of the observations is between `lower` and `upper`, and whether some are NaN and so in no part.
    /// NaN without observations.
    #[must_use]
    pub fn fraction(&self, lower: f64, upper: f64) -> (f64, bool) {
        if self.count == 0.0 || lower.is_nan() || upper.is_nan() {
            return (f64::NAN, false);
        }
        if lower >= upper {
            return (0.0, false);
        }
        let buckets = self.all_buckets();
        let (lower_rank, upper_rank) = (self.rank(&buckets, lower), self.rank(&buckets, upper));
        let (mut all, mut nan) = (self.count, false);
        if self.sum.is_nan() {
            all = buckets.iter().fold(0.0, |all, bucket| all + bucket.count);
            nan = all < self.count;
        }
        let within = |rank: Option<f64>| rank.map_or(all, |rank| if rank > all { all } else { rank });
        ((within(upper_rank) - within(lower_rank)) / self.count, nan)
    }

    /// How many observations are below `value`; nothing if all buckets are.
    fn rank(&self, buckets: &[Bucket], value: f64) -> Option<f64> {
        let mut rank = 0.0;
        for bucket in buckets {
            let mut bucket = *bucket;
            let linear = self.uses_custom_buckets() || (bucket.lower <= 0.0 && bucket.upper >= 0.0);
            if bucket.lower <= 0.0 && bucket.upper >= 0.0 {
                self.clip_zero_bucket(&mut bucket);
            }
            if bucket.lower >= value {
                return Some(rank);
            }
            if bucket.upper > value {
                // What is in a bucket without end is not split: all of it is above the value, or below.
                return Some(if linear && bucket.lower == f64::NEG_INFINITY {
                    bucket.count
                } else {
                    rank + bucket.count * bucket.fraction_below(value, linear)
                });
            }
            rank += bucket.count;
        }
        None
    }

    /// The mean of the squares of the distances from the mean: `histogram_stdvar`.
    #[must_use]
    pub fn variance(&self) -> f64 {
        let mean = self.sum / self.count;
        let mut squares = KahanSum::default();
        for bucket in self.all_buckets().into_iter().filter(|bucket| bucket.count != 0.0) {
            let middle = if self.uses_custom_buckets() {
                f64::midpoint(bucket.upper, bucket.lower)
            } else if bucket.lower <= 0.0 && bucket.upper >= 0.0 {
                0.0
            } else {
                (bucket.upper * bucket.lower).sqrt().copysign(bucket.upper)
            };
            let delta = middle - mean;
            squares.add(bucket.count * delta * delta);
        }
        squares.total() / self.count
    }

    /// The square root of [`Self::variance`]: `histogram_stddev`.
    #[must_use]
    pub fn standard_deviation(&self) -> f64 {
        self.variance().sqrt()
    }
}

/// What is there before any bucket was seen.
const NO_BUCKET: Bucket =
    Bucket { lower: 0.0, upper: 0.0, lower_inclusive: false, upper_inclusive: false, count: 0.0, index: 0 };

/// The value at a part of a bucket's observations.
fn interpolate(bucket: &Bucket, part: f64, custom: bool) -> f64 {
    if custom || (bucket.lower <= 0.0 && bucket.upper >= 0.0) {
        return bucket.lower + (bucket.upper - bucket.lower) * part;
    }
    let (lower, upper) = (log2(bucket.lower.abs()), log2(bucket.upper.abs()));
    if bucket.lower > 0.0 {
        exp2(lower + (upper - lower) * part)
    } else {
        -exp2(upper + (lower - upper) * (1.0 - part))
    }
}
