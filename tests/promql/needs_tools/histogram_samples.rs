//! Native histograms as instrumented programs give them: observations counted into buckets, a sample each half minute.
//!
//! All begin far from zero, also after a restart, because Prometheus 2 did not yet look for the zero of histograms.

use std::collections::BTreeMap;
use std::sync::Arc;

use sereno::model::LabelSet;
use sereno::promql::histogram::{Buckets, CounterResetHint, FloatHistogram};
use sereno::promql::value::{FloatPoint, HistogramPoint, Series};

use super::samples::{BESIDE_THE_GRID, MINUTE, NOW, Random};

/// How many samples a series has, half a minute apart: Prometheus takes none that is an hour older than another.
const SAMPLES: i64 = 110;

/// A metric, which has a series for each of two jobs and three instances.
struct Metric {
    name: &'static str,
    schema: i32,
    zero_threshold: f64,
    /// The power of two in the middle of the sizes of observations, which spread over eight of them.
    middle: f64,
    /// Whether observations may be negative.
    signed: bool,
    /// What an observation counts: 1, or something between ½ and 1½.
    whole: bool,
    /// The sample at which the program is restarted.
    restart: Option<i64>,
    /// The sample from which on the program gives two schemas less.
    coarser: Option<i64>,
    /// The sample that only says that the series has ended; some are left out after it.
    end: Option<i64>,
    /// Whether the counts may fall, and say so.
    gauge: bool,
}

const LATENCY: Metric = Metric {
    name: "latency_seconds",
    schema: 3,
    zero_threshold: 2.938735877055719e-39,
    middle: -3.0,
    signed: false,
    whole: true,
    restart: None,
    coarser: None,
    end: None,
    gauge: false,
};

const METRICS: [Metric; 6] = [
    LATENCY,
    // Most observations are in the zero bucket.
    Metric { name: "idle_seconds", schema: 2, zero_threshold: 1.0, middle: -2.0, ..LATENCY },
    Metric {
        name: "drift",
        schema: 1,
        zero_threshold: 0.25,
        middle: 1.0,
        signed: true,
        whole: false,
        ..LATENCY
    },
    Metric { name: "restarted_seconds", restart: Some(70), ..LATENCY },
    Metric { name: "coarser_seconds", coarser: Some(80), end: Some(60), ..LATENCY },
    Metric { name: "queue", schema: 0, whole: false, gauge: true, ..LATENCY },
];

/// Series of native histograms, and the float series `up` with the same labels.
pub(super) fn series() -> Vec<Series> {
    let mut all = Vec::new();
    for job in ["a", "b"] {
        for instance in ["1", "2", "3"] {
            let labels =
                |name| LabelSet::from_pairs([("__name__", name), ("job", job), ("instance", instance)]);
            for metric in &METRICS {
                let labels = labels(metric.name);
                let histograms = metric.points(Random(labels.fingerprint().0));
                all.push(Series { labels, histograms, ..Series::default() });
            }
            let floats = (0..SAMPLES).map(|at| FloatPoint { t: time(at), v: 1.0 }).collect();
            all.push(Series { labels: labels("up"), floats, ..Series::default() });
        }
    }
    all
}

fn time(at: i64) -> i64 {
    NOW - (SAMPLES - at) * MINUTE / 2 + BESIDE_THE_GRID
}

impl Metric {
    fn points(&self, mut random: Random) -> Vec<HistogramPoint> {
        let mut state = State::default();
        state.observe(self, &mut random, 3000, 20.0);
        let mut points = Vec::new();
        for at in 0..SAMPLES {
            let since_end = self.end.map_or(-1, |end| at - end);
            if self.restart == Some(at) || self.gauge && at % 7 == 0 {
                state = State::default();
                state.observe(self, &mut random, 2000, 20.0);
            }
            let times = 1 + (20.0 * random.fraction()) as usize;
            state.observe(self, &mut random, times, 1.0);
            let histogram = match since_end {
                0 => FloatHistogram::stale(),
                1..15 => continue,
                _ => state.histogram(self, self.coarser.is_some_and(|from| at >= from)),
            };
            points.push(HistogramPoint { t: time(at), h: Arc::new(histogram) });
        }
        points
    }
}

/// What has been observed.
#[derive(Default)]
struct State {
    sum: f64,
    zero: f64,
    positive: BTreeMap<i32, f64>,
    negative: BTreeMap<i32, f64>,
}

impl State {
    fn observe(&mut self, metric: &Metric, random: &mut Random, times: usize, weight: f64) {
        for _ in 0..times {
            let power = metric.middle + 4.0 * (random.fraction() + random.fraction() - 1.0);
            let is_negative = metric.signed && random.fraction() < 0.4;
            let weight = if metric.whole { weight } else { weight * (0.5 + random.fraction()) };
            let size = power.exp2();
            self.sum += if is_negative { -size * weight } else { size * weight };
            if size <= metric.zero_threshold {
                self.zero += weight;
                continue;
            }
            let side = if is_negative { &mut self.negative } else { &mut self.positive };
            let index = (power * f64::from(metric.schema).exp2()).ceil() as i32;
            *side.entry(index).or_default() += weight;
        }
    }

    fn histogram(&self, metric: &Metric, coarser: bool) -> FloatHistogram {
        let buckets =
            |side: &BTreeMap<i32, f64>| Buckets::from_indexed(side.iter().map(|(at, count)| (*at, *count)));
        let mut histogram = FloatHistogram {
            counter_reset_hint: if metric.gauge {
                CounterResetHint::Gauge
            } else {
                CounterResetHint::Unknown
            },
            schema: metric.schema,
            zero_threshold: metric.zero_threshold,
            zero_count: self.zero,
            count: self
                .positive
                .values()
                .chain(self.negative.values())
                .fold(self.zero, |all, count| all + count),
            sum: self.sum,
            positive: buckets(&self.positive),
            negative: buckets(&self.negative),
            ..FloatHistogram::default()
        };
        if coarser {
            histogram.reduce_resolution(metric.schema - 2).expect("a coarser schema");
        }
        histogram
    }
}
