//! The engine beside Debian's Prometheus: the same samples, the same queries, one after the other on the same
//! machine. Loopback only; every row is bounded in count and time.
//!
//! ```text
//! cargo bench --bench promql
//! ```
//!
//! Prometheus answers over HTTP, ours is called directly. The answers are small, so that this is of no weight:
//! all queries aggregate what they read.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark: it waits for a real server, measures real time and prints it"
)]

#[path = "../../tests/promql/needs_tools/server.rs"]
mod server;

use std::hint::black_box;
use std::time::{Duration, Instant};

use sereno::model::LabelSet;
use sereno::promql::engine::{self, Options};
use sereno::promql::memory::MemoryStore;
use sereno::promql::parser::{self, Features};
use sereno::promql::source::StoredSeries;
use sereno::promql::value::{FloatPoint, QueryResult, Value};
use server::Prometheus;

/// How many series of each metric.
const SERIES: usize = 10_000;
/// How many samples a series, fifteen seconds apart.
const SAMPLES: i64 = 240;
const STEP: i64 = 15_000;
const START: i64 = 1_700_000_000_337;
const END: i64 = START + (SAMPLES - 1) * STEP;
const MINUTE: i64 = 60_000;

/// How long one row may measure on each side, and how often at most.
const PATIENCE: Duration = Duration::from_secs(10);
const TIMES: usize = 21;

/// What is measured: a name, the query, and whether over the last half an hour instead of at its end.
const ROWS: [(&str, &str, bool); 6] = [
    ("`sum by (job) (rate(…[5m]))`, 10,000 series", "sum by (job) (rate(requests_total[5m]))", false),
    ("the same, 31 steps", "sum by (job) (rate(requests_total[5m]))", true),
    (
        "`histogram_quantile` over 1,000 classic histograms",
        "histogram_quantile(0.99, sum by (le, job) (rate(latency_seconds_bucket[5m])))",
        false,
    ),
    (
        "the same, 31 steps",
        "histogram_quantile(0.99, sum by (le, job) (rate(latency_seconds_bucket[5m])))",
        true,
    ),
    (
        "subquery, `max_over_time((sum by (job) (rate(…[5m])))[30m:1m])`",
        "max_over_time(sum by (job) (rate(requests_total[5m]))[30m:1m])",
        false,
    ),
    (
        "one series among 10,000, by two labels",
        "rate(requests_total{job=\"job-3\", instance=\"host-0503\"}[5m])",
        false,
    ),
];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let series = series();
    let prometheus = Prometheus::start(&[]).await;
    for part in (0..SAMPLES as usize).collect::<Vec<_>>().chunks(60) {
        for batch in series.chunks(5_000) {
            let (from, to) = (part[0], part[0] + part.len());
            prometheus
                .write(batch.iter().map(|(labels, points)| StoredSeries {
                    labels,
                    floats: &points[from..to],
                    histograms: &[],
                    starts: &[],
                }))
                .await;
        }
    }
    let mut store = MemoryStore::default();
    for (labels, points) in &series {
        for point in points {
            store.append(labels, point.t, Value::Float(point.v)).expect("times rise");
        }
    }
    println!(
        "| {} series, {} samples each | Prometheus {} | Sereno | ratio |",
        series.len(),
        SAMPLES,
        prometheus.version().await
    );
    println!("|---|---:|---:|---:|");
    for (name, query, is_range) in ROWS {
        let (theirs, results) = theirs(&prometheus, query, is_range).await;
        let ours = ours(&store, query, is_range, results);
        let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
        println!("| {name} | {} | {} | **{ratio:.3}** |", millis(theirs), millis(ours));
    }
}

fn millis(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1000.0)
}

/// The median of the times that some calls took.
struct Stopwatch(Vec<Duration>, Instant);

impl Stopwatch {
    fn new() -> Self {
        Self(Vec::new(), Instant::now())
    }

    fn wants_more(&self) -> bool {
        self.0.len() < TIMES && (self.0.len() < 3 || self.1.elapsed() < PATIENCE)
    }

    fn median(mut self) -> Duration {
        self.0.sort();
        self.0[self.0.len() / 2]
    }
}

/// How long Prometheus takes, and how many series it answers with.
async fn theirs(prometheus: &Prometheus, query: &str, is_range: bool) -> (Duration, usize) {
    let seconds = |millis: i64| format!("{}.{:03}", millis / 1000, millis % 1000);
    let (start, end) = (seconds(END - 30 * MINUTE), seconds(END));
    let mut watch = Stopwatch::new();
    let mut results = 0;
    while watch.wants_more() {
        let begin = Instant::now();
        let json = if is_range {
            let query = [("query", query), ("start", &start), ("end", &end), ("step", "60")];
            prometheus.get("/api/v1/query_range", &query).await
        } else {
            prometheus.get("/api/v1/query", &[("query", query), ("time", &end)]).await
        };
        watch.0.push(begin.elapsed());
        results = json["data"]["result"].as_array().map_or(0, Vec::len);
        assert!(results > 0, "Prometheus has no result: {json}");
    }
    (watch.median(), results)
}

/// How long we take; we answer with as many series.
fn ours(store: &MemoryStore, query: &str, is_range: bool, expected: usize) -> Duration {
    let options = Options::default();
    let mut watch = Stopwatch::new();
    while watch.wants_more() {
        let begin = Instant::now();
        let expr = parser::parse(query, Features::default()).expect("it parses");
        let result = if is_range {
            engine::range(&expr, store, END - 30 * MINUTE, END, MINUTE, &options)
        } else {
            engine::instant(&expr, store, END, &options)
        };
        let result = black_box(result.expect("it evaluates").result);
        watch.0.push(begin.elapsed());
        let results = match result {
            QueryResult::Vector(samples) => samples.len(),
            QueryResult::Matrix(series) => series.len(),
            QueryResult::Scalar(_) | QueryResult::String(..) => 0,
        };
        assert_eq!(results, expected, "series of {query}");
    }
    watch.median()
}

/// Requests of ten jobs and as many series of buckets.
fn series() -> Vec<(LabelSet, Vec<FloatPoint>)> {
    const BOUNDS: [&str; 10] = ["0.005", "0.01", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "+Inf"];
    let points = |speed: usize| {
        let v = |at: i64| (at as f64 * (1.0 + speed as f64 / 7.0) * 15.0).floor();
        (0..SAMPLES).map(|at| FloatPoint { t: START + at * STEP, v: v(at) }).collect()
    };
    let requests = (0..SERIES).map(|number| {
        let (job, instance) = (format!("job-{}", number % 10), format!("host-{number:04}"));
        let labels =
            [("__name__", "requests_total"), ("job", &job), ("instance", &instance), ("code", "200")];
        (LabelSet::from_pairs(labels), points(number % 100))
    });
    let buckets = (0..SERIES).map(|number| {
        let (histogram, at) = (number / BOUNDS.len(), number % BOUNDS.len());
        let (job, instance) = (format!("job-{}", histogram % 10), format!("host-{histogram:04}"));
        let labels = [
            ("__name__", "latency_seconds_bucket"),
            ("job", &job),
            ("instance", &instance),
            ("le", BOUNDS[at]),
        ];
        (LabelSet::from_pairs(labels), points(at * (1 + histogram % 10)))
    });
    requests.chain(buckets).collect()
}
