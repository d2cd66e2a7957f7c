//! The same native histograms and the same queries: our engine and Debian's Prometheus answer the same, but where
//! Prometheus 3 means something else. Prometheus 2 has them as an experiment, with fewer functions.

use std::sync::Arc;

use sereno::promql::histogram::{BucketSpan, FloatHistogram};
use sereno::promql::memory::MemoryStore;
use sereno::promql::notation::parse_histogram;
use sereno::promql::parser::{self, Features};
use sereno::promql::source::StoredSeries;
use sereno::promql::value::{HistogramPoint, Series, Value};

use super::histogram_samples;
use super::samples::NOW;
use super::server::Prometheus;
use super::sides::{Asked, Sides};
use crate::corpora::say;

/// Expressions that meant the same in Prometheus 2.
const SAME: &[&str] = &[
    // As they are stored.
    "latency_seconds",
    "idle_seconds{job=\"a\", instance!=\"2\"}",
    "drift offset 7m",
    "queue",
    "coarser_seconds",
    "coarser_seconds offset 12m",
    "restarted_seconds @ 1699999000.5",
    "{__name__=~\".*_seconds\", instance=\"1\"}",
    // Their numbers.
    "histogram_count(latency_seconds)",
    "histogram_sum(drift)",
    "histogram_sum(latency_seconds) / histogram_count(latency_seconds)",
    "histogram_count(queue) > 40000",
    "max_over_time(histogram_count(queue)[10m:1m])",
    "sum by (job) (histogram_count(rate(restarted_seconds[5m])))",
    // Quantiles and fractions: in the zero bucket, at bounds of buckets, beyond all.
    "histogram_quantile(0.5, idle_seconds)",
    "histogram_quantile(0.1, rate(idle_seconds[5m]))",
    "histogram_quantile(0.42, sum(idle_seconds))",
    "histogram_quantile(1, latency_seconds)",
    "histogram_quantile(-0.1, latency_seconds)",
    "histogram_quantile(1.1, drift)",
    "histogram_fraction(-Inf, 0.25, latency_seconds)",
    "histogram_fraction(0.125, 0.5, rate(latency_seconds[5m]))",
    "histogram_fraction(0, 0.3, idle_seconds)",
    "histogram_fraction(-0.1, 0.2, drift)",
    "histogram_fraction(-4, 2, sum by (job) (drift))",
    "histogram_fraction(-Inf, +Inf, drift)",
    "histogram_fraction(3, 2, drift)",
    // Changes: with restarts, other schemas, an end in between.
    "rate(latency_seconds[5m])",
    "increase(latency_seconds[20m])",
    "rate(drift[3m] offset 2m)",
    "increase(restarted_seconds[25m])",
    "rate(coarser_seconds[25m])",
    "increase(coarser_seconds{job=\"b\"}[4m])",
    "delta(queue[10m])",
    "rate(latency_seconds[30s])",
    // Sums: of all kinds of buckets.
    "sum(latency_seconds)",
    "sum by (job) (rate(latency_seconds[5m]))",
    "sum without (instance) (drift)",
    "rate(latency_seconds[5m]) + rate(coarser_seconds[25m]) + rate(drift[5m])",
    "sum by (instance) ({__name__=~\".*_seconds\"})",
    "sum({__name__=~\"idle_seconds|drift\"})",
    "latency_seconds + latency_seconds",
    "latency_seconds + ignoring (schema) coarser_seconds",
    "idle_seconds + drift",
    "coarser_seconds + on (job, instance) drift",
    "latency_seconds{job=\"a\"} + on (instance) group_left () drift{job=\"b\"}",
    // What only counts or chooses series.
    "count by (job) (latency_seconds)",
    "group(drift)",
    "count_over_time(latency_seconds[10m])",
    "count_over_time(coarser_seconds[25m])",
    "present_over_time(drift[5m])",
    "absent(coarser_seconds{job=\"c\"})",
    "absent_over_time(latency_seconds{job=\"c\"}[5m])",
    "latency_seconds and on (job, instance) (up{instance=\"1\"} == 1)",
    "drift unless on (instance) up{instance=\"2\"}",
    "latency_seconds or drift",
    "rate(latency_seconds[5m]) or up",
    "timestamp(latency_seconds @ 1699999000.5)",
    "rate((latency_seconds)[20m:1m])",
];

/// Expressions that mean something else since, and why.
const DIFFERENT: &[(&str, &[&str])] = &[
    (
        "since Prometheus 3 observations lie evenly in an exponential bucket on a logarithmic scale",
        &[
            "histogram_quantile(0.9, latency_seconds)",
            "histogram_quantile(0.05, drift)",
            "histogram_quantile(0.99, sum by (job) (rate(latency_seconds[5m])))",
            "histogram_fraction(0.1, 0.3, latency_seconds)",
        ],
    ),
    (
        "Prometheus 2 took histograms for the float 0 where it did not know them",
        &[
            "latency_seconds - latency_seconds",
            "latency_seconds * 2",
            "2 * latency_seconds",
            "latency_seconds / 4",
            "-latency_seconds",
            "latency_seconds == latency_seconds",
            "latency_seconds >= 0",
            "abs(latency_seconds)",
            "avg(latency_seconds)",
            "avg by (job) (rate(drift[5m]))",
            "max(latency_seconds)",
            "stddev(latency_seconds)",
            "topk(1, latency_seconds)",
            "last_over_time(latency_seconds[5m])",
            "avg_over_time(latency_seconds[5m])",
            "sum_over_time(drift[5m])",
            "max_over_time(latency_seconds[5m])",
            "changes(latency_seconds[5m])",
            "resets(restarted_seconds[25m])",
            "irate(latency_seconds[5m])",
            "idelta(queue[5m])",
            "deriv(latency_seconds[5m])",
            "scalar(latency_seconds{job=\"a\", instance=\"1\"})",
            "latency_seconds * on (job, instance) up",
            "label_replace(latency_seconds, \"host\", \"$1\", \"instance\", \"(.*)\")",
            "sum(label_join(drift, \"both\", \"-\", \"job\", \"instance\"))",
        ],
    ),
];

/// Functions that Prometheus 2 does not have.
const NEWER: &[&str] =
    &["histogram_avg(latency_seconds)", "histogram_stddev(latency_seconds)", "histogram_stdvar(drift)"];

#[tokio::test]
async fn native_histograms_give_what_prometheus_gives() {
    let series = histogram_samples::series();
    let sides = Sides { prometheus: loaded(&series).await, store: stored(&series) };
    let mut wrong = Vec::new();
    for text in SAME {
        match ask(&sides, text).await {
            Asked::Unknown => wrong.push(format!("{text}\n    Prometheus does not know it")),
            Asked::Compared { difference: Some(what), .. } => wrong.push(format!("{text}\n    {what}")),
            Asked::Compared { difference: None, is_filled: false } if !text.contains("[30s]") => {
                wrong.push(format!("{text}\n    has no result to compare"));
            }
            Asked::Compared { difference: None, .. } => {}
        }
    }
    for (reason, texts) in DIFFERENT {
        for text in *texts {
            if !matches!(ask(&sides, text).await, Asked::Compared { difference: Some(_), .. }) {
                wrong.push(format!("{text}\n    is not different any more: {reason}"));
            }
        }
        say(&format!("{} expressions over native histograms differ: {reason}", texts.len()));
    }
    for text in NEWER {
        if !matches!(ask(&sides, text).await, Asked::Unknown) {
            wrong.push(format!("{text}\n    is not newer than this Prometheus"));
        }
    }
    assert!(wrong.is_empty(), "{} answers:\n{}", wrong.len(), wrong.join("\n"));
    let version = sides.prometheus.version().await;
    say(&format!("{} expressions over native histograms: the same as Prometheus {version}", SAME.len()));
}

/// What its storage refuses, ours does, and takes what it takes. (Prometheus 2 also refuses counts that do not add up,
/// and takes a zero bucket with a negative one.)
#[tokio::test]
async fn native_histograms_that_prometheus_refuses_are_refused() {
    let prometheus = Prometheus::start(&["native-histograms"]).await;
    let mut store = MemoryStore::default();
    let read = |text| parse_histogram(text).expect(text);
    let with_span = |offset, length| {
        let mut histogram = read("{{count:2.5 buckets:[1 1.5]}}");
        histogram.positive.spans.push(BucketSpan { offset, length });
        histogram
    };
    let cases: [(FloatHistogram, bool); 8] = [
        (read("{{count:2.5 sum:3 buckets:[1 1.5]}}"), true),
        (read("{{count:3 sum:3 z_bucket:1 z_bucket_w:0.1 n_buckets:[2]}}"), true),
        (with_span(0, 0), true),
        (read("{{count:2.5 buckets:[1 -1.5]}}"), false),
        (read("{{count:2.5 n_buckets:[-1.5 1]}}"), false),
        (with_span(0, 1), false),
        (with_span(-1, 0), false),
        (FloatHistogram { positive: Default::default(), ..with_span(0, 1) }, true),
    ];
    for (number, (histogram, is_taken)) in cases.into_iter().enumerate() {
        let labels = sereno::model::LabelSet::from_pairs([("__name__", format!("h{number}"))]);
        let point = HistogramPoint { t: NOW, h: Arc::new(histogram) };
        let sent = StoredSeries {
            labels: &labels,
            floats: &[],
            histograms: std::slice::from_ref(&point),
            starts: &[],
        };
        let theirs = prometheus.try_write(std::iter::once(sent)).await;
        let ours = store.append(&labels, point.t, Value::Histogram(Arc::clone(&point.h)));
        assert_eq!((ours.is_ok(), theirs.is_ok()), (is_taken, is_taken), "{:?} {ours:?} {theirs:?}", point.h);
    }
}

async fn ask(sides: &Sides, text: &str) -> Asked {
    let expr = parser::parse(text, Features::default()).unwrap_or_else(|errors| panic!("{text}: {errors}"));
    sides.ask(text, &expr).await
}

/// A Prometheus that has these series.
pub(super) async fn loaded(series: &[Series]) -> Prometheus {
    let prometheus = Prometheus::start(&["native-histograms"]).await;
    let whole = series.iter().map(|Series { labels, floats, histograms, .. }| StoredSeries {
        labels,
        floats,
        histograms,
        starts: &[],
    });
    prometheus.write(whole).await;
    prometheus
}

fn stored(series: &[Series]) -> MemoryStore {
    let mut store = MemoryStore::default();
    for Series { labels, floats, histograms, .. } in series {
        for point in floats {
            store.append(labels, point.t, Value::Float(point.v)).expect("times rise");
        }
        for point in histograms {
            store.append(labels, point.t, Value::Histogram(Arc::clone(&point.h))).expect("a valid histogram");
        }
    }
    store
}
