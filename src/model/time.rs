//! Points in time with millisecond precision, as in Prometheus' storage and query API.

use std::fmt;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

use jiff::fmt::temporal::DateTimePrinter;

use super::Duration;

/// Always three digits of the second: made once, as the API writes three such times for each alert.
const MILLIS: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// Milliseconds since the Unix epoch, UTC. May be negative.
///
/// The core never reads a clock: it is told the time in this type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// The time that many milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The time that many whole seconds after the Unix epoch.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Seconds since the Unix epoch with the milliseconds as fraction, as Prometheus writes timestamps.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact for every millisecond within 285,000 years of the epoch"
    )]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// The time from `earlier` until `self`; negative if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// RFC 3339 in UTC with as many fraction digits as needed and none if whole: Go's `RFC3339Nano`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        let Ok(instant) = jiff::Timestamp::from_millisecond(self.0) else {
            return format!("{}ms", self.0); // outside jiff's years -9999..=9999: no calendar form exists
        };
        let text = instant.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        match self.0.rem_euclid(1000) {
            0 => text + "Z",
            fraction => format!("{text}.{}Z", format!("{fraction:03}").trim_end_matches('0')),
        }
    }

    /// RFC 3339 in UTC with exactly three fraction digits, as Alertmanager's API v2 writes times.
    #[must_use]
    pub fn rfc3339_millis(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(instant) => MILLIS.timestamp_to_string(&instant),
            Err(_) => format!("{}ms", self.0),
        }
    }

    /// Reads an RFC 3339 time; digits below the millisecond are cut off.
    ///
    /// # Errors
    /// The text is not an RFC 3339 time with an offset.
    pub fn parse_rfc3339(text: &str) -> Result<Self, jiff::Error> {
        let instant: jiff::Timestamp = text.trim().parse()?;
        Ok(Self(instant.as_nanosecond().div_euclid(1_000_000) as i64))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    /// Saturates at the ends of the range.
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.millis()))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    /// Saturates at the ends of the range.
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration.millis()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn rfc3339_has_only_the_fraction_it_needs() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_500, "1970-01-01T00:00:01.5Z"),
            (1_050, "1970-01-01T00:00:01.05Z"),
            (1_767_225_600_123, "2026-01-01T00:00:00.123Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp::from_millis(millis).rfc3339(), text);
            assert_eq!(Timestamp::parse_rfc3339(text).expect("valid"), Timestamp::from_millis(millis));
        }
        assert_eq!(Timestamp::from_millis(1_500).rfc3339_millis(), "1970-01-01T00:00:01.500Z");
    }

    #[test]
    fn offsets_are_read() {
        let text = "2026-03-02T23:10:00.1234567+01:00";
        assert_eq!(Timestamp::parse_rfc3339(text).expect("valid").rfc3339(), "2026-03-02T22:10:00.123Z");
    }
}
