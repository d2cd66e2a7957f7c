//! Native histograms with float counts: their data, and in `histogram/` what is computed with them.
//!
//! Buckets are kept as Prometheus keeps them (runs with gaps); what changes them goes over pairs of index and count
//! and builds the runs anew. Nothing here knows of series or expressions.

use std::sync::Arc;

mod bounds;
mod buckets;
mod check;
mod classic;
mod combine;
mod exponential;
mod iterate;
mod quantile;
mod reset;
mod text;
mod trim;
mod zero;

pub use check::HistogramError;
pub use classic::{ClassicError, from_classic};
pub use combine::Combined;
pub use iterate::Bucket;
pub use quantile::{NanObservations, Quantile};

/// The schema of histograms whose bounds are given one by one (`NHCB`).
pub const CUSTOM_BUCKETS_SCHEMA: i32 = -53;
/// The coarsest exponential schema: a bucket reaches up to 2^16 times its lower bound.
pub const EXPONENTIAL_SCHEMA_MIN: i32 = -4;
/// The finest exponential schema: 256 buckets for each power of two.
pub const EXPONENTIAL_SCHEMA_MAX: i32 = 8;

/// A native histogram with float counts, as Prometheus' engine uses it.
#[derive(Clone, Debug, Default)]
pub struct FloatHistogram {
    /// What is known about a reset of the counter before it.
    pub counter_reset_hint: CounterResetHint,
    /// -4 to 8: a bucket is 2^(2^-schema) wide; [`CUSTOM_BUCKETS_SCHEMA`]: bounds in `custom_values`.
    pub schema: i32,
    /// Observations at most this far from zero are in the zero bucket.
    pub zero_threshold: f64,
    /// Observations in the zero bucket.
    pub zero_count: f64,
    /// All observations.
    pub count: f64,
    /// The sum of all observations.
    pub sum: f64,
    /// Buckets of positive observations, or all buckets of a histogram with custom ones.
    pub positive: Buckets,
    /// Buckets of negative observations.
    pub negative: Buckets,
    /// Upper bounds of custom buckets, the last (+Inf) left out.
    pub custom_values: Arc<[f64]>,
}

/// Buckets, of which only those within spans are kept.
#[derive(Clone, Debug, Default)]
pub struct Buckets {
    /// Runs of buckets that follow each other.
    pub spans: Vec<BucketSpan>,
    /// The absolute counts of the buckets in all spans.
    pub counts: Vec<f64>,
}

/// A run of buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BucketSpan {
    /// The index of the first bucket: of the first span absolute, of others how many are left out before it.
    pub offset: i32,
    /// How many buckets.
    pub length: u32,
}

/// What a histogram says about a reset of the counter before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CounterResetHint {
    /// Nothing; it has to be found out.
    #[default]
    Unknown,
    /// There was one.
    Reset,
    /// There was none.
    NotReset,
    /// It is not a counter.
    Gauge,
}

impl FloatHistogram {
    /// A histogram that only says that its series has ended.
    #[must_use]
    pub fn stale() -> Self {
        Self { sum: crate::model::sample::stale_nan(), ..Self::default() }
    }

    /// Whether it says that its series has ended.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.sum.to_bits() == crate::model::sample::STALE_NAN_BITS
    }

    /// Whether its bounds are given one by one (`NHCB`).
    #[must_use]
    pub const fn uses_custom_buckets(&self) -> bool {
        self.schema == CUSTOM_BUCKETS_SCHEMA
    }

    /// Prometheus' `Equals`: the same buckets, also empty ones, and the same bits in sum and counts, so that NaN
    /// equals itself. The hint does not count.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        let same = |one: f64, two: f64| one.to_bits() == two.to_bits();
        self.schema == other.schema
            && same(self.count, other.count)
            && same(self.sum, other.sum)
            && (!self.uses_custom_buckets() || self.custom_values == other.custom_values)
            && self.zero_threshold == other.zero_threshold
            && same(self.zero_count, other.zero_count)
            && self.negative == other.negative
            && self.positive == other.positive
    }

    /// Multiplies all counts and the sum; a negative factor makes a gauge of it.
    pub fn mul(&mut self, factor: f64) {
        self.each_count(|count| *count *= factor);
        if factor < 0.0 {
            self.counter_reset_hint = CounterResetHint::Gauge;
        }
    }

    /// Divides all counts and the sum; division by zero leaves no buckets, a negative divisor makes a gauge of it.
    pub fn div(&mut self, divisor: f64) {
        self.each_count(|count| *count /= divisor);
        if divisor == 0.0 {
            self.positive = Buckets::default();
            self.negative = Buckets::default();
        } else if divisor < 0.0 {
            self.counter_reset_hint = CounterResetHint::Gauge;
        }
    }

    fn each_count(&mut self, change: impl Fn(&mut f64)) {
        let totals = [&mut self.zero_count, &mut self.count, &mut self.sum];
        totals.into_iter().chain(&mut self.positive.counts).chain(&mut self.negative.counts).for_each(change);
    }

    /// Leaves out empty buckets where more than `max_empty` of them follow each other, or stand first or last; joins
    /// runs with at most so many missing between them.
    pub fn compact(&mut self, max_empty: usize) {
        self.positive.compact(max_empty);
        self.negative.compact(max_empty);
    }

    /// Goes over to a coarser schema by putting buckets together.
    ///
    /// # Errors
    /// It has custom buckets, or the schema is not a coarser exponential one.
    pub fn reduce_resolution(&mut self, schema: i32) -> Result<(), HistogramError> {
        if self.uses_custom_buckets() || !(EXPONENTIAL_SCHEMA_MIN..self.schema).contains(&schema) {
            return Err(HistogramError::Resolution { from: self.schema, to: schema });
        }
        self.positive = self.positive.reduced(self.schema, schema);
        self.negative = self.negative.reduced(self.schema, schema);
        self.schema = schema;
        Ok(())
    }

    /// A copy in another schema that is as fine as its own or coarser; as itself if it is finer. The hint is kept
    /// only by a copy of the same schema, as by Prometheus' `CopyToSchema`.
    #[must_use]
    pub fn copy_to_schema(&self, schema: i32) -> Self {
        let mut copy = self.clone();
        if copy.reduce_resolution(schema).is_ok() {
            copy.counter_reset_hint = CounterResetHint::Unknown;
        }
        copy
    }

    /// Whether a count, the sum or a bound is infinite: a sum went beyond what floats hold.
    #[must_use]
    pub fn has_overflow(&self) -> bool {
        let totals = [self.zero_count, self.count, self.sum];
        let counts = self.positive.counts.iter().chain(&self.negative.counts).chain(&*self.custom_values);
        totals.iter().chain(counts).any(|value| value.is_infinite())
    }

    /// How much of the limit of samples it uses up: its bytes by Prometheus' count, in units of a float sample (16).
    #[must_use]
    pub fn size_in_samples(&self) -> usize {
        (self.size() + 8).div_euclid(16)
    }

    /// Its size in bytes by Prometheus' count, which limits of samples are based on.
    #[must_use]
    pub fn size(&self) -> usize {
        let of = |buckets: &Buckets| (buckets.spans.len() + buckets.counts.len()) * 8;
        168 + of(&self.positive) + of(&self.negative) + self.custom_values.len() * 8
    }
}

impl PartialEq for FloatHistogram {
    /// [`Self::equals`], and the same hint.
    fn eq(&self, other: &Self) -> bool {
        self.counter_reset_hint == other.counter_reset_hint && self.equals(other)
    }
}

impl PartialEq for Buckets {
    /// The same buckets with the same bits, however they are cut into spans.
    fn eq(&self, other: &Self) -> bool {
        self.counts.len() == other.counts.len()
            && self
                .indexed()
                .zip(other.indexed())
                .all(|(one, two)| one.0 == two.0 && one.1.to_bits() == two.1.to_bits())
    }
}

#[cfg(test)]
mod tests;
