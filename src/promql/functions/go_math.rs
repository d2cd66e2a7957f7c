//! Mathematics where Go's `math` gives other bits than Rust's `f64`: functions of single numbers.
//!
//! Square root, rounding and absolute value are exact in both. The exponential, sine and its like come from the
//! platform's library here and from Go's own code there: they differ by a few units in the last place, and are the
//! same for NaN, infinities and signed zeros. (On amd64 Go's exponential is infinite from 709.44 on already, where
//! the true one ends at 709.78; that is not copied.) What differs beyond that, or shows in whole numbers, is here.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, LOG2_E, LOG10_E};

mod pow;

pub(crate) use pow::pow;

/// `math.Max`: NaN if one is NaN, unless the other is +Inf; +0 is greater than -0.
pub(crate) fn max(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        return f64::INFINITY;
    }
    if a.is_nan() || b.is_nan() {
        return f64::NAN;
    }
    if a == 0.0 && b == 0.0 {
        return if a.is_sign_negative() { b } else { a };
    }
    if a > b { a } else { b }
}

/// `math.Min`: NaN if one is NaN, unless the other is -Inf; -0 is less than +0.
pub(crate) fn min(a: f64, b: f64) -> f64 {
    -max(-a, -b)
}

/// `math.Log`: the series of the C library of BSD, to the same bits.
///
/// The number is 2^k times something near 1; of that, `s` is the argument of the inverse hyperbolic tangent, in
/// whose even powers the series is. (Go's own code for amd64 is wrong for subnormal numbers; this is not.)
pub(crate) fn ln(value: f64) -> f64 {
    const LN_2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
    const LN_2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
    const SERIES: [f64; 7] = [
        f64::from_bits(0x3fe5_5555_5555_5593),
        f64::from_bits(0x3fd9_9999_9997_fa04),
        f64::from_bits(0x3fd2_4924_9422_9359),
        f64::from_bits(0x3fcc_71c5_1d8e_78af),
        f64::from_bits(0x3fc7_4664_96cb_03de),
        f64::from_bits(0x3fc3_9a09_d078_c69f),
        f64::from_bits(0x3fc2_f112_df3e_5244),
    ];
    if value.is_nan() || value == f64::INFINITY {
        return value;
    }
    if value <= 0.0 {
        return if value == 0.0 { f64::NEG_INFINITY } else { f64::NAN };
    }
    let (mut fraction, mut k) = split(value);
    if fraction < FRAC_1_SQRT_2 {
        fraction *= 2.0;
        k -= 1.0;
    }
    let f = fraction - 1.0;
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let [l1, l2, l3, l4, l5, l6, l7] = SERIES;
    let odd = s2 * (l1 + s4 * (l3 + s4 * (l5 + s4 * l7)));
    let even = s4 * (l2 + s4 * (l4 + s4 * l6));
    let half_square = 0.5 * f * f;
    k * LN_2_HIGH - ((half_square - (s * (half_square + (odd + even)) + k * LN_2_LOW)) - f)
}

/// `math.Log2`: exact for powers of two, else the logarithm of the fraction plus the exponent.
pub(crate) fn log2(value: f64) -> f64 {
    let (fraction, exponent) = split(value);
    if fraction == 0.5 {
        return exponent - 1.0;
    }
    ln(fraction) * LOG2_E + exponent
}

/// `math.Log10`: of 10^15 it is 14.999999999999998.
pub(crate) fn log10(value: f64) -> f64 {
    ln(value) * LOG10_E
}

/// `math.Frexp`: a fraction of at least ½ and less than 1, and the power of two it is to be multiplied with.
/// Zeros, infinities and NaN come back as they are.
fn split(value: f64) -> (f64, f64) {
    if value == 0.0 || !value.is_finite() {
        return (value, 0.0);
    }
    let (normal, shift) =
        if value.abs() < f64::MIN_POSITIVE { (value * 2.0_f64.powi(52), -52) } else { (value, 0) };
    let bits = normal.to_bits();
    let exponent = i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0) - 1022 + shift;
    (f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52), f64::from(exponent))
}

/// From here on 1 is nothing beside the square of a number; below its inverse, the cube beside the number itself.
const LARGE: f64 = (1_u64 << 28) as f64;

/// `math.Asinh`, which stays finite where the square of the value overflows.
pub(crate) fn asinh(value: f64) -> f64 {
    let size = value.abs();
    let result = if !size.is_finite() || size < 1.0 / LARGE {
        size
    } else if size > LARGE {
        ln(size) + LN_2
    } else if size > 2.0 {
        ln(2.0 * size + 1.0 / ((size * size + 1.0).sqrt() + size))
    } else {
        let square = size * size;
        (size + square / (1.0 + (1.0 + square).sqrt())).ln_1p()
    };
    result.copysign(value)
}

/// `math.Atanh`, as exact near -1 as near 1.
pub(crate) fn atanh(value: f64) -> f64 {
    let size = value.abs();
    let twice = size + size;
    let result = if size.is_nan() || size > 1.0 {
        f64::NAN
    } else if size < 1.0 / LARGE {
        size
    } else if size < 0.5 {
        0.5 * (twice + twice * size / (1.0 - size)).ln_1p()
    } else {
        0.5 * (twice / (1.0 - size)).ln_1p()
    };
    result.copysign(value)
}

/// `math.Acosh`, which stays finite where the square of the value overflows.
pub(crate) fn acosh(value: f64) -> f64 {
    if value.is_nan() || value < 1.0 {
        f64::NAN
    } else if value >= LARGE {
        ln(value) + LN_2
    } else if value > 2.0 {
        ln(2.0 * value - 1.0 / (value + (value * value - 1.0).sqrt()))
    } else {
        let above = value - 1.0;
        (above + (2.0 * above + above * above).sqrt()).ln_1p()
    }
}

/// `int64(value)` as Go converts on amd64: cut off towards zero; NaN and what is too large give the least number.
pub(crate) fn to_i64(value: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&value) { value as i64 } else { i64::MIN }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    #[test]
    fn the_greater_and_the_lesser_of_special_values() {
        let cases = [
            (1.0, 2.0, 2.0, 1.0),
            (-INF, 2.0, 2.0, -INF),
            (f64::NAN, INF, INF, f64::NAN),
            (f64::NAN, -INF, f64::NAN, -INF),
            (f64::NAN, 3.0, f64::NAN, f64::NAN),
            (-0.0, 0.0, 0.0, -0.0),
        ];
        for (a, b, greater, lesser) in cases {
            for (a, b) in [(a, b), (b, a)] {
                assert_eq!(max(a, b).to_bits() << 1 >> 1, greater.to_bits() << 1 >> 1, "max({a}, {b})");
                assert_eq!(max(a, b).is_sign_negative(), greater.is_sign_negative(), "max({a}, {b})");
                assert!(min(a, b) == lesser || lesser.is_nan() && min(a, b).is_nan(), "min({a}, {b})");
            }
        }
    }

    #[test]
    fn logarithms_have_the_bits_of_go() {
        assert_eq!(log10(1000.0), 3.0);
        assert_eq!(log10(1e15), 14.999_999_999_999_998);
        assert_eq!(log10(0.1), -0.999_999_999_999_999_9);
        assert_eq!(ln(0.01), -4.605_170_185_988_092);
        assert_eq!(ln(3.0), 1.098_612_288_668_109_6);
        assert_eq!(log2(26.0), 4.700_439_718_141_092);
        assert_eq!(log10(100.0), 2.0);
        assert_eq!(log10(10.0), 1.0);
        assert_eq!(log2(8.0), 3.0);
        assert_eq!(log2(5e-324), -1074.0);
        assert_eq!(log2(0.0), -INF);
        assert_eq!(log10(INF), INF);
        assert!(log2(-1.0).is_nan() && log10(f64::NAN).is_nan());
    }

    #[test]
    fn the_inverse_of_cosh_is_finite_for_large_values() {
        assert!((acosh(1e308) - 709.889_355_822_725_9).abs() < 1e-9);
        assert!((acosh(10.0) - 2.993_222_846_126_381).abs() < 1e-14);
        assert!((acosh(1.5) - 0.962_423_650_119_206_9).abs() < 1e-14);
        assert_eq!(acosh(1.0), 0.0);
        assert!(acosh(0.5).is_nan());
    }

    #[test]
    fn the_inverses_of_sinh_and_tanh_are_odd_and_finite_up_to_their_ends() {
        type Case = (fn(f64) -> f64, f64, f64);
        let cases: [Case; 10] = [
            (asinh, 1e308, 709.889_355_822_725_9),
            (asinh, 1e-300, 1e-300),
            (asinh, 0.5, 0.481_211_825_059_603_4),
            (asinh, 10.0, 2.998_222_950_297_97),
            (asinh, INF, INF),
            (atanh, 0.25, 0.255_412_811_882_995_36),
            (atanh, 0.75, 0.972_955_074_527_656_6),
            (atanh, 1.0 - f64::EPSILON / 2.0, 18.714_973_875_118_524),
            (atanh, 1e-300, 1e-300),
            (atanh, 1.0, INF),
        ];
        for (function, value, expected) in cases {
            for sign in [1.0, -1.0] {
                let (got, expected) = (function(value * sign), expected * sign);
                assert!(got == expected || ((got - expected) / expected).abs() < 1e-14, "{value}: {got}");
            }
        }
        assert!(asinh(-0.0).is_sign_negative() && atanh(-0.0).is_sign_negative());
        assert!(asinh(f64::NAN).is_nan() && atanh(1.5).is_nan() && atanh(f64::NAN).is_nan());
    }

    #[test]
    fn numbers_without_an_integer_become_the_least_one() {
        assert_eq!(to_i64(-1.9), -1);
        for value in [f64::NAN, INF, 1e19, -1e19] {
            assert_eq!(to_i64(value), i64::MIN, "{value}");
        }
    }
}
