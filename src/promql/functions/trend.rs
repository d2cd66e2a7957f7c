//! Functions that follow the trend of a gauge: `deriv`, `predict_linear`, `double_exponential_smoothing`.

use super::kahan::KahanSum;
use super::{ArgumentError, Context, Window};
use crate::promql::value::{FloatPoint, Value};

/// A straight line through points, by least squares.
struct Line {
    /// Per second.
    slope: f64,
    /// At the time that was asked for.
    intercept: f64,
}

/// The line through at least one point, and its value at `time` (milliseconds since the epoch).
///
/// Points of one value give a level line; if that value is infinite, NaN.
fn line_through(points: &[FloatPoint], time: i64) -> Option<Line> {
    let first = points.first()?.v;
    if points.iter().skip(1).all(|point| point.v == first) {
        let level = Line { slope: 0.0, intercept: first };
        let unknown = Line { slope: f64::NAN, intercept: f64::NAN };
        return Some(if first.is_infinite() { unknown } else { level });
    }
    let (mut count, mut x, mut y) = (0.0, KahanSum::default(), KahanSum::default());
    let (mut xy, mut xx) = (KahanSum::default(), KahanSum::default());
    for point in points {
        count += 1.0;
        let seconds = (point.t - time) as f64 / 1e3;
        x.add(seconds);
        y.add(point.v);
        xy.add(seconds * point.v);
        xx.add(seconds * seconds);
    }
    let (x, y) = (x.total(), y.total());
    let covariance = xy.total() - x * y / count;
    let variance = xx.total() - x * x / count;
    let slope = covariance / variance;
    Some(Line { slope, intercept: y / count - slope * x / count })
}

/// The floats, if there are two at least. Histograms beside them are ignored, and that is told.
fn two_floats<'a>(window: &Window<'a>, ctx: &mut Context<'_>) -> Option<&'a [FloatPoint]> {
    window.say_if_histograms_ignored(ctx);
    (window.floats.len() >= 2).then_some(window.floats)
}

/// `deriv`: per second.
pub(super) fn deriv(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    let floats = two_floats(window, ctx)?;
    // A time near the points keeps their squares small.
    let line = line_through(floats, floats.first()?.t)?;
    Some(Value::Float(line.slope))
}

/// `predict_linear(v, t)`: `t` seconds after the step.
pub(super) fn predict_linear(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    let floats = two_floats(window, ctx)?;
    let line = line_through(floats, window.step)?;
    Some(Value::Float(line.slope * window.scalar(0) + line.intercept))
}

/// The factors of `double_exponential_smoothing` have to be between 0 and 1, both excluded.
pub(super) fn check_factors(scalars: &[f64]) -> Result<(), ArgumentError> {
    let outside = |factor: f64| factor <= 0.0 || factor >= 1.0;
    match *scalars {
        [smoothing, ..] if outside(smoothing) => Err(ArgumentError::SmoothingFactor(smoothing)),
        [_, trend, ..] if outside(trend) => Err(ArgumentError::TrendFactor(trend)),
        _ => Ok(()),
    }
}

/// `double_exponential_smoothing(v, sf, tf)`: nothing for factors that [`check_factors`] refuses.
pub(super) fn double_exponential_smoothing(window: &Window<'_>, ctx: &mut Context<'_>) -> Option<Value> {
    check_factors(window.scalars).ok()?;
    let (smoothing, trend_factor) = (window.scalar(0), window.scalar(1));
    let [first, second, ..] = two_floats(window, ctx)? else { return None };
    let mut trend = second.v - first.v;
    let (mut before, mut smoothed) = (0.0, first.v);
    for (place, point) in window.floats.iter().enumerate().skip(1) {
        if place > 1 {
            trend = trend_factor * (smoothed - before) + (1.0 - trend_factor) * trend;
        }
        let next = smoothing * point.v + (1.0 - smoothing) * (smoothed + trend);
        (before, smoothed) = (smoothed, next);
    }
    Some(Value::Float(smoothed))
}

#[cfg(test)]
mod tests {
    use super::check_factors;
    use crate::promql::functions::Function;
    use crate::promql::functions::testing::{Spec, window};

    const INF: f64 = f64::INFINITY;

    #[test]
    fn slopes() {
        let cases: &[(&[f64], Option<f64>)] = &[
            (&[0.0, 60.0, 120.0], Some(1.0)),
            (&[5.0, 5.0, 5.0], Some(0.0)),
            (&[6.0, 3.0, 0.0], Some(-0.05)),
            (&[INF, INF], Some(f64::NAN)),
            (&[1.0, INF], Some(f64::NAN)),
            (&[1.0], None),
        ];
        for (values, expected) in cases {
            let got = window(Function::Deriv, &Spec::of(values)).float();
            assert_eq!(
                got.map(f64::to_bits).map(|b| b << 1),
                expected.map(|e| if e.is_nan() { got.unwrap_or(e) } else { e }.to_bits() << 1),
                "{values:?}: {got:?}"
            );
            assert_eq!(got.map(f64::is_nan), expected.map(f64::is_nan), "{values:?}: {got:?}");
        }
    }

    #[test]
    fn predictions_start_from_the_time_of_the_step() {
        // 0 at 0s to 4 at 4m: 1 a minute. The step is at 4m.
        let values = [0.0, 1.0, 2.0, 3.0, 4.0];
        let at = |seconds: f64, step: i64| {
            window(Function::PredictLinear, &Spec { step: Some(step), ..Spec::of(&values).with(&[seconds]) })
                .float()
        };
        assert_eq!(at(60.0, 240_000), Some(5.0));
        assert_eq!(at(-240.0, 240_000), Some(0.0));
        // With an offset of 10m the step is at 14m.
        assert!(at(60.0, 840_000).is_some_and(|value| (value - 15.0).abs() < 1e-9));
    }

    #[test]
    fn smoothing() {
        let smooth = |values: &[f64], factors: &[f64]| {
            window(Function::DoubleExponentialSmoothing, &Spec::of(values).with(factors)).float()
        };
        // By hand: s = 0.5·4 + 0.5·(1 + 3) = 4, then the trend is 0.25·3 + 0.75·3 = 3 and s = 0.5·9 + 0.5·7 = 8.
        assert_eq!(smooth(&[1.0, 4.0, 9.0], &[0.5, 0.25]), Some(8.0));
        assert_eq!(smooth(&[1.0], &[0.5, 0.5]), None);
        assert_eq!(smooth(&[1.0, 2.0], &[1.0, 0.5]), None);
    }

    #[test]
    fn factors_that_are_refused() {
        let text = |factors: &[f64]| check_factors(factors).err().map(|error| error.to_string());
        assert_eq!(text(&[0.1, 0.9]), None);
        assert_eq!(
            text(&[1.0, 0.5]).as_deref(),
            Some("invalid smoothing factor. Expected: 0 < sf < 1, got: 1.000000")
        );
        assert_eq!(
            text(&[0.5, -2.0]).as_deref(),
            Some("invalid trend factor. Expected: 0 < tf < 1, got: -2.000000")
        );
    }
}
