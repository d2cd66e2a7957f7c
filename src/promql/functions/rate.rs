//! `rate`, `increase` and `delta`: the change between the first and the last sample, extrapolated to the borders of
//! the window.

use std::sync::Arc;

use super::notes::Notes;
use super::starts::{self, Starts};
use super::window::seconds;
use super::{Context, Window, extended};
use crate::promql::annotations::Annotation;
use crate::promql::histogram::{CounterResetHint, FloatHistogram};
use crate::promql::value::{FloatPoint, HistogramPoint, Value};

/// What kind of change is computed.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// Falling values are resets of a counter.
    pub(super) counter: bool,
    /// The change is divided by the length of the range.
    pub(super) per_second: bool,
}

/// `rate`: of a counter, per second.
pub(super) fn rate(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    change(window, ctx, Kind { counter: true, per_second: true })
}

/// `increase`: of a counter.
pub(super) fn increase(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    change(window, ctx, Kind { counter: true, per_second: false })
}

/// `delta`: of a gauge.
pub(super) fn delta(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    change(window, ctx, Kind { counter: false, per_second: false })
}

fn change(window: &Window<'_>, ctx: &mut Context<'_>, kind: Kind) -> Option<Value> {
    if window.is_mixed() {
        return window.refuse_mix(ctx);
    }
    if window.histograms.is_empty() {
        let change = match window.extension {
            Some(extension) => extended::of_floats(window, kind, extension)?,
            None => of_floats(window, kind, ctx)?,
        };
        return Some(Value::Float(change));
    }
    let mut notes = Notes::about(window.labels);
    let change = match window.extension {
        Some(extension) => extended::of_histograms(window, kind, extension, &mut notes),
        None => of_histograms(window, kind, &mut notes),
    };
    notes.tell(ctx);
    change.map(|histogram| Value::Histogram(Arc::new(histogram)))
}

fn of_floats(window: &Window<'_>, kind: Kind, ctx: &mut Context<'_>) -> Option<f64> {
    let (first, last) = (window.floats.first()?, window.floats.last()?);
    let samples = Samples::new(window, first.t, last.t, window.floats.len())?;
    let mut change = last.v - first.v;
    if kind.counter {
        let mut starts = Starts(window.starts);
        for pair in window.floats.windows(2) {
            if let [before, after] = pair
                && (after.v < before.v || starts.tell_reset(before.t, after.t))
            {
                change += before.v;
            }
        }
    }
    if starts::overlap(window.starts, window.floats.iter().map(|point| point.t)) {
        ctx.say_of(0, Annotation::StartTimeOverlap { metric: window.metric(), times: 1 });
    }
    if samples.began.is_some() {
        change += first.v;
    }
    let zero = (change > 0.0 && first.v >= 0.0).then(|| first.v / change);
    Some(change * factor(window, kind, samples, zero))
}

fn of_histograms(window: &Window<'_>, kind: Kind, notes: &mut Notes<'_>) -> Option<FloatHistogram> {
    let (first, last) = (window.histograms.first()?, window.histograms.last()?);
    let samples = Samples::new(window, first.t, last.t, window.histograms.len())?;
    let mut change = if samples.count == 1 {
        FloatHistogram::clone(&first.h)
    } else {
        let mut change = difference(window, kind.counter, notes)?;
        if samples.began.is_some() {
            notes.add(&mut change, &first.h)?;
        }
        change
    };
    let zero = (change.count > 0.0 && first.h.count >= 0.0).then(|| first.h.count / change.count);
    change.mul(factor(window, kind, samples, zero));
    Some(change)
}

/// When the samples of a window are.
#[derive(Clone, Copy)]
struct Samples {
    first: i64,
    last: i64,
    count: usize,
    /// When the counter was zero, if that is known and was within the window.
    began: Option<i64>,
}

impl Samples {
    /// There must be two, or one of which it is known when its counter began.
    fn new(window: &Window<'_>, first: i64, last: i64, count: usize) -> Option<Self> {
        let began = starts::zero_within(window.starts, window.start, first);
        (count > 1 || began.is_some()).then_some(Self { first, last, count, began })
    }
}

/// What the change between the samples is multiplied with to be that of the window.
///
/// The series is taken to go on to a border of the window if its last sample is about as near as the samples are to
/// each other, else by half of that. A counter is not continued to before its zero: `zero` says how far that is
/// before the first sample, in units of the time between first and last. If it is known when the counter began,
/// that counts as a sample of zero, before which there is nothing.
fn factor(window: &Window<'_>, kind: Kind, samples: Samples, zero: Option<f64>) -> f64 {
    let mut to_start = (samples.first - window.start) as f64 / 1000.0;
    let mut to_end = (window.end - samples.last) as f64 / 1000.0;
    let mut sampled = (samples.last - samples.first) as f64 / 1000.0;
    let between = sampled / (samples.count - 1).max(1) as f64;
    let threshold = between * 1.1;
    if to_start >= threshold {
        to_start = between / 2.0;
    }
    if let Some(began) = samples.began {
        to_start = 0.0;
        sampled = (samples.last - began) as f64 / 1000.0;
    } else if kind.counter {
        let to_zero = zero.map_or(to_start, |zero| sampled * zero);
        if to_zero < to_start {
            to_start = to_zero;
        }
    }
    if to_end >= threshold {
        to_end = between / 2.0;
    }
    let factor = if sampled == 0.0 { 1.0 } else { (sampled + to_start + to_end) / sampled };
    if kind.per_second { factor / seconds(window.range) } else { factor }
}

/// The last of at least two histograms less the first, with what resets of a counter have taken away.
fn difference(window: &Window<'_>, counter: bool, notes: &mut Notes<'_>) -> Option<FloatHistogram> {
    let points = window.histograms;
    let [first, second, ..] = points else { return None };
    let last = &points.last()?.h;
    let is_gauge = |histogram: &FloatHistogram| histogram.counter_reset_hint == CounterResetHint::Gauge;
    if counter && (is_gauge(&first.h) || is_gauge(last)) {
        notes.not_counter();
    }
    // What a reset follows at once may have any buckets: it does not count.
    let mut before = &first.h;
    let nothing;
    if counter && (Starts(window.starts).tell_reset(first.t, second.t) || second.h.detect_reset(&first.h)) {
        nothing = Arc::new(FloatHistogram {
            schema: second.h.schema,
            custom_values: second.h.custom_values.clone(),
            ..FloatHistogram::default()
        });
        before = &nothing;
    }
    let custom = before.uses_custom_buckets();
    if last.uses_custom_buckets() != custom {
        notes.mixed_buckets();
        return None;
    }
    let mut schema = last.schema.min(before.schema);
    if counter {
        for point in &points[1..points.len() - 1] {
            if is_gauge(&point.h) {
                notes.not_counter();
            }
            schema = schema.min(point.h.schema);
            if point.h.uses_custom_buckets() != custom {
                return refuse_buckets(notes);
            }
        }
    }
    let mut change = last.copy_to_schema(schema);
    if notes.subtract(&mut change, before).is_none() {
        return refuse_buckets(notes);
    }
    if counter {
        let mut starts = Starts(window.starts);
        for (previous, point) in points.iter().zip(&points[1..]) {
            let is_reset = starts.tell_reset(previous.t, point.t) || point.h.detect_reset(before);
            if is_reset && notes.add(&mut change, before).is_none() {
                return refuse_buckets(notes);
            }
            before = &point.h;
        }
        if starts::overlap(window.starts, points.iter().map(|point| point.t)) {
            notes.start_overlap();
        }
    } else if !is_gauge(&first.h) || !is_gauge(last) {
        notes.not_gauge();
    }
    change.counter_reset_hint = CounterResetHint::Gauge;
    change.compact(0);
    Some(change)
}

/// Nothing, and nothing is said but that exponential and custom buckets are mixed.
fn refuse_buckets(notes: &mut Notes<'_>) -> Option<FloatHistogram> {
    notes.forget();
    notes.mixed_buckets();
    None
}

/// `irate`: between the last two samples, per second.
pub(super) fn irate(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    last_change(window, ctx, true)
}

/// `idelta`: between the last two samples.
pub(super) fn idelta(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    last_change(window, ctx, false)
}

fn last_change(window: &Window<'_>, ctx: &mut Context<'_>, counter: bool) -> Option<Value> {
    let floats = &window.floats[window.floats.len().saturating_sub(2)..];
    let histograms = &window.histograms[window.histograms.len().saturating_sub(2)..];
    let floats_are_newer = |float: &FloatPoint, histogram: &HistogramPoint| float.t > histogram.t;
    match (floats, histograms) {
        ([before, last], [.., histogram]) if floats_are_newer(before, histogram) => {
            Some(Value::Float(between_floats(window, before, last, counter)))
        }
        ([before, last], []) => Some(Value::Float(between_floats(window, before, last, counter))),
        ([.., float], [before, last]) if !floats_are_newer(float, before) => {
            between_histograms(window, ctx, (before, last), counter)
        }
        ([], [before, last]) => between_histograms(window, ctx, (before, last), counter),
        ([] | [_], []) | ([], [_]) => None,
        _ => window.refuse_mix(ctx),
    }
}

/// After a reset a counter has risen from zero.
fn between_floats(window: &Window<'_>, before: &FloatPoint, last: &FloatPoint, counter: bool) -> f64 {
    let is_reset = counter && (last.v < before.v || Starts(window.starts).tell_reset(before.t, last.t));
    let change = if is_reset { last.v } else { last.v - before.v };
    if counter { change / ((last.t - before.t) as f64 / 1000.0) } else { change }
}

fn between_histograms(
    window: &Window<'_>,
    ctx: &mut Context<'_>,
    (before, last): (&HistogramPoint, &HistogramPoint),
    counter: bool,
) -> Option<Value> {
    let mut notes = Notes::about(window.labels);
    let gauges = [before, last].map(|point| point.h.counter_reset_hint == CounterResetHint::Gauge);
    if counter && gauges.contains(&true) {
        notes.not_counter();
    }
    if !counter && gauges.contains(&false) {
        notes.not_gauge();
    }
    let mut change = FloatHistogram::clone(&last.h);
    let is_reset =
        counter && (Starts(window.starts).tell_reset(before.t, last.t) || last.h.detect_reset(&before.h));
    let fits = if is_reset { Some(()) } else { notes.subtract(&mut change, &before.h) };
    notes.tell(ctx);
    fits?;
    change.counter_reset_hint = CounterResetHint::Gauge;
    change.compact(0);
    if counter {
        change.div((last.t - before.t) as f64 / 1000.0);
    }
    Some(Value::Histogram(Arc::new(change)))
}

#[cfg(test)]
mod tests;
