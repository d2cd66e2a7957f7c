//! `*_over_time` that put together or pick the samples of a window: sums, means, extremes, first and last.

use std::sync::Arc;

use super::kahan::KahanSum;
use super::notes::Notes;
use super::{Context, Window};
use crate::promql::histogram::FloatHistogram;
use crate::promql::value::{FloatPoint, HistogramPoint, Value};

mod histograms;

/// `sum_over_time`: of floats or of histograms, not of both.
pub(super) fn sum(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    if window.is_mixed() {
        return window.refuse_mix(ctx);
    }
    if window.floats.is_empty() {
        return of_histograms(window, ctx, histograms::sum);
    }
    let KahanSum { sum, compensation } = window.floats.iter().map(|point| point.v).collect();
    Some(Value::Float(if sum.is_infinite() { sum } else { sum + compensation }))
}

/// `avg_over_time`: of floats or of histograms, not of both.
pub(super) fn avg(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    if window.is_mixed() {
        return window.refuse_mix(ctx);
    }
    if window.floats.is_empty() {
        return of_histograms(window, ctx, histograms::mean);
    }
    mean(window.floats).map(Value::Float)
}

/// The mean of at least one float. It is the sum divided by the count while the sum fits; from the value on that
/// would make it infinite, the mean itself is carried along.
fn mean(points: &[FloatPoint]) -> Option<f64> {
    let (first, rest) = points.split_first()?;
    let mut sum = KahanSum::starting_with(first.v);
    let mut count = 1.0;
    let mut rest = rest.iter();
    for point in rest.by_ref() {
        let next = sum.plus(point.v);
        if next.sum.is_infinite() {
            let mean = sum.divided(count);
            return Some(incremental_mean(mean, count, point.v, rest.as_slice()));
        }
        (sum, count) = (next, count + 1.0);
    }
    let parts = sum.divided(count);
    Some(parts.total())
}

/// The mean of `count` values whose mean is `mean`, of `next` and of all `points`.
fn incremental_mean(mean: KahanSum, count: f64, next: f64, points: &[FloatPoint]) -> f64 {
    let mut mean = mean;
    let mut count = count;
    for value in std::iter::once(next).chain(points.iter().map(|point| point.v)) {
        count += 1.0;
        mean = mean.scaled((count - 1.0) / count).plus(value / count);
    }
    mean.total()
}

fn of_histograms(
    window: &Window<'_>,
    ctx: &mut Context<'_>,
    aggregate: fn(&[HistogramPoint], &mut Notes<'_>) -> Option<FloatHistogram>,
) -> Option<Value> {
    let mut notes = Notes::about(window.labels);
    let result = aggregate(window.histograms, &mut notes);
    notes.tell(ctx);
    result.map(|histogram| Value::Histogram(Arc::new(histogram)))
}

/// `count_over_time`: floats and histograms.
pub(super) fn count(window: &Window<'_>, _: &mut Context<'_>) -> Option<Value> {
    Some(Value::Float((window.floats.len() + window.histograms.len()) as f64))
}

/// `present_over_time`: 1 for every series that has samples.
pub(super) fn present(_: &Window<'_>, _: &mut Context<'_>) -> Option<Value> {
    Some(Value::Float(1.0))
}

/// `first_over_time`: the oldest sample.
pub(super) fn first(window: &Window<'_>, _: &mut Context<'_>) -> Option<Value> {
    match (window.floats.first(), window.histograms.first()) {
        (Some(float), None) => Some(Value::Float(float.v)),
        (Some(float), Some(histogram)) if float.t < histogram.t => Some(Value::Float(float.v)),
        (_, Some(histogram)) => Some(Value::Histogram(histogram.h.clone())),
        (None, None) => None,
    }
}

/// `last_over_time`: the newest sample.
pub(super) fn last(window: &Window<'_>, _: &mut Context<'_>) -> Option<Value> {
    match (window.floats.last(), window.histograms.last()) {
        (Some(float), None) => Some(Value::Float(float.v)),
        (Some(float), Some(histogram)) if histogram.t < float.t => Some(Value::Float(float.v)),
        (_, Some(histogram)) => Some(Value::Histogram(histogram.h.clone())),
        (None, None) => None,
    }
}

/// `max_over_time`: of the floats; NaN only if all are.
pub(super) fn max(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    pick(window, ctx, |value, best| value > best).map(|point| Value::Float(point.v))
}

/// `min_over_time`: of the floats; NaN only if all are.
pub(super) fn min(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    pick(window, ctx, |value, best| value < best).map(|point| Value::Float(point.v))
}

/// `ts_of_max_over_time`: when the greatest float was last seen, in seconds.
pub(super) fn ts_of_max(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    pick(window, ctx, |value, best| value >= best).map(|point| time(point.t))
}

/// `ts_of_min_over_time`: when the least float was last seen, in seconds.
pub(super) fn ts_of_min(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    pick(window, ctx, |value, best| value <= best).map(|point| time(point.t))
}

/// `ts_of_first_over_time`: the time of the oldest sample, in seconds.
pub(super) fn ts_of_first(window: &Window<'_>, _: &mut Context<'_>) -> Option<Value> {
    let firsts = [window.floats.first().map(|p| p.t), window.histograms.first().map(|p| p.t)];
    firsts.into_iter().flatten().min().map(time)
}

/// `ts_of_last_over_time`: the time of the newest sample, in seconds.
pub(super) fn ts_of_last(window: &Window<'_>, _: &mut Context<'_>) -> Option<Value> {
    let lasts = [window.floats.last().map(|p| p.t), window.histograms.last().map(|p| p.t)];
    lasts.into_iter().flatten().max().map(time)
}

fn time(millis: i64) -> Value {
    Value::Float(millis as f64 / 1000.0)
}

/// The float that is `better` than all before it; any is better than NaN.
fn pick(window: &Window<'_>, ctx: &mut Context<'_>, better: fn(f64, f64) -> bool) -> Option<FloatPoint> {
    let first = *window.floats.first()?;
    window.say_if_histograms_ignored(ctx);
    let pick = |best: FloatPoint, point: &FloatPoint| {
        if better(point.v, best.v) || best.v.is_nan() { *point } else { best }
    };
    Some(window.floats.iter().fold(first, pick))
}

#[cfg(test)]
mod tests;
