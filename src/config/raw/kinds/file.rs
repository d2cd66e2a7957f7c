//! Routes, inhibition rules and time intervals as tables: only for showing them ([`super::super::original`]);
//! they are read with more care beside.

use super::super::schema::Kind::{Bool, Duration, Matchers, Objects, TextMap, Texts};
use super::super::schema::{Table, field, text};
use super::table;

/// A route with its children.
pub(crate) static ROUTE: Table = table(
    "a route",
    &[
        text("receiver"),
        field("group_by", Texts).always_shown(),
        field("match", TextMap),
        field("match_re", TextMap),
        field("matchers", Matchers),
        field("mute_time_intervals", Texts),
        field("active_time_intervals", Texts),
        field("continue", Bool).or("false").always_shown(),
        field("routes", Objects(&ROUTE)),
        field("group_wait", Duration),
        field("group_interval", Duration),
        field("repeat_interval", Duration),
        field("labels", TextMap),
    ],
    &[],
    &[],
);

/// An inhibition rule.
pub(crate) const INHIBIT_RULE: Table = table(
    "an inhibition rule",
    &[
        text("name"),
        field("source_match", TextMap),
        field("source_match_re", TextMap),
        field("source_matchers", Matchers),
        field("target_match", TextMap),
        field("target_match_re", TextMap),
        field("target_matchers", Matchers),
        field("equal", Texts),
    ],
    &[],
    &[],
);

/// A named time interval.
pub(crate) const INTERVAL: Table = table(
    "a time interval",
    &[text("name"), field("time_intervals", Objects(&PART)).always_shown()],
    &[],
    &[],
);

const PART: Table = table(
    "a part of a time interval",
    &[
        field("times", Objects(&TIMES)),
        field("weekdays", Texts),
        field("days_of_month", Texts),
        field("months", Texts),
        field("years", Texts),
        text("location"),
    ],
    &[],
    &[],
);

const TIMES: Table = table("a time range", &[text("start_time"), text("end_time")], &[], &[]);
