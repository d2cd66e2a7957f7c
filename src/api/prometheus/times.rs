//! Times and durations as Prometheus' API takes them: seconds as a float, or RFC 3339, or `5m`.

use crate::model::number::parse_float;
use crate::model::quote::GoQuoted;
use crate::model::{Duration, Timestamp};

/// Nanoseconds in a millisecond.
const NANOS: i64 = 1_000_000;

/// The earliest and the latest time in Prometheus' API, as clients write them.
const ENDS: [(&str, i64); 2] = [
    ("-292273086-05-16T16:47:06Z", i64::MIN / 1000 * 1000 + 62_135_596_801_000),
    ("+292277025-08-18T07:12:54.999999999Z", i64::MAX / 1000 * 1000 - 62_135_596_801_000 + 999),
];

/// A time in milliseconds since the epoch.
///
/// # Errors
/// The text is none, in Prometheus' words.
pub(super) fn time(text: &str) -> Result<i64, String> {
    if let Some(seconds) = parse_float(text) {
        let millis = ((seconds - seconds.trunc()) * 1000.0).round();
        return Ok((seconds.trunc() as i64).saturating_mul(1000).saturating_add(millis as i64));
    }
    if let Ok(time) = Timestamp::parse_rfc3339(text) {
        return Ok(time.millis());
    }
    let end = ENDS.iter().find(|(end, _)| end.trim_start_matches('+') == text.trim_start_matches('+'));
    end.map(|(_, millis)| *millis)
        .ok_or_else(|| format!("cannot parse {} to a valid timestamp", GoQuoted(text)))
}

/// A duration in nanoseconds, as Go has it: so that the limits are Prometheus' own.
///
/// # Errors
/// The text is none, in Prometheus' words.
pub(super) fn duration(text: &str) -> Result<i64, String> {
    if let Some(seconds) = parse_float(text) {
        let nanos = seconds * 1e9;
        if nanos > i64::MAX as f64 || nanos < i64::MIN as f64 {
            let text = GoQuoted(text);
            return Err(format!("cannot parse {text} to a valid duration. It overflows int64"));
        }
        return Ok(nanos as i64);
    }
    let parsed: Result<Duration, _> = text.parse();
    let invalid = |_| format!("cannot parse {} to a valid duration", GoQuoted(text));
    parsed.map(|duration| duration.millis().saturating_mul(NANOS)).map_err(invalid)
}

/// Whole milliseconds of so many nanoseconds.
pub(super) fn millis(nanos: i64) -> i64 {
    nanos / NANOS
}

/// How many nanoseconds are between two times in milliseconds; as much as Go can say.
pub(super) fn nanos_between(start: i64, end: i64) -> i64 {
    end.saturating_sub(start).saturating_mul(NANOS)
}

#[cfg(test)]
mod tests {
    use super::{duration, time};

    #[test]
    fn times_are_seconds_or_calendar_dates() {
        for (text, want) in [
            ("0", Ok(0)),
            ("123.5", Ok(123_500)),
            ("1543578564.705", Ok(1_543_578_564_705)),
            ("-1.25", Ok(-1250)),
            ("1e3", Ok(1_000_000)),
            ("2015-06-03T13:21:58.555Z", Ok(1_433_337_718_555)),
            ("2015-06-03T14:21:58.555+01:00", Ok(1_433_337_718_555)),
            ("", Err("cannot parse \"\" to a valid timestamp".to_owned())),
            ("now", Err("cannot parse \"now\" to a valid timestamp".to_owned())),
            ("5m", Err("cannot parse \"5m\" to a valid timestamp".to_owned())),
        ] {
            assert_eq!(time(text), want, "{text}");
        }
        assert!(time("-292273086-05-16T16:47:06Z").expect("an end") < -9_000_000_000_000_000_000);
        assert!(time("292277025-08-18T07:12:54.999999999Z").expect("an end") > 9_000_000_000_000_000_000);
    }

    #[test]
    fn durations_are_seconds_or_prometheus_own() {
        for (text, want) in [
            ("0", Ok(0)),
            ("123.5", Ok(123_500_000_000)),
            ("5m", Ok(300_000_000_000)),
            ("1h30m", Ok(5_400_000_000_000)),
            ("-1", Ok(-1_000_000_000)),
            ("", Err("cannot parse \"\" to a valid duration".to_owned())),
            ("x", Err("cannot parse \"x\" to a valid duration".to_owned())),
            ("1e20", Err("cannot parse \"1e20\" to a valid duration. It overflows int64".to_owned())),
        ] {
            assert_eq!(duration(text), want, "{text}");
        }
    }
}
