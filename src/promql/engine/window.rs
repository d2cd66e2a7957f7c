//! Functions over ranges (`rate`, `max_over_time`): a window slides over the samples of each series, which stay
//! where they are stored.

use std::borrow::Cow;

use super::error::EvalError;
use super::evaluator::Evaluator;
use super::extended;
use super::limits::{histograms_size, series_size};
use super::names;
use super::prepare::{Kind, Plan, RangePlan, Shift};
use super::selector::{advance, is_stale};
use super::stats;
use super::steps::Steps;
use crate::model::LabelSet;
use crate::model::labels::METRIC_NAME;
use crate::promql::annotations::Annotation;
use crate::promql::ast::{Call, Extension};
use crate::promql::functions::{self, Context, Window};
use crate::promql::signature::Function;
use crate::promql::source::{StoredSeries, TimeWindow};
use crate::promql::span::Span;
use crate::promql::value::{FloatPoint, HistogramPoint, Series, StartPoint, Value, count_until};

/// How a function is computed from a window.
type Compute = fn(&Window<'_>, &mut Context<'_>) -> Option<Value>;

/// What is the same for all windows of a selector or subquery; milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) range: i64,
    pub(super) shift: Shift,
    pub(super) extension: Option<Extension>,
    pub(super) lookback: i64,
}

impl Frame {
    /// Start (excluded) and end (included) of the window at a step.
    pub(super) fn bounds(&self, t: i64) -> (i64, i64) {
        let end = self.shift.of(t);
        (end.saturating_sub(self.range), end)
    }

    /// The same with what an extension needs beyond.
    pub(super) fn wide_bounds(&self, t: i64) -> (i64, i64) {
        let (start, end) = self.bounds(t);
        match self.extension {
            None => (start, end),
            Some(Extension::Anchored) => (start.saturating_sub(self.lookback), end),
            Some(Extension::Smoothed) => {
                (start.saturating_sub(self.lookback), end.saturating_add(self.lookback))
            }
        }
    }
}

/// The samples of a series that windows slide over, stale markers left out.
pub(super) struct Ranged<'s> {
    pub(super) labels: &'s LabelSet,
    pub(super) drop_name: bool,
    pub(super) floats: Cow<'s, [FloatPoint]>,
    pub(super) histograms: Cow<'s, [HistogramPoint]>,
    /// Start timestamps, also of stale markers.
    starts: &'s [StartPoint],
}

impl<'s> Ranged<'s> {
    /// The samples of a stored series after `from` and up to `to`; histograms without buckets if only `stats` are
    /// needed.
    pub(super) fn stored(series: StoredSeries<'s>, (from, to): (i64, i64), stats: bool) -> Self {
        let floats = between(series.floats, from, to, |point| point.t);
        let histograms = between(series.histograms, from, to, |point| point.t);
        let histograms = without_stale(histograms, |point| is_stale(point.h.sum));
        let histograms = if stats { Cow::Owned(stats::without_buckets(&histograms)) } else { histograms };
        Self {
            labels: series.labels,
            drop_name: false,
            floats: without_stale(floats, |point| is_stale(point.v)),
            histograms,
            starts: between(series.starts, from, to, |point| point.t),
        }
    }

    /// All samples of a computed series, which has no start timestamps.
    fn computed(series: &'s Series) -> Self {
        Self {
            labels: &series.labels,
            drop_name: series.drop_name,
            floats: Cow::Borrowed(&series.floats),
            histograms: Cow::Borrowed(&series.histograms),
            starts: &[],
        }
    }
}

/// The points after `from` and up to `to`.
pub(super) fn between<P>(points: &[P], from: i64, to: i64, time: impl Fn(&P) -> i64) -> &[P] {
    let (start, end) = (count_until(points, from, &time), count_until(points, to, &time));
    points.get(start..end).unwrap_or_default()
}

/// The points without stale markers; they are only copied if there is one.
fn without_stale<P: Clone>(points: &[P], is_stale: impl Fn(&P) -> bool) -> Cow<'_, [P]> {
    if points.iter().any(&is_stale) {
        Cow::Owned(points.iter().filter(|point| !is_stale(point)).cloned().collect())
    } else {
        Cow::Borrowed(points)
    }
}

/// The part of the points that is in the window; it only moves on.
#[derive(Clone, Copy, Debug, Default)]
struct Slide {
    first: usize,
    end: usize,
}

impl Slide {
    fn to<'p, P>(&mut self, points: &'p [P], start: i64, end: i64, time: impl Fn(&P) -> i64) -> &'p [P] {
        advance(points, &mut self.first, start, &time);
        self.end = self.end.max(self.first);
        advance(points, &mut self.end, end, &time);
        &points[self.first..self.end]
    }
}

/// Where the windows of a call find their samples.
pub(super) enum Ranges<'a> {
    /// Of a store, and whether only counts and sums of histograms are needed.
    Stored(Vec<StoredSeries<'a>>, bool),
    Computed(Vec<Series>),
}

impl Ranges<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Stored(series, _) => series.len(),
            Self::Computed(series) => series.len(),
        }
    }

    fn get(&self, index: usize, bounds: (i64, i64)) -> Ranged<'_> {
        match self {
            Self::Stored(series, stats) => Ranged::stored(series[index], bounds, *stats),
            Self::Computed(series) => Ranged::computed(&series[index]),
        }
    }
}

/// What is the same for all series of a call.
struct Calling<'c> {
    call: &'c Call,
    compute: Compute,
    keeps_name: bool,
    /// Names are dropped now, not at the end of the query.
    drops_names: bool,
    /// Start timestamps count.
    uses_starts: bool,
    spans: Vec<Span>,
    /// The other arguments at all steps.
    scalars: Vec<Vec<Series>>,
    frame: Frame,
}

impl<'a> Evaluator<'a> {
    /// A function of the samples of one series in a window.
    pub(super) fn window_function(
        &mut self,
        call: &Call,
        compute: Compute,
        keeps_name: bool,
        args: &[Plan<'_>],
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        let before = self.limits.current;
        let Some(at) = args.iter().position(|arg| matches!(arg.kind, Kind::Range(_) | Kind::Subquery(_)))
        else {
            return Ok(Vec::new());
        };
        if let Kind::Range(range) = &args[at].kind {
            extended::check_function(call.function, range.selector.extension)?;
        }
        let (frame, ranges) = self.ranges(&args[at], steps)?;
        let mut scalars = Vec::new();
        for (_, arg) in args.iter().enumerate().filter(|(index, _)| *index != at) {
            scalars.push(self.eval(arg, steps)?);
        }
        let spans = args.iter().map(|arg| arg.span).collect();
        let drops_names = !keeps_name && !self.options.delayed_name_removal;
        let uses_starts = self.options.use_start_timestamps && is_told_of_starts(call.function);
        let calling = Calling { call, compute, keeps_name, drops_names, uses_starts, spans, scalars, frame };
        let bounds = (frame.wide_bounds(steps.start).0, frame.wide_bounds(steps.last()).1);
        let held = self.limits.current;
        let mut matrix = Vec::with_capacity(ranges.len());
        let mut counters = CounterNames::new(call.function, args[at].span);
        let (mut first, mut share_a_name) = (None, true);
        for index in 0..ranges.len() {
            let ranged = ranges.get(index, bounds);
            let series = self.window_series(&calling, &ranged, steps)?;
            if !series.floats.is_empty() || !series.histograms.is_empty() {
                if !series.floats.is_empty() {
                    counters.check(ranged.labels, self);
                }
                if drops_names {
                    let first = first.get_or_insert_with(|| ranged.labels.clone());
                    share_a_name &= names::have_same_name(first, ranged.labels);
                }
                matrix.push(series);
            }
        }
        if drops_names && !share_a_name {
            names::refuse_same(&matrix)?;
        }
        let output = self.limits.current - held;
        self.limits.current = before;
        self.limits.hold(output)?;
        Ok(matrix)
    }

    /// The series of a range selector or subquery over which windows slide.
    pub(super) fn ranges(&mut self, arg: &Plan<'_>, steps: Steps) -> Result<(Frame, Ranges<'a>), EvalError> {
        let lookback = self.options.lookback;
        match &arg.kind {
            Kind::Subquery(subquery) => {
                let (matrix, frame) = self.subquery(subquery, steps)?;
                Ok((frame, Ranges::Computed(super::subquery::with_unknown_resets(matrix))))
            }
            Kind::Range(RangePlan { selector, range }) => {
                let (shift, extension) = (selector.shift, selector.extension);
                let frame = Frame { range: *range, shift, extension, lookback };
                let window = TimeWindow {
                    from: frame.wide_bounds(steps.start).0.saturating_add(1),
                    to: frame.wide_bounds(steps.last()).1,
                };
                let stored = self.source.select(&selector.matchers, window)?;
                Ok((frame, Ranges::Stored(stored, selector.stats)))
            }
            _ => {
                let frame = Frame { range: 0, shift: Shift::default(), extension: None, lookback };
                Ok((frame, Ranges::Computed(Vec::new())))
            }
        }
    }

    /// Whether any series has a sample in the window, step by step.
    pub(super) fn present(&mut self, arg: &Plan<'_>, steps: Steps) -> Result<Vec<bool>, EvalError> {
        let (frame, ranges) = self.ranges(arg, steps)?;
        let bounds = (frame.wide_bounds(steps.start).0, frame.wide_bounds(steps.last()).1);
        let mut present = vec![false; steps.count()];
        for index in 0..ranges.len() {
            let ranged = ranges.get(index, bounds);
            self.limits.tick(steps.count() + ranged.floats.len())?;
            let (mut floats, mut histograms) = (Slide::default(), Slide::default());
            for (t, present) in steps.iter().zip(&mut present) {
                let (from, to) = frame.wide_bounds(t);
                let floats = floats.to(&ranged.floats, from, to, |point| point.t);
                let histograms = histograms.to(&ranged.histograms, from, to, |point| point.t);
                self.limits.read(floats.len() + histograms_size(histograms));
                *present |= !floats.is_empty() || !histograms.is_empty();
            }
        }
        Ok(present)
    }

    /// What the function gives for one series.
    fn window_series(
        &mut self,
        calling: &Calling<'_>,
        ranged: &Ranged<'_>,
        steps: Steps,
    ) -> Result<Series, EvalError> {
        let mut series = Series {
            labels: if calling.drops_names {
                names::without_name(ranged.labels)
            } else {
                ranged.labels.clone()
            },
            drop_name: !calling.keeps_name || ranged.drop_name,
            ..Series::default()
        };
        if ranged.floats.is_empty() && ranged.histograms.is_empty() {
            return Ok(series);
        }
        let (mut floats, mut histograms, mut starts) = (Slide::default(), Slide::default(), Slide::default());
        let known_starts = if calling.uses_starts { ranged.starts } else { &[] };
        let mut scalars = vec![f64::NAN; calling.scalars.len()];
        let (mut most, mut last) = (0, 0);
        for (step, t) in steps.iter().enumerate() {
            let (start, end) = calling.frame.bounds(t);
            let (from, to) = calling.frame.wide_bounds(t);
            let floats = floats.to(&ranged.floats, from, to, |point| point.t);
            let histograms = histograms.to(&ranged.histograms, from, to, |point| point.t);
            let size = floats.len() + if histograms.is_empty() { 0 } else { histograms_size(histograms) };
            last = size;
            if size == 0 {
                continue;
            }
            most = most.max(size);
            self.limits.read(size);
            self.limits.tick(1 + floats.len() + histograms.len())?;
            for (scalar, values) in scalars.iter_mut().zip(&calling.scalars) {
                *scalar = scalar_at(values, step);
            }
            functions::check_scalars(calling.call.function, &scalars)?;
            let window = Window {
                floats,
                histograms,
                starts: match known_starts {
                    [] => &[],
                    known => starts.to(known, from, to, |point| point.t),
                },
                start,
                end,
                range: calling.frame.range,
                extension: calling.frame.extension,
                labels: ranged.labels,
                scalars: &scalars,
                step: t,
            };
            let mut context = self.context(calling.call, &calling.spans, steps, t);
            match (calling.compute)(&window, &mut context) {
                Some(Value::Float(v)) => {
                    if series.floats.capacity() == 0 {
                        series.floats.reserve_exact((steps.count() - step).min(1 << 14));
                    }
                    series.floats.push(FloatPoint { t, v });
                }
                Some(Value::Histogram(h)) => series.histograms.push(HistogramPoint { t, h }),
                None => {}
            }
        }
        self.limits.pass(most)?;
        let output = series_size(&series);
        self.limits.pass(last + output)?;
        self.limits.hold(output)?;
        Ok(series)
    }

    /// A range that is itself the result, at one time.
    pub(super) fn raw_range(&mut self, plan: &RangePlan, steps: Steps) -> Result<Vec<Series>, EvalError> {
        let (shift, extension) = (plan.selector.shift, plan.selector.extension);
        let frame = Frame { range: plan.range, shift, extension, lookback: self.options.lookback };
        let (from, to) = frame.wide_bounds(steps.start);
        let window = TimeWindow { from: from.saturating_add(1), to };
        let mut matrix = Vec::new();
        for stored in self.source.select(&plan.selector.matchers, window)? {
            let ranged = Ranged::stored(stored, (from, to), plan.selector.stats);
            self.limits.tick(1 + ranged.floats.len())?;
            let mut series = Series {
                labels: ranged.labels.clone(),
                drop_name: false,
                floats: ranged.floats.into_owned(),
                histograms: ranged.histograms.into_owned(),
            };
            extended::extend(&mut series, &frame, steps.start)?;
            self.limits.keep(series, &mut matrix)?;
        }
        Ok(matrix)
    }
}

/// Whether a function is told of start timestamps: those of counters that take neighbours for a fall of the counter.
fn is_told_of_starts(function: Function) -> bool {
    matches!(function, Function::Increase | Function::Irate | Function::Rate | Function::Resets)
}

/// The number that a scalar argument is at a step.
fn scalar_at(values: &[Series], step: usize) -> f64 {
    values.first().and_then(|series| series.floats.get(step)).map_or(f64::NAN, |point| point.v)
}

/// Says of each metric that is used as a counter if it does not look like one.
struct CounterNames {
    applies: bool,
    span: Span,
    /// The labels that were last seen to be fine or said to be not.
    known: Option<(String, String)>,
}

impl CounterNames {
    fn new(function: Function, span: Span) -> Self {
        Self { applies: matches!(function, Function::Rate | Function::Increase), span, known: None }
    }

    fn check(&mut self, labels: &LabelSet, evaluator: &mut Evaluator<'_>) {
        if !self.applies {
            return;
        }
        let (name, kind) = (labels.value(METRIC_NAME), labels.value("__type__"));
        if name.is_empty() || self.known.as_ref().is_some_and(|known| known.0 == name && known.1 == kind) {
            return;
        }
        self.known = Some((name.to_owned(), kind.to_owned()));
        let metric = name.to_owned();
        if evaluator.options.type_and_unit_labels {
            if !matches!(kind, "counter" | "histogram") {
                let label = kind.to_owned();
                evaluator.say(Annotation::PossibleNonCounterLabel { metric, label }, self.span);
            }
        } else if !["_total", "_sum", "_count", "_bucket"].iter().any(|end| name.ends_with(end)) {
            evaluator.say(Annotation::PossibleNonCounter { metric }, self.span);
        }
    }
}
