//! Functions of histograms, classic and native: `histogram_quantile` and its like.
//!
//! A classic histogram is several samples that differ in the label `le`, a native one is one sample. `classic` knows
//! how to compute with the former, [`crate::promql::histogram`] with the latter.

use super::math::number;
use super::statistics::is_quantile;
use super::vectors::{vector, without_metadata};
use super::{Argument, Context};
use crate::model::LabelSet;
use crate::model::labels::METRIC_NAME;
use crate::model::number::format_float;
use crate::promql::annotations::{Annotation, ForcedMonotonicity};
use crate::promql::histogram::{FloatHistogram, NanObservations};
use crate::promql::value::{Value, VectorSample};

mod classic;
mod split;
#[cfg(test)]
mod tests;

use classic::{ClassicBuckets, Forced};
use split::Histograms;

/// `histogram_quantile(φ, v)`
pub(super) fn quantile(args: &[Argument<'_>], context: &mut Context<'_>) -> Vec<VectorSample> {
    let q = number(args, 0);
    warn_of_quantile(q, 0, context);
    let mut histograms = Histograms::split(vector(args, 1), 1, context);
    quantiles_of(q, &mut histograms, 1, context)
}

/// `histogram_quantiles(v, label, φ, …)`: one sample for each φ, which is in the label.
pub(super) fn quantiles(args: &[Argument<'_>], context: &mut Context<'_>) -> Vec<VectorSample> {
    let label = match args.get(1) {
        Some(Argument::String(label)) => *label,
        Some(Argument::Vector(_) | Argument::Scalar(_)) | None => "",
    };
    let mut histograms = Histograms::split(vector(args, 0), 0, context);
    let mut result = Vec::new();
    for at in 2..args.len() {
        let q = number(args, at);
        warn_of_quantile(q, at, context);
        let text = open_metrics_float(q);
        for mut sample in quantiles_of(q, &mut histograms, 0, context) {
            let mut builder = sample.labels.to_builder();
            builder.set(label, &text);
            sample.labels = builder.build();
            result.push(sample);
        }
    }
    result
}

/// `histogram_fraction(lower, upper, v)`
pub(super) fn fraction(args: &[Argument<'_>], context: &mut Context<'_>) -> Vec<VectorSample> {
    let (lower, upper) = (number(args, 0), number(args, 1));
    let mut histograms = Histograms::split(vector(args, 2), 2, context);
    let mut result = Vec::new();
    for (labels, histogram) in &histograms.native {
        let (fraction, nan) = histogram.fraction(lower, upper);
        if nan {
            context.say_of(2, Annotation::FractionNans { metric: shown_name(labels, context) });
        }
        result.push(sample(result_labels(labels, context), fraction, context));
    }
    for (labels, buckets) in &mut histograms.classic {
        let fraction = buckets.fraction(lower, upper);
        result.push(sample(result_labels(labels, context), fraction, context));
    }
    result
}

/// `histogram_count(v)`
pub(super) fn count(args: &[Argument<'_>], context: &mut Context<'_>) -> Vec<VectorSample> {
    each_native(args, context, |histogram| histogram.count)
}

/// `histogram_sum(v)`
pub(super) fn sum(args: &[Argument<'_>], context: &mut Context<'_>) -> Vec<VectorSample> {
    each_native(args, context, |histogram| histogram.sum)
}

/// `histogram_avg(v)`
pub(super) fn avg(args: &[Argument<'_>], context: &mut Context<'_>) -> Vec<VectorSample> {
    each_native(args, context, |histogram| histogram.sum / histogram.count)
}

/// `histogram_stddev(v)`
pub(super) fn stddev(args: &[Argument<'_>], context: &mut Context<'_>) -> Vec<VectorSample> {
    each_native(args, context, FloatHistogram::standard_deviation)
}

/// `histogram_stdvar(v)`
pub(super) fn stdvar(args: &[Argument<'_>], context: &mut Context<'_>) -> Vec<VectorSample> {
    each_native(args, context, FloatHistogram::variance)
}

/// The `q`-quantile of each histogram of the argument `argument`.
fn quantiles_of(
    q: f64,
    histograms: &mut Histograms<'_>,
    argument: usize,
    context: &mut Context<'_>,
) -> Vec<VectorSample> {
    let mut result = Vec::with_capacity(histograms.native.len() + histograms.classic.len());
    for (labels, histogram) in &histograms.native {
        let quantile = histogram.quantile(q);
        let metric = || shown_name(labels, context);
        let nan = match quantile.nan {
            NanObservations::None => None,
            NanObservations::Skewed => Some(Annotation::QuantileNanSkew { metric: metric() }),
            NanObservations::Result => Some(Annotation::QuantileNanResult { metric: metric() }),
        };
        if let Some(annotation) = nan {
            context.say_of(argument, annotation);
        }
        result.push(sample(result_labels(labels, context), quantile.value, context));
    }
    for (labels, buckets) in &mut histograms.classic {
        let (quantile, forced) = buckets.quantile(q);
        if let Some(forced) = forced {
            context.say_of(argument, forced_monotonicity(labels, forced, context));
        }
        result.push(sample(result_labels(labels, context), quantile, context));
    }
    result
}

fn forced_monotonicity(labels: &LabelSet, forced: Forced, context: &Context<'_>) -> Annotation {
    let extent = ForcedMonotonicity {
        times: (context.step, context.step),
        buckets: forced.buckets,
        max_diff: forced.max_diff,
        samples: 1,
    };
    Annotation::ForcedMonotonicity { metric: shown_name(labels, context), extent }
}

fn warn_of_quantile(q: f64, argument: usize, context: &mut Context<'_>) {
    if !is_quantile(q) {
        context.say_of(argument, Annotation::InvalidQuantile(q));
    }
}

/// One number from each native histogram; floats are left out.
fn each_native(
    args: &[Argument<'_>],
    context: &Context<'_>,
    compute: impl Fn(&FloatHistogram) -> f64,
) -> Vec<VectorSample> {
    let numbers = vector(args, 0).iter().filter_map(|element| match &element.value {
        Value::Float(_) => None,
        Value::Histogram(histogram) => {
            let keeps = context.delayed_name_removal;
            let labels = if keeps { element.labels.clone() } else { element.labels.without(METRIC_NAME) };
            Some(sample(labels, compute(histogram), context))
        }
    });
    numbers.collect()
}

fn sample(labels: LabelSet, value: f64, context: &Context<'_>) -> VectorSample {
    VectorSample { labels, drop_name: true, value: Value::Float(value), t: context.step }
}

/// Without name, type and unit, unless they are dropped later.
fn result_labels(labels: &LabelSet, context: &Context<'_>) -> LabelSet {
    if context.delayed_name_removal { labels.clone() } else { without_metadata(labels) }
}

/// The name that annotations give; there is one only where names are dropped later.
fn shown_name(labels: &LabelSet, context: &Context<'_>) -> String {
    if context.delayed_name_removal { labels.value(METRIC_NAME).to_owned() } else { String::new() }
}

/// A float as a label value: whole numbers have `.0`, and zero has no sign.
fn open_metrics_float(value: f64) -> String {
    let text = format_float(value + 0.0, 'g', None);
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if is_whole { text + ".0" } else { text }
}
