//! What is wrong with a histogram, or with two that are to be put together.

use super::FloatHistogram;
use super::{BucketSpan, Buckets, CUSTOM_BUCKETS_SCHEMA, EXPONENTIAL_SCHEMA_MAX, EXPONENTIAL_SCHEMA_MIN};
use crate::model::number::format_float;

/// Why something cannot be done with histograms. The texts are Prometheus'.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HistogramError {
    /// One has custom buckets, the other exponential ones.
    #[error("cannot apply this operation on histograms with a mix of exponential and custom bucket schemas")]
    IncompatibleSchema,
    /// The resolution of custom buckets cannot be changed, that of others only be made coarser.
    #[error("cannot reduce resolution from schema {from} to {to}")]
    Resolution {
        /// The schema that it has.
        from: i32,
        /// The schema that was wanted.
        to: i32,
    },
    /// Neither exponential nor custom.
    #[error(
        "histogram has an invalid schema, which must be between {EXPONENTIAL_SCHEMA_MIN} and \
         {EXPONENTIAL_SCHEMA_MAX} for exponential buckets, or {CUSTOM_BUCKETS_SCHEMA} for custom buckets, \
         got schema {0}"
    )]
    InvalidSchema(i32),
    /// A bound is NaN.
    #[error("custom buckets: histogram custom bounds must not be NaN")]
    NanBound,
    /// Bounds do not rise.
    #[error(
        "custom buckets: previous bound is {} and current is {}: histogram custom bounds must be in strictly \
         increasing order", format_float(*.previous, 'f', Some(6)), format_float(*.current, 'f', Some(6))
    )]
    UnorderedBounds {
        /// A bound.
        previous: f64,
        /// The one after it, which is not greater.
        current: f64,
    },
    /// The bound +Inf is given.
    #[error(
        "custom buckets: last +Inf bound must not be explicitly defined: histogram custom bounds must be finite"
    )]
    InfiniteBound,
    /// There are more buckets than bounds.
    #[error(
        "custom buckets: only {bounds} custom bounds defined which is insufficient to cover total span length of \
         {buckets}: histogram custom bounds are too few"
    )]
    TooFewBounds {
        /// How many bounds there are.
        bounds: usize,
        /// How many buckets they would have to bound.
        buckets: usize,
    },
    /// Custom buckets have no zero bucket.
    #[error("custom buckets: must have zero count of 0")]
    CustomZeroCount,
    /// Custom buckets have no zero bucket.
    #[error("custom buckets: must have zero threshold of 0")]
    CustomZeroThreshold,
    /// Custom buckets are all on the positive side.
    #[error("custom buckets: must not have negative spans")]
    CustomNegativeSpans,
    /// Custom buckets are all on the positive side.
    #[error("custom buckets: must not have negative buckets")]
    CustomNegativeBuckets,
    /// Bounds where the schema gives them.
    #[error("histogram with exponential schema must not have custom bounds")]
    ExponentialCustomBounds,
    /// A run begins before the end of the one before it.
    #[error(
        "{side}: span number {number} with offset {offset}: histogram has a span whose offset is negative"
    )]
    NegativeOffset {
        /// Which buckets.
        side: &'static str,
        /// Which of the spans, counted from 1.
        number: usize,
        /// Its offset.
        offset: i32,
    },
    /// Spans and counts do not fit together.
    #[error(
        "{side}: spans need {spans} buckets, have {buckets} buckets: histogram spans specify different number of \
         buckets than provided"
    )]
    SpansMismatch {
        /// Which buckets.
        side: &'static str,
        /// How many buckets the spans have.
        spans: usize,
        /// How many counts there are.
        buckets: usize,
    },
    /// A bucket with a negative count.
    #[error(
        "{side}: bucket number {number} has observation count of {}: histogram has a bucket whose observation \
         count is negative", format_float(*.count, 'g', None)
    )]
    NegativeBucketCount {
        /// Which buckets.
        side: &'static str,
        /// Which of them, counted from 1.
        number: usize,
        /// Its count.
        count: f64,
    },
    /// A zero bucket with a negative count.
    #[error(
        "zero bucket has observation count of {}: histogram has a bucket whose observation count is negative",
        format_float(*.0, 'g', None)
    )]
    NegativeZeroCount(f64),
    /// A negative number of observations.
    #[error(
        "observation count is  {}: histogram's observation count is negative", format_float(*.0, 'g', None)
    )]
    NegativeCount(f64),
}

const POSITIVE: &str = "positive side";
const NEGATIVE: &str = "negative side";
const CUSTOM: &str = "custom buckets";

impl FloatHistogram {
    /// Whether its fields fit together, as Prometheus checks it when a histogram is stored: spans and counts, no
    /// negative count, nothing that its schema does not have. Whether the counts add up is not looked at, because
    /// rounding may keep them from it.
    ///
    /// # Errors
    /// What does not fit.
    pub fn validate(&self) -> Result<(), HistogramError> {
        if self.uses_custom_buckets() {
            self.validate_custom()?;
        } else if (EXPONENTIAL_SCHEMA_MIN..=EXPONENTIAL_SCHEMA_MAX).contains(&self.schema) {
            check_spans(&self.positive, POSITIVE, 1)?;
            check_spans(&self.negative, NEGATIVE, 1)?;
            check_counts(&self.negative, NEGATIVE)?;
            if self.zero_count < 0.0 {
                return Err(HistogramError::NegativeZeroCount(self.zero_count));
            }
            if !self.custom_values.is_empty() {
                return Err(HistogramError::ExponentialCustomBounds);
            }
        } else {
            return Err(HistogramError::InvalidSchema(self.schema));
        }
        if self.count < 0.0 {
            return Err(HistogramError::NegativeCount(self.count));
        }
        check_counts(&self.positive, POSITIVE)
    }

    fn validate_custom(&self) -> Result<(), HistogramError> {
        let bounds = &self.custom_values;
        let mut previous = None;
        for &current in &**bounds {
            if current.is_nan() {
                return Err(HistogramError::NanBound);
            }
            if let Some(previous) = previous.filter(|previous| current <= *previous) {
                return Err(HistogramError::UnorderedBounds { previous, current });
            }
            previous = Some(current);
        }
        if bounds.last() == Some(&f64::INFINITY) {
            return Err(HistogramError::InfiniteBound);
        }
        check_spans(&self.positive, CUSTOM, 0)?;
        let reach = |span: &BucketSpan| {
            usize::try_from(i64::from(span.offset) + i64::from(span.length)).unwrap_or(usize::MAX)
        };
        let buckets = self.positive.spans.iter().map(reach).fold(0_usize, usize::saturating_add);
        if bounds.len() + 1 < buckets {
            return Err(HistogramError::TooFewBounds { bounds: bounds.len(), buckets });
        }
        if self.zero_count != 0.0 {
            return Err(HistogramError::CustomZeroCount);
        }
        if self.zero_threshold != 0.0 {
            return Err(HistogramError::CustomZeroThreshold);
        }
        if !self.negative.spans.is_empty() {
            return Err(HistogramError::CustomNegativeSpans);
        }
        if !self.negative.counts.is_empty() {
            return Err(HistogramError::CustomNegativeBuckets);
        }
        Ok(())
    }
}

/// `first` is the first span (from 0) whose offset may not be negative.
fn check_spans(buckets: &Buckets, side: &'static str, first: usize) -> Result<(), HistogramError> {
    let bad = buckets.spans.iter().enumerate().skip(first).find(|(_, span)| span.offset < 0);
    if let Some((at, span)) = bad {
        return Err(HistogramError::NegativeOffset { side, number: at + 1, offset: span.offset });
    }
    let lengths = buckets.spans.iter().map(|span| usize::try_from(span.length).unwrap_or(usize::MAX));
    let spans = lengths.fold(0_usize, usize::saturating_add);
    if spans != buckets.counts.len() {
        return Err(HistogramError::SpansMismatch { side, spans, buckets: buckets.counts.len() });
    }
    Ok(())
}

fn check_counts(buckets: &Buckets, side: &'static str) -> Result<(), HistogramError> {
    match buckets.counts.iter().enumerate().find(|(_, count)| **count < 0.0) {
        None => Ok(()),
        Some((at, count)) => Err(HistogramError::NegativeBucketCount { side, number: at + 1, count: *count }),
    }
}
