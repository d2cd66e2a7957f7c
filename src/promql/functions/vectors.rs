//! What functions of instant vectors have in common, and the plain ones among them: `clamp` and `round`.

use super::go_math;
use super::math::number;
use super::{Argument, Context};
use crate::model::LabelSet;
use crate::model::labels::METRIC_NAME;
use crate::promql::value::{Value, VectorSample};

/// Labels that describe the metric rather than the series: what is no longer the metric loses them.
pub(crate) const METADATA: [&str; 3] = [METRIC_NAME, "__type__", "__unit__"];

/// The labels without name, type and unit of the metric.
pub(crate) fn without_metadata(labels: &LabelSet) -> LabelSet {
    let mut present = METADATA.iter().filter(|name| labels.get(name).is_some()).peekable();
    if present.peek().is_none() {
        return labels.clone();
    }
    let mut builder = labels.to_builder();
    for name in present {
        builder.remove(name);
    }
    builder.build()
}

/// The vector given as an argument; nothing if there is none, which the parser does not let happen.
pub(super) fn vector<'a>(args: &[Argument<'a>], index: usize) -> &'a [VectorSample] {
    match args.get(index) {
        Some(Argument::Vector(samples)) => samples,
        Some(Argument::Scalar(_) | Argument::String(_)) | None => &[],
    }
}

/// What `compute` makes of each float; histograms are left out, and the metric's name is dropped.
pub(super) fn each_float(
    samples: &[VectorSample],
    ctx: &Context<'_>,
    compute: impl Fn(f64) -> f64,
) -> Vec<VectorSample> {
    let floats = samples.iter().filter_map(|sample| match &sample.value {
        Value::Float(value) => Some((sample, *value)),
        Value::Histogram(_) => None,
    });
    floats
        .map(|(sample, value)| VectorSample {
            labels: if ctx.delayed_name_removal {
                sample.labels.clone()
            } else {
                without_metadata(&sample.labels)
            },
            drop_name: true,
            value: Value::Float(compute(value)),
            t: ctx.step,
        })
        .collect()
}

/// `clamp(v, min, max)`: nothing if `max` is less than `min`.
pub(super) fn clamp(args: &[Argument<'_>], ctx: &mut Context<'_>) -> Vec<VectorSample> {
    between(vector(args, 0), number(args, 1), number(args, 2), ctx)
}

/// `clamp_max(v, max)`
pub(super) fn clamp_max(args: &[Argument<'_>], ctx: &mut Context<'_>) -> Vec<VectorSample> {
    between(vector(args, 0), f64::NEG_INFINITY, number(args, 1), ctx)
}

/// `clamp_min(v, min)`
pub(super) fn clamp_min(args: &[Argument<'_>], ctx: &mut Context<'_>) -> Vec<VectorSample> {
    between(vector(args, 0), number(args, 1), f64::INFINITY, ctx)
}

fn between(samples: &[VectorSample], min: f64, max: f64, ctx: &Context<'_>) -> Vec<VectorSample> {
    if max < min {
        return Vec::new();
    }
    each_float(samples, ctx, |value| go_math::max(min, go_math::min(max, value)))
}

/// `round(v, to_nearest=1)`: halves go up, towards +Inf.
pub(super) fn round(args: &[Argument<'_>], ctx: &mut Context<'_>) -> Vec<VectorSample> {
    let to_nearest = if args.len() > 1 { number(args, 1) } else { 1.0 };
    // The inverse makes fewer rounding errors for steps like 0.1, and Prometheus has it so.
    let inverse = 1.0 / to_nearest;
    each_float(vector(args, 0), ctx, |value| (value * inverse + 0.5).floor() / inverse)
}

#[cfg(test)]
mod tests {
    use crate::promql::functions::testing::{later, on_vector, sample};
    use crate::promql::functions::{Argument, Function};

    fn one(function: Function, value: f64, numbers: &[f64]) -> Option<f64> {
        let samples = [sample(r#"m{job="api"}"#, value)];
        let mut args = vec![Argument::Vector(&samples)];
        args.extend(numbers.iter().map(|number| Argument::Scalar(*number)));
        on_vector(function, &args).0.first().map(|(_, value)| *value)
    }

    #[test]
    fn clamping() {
        use Function::{Clamp, ClampMax, ClampMin};
        const NAN: f64 = f64::NAN;
        assert_eq!(one(Clamp, 7.0, &[1.0, 5.0]), Some(5.0));
        assert_eq!(one(Clamp, -7.0, &[1.0, 5.0]), Some(1.0));
        assert_eq!(one(Clamp, 3.0, &[1.0, 5.0]), Some(3.0));
        assert_eq!(one(Clamp, 3.0, &[5.0, 1.0]), None, "the borders are the wrong way round");
        assert_eq!(one(ClampMax, 7.0, &[5.0]), Some(5.0));
        assert_eq!(one(ClampMin, 7.0, &[9.0]), Some(9.0));
        assert!(one(ClampMax, 7.0, &[NAN]).is_some_and(f64::is_nan));
        assert!(one(Clamp, NAN, &[0.0, 1.0]).is_some_and(f64::is_nan));
        assert!(one(Clamp, 3.0, &[NAN, 1.0]).is_some_and(f64::is_nan));
    }

    #[test]
    fn rounding() {
        let cases: &[(f64, &[f64], f64)] = &[
            (2.5, &[], 3.0),
            (-2.5, &[], -2.0),
            (-2.6, &[], -3.0),
            (5.15, &[0.1], 5.2),
            (2.345, &[0.01], 2.35),
            (13.0, &[5.0], 15.0),
            (f64::INFINITY, &[], f64::INFINITY),
        ];
        for (value, to, expected) in cases {
            let got = one(Function::Round, *value, to).expect("a float gives a float");
            assert!((got - expected).abs() < 1e-9 || got == *expected, "round({value}, {to:?}) = {got}");
        }
        assert!(one(Function::Round, 3.0, &[0.0]).is_some_and(f64::is_nan), "to the nearest nothing");
    }

    #[test]
    fn the_result_has_no_name_and_no_type() {
        let samples = [sample(r#"m{__type__="gauge", __unit__="s", job="api"}"#, 1.2)];
        let (out, _) = on_vector(Function::Round, &[Argument::Vector(&samples)]);
        assert_eq!(out, [(r#"{job="api"}"#.to_owned(), 1.0)]);
    }

    #[test]
    fn names_that_are_dropped_later_are_kept_until_then() {
        let samples = [sample(r#"m{job="api"}"#, 1.2)];
        for delayed in [false, true] {
            let out = later(Function::Round, &[Argument::Vector(&samples)], delayed);
            assert!(out[0].drop_name);
            assert_eq!(out[0].labels.get("__name__").is_some(), delayed);
        }
    }
}
