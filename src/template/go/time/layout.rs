//! Go's time layouts, which show how the reference time `Mon Jan 2 15:04:05 MST 2006` would be written.

use std::fmt::Write;

use jiff::civil::DateTime;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The elements of a layout. Those that begin like others come first.
const ELEMENTS: [&str; 43] = [
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "002",
    "2006",
    "__2",
    "_2",
    "15",
    "1",
    "2",
    "3",
    "4",
    "5",
    "PM",
    "pm",
    "-07:00:00",
    "-070000",
    "-07:00",
    "-0700",
    "-07",
    "Z07:00:00",
    "Z070000",
    "Z07:00",
    "Z0700",
    "Z07",
    ".000",
    ",000",
    ".999",
    ",999",
    ".00",
    ".0",
    ".99",
    ".9",
    ",0",
    ",9",
];

/// The month's English name; 1 is January.
pub(super) fn month(number: i8) -> &'static str {
    usize::try_from(number - 1).ok().and_then(|at| MONTHS.get(at)).copied().unwrap_or_default()
}

/// The weekday's English name; 0 is Sunday.
pub(super) fn weekday(number: i8) -> &'static str {
    usize::try_from(number).ok().and_then(|at| WEEKDAYS.get(at)).copied().unwrap_or_default()
}

/// A time as clocks in its zone show it.
pub(super) struct Shown {
    pub(super) civil: DateTime,
    /// Seconds east of UTC.
    pub(super) offset: i32,
    /// The zone's name at that time; empty if it has none.
    pub(super) abbreviation: String,
}

/// A time as the layout shows it.
pub(super) fn format(at: &Shown, layout: &str) -> String {
    let mut out = String::new();
    let mut rest = layout;
    while let Some(c) = rest.chars().next() {
        let length = fraction_length(rest);
        if length > 0 {
            fraction(&mut out, at.civil, &rest[..length]);
            rest = &rest[length..];
        } else if let Some(element) = element(rest) {
            write_element(&mut out, at, element);
            rest = &rest[element.len()..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// The element that `text` begins with.
pub(super) fn element(text: &str) -> Option<&'static str> {
    let follows = |element: &str| text[element.len()..].chars().next();
    let fits = |element: &str| match element {
        // "Month" is a word, not a weekday.
        "Jan" | "Mon" => !follows(element).is_some_and(|c| c.is_ascii_lowercase()),
        "_2" => !text.starts_with("_2006"),
        _ => !element.starts_with(['.', ',']),
    };
    ELEMENTS
        .into_iter()
        .filter(|element| text.starts_with(element) && fits(element))
        .max_by_key(|element| element.len())
}

/// How many bytes of `text` are a fraction of a second: a point and only zeros or only nines.
pub(super) fn fraction_length(text: &str) -> usize {
    let Some(digits) = text.strip_prefix(['.', ',']) else { return 0 };
    let Some(digit) = digits.chars().next().filter(|c| matches!(c, '0' | '9')) else { return 0 };
    let rest = digits.trim_start_matches(digit);
    if rest.starts_with(|c: char| c.is_ascii_digit()) { 0 } else { text.len() - rest.len() }
}

fn fraction(out: &mut String, at: DateTime, element: &str) {
    let digits = format!("{:09}", at.subsec_nanosecond());
    let count = (element.len() - 1).min(9);
    let mut digits = &digits[..count];
    if element.ends_with('9') {
        digits = digits.trim_end_matches('0');
        if digits.is_empty() {
            return;
        }
    }
    out.push_str(&element[..1]);
    out.push_str(digits);
}

fn write_element(out: &mut String, shown: &Shown, element: &str) {
    let at = shown.civil;
    let hour12 = match at.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let _ = match element {
        "January" => write!(out, "{}", month(at.month())),
        "Jan" => write!(out, "{:.3}", month(at.month())),
        "Monday" => write!(out, "{}", weekday(at.weekday().to_sunday_zero_offset())),
        "Mon" => write!(out, "{:.3}", weekday(at.weekday().to_sunday_zero_offset())),
        "MST" if shown.abbreviation.is_empty() => {
            write_offset(out, shown.offset, false, Parts::Minutes);
            Ok(())
        }
        "MST" => write!(out, "{}", shown.abbreviation),
        "1" => write!(out, "{}", at.month()),
        "01" => write!(out, "{:02}", at.month()),
        "2" => write!(out, "{}", at.day()),
        "_2" => write!(out, "{:2}", at.day()),
        "02" => write!(out, "{:02}", at.day()),
        "002" => write!(out, "{:03}", at.day_of_year()),
        "__2" => write!(out, "{:3}", at.day_of_year()),
        "15" => write!(out, "{:02}", at.hour()),
        "3" => write!(out, "{hour12}"),
        "03" => write!(out, "{hour12:02}"),
        "4" => write!(out, "{}", at.minute()),
        "04" => write!(out, "{:02}", at.minute()),
        "5" => write!(out, "{}", at.second()),
        "05" => write!(out, "{:02}", at.second()),
        "2006" => write!(out, "{:04}", at.year()),
        "06" => write!(out, "{:02}", at.year().rem_euclid(100)),
        "PM" => write!(out, "{}", if at.hour() < 12 { "AM" } else { "PM" }),
        "pm" => write!(out, "{}", if at.hour() < 12 { "am" } else { "pm" }),
        zone => {
            if zone.starts_with('Z') && shown.offset == 0 {
                out.push('Z');
            } else {
                let parts = match zone.trim_start_matches(['Z', '-']) {
                    "07" => Parts::Hours,
                    "0700" | "07:00" => Parts::Minutes,
                    _ => Parts::Seconds,
                };
                write_offset(out, shown.offset, zone.contains(':'), parts);
            }
            Ok(())
        }
    };
}

/// Down to which part an offset is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parts {
    Hours,
    Minutes,
    Seconds,
}

fn write_offset(out: &mut String, offset: i32, colons: bool, parts: Parts) {
    let (size, colon) = (offset.unsigned_abs(), if colons { ":" } else { "" });
    let sign = if offset < 0 && (parts == Parts::Seconds || size >= 60) { '-' } else { '+' };
    let _ = write!(out, "{sign}{:02}", size / 3600);
    if parts != Parts::Hours {
        let _ = write!(out, "{colon}{:02}", size / 60 % 60);
    }
    if parts == Parts::Seconds {
        let _ = write!(out, "{colon}{:02}", size % 60);
    }
}
