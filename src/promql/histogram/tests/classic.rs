//! Classic series as custom buckets.

use crate::promql::histogram::ClassicError;
use crate::promql::notation::{SequenceValue, parse_series};
use crate::promql::value::{FloatPoint, Value};

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
    let made = crate::promql::histogram::from_classic(
        series.iter().map(|(labels, floats)| (labels, floats.as_slice())),
    )?;
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
