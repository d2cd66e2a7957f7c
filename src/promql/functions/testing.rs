//! Short ways to call functions from tests. Times are milliseconds; samples are a minute apart from the epoch on.

use std::sync::Arc;

use super::{Argument, Context, Function, Implementation, QueryTimes, Window, implementation};
use crate::model::LabelSet;
use crate::promql::annotations::{Annotations, Severity};
use crate::promql::ast::Extension;
use crate::promql::histogram::FloatHistogram;
use crate::promql::span::Span;
use crate::promql::value::{FloatPoint, HistogramPoint, Value, VectorSample};

const MINUTE: i64 = 60_000;
const ARGS: [Span; 3] = [Span::new(1, 2), Span::new(3, 4), Span::new(5, 6)];

/// A window to call a function with.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) floats: Vec<FloatPoint>,
    pub(super) histograms: Vec<HistogramPoint>,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) extension: Option<Extension>,
    pub(super) scalars: Vec<f64>,
    /// The end of the window if not given.
    pub(super) step: Option<i64>,
}

impl Spec {
    /// Floats a minute apart in a window that ends with the last and begins a minute before the first.
    pub(super) fn of(values: &[f64]) -> Self {
        let floats =
            values.iter().zip(0..).map(|(v, n)| FloatPoint { t: n * MINUTE, v: *v }).collect::<Vec<_>>();
        let end = floats.last().map_or(0, |point| point.t);
        Self {
            floats,
            histograms: Vec::new(),
            start: -MINUTE,
            end,
            extension: None,
            scalars: Vec::new(),
            step: None,
        }
    }

    /// The same with other arguments.
    pub(super) fn with(self, scalars: &[f64]) -> Self {
        Self { scalars: scalars.to_vec(), ..self }
    }
}

/// Histograms of one bucket at times in seconds, with such counts.
pub(super) fn counted(points: &[(i64, f64)]) -> Vec<HistogramPoint> {
    points
        .iter()
        .map(|(seconds, count)| HistogramPoint { t: seconds * 1000, h: Arc::new(with_count(*count)) })
        .collect()
}

/// A histogram with `count` observations in one bucket.
pub(super) fn with_count(count: f64) -> FloatHistogram {
    use crate::promql::histogram::{BucketSpan, Buckets};
    FloatHistogram {
        count,
        sum: count * 1.5,
        positive: Buckets { spans: vec![BucketSpan { offset: 1, length: 1 }], counts: vec![count] },
        ..FloatHistogram::default()
    }
}

/// What a function answered and said.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) value: Option<Value>,
    pub(super) said: Vec<String>,
}

impl Answer {
    /// The float that it answered, if it was one.
    pub(super) fn float(&self) -> Option<f64> {
        match &self.value {
            Some(Value::Float(value)) => Some(*value),
            Some(Value::Histogram(_)) | None => None,
        }
    }

    /// The histogram that it answered, if it was one.
    pub(super) fn histogram(&self) -> Option<&FloatHistogram> {
        match &self.value {
            Some(Value::Histogram(histogram)) => Some(histogram),
            Some(Value::Float(_)) | None => None,
        }
    }
}

/// Calls a function of windows on a series called `m_total`.
pub(super) fn window(function: Function, spec: &Spec) -> Answer {
    let Implementation::Window { compute, .. } = implementation(function) else {
        panic!("{function:?} takes no window");
    };
    let step = spec.step.unwrap_or(spec.end);
    let labels = LabelSet::from_pairs([("__name__", "m_total"), ("job", "api")]);
    let window = Window {
        floats: &spec.floats,
        histograms: &spec.histograms,
        starts: &[],
        start: spec.start,
        end: spec.end,
        range: spec.end - spec.start,
        extension: spec.extension,
        labels: &labels,
        scalars: &spec.scalars,
        step,
    };
    let (value, said) = told(step, |ctx| compute(&window, ctx));
    Answer { value, said }
}

/// Calls a function of vectors at the epoch: labels and floats of the result, and what was said.
pub(super) fn on_vector(function: Function, args: &[Argument<'_>]) -> (Vec<(String, f64)>, Vec<String>) {
    on_vector_at(function, args, 0)
}

/// The same at another time.
pub(super) fn on_vector_at(
    function: Function,
    args: &[Argument<'_>],
    step: i64,
) -> (Vec<(String, f64)>, Vec<String>) {
    let Implementation::Vector(compute) = implementation(function) else {
        panic!("{function:?} takes no vector");
    };
    let (samples, said) = told(step, |ctx| compute(args, ctx));
    let floats = samples.into_iter().filter_map(|sample| match sample.value {
        Value::Float(value) => Some((sample.labels.to_string(), value)),
        Value::Histogram(_) => None,
    });
    (floats.collect(), said)
}

/// Calls a function of vectors where the metric's name is dropped at the end of the evaluation, or is not.
pub(super) fn later(function: Function, args: &[Argument<'_>], delayed: bool) -> Vec<VectorSample> {
    let Implementation::Vector(compute) = implementation(function) else {
        panic!("{function:?} takes no vector");
    };
    told(0, |ctx| {
        ctx.delayed_name_removal = delayed;
        compute(args, ctx)
    })
    .0
}

/// Calls a function of one number.
pub(super) fn math(function: Function, value: f64) -> f64 {
    let Implementation::Math(compute) = implementation(function) else {
        panic!("{function:?} is no function of one number");
    };
    compute(value)
}

/// Calls a function that gives a scalar.
pub(super) fn scalar(function: Function, args: &[Argument<'_>], step: i64) -> f64 {
    let Implementation::Scalar(compute) = implementation(function) else {
        panic!("{function:?} gives no scalar");
    };
    told(step, |ctx| compute(args, ctx)).0
}

fn told<T>(step: i64, call: impl FnOnce(&mut Context<'_>) -> T) -> (T, Vec<String>) {
    let mut annotations = Annotations::default();
    let query = QueryTimes { start: step, end: step, interval: 1, is_range: false };
    let mut ctx = Context {
        step,
        query,
        delayed_name_removal: false,
        call: Span::new(0, 9),
        args: &ARGS,
        annotations: &mut annotations,
    };
    let result = call(&mut ctx);
    let said = [Severity::Warning, Severity::Info]
        .iter()
        .flat_map(|severity| annotations.texts(*severity, "f(a, b, c)"));
    (result, said.collect())
}

/// A float of a vector, with labels as in `m{job="api", env="prod"}`.
pub(super) fn sample(series: &str, value: f64) -> VectorSample {
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let pairs = labels.trim_end_matches('}').split(", ").filter_map(|pair| pair.split_once('='));
    let pairs = pairs.map(|(name, value)| (name, value.trim_matches('"')));
    let labels = LabelSet::from_pairs(pairs.chain([("__name__", name)]));
    VectorSample { labels, drop_name: false, value: Value::Float(value), t: 0 }
}
