//! Go's `time.ParseInLocation` for UTC: a text that follows a layout as a time.

use super::layout::{MONTHS, WEEKDAYS, element, fraction_length};
use super::{Time, Zone};

/// What is wrong with one element.
enum Bad {
    /// The text has something else there.
    Syntax,
    /// The number is too large or too small; what it counts.
    Range(&'static str),
}

type Read<T> = Result<T, Bad>;

/// What was read so far.
#[derive(Default)]
struct Parsed<'t> {
    value: &'t str,
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i64,
    half: Option<Half>,
    is_utc: bool,
    offset: Option<i64>,
    zone: &'t str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Am,
    Pm,
}

/// The time, or why the text does not follow the layout.
pub(super) fn parse(layout: &str, value: &str) -> Result<Time, String> {
    let mut parsed = Parsed { value, ..Parsed::default() };
    let mut rest = layout;
    loop {
        let (prefix, std, suffix) = next_element(rest);
        let cannot = |left: &str, wanted: &str| {
            let (value, layout) = (quoted(value), quoted(layout));
            let (left, wanted) = (quoted(left), quoted(wanted));
            format!("parsing time {value} as {layout}: cannot parse {left} as {wanted}")
        };
        parsed.skip(prefix).map_err(|()| cannot(parsed.value, prefix))?;
        if std.is_empty() {
            if !parsed.value.is_empty() {
                return Err(format!("parsing time {}: extra text: {}", quoted(value), quoted(parsed.value)));
            }
            return parsed.time().map_err(|what| format!("parsing time {}: {what}", quoted(value)));
        }
        let hold = parsed.value;
        match parsed.element(std, suffix) {
            Ok(()) => rest = suffix,
            Err(Bad::Syntax) => return Err(cannot(hold, std)),
            Err(Bad::Range(what)) => {
                return Err(format!("parsing time {}: {what} out of range", quoted(value)));
            }
        }
    }
}

/// The text before the first element of the layout, the element, and the rest.
fn next_element(layout: &str) -> (&str, &str, &str) {
    for (at, _) in layout.char_indices() {
        let rest = &layout[at..];
        let length = match fraction_length(rest) {
            0 => element(rest).map_or(0, str::len),
            length => length,
        };
        if length > 0 {
            return (&layout[..at], &rest[..length], &rest[length..]);
        }
    }
    (layout, "", "")
}

/// As Go's package `time` quotes texts in its messages.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='\u{7f}' => out.push(c),
            c => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| out.push_str(&format!("\\x{byte:02x}"))),
        }
    }
    out.push('"');
    out
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Pieces of the text.
impl<'t> Parsed<'t> {
    /// Takes a text of the layout; any number of spaces are as good as one.
    fn skip(&mut self, prefix: &str) -> Result<(), ()> {
        let mut prefix = prefix;
        while let Some(c) = prefix.chars().next() {
            if c == ' ' {
                if !self.value.is_empty() && !self.value.starts_with(' ') {
                    return Err(());
                }
                prefix = prefix.trim_start_matches(' ');
                self.value = self.value.trim_start_matches(' ');
            } else {
                self.value = self.value.strip_prefix(c).ok_or(())?;
                prefix = &prefix[c.len_utf8()..];
            }
        }
        Ok(())
    }

    fn take(&mut self, bytes: usize) -> Read<&'t str> {
        let (taken, rest) = self.value.split_at_checked(bytes).ok_or(Bad::Syntax)?;
        self.value = rest;
        Ok(taken)
    }

    /// A number of as many digits as there are, `most` at most; exactly that many if `fixed`.
    fn digits(&mut self, most: usize, fixed: bool) -> Read<i64> {
        let count = self.value.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if count == 0 || fixed && count != most {
            return Err(Bad::Syntax);
        }
        self.take(count)?.parse().map_err(|_| Bad::Syntax)
    }

    fn within(&mut self, fixed: bool, range: std::ops::Range<i64>, what: &'static str) -> Read<i64> {
        let number = self.digits(2, fixed)?;
        if range.contains(&number) { Ok(number) } else { Err(Bad::Range(what)) }
    }

    /// One of these names, or its first letters; the place in the list.
    fn name(&mut self, names: &[&'static str], letters: Option<usize>) -> Read<usize> {
        for (at, name) in names.iter().enumerate() {
            let name = &name[..letters.unwrap_or(name.len())];
            if self.value.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
                self.take(name.len())?;
                return Ok(at);
            }
        }
        Err(Bad::Syntax)
    }

    /// A point or comma and that many digits.
    fn fraction(&mut self, digits: usize) -> Read<i64> {
        let text = self.take(1 + digits)?;
        let number = text.strip_prefix(['.', ',']).ok_or(Bad::Syntax)?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Bad::Syntax);
        }
        format!("{:0<9}", &number[..digits.min(9)]).parse().map_err(|_| Bad::Syntax)
    }

    /// How many digits follow a point or comma.
    fn fraction_digits(&self) -> usize {
        let digits = self.value.strip_prefix(['.', ',']).unwrap_or_default();
        digits.bytes().take_while(u8::is_ascii_digit).count()
    }

    fn element(&mut self, std: &str, suffix: &str) -> Read<()> {
        match std {
            "06" => {
                let year: i64 = self.take(2)?.parse().map_err(|_| Bad::Syntax)?;
                self.year = if year >= 69 { 1900 + year } else { 2000 + year };
            }
            "2006" => self.year = self.digits(4, true)?,
            "Jan" => self.month = Some(self.name(&MONTHS, Some(3))? as i64 + 1),
            "January" => self.month = Some(self.name(&MONTHS, None)? as i64 + 1),
            "1" | "01" => self.month = Some(self.within(std == "01", 1..13, "month")?),
            "Mon" => drop(self.name(&WEEKDAYS, Some(3))?),
            "Monday" => drop(self.name(&WEEKDAYS, None)?),
            "2" | "_2" | "02" => {
                self.skip_spaces(usize::from(std == "_2"));
                self.day = Some(self.digits(2, std == "02")?);
            }
            "002" | "__2" => {
                self.skip_spaces(if std == "__2" { 2 } else { 0 });
                self.year_day = Some(self.digits(3, std == "002")?);
            }
            "15" => self.hour = self.within(false, 0..24, "hour")?,
            "3" | "03" => self.hour = self.within(std == "03", 0..13, "hour")?,
            "4" | "04" => self.minute = self.within(std == "04", 0..60, "minute")?,
            "5" | "05" => {
                self.second = self.within(std == "05", 0..60, "second")?;
                // The text may have a fraction of which the layout says nothing.
                let digits = self.fraction_digits();
                let (_, next, _) = next_element(suffix);
                if digits > 0 && !next.starts_with(['.', ',']) {
                    self.nanosecond = self.fraction(digits)?;
                }
            }
            "PM" | "pm" => {
                self.half = Some(match (std, self.take(2)?) {
                    ("PM", "PM") | ("pm", "pm") => Half::Pm,
                    ("PM", "AM") | ("pm", "am") => Half::Am,
                    _ => return Err(Bad::Syntax),
                });
            }
            "MST" => self.zone_name()?,
            _ if std.starts_with(['.', ',']) => {
                let digits = self.fraction_digits();
                if std.ends_with('0') {
                    self.nanosecond = self.fraction(std.len() - 1)?;
                } else if digits > 0 {
                    self.nanosecond = self.fraction(digits.min(9))?;
                }
            }
            _ => self.zone_offset(std)?,
        }
        Ok(())
    }

    fn skip_spaces(&mut self, most: usize) {
        for _ in 0..most {
            self.value = self.value.strip_prefix(' ').unwrap_or(self.value);
        }
    }

    fn zone_offset(&mut self, std: &str) -> Read<()> {
        if matches!(std, "Z0700" | "Z07" | "Z07:00") && self.value.starts_with('Z') {
            self.take(1)?;
            self.is_utc = true;
            return Ok(());
        }
        let sign = match self.take(1)? {
            "+" => 1,
            "-" => -1,
            _ => return Err(Bad::Syntax),
        };
        let pattern = std.trim_start_matches(['Z', '-']);
        let mut parts = [0_i64; 3];
        for (at, part) in parts.iter_mut().take(pattern.replace(':', "").len() / 2).enumerate() {
            if at > 0 && pattern.contains(':') && self.take(1)? != ":" {
                return Err(Bad::Syntax);
            }
            *part = self.digits(2, true)?;
        }
        let [hours, minutes, seconds] = parts;
        match (hours, minutes, seconds) {
            (25.., ..) => return Err(Bad::Range("time zone offset hour")),
            (_, 61.., _) => return Err(Bad::Range("time zone offset minute")),
            (_, _, 61..) => return Err(Bad::Range("time zone offset second")),
            _ => {}
        }
        self.offset = Some(sign * ((hours * 60 + minutes) * 60 + seconds));
        Ok(())
    }

    fn zone_name(&mut self) -> Read<()> {
        if self.value.starts_with("UTC") {
            self.take(3)?;
            self.is_utc = true;
            return Ok(());
        }
        let length = zone_length(self.value).ok_or(Bad::Syntax)?;
        self.zone = self.take(length)?;
        Ok(())
    }
}

/// How many bytes at the start look like the name of a zone.
fn zone_length(value: &str) -> Option<usize> {
    if value.len() < 3 {
        return None;
    }
    if value.starts_with("ChST") || value.starts_with("MeST") {
        return Some(4);
    }
    if let Some(offset) = value.strip_prefix("GMT") {
        return Some(3 + signed_offset(offset));
    }
    if value.starts_with(['+', '-']) {
        return Some(signed_offset(value)).filter(|length| *length > 0);
    }
    let upper = value.bytes().take(6).take_while(u8::is_ascii_uppercase).count();
    let ends_in_t = value.as_bytes().get(upper.saturating_sub(1)) == Some(&b'T');
    match upper {
        3 => Some(3),
        4 if ends_in_t || value.starts_with("WITA") => Some(4),
        5 if ends_in_t => Some(5),
        _ => None,
    }
}

/// The length of a sign and a number of hours below 24; 0 if there is none.
fn signed_offset(text: &str) -> usize {
    let Some(digits) = text.strip_prefix(['+', '-']) else { return 0 };
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let fits = digits[..count].parse::<u64>().is_ok_and(|hours| hours < 24);
    if fits { 1 + count } else { 0 }
}

/// All of it together.
impl Parsed<'_> {
    fn time(mut self) -> Result<Time, &'static str> {
        match self.half {
            Some(Half::Pm) if self.hour < 12 => self.hour += 12,
            Some(Half::Am) if self.hour == 12 => self.hour = 0,
            Some(Half::Am | Half::Pm) | None => {}
        }
        let (month, day) = self.date()?;
        let days = jiff::civil::Date::new(
            i16::try_from(self.year).unwrap_or(0),
            i8::try_from(month).unwrap_or(1),
            i8::try_from(day).unwrap_or(1),
        );
        let midnight = days.map(|date| Zone::Utc.instant(date.to_datetime(jiff::civil::Time::midnight())));
        let seconds = i128::from((self.hour * 60 + self.minute) * 60 + self.second);
        let nanos = midnight.unwrap_or(0) + seconds * super::SECOND + i128::from(self.nanosecond);
        let fixed = |seconds: i64| Zone::Fixed {
            name: self.zone.into(),
            seconds: i32::try_from(seconds).unwrap_or(0),
        };
        let (nanos, zone) = match self.offset {
            _ if self.is_utc => (nanos, Zone::Utc),
            Some(0) if self.zone.is_empty() => (nanos, Zone::Utc),
            Some(offset) => (nanos - i128::from(offset) * super::SECOND, fixed(offset)),
            None if self.zone.is_empty() => (nanos, Zone::Utc),
            None => {
                let hours = self.zone.strip_prefix("GMT").and_then(|hours| hours.parse::<i64>().ok());
                (nanos, fixed(hours.unwrap_or(0) * 3600))
            }
        };
        Ok(Time { nanos, pointer: false, zone })
    }

    /// Month and day, also from a day of the year.
    fn date(&self) -> Result<(i64, i64), &'static str> {
        let Some(mut year_day) = self.year_day else {
            let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
            return if (1..=days_in(month, self.year)).contains(&day) {
                Ok((month, day))
            } else {
                Err("day out of range")
            };
        };
        if !(1..=365 + i64::from(is_leap(self.year))).contains(&year_day) {
            return Err("day-of-year out of range");
        }
        let mut month = 1;
        while year_day > days_in(month, self.year) {
            year_day -= days_in(month, self.year);
            month += 1;
        }
        if self.month.is_some_and(|own| own != month) {
            return Err("day-of-year does not match month");
        }
        if self.day.is_some_and(|own| own != year_day) {
            return Err("day-of-year does not match day");
        }
        Ok((month, year_day))
    }
}
