//! What an evaluation says beside its result: warnings and infos, each with a place in the expression.
//!
//! The texts are Prometheus' own, as dashboards and tests compare them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use super::span::Span;
use crate::model::Timestamp;
use crate::model::number::format_float;
use crate::model::quote::GoQuoted;

/// Whether an annotation says that the result may be wrong, or only that it may surprise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// `PromQL warning`
    Warning,
    /// `PromQL info`
    Info,
}

/// What combines histograms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HistogramOperation {
    /// `+`
    Addition,
    /// `-`
    Subtraction,
    /// `sum` and the like
    Aggregation,
}

impl fmt::Display for HistogramOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Addition => "addition",
            Self::Subtraction => "subtraction",
            Self::Aggregation => "aggregation",
        })
    }
}

/// How far buckets of classic histograms had to be changed to rise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ForcedMonotonicity {
    /// First and last time at which it happened, milliseconds since the epoch.
    pub times: (i64, i64),
    /// The lowest and highest bucket that was changed.
    pub buckets: (f64, f64),
    /// The greatest change.
    pub max_diff: f64,
    /// How many samples.
    pub samples: usize,
}

/// One thing to say. An empty metric name is left out where Prometheus leaves it out.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the texts below say what each means")]
pub enum Annotation {
    InvalidRatio { ratio: f64, capped_to: f64 },
    InvalidQuantile(f64),
    BadBucketLabel { metric: String, label: String },
    MixedFloatsHistograms { metric: String },
    MixedFloatsHistogramsAggregation,
    MixedClassicNativeHistograms { metric: String },
    HistogramNotCounter { metric: String },
    HistogramNotGauge { metric: String },
    MixedExponentialCustomHistograms { metric: String },
    IncompatibleBucketLayout { operator: String },
    SortInRangeQuery,
    PossibleNonCounter { metric: String },
    PossibleNonCounterLabel { metric: String, label: String },
    ForcedMonotonicity { metric: String, extent: ForcedMonotonicity },
    IncompatibleTypes { left: String, operator: String, right: String },
    HistogramIgnoredInAggregation { aggregation: String },
    HistogramIgnoredInMixedRange { metric: String },
    QuantileNanResult { metric: String },
    QuantileNanSkew { metric: String },
    FractionNans { metric: String },
    CounterResetCollision(HistogramOperation),
    MismatchedCustomBuckets(HistogramOperation),
    StartTimeOverlap { metric: String, times: usize },
}

impl Annotation {
    /// Whether it is a warning or an info.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::InvalidRatio { .. }
            | Self::InvalidQuantile(_)
            | Self::BadBucketLabel { .. }
            | Self::MixedFloatsHistograms { .. }
            | Self::MixedFloatsHistogramsAggregation
            | Self::MixedClassicNativeHistograms { .. }
            | Self::HistogramNotCounter { .. }
            | Self::HistogramNotGauge { .. }
            | Self::MixedExponentialCustomHistograms { .. }
            | Self::IncompatibleBucketLayout { .. }
            | Self::SortInRangeQuery
            | Self::CounterResetCollision(_)
            | Self::StartTimeOverlap { .. } => Severity::Warning,
            Self::PossibleNonCounter { .. }
            | Self::PossibleNonCounterLabel { .. }
            | Self::ForcedMonotonicity { .. }
            | Self::IncompatibleTypes { .. }
            | Self::HistogramIgnoredInAggregation { .. }
            | Self::HistogramIgnoredInMixedRange { .. }
            | Self::QuantileNanResult { .. }
            | Self::QuantileNanSkew { .. }
            | Self::FractionNans { .. }
            | Self::MismatchedCustomBuckets(_) => Severity::Info,
        }
    }

    /// The text that decides whether two annotations are one: without what differs from sample to sample.
    fn essence(&self) -> String {
        let text = match self {
            Self::InvalidRatio { ratio, capped_to } => {
                let (ratio, to) = (go(*ratio), go(*capped_to));
                format!("ratio value should be between -1 and 1, got {ratio}, capping to {to}")
            }
            Self::InvalidQuantile(q) => format!("quantile value should be between 0 and 1, got {}", go(*q)),
            Self::BadBucketLabel { metric, label } => format!(
                "bucket label \"le\" is missing or has a malformed value of {}{}",
                GoQuoted(label),
                for_metric(metric)
            ),
            Self::MixedFloatsHistograms { metric } => {
                format!("encountered a mix of histograms and floats for metric name {}", GoQuoted(metric))
            }
            Self::MixedFloatsHistogramsAggregation => {
                "encountered a mix of histograms and floats for aggregation".to_owned()
            }
            Self::MixedClassicNativeHistograms { metric } => {
                format!("vector contains a mix of classic and native histograms{}", for_metric(metric))
            }
            Self::HistogramNotCounter { metric } => {
                format!("this native histogram metric is not a counter: {}", GoQuoted(metric))
            }
            Self::HistogramNotGauge { metric } => {
                format!("this native histogram metric is not a gauge: {}", GoQuoted(metric))
            }
            Self::MixedExponentialCustomHistograms { metric } => format!(
                "vector contains a mix of histograms with exponential and custom buckets schemas for metric name {}",
                GoQuoted(metric)
            ),
            Self::IncompatibleBucketLayout { operator } => {
                format!("incompatible bucket layout encountered for binary operator {operator}")
            }
            Self::SortInRangeQuery => {
                "sort is ineffective for range queries since results are always ordered by labels".to_owned()
            }
            Self::PossibleNonCounter { metric } => format!(
                "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {}",
                GoQuoted(metric)
            ),
            Self::PossibleNonCounterLabel { metric, label } => format!(
                "metric might not be a counter, __type__ label is not set to \"counter\" or \"histogram\", got {}: {}",
                GoQuoted(label),
                GoQuoted(metric)
            ),
            Self::ForcedMonotonicity { metric, .. } => format!(
                "input to histogram_quantile needed to be fixed for monotonicity (see \
                 https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile){}",
                for_metric(metric)
            ),
            Self::IncompatibleTypes { left, operator, right } => format!(
                "incompatible sample types encountered for binary operator {}: {left} {operator} {right}",
                GoQuoted(operator)
            ),
            Self::HistogramIgnoredInAggregation { aggregation } => {
                format!("ignored histogram in {aggregation} aggregation")
            }
            Self::HistogramIgnoredInMixedRange { metric } => format!(
                "ignored histograms in a range containing both floats and histograms for metric name {}",
                GoQuoted(metric)
            ),
            Self::QuantileNanResult { metric } => format!(
                "input to histogram_quantile has NaN observations, result is NaN{}",
                for_metric(metric)
            ),
            Self::QuantileNanSkew { metric } => format!(
                "input to histogram_quantile has NaN observations, result is skewed higher{}",
                for_metric(metric)
            ),
            Self::FractionNans { metric } => format!(
                "input to histogram_fraction has NaN observations, which are excluded from all fractions{}",
                for_metric(metric)
            ),
            Self::CounterResetCollision(operation) => {
                format!("conflicting counter resets during histogram {operation}")
            }
            Self::MismatchedCustomBuckets(operation) => {
                format!("mismatched custom buckets were reconciled during {operation}")
            }
            Self::StartTimeOverlap { metric, .. } => format!(
                "sample has start time that overlaps with previous sample timestamp for metric {}",
                GoQuoted(metric)
            ),
        };
        match self.severity() {
            Severity::Warning => format!("PromQL warning: {text}"),
            Severity::Info => format!("PromQL info: {text}"),
        }
    }

    /// What it says beyond its essence, once all samples have been seen.
    fn details(&self) -> String {
        match self {
            Self::ForcedMonotonicity { extent, .. } => {
                let time = |millis: i64| Timestamp::from_secs(millis.div_euclid(1000)).rfc3339();
                format!(
                    ", from buckets {} to {}, with a max diff of {}, over {} samples from {} to {}",
                    go(extent.buckets.0),
                    go(extent.buckets.1),
                    format_float(extent.max_diff, 'g', Some(2)),
                    extent.samples,
                    time(extent.times.0),
                    time(extent.times.1)
                )
            }
            Self::StartTimeOverlap { times, .. } if *times > 1 => format!(" ({times} occurrences)"),
            _ => String::new(),
        }
    }

    /// Adds what another one of the same essence says beyond it; false if neither says more.
    fn merge(&mut self, other: &Self) -> bool {
        match (self, other) {
            (Self::ForcedMonotonicity { extent, .. }, Self::ForcedMonotonicity { extent: new, .. }) => {
                extent.times = (extent.times.0.min(new.times.0), extent.times.1.max(new.times.1));
                extent.buckets = (extent.buckets.0.min(new.buckets.0), extent.buckets.1.max(new.buckets.1));
                extent.max_diff = extent.max_diff.max(new.max_diff);
                extent.samples += new.samples;
                true
            }
            (Self::StartTimeOverlap { times, .. }, Self::StartTimeOverlap { times: new, .. }) => {
                *times += new;
                true
            }
            _ => false,
        }
    }
}

fn go(value: f64) -> String {
    format_float(value, 'g', None)
}

fn for_metric(metric: &str) -> String {
    if metric.is_empty() { String::new() } else { format!(" for metric name {}", GoQuoted(metric)) }
}

/// All annotations of an evaluation, each text once. As in Prometheus, its place is the last one that gave it,
/// but the first one if it sums up what several gave.
#[derive(Clone, Debug, Default)]
pub struct Annotations {
    by_essence: BTreeMap<String, (Annotation, Span)>,
}

impl Annotations {
    /// Adds one that `span` of the expression gave.
    pub fn add(&mut self, annotation: Annotation, span: Span) {
        match self.by_essence.entry(annotation.essence()) {
            Entry::Vacant(entry) => {
                entry.insert((annotation, span));
            }
            Entry::Occupied(mut entry) => {
                if !entry.get_mut().0.merge(&annotation) {
                    entry.get_mut().1 = span;
                }
            }
        }
    }

    /// The texts of one severity, each with line and column in the text of the query, as Prometheus' API has them.
    #[must_use]
    pub fn texts(&self, severity: Severity, query: &str) -> Vec<String> {
        let mine = self.by_essence.iter().filter(|(_, (annotation, _))| annotation.severity() == severity);
        mine.map(|(essence, (annotation, span))| {
            let (line, column) = span.line_and_column(query);
            format!("{essence}{} ({line}:{column})", annotation.details())
        })
        .collect()
    }

    /// As [`Annotations::texts`], but at most `most` of them and how many more there are, as Prometheus' API
    /// answers: each metric may give one.
    #[must_use]
    pub fn some_texts(&self, severity: Severity, query: &str, most: usize) -> Vec<String> {
        let mut texts = self.texts(severity, query);
        let omitted = texts.len().saturating_sub(most);
        if omitted > 0 {
            let kind = match severity {
                Severity::Warning => "warning",
                Severity::Info => "info",
            };
            texts.truncate(most);
            texts.push(format!("{omitted} more {kind} annotations omitted"));
        }
        texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_thing_said_twice_is_said_once_with_its_whole_extent() {
        let one = |t: i64, bucket: f64| Annotation::ForcedMonotonicity {
            metric: "h_bucket".to_owned(),
            extent: ForcedMonotonicity {
                times: (t, t),
                buckets: (bucket, bucket),
                max_diff: bucket / 1000.0,
                samples: 1,
            },
        };
        let mut annotations = Annotations::default();
        annotations.add(one(60_000, 0.5), Span::new(10, 20));
        annotations.add(one(0, 2.0), Span::new(10, 20));
        annotations.add(Annotation::InvalidQuantile(1.5), Span::new(0, 3));
        annotations.add(Annotation::InvalidQuantile(1.5), Span::new(4, 5));
        assert_eq!(
            annotations.texts(Severity::Info, "sum(a +\n  histogram_quantile(1.5, h))"),
            ["PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see \
              https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) \
              for metric name \"h_bucket\", from buckets 0.5 to 2, with a max diff of 0.002, over 2 samples \
              from 1970-01-01T00:00:00Z to 1970-01-01T00:01:00Z (2:3)"]
        );
        assert_eq!(
            annotations.texts(Severity::Warning, "f(a, b)"),
            ["PromQL warning: quantile value should be between 0 and 1, got 1.5 (1:5)"]
        );
    }
    #[test]
    fn of_many_texts_some_are_shown_and_the_others_counted() {
        let mut annotations = Annotations::default();
        for metric in ["a", "b", "c"] {
            annotations.add(Annotation::PossibleNonCounter { metric: metric.to_owned() }, Span::default());
        }
        annotations.add(Annotation::SortInRangeQuery, Span::default());
        for (most, infos) in [(3, 3), (2, 3), (0, 1)] {
            let texts = annotations.some_texts(Severity::Info, "x", most);
            assert_eq!(texts.len(), infos, "{texts:?}");
            let omitted = format!("{} more info annotations omitted", 3 - most);
            assert_eq!(texts.last() == Some(&omitted), most < 3, "{texts:?}");
        }
        assert_eq!(annotations.some_texts(Severity::Warning, "x", 10).len(), 1);
    }
}
