//! Powers with the bits of Go's `math.Pow`: by squaring, where the platform's library rounds only once.

use super::{ln, split};

/// `math.Pow`. The special values are those of C; a fractional exponent goes over the logarithm, of which the last
/// bits may differ.
pub(crate) fn pow(base: f64, exponent: f64) -> f64 {
    let special = base == 0.0 || base == 1.0 || exponent == 0.0;
    if special || !base.is_finite() || !exponent.is_finite() {
        return base.powf(exponent);
    }
    if exponent == 1.0 {
        return base;
    }
    if exponent == 0.5 {
        return base.sqrt();
    }
    if exponent == -0.5 {
        return 1.0 / base.sqrt();
    }
    let size = exponent.abs();
    let (mut whole, mut fraction) = (size.trunc(), size.fract());
    if fraction != 0.0 && base < 0.0 {
        return f64::NAN;
    }
    if whole >= 9_223_372_036_854_775_808.0 {
        // Only the powers of -1 are finite and not 0 then: the exponent is even.
        return base.powf(exponent);
    }
    let mut result = 1.0;
    if fraction != 0.0 {
        if fraction > 0.5 {
            fraction -= 1.0;
            whole += 1.0;
        }
        result = (fraction * ln(base)).exp();
    }
    let (result, power_of_two) = by_squaring(base, whole as i64, result);
    if exponent < 0.0 { scale(1.0 / result, -power_of_two) } else { scale(result, power_of_two) }
}

/// `start` times `base` to the power of `exponent`, as a number near 1 and a power of two.
fn by_squaring(base: f64, exponent: i64, start: f64) -> (f64, i64) {
    const BEYOND_ALL_FLOATS: i64 = 1 << 12;
    let (mut result, mut power_of_two) = (start, 0_i64);
    let (mut square, base_power) = split(base);
    let mut square_power = base_power as i64;
    let mut left = exponent;
    while left != 0 {
        if square_power.abs() > BEYOND_ALL_FLOATS {
            return (result, power_of_two + square_power);
        }
        if left & 1 == 1 {
            result *= square;
            power_of_two += square_power;
        }
        square *= square;
        square_power *= 2;
        if square < 0.5 {
            square += square;
            square_power -= 1;
        }
        left >>= 1;
    }
    (result, power_of_two)
}

/// `math.Ldexp`: times a power of two, rounded once also where the result is subnormal.
fn scale(value: f64, power_of_two: i64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let (fraction, own) = split(value);
    let power = own as i64 + power_of_two;
    let exactly = |power: i64| f64::from_bits(u64::try_from(power + 1023).unwrap_or(0) << 52);
    if power > 1024 {
        f64::INFINITY.copysign(value)
    } else if power < -1074 {
        0.0_f64.copysign(value)
    } else if power < -1021 {
        fraction * exactly(power + 60) * exactly(-60)
    } else {
        (fraction * 2.0) * exactly(power - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::pow;

    const INF: f64 = f64::INFINITY;

    /// The results are those of Go 1.27.
    #[test]
    fn powers() {
        let cases = [
            (1.1, 3.0, 0x3ff5_4bc6_a7ef_9db4),
            (1.1, 10.0, 0x4004_bffc_0c03_023d),
            (10.0, -3.0, 0x3f50_624d_d2f1_a9fc),
            (10.0, 15.0, 0x430c_6bf5_2634_0000),
            (10.0, 22.0, 0x4480_f0cf_064d_d592),
            (3.0, 40.0, 0x43e5_1716_8a45_23fd),
            (0.9, 365.0, 0x3c76_ece2_bc64_8cb7),
            (1.0001, 100000.0, 0x40d5_7fdd_2fe5_f8bd),
            (-1.5, 7.0, 0xc031_1600_0000_0000),
            (2.0, 0.5, 0x3ff6_a09e_667f_3bcd),
            (2.0, -0.5, 0x3fe6_a09e_667f_3bcc),
            (7.0, -5.0, 0x3f0f_31d2_b366_47fc),
            (2.0, -1074.0, 0x0000_0000_0000_0001),
            (3.0, -670.0, 0x0000_0000_0000_10db),
            (0.1, 323.0, 0x0000_0000_0000_0002),
            (9.99, 308.0, 0x7fda_28ea_1b56_6c64),
        ];
        for (base, exponent, bits) in cases {
            let got = pow(base, exponent);
            assert_eq!(got, f64::from_bits(bits), "{base} ^ {exponent}");
        }
    }

    #[test]
    fn fractional_exponents() {
        for (base, exponent) in [(2.5, 1.7), (2.5, 1.3), (0.3, -2.9), (1e200, 0.25)] {
            let (got, expected) = (pow(base, exponent), f64::powf(base, exponent));
            assert!((got / expected - 1.0).abs() < 1e-14, "{base} ^ {exponent} = {got}, not {expected}");
        }
    }

    #[test]
    fn special_values() {
        let cases = [
            (f64::NAN, 0.0, 1.0),
            (1.0, f64::NAN, 1.0),
            (-0.0, -3.0, -INF),
            (-0.0, -2.0, INF),
            (0.0, -INF, INF),
            (-1.0, INF, 1.0),
            (0.5, INF, 0.0),
            (2.0, -INF, 0.0),
            (-INF, 3.0, -INF),
            (-INF, -3.0, -0.0),
            (-1.0, 1e300, 1.0),
            (-2.0, 1e300, INF),
            (10.0, 400.0, INF),
            (10.0, -400.0, 0.0),
        ];
        for (base, exponent, expected) in cases {
            let got = pow(base, exponent);
            assert_eq!(got.to_bits(), f64::to_bits(expected), "{base} ^ {exponent} = {got}");
        }
        assert!(pow(-2.0, 0.3).is_nan() && pow(2.0, f64::NAN).is_nan());
    }
}
