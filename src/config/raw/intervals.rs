//! `time_intervals`: every check of Alertmanager's, at the range that is wrong.

use jiff::tz::TimeZone;

use super::{Reader, Shape};
use crate::config::intervals::{InclusiveRange, Location, NamedInterval, TimeInterval, TimeRange};
use crate::config::problem::Severity;
use crate::config::yaml::Node;

const NAMED: Shape = Shape {
    what: "a time interval",
    keys: &["name", "time_intervals"],
    advice: &[
        ("times", "move it into the list `time_intervals`"),
        ("weekdays", "move it into the list `time_intervals`"),
        ("location", "move it into the list `time_intervals`"),
    ],
};

const PART: Shape = Shape {
    what: "a part of a time interval",
    keys: &["times", "weekdays", "days_of_month", "months", "years", "location"],
    advice: &[
        ("days", "the key is called `weekdays` or `days_of_month`"),
        ("timezone", "the key is called `location`"),
    ],
};

const TIMES: Shape = Shape { what: "a time range", keys: &["start_time", "end_time"], advice: &[] };

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

type Range = Result<InclusiveRange, String>;

impl Reader<'_> {
    /// A list of named intervals, added to those read before.
    pub(crate) fn named_intervals(&mut self, node: &Node, word: &str, read: &mut Vec<NamedInterval>) {
        for item in self.list(node, "a list of time intervals") {
            let Some(fields) = self.fields(item, &NAMED) else { continue };
            let name =
                fields.get("name").and_then(|name| self.text(name, "a name")).unwrap_or_else(|| "".into());
            let span = fields.get("name").map_or_else(|| fields.start(), |name| name.span.clone());
            if name.is_empty() {
                self.error("missing-name", &span, format!("missing name in {word}"));
            } else if read.iter().any(|known| known.name == name) {
                self.error("duplicate-interval", &span, format!("{word} {name:?} is not unique"));
            }
            let parts = match fields.get("time_intervals") {
                Some(parts) => {
                    let parts = self.list(parts, "a list of intervals").to_vec();
                    parts.iter().filter_map(|part| self.interval(part)).collect()
                }
                None => Vec::new(),
            };
            read.push(NamedInterval { name, parts, span });
        }
    }

    fn interval(&mut self, node: &Node) -> Option<TimeInterval> {
        let fields = self.fields(node, &PART)?;
        let mut ranges = |key: &str, range: fn(&str) -> Range| -> Vec<InclusiveRange> {
            let Some(node) = fields.get(key) else { return Vec::new() };
            let items = self.list(node, key).to_vec();
            items.iter().filter_map(|item| self.range(item, key, range)).collect()
        };
        let weekdays = ranges("weekdays", weekdays);
        let days_of_month = ranges("days_of_month", days_of_month);
        let months = ranges("months", months);
        let years = ranges("years", years);
        let times = match fields.get("times") {
            Some(node) => {
                let items = self.list(node, "times").to_vec();
                items.iter().filter_map(|item| self.times(item)).collect()
            }
            None => Vec::new(),
        };
        let location = fields.get("location").and_then(|node| self.location(node));
        Some(TimeInterval { times, weekdays, days_of_month, months, years, location })
    }

    fn range(&mut self, node: &Node, what: &str, range: fn(&str) -> Range) -> Option<InclusiveRange> {
        let text = self.text(node, what)?;
        match range(&text.to_lowercase()) {
            Ok(range) => {
                let month = |number: i32| (1..=12).contains(&number);
                if what == "months" && !(month(range.begin) && month(range.end)) {
                    let message = format!("{text} names a month that no year has");
                    self.report(Severity::Warning, "interval-never", &node.span, message, None);
                }
                Some(range)
            }
            Err(message) => {
                self.error("bad-interval", &node.span, message);
                None
            }
        }
    }

    fn times(&mut self, node: &Node) -> Option<TimeRange> {
        let fields = self.fields(node, &TIMES)?;
        let text = |reader: &mut Self, key| fields.get(key).and_then(|node| reader.text(node, "a time"));
        let (start, end) = (text(self, "start_time"), text(self, "end_time"));
        let (Some(start), Some(end)) = (start, end) else {
            self.error("bad-interval", &fields.start(), "both start and end times must be provided");
            return None;
        };
        let mut minutes = |key: &str, text: &str| {
            let minute = minute(text);
            if minute.is_none() {
                let span = fields.get(key).map_or_else(|| fields.start(), |node| node.span.clone());
                let message = format!("couldn't parse timestamp {text}, invalid format");
                self.error_help(
                    "bad-interval",
                    &span,
                    message,
                    "write hours and minutes with two digits: `09:30`",
                );
            }
            minute
        };
        let (start, end) = (minutes("start_time", &start), minutes("end_time", &end));
        let (start_minute, end_minute) = (start?, end?);
        if start_minute >= end_minute {
            let span = fields.get("end_time").map_or_else(|| fields.start(), |node| node.span.clone());
            let message = "start time cannot be equal or greater than end time";
            let help = "for a night, list two ranges: one until `24:00` and one from `00:00`";
            self.error_help("bad-interval", &span, message, help);
            return None;
        }
        Some(TimeRange { start_minute, end_minute })
    }

    fn location(&mut self, node: &Node) -> Option<Location> {
        let name = self.text(node, "a time zone")?;
        let zone = match &*name {
            "" | "UTC" => return None,
            "Local" => TimeZone::system(),
            name => match TimeZone::get(name) {
                Ok(zone) => zone,
                Err(_) => {
                    let help = "write a name of the tz database, as in `Europe/Madrid`";
                    self.error_help("bad-interval", &node.span, format!("unknown time zone {name}"), help);
                    return None;
                }
            },
        };
        Some(Location { name, zone })
    }
}

/// `HH:MM`, or `24:00`.
fn minute(text: &str) -> Option<u16> {
    let two = |text: &str| {
        text.parse::<u16>().ok().filter(|_| text.len() == 2 && text.is_ascii() && !text.starts_with('+'))
    };
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let valid = (hours < 24 && minutes < 60) || (hours, minutes) == (24, 0);
    valid.then_some(hours * 60 + minutes)
}

/// `a` or `a:b`.
fn ends(text: &str, member: impl Fn(&str) -> Result<i32, String>) -> Range {
    let mut parts = text.split(':');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(only), None, _) => member(only).map(|only| InclusiveRange { begin: only, end: only }),
        (Some(begin), Some(end), None) => Ok(InclusiveRange { begin: member(begin)?, end: member(end)? }),
        _ => Err(format!("couldn't parse range {text}, invalid format")),
    }
}

fn number(text: &str) -> Result<i32, String> {
    text.parse().map_err(|_| format!("strconv.Atoi: parsing {text:?}: invalid syntax"))
}

fn position(names: &[&str], text: &str) -> Option<i32> {
    names.iter().position(|name| *name == text).and_then(|at| i32::try_from(at).ok())
}

fn weekdays(text: &str) -> Range {
    let range =
        ends(text, |day| position(&WEEKDAYS, day).ok_or_else(|| format!("{day} is not a valid weekday")))?;
    match range.begin > range.end {
        true => Err("start day cannot be before end day".to_owned()),
        false => Ok(range),
    }
}

fn days_of_month(text: &str) -> Range {
    let range = ends(text, number)?;
    for day in [range.begin, range.end] {
        if day == 0 || !(-31..=31).contains(&day) {
            return Err(format!("{day} is not a valid day of the month: out of range"));
        }
    }
    if range.begin < 0 && range.end > 0 {
        return Err("end day must be negative if start day is negative".to_owned());
    }
    // In the shortest month, so that what is refused never holds.
    let from_start = |day: i32| if day < 0 { 28 + day } else { day };
    match from_start(range.begin) > from_start(range.end) {
        true => Err(format!("end day {} is always before start day {}", range.end, range.begin)),
        false => Ok(range),
    }
}

fn months(text: &str) -> Range {
    let member = |month: &str| match position(&MONTHS, month) {
        Some(at) => Ok(at + 1),
        None => month.parse().map_err(|_| format!("{month} is not a valid month")),
    };
    let range = ends(text, member)?;
    if range.begin <= range.end {
        return Ok(range);
    }
    let name = |month: i32| {
        usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at)).copied().unwrap_or_default()
    };
    Err(format!("end month {} is before start month {}", name(range.end), name(range.begin)))
}

fn years(text: &str) -> Range {
    let range = ends(text, number)?;
    match range.begin > range.end {
        true => Err(format!("end year {} is before start year {}", range.end, range.begin)),
        false => Ok(range),
    }
}

#[cfg(test)]
mod tests {
    use super::{Range, days_of_month, minute, months, weekdays, years};

    #[test]
    fn ranges_are_alertmanagers() {
        let shown = |range: Range| range.map(|range| (range.begin, range.end));
        let bad = |text: &str| Err(text.to_owned());
        assert_eq!(shown(weekdays("monday:friday")), Ok((1, 5)));
        assert_eq!(shown(weekdays("sunday")), Ok((0, 0)));
        assert_eq!(shown(weekdays("friday:monday")), bad("start day cannot be before end day"));
        assert_eq!(shown(weekdays("blurgsday")), bad("blurgsday is not a valid weekday"));
        assert_eq!(shown(days_of_month("1:-1")), Ok((1, -1)));
        assert_eq!(shown(days_of_month("-5:-1")), Ok((-5, -1)));
        assert_eq!(shown(days_of_month("0")), bad("0 is not a valid day of the month: out of range"));
        assert_eq!(shown(days_of_month("-5:5")), bad("end day must be negative if start day is negative"));
        assert_eq!(shown(days_of_month("20:10")), bad("end day 10 is always before start day 20"));
        assert_eq!(shown(days_of_month("1:2:3")), bad("couldn't parse range 1:2:3, invalid format"));
        assert_eq!(shown(months("january:3")), Ok((1, 3)));
        assert_eq!(shown(months("june:march")), bad("end month march is before start month june"));
        assert_eq!(shown(years("2020:2022")), Ok((2020, 2022)));
        assert_eq!(shown(years("2022:2020")), bad("end year 2020 is before start year 2022"));
    }

    #[test]
    fn times_have_two_digits_each() {
        for (text, minutes) in [
            ("00:00", Some(0)),
            ("09:30", Some(570)),
            ("24:00", Some(1440)),
            ("24:01", None),
            ("9:30", None),
            ("12:60", None),
            ("+1:30", None),
        ] {
            assert_eq!(minute(text), minutes, "{text}");
        }
    }
}
