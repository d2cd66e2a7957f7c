//! What the functions of histograms answer and say, in tables.

use std::sync::Arc;

use super::{Argument, Context};
use crate::model::LabelSet;
use crate::promql::annotations::{Annotations, Severity};
use crate::promql::functions::QueryTimes;
use crate::promql::notation::{SequenceValue, parse_histogram, parse_series};
use crate::promql::span::Span;
use crate::promql::value::{Value, VectorSample};

type Function = fn(&[Argument<'_>], &mut Context<'_>) -> Vec<VectorSample>;

/// A vector from series with one value each.
fn vector(series: &[&str]) -> Vec<VectorSample> {
    let one = |text: &&str| {
        let series = parse_series(text).expect(text);
        let value = match series.values.first() {
            Some(SequenceValue::Value(value)) => value.clone(),
            Some(SequenceValue::Omitted) | None => panic!("{text} has no value"),
        };
        VectorSample { labels: series.labels, drop_name: false, value, t: 0 }
    };
    series.iter().map(one).collect()
}

/// Labels and floats of the answer, then what was said.
fn call(function: Function, args: &[Argument<'_>], delayed_name_removal: bool) -> String {
    let spans = [Span::new(2, 3), Span::new(5, 6), Span::new(8, 9), Span::new(11, 12)];
    let mut annotations = Annotations::default();
    let mut context = Context {
        step: 60_000,
        query: QueryTimes { start: 60_000, end: 60_000, interval: 1, is_range: false },
        delayed_name_removal,
        call: Span::new(0, 20),
        args: &spans,
        annotations: &mut annotations,
    };
    let mut lines: Vec<String> = Vec::new();
    for sample in function(args, &mut context) {
        let Value::Float(value) = sample.value else { panic!("a float is answered") };
        assert!(sample.drop_name && sample.t == 60_000);
        lines.push(format!("{} {value}", sample.labels));
    }
    for severity in [Severity::Warning, Severity::Info] {
        lines.extend(annotations.texts(severity, "f(0, 1, 2, 3)"));
    }
    lines.join("\n")
}

const CLASSIC: [&str; 4] = [
    r#"h_bucket{job="a",le="1"} 2"#,
    r#"h_bucket{job="a",le="4"} 8"#,
    r#"h_bucket{job="a",le="2"} 4"#,
    r#"h_bucket{job="a",le="+Inf"} 10"#,
];

#[test]
fn quantiles_of_classic_histograms() {
    let samples = vector(&CLASSIC);
    for (q, answer) in [(0.0, "0"), (0.1, "0.5"), (0.4, "2"), (0.6, "3"), (0.9, "4"), (1.0, "4")] {
        let answered = call(super::quantile, &[Argument::Scalar(q), Argument::Vector(&samples)], false);
        assert_eq!(answered, format!("{{job=\"a\"}} {answer}"), "{q}");
    }
}

#[test]
fn what_is_wrong_with_classic_histograms_is_said() {
    let q = Argument::Scalar(0.5);
    for (series, answer) in [
        (&[r#"h{le="1"} 1"#][..], "{} NaN"),
        (&[r#"h{le="+Inf"} 1"#], "{} NaN"),
        (&[r#"h{le="1"} 0"#, r#"h{le="+Inf"} 0"#], "{} NaN"),
        (&[r#"h{le="-1"} 9"#, r#"h{le="+Inf"} 10"#], "{} -1"),
        (&[r#"h{le="1"} 1"#, r#"h{le="1.0"} 1"#, r#"h{le="Inf"} 4"#], "{} 1"),
        (
            &[r#"h{le="x"} 1"#, "h 2"],
            "PromQL warning: bucket label \"le\" is missing or has a malformed value of \"\" (1:6)\n\
             PromQL warning: bucket label \"le\" is missing or has a malformed value of \"x\" (1:6)",
        ),
        (
            &[r#"h{le="1"} 9"#, r#"h{le="2"} 5"#, r#"h{le="3"} 8.5"#, r#"h{le="+Inf"} 10"#],
            "{} 0.5555555555555556\n\
             PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see \
             https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile), from buckets 2 \
             to 3, with a max diff of 4, over 1 samples from 1970-01-01T00:01:00Z to 1970-01-01T00:01:00Z (1:6)",
        ),
        // Where a count is unknown, the search goes the way that Prometheus' goes.
        (&[r#"h{le="1"} 5"#, r#"h{le="2"} NaN"#, r#"h{le="3"} 7"#, r#"h{le="+Inf"} 8"#], "{} NaN"),
        (&[r#"h{le="1"} 5"#, r#"h{le="2"} NaN"#, r#"h{le="+Inf"} 8"#], "{} 2"),
        // So small a step down is noise.
        (&[r#"h{le="1"} 1"#, r#"h{le="2"} 0.9999999999999"#, r#"h{le="+Inf"} 2"#], "{} 1"),
    ] {
        let answered = call(super::quantile, &[q, Argument::Vector(&vector(series))], false);
        assert_eq!(answered, answer, "{series:?}");
    }
    let answered =
        call(super::quantile, &[Argument::Scalar(1.5), Argument::Vector(&vector(&CLASSIC))], false);
    assert_eq!(
        answered,
        "{job=\"a\"} inf\nPromQL warning: quantile value should be between 0 and 1, got 1.5 (1:3)"
    );
}

#[test]
fn classic_and_native_histograms_of_the_same_labels_exclude_each_other() {
    let both = vector(&[
        r#"h{job="a",le="1"} 2"#,
        r#"h{job="a",le="+Inf"} 2"#,
        r#"h{job="a"} {{count:4 buckets:[4]}}"#,
        r#"h{job="b",le="1"} 2"#,
        r#"h{job="b",le="+Inf"} 2"#,
        r#"h{job="c"} {{count:4 buckets:[4]}}"#,
    ]);
    let args = [Argument::Scalar(0.5), Argument::Vector(&both)];
    insta::assert_snapshot!(call(super::quantile, &args, false), @r#"
    {job="c"} 0.7071067811865475
    {job="b"} 0.5
    PromQL warning: vector contains a mix of classic and native histograms (1:6)
    "#);
    insta::assert_snapshot!(call(super::quantile, &args, true), @r#"
    {__name__="h", job="c"} 0.7071067811865475
    {__name__="h", job="b"} 0.5
    PromQL warning: vector contains a mix of classic and native histograms for metric name "h" (1:6)
    "#);
}

#[test]
fn quantiles_of_native_histograms() {
    for (histogram, q, answer) in [
        ("{{}}", 0.5, "NaN"),
        ("{{count:4 sum:9 buckets:[0 4]}}", 0.25, "1.189207115002721"),
        ("{{count:4 sum:9 buckets:[0 4]}}", 1.0, "2"),
        ("{{count:4 sum:9 buckets:[0 4]}}", 0.0, "1"),
        ("{{count:4 sum:-9 n_buckets:[0 4]}}", 0.25, "-1.6817928305074292"),
        ("{{count:4 z_bucket:4 z_bucket_w:2}}", 0.75, "1"),
        ("{{count:5 z_bucket:4 z_bucket_w:2 buckets:[0 0 0 1]}}", 0.4, "1"),
        ("{{count:5 z_bucket:4 z_bucket_w:2 n_buckets:[0 0 0 1]}}", 0.6, "-1"),
        ("{{schema:-53 count:4 custom_values:[2 4] buckets:[2 2]}}", 0.75, "3"),
        ("{{schema:-53 count:4 custom_values:[2 4] buckets:[2 1 1]}}", 0.9, "4"),
        ("{{schema:-53 count:4 custom_values:[2 4] buckets:[4]}}", 0.5, "1"),
        ("{{schema:-53 count:4 custom_values:[-2 4] buckets:[4]}}", 0.5, "-2"),
        ("{{count:4 buckets:[4]}}", -1.0, "-Inf"),
        ("{{count:4 buckets:[4]}}", 2.0, "+Inf"),
        ("{{count:4 buckets:[4]}}", f64::NAN, "NaN"),
    ] {
        let value = parse_histogram(histogram).expect(histogram).quantile(q).value;
        assert_eq!(crate::model::number::format_float(value, 'g', None), answer, "{histogram} {q}");
    }
}

#[test]
fn observations_of_nan_are_said() {
    let samples = vector(&["h {{count:15 sum:NaN buckets:[12]}}"]);
    let vector = Argument::Vector(&samples);
    insta::assert_snapshot!(call(super::quantile, &[Argument::Scalar(0.8), vector], true), @r#"
    {__name__="h"} 1
    PromQL info: input to histogram_quantile has NaN observations, result is skewed higher for metric name "h" (1:6)
    "#);
    insta::assert_snapshot!(call(super::quantile, &[Argument::Scalar(0.9), vector], false), @"
    {} NaN
    PromQL info: input to histogram_quantile has NaN observations, result is NaN (1:6)
    ");
    let args = [Argument::Scalar(f64::NEG_INFINITY), Argument::Scalar(f64::INFINITY), vector];
    insta::assert_snapshot!(call(super::fraction, &args, false), @"
    {} 0.8
    PromQL info: input to histogram_fraction has NaN observations, which are excluded from all fractions (1:9)
    ");
}

#[test]
fn several_quantiles_at_once() {
    let mut series = CLASSIC.to_vec();
    series.push(r#"n{job="b"} {{count:4 sum:9 buckets:[0 4]}}"#);
    let samples = vector(&series);
    let args =
        [Argument::Vector(&samples), Argument::String("q"), Argument::Scalar(0.6), Argument::Scalar(1.0)];
    insta::assert_snapshot!(call(super::quantiles, &args, false), @r#"
    {job="b", q="0.6"} 1.515716566510398
    {job="a", q="0.6"} 3
    {job="b", q="1.0"} 2
    {job="a", q="1.0"} 4
    "#);
    let args = [Argument::Vector(&samples[4..]), Argument::String("q"), Argument::Scalar(-0.0)];
    assert_eq!(call(super::quantiles, &args, false), r#"{job="b", q="0.0"} 1"#);
}

#[test]
fn fractions() {
    let classic = vector(&CLASSIC);
    let native = vector(&["h {{count:8 sum:9 z_bucket:2 z_bucket_w:0.5 buckets:[2 4]}}"]);
    let custom = vector(&["h {{schema:-53 count:8 custom_values:[-1 4] buckets:[4 4]}}"]);
    let infinity = f64::INFINITY;
    for (samples, lower, upper, answer) in [
        (&classic, 1.0, 2.0, "0.2"),
        (&classic, 0.5, 3.0, "0.5"),
        (&classic, -infinity, infinity, "1"),
        (&classic, 5.0, infinity, "0.2"),
        (&classic, 2.0, 2.0, "0"),
        (&classic, f64::NAN, 2.0, "NaN"),
        (&native, 0.0, 0.25, "0.125"),
        (&native, 1.0, 2f64.sqrt(), "0.25"),
        (&native, -infinity, infinity, "1"),
        (&custom, -infinity, -1.0, "0.5"),
        (&custom, -5.0, 2.0, "0.25"),
    ] {
        let args = [Argument::Scalar(lower), Argument::Scalar(upper), Argument::Vector(samples)];
        let answered = call(super::fraction, &args, false);
        assert_eq!(answered.split_once("} ").expect("labels").1, answer, "{samples:?} {lower} {upper}");
    }
}

#[test]
fn numbers_of_native_histograms() {
    let samples = vector(&[
        r#"h{job="a"} {{schema:3 count:4 sum:8 z_bucket:1 n_buckets:[1] buckets:[2]}}"#,
        r#"h{job="b",__type__="histogram"} {{schema:-53 count:4 sum:4 custom_values:[0 2 4] buckets:[0 2 2]}}"#,
        "h 7",
    ]);
    let all: [(&str, Function); 5] = [
        ("count", super::count),
        ("sum", super::sum),
        ("avg", super::avg),
        ("stddev", super::stddev),
        ("stdvar", super::stdvar),
    ];
    let lines = all
        .map(|(name, function)| format!("{name}\n{}", call(function, &[Argument::Vector(&samples)], false)));
    insta::assert_snapshot!(lines.join("\n"), @r#"
    count
    {job="a"} 4
    {__type__="histogram", job="b"} 4
    sum
    {job="a"} 8
    {__type__="histogram", job="b"} 4
    avg
    {job="a"} 2
    {__type__="histogram", job="b"} 1
    stddev
    {job="a"} 1.931359560440502
    {__type__="histogram", job="b"} 1.4142135623730951
    stdvar
    {job="a"} 3.7301497517049294
    {__type__="histogram", job="b"} 2
    "#);
}

#[test]
fn a_vector_without_histograms_has_no_answer() {
    let none: [VectorSample; 0] = [];
    assert_eq!(call(super::count, &[Argument::Vector(&none)], false), "");
    let float =
        VectorSample { labels: LabelSet::default(), drop_name: false, value: Value::Float(1.0), t: 0 };
    let shared = VectorSample {
        value: Value::Histogram(Arc::new(parse_histogram("{{count:1}}").expect("a histogram"))),
        ..float.clone()
    };
    assert_eq!(call(super::count, &[Argument::Vector(&[float, shared])], false), "{} 1");
}
