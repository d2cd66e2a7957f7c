//! Sums that remember what rounding took from them (Neumaier's variant of Kahan's).

/// Adds `value` to a sum and to what rounding has taken from it; both together are the exact value.
#[must_use]
pub fn add(value: f64, (sum, lost): (f64, f64)) -> (f64, f64) {
    let total = sum + value;
    let lost = if total.is_infinite() {
        0.0
    } else if sum.abs() >= value.abs() {
        lost + ((sum - total) + value)
    } else {
        lost + ((value - total) + sum)
    };
    (total, lost)
}
