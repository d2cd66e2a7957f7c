//! The engine from outside: what queries give for series written as in Prometheus' tests.

mod limits;
mod steps_agree;

use std::fmt::Write;

use super::{EvalError, Evaluation, Options, instant, range};
use crate::promql::annotations::Severity;
use crate::promql::memory::MemoryStore;
use crate::promql::notation::{SequenceValue, parse_series, parse_starts};
use crate::promql::parser::{Features, parse};
use crate::promql::source::{Source, TimeWindow};
use crate::promql::value::{QueryResult, Series, Value};

/// A store with series of one sample each ten seconds from 0 on.
pub(super) fn loaded(lines: &str) -> MemoryStore {
    let mut store = MemoryStore::default();
    let mut pending = None;
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(starts) = parse_starts(line).expect("start timestamps, if any, are valid") {
            pending = Some(starts);
            continue;
        }
        let notation = parse_series(line).expect("the line is a series");
        let starts = pending.take().map(|starts| starts.of(&notation).expect("they are of this series"));
        let starts = starts.into_iter().flatten().chain(std::iter::repeat(None));
        for ((t, value), start) in (0..).step_by(10_000).zip(notation.values).zip(starts) {
            if let SequenceValue::Value(value) = value {
                let start = start.map_or(0, |start| t + start);
                store.append_with_start(&notation.labels, t, start, value).expect("times rise");
            }
        }
    }
    store
}

/// Evaluates at a time in seconds.
pub(super) fn at(
    store: &MemoryStore,
    query: &str,
    seconds: i64,
    options: &Options<'_>,
) -> Result<Evaluation, EvalError> {
    let expr = parse(query, Features::ALL).expect("the query is valid");
    instant(&expr, store, seconds * 1000, options)
}

/// Evaluates from, to and with a step in seconds.
pub(super) fn over(
    store: &MemoryStore,
    query: &str,
    (start, end, step): (i64, i64, i64),
    options: &Options<'_>,
) -> Result<Evaluation, EvalError> {
    let expr = parse(query, Features::ALL).expect("the query is valid");
    range(&expr, store, start * 1000, end * 1000, step * 1000, options)
}

/// The result and all annotations, a line each.
pub(super) fn shown(query: &str, evaluation: Result<Evaluation, EvalError>) -> String {
    let evaluation = match evaluation {
        Ok(evaluation) => evaluation,
        Err(error) => return format!("error: {error}"),
    };
    let mut text = match &evaluation.result {
        QueryResult::Scalar(point) => format!("{}", point.v),
        QueryResult::String(text, _) => text.to_string(),
        QueryResult::Vector(vector) => {
            let lines = vector.iter().map(|sample| format!("{:?} {}", sample.labels, value(&sample.value)));
            lines.collect::<Vec<_>>().join("\n")
        }
        QueryResult::Matrix(matrix) => matrix.iter().map(series).collect::<Vec<_>>().join("\n"),
    };
    for severity in [Severity::Warning, Severity::Info] {
        for line in evaluation.annotations.texts(severity, query) {
            let _ = write!(text, "\n{line}");
        }
    }
    text
}

fn value(value: &Value) -> String {
    match value {
        Value::Float(v) => v.to_string(),
        Value::Histogram(h) => h.notation(),
    }
}

/// `{labels} value@seconds …`
pub(super) fn series(series: &Series) -> String {
    let floats = series.floats.iter().map(|point| (point.t, point.v.to_string()));
    let histograms = series.histograms.iter().map(|point| (point.t, point.h.notation()));
    let mut points: Vec<_> = floats.chain(histograms).collect();
    points.sort();
    let points: Vec<_> = points.iter().map(|(t, text)| format!("{text}@{}", *t as f64 / 1000.0)).collect();
    format!("{:?} {}", series.labels, points.join(" "))
}

const REQUESTS: &str = r#"
    requests_total{job="api", path="/a"} 0+10x20
    requests_total{job="api", path="/b"} 0+20x20
    requests_total{job="web", path="/a"} 0+30x20
    up{job="api", instance="1"} 1x20
    up{job="api", instance="2"} 0x20
    up{job="web", instance="3"} 1 1 stale
    size{job="api"} 5x20
    target_info{job="api", version="2"} 1x20
    series_limit 100x20
    latency {{schema:0 sum:5 count:4 buckets:[1 2 1]}}x20
"#;

fn check(cases: &[(&str, &str)]) {
    let store = loaded(REQUESTS);
    for (query, wanted) in cases {
        let wanted: Vec<&str> = wanted.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let got = shown(query, at(&store, query, 100, &Options::default()));
        let got: Vec<&str> = got.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        assert_eq!(got, wanted, "{query}");
    }
}

#[test]
fn selectors_look_back_until_a_series_ends() {
    check(&[
        (r#"up{job="web"}"#, ""),
        (r#"up{job="web"} offset 90s"#, r#"{__name__="up", instance="3", job="web"} 1"#),
        (r#"up{job="web"} @ 19"#, r#"{__name__="up", instance="3", job="web"} 1"#),
        (r#"up{instance="1"} offset -7m"#, ""),
        (
            r#"requests_total{job="web"}[25s]"#,
            r#"{__name__="requests_total", job="web", path="/a"} 240@80 270@90 300@100"#,
        ),
        (r#"up{job="web"}[1m] @ 30"#, r#"{__name__="up", instance="3", job="web"} 1@0 1@10"#),
        (r#"size[30s:10s] offset 5s"#, r#"{__name__="size", job="api"} 5@70 5@80 5@90"#),
    ]);
}

#[test]
fn operators_find_partners_by_labels() {
    check(&[
        ("1 + 2 * 3", "7"),
        ("-(2 ^ 3) % 3", "-2"),
        ("-5 % 3", "-2"),
        (r#"sum by (job) (requests_total) / on (job) size"#, r#"{job="api"} 60"#),
        (
            r#"requests_total * on (job) group_left () size"#,
            r#"{job="api", path="/a"} 500
               {job="api", path="/b"} 1000"#,
        ),
        (r#"size < bool 3"#, r#"{job="api"} 0"#),
        (r#"3 < size"#, r#"{__name__="size", job="api"} 5"#),
        (r#"up == 0 or on () size"#, r#"{__name__="up", instance="2", job="api"} 0"#),
        (
            r#"up unless on (job) (size > 7)"#,
            r#"{__name__="up", instance="1", job="api"} 1
               {__name__="up", instance="2", job="api"} 0"#,
        ),
        ("latency + size", ""),
        (
            "latency + on () size",
            "PromQL info: incompatible sample types encountered for binary operator \"+\": histogram + float (1:1)",
        ),
    ]);
}

#[test]
fn wrong_matches_are_errors_in_prometheus_words() {
    check(&[
        (
            "up * on (job) size",
            "error: multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
        ),
        (
            "size * on (job) up",
            r#"error: found duplicate series for the match group {job="api"} on the right hand-side of the operation: [{__name__="up", instance="1", job="api"}, {__name__="up", instance="2", job="api"}];many-to-many matching not allowed: matching labels must be unique on one side"#,
        ),
        (
            r#"label_replace(up, "instance", "", "", "") * on (job) group_left (instance) size"#,
            "error: vector cannot contain metrics with the same labelset",
        ),
        (
            "up * on (job) group_left (instance) size",
            "error: multiple matches for labels: grouping labels must ensure unique matches",
        ),
        (
            r#"-{__name__=~"up|size"}"#,
            r#"{instance="1", job="api"} -1
            {instance="2", job="api"} -0
            {job="api"} -5"#,
        ),
        (
            r#"rate(label_replace({__name__=~"up|size"}, "instance", "1", "", "")[1m:10s])"#,
            "error: vector cannot contain metrics with the same labelset",
        ),
        (
            r#"2 * {__name__=~"latency|series_limit"}"#,
            "error: vector cannot contain metrics with the same labelset",
        ),
        ("topk(NaN, up)", "error: Parameter value is NaN"),
        ("topk(1e30, up)", "error: Scalar value 1e+30 overflows int64"),
        ("limit_ratio(NaN, up)", "error: Ratio value is NaN"),
        (
            r#"label_replace(up, "a", "", "b", "(")"#,
            "error: invalid regular expression in label_replace(): (",
        ),
        (r#"label_join(up, "", "b", "c")"#, "error: invalid destination label name in label_join(): "),
        (r#"count_values("", up)"#, r#"error: invalid label name """#),
        (r#"count_values("a\xc5z", up)"#, r#"error: invalid label name "a\xc5z""#),
        ("up[step()]", "error: 3:9: duration must be greater than 0"),
        (
            "max_over_time(up[1m] smoothed)",
            "error: smoothed modifier can only be used with: delta, increase, rate - not with max_over_time",
        ),
    ]);
}

#[test]
fn aggregations_group_by_labels() {
    check(&[
        (
            "sum by (job) (requests_total)",
            r#"{job="api"} 300
               {job="web"} 300"#,
        ),
        (
            "max without (path) (requests_total)",
            r#"{job="api"} 200
               {job="web"} 300"#,
        ),
        ("avg(requests_total)", "{} 200"),
        ("stdvar(requests_total)", "{} 6666.666666666667"),
        ("quantile(0.75, requests_total)", "{} 250"),
        (
            "topk by (job) (1, requests_total)",
            r#"{__name__="requests_total", job="api", path="/b"} 200
               {__name__="requests_total", job="web", path="/a"} 300"#,
        ),
        (
            "bottomk(2, requests_total)",
            r#"{__name__="requests_total", job="api", path="/a"} 100
               {__name__="requests_total", job="api", path="/b"} 200"#,
        ),
        (
            r#"count_values("value", up)"#,
            r#"{value="1"} 1
               {value="0"} 1"#,
        ),
        ("sum(latency)", "{} {{count:4 sum:5 counter_reset_hint:not_reset buckets:[1 2 1]}}"),
        (
            r#"sum({__name__=~"latency|size"})"#,
            "PromQL warning: encountered a mix of histograms and floats for aggregation (1:5)",
        ),
        (
            r#"max({__name__=~"latency|size"})"#,
            "{} 5
            PromQL info: ignored histogram in max aggregation (1:5)",
        ),
        (
            "quantile(2, up)",
            "{} inf
            PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)",
        ),
        ("count(nothing)", ""),
    ]);
}

#[test]
fn functions_of_the_evaluator_itself() {
    check(&[
        (
            "rate(size[1m])",
            r#"{job="api"} 0
               PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "size" (1:6)"#,
        ),
        (r#"absent(up{job="db", instance=~"."})"#, r#"{job="db"} 1"#),
        (r#"absent(up)"#, ""),
        (r#"absent_over_time(up{job="db"}[1m])"#, r#"{job="db"} 1"#),
        (r#"timestamp(up{job="web"} offset 85s)"#, r#"{instance="3", job="web"} 10"#),
        (r#"timestamp(-size)"#, r#"{job="api"} 100"#),
        ("scalar(size) + scalar(up)", "NaN"),
        ("vector(7)", "{} 7"),
        ("start() + end() + range() + step()", "200"),
        (
            r#"label_replace(size, "kind", "${1}x", "job", "(a)p.")"#,
            r#"{__name__="size", job="api", kind="ax"} 5"#,
        ),
        (
            r#"label_join(size, "both", "-", "job", "job")"#,
            r#"{__name__="size", both="api-api", job="api"} 5"#,
        ),
        (r#""a text""#, "a text"),
        ("info(size)", r#"{__name__="size", job="api", version="2"} 5"#),
        (r#"info(size, {version="3"})"#, ""),
    ]);
}

#[test]
fn experimental_features() {
    check(&[
        ("limitk(1, requests_total)", r#"{__name__="requests_total", job="api", path="/a"} 100"#),
        ("count(limit_ratio(0.4, up) or limit_ratio(-0.6, up))", "{} 2"),
        (
            r#"requests_total + on (job, path) fill_right (1) requests_total{job="api"}"#,
            r#"{job="api", path="/a"} 200
               {job="api", path="/b"} 400
               {job="web", path="/a"} 301"#,
        ),
        (
            r#"size + on (job) fill_left (2) sum by (job) (requests_total)"#,
            r#"{job="api"} 305
               {job="web"} 302"#,
        ),
        (
            r#"requests_total{job="web"} smoothed offset 5s"#,
            r#"{__name__="requests_total", job="web", path="/a"} 285"#,
        ),
        (r#"increase(requests_total{job="web"}[15s] anchored)"#, r#"{job="web", path="/a"} 60"#),
        (r#"increase(requests_total{job="web"}[15s] smoothed)"#, r#"{job="web", path="/a"} 45"#),
        (
            r#"requests_total{job="web"}[15s] anchored"#,
            r#"{__name__="requests_total", job="web", path="/a"} 240@85 270@90 300@100"#,
        ),
        (
            r#"requests_total{job="web"}[15s] smoothed"#,
            r#"{__name__="requests_total", job="web", path="/a"} 255@85 270@90 300@100"#,
        ),
        (r#"sum_over_time(size[step() + 20s])"#, r#"{job="api"} 10"#),
        (r#"sum_over_time(size[max_of(10s, range()):5s] offset -(5s * -2))"#, r#"{job="api"} 10"#),
    ]);
}

/// Once there can be no result, nothing is said of what would have been wrong with it otherwise.
#[test]
fn histograms_among_floats_are_not_looked_at() {
    let store = loaded(
        r#"
        a{job="1"} 1
        a{job="2"} {{count:1 buckets:[1]}}
        a{job="3"} {{count:1 schema:-53 custom_values:[1] buckets:[1]}}
        b{job="1"} {{count:1 buckets:[1]}}
        b{job="2"} 1
        b{job="3"} {{count:1 schema:-53 custom_values:[1] buckets:[1]}}
        "#,
    );
    let floats = "PromQL warning: encountered a mix of histograms and floats for aggregation (1:5)";
    let schemas = "PromQL warning: vector contains a mix of histograms with exponential and custom buckets schemas \
                   for metric name \"b\" (1:5)";
    for op in ["sum", "avg"] {
        let (a, b) = (format!("{op}(a)"), format!("{op}(b)"));
        assert_eq!(shown(&a, at(&store, &a, 0, &Options::default())).trim(), floats);
        let both = shown(&b, at(&store, &b, 0, &Options::default()));
        assert!(both.contains(floats) && both.contains(schemas), "{both}");
    }
}

/// The reset is only seen where counts alone are read: the store does not tell of it.
#[test]
fn histograms_read_without_buckets_know_of_resets() {
    let store = loaded(
        r#"
        h{i="1"} {{count:5 sum:5 buckets:[2 3]}} {{count:3 sum:3 buckets:[1 2]}}
        h{i="2"} {{count:5 sum:5 buckets:[2 3]}} {{count:7 sum:7 buckets:[3 4]}}
        "#,
    );
    for (query, wanted) in [
        ("sum(h)", "{} {{count:10 sum:10 buckets:[4 6]}}"),
        (
            "histogram_count(sum(h))",
            "{} 10\nPromQL warning: conflicting counter resets during histogram aggregation (1:21)",
        ),
        ("histogram_count(sum(h </ 1))", "{} 4"),
        ("histogram_count(last_over_time(sum(h)[10s:10s]))", "{} 10"),
    ] {
        assert_eq!(shown(query, at(&store, query, 10, &Options::default())), wanted, "{query}");
    }
}

#[test]
fn start_timestamps_count_if_they_are_to() {
    let mut store = loaded(r#"m_total{i="1"} 1"#);
    let labels = store.select(&[], TimeWindow { from: 0, to: 0 }).expect("never fails")[0].labels.clone();
    store.append_with_start(&labels, 10_000, 5000, Value::Float(2.0)).expect("times rise");
    for (query, off, on) in [
        ("resets(m_total[20s])", r#"{i="1"} 0"#, r#"{i="1"} 1"#),
        ("increase(m_total[5001ms])", "", r#"{i="1"} 2"#),
        ("increase(m_total[5001ms] anchored)", r#"{i="1"} 1"#, r#"{i="1"} 1"#),
        ("delta(m_total[20s])", r#"{i="1"} 2"#, r#"{i="1"} 2"#),
        ("start_timestamp(m_total)", "", r#"{i="1"} 5"#),
        ("start_timestamp(m_total offset 1s)", "", r#"{i="1"} 0"#),
        ("start_timestamp(m_total @ 10 offset -1m)", "", r#"{i="1"} 5"#),
        ("start_timestamp(m_total + 1)", "", ""),
    ] {
        for (use_start_timestamps, wanted) in [(false, off), (true, on)] {
            let options = Options { use_start_timestamps, ..Options::default() };
            let got = shown(query, at(&store, query, 10, &options));
            assert_eq!(got, wanted, "{query} {use_start_timestamps}");
        }
    }
}

#[test]
fn names_can_be_dropped_at_the_end() {
    let store = loaded(REQUESTS);
    let options = Options { delayed_name_removal: true, ..Options::default() };
    for (query, wanted) in [
        ("sum by (__name__) (rate(requests_total[1m]))", "{} 6"),
        (r#"label_replace(-size, "was", "$1", "__name__", "(.*)")"#, r#"{job="api", was="size"} -5"#),
    ] {
        assert_eq!(shown(query, at(&store, query, 100, &options)), wanted, "{query}");
    }
    let query = r#"label_replace(-size, "was", "$1", "__name__", "(.*)")"#;
    assert_eq!(shown(query, at(&store, query, 100, &Options::default())), r#"{job="api"} -5"#);
}

#[test]
fn range_queries_give_series_sorted_by_labels() {
    let store = loaded(REQUESTS);
    for (query, wanted) in [
        ("1", "{} 1@0 1@20 1@40"),
        (
            "topk(1, requests_total)",
            r#"{__name__="requests_total", job="api", path="/a"} 0@0
               {__name__="requests_total", job="web", path="/a"} 60@20 120@40"#,
        ),
        (
            "sort_desc(up)",
            r#"{__name__="up", instance="1", job="api"} 1@0 1@20 1@40
               {__name__="up", instance="2", job="api"} 0@0 0@20 0@40
               {__name__="up", instance="3", job="web"} 1@0
               PromQL warning: sort is ineffective for range queries since results are always ordered by labels (1:1)"#,
        ),
        (r#"size @ end()"#, r#"{__name__="size", job="api"} 5@0 5@20 5@40"#),
        (r#"sum(requests_total @ 30) + time()"#, "{} 180@0 200@20 220@40"),
        (
            r#"up{job="web"} or size"#,
            r#"{__name__="size", job="api"} 5@0 5@20 5@40
            {__name__="up", instance="3", job="web"} 1@0"#,
        ),
        (
            r#"up[1m]"#,
            r#"error: invalid expression type "range vector" for range query, must be Scalar or instant Vector"#,
        ),
    ] {
        let wanted: Vec<&str> = wanted.lines().map(str::trim).collect();
        let got = shown(query, over(&store, query, (0, 40, 20), &Options::default()));
        let got: Vec<&str> = got.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        assert_eq!(got, wanted, "{query}");
    }
}
