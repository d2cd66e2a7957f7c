//! Chance that can be asked for at any time: numbers that follow from a seed and a place, not from a
//! sequence.

/// A number from 0 to 1 (excluded) for this place. Places that differ have nothing to do with each other.
pub(super) fn chance(seed: u64, place: u64, slot: i64) -> f64 {
    let mixed = mix(mix(mix(seed) ^ place) ^ slot.cast_unsigned());
    // 53 bits are what a float holds exactly.
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

/// A value between -1 and 1 that wanders slowly: it is drawn anew every `period` milliseconds, and goes
/// straight from one to the next.
pub(super) fn wander(seed: u64, place: u64, at: i64, period: i64) -> f64 {
    let slot = at.div_euclid(period);
    let part = at.rem_euclid(period) as f64 / period as f64;
    let (from, to) = (chance(seed, place, slot), chance(seed, place, slot + 1));
    2.0 * (from + (to - from) * part) - 1.0
}

/// Sebastiano Vigna's `SplitMix64`.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::{chance, wander};

    #[test]
    fn chance_follows_from_seed_and_place() {
        assert_eq!(chance(1, 2, 3).to_bits(), chance(1, 2, 3).to_bits());
        for other in [chance(2, 2, 3), chance(1, 3, 3), chance(1, 2, 4)] {
            assert_ne!(chance(1, 2, 3).to_bits(), other.to_bits());
        }
        let mean = (0..10_000).map(|slot| chance(7, 0, slot)).sum::<f64>() / 10_000.0;
        assert!((0.48..0.52).contains(&mean), "{mean}");
    }

    #[test]
    fn what_wanders_does_not_jump() {
        let values: Vec<f64> = (0..10_000).map(|at| wander(7, 1, at * 100, 10_000)).collect();
        assert!(values.iter().all(|value| (-1.0..=1.0).contains(value)));
        assert!(values.windows(2).all(|pair| (pair[0] - pair[1]).abs() <= 0.02 + 1e-9));
    }
}
