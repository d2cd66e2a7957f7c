//! What histograms do, in tables. They are written in the notation of series in tests where that can say it.

use proptest::prelude::*;

use super::{BucketSpan, Buckets, ClassicError, Combined, CounterResetHint, FloatHistogram, HistogramError};
use crate::promql::notation::{SequenceValue, parse_histogram, parse_series};
use crate::promql::value::{FloatPoint, Value};

fn read(text: &str) -> FloatHistogram {
    parse_histogram(text).expect(text)
}

#[test]
fn texts_and_the_form_of_the_query_api() {
    let histogram = read(
        "{{schema:1 count:9 sum:12.5 z_bucket:1 z_bucket_w:0.001 offset:-1 buckets:[1 0 3] n_buckets:[4]}}",
    );
    insta::assert_snapshot!(histogram, @"{count:9, sum:12.5, [-1,-0.7071067811865475):4, [-0.001,0.001]:1, (0.5,0.7071067811865475]:1, (1,1.414213562373095]:3}");
    let model = histogram.to_model();
    let shown: Vec<String> =
        model.buckets.iter().map(|b| format!("{} {} {}", b.bounds, b.lower, b.count)).collect();
    assert_eq!(
        (model.count, model.sum, shown.join(", ").as_str()),
        (9.0, 12.5, "1 -1 4, 3 -0.001 1, 0 0.5 1, 0 1 3")
    );
    let custom = read("{{schema:-53 count:3 custom_values:[-1 2] buckets:[1 1 1]}}");
    insta::assert_snapshot!(custom, @"{count:3, sum:0, [-Inf,-1]:1, (-1,2]:1, (2,+Inf]:1}");
    // A gap as wide as this cannot be written as empty buckets.
    let mut wide = read("{{offset:-2000000000 buckets:[1]}}");
    wide.add(&read("{{offset:2000000000 buckets:[1]}}")).expect("both are exponential");
    insta::assert_snapshot!(wide.notation(), @"{{offset:-2000000000 buckets:[1] offset:2147483647 buckets:[1]}}");
}

#[test]
fn sums_and_differences() {
    for (one, operator, two, result) in [
        (
            "{{count:1 sum:2 buckets:[1 1]}}",
            '+',
            "{{count:3 sum:4 offset:1 buckets:[1 2]}}",
            "{{count:4 sum:6 buckets:[1 2 2]}}",
        ),
        ("{{buckets:[1 1]}}", '-', "{{offset:1 buckets:[1 2]}}", "{{buckets:[1 0 -2]}}"),
        // The coarser schema, on whichever side it is.
        ("{{schema:1 offset:-1 buckets:[1 1 1 1]}}", '+', "{{buckets:[5]}}", "{{buckets:[7 2]}}"),
        ("{{buckets:[5]}}", '-', "{{schema:1 offset:-1 buckets:[1 1 1 1]}}", "{{buckets:[3 -2]}}"),
        (
            "{{schema:2 n_buckets:[1 2 3 4 5]}}",
            '+',
            "{{schema:-1 n_buckets:[1]}}",
            "{{schema:-1 n_buckets:[2 14]}}",
        ),
        // The wider zero bucket takes in what is within it.
        (
            "{{z_bucket:1 z_bucket_w:0.001 offset:-1 buckets:[2 3 4] n_offset:-1 n_buckets:[5 6]}}",
            '+',
            "{{z_bucket:7 z_bucket_w:0.5 buckets:[1]}}",
            "{{z_bucket:15 z_bucket_w:0.5 buckets:[4 4] n_buckets:[6]}}",
        ),
        (
            "{{z_bucket:7 z_bucket_w:0.5 buckets:[1]}}",
            '-',
            "{{z_bucket:1 z_bucket_w:0.001 offset:-1 buckets:[2 3 4]}}",
            "{{z_bucket:4 z_bucket_w:0.5 buckets:[-2 -4]}}",
        ),
        // Where it would end within a populated bucket, on either side, it takes in the whole one.
        (
            "{{buckets:[0 2 3]}}",
            '+',
            "{{z_bucket:1 z_bucket_w:1.5}}",
            "{{z_bucket:3 z_bucket_w:2 offset:2 buckets:[3]}}",
        ),
        (
            "{{buckets:[0 2 3] n_buckets:[0 0 4]}}",
            '+',
            "{{z_bucket:1 z_bucket_w:2.5}}",
            "{{z_bucket:10 z_bucket_w:4}}",
        ),
        (
            "{{z_bucket:1 z_bucket_w:1.5}}",
            '+',
            "{{buckets:[0 2 3]}}",
            "{{z_bucket:3 z_bucket_w:2 offset:2 buckets:[3]}}",
        ),
        // Of custom bounds only those that both have.
        (
            "{{schema:-53 count:6 custom_values:[1 2 3] buckets:[1 1 2 2]}}",
            '+',
            "{{schema:-53 count:4 custom_values:[1 3 5] buckets:[1 1 1 1]}}",
            "{{schema:-53 count:10 custom_values:[1 3] buckets:[2 4 4]}}",
        ),
        (
            "{{schema:-53 custom_values:[1 2] buckets:[5 5 5]}}",
            '-',
            "{{schema:-53 custom_values:[1 2] buckets:[1 2 3]}}",
            "{{schema:-53 custom_values:[1 2] buckets:[4 3 2]}}",
        ),
        (
            "{{schema:-53 custom_values:[1 2] buckets:[5 5]}}",
            '-',
            "{{schema:-53 custom_values:[4] buckets:[1 2]}}",
            "{{schema:-53 custom_values:[] buckets:[7]}}",
        ),
    ] {
        let (mut sum, other) = (read(one), read(two));
        let combined = if operator == '+' { sum.add(&other) } else { sum.sub(&other) };
        assert_eq!(sum.notation(), result, "{one} {operator} {two}");
        let reconciled = sum.uses_custom_buckets() && sum.custom_values != other.custom_values;
        assert_eq!(combined, Ok(Combined { collision: false, reconciled }), "{one} {operator} {two}");
        // What is remembered of rounding changes nothing where nothing is rounded.
        if operator == '+' {
            let (mut kahan, mut compensation) = (read(one), None);
            kahan.kahan_add(&other, &mut compensation).expect("they fit");
            kahan.add(&compensation.expect("it is always there then")).expect("they fit");
            assert_eq!(kahan.notation(), result, "{one} {operator} {two}");
        }
    }
    let mut mixed = read("{{count:2}}");
    assert_eq!(mixed.add(&read("{{schema:-53}}")), Err(HistogramError::IncompatibleSchema));
    assert_eq!(mixed, read("{{count:2}}"));
}

#[test]
fn what_rounding_takes_from_a_sum_comes_back() {
    let mut sum = read("{{count:1 sum:1 z_bucket:1 buckets:[1] n_buckets:[1]}}");
    let mut compensation = None;
    for next in ["1e16", "1", "-1e16"] {
        let next = format!(
            "{{{{count:{next} sum:{next} z_bucket:{next} offset:-1 buckets:[0 {next}] n_buckets:[{next}]}}}}"
        );
        sum.kahan_add(&read(&next), &mut compensation).expect("all are exponential");
    }
    sum.add(&compensation.expect("four have been added")).expect("it is exponential too");
    assert_eq!(sum.notation(), "{{count:2 sum:2 z_bucket:2 buckets:[2] n_buckets:[2]}}");
}

#[test]
fn hints_of_sums() {
    use CounterResetHint::{Gauge, NotReset, Reset, Unknown};
    for (one, two, sum, collision) in [
        (Unknown, Unknown, Unknown, false),
        (Reset, Reset, Reset, false),
        (NotReset, NotReset, NotReset, false),
        (Reset, NotReset, Unknown, true),
        (NotReset, Reset, Unknown, true),
        (Unknown, Reset, Unknown, false),
        (NotReset, Unknown, Unknown, false),
        (Gauge, Reset, Gauge, false),
        (Unknown, Gauge, Gauge, false),
    ] {
        let with = |counter_reset_hint| FloatHistogram { counter_reset_hint, ..FloatHistogram::default() };
        let mut result = with(one);
        let combined = result.add(&with(two)).expect("both are exponential");
        assert_eq!((result.counter_reset_hint, combined.collision), (sum, collision), "{one:?} {two:?}");
    }
}

#[test]
fn gaps_between_buckets_are_kept_and_compacted() {
    let mut buckets = Buckets {
        spans: vec![BucketSpan { offset: -1, length: 2 }, BucketSpan { offset: 2, length: 2 }],
        counts: vec![0.0, 5.0, 6.0, 0.0],
    };
    assert_eq!(buckets.indexed().collect::<Vec<_>>(), [(-1, 0.0), (0, 5.0), (3, 6.0), (4, 0.0)]);
    buckets.compact(0);
    assert_eq!(buckets.spans, [BucketSpan { offset: 0, length: 1 }, BucketSpan { offset: 2, length: 1 }]);
    buckets.compact(1);
    assert_eq!(buckets.spans.len(), 2);
    buckets.compact(2);
    assert_eq!(buckets, Buckets::run(0, vec![5.0, 0.0, 0.0, 6.0]));
    let mut empty = Buckets::run(7, vec![0.0, 0.0]);
    empty.compact(9);
    assert!(empty.is_empty() && empty.spans.is_empty());
}

#[test]
fn products_and_quotients() {
    let mut histogram = read("{{count:4 sum:6 z_bucket:1 z_bucket_w:0.5 buckets:[3] n_buckets:[2]}}");
    histogram.mul(2.0);
    assert_eq!(
        histogram.notation(),
        "{{count:8 sum:12 z_bucket:2 z_bucket_w:0.5 buckets:[6] n_buckets:[4]}}"
    );
    histogram.div(-4.0);
    assert_eq!(
        histogram.notation(),
        "{{count:-2 sum:-3 z_bucket:-0.5 z_bucket_w:0.5 counter_reset_hint:gauge buckets:[-1.5] n_buckets:[-1]}}"
    );
    assert!(!histogram.has_overflow());
    histogram.div(0.0);
    assert_eq!(
        histogram.notation(),
        "{{count:-Inf sum:-Inf z_bucket:-Inf z_bucket_w:0.5 counter_reset_hint:gauge}}"
    );
    assert!(histogram.has_overflow());
}

#[test]
fn resolution_can_only_become_coarser() {
    let mut histogram =
        read("{{schema:1 counter_reset_hint:reset offset:-2 buckets:[1 2 3 4 5] n_buckets:[1 1]}}");
    assert_eq!(histogram.copy_to_schema(0).notation(), "{{offset:-1 buckets:[1 5 9] n_buckets:[1 1]}}");
    assert_eq!(histogram.copy_to_schema(1), histogram);
    assert_eq!(histogram.reduce_resolution(2), Err(HistogramError::Resolution { from: 1, to: 2 }));
    assert_eq!(
        read("{{schema:-53}}").reduce_resolution(-54),
        Err(HistogramError::Resolution { from: -53, to: -54 })
    );
}

#[test]
fn resets_of_counters() {
    for (before, now, is_reset) in [
        ("{{count:5 sum:9 buckets:[1 2]}}", "{{count:5 sum:3 buckets:[1 2]}}", false),
        ("{{count:5}}", "{{count:4}}", true),
        ("{{buckets:[1 2]}}", "{{buckets:[2 1]}}", true),
        ("{{buckets:[1 2]}}", "{{offset:1 buckets:[3]}}", true),
        ("{{buckets:[0 2 0]}}", "{{offset:1 buckets:[3]}}", false),
        ("{{n_buckets:[3]}}", "{{n_offset:1 n_buckets:[3]}}", true),
        ("{{n_buckets:[3]}}", "{{}}", true),
        ("{{n_buckets:[0]}}", "{{}}", false),
        // Resolution only ever goes down without a reset.
        ("{{schema:1 offset:-1 buckets:[1 1 1 1]}}", "{{buckets:[2 2]}}", false),
        ("{{schema:1 offset:-1 buckets:[1 1 1 1]}}", "{{buckets:[2 1]}}", true),
        ("{{buckets:[2 2]}}", "{{schema:1 offset:-1 buckets:[1 1 1 1]}}", true),
        // So does the zero bucket only ever grow, by whole populated buckets.
        (
            "{{z_bucket:1 z_bucket_w:0.5 buckets:[1 2]}}",
            "{{z_bucket:2 z_bucket_w:1 offset:1 buckets:[2]}}",
            false,
        ),
        (
            "{{z_bucket:1 z_bucket_w:0.5 buckets:[1 2]}}",
            "{{z_bucket:1 z_bucket_w:1 offset:1 buckets:[2]}}",
            true,
        ),
        ("{{z_bucket:1 z_bucket_w:0.5 buckets:[1 2]}}", "{{z_bucket:4 z_bucket_w:1.5}}", true),
        ("{{z_bucket:1 z_bucket_w:1}}", "{{z_bucket:1 z_bucket_w:0.5}}", true),
        // Hints know better.
        ("{{count:5}}", "{{count:4 counter_reset_hint:not_reset}}", false),
        ("{{count:5}}", "{{count:6 counter_reset_hint:reset}}", true),
        ("{{count:5}}", "{{count:4 counter_reset_hint:gauge}}", true),
        // Custom buckets are compared over the bounds that both have.
        ("{{count:1}}", "{{schema:-53 count:1}}", true),
        (
            "{{schema:-53 custom_values:[1 2] buckets:[1 2]}}",
            "{{schema:-53 custom_values:[1 2] buckets:[2 1]}}",
            true,
        ),
        (
            "{{schema:-53 custom_values:[1 2] buckets:[1 2]}}",
            "{{schema:-53 custom_values:[2] buckets:[3]}}",
            false,
        ),
        (
            "{{schema:-53 custom_values:[1 2] buckets:[1 2]}}",
            "{{schema:-53 custom_values:[2] buckets:[2 1]}}",
            true,
        ),
    ] {
        assert_eq!(read(now).detect_reset(&read(before)), is_reset, "{before} then {now}");
    }
}

#[test]
fn what_is_below_or_above_a_value() {
    for (histogram, operator, limit, result) in [
        ("{{count:6 sum:9 buckets:[2 4]}}", "</", 4.0, "{{count:6 sum:9 buckets:[2 4]}}"),
        ("{{count:6 sum:9 buckets:[2 4]}}", "</", 1.0, "{{count:2 sum:1.4142135623730951 buckets:[2]}}"),
        (
            "{{count:6 sum:9 buckets:[0 4 4]}}",
            ">/",
            2.0,
            "{{count:4 sum:11.313708498984761 offset:2 buckets:[4]}}",
        ),
        ("{{count:6 sum:9 buckets:[2 4]}}", ">/", 9.0, "{{}}"),
        (
            "{{count:6 sum:9 n_buckets:[2 4]}}",
            ">/",
            -1.0,
            "{{count:2 sum:-1.4142135623730951 n_buckets:[2]}}",
        ),
        // Zero buckets are split on a line, and towards the side that there is.
        ("{{count:4 z_bucket:4 z_bucket_w:1}}", "</", 0.0, "{{count:2 sum:-1 z_bucket:2 z_bucket_w:1}}"),
        ("{{count:4 z_bucket:4 z_bucket_w:1}}", ">/", 0.5, "{{count:1 sum:0.75 z_bucket:1 z_bucket_w:1}}"),
        (
            "{{count:5 z_bucket:4 z_bucket_w:1 offset:2 buckets:[1]}}",
            "</",
            0.5,
            "{{count:2 sum:0.5 z_bucket:2 z_bucket_w:1}}",
        ),
        // Custom buckets too; of those without end nothing is known.
        (
            "{{schema:-53 count:8 custom_values:[2 4] buckets:[4 2 2]}}",
            "</",
            3.0,
            "{{schema:-53 count:5 sum:6.5 custom_values:[2 4] buckets:[4 1]}}",
        ),
        (
            "{{schema:-53 count:8 custom_values:[2 4] buckets:[4 2 2]}}",
            "</",
            1.0,
            "{{schema:-53 count:2 sum:1 custom_values:[2 4] buckets:[2]}}",
        ),
        (
            "{{schema:-53 count:8 custom_values:[2 4] buckets:[4 2 2]}}",
            ">/",
            5.0,
            "{{schema:-53 count:2 sum:10 custom_values:[2 4] offset:2 buckets:[2]}}",
        ),
        (
            "{{schema:-53 count:4 custom_values:[-2] buckets:[4]}}",
            "</",
            -3.0,
            "{{schema:-53 count:4 custom_values:[-2] buckets:[4]}}",
        ),
        (
            "{{schema:-53 count:4 custom_values:[-2] buckets:[4]}}",
            ">/",
            -3.0,
            "{{schema:-53 custom_values:[-2]}}",
        ),
    ] {
        let mut trimmed = read(histogram);
        if operator == "</" {
            trimmed.trim_upper(limit)
        } else {
            trimmed.trim_lower(limit)
        }
        assert_eq!(trimmed.notation(), result, "{histogram} {operator} {limit}");
    }
}

#[test]
fn equality_goes_by_bits_and_layout() {
    let one = read("{{sum:NaN buckets:[1 2]}}");
    assert!(one.equals(&one.clone()));
    let hinted = FloatHistogram { counter_reset_hint: CounterResetHint::Gauge, ..one.clone() };
    assert!(one.equals(&hinted) && one != hinted);
    let cut = FloatHistogram {
        positive: Buckets {
            spans: [(0, 1), (0, 0), (0, 1)].map(|(offset, length)| BucketSpan { offset, length }).to_vec(),
            counts: vec![1.0, 2.0],
        },
        ..one.clone()
    };
    assert!(one.equals(&cut));
    assert!(!one.equals(&read("{{sum:NaN buckets:[1 2 0]}}")), "an empty bucket is one too");
    assert!(FloatHistogram::stale().is_stale() && !one.is_stale());
}

#[test]
fn what_does_not_fit_together_is_told() {
    let spans = FloatHistogram {
        positive: Buckets { spans: vec![BucketSpan { offset: 0, length: 2 }], counts: vec![1.0] },
        ..FloatHistogram::default()
    };
    let schema = FloatHistogram { schema: 20, ..FloatHistogram::default() };
    for (histogram, message) in [
        (read("{{count:1 buckets:[1]}}"), ""),
        (read("{{count:-1}}"), "observation count is  -1: histogram's observation count is negative"),
        (
            read("{{buckets:[1 -2]}}"),
            "positive side: bucket number 2 has observation count of -2: histogram has a bucket whose observation \
             count is negative",
        ),
        (
            spans,
            "positive side: spans need 2 buckets, have 1 buckets: histogram spans specify different number of \
             buckets than provided",
        ),
        (
            schema,
            "histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for \
             custom buckets, got schema 20",
        ),
        (read("{{custom_values:[1]}}"), "histogram with exponential schema must not have custom bounds"),
        (
            read("{{schema:-53 custom_values:[2 1]}}"),
            "custom buckets: previous bound is 2.000000 and current is 1.000000: histogram custom bounds must be \
             in strictly increasing order",
        ),
        (read("{{schema:-53 z_bucket:1}}"), "custom buckets: must have zero count of 0"),
        (
            read("{{schema:-53 custom_values:[2] buckets:[1 1 1]}}"),
            "custom buckets: only 1 custom bounds defined which is insufficient to cover total span length of 3: \
             histogram custom bounds are too few",
        ),
    ] {
        let found = histogram.validate().err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(found, message, "{histogram}");
    }
}

/// What classic series, given with their values a minute apart, become.
fn from_classic(series: &[&str]) -> Result<String, ClassicError> {
    let read = |text: &&str| {
        let series = parse_series(text).expect(text);
        let point = |(t, value): (i64, &SequenceValue)| match value {
            SequenceValue::Value(Value::Float(v)) => Some(FloatPoint { t, v: *v }),
            SequenceValue::Value(Value::Histogram(_)) | SequenceValue::Omitted => None,
        };
        let floats: Vec<FloatPoint> = (0..).zip(&series.values).filter_map(point).collect();
        (series.labels, floats)
    };
    let series: Vec<_> = series.iter().map(read).collect();
    let made = super::from_classic(series.iter().map(|(labels, floats)| (labels, floats.as_slice())))?;
    let lines = made.iter().map(|series| {
        let points = series.histograms.iter().map(|point| format!(" {}: {}", point.t, point.h.notation()));
        format!("{}{}", series.labels, points.collect::<String>())
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

#[test]
fn classic_series_become_custom_buckets() {
    insta::assert_snapshot!(from_classic(&[
        r#"a_bucket{job="x",le="2"} 3 _ 4"#,
        r#"a_bucket{job="x",le="+Inf"} 5 _ 7.5"#,
        r#"a_bucket{job="x",le="0.5"} 1 _ 1"#,
        r#"a_count{job="x"} 5 _ 7.5"#,
        r#"a_sum{job="x"} 9.5 _ 10"#,
        r#"b_bucket{le="1"} 4"#,
        r#"b_bucket{le="none"} 4"#,
        "c 1",
    ]).expect("they are histograms"), @r#"
    {__name__="a", job="x"} 0: {{schema:-53 count:5 sum:9.5 custom_values:[0.5 2] buckets:[1 2 2]}} 2: {{schema:-53 count:7.5 sum:10 custom_values:[0.5 2] buckets:[1 3 3.5]}}
    {__name__="b"} 0: {{schema:-53 count:4 custom_values:[1] buckets:[4]}}
    "#);
    for (series, message) in [
        (&[r#"a_bucket{le="1"} 4"#, r#"a_bucket{le="2"} 3"#][..], "count is not cumulative: 3 < 4"),
        (&[r#"a_bucket{le="1"} -4"#], "bucket count must be non-negative: le=1, count=-4"),
        (&[r#"a_bucket{le="+Inf"} 4"#, "a_count 5"], "count mismatch: count=5 != le=+Inf count=4"),
        (&["a_count -5"], "count must be non-negative: count=-5"),
        (
            &[r#"a_bucket{le="1"} 4"#, "a_count 3"],
            "positive side: bucket number 2 has observation count of -1: histogram has a bucket whose observation \
             count is negative",
        ),
    ] {
        assert_eq!(from_classic(series).expect_err("it is refused").to_string(), message);
    }
}

/// Histograms of any kind and any counts, NaN and infinities included.
fn any_histogram() -> impl Strategy<Value = FloatHistogram> {
    let counts = || prop::collection::vec(prop_oneof![Just(0.0), 0.0..9.0, any::<f64>()], 0..9);
    let offset = || prop_oneof![-9..9, any::<i32>()];
    let sides = ((offset(), counts()), (offset(), counts()));
    let thresholds = prop_oneof![Just(0.0), 0.0..9.0_f64, any::<f64>()];
    (
        prop_oneof![-4..=8, Just(-53)],
        sides,
        thresholds,
        any::<f64>(),
        prop::collection::vec(any::<f64>(), 0..5),
    )
        .prop_map(|(schema, (positive, negative), zero_threshold, sum, custom_values)| FloatHistogram {
            schema,
            zero_threshold,
            zero_count: 1.0,
            count: 20.0,
            sum,
            positive: Buckets::run(positive.0, positive.1),
            negative: Buckets::run(negative.0, negative.1),
            custom_values: custom_values.into(),
            ..FloatHistogram::default()
        })
}

proptest! {
    #[test]
    fn no_histogram_is_too_strange(
        one in any_histogram(), two in any_histogram(), value in any::<f64>(), q in 0.0..1.0,
    ) {
        let _ = (one.to_string(), one.notation(), one.to_model(), one.validate(), one.variance());
        let _ = (one.quantile(q), one.quantile(value), one.fraction(value, q), one.detect_reset(&two));
        let mut compensation = None;
        for change in 0..5 {
            let mut changed = one.clone();
            match change {
                0 => drop(changed.add(&two)),
                1 => drop(changed.sub(&two)),
                2 => drop(changed.kahan_add(&two, &mut compensation)),
                3 => changed.trim_upper(value),
                _ => changed.trim_lower(q),
            }
            changed.compact(2);
        }
    }

    #[test]
    fn quantile_and_fraction_are_inverse(counts in prop::collection::vec(1_u32..9, 1..9), schema in -4..=8, q in 0.01..0.99) {
        let counts: Vec<f64> = counts.into_iter().map(f64::from).collect();
        let histogram = FloatHistogram {
            schema,
            count: counts.iter().sum(),
            positive: Buckets::run(0, counts),
            ..FloatHistogram::default()
        };
        let (fraction, _) = histogram.fraction(f64::NEG_INFINITY, histogram.quantile(q).value);
        prop_assert!((fraction - q).abs() < 1e-9, "{fraction} {q}");
    }
}
