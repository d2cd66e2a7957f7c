//! Durations in Prometheus' grammar: `1d12h`, `90s`, `0`.

use std::fmt;
use std::ops::{Add, Mul};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::quote::GoQuoted;

/// A span of time in milliseconds, read and written in Prometheus' grammar (`model.Duration`).
///
/// Negative values come only from arithmetic, never from text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Duration(i64);

/// Why a text is not a Prometheus duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDuration {
    /// Nothing was given.
    #[error("empty duration string")]
    Empty,
    /// Not numbers with units in descending order.
    #[error("not a valid duration string: {}", GoQuoted(.0))]
    Syntax(String),
    /// Something else than a unit behind a number.
    #[error("unknown unit {} in duration {}", GoQuoted(.unit), GoQuoted(.text))]
    Unit {
        /// What stands there.
        unit: Box<str>,
        /// The whole text.
        text: Box<str>,
    },
    /// More than Prometheus can hold (about 292 years).
    #[error("duration out of range")]
    OutOfRange,
}

/// Units in the order they must be written, with their length in milliseconds.
const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Prometheus counts nanoseconds in 64 bits; what it refuses, we refuse.
const MAX_MILLIS: i64 = i64::MAX / 1_000_000;

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// That many milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// That many seconds.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// That many minutes.
    #[must_use]
    pub const fn from_mins(mins: i64) -> Self {
        Self::from_secs(mins.saturating_mul(60))
    }

    /// Its length in milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Its length in seconds.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "exact for every millisecond within 285,000 years")]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// The standard library's type for the same length; zero if negative.
    #[must_use]
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }

    /// The same length in our type; saturates at the end of the range.
    #[must_use]
    pub fn from_std(duration: std::time::Duration) -> Self {
        Self(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
    }

    /// Whether it has no length.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl FromStr for Duration {
    type Err = InvalidDuration;

    /// Prometheus' `ParseDuration`: whole numbers with the units y, w, d, h, m, s, ms, each at most once
    /// and in that order; `0` needs no unit. No sign and no fraction.
    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        match text {
            "" => return Err(InvalidDuration::Empty),
            "0" => return Ok(Self::ZERO),
            _ => {}
        }
        let syntax = || InvalidDuration::Syntax(text.to_owned());
        let (mut rest, mut units, mut total) = (text, UNITS.as_slice(), 0_i64);
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (number, tail) = rest.split_at(digits);
            let number: u64 = number.parse().map_err(|_| syntax())?;
            let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            if unit.is_empty() {
                return Err(syntax());
            }
            if !UNITS.iter().any(|(name, _)| *name == unit) {
                return Err(InvalidDuration::Unit { unit: unit.into(), text: text.into() });
            }
            // Each unit once, the long ones first.
            let position = units.iter().position(|(name, _)| *name == unit).ok_or_else(syntax)?;
            let number = i64::try_from(number).map_err(|_| InvalidDuration::OutOfRange)?;
            total = number
                .checked_mul(units[position].1)
                .and_then(|part| total.checked_add(part))
                .filter(|total| *total <= MAX_MILLIS)
                .ok_or(InvalidDuration::OutOfRange)?;
            units = &units[position + 1..];
            rest = tail;
        }
        Ok(Self(total))
    }
}

impl fmt::Display for Duration {
    /// Prometheus' `String`: `1d12h`, `1m30s`; years and weeks only where nothing smaller would follow
    /// them (`1w`, but `8d`); zero is `0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let mut rest = self.0.unsigned_abs();
        for (unit, length) in UNITS {
            let length = length.unsigned_abs();
            let exact = matches!(unit, "y" | "w");
            if rest >= length && (!exact || rest.is_multiple_of(length)) {
                write!(f, "{}{unit}", rest / length)?;
                rest %= length;
            }
        }
        Ok(())
    }
}

impl Add for Duration {
    type Output = Self;

    /// Saturates at the ends of the range.
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Mul<i64> for Duration {
    type Output = Self;

    /// Saturates at the ends of the range.
    fn mul(self, times: i64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Duration, InvalidDuration};

    #[test]
    fn durations_are_read_and_written_as_prometheus_does() {
        for (text, millis, printed) in [
            ("0", 0, "0s"),
            ("0s", 0, "0s"),
            ("324ms", 324, "324ms"),
            ("90s", 90_000, "1m30s"),
            ("1d12h", 129_600_000, "1d12h"),
            ("3w3d", 24 * 86_400_000, "24d"),
            ("1w", 604_800_000, "1w"),
            ("1y", 31_536_000_000, "1y"),
            ("1y2w3d4h5m6s7ms", 31_536_000_000 + 1_209_600_000 + 273_906_007, "382d4h5m6s7ms"),
            ("10y", 315_360_000_000, "10y"),
            ("06h", 21_600_000, "6h"),
        ] {
            let duration: Duration = text.parse().expect(text);
            assert_eq!((duration.millis(), duration.to_string().as_str()), (millis, printed), "{text}");
        }
    }

    #[test]
    fn what_prometheus_refuses_is_refused() {
        for text in ["1", "-1s", "1s1m", "1h1h", "s", "5m3", "99999999999999999999s"] {
            assert_eq!(text.parse::<Duration>(), Err(InvalidDuration::Syntax(text.to_owned())), "{text}");
        }
        for (text, unit) in [
            ("1.5h", "."),
            ("1 s", " s"),
            ("1µs", "µs"),
            ("1d ", "d "),
            ("5x", "x"),
            ("1mm", "mm"),
            ("1h-30m", "h-"),
        ] {
            let invalid = InvalidDuration::Unit { unit: unit.into(), text: text.into() };
            assert_eq!(text.parse::<Duration>(), Err(invalid), "{text}");
        }
        assert_eq!("".parse::<Duration>(), Err(InvalidDuration::Empty));
        assert_eq!("294y".parse::<Duration>(), Err(InvalidDuration::OutOfRange));
        assert_eq!("9999999999999999999s".parse::<Duration>(), Err(InvalidDuration::OutOfRange));
    }

    proptest! {
        #[test]
        fn printing_and_reading_is_a_round_trip(millis in 0..super::MAX_MILLIS) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(duration.to_string().parse::<Duration>(), Ok(duration));
        }
    }
}
