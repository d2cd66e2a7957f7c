//! Native histograms with float counts: their data. What is computed with them is in `histogram/`.

use std::sync::Arc;

/// The schema of histograms whose bounds are given one by one (`NHCB`).
pub const CUSTOM_BUCKETS_SCHEMA: i32 = -53;

/// A native histogram with float counts, as Prometheus' engine uses it.
#[derive(Clone, Debug, Default, PartialEq)]
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
#[derive(Clone, Debug, Default, PartialEq)]
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
