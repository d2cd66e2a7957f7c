//! Time intervals: whether one holds at an instant, and when a route is quiet. As in Alertmanager.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::config::intervals::{InclusiveRange, NamedInterval, TimeInterval};
use crate::config::routes::{RouteIndex, Routing};
use crate::model::{Str, Timestamp};

impl Routing {
    /// The names of the time intervals that make a route quiet at an instant; empty: it may tell.
    ///
    /// A route is quiet while one of its mute intervals holds, each of which is named, and while it has active
    /// intervals of which none holds: then all of these are named, as in Alertmanager, and first.
    #[must_use]
    pub fn quiet_by(&self, at: Timestamp, route: RouteIndex) -> Vec<Str> {
        let Some(route) = self.routes.get(route) else { return Vec::new() };
        let holds = |name: &&Str| {
            let mut intervals = self.time_intervals.iter().filter(|interval| interval.name == **name);
            intervals.any(|interval| interval.holds_at(at))
        };
        let active = &route.active_time_intervals;
        let mut quiet = match active.iter().any(|name| holds(&name)) {
            true => Vec::new(),
            false => active.clone(),
        };
        quiet.extend(route.mute_time_intervals.iter().filter(holds).cloned());
        quiet
    }
}

impl NamedInterval {
    /// Whether one of its parts holds.
    #[must_use]
    pub fn holds_at(&self, at: Timestamp) -> bool {
        self.parts.iter().any(|part| part.contains(at))
    }
}

impl TimeInterval {
    /// Whether an instant is in it: each of its fields that is not empty holds by the clock of its location.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        let Ok(instant) = jiff::Timestamp::from_millisecond(at.millis()) else {
            return false; // further than ten thousand years away, where there is no calendar
        };
        let zone = self.location.as_ref().map_or(TimeZone::UTC, |location| location.zone.clone());
        let local = zone.to_datetime(instant);
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        let in_times = self
            .times
            .iter()
            .any(|range| (i32::from(range.start_minute)..i32::from(range.end_minute)).contains(&minute));
        let weekday = i32::from(local.weekday().to_sunday_zero_offset());
        (self.times.is_empty() || in_times)
            && holds(&self.days_of_month, |range| in_days(*range, local))
            && holds(&self.months, |range| in_range(*range, i32::from(local.month())))
            && holds(&self.weekdays, |range| in_range(*range, weekday))
            && holds(&self.years, |range| in_range(*range, i32::from(local.year())))
    }
}

/// A field holds when one of its ranges does, or when it has none.
fn holds(ranges: &[InclusiveRange], holds: impl Fn(&InclusiveRange) -> bool) -> bool {
    ranges.is_empty() || ranges.iter().any(holds)
}

fn in_range(range: InclusiveRange, value: i32) -> bool {
    (range.begin..=range.end).contains(&value)
}

/// Days count from the end of the month if negative. An end after the month is its last day, but a beginning
/// after it is no day of this month: `30:31` does not hold in February.
fn in_days(range: InclusiveRange, local: DateTime) -> bool {
    let last = i32::from(local.days_in_month());
    let day = |day: i32| if day < 0 { last + day + 1 } else { day };
    in_range(InclusiveRange { begin: day(range.begin), end: day(range.end) }, i32::from(local.day()))
}

#[cfg(test)]
mod tests {
    use crate::config::read_routing;
    use crate::config::routes::Routing;
    use crate::model::{Str, Timestamp};

    /// A file whose route is quiet in the interval `x`, of these parts (YAML in one line).
    fn quiet_in(parts: &str) -> Routing {
        let text = format!(
            "route: {{receiver: a, routes: [{{mute_time_intervals: [x]}}]}}\nreceivers: [{{name: a}}]\n\
             time_intervals: [{{name: x, time_intervals: [{parts}]}}]\n"
        );
        let (routing, problems) = read_routing("routes.yml", &text);
        routing.unwrap_or_else(|| panic!("{text}\n{problems:?}"))
    }

    fn at(text: &str) -> Timestamp {
        let text = if text.contains('T') { text.to_owned() } else { text.replace(' ', "T") };
        Timestamp::parse_rfc3339(&if text.len() == 16 { text + ":00Z" } else { text }).expect("a time")
    }

    /// Intervals with instants inside and outside.
    const CASES: &[(&str, &[&str], &[&str])] = &[
        ("{}", &["2006-01-02 15:04", "2007-01-03 10:04", "2006-01-04 09:04"], &[]),
        (
            "{weekdays: ['monday:friday'], times: [{start_time: '09:00', end_time: '17:00'}]}",
            &[
                "2020-05-04 15:04",
                "2020-05-05 10:04",
                "2020-06-09 09:04",
                "2020-07-08 09:00",
                "2020-07-08 16:59",
            ],
            &[
                "2020-05-03 15:04",
                "2020-05-04 08:59",
                "2020-05-05 05:00",
                "2020-07-08 08:59",
                "2020-07-08 17:00",
                "2020-07-11 12:00",
            ],
        ),
        (
            "{days_of_month: ['4:6'], months: ['april'], years: ['2020']}",
            &["2020-04-04 15:04", "2020-04-05 00:00", "2020-04-06 23:59"],
            &[
                "2018-05-03 15:04",
                "2020-04-03 23:59",
                "2020-06-04 23:59",
                "2019-04-06 23:59",
                "2020-04-07 00:00",
            ],
        ),
        (
            "{days_of_month: ['-3:-1']}",
            &[
                "2020-01-31 15:04",
                "2020-01-30 15:04",
                "2020-01-29 15:04",
                "2020-06-30 00:00",
                "2020-02-29 23:05",
            ],
            &[
                "2018-05-03 15:04",
                "2020-01-27 15:04",
                "2020-01-28 23:59",
                "2020-04-03 23:59",
                "2020-02-26 23:59",
                "2020-03-01 00:00",
            ],
        ),
        (
            "{months: ['6'], days_of_month: ['1:31']}",
            &["2020-06-30 00:00", "2020-06-01 00:00"],
            &["2020-05-31 00:00", "2020-07-01 00:00"],
        ),
        ("{days_of_month: ['30:31'], months: ['february']}", &[], &["2021-02-28 13:00", "2021-03-01 13:00"]),
        (
            "{days_of_month: ['-31:-29'], months: ['february']}",
            &[],
            &["2021-02-01 13:00", "2021-02-28 13:00"],
        ),
        ("{days_of_month: ['28:31']}", &["2021-02-28 13:00", "2021-04-30 13:00"], &["2021-02-27 13:00"]),
        ("{days_of_month: ['1:-1']}", &["2021-02-28 13:00", "2021-02-01 00:00", "2020-02-29 23:59"], &[]),
        (
            "{location: Australia/Sydney, weekdays: ['monday:friday'], \
              times: [{start_time: '09:00', end_time: '17:00'}]}",
            &["2021-04-06T13:00:00+10:00", "2021-04-05T23:00:00Z"],
            &["2021-04-06T13:00:00Z", "2021-04-05T22:59:00Z"],
        ),
        (
            "{location: Australia/Sydney, months: ['november'], times: [{start_time: '09:00', end_time: '17:00'}]}",
            &["2021-11-01T09:00:00+11:00", "2021-10-31T22:00:00Z"],
            &["2021-10-31T21:00:00Z", "2021-10-31T21:59:59Z"],
        ),
        // In 2026 clocks in Madrid skip 02:00 to 03:00 on March 29 and show it twice on October 25.
        (
            "{location: Europe/Madrid, times: [{start_time: '02:00', end_time: '03:00'}]}",
            &["2026-03-28T01:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-03-30T00:30:00Z"],
            &["2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", "2026-10-25T02:00:00Z", "2026-10-24T23:59:59Z"],
        ),
        // A zone half an hour off: the minute counts, too.
        (
            "{location: Asia/Kolkata, days_of_month: ['1'], times: [{start_time: '00:00', end_time: '00:30'}]}",
            &["2025-12-31T18:30:00Z", "2025-12-31T18:59:59Z"],
            &["2025-12-31T18:29:59Z", "2025-12-31T19:00:00Z"],
        ),
        (
            "{weekdays: ['monday:friday', 'sunday'], months: ['january:march'], days_of_month: ['-7:-1'], \
              years: ['2020:2025', '2030:2035'], times: [{start_time: '09:00', end_time: '17:00'}]}",
            &[
                "2021-01-27 09:00",
                "2021-01-28 16:59",
                "2021-01-29 13:00",
                "2025-03-31 13:00",
                "2035-01-31 13:00",
            ],
            &[
                "2021-01-30 13:00",
                "2021-04-01 13:00",
                "2026-01-30 13:00",
                "2035-01-31 17:01",
                "2027-01-29 13:00",
            ],
        ),
        (
            "{weekdays: ['monday:wednesday', 'Saturday', 'sunday'], months: ['January:3'], \
              days_of_month: ['1', '10', '20:-1'], years: ['2020:2023'], \
              times: [{start_time: '13:00', end_time: '15:00'}]}",
            &["2021-01-10 13:00", "2021-01-30 14:24"],
            &["2021-01-09 13:00", "2021-01-20 12:59", "2021-02-02 13:00", "2021-01-21 13:00"],
        ),
        (
            "{times: [{start_time: '22:00', end_time: '24:00'}]}, {times: [{start_time: '00:00', end_time: '06:00'}]}",
            &["2026-01-01 22:00", "2026-01-01 23:59", "2026-01-02 00:00", "2026-01-02 05:59"],
            &["2026-01-01 21:59", "2026-01-02 06:00", "2026-01-02 12:00"],
        ),
        (
            "{location: UTC, weekdays: ['sunday']}",
            &["2026-11-22 12:00"],
            &["2026-11-21 23:59", "2026-11-23 00:00"],
        ),
    ];

    #[test]
    fn an_interval_holds_when_all_its_fields_do() {
        for (parts, inside, outside) in CASES {
            let routing = quiet_in(parts);
            let holds = |time: &&&str| routing.time_intervals[0].holds_at(at(time));
            assert_eq!(inside.iter().find(|time| !holds(time)), None, "should be in {parts}");
            assert_eq!(outside.iter().find(holds), None, "should not be in {parts}");
        }
    }

    #[test]
    fn an_interval_without_parts_never_holds() {
        assert_eq!(quiet_in("").quiet_by(at("2026-01-01 00:00"), 1), Vec::<Str>::new());
    }

    #[test]
    fn local_is_the_clock_of_this_machine() {
        let zone = jiff::tz::TimeZone::system();
        let noon = jiff::civil::date(2026, 1, 15).at(12, 0, 0, 0);
        let noon = zone.to_timestamp(noon).expect("it exists").as_millisecond();
        let routing = quiet_in("{location: Local, times: [{start_time: '12:00', end_time: '12:01'}]}");
        for (after, want) in [(-1, false), (0, true), (59_999, true), (60_000, false)] {
            assert_eq!(routing.time_intervals[0].holds_at(Timestamp::from_millis(noon + after)), want);
        }
    }

    #[test]
    fn a_route_is_quiet_by_what_mutes_it_or_by_all_that_would_let_it_speak() {
        let text = "\
route:
  receiver: a
  routes:
  - mute_time_intervals: [evenings, weekends]
    routes: [{receiver: a}]
  - active_time_intervals: [work, duty]
  - active_time_intervals: [work]
    mute_time_intervals: [lunch, weekends]
receivers: [{name: a}]
mute_time_intervals:
- {name: lunch, time_intervals: [{times: [{start_time: '12:00', end_time: '13:00'}]}]}
time_intervals:
- name: evenings
  time_intervals:
  - location: Australia/Sydney
    times: [{start_time: '00:00', end_time: '09:00'}, {start_time: '17:00', end_time: '24:00'}]
- {name: weekends, time_intervals: [{location: Australia/Sydney, weekdays: [saturday, sunday]}]}
- {name: work, time_intervals: [{weekdays: ['monday:friday'], times: [{start_time: '09:00', end_time: '17:00'}]}]}
- {name: duty, time_intervals: [{days_of_month: ['1']}]}
";
        let (routing, problems) = read_routing("routes.yml", text);
        let routing = routing.unwrap_or_else(|| panic!("{problems:?}"));
        let quiet = |time: &str, route: usize| {
            let names = routing.quiet_by(at(time), route);
            names.join(" ")
        };
        for (time, want) in [
            ("2024-01-01T00:00:00+11:00", "evenings"),
            ("2024-01-01T09:00:00+11:00", ""),
            ("2024-01-06T10:00:00+11:00", "weekends"),
            ("2024-01-06T17:00:00+11:00", "evenings weekends"),
            ("2024-01-01T10:00:00Z", "evenings"),
            ("2024-01-06T10:00:00Z", "evenings weekends"),
        ] {
            assert_eq!(quiet(time, 1), want, "{time}");
            assert_eq!(quiet(time, 2), "", "not inherited");
        }
        // Routes: 0 the root, 1 with its child 2, then 3 and 4. January 1, 2024 was a Monday.
        assert_eq!(quiet("2024-01-02 10:00", 3), "", "one active interval is enough");
        assert_eq!(quiet("2024-01-01 20:00", 3), "");
        assert_eq!(quiet("2024-01-02 20:00", 3), "work duty");
        assert_eq!(quiet("2024-01-02 10:00", 4), "");
        assert_eq!(quiet("2024-01-02 12:30", 4), "lunch");
        assert_eq!(quiet("2024-01-06 12:30", 4), "work lunch weekends");
        assert_eq!(quiet("2024-01-02 12:30", 0), "");
    }
}
