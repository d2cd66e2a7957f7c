//! Sums of floats that keep what rounding loses: Neumaier's form of Kahan's summation, as Prometheus uses it.

/// A running sum with its compensation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KahanSum {
    /// The sum without compensation.
    pub(crate) sum: f64,
    /// What has been lost so far; 0 once the sum is infinite.
    pub(crate) compensation: f64,
}

impl KahanSum {
    /// A sum that starts with `value`.
    pub(crate) const fn starting_with(value: f64) -> Self {
        Self { sum: value, compensation: 0.0 }
    }

    /// The sum after `value` is added.
    #[must_use]
    pub(crate) fn plus(self, value: f64) -> Self {
        let sum = self.sum + value;
        let compensation = if sum.is_infinite() {
            0.0
        } else if self.sum.abs() >= value.abs() {
            self.compensation + ((self.sum - sum) + value)
        } else {
            self.compensation + ((value - sum) + self.sum)
        };
        Self { sum, compensation }
    }

    /// Adds `value`.
    pub(crate) fn add(&mut self, value: f64) {
        *self = self.plus(value);
    }

    /// The sum with its compensation.
    pub(crate) fn total(self) -> f64 {
        self.sum + self.compensation
    }

    /// Both parts times `factor`.
    #[must_use]
    pub(crate) fn scaled(self, factor: f64) -> Self {
        Self { sum: self.sum * factor, compensation: self.compensation * factor }
    }

    /// Both parts divided by `divisor`: not the same as scaling by its inverse, to the last bit.
    #[must_use]
    pub(crate) fn divided(self, divisor: f64) -> Self {
        Self { sum: self.sum / divisor, compensation: self.compensation / divisor }
    }
}

impl FromIterator<f64> for KahanSum {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        values.into_iter().fold(Self::default(), Self::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_values_survive_between_large_ones() {
        let cases: &[(&[f64], f64)] = &[
            (&[1.0, 1e100, 1.0, -1e100], 2.0),
            (&[0.1; 10], 1.0),
            (&[1e16, 1.0, 1.0, -1e16], 2.0),
            (&[], 0.0),
            (&[f64::INFINITY, 1.0], f64::INFINITY),
            (&[f64::NEG_INFINITY, -3.0, 7.0], f64::NEG_INFINITY),
        ];
        for (values, expected) in cases {
            let total = values.iter().copied().collect::<KahanSum>().total();
            assert_eq!(total, *expected, "{values:?}");
        }
    }

    #[test]
    fn opposite_infinities_give_nan() {
        assert!([f64::INFINITY, f64::NEG_INFINITY].into_iter().collect::<KahanSum>().total().is_nan());
    }
}
