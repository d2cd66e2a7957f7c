//! `</` and `>/`: what of a histogram is below or above a value.

use super::{Bucket, FloatHistogram};

/// Which part is kept.
#[derive(Clone, Copy, PartialEq)]
enum Keep {
    Below,
    Above,
}

/// What is kept of a bucket, and the value that its observations are taken to have.
#[derive(Clone, Copy)]
struct Kept {
    count: f64,
    middle: f64,
}

impl FloatHistogram {
    /// `</`: removes observations above `limit`. If that changes any bucket, count and sum are estimated anew.
    pub fn trim_upper(&mut self, limit: f64) {
        self.trim(limit, Keep::Below);
    }

    /// `>/`: removes observations below `limit`. If that changes any bucket, count and sum are estimated anew.
    pub fn trim_lower(&mut self, limit: f64) {
        self.trim(limit, Keep::Above);
    }

    fn trim(&mut self, limit: f64, keep: Keep) {
        let custom = self.uses_custom_buckets();
        let trim_side = |buckets: &mut dyn Iterator<Item = Bucket>, positive: bool| -> Vec<(f64, Kept)> {
            buckets.map(|bucket| (bucket.count, keep.of(&bucket, limit, positive, custom))).collect()
        };
        let positive = trim_side(&mut self.positive_buckets(), true);
        let negative = trim_side(&mut self.negative_buckets(), false);
        let (mut count, mut sum, mut changed) = (0.0, 0.0, false);
        let mut add = |before: f64, kept: Kept| {
            count += kept.count;
            sum += kept.middle * kept.count;
            changed |= kept.count != before;
        };
        for (side, counts) in [(&positive, &mut self.positive.counts), (&negative, &mut self.negative.counts)]
        {
            for ((before, kept), slot) in side.iter().zip(counts).filter(|((before, _), _)| *before != 0.0) {
                add(*before, *kept);
                *slot = kept.count;
            }
        }
        if self.zero_count > 0.0 {
            let populated = |side: &[(f64, Kept)]| side.iter().any(|(before, _)| *before != 0.0);
            let kept = keep.of_zero(self.zero_bucket(), limit, (populated(&negative), populated(&positive)));
            add(self.zero_count, kept);
            self.zero_count = kept.count;
        }
        if changed {
            self.count = count;
            self.sum = sum;
            self.compact(0);
        }
    }
}

impl Keep {
    fn of(self, bucket: &Bucket, limit: f64, positive: bool, custom: bool) -> Kept {
        let (inside, partly) = match self {
            Self::Below => (bucket.upper <= limit, bucket.lower < limit),
            Self::Above => (bucket.lower >= limit, bucket.upper > limit),
        };
        if inside {
            return Kept {
                count: bucket.count,
                middle: middle(bucket.lower, bucket.upper, positive, custom),
            };
        }
        if !partly {
            return Kept { count: 0.0, middle: 0.0 };
        }
        if bucket.lower == f64::NEG_INFINITY {
            return self.of_lowest(bucket, limit);
        }
        if bucket.upper == f64::INFINITY {
            return self.of_highest(bucket, limit);
        }
        let below = if limit <= bucket.lower {
            0.0
        } else if limit >= bucket.upper {
            bucket.count
        } else {
            bucket.count * bucket.fraction_below(limit, custom)
        };
        match self {
            Self::Below => Kept { count: below, middle: middle(bucket.lower, limit, positive, custom) },
            Self::Above => {
                Kept { count: bucket.count - below, middle: middle(limit, bucket.upper, positive, custom) }
            }
        }
    }

    /// Of a bucket without lower bound: it begins at zero if it ends above; otherwise nobody knows where its
    /// observations are, and they all go or stay. The limit is within it.
    fn of_lowest(self, bucket: &Bucket, limit: f64) -> Kept {
        let (count, upper) = (bucket.count, bucket.upper);
        let from_zero = upper > 0.0 && upper.is_finite();
        match self {
            Self::Below if limit > 0.0 && from_zero => {
                Kept { count: count * limit / upper, middle: limit / 2.0 }
            }
            Self::Below if upper <= 0.0 => Kept { count, middle: limit },
            Self::Above if limit <= bucket.lower => Kept { count, middle: 0.0 },
            Self::Above if limit >= 0.0 && from_zero => {
                Kept { count: count * (1.0 - limit / upper), middle: f64::midpoint(limit, upper) }
            }
            Self::Below | Self::Above => Kept { count: 0.0, middle: 0.0 },
        }
    }

    /// Of a bucket without upper bound: nothing of it is surely below the limit.
    fn of_highest(self, bucket: &Bucket, limit: f64) -> Kept {
        match self {
            Self::Above if limit >= bucket.lower => Kept { count: bucket.count, middle: limit },
            Self::Above | Self::Below => Kept { count: 0.0, middle: 0.0 },
        }
    }

    /// Of the zero bucket, which has only one sign if the buckets on the other side of zero are empty.
    fn of_zero(self, bucket: Bucket, limit: f64, (negative, positive): (bool, bool)) -> Kept {
        let lower = if positive && !negative { 0.0 } else { bucket.lower };
        let upper = if negative && !positive { 0.0 } else { bucket.upper };
        let all = Kept { count: bucket.count, middle: f64::midpoint(lower, upper) };
        let nothing = Kept { count: 0.0, middle: 0.0 };
        let part = |from: f64, to: f64| Kept {
            count: bucket.count * ((to - from) / (upper - lower)),
            middle: f64::midpoint(from, to),
        };
        match self {
            Self::Below if limit <= lower => nothing,
            Self::Below if limit >= upper => all,
            Self::Below => part(lower, limit),
            Self::Above if limit <= lower => all,
            Self::Above if limit >= upper => nothing,
            Self::Above => part(limit, upper),
        }
    }
}

/// The value that observations between two bounds are taken to have.
fn middle(lower: f64, upper: f64, positive: bool, linear: bool) -> f64 {
    match (lower.is_infinite(), upper.is_infinite()) {
        (true, true) => 0.0,
        (true, false) if upper > 0.0 => upper / 2.0,
        (true, false) => upper,
        (false, true) => lower,
        (false, false) if linear => f64::midpoint(lower, upper),
        (false, false) => {
            let size = (lower * upper).abs().sqrt();
            if positive { size } else { -size }
        }
    }
}
