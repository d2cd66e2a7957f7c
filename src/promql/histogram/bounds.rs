//! The bounds of buckets.

use super::{CUSTOM_BUCKETS_SCHEMA, EXPONENTIAL_SCHEMA_MAX, EXPONENTIAL_SCHEMA_MIN};

/// 2^(1/2), 2^(1/4) … 2^(1/256). The first is one unit too small in the last digit and the bounds are products of
/// these: with both, every bound is Prometheus' to the bit, and so are the texts of histograms.
#[expect(clippy::approx_constant, reason = "it is Prometheus' bound that counts, not the root")]
const ROOTS: [f64; 8] = [
    1.414_213_562_373_095,
    1.189_207_115_002_721,
    1.090_507_732_665_257_7,
    1.044_273_782_427_413_8,
    1.021_897_148_654_116_6,
    1.010_889_286_051_700_5,
    1.005_429_901_112_802_7,
    1.002_711_275_050_202_5,
];

/// The 256 bounds of the finest schema from 0.5 to 1; each coarser schema has every second one.
const FRACTIONS: [f64; 256] = fractions();

const fn fractions() -> [f64; 256] {
    let mut all = [0.5; 256];
    let mut root = 0;
    while root < ROOTS.len() {
        let step = 128 >> root;
        let mut at = step;
        while at < 256 {
            all[at] = all[at - step] * ROOTS[root];
            at += 2 * step;
        }
        root += 1;
    }
    all
}

/// The upper bound of the bucket `index`: in absolute terms for an exponential schema.
pub(super) fn upper_bound(index: i32, schema: i32, custom_values: &[f64]) -> f64 {
    if schema == CUSTOM_BUCKETS_SCHEMA {
        return match usize::try_from(index) {
            Ok(index) => custom_values.get(index).copied().unwrap_or(f64::INFINITY),
            Err(_) => f64::NEG_INFINITY,
        };
    }
    exponential_bound(index, schema)
}

/// The same for exponential schemas. The largest regular bucket ends at the largest float: only infinities are
/// beyond it.
pub(super) fn exponential_bound(index: i32, schema: i32) -> f64 {
    let schema = schema.clamp(EXPONENTIAL_SCHEMA_MIN, EXPONENTIAL_SCHEMA_MAX);
    let (fraction, exponent) = if schema <= 0 {
        (0.5, i64::from(index) * (1 << -schema) + 1)
    } else {
        let within = index & ((1 << schema) - 1);
        let at = usize::try_from(within << (EXPONENTIAL_SCHEMA_MAX - schema)).unwrap_or(0);
        (FRACTIONS[at], i64::from(index >> schema) + 1)
    };
    if fraction == 0.5 && exponent == 1025 {
        return f64::MAX;
    }
    scale(fraction, exponent)
}

/// `fraction` times 2 to the `exponent`.
fn scale(fraction: f64, exponent: i64) -> f64 {
    let exponent = exponent.clamp(-1200, 1200);
    let half = exponent / 2;
    fraction * power_of_two(half) * power_of_two(exponent - half)
}

fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(u64::try_from(1023 + exponent).unwrap_or(0) << 52)
}

/// The index in a coarser schema of the bucket that contains the bucket `index` of `schema`.
pub(super) fn coarser_index(index: i32, schema: i32, coarser: i32) -> i32 {
    let shift = u32::try_from(schema - coarser).unwrap_or(0).min(31);
    (index.saturating_sub(1) >> shift) + 1
}

#[cfg(test)]
mod tests {
    use super::{coarser_index, exponential_bound};

    #[test]
    fn bounds_are_those_of_prometheus() {
        for (schema, index, bound) in [
            (0, 0, 1.0),
            (0, 1, 2.0),
            (0, -1074, 5e-324),
            (0, 1023, 2f64.powi(1023)),
            (0, 1024, f64::MAX),
            (0, 1025, f64::INFINITY),
            (1, 1, f64::from_bits(std::f64::consts::SQRT_2.to_bits() - 1)),
            (2, 3, 1.6817928305074288),
            (8, 255, 1.9945921121709396),
            (8, 262_144, f64::MAX),
            (8, 262_145, f64::INFINITY),
            (-1, 1, 4.0),
            (-4, 1, 65536.0),
            (-4, 64, f64::MAX),
            (-4, 65, f64::INFINITY),
            (-4, i32::MIN, 0.0),
        ] {
            let found = exponential_bound(index, schema);
            assert_eq!(found.to_bits(), f64::to_bits(bound), "schema {schema} index {index}: {found}");
        }
    }

    #[test]
    fn a_coarser_bucket_contains_the_finer_ones() {
        for (index, coarser) in [(-1, 0), (0, 0), (1, 1), (2, 1), (3, 2), (4, 2), (5, 3)] {
            assert_eq!(coarser_index(index, 1, 0), coarser, "{index}");
        }
        assert_eq!(coarser_index(i32::MIN, 8, -4), (i32::MIN >> 12) + 1);
    }
}
