//! Quantiles and fractions of classic histograms: buckets that each contain all smaller ones.

/// Relative differences up to this between counts are noise of floats, not observations.
const NOISE: f64 = 1e-12;

/// The buckets of one classic histogram.
#[derive(Clone, Debug, Default)]
pub(super) struct ClassicBuckets(Vec<ClassicBucket>);

#[derive(Clone, Copy, Debug)]
struct ClassicBucket {
    upper: f64,
    /// Observations of at most `upper`.
    count: f64,
}

/// What had to be done to make counts rise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Forced {
    /// The lowest and the highest bucket that were changed.
    pub(super) buckets: (f64, f64),
    /// The greatest change.
    pub(super) max_diff: f64,
}

impl ClassicBuckets {
    pub(super) fn push(&mut self, upper: f64, count: f64) {
        self.0.push(ClassicBucket { upper, count });
    }

    /// The `q`-quantile, on a line between the bounds of its bucket: -Inf for q < 0, +Inf for q > 1, NaN without
    /// observations or without the bucket `+Inf`. In that bucket, the highest other bound is all that is known.
    pub(super) fn quantile(&mut self, q: f64) -> (f64, Option<Forced>) {
        if q.is_nan() {
            return (f64::NAN, None);
        }
        if q < 0.0 {
            return (f64::NEG_INFINITY, None);
        }
        if q > 1.0 {
            return (f64::INFINITY, None);
        }
        if !self.sort() {
            return (f64::NAN, None);
        }
        let forced = self.make_monotonic();
        (self.interpolate(q).unwrap_or(f64::NAN), forced)
    }

    fn interpolate(&self, q: f64) -> Option<f64> {
        let (last, finite) = self.0.split_last()?;
        let highest = finite.last()?;
        if last.count == 0.0 {
            return None;
        }
        let rank = q * last.count;
        let at = first_where(finite, |bucket| bucket.count >= rank);
        let Some(bucket) = finite.get(at) else { return Some(highest.upper) };
        let below = at.checked_sub(1).map(|before| finite[before]);
        let (lower, before) = match below {
            Some(below) => (below.upper, below.count),
            None if bucket.upper <= 0.0 => return Some(bucket.upper),
            None => (0.0, 0.0),
        };
        Some(lower + (bucket.upper - lower) * ((rank - before) / (bucket.count - before)))
    }

    /// Which part of the observations is between `lower` and `upper`.
    pub(super) fn fraction(&mut self, lower: f64, upper: f64) -> f64 {
        let all = if self.sort() { self.0.last().map_or(0.0, |last| last.count) } else { 0.0 };
        if all == 0.0 || lower.is_nan() || upper.is_nan() {
            return f64::NAN;
        }
        if lower >= upper {
            return 0.0;
        }
        let within = |value: f64| {
            let rank = self.rank(value);
            if rank > all { all } else { rank }
        };
        (within(upper) - within(lower)) / all
    }

    /// How many observations are below `value`.
    fn rank(&self, value: f64) -> f64 {
        // Observations of a histogram whose first bound is positive are all positive.
        let first = self.0.first().map_or(0.0, |bucket| bucket.upper);
        let (mut rank, mut lower) = (0.0, if first <= 0.0 { f64::NEG_INFINITY } else { 0.0 });
        for bucket in &self.0 {
            if lower >= value {
                return rank;
            }
            if bucket.upper > value {
                // A bucket without a lower bound is not split: all of it is below.
                if lower == f64::NEG_INFINITY {
                    return bucket.count;
                }
                return rank + (bucket.count - rank) * (value - lower) / (bucket.upper - lower);
            }
            rank = bucket.count;
            lower = bucket.upper;
        }
        rank
    }

    /// Sorts buckets and puts those of the same bound together; whether the last is `+Inf`.
    fn sort(&mut self) -> bool {
        self.0.sort_by(|one, two| one.upper.total_cmp(&two.upper));
        self.0.dedup_by(|later, first| {
            let same = later.upper == first.upper;
            first.count += if same { later.count } else { 0.0 };
            same
        });
        self.0.last().is_some_and(|last| last.upper == f64::INFINITY)
    }

    /// Makes counts rise by raising those that do not; very small differences are levelled without a word.
    fn make_monotonic(&mut self) -> Option<Forced> {
        let mut forced: Option<Forced> = None;
        let mut buckets = self.0.iter_mut();
        let mut before = buckets.next()?.count;
        for bucket in buckets {
            let count = bucket.count;
            if is_noise(before, count) {
                bucket.count = before;
            } else if count < before {
                bucket.count = before;
                let said =
                    forced.get_or_insert(Forced { buckets: (bucket.upper, bucket.upper), max_diff: 0.0 });
                said.buckets.1 = bucket.upper;
                said.max_diff = said.max_diff.max(before - count);
            } else {
                before = count;
            }
        }
        forced
    }
}

/// The place of the first bucket of which something holds, which then holds of all after it. Among counts that are NaN
/// it need not: which one is found depends on where is looked, and that is where Go's `sort.Search` looks.
fn first_where(buckets: &[ClassicBucket], holds: impl Fn(&ClassicBucket) -> bool) -> usize {
    let (mut low, mut high) = (0, buckets.len());
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(&buckets[middle]) { high = middle } else { low = middle + 1 }
    }
    low
}

/// Whether two counts differ by no more than what floats lose.
fn is_noise(one: f64, two: f64) -> bool {
    if one == two || (one.is_nan() && two.is_nan()) {
        return true;
    }
    let (sum, difference) = (one.abs() + two.abs(), (one - two).abs());
    if one == 0.0 || two == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < NOISE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < NOISE
}
