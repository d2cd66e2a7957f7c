//! Quantiles and deviations of the floats of a window: `quantile_over_time`, `stddev_over_time`,
//! `stdvar_over_time`, `mad_over_time`.

use std::cmp::Ordering;

use super::kahan::KahanSum;
use super::{Context, Window};
use crate::promql::annotations::Annotation;
use crate::promql::value::{FloatPoint, Value};

/// The φ-quantile of `values`, which get sorted; between two values in proportion. NaN counts as the least value.
///
/// NaN without values or if `phi` is; -Inf for a φ below 0 and +Inf above 1.
pub(crate) fn quantile(phi: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || phi.is_nan() {
        return f64::NAN;
    }
    if phi < 0.0 {
        return f64::NEG_INFINITY;
    }
    if phi > 1.0 {
        return f64::INFINITY;
    }
    values.sort_by(nan_first);
    let last = values.len() - 1;
    let rank = phi * last as f64;
    let lower = (rank.floor() as usize).min(last);
    let upper = (lower + 1).min(last);
    let weight = rank - rank.floor();
    values[lower] * (1.0 - weight) + values[upper] * weight
}

fn nan_first(a: &f64, b: &f64) -> Ordering {
    a.partial_cmp(b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

/// Whether it is a quantile at all: 0 to 1.
pub(crate) fn is_quantile(phi: f64) -> bool {
    (0.0..=1.0).contains(&phi)
}

/// `quantile_over_time`
pub(super) fn quantile_over_time(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    let phi = window.scalar(0);
    let mut values = floats(window)?;
    if !is_quantile(phi) {
        ctx.say_of(0, Annotation::InvalidQuantile(phi));
    }
    // It is the place of φ, not of the range vector, that Prometheus gives here too.
    window.say_if_histograms_ignored(ctx);
    Some(Value::Float(quantile(phi, &mut values)))
}

/// `mad_over_time`: the median of the distances from the median; NaN if any float is.
pub(super) fn mad_over_time(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    let mut values = floats(window)?;
    window.say_if_histograms_ignored(ctx);
    if values.iter().any(|value| value.is_nan()) {
        return Some(Value::Float(f64::NAN));
    }
    let median = quantile(0.5, &mut values);
    for value in &mut values {
        *value = (*value - median).abs();
    }
    Some(Value::Float(quantile(0.5, &mut values)))
}

/// `stddev_over_time`: of the whole population.
pub(super) fn stddev_over_time(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    variance_over_time(window, ctx).map(|variance| Value::Float(variance.sqrt()))
}

/// `stdvar_over_time`: of the whole population.
pub(super) fn stdvar_over_time(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    variance_over_time(window, ctx).map(Value::Float)
}

fn variance_over_time(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<f64> {
    if window.floats.is_empty() {
        return None;
    }
    window.say_if_histograms_ignored(ctx);
    Some(variance(window.floats))
}

/// By Welford's method: mean and sum of squares are carried along, each with compensation.
fn variance(points: &[FloatPoint]) -> f64 {
    let (mut mean, mut squares, mut count) = (KahanSum::default(), KahanSum::default(), 0.0);
    for FloatPoint { v, .. } in points {
        count += 1.0;
        let delta = v - mean.total();
        mean.add(delta / count);
        squares.add(delta * (v - mean.total()));
    }
    squares.total() / count
}

fn floats(window: &Window<'_>) -> Option<Vec<f64>> {
    (!window.floats.is_empty()).then(|| window.floats.iter().map(|point| point.v).collect())
}

#[cfg(test)]
mod tests {
    use crate::promql::functions::Function;
    use crate::promql::functions::testing::{Spec, window};

    const INF: f64 = f64::INFINITY;
    const NAN: f64 = f64::NAN;

    #[test]
    fn quantiles() {
        let cases: &[(f64, &[f64], f64)] = &[
            (0.5, &[3.0, 1.0, 2.0], 2.0),
            (0.5, &[4.0, 1.0, 2.0, 3.0], 2.5),
            (0.9, &[1.0, 2.0], 1.9),
            (0.0, &[3.0, 1.0, 2.0], 1.0),
            (1.0, &[3.0, 1.0, 2.0], 3.0),
            (0.3, &[7.0], 7.0),
            (-0.1, &[1.0], -INF),
            (1.1, &[1.0], INF),
            (NAN, &[1.0], NAN),
            (0.0, &[1.0, NAN, 2.0], NAN),
            (1.0, &[1.0, NAN, 2.0], 2.0),
        ];
        for (phi, values, expected) in cases {
            let answer = window(Function::QuantileOverTime, &Spec::of(values).with(&[*phi]));
            let got = answer.float().expect("there are floats");
            assert!(
                (got - expected).abs() < 1e-12 || got == *expected || expected.is_nan() && got.is_nan(),
                "{phi} of {values:?} is {got}, not {expected}"
            );
        }
    }

    #[test]
    fn a_quantile_outside_of_0_to_1_is_told() {
        let answer = window(Function::QuantileOverTime, &Spec::of(&[1.0]).with(&[1.5]));
        assert_eq!(answer.said, ["PromQL warning: quantile value should be between 0 and 1, got 1.5 (1:2)"]);
        assert!(window(Function::QuantileOverTime, &Spec::of(&[1.0]).with(&[1.0])).said.is_empty());
    }

    #[test]
    fn deviations() {
        use Function::{MadOverTime, StddevOverTime, StdvarOverTime};
        let cases: &[(Function, &[f64], f64)] = &[
            (StdvarOverTime, &[1.0, 2.0, 3.0, 4.0], 1.25),
            (StddevOverTime, &[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0], 2.0),
            (StddevOverTime, &[5.0], 0.0),
            (StdvarOverTime, &[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0], 22.5),
            (StdvarOverTime, &[INF, 1.0], NAN),
            (StddevOverTime, &[1.0, NAN], NAN),
            (MadOverTime, &[4.0, 6.0, 2.0, 1.0, 999.0, 1.0, 2.0], 1.0),
            (MadOverTime, &[1.0, NAN, 2.0], NAN),
        ];
        for (function, values, expected) in cases {
            let got = window(*function, &Spec::of(values)).float().expect("there are floats");
            assert!(
                got == *expected || expected.is_nan() && got.is_nan(),
                "{function:?} of {values:?} is {got}, not {expected}"
            );
        }
    }
}
