//! What is put together from windows, by hand; samples are a minute apart.

use std::sync::Arc;

use crate::promql::functions::Function::{self, *};
use crate::promql::functions::testing::{Spec, counted, window, with_count};
use crate::promql::histogram::{CUSTOM_BUCKETS_SCHEMA, CounterResetHint, FloatHistogram};
use crate::promql::value::HistogramPoint;

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

fn histograms(histograms: Vec<FloatHistogram>) -> Spec {
    let points =
        histograms.into_iter().zip(0..).map(|(h, n)| HistogramPoint { t: n * 60_000, h: Arc::new(h) });
    Spec { histograms: points.collect(), end: 600_000, ..Spec::of(&[]) }
}

fn counts(values: &[f64]) -> Spec {
    histograms(values.iter().map(|count| with_count(*count)).collect())
}

#[test]
fn floats() {
    let cases: &[(Function, &[f64], f64)] = &[
        (SumOverTime, &[1.0, 2.0, 3.5], 6.5),
        (SumOverTime, &[1.0, 1e100, 1.0, -1e100], 2.0),
        (SumOverTime, &[1.0, INF, 2.0], INF),
        (SumOverTime, &[INF, -INF], NAN),
        (AvgOverTime, &[1.0, 2.0, 6.0], 3.0),
        (AvgOverTime, &[0.1; 10], 0.1),
        (AvgOverTime, &[1e308, 1e308, 1e308], 1e308),
        (AvgOverTime, &[1.7e308, -1.7e308, 1.7e308, 1.7e308], 8.5e307),
        (AvgOverTime, &[INF, 1.0], INF),
        (AvgOverTime, &[1.0, -INF, 3.0], -INF),
        (AvgOverTime, &[1.0, INF, -INF], NAN),
        (AvgOverTime, &[1.0, NAN], NAN),
        (CountOverTime, &[5.0, NAN, 5.0], 3.0),
        (PresentOverTime, &[0.0], 1.0),
        (MaxOverTime, &[1.0, 3.0, 2.0], 3.0),
        (MaxOverTime, &[NAN, 1.0, NAN], 1.0),
        (MaxOverTime, &[NAN, NAN], NAN),
        (MinOverTime, &[2.0, 1.0, 3.0], 1.0),
        (MinOverTime, &[NAN, -INF], -INF),
        (FirstOverTime, &[4.0, 5.0], 4.0),
        (LastOverTime, &[4.0, 5.0], 5.0),
        (TsOfMaxOverTime, &[1.0, 3.0, 3.0, 2.0], 120.0),
        (TsOfMinOverTime, &[NAN, 1.0, 2.0, 1.0, 3.0], 180.0),
        (TsOfFirstOverTime, &[7.0, 8.0], 0.0),
        (TsOfLastOverTime, &[7.0, 8.0], 60.0),
    ];
    for (function, values, expected) in cases {
        let got = window(*function, &Spec::of(values)).float().expect("there are samples");
        assert!(
            got == *expected || expected.is_nan() && got.is_nan(),
            "{function:?} of {values:?} is {got}, not {expected}"
        );
    }
}

#[test]
fn sums_and_means_of_histograms() {
    let cases: &[(Function, &[f64], f64)] = &[
        (SumOverTime, &[1.0, 2.0, 4.0], 7.0),
        (SumOverTime, &[1.0, 1e100, 1.0, -1e100], 2.0),
        (AvgOverTime, &[1.0, 2.0, 6.0], 3.0),
        (AvgOverTime, &[1.0, 1e100, 1.0, -1e100], 0.5),
        (AvgOverTime, &[5.0], 5.0),
        (AvgOverTime, &[1e308, 1e308, 1e308, 1e308], 1e308),
    ];
    for (function, values, expected) in cases {
        let answer = window(*function, &counts(values));
        let histogram = answer.histogram().expect("histograms give one");
        let got = (histogram.count, histogram.positive.counts[0]);
        assert_eq!(got, (*expected, *expected), "{function:?} of {values:?}");
        assert!(answer.said.is_empty(), "{:?}", answer.said);
    }
}

#[test]
fn what_is_told_of_histograms() {
    let hinted = |hint| FloatHistogram { counter_reset_hint: hint, ..with_count(1.0) };
    let custom = |bounds: &[f64]| FloatHistogram {
        schema: CUSTOM_BUCKETS_SCHEMA,
        custom_values: bounds.into(),
        ..with_count(1.0)
    };
    let cases = [
        (
            histograms(vec![hinted(CounterResetHint::Reset), hinted(CounterResetHint::NotReset)]),
            "PromQL warning: conflicting counter resets during histogram aggregation (1:2)",
        ),
        (
            histograms(vec![custom(&[1.0, 2.0]), custom(&[1.0, 3.0])]),
            "PromQL info: mismatched custom buckets were reconciled during aggregation (1:2)",
        ),
        (
            histograms(vec![with_count(1.0), custom(&[1.0])]),
            "PromQL warning: vector contains a mix of histograms with exponential and custom buckets schemas \
             for metric name \"m_total\" (1:2)",
        ),
        (
            Spec { histograms: counted(&[(30, 1.0)]), ..Spec::of(&[1.0]) },
            "PromQL warning: encountered a mix of histograms and floats for metric name \"m_total\" (1:2)",
        ),
    ];
    for (spec, expected) in cases {
        for function in [SumOverTime, AvgOverTime] {
            assert_eq!(window(function, &spec).said, [expected], "{function:?}");
        }
    }
}

#[test]
fn floats_and_histograms_in_one_window() {
    // 2 at 0s, a histogram at 30s, 1 at 60s.
    let mixed = Spec { histograms: counted(&[(30, 4.0)]), ..Spec::of(&[2.0, 1.0]) };
    let later = Spec { histograms: counted(&[(90, 4.0)]), ..Spec::of(&[2.0, 1.0]) };
    let earlier = Spec { histograms: counted(&[(-30, 4.0)]), ..Spec::of(&[2.0, 1.0]) };
    assert_eq!(window(CountOverTime, &mixed).float(), Some(3.0));
    assert_eq!(window(FirstOverTime, &mixed).float(), Some(2.0));
    assert_eq!(window(LastOverTime, &mixed).float(), Some(1.0));
    assert_eq!(window(LastOverTime, &later).histogram().map(|h| h.count), Some(4.0));
    assert_eq!(window(FirstOverTime, &earlier).histogram().map(|h| h.count), Some(4.0));
    assert_eq!(window(TsOfLastOverTime, &later).float(), Some(90.0));
    assert_eq!(window(TsOfFirstOverTime, &earlier).float(), Some(-30.0));
    let ignored = "PromQL info: ignored histograms in a range containing both floats and histograms for metric name \
                   \"m_total\" (1:2)";
    for function in
        [MaxOverTime, MinOverTime, TsOfMaxOverTime, StddevOverTime, StdvarOverTime, MadOverTime, Deriv]
    {
        let answer = window(function, &mixed);
        assert!(answer.float().is_some(), "{function:?}");
        assert_eq!(answer.said, [ignored], "{function:?}");
        let alone = Spec { floats: Vec::new(), ..mixed.clone() };
        let answer = window(function, &alone);
        assert!(answer.value.is_none() && answer.said.is_empty(), "{function:?} of histograms alone");
    }
}
