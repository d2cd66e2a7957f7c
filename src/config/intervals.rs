//! Resolved time intervals: when a route is quiet.

use std::ops::Range;

use crate::model::Str;

/// A time interval that routes refer to by name: it holds whenever one of its parts holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedInterval {
    /// Its name, unique in its file.
    pub name: Str,
    /// Its parts.
    pub parts: Vec<TimeInterval>,
    /// Where its name stands in the file, in bytes.
    pub span: Range<usize>,
}

/// Holds when every field that is not empty holds; a field holds when one of its ranges does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeInterval {
    /// Times of day.
    pub times: Vec<TimeRange>,
    /// Days of the week, 0 is Sunday.
    pub weekdays: Vec<InclusiveRange>,
    /// Days of the month: 1 to 31, or -31 to -1 counted from its end. Both ends are clamped to the month.
    pub days_of_month: Vec<InclusiveRange>,
    /// Months, 1 is January.
    pub months: Vec<InclusiveRange>,
    /// Years.
    pub years: Vec<InclusiveRange>,
    /// Whose clock counts; `None` is UTC.
    pub location: Option<Location>,
}

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Its name in the tz database, or `Local`.
    pub name: Str,
    /// Its rules, as they were when the file was loaded.
    pub zone: jiff::tz::TimeZone,
}

/// A range of minutes of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// The first minute since midnight.
    pub start_minute: u16,
    /// The minute after the last one; at most 1440.
    pub end_minute: u16,
}

/// A range of numbers with both ends in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InclusiveRange {
    /// The first.
    pub begin: i32,
    /// The last.
    pub end: i32,
}
