//! Helpers that make numbers, times and durations readable, as the functions of rule templates do.

use serde_json::Value;

use super::text_of;
use crate::model::Timestamp;
use crate::template::go::time::Time;
use crate::template::rule::numbers;

/// A number, also one that is written as a text, as values of labels are.
fn number(arguments: &[&Value]) -> Result<f64, String> {
    let [value] = arguments else { return Err("one number".to_owned()) };
    let parsed = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    parsed.ok_or_else(|| "a number".to_owned())
}

/// `humanize NUMBER`: `1.235k`.
pub(super) fn humanize(arguments: &[&Value]) -> Result<Value, String> {
    number(arguments).map(|value| numbers::humanize(value).into())
}

/// `humanize1024 NUMBER`: `1.206ki`.
pub(super) fn humanize1024(arguments: &[&Value]) -> Result<Value, String> {
    number(arguments).map(|value| numbers::humanize1024(value).into())
}

/// `humanizePercentage RATIO`: `12.35%` of 0.1235.
pub(super) fn humanize_percentage(arguments: &[&Value]) -> Result<Value, String> {
    number(arguments).map(|value| numbers::humanize_percentage(value).into())
}

/// `humanizeDuration SECONDS`: `1h 2m 3s`.
pub(super) fn humanize_duration(arguments: &[&Value]) -> Result<Value, String> {
    number(arguments).map(|value| numbers::humanize_duration(value).into())
}

/// `duration FROM UNTIL`: how long that is, in its two largest units: `2d 3h`, `5m 12s`, `0s`.
pub(super) fn duration(arguments: &[&Value]) -> Result<Value, String> {
    let [from, until] = arguments else { return Err("two times".to_owned()) };
    let seconds = moment(until)?.since(moment(from)?).millis().max(0) / 1000;
    let units =
        [("d", seconds / 86_400), ("h", seconds / 3600 % 24), ("m", seconds / 60 % 60), ("s", seconds % 60)];
    let from = units.iter().position(|(_, count)| *count > 0).unwrap_or(units.len() - 1);
    let shown: Vec<String> = units[from..]
        .iter()
        .take(2)
        .enumerate()
        .filter(|(at, (_, count))| *at == 0 || *count > 0)
        .map(|(_, (unit, count))| format!("{count}{unit}"))
        .collect();
    Ok(shown.join(" ").into())
}

/// `date TIME [LAYOUT [ZONE]]`: a time as Go's layout shows it (`2006-01-02 15:04 MST`), in UTC or the zone
/// of that name.
pub(super) fn date(arguments: &[&Value]) -> Result<Value, String> {
    let (at, layout, zone) = match arguments {
        [at] => (at, None, None),
        [at, layout] => (at, Some(layout), None),
        [at, layout, zone] => (at, Some(layout), Some(zone)),
        _ => return Err("a time, a layout and a zone".to_owned()),
    };
    let time = Time::from_nanos(i128::from(moment(at)?.millis()) * 1_000_000);
    let time = match zone {
        Some(zone) => time.in_zone(&text_of(zone)?).map_err(|_| "the name of a zone".to_owned())?,
        None => time,
    };
    let layout = layout.map_or_else(|| Ok("2006-01-02 15:04:05 MST".to_owned()), |layout| text_of(layout))?;
    Ok(time.format(&layout).into())
}

fn moment(value: &Value) -> Result<Timestamp, String> {
    let parsed = value.as_str().and_then(|text| Timestamp::parse_rfc3339(text).ok());
    parsed.ok_or_else(|| "times".to_owned())
}
