//! The router's only randomness: a small generator with a given seed.

use crate::model::Duration;

/// `SplitMix64`: one addition and three mixes a number. Good for jitter, never for secrets.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    /// Equal seeds give equal numbers.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A UUID of version 4 as text.
    pub(super) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let high = (high & !0xf000) | 0x4000; // the version
        let low = (low & !(0b11 << 62)) | (0b10 << 62); // the variant
        let (a, b, c) = (high >> 32, (high >> 16) & 0xffff, high & 0xffff);
        format!("{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", low >> 48, low & 0xffff_ffff_ffff)
    }

    /// A duration between half and one and a half of `middle`.
    pub(super) fn around(&mut self, middle: Duration) -> Duration {
        let span = u64::try_from(middle.millis()).unwrap_or(0);
        let offset = i64::try_from(self.next() % (span + 1)).unwrap_or(0);
        Duration::from_millis(middle.millis() / 2 + offset)
    }
}

#[cfg(test)]
mod tests {
    use super::Random;
    use crate::model::Duration;

    #[test]
    fn ids_are_uuids_of_version_four() {
        let mut random = Random::new(7);
        let form = regex::Regex::new("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$");
        let form = form.expect("valid");
        let ids: Vec<String> = (0..100).map(|_| random.uuid()).collect();
        assert!(ids.iter().all(|id| form.is_match(id)), "{ids:?}");
        assert!(ids.windows(2).all(|two| two[0] != two[1]));
    }

    #[test]
    fn jitter_stays_within_half_and_one_and_a_half() {
        let (mut random, mut same) = (Random::new(7), Random::new(7));
        let (mut low, mut high) = (i64::MAX, 0);
        for _ in 0..10_000 {
            let got = random.around(Duration::from_secs(10)).millis();
            assert_eq!(got, same.around(Duration::from_secs(10)).millis(), "the same seed, the same numbers");
            (low, high) = (low.min(got), high.max(got));
        }
        assert!((5_000..5_100).contains(&low) && (14_900..=15_000).contains(&high), "{low} {high}");
    }
}
