//! Whether a result is what is expected, with the tolerance that the cases were written for.

use std::collections::BTreeMap;
use std::fmt::Write;

use sereno::model::sample::STALE_NAN_BITS;
use sereno::promql::histogram::{Buckets, CUSTOM_BUCKETS_SCHEMA, CounterResetHint, FloatHistogram};
use sereno::promql::notation::SequenceValue;
use sereno::promql::value::{QueryResult, Series, Value, VectorSample};

use super::expectation::{Expectations, Expected, ExpectedSeries, Hints};

/// How far a value may be off, relative to both values together.
const TOLERANCE: f64 = 0.000_001;

/// Compares a result of a query over `times`: start, end and step in milliseconds.
pub(super) fn result(
    expect: &Expectations,
    result: QueryResult,
    times: (i64, i64, i64),
) -> Result<(), String> {
    match (&expect.result, result) {
        (Expected::Scalar(expected), QueryResult::Scalar(point)) if almost_equal(*expected, point.v) => {
            Ok(())
        }
        (Expected::String(expected), QueryResult::String(text, _)) if **expected == *text => Ok(()),
        (Expected::Series(expected), QueryResult::Vector(samples)) => {
            vector(expected, &samples, expect.ordered).map_err(|what| {
                format!("{what}\nexpected: {}\ngot: {}", show_expected(expected), show_vector(&samples))
            })
        }
        (Expected::Series(_), QueryResult::Matrix(_)) if expect.ordered => {
            Err("expected samples in an order\ngot a matrix".to_owned())
        }
        (Expected::Series(expected), QueryResult::Matrix(series)) => {
            is_sorted(&series).and_then(|()| matrix(expected, &series, times)).map_err(|what| {
                format!("{what}\nexpected: {}\ngot: {}", show_expected(expected), show_matrix(&series))
            })
        }
        (expected, result) => Err(format!("expected: {}\ngot: {}", show(expected), show_result(&result))),
    }
}

/// Range queries give series in the order of their labels.
pub(super) fn is_sorted(series: &[Series]) -> Result<(), String> {
    match series.windows(2).find(|two| two[0].labels > two[1].labels) {
        Some(two) => Err(format!("{} comes before {}", two[0].labels, two[1].labels)),
        None => Ok(()),
    }
}

fn vector(expected: &[ExpectedSeries], samples: &[VectorSample], is_ordered: bool) -> Result<(), String> {
    for (at, sample) in samples.iter().enumerate() {
        let labels = &sample.labels;
        let place = expected.iter().position(|series| series.labels == *labels);
        let place = place.ok_or_else(|| format!("{labels} is not expected"))?;
        if is_ordered && place != at {
            return Err(format!("{labels} comes at {} instead of {}", at + 1, place + 1));
        }
        let series = &expected[place];
        let first = series.values.first().ok_or_else(|| format!("no value is given for {labels}"))?;
        if !is_value(first, &sample.value, series.hints) {
            return Err(format!("{labels} differs"));
        }
    }
    each_once(expected, |series| samples.iter().filter(|sample| sample.labels == series.labels).count())
}

fn matrix(expected: &[ExpectedSeries], found: &[Series], times: (i64, i64, i64)) -> Result<(), String> {
    let (start, end, step) = times;
    for series in found {
        let labels = &series.labels;
        let known = expected.iter().find(|expected| expected.labels == *labels);
        let known = known.ok_or_else(|| format!("{labels} is not expected"))?;
        let mut points = points(series);
        for (value, at) in known.values.iter().zip(0_i64..) {
            let t = start + at * step;
            if t > end {
                return Err(format!("more values are expected of {labels} than the times can give"));
            }
            match (value, points.remove(&t)) {
                (SequenceValue::Omitted, None) => {}
                (value, Some(found)) if is_value(value, &found, known.hints) => {}
                (_, _) => return Err(format!("{labels} differs at {t} ms")),
            }
        }
        if let Some(t) = points.keys().next() {
            return Err(format!("{labels} has a value at {t} ms"));
        }
    }
    each_once(expected, |series| found.iter().filter(|found| found.labels == series.labels).count())
}

fn each_once(expected: &[ExpectedSeries], count: impl Fn(&ExpectedSeries) -> usize) -> Result<(), String> {
    for series in expected {
        match count(series) {
            0 => return Err(format!("{} is missing", series.labels)),
            1 => {}
            count => return Err(format!("{} is there {count} times", series.labels)),
        }
    }
    Ok(())
}

/// The values of a series by time.
fn points(series: &Series) -> BTreeMap<i64, Value> {
    let floats = series.floats.iter().map(|point| (point.t, Value::Float(point.v)));
    let histograms = series.histograms.iter().map(|point| (point.t, Value::Histogram(point.h.clone())));
    floats.chain(histograms).collect()
}

fn is_value(expected: &SequenceValue, found: &Value, hints: Hints) -> bool {
    match (expected, found) {
        (SequenceValue::Value(Value::Float(expected)), Value::Float(found)) => {
            almost_equal(*expected, *found)
        }
        (SequenceValue::Value(Value::Histogram(expected)), Value::Histogram(found)) => {
            is_histogram(expected, found, hints)
        }
        (SequenceValue::Omitted | SequenceValue::Value(_), _) => false,
    }
}

fn is_histogram(expected: &FloatHistogram, found: &FloatHistogram, hints: Hints) -> bool {
    let is_hint_said =
        hints.any && (hints.unknown || expected.counter_reset_hint != CounterResetHint::Unknown);
    let is_custom = expected.schema == CUSTOM_BUCKETS_SCHEMA;
    expected.schema == found.schema
        && almost_equal(expected.count, found.count)
        && almost_equal(expected.sum, found.sum)
        && (!is_custom || expected.custom_values == found.custom_values)
        && expected.zero_threshold.to_bits() == found.zero_threshold.to_bits()
        && almost_equal(expected.zero_count, found.zero_count)
        && are_buckets(&expected.positive, &found.positive)
        && are_buckets(&expected.negative, &found.negative)
        && (!is_hint_said || expected.counter_reset_hint == found.counter_reset_hint)
}

fn are_buckets(expected: &Buckets, found: &Buckets) -> bool {
    let (expected, found) = (counts(expected), counts(found));
    let is_same = |((one, expected), (two, found)): (&(i32, f64), &(i32, f64))| {
        one == two && almost_equal(*expected, *found)
    };
    expected.len() == found.len() && expected.iter().zip(&found).all(is_same)
}

/// The counts that are not zero, with the places of their buckets.
fn counts(buckets: &Buckets) -> Vec<(i32, f64)> {
    buckets.indexed().filter(|(_, count)| *count != 0.0).collect()
}

/// Whether two floats are as good as equal: NaN equals NaN, but a stale marker only a stale marker.
pub(super) fn almost_equal(one: f64, two: f64) -> bool {
    let (stale_one, stale_two) = (one.to_bits() == STALE_NAN_BITS, two.to_bits() == STALE_NAN_BITS);
    if stale_one || stale_two {
        return stale_one && stale_two;
    }
    if one.is_nan() && two.is_nan() || one == two {
        return true;
    }
    let (sum, difference) = (one.abs() + two.abs(), (one - two).abs());
    if one == 0.0 || two == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < TOLERANCE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < TOLERANCE
}

fn show(expected: &Expected) -> String {
    match expected {
        Expected::Scalar(v) => format!("scalar {}", float(*v)),
        Expected::String(text) => format!("string {text:?}"),
        Expected::Series(series) => show_expected(series),
    }
}

fn show_expected(expected: &[ExpectedSeries]) -> String {
    let mut text = String::new();
    for series in expected {
        let values: Vec<String> = series.values.iter().map(ToString::to_string).collect();
        let _ = write!(text, "\n    {} {}", series.labels, values.join(" "));
    }
    or_nothing(text)
}

fn show_result(result: &QueryResult) -> String {
    match result {
        QueryResult::Scalar(point) => format!("scalar {}", float(point.v)),
        QueryResult::String(text, _) => format!("string {text:?}"),
        QueryResult::Vector(samples) => show_vector(samples),
        QueryResult::Matrix(series) => show_matrix(series),
    }
}

fn show_vector(samples: &[VectorSample]) -> String {
    let mut text = String::new();
    for sample in samples {
        let _ = write!(text, "\n    {} {}", sample.labels, show_value(&sample.value));
    }
    or_nothing(text)
}

fn show_matrix(all: &[Series]) -> String {
    let mut text = String::new();
    for series in all {
        let _ = write!(text, "\n    {}", series.labels);
        for (t, value) in points(series) {
            let _ = write!(text, " {}@{t}", show_value(&value));
        }
    }
    or_nothing(text)
}

fn or_nothing(text: String) -> String {
    if text.is_empty() { "nothing".to_owned() } else { text }
}

fn show_value(value: &Value) -> String {
    SequenceValue::Value(value.clone()).to_string()
}

fn float(v: f64) -> String {
    show_value(&Value::Float(v))
}
