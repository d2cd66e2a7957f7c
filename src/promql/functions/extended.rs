//! `rate`, `increase` and `delta` of ranges that are `anchored` or `smoothed`: nothing is extrapolated, the values
//! at the borders of the window come from samples beyond them.

use super::Window;
use super::notes::Notes;
use super::rate::Kind;
use super::window::seconds;
use crate::promql::ast::Extension;
use crate::promql::histogram::{CounterResetHint, FloatHistogram};
use crate::promql::value::{FloatPoint, HistogramPoint};

/// The samples that count, by their places: from the one at or before the start of the window to its last, for a
/// smoothed range to the first at or after its end. Nothing if none of them is in the window.
fn borders<P>(
    points: &[P],
    time: impl Fn(&P) -> i64,
    window: &Window<'_>,
    smoothed: bool,
) -> Option<(usize, usize)> {
    let mut last = points.len().checked_sub(1)?;
    let first = points[..last].partition_point(|point| time(point) <= window.start).saturating_sub(1);
    if smoothed {
        last = points[..last].partition_point(|point| time(point) < window.end);
    }
    let none_inside = time(&points[last]) <= window.start || smoothed && time(&points[first]) > window.end;
    (!none_inside).then_some((first, last))
}

/// The change of a window of floats.
pub(super) fn of_floats(window: &Window<'_>, kind: Kind, extension: Extension) -> Option<f64> {
    let smoothed = extension == Extension::Smoothed;
    let points = window.floats;
    let (first, last) = borders(points, |point| point.t, window, smoothed)?;
    let left = match points.get(first + 1) {
        Some(next) if smoothed && points[first].t < window.start => {
            interpolate(&points[first], next, window.start, kind)
        }
        _ => points[first].v,
    };
    let right = match last.checked_sub(1) {
        Some(before) if smoothed && points[last].t > window.end => {
            interpolate(&points[before], &points[last], window.end, kind)
        }
        _ => points[last].v,
    };
    let mut change = right - left;
    if kind.counter {
        // Resets beyond the borders are in the values at the borders already.
        let from = first + usize::from(points[first].t <= window.start);
        let to = last + usize::from(points[last].t < window.end);
        change += lost_by_resets(left, right, points.get(from..to).unwrap_or_default());
    }
    if kind.per_second {
        change /= seconds(window.range);
    }
    Some(change)
}

/// The value at `time` on the line between two samples; a counter that was reset between them starts from 0.
fn interpolate(before: &FloatPoint, after: &FloatPoint, time: i64, kind: Kind) -> f64 {
    let from = if kind.counter && after.v < before.v { 0.0 } else { before.v };
    from + (after.v - from) * (time - before.t) as f64 / (after.t - before.t) as f64
}

/// What a counter had reached each time when it fell, on its way from `left` over `points` to `right`.
fn lost_by_resets(left: f64, right: f64, points: &[FloatPoint]) -> f64 {
    let mut lost = 0.0;
    let mut before = left;
    for value in points.iter().map(|point| point.v).chain([right]) {
        if value < before {
            lost += before;
        }
        before = value;
    }
    lost
}

/// The change of a window of native histograms.
pub(super) fn of_histograms(
    window: &Window<'_>,
    kind: Kind,
    extension: Extension,
    notes: &mut Notes<'_>,
) -> Option<FloatHistogram> {
    let smoothed = extension == Extension::Smoothed;
    let points = window.histograms;
    let (first, last) = borders(points, |point| point.t, window, smoothed)?;
    check(points.get(first..=last)?, kind, notes)?;
    let left = match points.get(first + 1) {
        Some(next) if smoothed && points[first].t < window.start => {
            interpolate_histograms(&points[first], next, window.start, kind, notes)?
        }
        _ => FloatHistogram::clone(&points[first].h),
    };
    let right = match last.checked_sub(1) {
        Some(before) if smoothed && points[last].t > window.end => {
            interpolate_histograms(&points[before], &points[last], window.end, kind, notes)?
        }
        _ => FloatHistogram::clone(&points[last].h),
    };
    let is_gauge = |histogram: &FloatHistogram| histogram.counter_reset_hint == CounterResetHint::Gauge;
    if !(kind.counter || is_gauge(&left) && is_gauge(&right)) {
        notes.not_gauge();
    }
    let mut change = right.clone();
    notes.subtract(&mut change, &left)?;
    if kind.counter {
        let spanned = smoothed && points[first].t < window.start;
        let lost = Resets { points, first, last, spanned }.lost(&left, &right, notes)?;
        if let Some(lost) = lost {
            notes.add(&mut change, &lost)?;
        }
    }
    if kind.per_second {
        change.div(seconds(window.range));
    }
    change.counter_reset_hint = CounterResetHint::Gauge;
    change.compact(0);
    Some(change)
}

/// All have exponential buckets or all have custom ones, else there is no result. Gauges are told of.
fn check(points: &[HistogramPoint], kind: Kind, notes: &mut Notes<'_>) -> Option<()> {
    let custom = points.first()?.h.uses_custom_buckets();
    for point in points {
        if point.h.uses_custom_buckets() != custom {
            notes.mixed_buckets();
            return None;
        }
        if kind.counter && point.h.counter_reset_hint == CounterResetHint::Gauge {
            notes.not_counter();
        }
    }
    Some(())
}

/// The histogram at `time` on the line between two samples; a counter that was reset between them starts from 0.
fn interpolate_histograms(
    before: &HistogramPoint,
    after: &HistogramPoint,
    time: i64,
    kind: Kind,
    notes: &mut Notes<'_>,
) -> Option<FloatHistogram> {
    if time == before.t {
        return Some(FloatHistogram::clone(&before.h));
    }
    let mut result = FloatHistogram::clone(&after.h);
    if time == after.t {
        return Some(result);
    }
    let fraction = (time - before.t) as f64 / (after.t - before.t) as f64;
    if kind.counter && after.h.detect_reset(&before.h) {
        result.mul(fraction);
        return Some(result);
    }
    notes.subtract(&mut result, &before.h)?;
    result.mul(fraction);
    notes.add(&mut result, &before.h)?;
    Some(result)
}

/// Where the resets of a counter are to be looked for.
struct Resets<'a> {
    points: &'a [HistogramPoint],
    first: usize,
    last: usize,
    /// The histogram at the start of the window lies between the first sample and the next.
    spanned: bool,
}

impl Resets<'_> {
    /// What the counter had reached each time when it was reset, on its way from `left` to `right`; the outer
    /// option is empty if that cannot be added up.
    fn lost(
        &self,
        left: &FloatHistogram,
        right: &FloatHistogram,
        notes: &mut Notes<'_>,
    ) -> Option<Option<FloatHistogram>> {
        let (mut from, mut before) = (self.first + 1, left);
        if self.spanned
            && let Some(next) = self.points.get(from)
            && next.h.detect_reset(&self.points[self.first].h)
        {
            // This reset is in the histogram at the start already.
            before = &next.h;
            from += 1;
        }
        let mut lost = None;
        // The last sample is `right`, or `right` has its hint: it must not be compared with itself.
        let Some(inner) = self.points.get(from..self.last) else { return Some(lost) };
        for histogram in inner.iter().map(|point| &*point.h).chain([right]) {
            if histogram.detect_reset(before) {
                match &mut lost {
                    Some(lost) => notes.add(lost, before)?,
                    None => lost = Some(before.clone()),
                }
            }
            before = histogram;
        }
        Some(lost)
    }
}
