//! Functions of each float of a vector alone, and of scalars: only those that Rust does not have under a name.

use super::go_math;
use super::{Argument, Context};
use std::f64::consts::PI;

/// `sgn`: zeros and NaN come back as they are.
pub(super) fn sgn(value: f64) -> f64 {
    if value < 0.0 {
        -1.0
    } else if value > 0.0 {
        1.0
    } else {
        value
    }
}

/// `deg`
pub(super) fn deg(value: f64) -> f64 {
    value * 180.0 / PI
}

/// `rad`
pub(super) fn rad(value: f64) -> f64 {
    value * PI / 180.0
}

/// `pi`
pub(super) fn pi(_: &[Argument<'_>], _: &mut Context<'_>) -> f64 {
    PI
}

/// `time`: the time of the step, in seconds.
pub(super) fn time(_: &[Argument<'_>], ctx: &mut Context<'_>) -> f64 {
    ctx.step as f64 / 1000.0
}

/// `max_of`
pub(super) fn max_of(args: &[Argument<'_>], _: &mut Context<'_>) -> f64 {
    go_math::max(number(args, 0), number(args, 1))
}

/// `min_of`
pub(super) fn min_of(args: &[Argument<'_>], _: &mut Context<'_>) -> f64 {
    go_math::min(number(args, 0), number(args, 1))
}

/// The number given as an argument; NaN if there is none, which the parser does not let happen.
pub(super) fn number(args: &[Argument<'_>], index: usize) -> f64 {
    match args.get(index) {
        Some(Argument::Scalar(value)) => *value,
        Some(Argument::Vector(_) | Argument::String(_)) | None => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use crate::promql::functions::testing::{math, scalar};
    use crate::promql::functions::{Argument, Function};

    const INF: f64 = f64::INFINITY;
    const NAN: f64 = f64::NAN;

    #[test]
    fn functions_of_one_number() {
        use Function::*;
        let cases = [
            (Abs, -2.5, 2.5),
            (Ceil, -1.5, -1.0),
            (Floor, -1.5, -2.0),
            (Sqrt, 4.0, 2.0),
            (Sqrt, -1.0, NAN),
            (Exp, 0.0, 1.0),
            (Exp, 1000.0, INF),
            (Ln, 0.0, -INF),
            (Ln, -1.0, NAN),
            (Log2, 8.0, 3.0),
            (Log10, 1000.0, 3.0),
            (Sgn, -0.2, -1.0),
            (Sgn, INF, 1.0),
            (Sgn, 0.0, 0.0),
            (Sgn, NAN, NAN),
            (Deg, std::f64::consts::PI, 180.0),
            (Rad, 180.0, std::f64::consts::PI),
            (Sin, INF, NAN),
            (Acos, 1.1, NAN),
            (Acosh, 0.9, NAN),
            (Atanh, 1.0, INF),
        ];
        for (function, value, expected) in cases {
            let got = math(function, value);
            assert!(
                got == expected || expected.is_nan() && got.is_nan(),
                "{function:?}({value}) = {got}, not {expected}"
            );
        }
    }

    /// To 1e-12: the last bits are those of the platform's library.
    #[test]
    fn trigonometry() {
        use Function::*;
        let cases = [
            (Sin, 1.0, 0.841_470_984_807_896_5),
            (Cos, 1.0, 0.540_302_305_868_139_8),
            (Tan, 1.0, 1.557_407_724_654_902_2),
            (Asin, 0.5, std::f64::consts::FRAC_PI_6),
            (Acos, 0.5, std::f64::consts::FRAC_PI_3),
            (Atan, 10.0, 1.471_127_674_303_734_7),
            (Sinh, 1.0, 1.175_201_193_643_801_4),
            (Cosh, 1.0, 1.543_080_634_815_243_7),
            (Tanh, 1.0, 0.761_594_155_955_764_9),
            (Asinh, 10.0, 2.998_222_950_297_97),
            (Acosh, 10.0, 2.993_222_846_126_381),
            (Atanh, 0.5, 0.549_306_144_334_054_8),
            // Near the ends of floats and of the range.
            (Asinh, -1e308, -709.889_355_822_725_9),
            (Atanh, f64::EPSILON / 2.0 - 1.0, -18.714_973_875_118_524),
            (Exp, 1.0, std::f64::consts::E),
        ];
        for (function, value, expected) in cases {
            let got = math(function, value);
            assert!((got - expected).abs() < 1e-12, "{function:?}({value}) = {got}, not {expected}");
        }
    }

    #[test]
    fn scalars() {
        let numbers = |a, b| [Argument::Scalar(a), Argument::Scalar(b)];
        assert_eq!(scalar(Function::Time, &[], 90_500), 90.5);
        assert_eq!(scalar(Function::Pi, &[], 0), std::f64::consts::PI);
        assert_eq!(scalar(Function::MaxOf, &numbers(1.0, 2.0), 0), 2.0);
        assert_eq!(scalar(Function::MinOf, &numbers(1.0, 2.0), 0), 1.0);
        assert!(scalar(Function::MinOf, &numbers(NAN, 2.0), 0).is_nan());
        assert_eq!(scalar(Function::MaxOf, &numbers(NAN, INF), 0), INF);
    }
}
