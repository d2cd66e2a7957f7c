//! Changes over windows, by hand. Times are in seconds here.

use std::sync::Arc;

use crate::promql::ast::Extension;
use crate::promql::functions::Function::{self, Delta, Idelta, Increase, Irate, Rate};
use crate::promql::functions::testing::{Answer, Spec, counted, window, with_count};
use crate::promql::histogram::{CUSTOM_BUCKETS_SCHEMA, CounterResetHint, FloatHistogram};
use crate::promql::value::{FloatPoint, HistogramPoint};

fn spec(points: &Points, (start, end): (i64, i64)) -> Spec {
    Spec {
        floats: points.iter().map(|(t, v)| FloatPoint { t: t * 1000, v: *v }).collect(),
        start: start * 1000,
        end: end * 1000,
        ..Spec::of(&[])
    }
}

fn histograms(points: Vec<HistogramPoint>, (start, end): (i64, i64)) -> Spec {
    Spec { histograms: points, ..spec(&[], (start, end)) }
}

fn with_hint(points: &Points, hint: CounterResetHint) -> Vec<HistogramPoint> {
    let mut points = counted(points);
    for point in &mut points {
        point.h = Arc::new(FloatHistogram { counter_reset_hint: hint, ..FloatHistogram::clone(&point.h) });
    }
    points
}

type Points = [(i64, f64)];

const RISING: [(i64, f64); 5] = [(30, 10.0), (90, 20.0), (150, 30.0), (210, 40.0), (270, 50.0)];
const FROM_ZERO: [(i64, f64); 5] = [(30, 0.0), (90, 10.0), (150, 20.0), (210, 30.0), (270, 40.0)];
const RESET: [(i64, f64); 5] = [(30, 10.0), (90, 20.0), (150, 5.0), (210, 15.0), (270, 25.0)];
const FAR: [(i64, f64); 2] = [(120, 100.0), (180, 160.0)];

#[test]
fn changes_are_extrapolated_to_the_window_of_five_minutes() {
    let cases: &[(Function, &Points, Option<f64>, &str)] = &[
        (Increase, &RISING, Some(50.0), "40 in 240s, both borders are near"),
        (Rate, &RISING, Some(50.0 / 300.0), "the same a second"),
        (Increase, &FROM_ZERO, Some(45.0), "a counter was not below zero"),
        (Delta, &FROM_ZERO, Some(50.0), "a gauge may have been"),
        (Increase, &RESET, Some(43.75), "35 in 240s: 10, then 5 and 20 after the reset"),
        (Delta, &RESET, Some(18.75), "a gauge may fall"),
        (Increase, &FAR, Some(120.0), "both borders are far: half an interval each"),
        (Increase, &[(150, 7.0)], None, "one sample is not enough"),
        (Rate, &[], None, "none is not either"),
        (Increase, &[(100, 5.0), (200, f64::INFINITY)], Some(f64::INFINITY), "infinite"),
    ];
    for (function, points, expected, why) in cases {
        let got = window(*function, &spec(points, (0, 300))).float();
        let close = match (got, expected) {
            (Some(got), Some(expected)) => got == *expected || (got - expected).abs() < 1e-12,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        assert!(close, "{function:?}: {why}: {got:?}, not {expected:?}");
    }
}

#[test]
fn near_a_border_is_up_to_a_tenth_more_than_between_samples() {
    let after = |seconds: i64, limits: (i64, i64)| {
        let points = [(seconds, 1000.0), (seconds + 60, 1060.0)];
        window(Increase, &spec(&points, limits)).float().map(f64::round)
    };
    assert_eq!(after(65, (0, 125)), Some(125.0));
    assert_eq!(after(66, (0, 126)), Some(90.0));
    assert_eq!(after(0, (0, 125)), Some(125.0));
    assert_eq!(after(0, (0, 126)), Some(90.0));
}

#[test]
fn histograms_change_as_their_counts_do() {
    for (function, points, expected) in
        [(Increase, &RISING, 50.0), (Rate, &RISING, 50.0 / 300.0), (Increase, &RESET, 43.75)]
    {
        let answer = window(function, &histograms(counted(points), (0, 300)));
        let histogram = answer.histogram().expect("histograms give one");
        assert!((histogram.count - expected).abs() < 1e-12, "{function:?}: {}", histogram.count);
        assert!((histogram.sum - expected * 1.5).abs() < 1e-12, "{function:?}: {}", histogram.sum);
        assert!((histogram.positive.counts[0] - expected).abs() < 1e-12);
        assert_eq!(histogram.counter_reset_hint, CounterResetHint::Gauge);
        assert!(answer.said.is_empty(), "{:?}", answer.said);
    }
}

#[test]
fn a_histogram_before_a_reset_may_have_other_buckets() {
    let mut points = counted(&RISING);
    let custom = FloatHistogram { schema: CUSTOM_BUCKETS_SCHEMA, ..with_count(100.0) };
    points[0].h = Arc::new(custom);
    let second = FloatHistogram { counter_reset_hint: CounterResetHint::Reset, ..with_count(20.0) };
    points[1].h = Arc::new(second);
    let answer = window(Increase, &histograms(points.clone(), (0, 300)));
    assert!(answer.histogram().is_some() && answer.said.is_empty(), "{:?}", answer.said);
    // In the middle they may not.
    points.swap(0, 2);
    points[0].t = 30_000;
    points[2].t = 150_000;
    let answer = window(Increase, &histograms(points, (0, 300)));
    assert!(answer.value.is_none());
    assert_eq!(answer.said, [MIXED_BUCKETS]);
}

#[test]
fn the_coarsest_schema_of_a_counter_is_that_of_its_change() {
    let mut points = counted(&RISING);
    for (point, schema) in points.iter_mut().zip([2, 2, 0, 1, 2]) {
        point.h = Arc::new(FloatHistogram { schema, ..FloatHistogram::clone(&point.h) });
    }
    let spec = histograms(points, (0, 300));
    assert_eq!(window(Increase, &spec).histogram().map(|histogram| histogram.schema), Some(0));
    assert_eq!(window(Delta, &spec).histogram().map(|histogram| histogram.schema), Some(2));
}

#[test]
fn a_reset_before_a_smoothed_window_counts_once() {
    let mut points = counted(&[(0, 100.0), (60, 20.0), (120, 40.0)]);
    let reset = FloatHistogram { counter_reset_hint: CounterResetHint::Reset, ..with_count(20.0) };
    points[1].h = Arc::new(reset);
    let spec = Spec { extension: Some(Extension::Smoothed), ..histograms(points, (30, 90)) };
    assert_eq!(window(Increase, &spec).histogram().map(|histogram| histogram.count), Some(20.0));
}

const MIXED_BUCKETS: &str = "PromQL warning: vector contains a mix of histograms with exponential and custom buckets \
                             schemas for metric name \"m_total\" (1:2)";
const MIXED: &str =
    "PromQL warning: encountered a mix of histograms and floats for metric name \"m_total\" (1:2)";
const NOT_COUNTER: &str = "PromQL warning: this native histogram metric is not a counter: \"m_total\" (1:2)";
const NOT_GAUGE: &str = "PromQL warning: this native histogram metric is not a gauge: \"m_total\" (1:2)";

#[test]
fn what_is_told_of_histograms() {
    use CounterResetHint::{Gauge, Unknown};
    let said = |function, hint| window(function, &histograms(with_hint(&RISING, hint), (0, 300))).said;
    for function in [Rate, Increase, Irate] {
        assert_eq!(said(function, Gauge), [NOT_COUNTER], "{function:?}");
        assert!(said(function, Unknown).is_empty(), "{function:?}");
    }
    for function in [Delta, Idelta] {
        assert_eq!(said(function, Unknown), [NOT_GAUGE], "{function:?}");
        assert!(said(function, Gauge).is_empty(), "{function:?}");
    }
}

#[test]
fn floats_and_histograms_together_have_no_change() {
    let mixed = Spec { histograms: counted(&[(280, 1.0)]), ..spec(&RISING, (0, 300)) };
    for function in [Rate, Increase, Delta, Irate, Idelta] {
        let Answer { value, said } = window(function, &mixed);
        assert!(value.is_none(), "{function:?}");
        assert_eq!(said, [MIXED], "{function:?}");
    }
    // Only the last two count here.
    let older = Spec { histograms: counted(&[(200, 1.0)]), ..mixed };
    assert_eq!(window(Irate, &older).float(), Some(10.0 / 60.0));
    let newer = Spec { histograms: counted(&[(275, 1.0), (280, 6.0)]), ..older };
    assert_eq!(window(Irate, &newer).histogram().map(|histogram| histogram.count), Some(1.0));
}

#[test]
fn the_last_two_samples() {
    let cases: &[(Function, &Points, Option<f64>)] = &[
        (Irate, &RISING, Some(10.0 / 60.0)),
        (Idelta, &RISING, Some(10.0)),
        (Irate, &[(0, 7.0), (10, 5.0)], Some(0.5)),
        (Idelta, &[(0, 7.0), (10, 5.0)], Some(-2.0)),
        (Irate, &[(0, 7.0)], None),
    ];
    for (function, points, expected) in cases {
        assert_eq!(window(*function, &spec(points, (0, 300))).float(), *expected, "{function:?} {points:?}");
    }
}

#[test]
fn anchored_and_smoothed_windows() {
    use Extension::{Anchored, Smoothed};
    const EACH_MINUTE: [(i64, f64); 4] = [(0, 0.0), (60, 60.0), (120, 120.0), (180, 180.0)];
    const FALLS: [(i64, f64); 3] = [(0, 100.0), (60, 20.0), (120, 40.0)];
    type Case<'a> = (Function, Extension, &'a Points, (i64, i64), Option<f64>);
    let cases: &[Case<'_>] = &[
        // From the sample before the window to the last in it.
        (Increase, Anchored, &EACH_MINUTE[..3], (30, 170), Some(120.0)),
        (Rate, Anchored, &EACH_MINUTE[..3], (30, 170), Some(120.0 / 140.0)),
        (Delta, Anchored, &[(0, 5.0), (60, 8.0), (120, 2.0)], (0, 120), Some(-3.0)),
        (Increase, Anchored, &[(0, 5.0), (60, 8.0), (120, 2.0)], (0, 120), Some(5.0)),
        (Increase, Anchored, &[(60, 8.0)], (0, 120), Some(0.0)),
        (Increase, Anchored, &[(0, 8.0)], (0, 120), None),
        // From the line at the start to the line at the end.
        (Increase, Smoothed, &EACH_MINUTE, (30, 170), Some(140.0)),
        (Rate, Smoothed, &EACH_MINUTE, (30, 170), Some(1.0)),
        (Increase, Smoothed, &FALLS, (30, 90), Some(20.0)),
        (Delta, Smoothed, &FALLS, (30, 90), Some(-30.0)),
        (Increase, Smoothed, &[(180, 8.0)], (0, 120), None),
    ];
    for (function, extension, points, borders, expected) in cases {
        let spec = Spec { extension: Some(*extension), ..spec(points, *borders) };
        let got = window(*function, &spec).float();
        assert_eq!(got, *expected, "{function:?} {extension:?} {points:?}");
        if *function == Delta {
            continue;
        }
        // Histograms do the same.
        let spec = Spec { histograms: counted(points), floats: Vec::new(), ..spec };
        let answer = window(*function, &spec);
        let count = answer.histogram().map(|histogram| histogram.count);
        assert_eq!(count, *expected, "histograms: {function:?} {extension:?} {points:?}");
        assert!(answer.said.is_empty(), "{:?}", answer.said);
    }
}

#[test]
fn an_extended_window_of_gauges_tells_of_counters() {
    let points = counted(&[(0, 5.0), (60, 8.0), (120, 2.0)]);
    let spec = Spec { extension: Some(Extension::Anchored), ..histograms(points, (0, 120)) };
    let answer = window(Delta, &spec);
    assert_eq!(answer.histogram().map(|histogram| histogram.count), Some(-3.0));
    assert_eq!(answer.said, [NOT_GAUGE]);
}
