//! A range query gives at each step what an instant query at that time gives.

use std::collections::BTreeMap;

use super::{at, loaded, over};
use crate::promql::engine::Options;
use crate::promql::value::{QueryResult, Value};

/// Series with gaps, ends, resets, start timestamps and both kinds of values.
const SERIES: &str = r#"
    requests_total{job="a", i="1"} 0+7x9 3+4x30 stale 5+5x20
    requests_total{job="a", i="2"} _x12 1+1x20 _x40 9+2x9
    requests_total{job="b", i="3"} 0+10x15 stale stale _x8 NaN 4 5 Inf -Inf 1x30
    started_total{job="a"}@st _x5 -3s-10sx20 _x9 -10sx20 0x5
    started_total{job="a"} 0+3x25 _x9 4x17 stale 5x7
    started_total{job="b"}@st -25s-10sx29 -35s-10sx19 _x11
    started_total{job="b"} {{sum:1 count:2 buckets:[1 1]}}+{{sum:1 count:2 buckets:[1 1]}}x60
    limit{job="a"} 30x20 stale _x10 60x30
    limit{job="b"} 50x70
    mixed{job="a"} 1 2 3 {{sum:1 count:2 buckets:[1 1]}}x5 4 5 {{sum:3 count:5 buckets:[2 3]}}x20 stale 7x20
    mixed{job="b"} {{sum:1 count:2 buckets:[1 1]}}+{{sum:1 count:2 buckets:[1 1]}}x60
"#;

const QUERIES: &[&str] = &[
    "requests_total",
    "requests_total offset 35s",
    "requests_total @ 50",
    "rate(requests_total[45s])",
    "increase(requests_total[1m] offset 15s)",
    "rate(started_total[45s])",
    "increase(started_total[21s] offset 5s)",
    "irate(started_total[1m])",
    "resets(started_total[1m])",
    "resets(started_total[1m:10s])",
    "start_timestamp(started_total)",
    "start_timestamp(started_total @ 70)",
    "max_over_time(requests_total[37s])",
    "count_over_time(mixed[1m])",
    "rate(mixed[1m])",
    "last_over_time(mixed[20s])",
    "quantile_over_time(time() / 1000, requests_total[1m])",
    "max_over_time(rate(requests_total[30s])[1m:13s])",
    "sum_over_time(requests_total[1m:7s] offset 5s)",
    "count_over_time((requests_total > 20)[50s:10s] @ 300)",
    "max_over_time(min_over_time(sum by (job) (requests_total)[1m:20s])[40s:10s])",
    "sum by (job) (requests_total)",
    "avg(requests_total)",
    "sum(mixed)",
    "stddev without (i) (requests_total)",
    "quantile(0.3, requests_total)",
    "topk(2, requests_total)",
    "bottomk by (job) (1, requests_total)",
    "limitk(2, requests_total)",
    "limit_ratio(0.5, requests_total)",
    "topk(1 + time() % 3, requests_total)",
    r#"count_values by (job) ("v", requests_total)"#,
    "requests_total > on (job) group_left () limit",
    "requests_total / on (job) group_left () limit",
    "limit - on (job) group_right () requests_total",
    "requests_total and on (job) (limit > 40)",
    "limit or requests_total",
    "limit or on (job) requests_total",
    "requests_total unless on (job) limit",
    "requests_total * 2 > bool 30",
    "-mixed",
    "mixed * 2",
    "mixed + mixed",
    "mixed == mixed",
    "absent(requests_total{i=\"2\"})",
    "absent_over_time(requests_total{i=\"2\"}[30s])",
    "timestamp(requests_total)",
    "timestamp(requests_total @ 70)",
    "scalar(requests_total{i=\"1\"})",
    r#"label_replace(requests_total, "i", "$1", "i", "(.)")"#,
    r#"label_join(requests_total, "j", "", "i", "job")"#,
    "clamp(requests_total, 3, scalar(limit{job=\"b\"}))",
    "abs(requests_total)",
    "time() - requests_total",
    "histogram_quantile(0.5, mixed)",
    "requests_total smoothed",
    "rate(requests_total[40s] anchored)",
    "rate(requests_total[40s] smoothed)",
    "requests_total{i=\"1\"} + on (job) fill(0) limit",
    "requests_total{i=\"1\"} + on (job) fill_right(3) limit",
    "info(requests_total, {__name__=\"limit\"})",
    "vector(time())",
    "month()",
];

/// The elements of a result at each time, as texts that tell all NaN apart from numbers, but not from each other.
type AtTime = BTreeMap<String, String>;

fn text(value: &Value) -> String {
    match value {
        Value::Float(v) => v.to_string(),
        Value::Histogram(h) => h.notation(),
    }
}

#[test]
fn steps_of_a_range_are_instants() {
    let store = loaded(SERIES);
    for delayed_name_removal in [false, true] {
        let options = Options {
            delayed_name_removal,
            use_start_timestamps: true,
            lookback: 60_000,
            ..Options::default()
        };
        for query in QUERIES {
            let (start, end, step) = (-20, 800, 11);
            let matrix = match over(&store, query, (start, end, step), &options) {
                Ok(evaluation) => match evaluation.result {
                    QueryResult::Matrix(matrix) => matrix,
                    other => panic!("{query} gives {other:?}"),
                },
                Err(error) => panic!("{query}: {error}"),
            };
            for seconds in (start..=end).step_by(11) {
                let mut wanted = AtTime::new();
                match at(&store, query, seconds, &options).map(|evaluation| evaluation.result) {
                    Ok(QueryResult::Vector(vector)) => {
                        wanted.extend(vector.iter().map(|one| (one.labels.to_string(), text(&one.value))))
                    }
                    Ok(QueryResult::Scalar(point)) => {
                        wanted.insert("{}".to_owned(), point.v.to_string());
                    }
                    other => panic!("{query} gives {other:?}"),
                }
                let mut got = AtTime::new();
                for series in &matrix {
                    let t = seconds * 1000;
                    let float = series.floats.iter().find(|point| point.t == t);
                    let histogram = series.histograms.iter().find(|point| point.t == t);
                    let float = float.map(|point| point.v.to_string());
                    let value = float.or_else(|| histogram.map(|point| point.h.notation()));
                    got.extend(value.map(|value| (series.labels.to_string(), value)));
                }
                assert_eq!(got, wanted, "{query} at {seconds}s");
            }
        }
    }
}
