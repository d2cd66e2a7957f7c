//! What aggregations remember of the values of a group at one step.

use std::sync::Arc;

use crate::model::LabelSet;
use crate::model::labels::METRIC_NAME;
use crate::promql::functions::kahan::KahanSum;
use crate::promql::functions::statistics;
use crate::promql::histogram::{CounterResetHint, FloatHistogram};
use crate::promql::value::Value;

/// What was strange about values; said once when all is folded.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    /// Histograms were left out.
    pub(super) ignored: bool,
    /// A group has floats and histograms.
    pub(super) mixed: bool,
    /// Some histograms say that there was a reset, others that there was none.
    pub(super) collision: bool,
    /// Bounds differ, only common ones are left.
    pub(super) reconciled: bool,
    /// Metrics whose histograms do not go together with those before.
    pub(super) mixed_buckets: Vec<String>,
}

/// Takes the values of a group one by one.
pub(super) trait Fold: Default {
    /// A float.
    fn float(&mut self, v: f64);

    /// A histogram of the series with these labels.
    fn histogram(&mut self, h: &Arc<FloatHistogram>, labels: &LabelSet, notes: &mut Notes);

    /// The result, if there is one; `q` is the parameter.
    fn finish(&mut self, q: f64, notes: &mut Notes) -> Option<Value>;
}

/// `count`
#[derive(Debug, Default)]
pub(super) struct Count(f64);

impl Fold for Count {
    fn float(&mut self, _: f64) {
        self.0 += 1.0;
    }

    fn histogram(&mut self, _: &Arc<FloatHistogram>, _: &LabelSet, _: &mut Notes) {
        self.0 += 1.0;
    }

    fn finish(&mut self, _: f64, _: &mut Notes) -> Option<Value> {
        (self.0 > 0.0).then_some(Value::Float(self.0))
    }
}

/// `group`
#[derive(Debug, Default)]
pub(super) struct Group(bool);

impl Fold for Group {
    fn float(&mut self, _: f64) {
        self.0 = true;
    }

    fn histogram(&mut self, _: &Arc<FloatHistogram>, _: &LabelSet, _: &mut Notes) {
        self.0 = true;
    }

    fn finish(&mut self, _: f64, _: &mut Notes) -> Option<Value> {
        self.0.then_some(Value::Float(1.0))
    }
}

/// `max`: NaN only if there is nothing else.
#[derive(Debug, Default)]
pub(super) struct Maximum(Option<f64>);

impl Fold for Maximum {
    fn float(&mut self, v: f64) {
        if self.0.is_none_or(|known| known < v || known.is_nan()) {
            self.0 = Some(v);
        }
    }

    fn histogram(&mut self, _: &Arc<FloatHistogram>, _: &LabelSet, notes: &mut Notes) {
        notes.ignored = true;
    }

    fn finish(&mut self, _: f64, _: &mut Notes) -> Option<Value> {
        self.0.map(Value::Float)
    }
}

/// `min`: NaN only if there is nothing else.
#[derive(Debug, Default)]
pub(super) struct Minimum(Option<f64>);

impl Fold for Minimum {
    fn float(&mut self, v: f64) {
        if self.0.is_none_or(|known| known > v || known.is_nan()) {
            self.0 = Some(v);
        }
    }

    fn histogram(&mut self, _: &Arc<FloatHistogram>, _: &LabelSet, notes: &mut Notes) {
        notes.ignored = true;
    }

    fn finish(&mut self, _: f64, _: &mut Notes) -> Option<Value> {
        self.0.map(Value::Float)
    }
}

/// `stddev` (with the root) and `stdvar`, by Welford's algorithm.
#[derive(Debug, Default)]
pub(super) struct Spread<const ROOT: bool> {
    count: f64,
    mean: f64,
    squares: f64,
}

impl<const ROOT: bool> Fold for Spread<ROOT> {
    fn float(&mut self, v: f64) {
        self.count += 1.0;
        if self.count == 1.0 {
            self.mean = v;
            self.squares = if v.is_finite() { 0.0 } else { f64::NAN };
            return;
        }
        let delta = v - self.mean;
        self.mean += delta / self.count;
        self.squares += delta * (v - self.mean);
    }

    fn histogram(&mut self, _: &Arc<FloatHistogram>, _: &LabelSet, notes: &mut Notes) {
        notes.ignored = true;
    }

    fn finish(&mut self, _: f64, _: &mut Notes) -> Option<Value> {
        let variance = self.squares / self.count;
        (self.count > 0.0).then_some(Value::Float(if ROOT { variance.sqrt() } else { variance }))
    }
}

/// `quantile`
#[derive(Debug, Default)]
pub(super) struct Quantile(Vec<f64>);

impl Fold for Quantile {
    fn float(&mut self, v: f64) {
        self.0.push(v);
    }

    fn histogram(&mut self, _: &Arc<FloatHistogram>, _: &LabelSet, notes: &mut Notes) {
        notes.ignored = true;
    }

    fn finish(&mut self, q: f64, _: &mut Notes) -> Option<Value> {
        (!self.0.is_empty()).then(|| Value::Float(statistics::quantile(q, &mut self.0)))
    }
}

/// `sum`
#[derive(Debug, Default)]
pub(super) struct Sum {
    float: KahanSum,
    histogram: Option<Box<HistogramSum>>,
    kinds: Kinds,
}

/// Of which kinds of values there were any.
#[derive(Clone, Copy, Debug, Default)]
struct Kinds {
    floats: bool,
    histograms: bool,
}

impl Kinds {
    /// Whether there were floats and histograms, so that there is no result, which is then noted.
    fn are_mixed(self, notes: &mut Notes) -> bool {
        let mixed = self.floats && self.histograms;
        notes.mixed |= mixed;
        mixed
    }
}

impl Fold for Sum {
    fn float(&mut self, v: f64) {
        if self.histogram.as_ref().is_some_and(|sum| sum.incompatible) {
            return;
        }
        self.float = if self.kinds.floats { self.float.plus(v) } else { KahanSum::starting_with(v) };
        self.kinds.floats = true;
    }

    fn histogram(&mut self, h: &Arc<FloatHistogram>, labels: &LabelSet, notes: &mut Notes) {
        self.kinds.histograms = true;
        match &mut self.histogram {
            Some(sum) => sum.add(h, labels, notes),
            // After floats only, histograms are not looked at: nothing is said of those that do not go together.
            None if self.kinds.floats => {}
            None => self.histogram = Some(Box::new(HistogramSum::new(h))),
        }
    }

    fn finish(&mut self, _: f64, notes: &mut Notes) -> Option<Value> {
        if self.kinds.are_mixed(notes) {
            return None;
        }
        match self.histogram.take() {
            Some(sum) => sum.total(notes),
            None => self.kinds.floats.then(|| Value::Float(self.float.total())),
        }
    }
}

/// A sum of histograms.
#[derive(Debug)]
pub(super) struct HistogramSum {
    sum: FloatHistogram,
    /// What rounding took from the sum.
    lost: Option<FloatHistogram>,
    /// Histograms with exponential and with custom buckets were met.
    incompatible: bool,
    hints: Hints,
}

/// Which hints about resets were seen.
#[derive(Clone, Copy, Debug, Default)]
struct Hints {
    reset: bool,
    not_reset: bool,
}

impl Hints {
    fn see(&mut self, h: &FloatHistogram) {
        match h.counter_reset_hint {
            CounterResetHint::Reset => self.reset = true,
            CounterResetHint::NotReset => self.not_reset = true,
            CounterResetHint::Unknown | CounterResetHint::Gauge => {}
        }
    }

    fn tell(self, notes: &mut Notes) {
        notes.collision |= self.reset && self.not_reset;
    }
}

impl HistogramSum {
    fn new(h: &FloatHistogram) -> Self {
        let mut hints = Hints::default();
        hints.see(h);
        Self { sum: h.clone(), lost: None, incompatible: false, hints }
    }

    fn add(&mut self, h: &FloatHistogram, labels: &LabelSet, notes: &mut Notes) {
        if self.incompatible {
            return;
        }
        self.hints.see(h);
        match self.sum.kahan_add(h, &mut self.lost) {
            Ok(combined) => notes.reconciled |= combined.reconciled,
            Err(_) => self.refuse(labels, notes),
        }
    }

    fn refuse(&mut self, labels: &LabelSet, notes: &mut Notes) {
        let metric = labels.value(METRIC_NAME);
        if !notes.mixed_buckets.iter().any(|known| known == metric) {
            notes.mixed_buckets.push(metric.to_owned());
        }
        self.incompatible = true;
    }

    fn total(mut self, notes: &mut Notes) -> Option<Value> {
        if self.incompatible {
            return None;
        }
        self.hints.tell(notes);
        // Those that could be added so far can be added to each other, too.
        if let Some(lost) = &self.lost
            && self.sum.add(lost).is_err()
        {
            return None;
        }
        self.sum.compact(0);
        Some(Value::Histogram(Arc::new(self.sum)))
    }
}

/// `avg`: a sum that is divided at the end, or a mean that is kept up to date once the sum would overflow.
#[derive(Debug, Default)]
pub(super) struct Average {
    count: f64,
    float: KahanSum,
    histogram: Option<Box<HistogramSum>>,
    kinds: Kinds,
    float_mean: bool,
    histogram_mean: bool,
}

impl Fold for Average {
    fn float(&mut self, v: f64) {
        if self.histogram.as_ref().is_some_and(|sum| sum.incompatible) {
            return;
        }
        self.count += 1.0;
        if !std::mem::replace(&mut self.kinds.floats, true) {
            self.float = KahanSum::starting_with(v);
            return;
        }
        let mut known = self.float;
        if !self.float_mean {
            let sum = known.plus(v);
            if !sum.sum.is_infinite() {
                self.float = sum;
                return;
            }
            self.float_mean = true;
            known = known.divided(self.count - 1.0);
        }
        let weight = (self.count - 1.0) / self.count;
        let scaled = KahanSum { sum: weight * known.sum, compensation: weight * known.compensation };
        self.float = scaled.plus(v / self.count);
    }

    fn histogram(&mut self, h: &Arc<FloatHistogram>, labels: &LabelSet, notes: &mut Notes) {
        self.count += 1.0;
        self.kinds.histograms = true;
        match &mut self.histogram {
            None if self.kinds.floats => {}
            None => self.histogram = Some(Box::new(HistogramSum::new(h))),
            Some(sum) if sum.incompatible => {}
            Some(sum) if !self.histogram_mean => {
                let (before, lost) = (sum.sum.clone(), sum.lost.clone());
                sum.add(h, labels, notes);
                if !sum.incompatible && sum.sum.has_overflow() {
                    (sum.sum, sum.lost) = (before, lost);
                    self.histogram_mean = true;
                    sum.sum.div(self.count - 1.0);
                    if let Some(lost) = &mut sum.lost {
                        lost.div(self.count - 1.0);
                    }
                    sum.add_to_mean(h, self.count, labels, notes);
                }
            }
            Some(sum) => sum.add_to_mean(h, self.count, labels, notes),
        }
    }

    fn finish(&mut self, _: f64, notes: &mut Notes) -> Option<Value> {
        if self.kinds.are_mixed(notes) {
            return None;
        }
        if let Some(mut sum) = self.histogram.take() {
            if !self.histogram_mean {
                sum.sum.div(self.count);
                if let Some(lost) = &mut sum.lost {
                    lost.div(self.count);
                }
            }
            return sum.total(notes);
        }
        self.kinds.floats.then(|| {
            let KahanSum { sum, compensation } = self.float;
            let mean = match self.float_mean {
                true => self.float.total(),
                false => sum / self.count + compensation / self.count,
            };
            Value::Float(mean)
        })
    }
}

impl HistogramSum {
    /// Takes the sum for a mean, of `count` histograms with this one.
    fn add_to_mean(&mut self, h: &FloatHistogram, count: f64, labels: &LabelSet, notes: &mut Notes) {
        let weight = (count - 1.0) / count;
        self.sum.mul(weight);
        if let Some(lost) = &mut self.lost {
            lost.mul(weight);
        }
        let mut part = h.clone();
        part.div(count);
        self.add(&part, labels, notes);
    }
}
