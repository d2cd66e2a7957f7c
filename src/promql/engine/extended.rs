//! Selectors with `anchored` or `smoothed`, which use samples at and beyond the borders of a range.

use super::error::EvalError;
use super::evaluator::Evaluator;
use super::prepare::Selector;
use super::steps::Steps;
use super::window::{self, Frame, Ranged};
use crate::model::labels::METRIC_NAME;
use crate::promql::annotations::{Annotation, HistogramOperation};
use crate::promql::ast::Extension;
use crate::promql::histogram::{CounterResetHint, FloatHistogram, HistogramError};
use crate::promql::signature::Function;
use crate::promql::source::TimeWindow;
use crate::promql::span::Span;
use crate::promql::value::{FloatPoint, HistogramPoint, Series};
use std::sync::Arc;

/// Refuses functions that do not know what to do with samples beyond the borders.
pub(super) fn check_function(function: Function, extension: Option<Extension>) -> Result<(), EvalError> {
    let name = function.signature().name;
    let is_rate = matches!(function, Function::Delta | Function::Increase | Function::Rate);
    match extension {
        Some(Extension::Anchored)
            if !is_rate && !matches!(function, Function::Changes | Function::Resets) =>
        {
            let allowed = "changes, delta, increase, rate, resets";
            Err(EvalError::ModifierNotAllowed { modifier: "anchored", allowed, function: name })
        }
        Some(Extension::Smoothed) if !is_rate => {
            let allowed = "delta, increase, rate";
            Err(EvalError::ModifierNotAllowed { modifier: "smoothed", allowed, function: name })
        }
        Some(Extension::Anchored | Extension::Smoothed) | None => Ok(()),
    }
}

/// Gives a range points at its borders, which stand for samples beyond them.
pub(super) fn extend(series: &mut Series, frame: &Frame, t: i64) -> Result<(), EvalError> {
    let (name, smoothed) = match frame.extension {
        None => return Ok(()),
        Some(Extension::Anchored) => ("anchored", false),
        Some(Extension::Smoothed) => ("smoothed", true),
    };
    if !series.histograms.is_empty() {
        return Err(EvalError::ModifierOfHistograms(name));
    }
    let (start, end) = frame.bounds(t);
    series.floats = with_borders(&series.floats, start, end, smoothed);
    Ok(())
}

fn with_borders(floats: &[FloatPoint], start: i64, end: i64, smoothed: bool) -> Vec<FloatPoint> {
    let Some(mut last) = floats.len().checked_sub(1) else { return Vec::new() };
    let mut first = floats[..last].partition_point(|point| point.t <= start).saturating_sub(1);
    if smoothed {
        last = floats[..last].partition_point(|point| point.t < end);
    }
    if floats[last].t <= start {
        return Vec::new();
    }
    let left = match floats.get(first + 1) {
        Some(next) if smoothed && floats[first].t < start => between(floats[first], *next, start),
        Some(_) | None => floats[first].v,
    };
    let right = if smoothed && last > 0 && floats[last].t > end {
        between(floats[last - 1], floats[last], end)
    } else {
        floats[last].v
    };
    if floats[first].t <= start {
        first += 1;
    }
    let inner_end = if floats[last].t >= end { last } else { last + 1 };
    let mut result = vec![FloatPoint { t: start, v: left }];
    result.extend(floats.get(first..inner_end).unwrap_or_default());
    result.push(FloatPoint { t: end, v: right });
    result
}

/// The value at a time on the straight line through two points.
fn between(one: FloatPoint, other: FloatPoint, t: i64) -> f64 {
    one.v + (other.v - one.v) * (t - one.t) as f64 / (other.t - one.t) as f64
}

impl Evaluator<'_> {
    /// A `smoothed` selector: values between samples are on the line between them.
    pub(super) fn smoothed(
        &mut self,
        selector: &Selector,
        span: Span,
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        let lookback = self.options.lookback;
        let (from, to) = (
            selector.shift.of(steps.start).saturating_sub(lookback),
            selector.shift.of(steps.last()).saturating_add(lookback),
        );
        let window = TimeWindow { from: from.saturating_add(1), to };
        let mut matrix = Vec::new();
        for stored in self.source.select(&selector.matchers, window)? {
            let ranged = Ranged::stored(stored, (from, to), selector.stats);
            self.limits.tick(steps.count() + ranged.floats.len())?;
            let mut series = Series { labels: ranged.labels.clone(), ..Series::default() };
            for t in steps.iter() {
                self.smoothed_point(&mut series, &ranged, (t, selector.shift.of(t)), span);
            }
            self.limits.keep(series, &mut matrix)?;
        }
        Ok(matrix)
    }

    fn smoothed_point(&mut self, series: &mut Series, ranged: &Ranged<'_>, (t, at): (i64, i64), span: Span) {
        let (from, to) = (at.saturating_sub(self.options.lookback), at.saturating_add(self.options.lookback));
        let floats = window::between(&ranged.floats, from, to, |point| point.t);
        let histograms = window::between(&ranged.histograms, from, to, |point| point.t);
        if !floats.is_empty() && !histograms.is_empty() {
            let metric = ranged.labels.value(METRIC_NAME).to_owned();
            return self.say(Annotation::MixedFloatsHistograms { metric }, span);
        }
        let index = floats.partition_point(|point| point.t < at);
        match (index.checked_sub(1).map(|before| floats[before]), floats.get(index)) {
            (_, Some(point)) if point.t == at => series.floats.push(FloatPoint { t, v: point.v }),
            (Some(one), Some(other)) => series.floats.push(FloatPoint { t, v: between(one, *other, at) }),
            (Some(one), None) => series.floats.push(FloatPoint { t, v: one.v }),
            (None, _) => {}
        }
        let index = histograms.partition_point(|point| point.t < at);
        let before = index.checked_sub(1).map(|before| &histograms[before]);
        let h = match (before, histograms.get(index)) {
            (_, Some(point)) if point.t == at => Some(Arc::clone(&point.h)),
            (Some(one), Some(other)) => self.histogram_between(one, other, at, ranged, span),
            (Some(one), None) => {
                let mut h = FloatHistogram::clone(&one.h);
                h.counter_reset_hint = CounterResetHint::Unknown;
                Some(Arc::new(h))
            }
            (None, _) => None,
        };
        series.histograms.extend(h.map(|h| HistogramPoint { t, h }));
    }

    /// The histogram at a time between two others.
    fn histogram_between(
        &mut self,
        one: &HistogramPoint,
        other: &HistogramPoint,
        at: i64,
        ranged: &Ranged<'_>,
        span: Span,
    ) -> Option<Arc<FloatHistogram>> {
        let is_gauge = |point: &HistogramPoint| point.h.counter_reset_hint == CounterResetHint::Gauge;
        let is_counter = !(is_gauge(one) && is_gauge(other));
        let share = (at - one.t) as f64 / (other.t - one.t) as f64;
        match interpolated(&one.h, &other.h, share, is_counter) {
            Ok((h, reconciled)) => {
                if reconciled {
                    self.say(Annotation::MismatchedCustomBuckets(HistogramOperation::Subtraction), span);
                }
                Some(Arc::new(h))
            }
            Err(_) => {
                let metric = ranged.labels.value(METRIC_NAME).to_owned();
                self.say(Annotation::MixedExponentialCustomHistograms { metric }, span);
                None
            }
        }
    }
}

/// The histogram at a share of the way from one to the other, and whether bounds had to be reconciled. After a
/// reset a counter is taken to have begun at zero.
fn interpolated(
    one: &FloatHistogram,
    other: &FloatHistogram,
    share: f64,
    is_counter: bool,
) -> Result<(FloatHistogram, bool), HistogramError> {
    if one.uses_custom_buckets() != other.uses_custom_buckets() {
        return Err(HistogramError::IncompatibleSchema);
    }
    let mut result = other.clone();
    if is_counter && other.detect_reset(one) {
        result.mul(share);
        return Ok((result, false));
    }
    let mut reconciled = result.sub(one)?.reconciled;
    result.mul(share);
    reconciled |= result.add(one)?.reconciled;
    Ok((result, reconciled))
}
