//! Go's `time.Time` and `time.Duration` as templates see them. There is no local zone here: it is UTC.

mod layout;
mod parse;
mod zone;

use std::any::Any;
use std::fmt::Write;

use super::functions::{CallError, Param, Signature};
use super::value::{Named, Object, Shape, Value};
use layout::Shown;
use zone::Zone;

const SECOND: i128 = 1_000_000_000;
/// The first day of Go's calendar, its zero time.
const ZERO: i128 = -62_135_596_800 * SECOND;

/// A point in time, in nanoseconds since the Unix epoch, and the zone in which it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Time {
    nanos: i128,
    pointer: bool,
    zone: Zone,
}

/// A span of time in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration {
    nanos: i64,
    pointer: bool,
}

impl Time {
    /// That many nanoseconds after the epoch, in UTC.
    #[must_use]
    pub fn from_nanos(nanos: i128) -> Self {
        Self { nanos, pointer: false, zone: Zone::Utc }
    }

    /// Go's zero time, the first moment of the year 1.
    #[must_use]
    pub fn zero() -> Self {
        Self::from_nanos(ZERO)
    }

    /// The same as `*time.Time`.
    #[must_use]
    pub fn pointer(self) -> Self {
        Self { pointer: true, ..self }
    }

    /// The same time as it is shown in the zone of that name in the tz database.
    ///
    /// # Errors
    /// There is no such zone.
    pub fn in_zone(&self, name: &str) -> Result<Self, CallError> {
        Ok(Self { zone: Zone::load(name)?, pointer: false, ..*self })
    }

    /// The time that has passed since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Duration {
        Duration::saturating(self.nanos - earlier.nanos)
    }

    /// Go's `time.Parse`.
    ///
    /// # Errors
    /// The text does not follow the layout; in Go's words.
    pub fn parse(layout: &str, text: &str) -> Result<Self, CallError> {
        parse::parse(layout, text).map_err(CallError::Failed)
    }

    /// The same zone at another time.
    fn at(&self, nanos: i128) -> Value {
        Value::object(Self { nanos, pointer: false, zone: self.zone.clone() })
    }

    /// Date and time of day in its zone; the ends of the calendar where it has no such date.
    fn shown(&self) -> Shown {
        let timestamp = jiff::Timestamp::from_nanosecond(self.nanos).unwrap_or(if self.nanos < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        });
        let (offset, abbreviation) = self.zone.at(timestamp);
        let zone = jiff::tz::Offset::from_seconds(offset).unwrap_or(jiff::tz::Offset::UTC);
        Shown { civil: zone.to_datetime(timestamp), offset, abbreviation }
    }

    /// Go's `Format`.
    #[must_use]
    pub fn format(&self, layout: &str) -> String {
        layout::format(&self.shown(), layout)
    }

    fn add_date(&self, years: i64, months: i64, days: i64) -> Value {
        // Go normalises: January 31 and a month more is March 3.
        let civil = self.shown().civil;
        let month = i64::from(civil.year()) * 12 + i64::from(civil.month()) - 1;
        let month = month.saturating_add(years.saturating_mul(12)).saturating_add(months);
        let year = i16::try_from(month.div_euclid(12)).unwrap_or(9999).clamp(-9998, 9998);
        let first = jiff::civil::Date::new(year, i8::try_from(month.rem_euclid(12) + 1).unwrap_or(1), 1);
        let days = days.saturating_add(i64::from(civil.day()) - 1);
        let date = first.and_then(|first| first.checked_add(jiff::Span::new().try_days(days)?));
        self.at(date.map_or(self.nanos, |date| self.zone.instant(date.to_datetime(civil.time()))))
    }
}

impl std::fmt::Display for Time {
    /// Go's `String`: `2022-01-25 12:36:43 +0000 UTC`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.format("2006-01-02 15:04:05.999999999 -0700 MST"))
    }
}

const TIME: &[Param] = &[Param::Struct("time.Time")];
const DURATION: &[Param] = &[Param::NamedInt("time.Duration")];

impl Object for Time {
    fn type_name(&self) -> &str {
        if self.pointer { "*time.Time" } else { "time.Time" }
    }

    fn shape(&self) -> Shape {
        Shape::Struct
    }

    fn go_string(&self) -> Option<String> {
        let at = self.shown().civil;
        let (year, month, day) = (at.year(), layout::month(at.month()), at.day());
        let (hour, minute, second, nanos) = (at.hour(), at.minute(), at.second(), at.subsec_nanosecond());
        let zone = self.zone.go_string().unwrap_or_default();
        Some(format!("time.Date({year}, time.{month}, {day}, {hour}, {minute}, {second}, {nanos}, {zone})"))
    }

    fn string(&self) -> Option<String> {
        Some(self.to_string())
    }

    fn json(&self) -> Option<Result<String, String>> {
        let year = self.shown().civil.year();
        Some(if (0..=9999).contains(&year) {
            Ok(self.format("\"2006-01-02T15:04:05.999999999Z07:00\""))
        } else {
            let problem = "Time.MarshalJSON: year outside of range [0,9999]";
            Err(format!("json: error calling MarshalJSON for type time.Time: {problem}"))
        })
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn signature(&self, name: &str) -> Option<Signature> {
        Some(Signature::fixed(match name {
            "Format" => &[Param::String],
            "Add" | "Round" | "Truncate" => DURATION,
            "Sub" | "After" | "Before" | "Equal" | "Compare" => TIME,
            "AddDate" => &[Param::Int, Param::Int, Param::Int],
            "In" => &[Param::Named("*time.Location")],
            "String" | "Unix" | "UnixMilli" | "UnixMicro" | "UnixNano" | "Year" | "Month" | "Day"
            | "Hour" | "Minute" | "Second" | "Nanosecond" | "Weekday" | "YearDay" | "UTC" | "Local"
            | "Location" | "IsZero" => &[],
            _ => return None,
        }))
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Value, CallError> {
        let civil = self.shown().civil;
        let wide = |number: i128| Value::Int64(i64::try_from(number).unwrap_or(i64::MAX));
        Ok(match (name, args) {
            ("Format", [layout]) => Value::str(&self.format(layout.as_str().unwrap_or_default())),
            ("String", _) => Value::str(&self.to_string()),
            ("Add", [by]) => self.at(self.nanos + i128::from(nanos_of(by))),
            // Go counts multiples from its zero time.
            ("Round", [to]) => self.at(ZERO + round(self.nanos - ZERO, nanos_of(to).into())),
            ("Truncate", [to]) => {
                let to = i128::from(nanos_of(to));
                let cut = if to > 0 { (self.nanos - ZERO).rem_euclid(to) } else { 0 };
                self.at(self.nanos - cut)
            }
            ("Sub", [other]) => Value::object(Duration::saturating(self.nanos - time_of(other)?)),
            ("After", [other]) => Value::Bool(self.nanos > time_of(other)?),
            ("Before", [other]) => Value::Bool(self.nanos < time_of(other)?),
            ("Equal", [other]) => Value::Bool(self.nanos == time_of(other)?),
            ("Compare", [other]) => Value::Int(self.nanos.cmp(&time_of(other)?) as i64),
            ("AddDate", [Value::Int(years), Value::Int(months), Value::Int(days)]) => {
                self.add_date(*years, *months, *days)
            }
            ("Unix", _) => wide(self.nanos.div_euclid(SECOND)),
            ("UnixMilli", _) => wide(self.nanos.div_euclid(1_000_000)),
            ("UnixMicro", _) => wide(self.nanos.div_euclid(1_000)),
            ("UnixNano", _) => wide(self.nanos),
            ("Year", _) => Value::Int(civil.year().into()),
            ("Month", _) => {
                let number = civil.month();
                named("time.Month", number.into(), layout::month(number))
            }
            ("Day", _) => Value::Int(civil.day().into()),
            ("Hour", _) => Value::Int(civil.hour().into()),
            ("Minute", _) => Value::Int(civil.minute().into()),
            ("Second", _) => Value::Int(civil.second().into()),
            ("Nanosecond", _) => Value::Int(civil.subsec_nanosecond().into()),
            ("Weekday", _) => {
                let number = civil.weekday().to_sunday_zero_offset();
                named("time.Weekday", number.into(), layout::weekday(number))
            }
            ("YearDay", _) => Value::Int(civil.day_of_year().into()),
            ("UTC" | "Local", _) => Value::object(Self::from_nanos(self.nanos)),
            ("Location", _) => Value::object(self.zone.clone()),
            ("In", [Value::Object(location)]) => {
                let zone = location.as_any().and_then(|any| any.downcast_ref::<Zone>());
                let zone = zone.cloned().ok_or("time: missing Location in call to Time.In")?;
                Value::object(Self { nanos: self.nanos, pointer: false, zone })
            }
            ("In", _) => return Err("time: missing Location in call to Time.In".into()),
            ("IsZero", _) => Value::Bool(self.nanos == ZERO),
            _ => return Err(format!("no method {name}").into()),
        })
    }
}

fn named(type_name: &'static str, number: i64, text: &str) -> Value {
    Value::object(Named { type_name, value: Value::Int(number), text: Some(text.into()) })
}

fn time_of(value: &Value) -> Result<i128, CallError> {
    match value {
        Value::Object(object) => {
            let time = object.as_any().and_then(|any| any.downcast_ref::<Time>());
            time.map(|time| time.nanos).ok_or_else(|| "not a time".into())
        }
        _ => Err("not a time".into()),
    }
}

fn nanos_of(value: &Value) -> i64 {
    match value.underlying() {
        Value::Int(nanos) | Value::Int64(nanos) => nanos,
        _ => 0,
    }
}

/// To the nearest multiple, halfway values away from zero.
fn round(nanos: i128, to: i128) -> i128 {
    if to <= 0 {
        return nanos;
    }
    let rest = nanos.rem_euclid(to);
    let down = nanos - rest;
    if rest * 2 > to || (rest * 2 == to && nanos >= 0) { down + to } else { down }
}

impl Duration {
    /// That many nanoseconds.
    #[must_use]
    pub fn from_nanos(nanos: i64) -> Self {
        Self { nanos, pointer: false }
    }

    /// The same as `*time.Duration`.
    #[must_use]
    pub fn pointer(self) -> Self {
        Self { pointer: true, ..self }
    }

    /// Its length in seconds.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "Go rounds in the same way")]
    pub fn seconds(self) -> f64 {
        (self.nanos / 1_000_000_000) as f64 + (self.nanos % 1_000_000_000) as f64 / 1e9
    }

    /// Whether it is a `*time.Duration`.
    #[must_use]
    pub fn is_pointer(self) -> bool {
        self.pointer
    }

    fn saturating(nanos: i128) -> Self {
        let limit = if nanos < 0 { i64::MIN } else { i64::MAX };
        Self::from_nanos(i64::try_from(nanos).unwrap_or(limit))
    }
}

impl std::fmt::Display for Duration {
    /// Go's `String`: `1h15m30.5s`, `1.5ms`, `0s`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let size = self.nanos.unsigned_abs();
        if size == 0 {
            return f.write_str("0s");
        }
        if self.nanos < 0 {
            f.write_char('-')?;
        }
        match size {
            0..1_000 => return write!(f, "{size}ns"),
            1_000..1_000_000 => return write!(f, "{}µs", fraction(size, 1_000)),
            1_000_000..1_000_000_000 => return write!(f, "{}ms", fraction(size, 1_000_000)),
            _ => {}
        }
        let (minutes, rest) = (size / 60_000_000_000, size % 60_000_000_000);
        if minutes >= 60 {
            write!(f, "{}h", minutes / 60)?;
        }
        if minutes > 0 {
            write!(f, "{}m", minutes % 60)?;
        }
        write!(f, "{}s", fraction(rest, 1_000_000_000))
    }
}

/// `size / unit` with only the digits it needs.
fn fraction(size: u64, unit: u64) -> String {
    let digits = unit.ilog10() as usize;
    let text = format!("{}.{:0digits$}", size / unit, size % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Object for Duration {
    fn type_name(&self) -> &str {
        if self.pointer { "*time.Duration" } else { "time.Duration" }
    }

    fn shape(&self) -> Shape {
        Shape::Basic(Value::Int64(self.nanos))
    }

    fn string(&self) -> Option<String> {
        Some(self.to_string())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn signature(&self, name: &str) -> Option<Signature> {
        Some(Signature::fixed(match name {
            "Round" | "Truncate" => DURATION,
            "String" | "Hours" | "Minutes" | "Seconds" | "Milliseconds" | "Microseconds" | "Nanoseconds"
            | "Abs" => &[],
            _ => return None,
        }))
    }

    #[expect(clippy::cast_precision_loss, reason = "Go rounds in the same way")]
    fn call(&self, name: &str, args: &[Value]) -> Result<Value, CallError> {
        let parts = |unit: i64| (self.nanos / unit) as f64 + (self.nanos % unit) as f64 / unit as f64;
        Ok(match (name, args) {
            ("String", _) => Value::str(&self.to_string()),
            ("Hours", _) => Value::Float(parts(3_600_000_000_000)),
            ("Minutes", _) => Value::Float(parts(60_000_000_000)),
            ("Seconds", _) => Value::Float(self.seconds()),
            ("Milliseconds", _) => Value::Int64(self.nanos / 1_000_000),
            ("Microseconds", _) => Value::Int64(self.nanos / 1_000),
            ("Nanoseconds", _) => Value::Int64(self.nanos),
            ("Abs", _) => Value::object(Self::from_nanos(self.nanos.saturating_abs())),
            ("Round", [to]) => Value::object(Self::saturating(round(self.nanos.into(), nanos_of(to).into()))),
            ("Truncate", [to]) => {
                let to = nanos_of(to);
                let cut = if to > 0 { self.nanos % to } else { 0 };
                Value::object(Self::from_nanos(self.nanos - cut))
            }
            _ => return Err(format!("no method {name}").into()),
        })
    }
}
