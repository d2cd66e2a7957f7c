//! Classic histograms (series `_bucket`, `_count`, `_sum`) as native ones with custom buckets.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Buckets, CUSTOM_BUCKETS_SCHEMA, FloatHistogram, HistogramError};
use crate::model::LabelSet;
use crate::model::labels::METRIC_NAME;
use crate::model::number::{format_float, parse_float};
use crate::promql::value::{FloatPoint, HistogramPoint, Series};

/// Why classic series make no native histogram.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ClassicError {
    /// Fewer than nothing.
    #[error(
        "bucket count must be non-negative: le={}, count={}",
        format_float(*.le, 'g', None), format_float(*.count, 'g', None)
    )]
    NegativeBucket {
        /// The upper bound.
        le: f64,
        /// The count.
        count: f64,
    },
    /// Fewer than nothing.
    #[error("count must be non-negative: count={}", format_float(*.0, 'g', None))]
    NegativeCount(f64),
    /// A bucket has fewer observations than a smaller one within it.
    #[error(
        "count is not cumulative: {} < {}", format_float(*.count, 'g', None), format_float(*.before, 'g', None)
    )]
    NotCumulative {
        /// The count.
        count: f64,
        /// The count of the bucket before it.
        before: f64,
    },
    /// The greatest bucket and the count differ.
    #[error(
        "count mismatch: count={} != le=+Inf count={}",
        format_float(*.count, 'g', None), format_float(*.infinite, 'g', None)
    )]
    CountMismatch {
        /// The series `_count`.
        count: f64,
        /// The bucket `+Inf`.
        infinite: f64,
    },
    /// The native histogram is not valid.
    #[error(transparent)]
    Invalid(#[from] HistogramError),
}

/// What is known of a classic histogram at one time.
#[derive(Clone, Debug, Default)]
struct Parts {
    /// Upper bounds and how many observations are at most that.
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: f64,
}

/// What a series has of a classic histogram, by the end of its name.
#[derive(Clone, Copy)]
enum Part {
    Bucket(f64),
    Count,
    Sum,
}

/// Native histograms with custom buckets from all classic ones among `series`, one series for each, as
/// `load_with_nhcb` in Prometheus' tests makes them. Series of other kinds are passed over.
///
/// # Errors
/// The counts of a histogram contradict each other.
pub fn from_classic<'a>(
    series: impl IntoIterator<Item = (&'a LabelSet, &'a [FloatPoint])>,
) -> Result<Vec<Series>, ClassicError> {
    let mut all: BTreeMap<LabelSet, BTreeMap<i64, Parts>> = BTreeMap::new();
    for (labels, floats) in series {
        let Some((labels, part)) = part_of(labels) else { continue };
        let times = all.entry(labels).or_default();
        for point in floats {
            let parts = times.entry(point.t).or_default();
            match part {
                Part::Bucket(le) => parts.buckets.push((le, point.v)),
                Part::Count => parts.count = Some(point.v),
                Part::Sum => parts.sum = point.v,
            }
        }
    }
    let histogram = |(t, parts): (i64, Parts)| Ok(HistogramPoint { t, h: Arc::new(parts.into_histogram()?) });
    let series = |(labels, times): (LabelSet, BTreeMap<i64, Parts>)| {
        let histograms = times.into_iter().map(histogram).collect::<Result<_, ClassicError>>()?;
        Ok(Series { labels, histograms, ..Series::default() })
    };
    all.into_iter().map(series).collect()
}

/// The labels of the whole histogram, and what of it this is.
fn part_of(labels: &LabelSet) -> Option<(LabelSet, Part)> {
    let name = labels.value(METRIC_NAME);
    let (name, part) = if let Some(name) = name.strip_suffix("_bucket") {
        let le = parse_float(labels.value("le")).filter(|le| !le.is_nan())?;
        (name, Part::Bucket(le))
    } else if let Some(name) = name.strip_suffix("_sum") {
        (name, Part::Sum)
    } else {
        (name.strip_suffix("_count")?, Part::Count)
    };
    let mut builder = labels.to_builder();
    builder.set(METRIC_NAME, name).remove("le");
    Some((builder.build(), part))
}

impl Parts {
    fn into_histogram(mut self) -> Result<FloatHistogram, ClassicError> {
        self.buckets.sort_by(|one, two| one.0.total_cmp(&two.0));
        self.buckets.dedup_by(|later, first| later.0 == first.0);
        self.check()?;
        let count = self.count.or(self.buckets.last().map(|(_, count)| *count)).unwrap_or(0.0);
        if self.buckets.last().is_none_or(|(le, _)| *le != f64::INFINITY) {
            self.buckets.push((f64::INFINITY, count));
        }
        let infinite = self.buckets.last().map_or(0.0, |(_, count)| *count);
        if infinite != count {
            return Err(ClassicError::CountMismatch { count, infinite });
        }
        let mut before = 0.0;
        let counts = self.buckets.iter().map(|(_, count)| count - std::mem::replace(&mut before, *count));
        let bounds = self.buckets.iter().map(|(le, _)| *le).filter(|le| *le != f64::INFINITY);
        let mut histogram = FloatHistogram {
            schema: CUSTOM_BUCKETS_SCHEMA,
            count,
            sum: self.sum,
            positive: Buckets::run(0, counts.collect()),
            custom_values: bounds.collect(),
            ..FloatHistogram::default()
        };
        // Whole numbers would be stored in a form that keeps up to two empty buckets between others.
        let whole = self.buckets.iter().all(|(_, count)| count.fract() == 0.0);
        histogram.compact(if whole { 2 } else { 0 });
        histogram.validate()?;
        Ok(histogram)
    }

    fn check(&self) -> Result<(), ClassicError> {
        if let Some((le, count)) = self.buckets.iter().find(|(_, count)| *count < 0.0) {
            return Err(ClassicError::NegativeBucket { le: *le, count: *count });
        }
        if let Some(count) = self.count.filter(|count| *count < 0.0) {
            return Err(ClassicError::NegativeCount(count));
        }
        match self.buckets.windows(2).find(|pair| pair[1].1 < pair[0].1) {
            Some(pair) => Err(ClassicError::NotCumulative { count: pair[1].1, before: pair[0].1 }),
            None => Ok(()),
        }
    }
}
