//! Selections of series at instants: the latest sample of each, if it is not too old and the series has not ended.

use std::borrow::Cow;

use super::cursor::Point;
use super::durations::seconds;
use super::error::EvalError;
use super::evaluator::Evaluator;
use super::limits::series_size;
use super::prepare::{Kind, Plan, Selector};
use super::stats;
use super::steps::Steps;
use super::window::between;
use crate::model::sample::STALE_NAN_BITS;
use crate::promql::ast::Extension;
use crate::promql::source::{StoredSeries, TimeWindow};
use crate::promql::span::Span;
use crate::promql::value::{FloatPoint, HistogramPoint, Series, count_until};

impl Evaluator<'_> {
    /// The series of a selector at all steps.
    pub(super) fn select(
        &mut self,
        selector: &Selector,
        span: Span,
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        if selector.extension == Some(Extension::Smoothed) {
            return self.smoothed(selector, span, steps);
        }
        self.latest(selector, steps, |_, _, point| point)
    }

    /// What `pick` makes of the latest sample of each series and its time, at all steps.
    pub(super) fn latest(
        &mut self,
        selector: &Selector,
        steps: Steps,
        pick: impl for<'p> Fn(&StoredSeries<'p>, i64, Point<'p>) -> Point<'p>,
    ) -> Result<Vec<Series>, EvalError> {
        let window = TimeWindow {
            from: selector.shift.of(steps.start).saturating_sub(self.options.lookback - 1),
            to: selector.shift.of(steps.last()),
        };
        let stored = self.source.select(&selector.matchers, window)?;
        let mut matrix = Vec::with_capacity(stored.len());
        for series in stored {
            let histograms = if selector.stats {
                let histograms =
                    between(series.histograms, window.from.saturating_sub(1), window.to, |point| point.t);
                Cow::Owned(stats::without_buckets(histograms))
            } else {
                Cow::Borrowed(series.histograms)
            };
            let series = StoredSeries { histograms: &histograms, ..series };
            let points = self.latest_of(series, selector, steps, &pick)?;
            if !points.floats.is_empty() || !points.histograms.is_empty() {
                matrix.push(points);
            }
        }
        Ok(matrix)
    }

    fn latest_of(
        &mut self,
        stored: StoredSeries<'_>,
        selector: &Selector,
        steps: Steps,
        pick: &impl for<'p> Fn(&StoredSeries<'p>, i64, Point<'p>) -> Point<'p>,
    ) -> Result<Series, EvalError> {
        self.limits.tick(steps.count())?;
        let mut series = Series { labels: stored.labels.clone(), ..Series::default() };
        let mut latest = Latest::new(stored, selector.shift.of(steps.start));
        for (step, t) in steps.iter().enumerate() {
            let Some((at, point)) = latest.at(selector.shift.of(t), self.options.lookback) else { continue };
            match pick(&stored, at, point) {
                Point::Float(v) => {
                    if series.floats.capacity() == 0 {
                        series.floats.reserve_exact((steps.count() - step).min(1 << 14));
                    }
                    series.floats.push(FloatPoint { t, v });
                }
                Point::Histogram(h) => series.histograms.push(HistogramPoint { t, h: h.clone() }),
            }
        }
        let size = series_size(&series);
        self.limits.read(size);
        self.limits.hold(size)?;
        Ok(series)
    }

    /// `timestamp(v)`: of a selector the times of the stored samples, of anything else the time of the step.
    pub(super) fn timestamp(&mut self, arg: &Plan<'_>, steps: Steps) -> Result<Vec<Series>, EvalError> {
        let matrix = match &arg.kind {
            Kind::Selector(selector) => self.latest(selector, steps, |_, at, _| Point::Float(seconds(at)))?,
            _ => {
                let mut matrix = self.eval(arg, steps)?;
                for series in &mut matrix {
                    let histograms = std::mem::take(&mut series.histograms);
                    series.floats.extend(histograms.iter().map(|point| FloatPoint { t: point.t, v: 0.0 }));
                    series.floats.sort_by_key(|point| point.t);
                    for point in &mut series.floats {
                        point.v = seconds(point.t);
                    }
                }
                matrix
            }
        };
        self.dropping_names(matrix)
    }

    /// `start_timestamp(v)`: of a selector the start timestamps of the stored samples, 0 where none is known; of
    /// anything else, or if start timestamps do not count, nothing.
    pub(super) fn start_timestamp(&mut self, arg: &Plan<'_>, steps: Steps) -> Result<Vec<Series>, EvalError> {
        match &arg.kind {
            Kind::Selector(selector) if self.options.use_start_timestamps => {
                let matrix = self.latest(selector, steps, |series, at, _| {
                    let known = series.starts.binary_search_by_key(&at, |point| point.t);
                    Point::Float(seconds(known.map_or(0, |place| series.starts[place].start)))
                })?;
                self.dropping_names(matrix)
            }
            _ => {
                let before = self.limits.current;
                self.eval(arg, steps)?;
                self.limits.current = before;
                Ok(Vec::new())
            }
        }
    }
}

/// Finds the latest sample of a series at times that rise.
struct Latest<'s> {
    floats: &'s [FloatPoint],
    histograms: &'s [HistogramPoint],
    /// How many floats are not after the time last asked for.
    floats_before: usize,
    histograms_before: usize,
}

impl<'s> Latest<'s> {
    fn new(series: StoredSeries<'s>, first: i64) -> Self {
        Self {
            floats: series.floats,
            histograms: series.histograms,
            floats_before: count_until(series.floats, first, |point| point.t),
            histograms_before: count_until(series.histograms, first, |point| point.t),
        }
    }

    /// The latest sample at a time with its own time, unless it is `lookback` old or says that the series ended.
    fn at(&mut self, t: i64, lookback: i64) -> Option<(i64, Point<'s>)> {
        advance(self.floats, &mut self.floats_before, t, |point| point.t);
        advance(self.histograms, &mut self.histograms_before, t, |point| point.t);
        let float = self.floats_before.checked_sub(1).and_then(|at| self.floats.get(at));
        let histogram = self.histograms_before.checked_sub(1).and_then(|at| self.histograms.get(at));
        let oldest = t.saturating_sub(lookback);
        match (float, histogram) {
            (Some(float), histogram) if histogram.is_none_or(|histogram| histogram.t < float.t) => {
                (float.t > oldest && !is_stale(float.v)).then_some((float.t, Point::Float(float.v)))
            }
            (_, Some(histogram)) => (histogram.t > oldest && !is_stale(histogram.h.sum))
                .then_some((histogram.t, Point::Histogram(&histogram.h))),
            (_, None) => None,
        }
    }
}

/// Whether a value says that the series has ended.
pub(super) fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_NAN_BITS
}

/// Moves `count` on so that so many points are not after `t`.
#[inline]
pub(super) fn advance<P>(points: &[P], count: &mut usize, t: i64, time: impl Fn(&P) -> i64) {
    const NEAR: usize = 16;
    for _ in 0..NEAR {
        match points.get(*count) {
            Some(point) if time(point) <= t => *count += 1,
            Some(_) | None => return,
        }
    }
    *count += count_until(&points[*count..], t, time);
}
