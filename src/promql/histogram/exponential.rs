//! 2 to a power, to the bits that Go's `math.Exp2` gives: quantiles of exponential buckets end with it, and tests of
//! rules compare them exactly.

/// 2^x by the series of the C library of BSD: 2^k times e^r, with r between -ln 2 / 2 and ln 2 / 2.
pub(super) fn exp2(x: f64) -> f64 {
    const LN_2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
    const LN_2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
    const SERIES: [f64; 5] = [
        f64::from_bits(0x3fc5_5555_5555_5555),
        f64::from_bits(0xbf66_c16c_16be_bd93),
        f64::from_bits(0x3f11_566a_af25_de2c),
        f64::from_bits(0xbebb_bd41_c5d2_6bf1),
        f64::from_bits(0x3e66_3769_72be_a4d0),
    ];
    // Beyond the range of floats, and NaN: there are no bits to differ in.
    if !(-1074.0..1024.0).contains(&x) {
        return x.exp2();
    }
    let k = (x + 0.5_f64.copysign(x)).trunc();
    let (high, low) = ((x - k) * LN_2_HIGH, (k - x) * LN_2_LOW);
    let r = high - low;
    let [p1, p2, p3, p4, p5] = SERIES;
    let t = r * r;
    let c = r - t * (p1 + t * (p2 + t * (p3 + t * (p4 + t * p5))));
    let y = 1.0 - ((low - (r * c) / (2.0 - c)) - high);
    // In two steps, as 2^k alone may be too small for a float.
    let half = (k / 2.0).trunc();
    y * half.exp2() * (k - half).exp2()
}

#[cfg(test)]
mod tests {
    use super::exp2;

    #[test]
    fn powers_are_within_the_last_digit_and_whole_ones_exact() {
        for whole in -1074..1024 {
            assert_eq!(exp2(f64::from(whole)).to_bits(), f64::from(whole).exp2().to_bits(), "{whole}");
        }
        for step in -9_999..9_999 {
            let x = f64::from(step) / 700.1;
            let (found, expected) = (exp2(x), x.exp2());
            assert!(((found - expected) / expected).abs() < 3e-16, "{x}: {found} {expected}");
        }
        assert_eq!((exp2(1024.0), exp2(-1075.0), exp2(0.0)), (f64::INFINITY, 0.0, 1.0));
        assert!(exp2(f64::NAN).is_nan());
    }
}
