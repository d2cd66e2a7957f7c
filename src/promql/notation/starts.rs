//! The start timestamps of a series' samples, on a line before it: `up{job="api"}@st -30s-1mx4 _x6`.

use super::error::{NotationError, NotationErrorKind, StartProblem};
use super::{MAX_SAMPLES, SeriesNotation, metric};
use crate::model::{Duration, LabelSet};
use crate::promql::span::Span;

/// What stands between the metric and the start timestamps of its samples.
const MARK: &str = "@st";

/// The start timestamps of a series' samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartsNotation {
    /// The labels of the series, the metric name included.
    pub labels: LabelSet,
    /// One for each value of the series: milliseconds from its time, mostly negative. `None`: it is not known.
    pub starts: Vec<Option<i64>>,
}

/// Why start timestamps belong to no series, in promtool's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnpairedStarts {
    /// No series follows.
    #[error("@st line has no following sample line")]
    Alone,
    /// Another series follows.
    #[error("@st metric does not match the following sample line metric")]
    OtherMetric,
    /// The series has another number of values.
    #[error("@st line has {starts} values but sample line has {values}")]
    OtherLength {
        /// How many start timestamps there are.
        starts: usize,
        /// How many values.
        values: usize,
    },
}

impl StartsNotation {
    /// The start timestamps if they are those of the series that follows.
    ///
    /// # Errors
    /// They are not.
    pub fn of(self, series: &SeriesNotation) -> Result<Vec<Option<i64>>, UnpairedStarts> {
        let (starts, values) = (self.starts.len(), series.values.len());
        if self.labels != series.labels {
            Err(UnpairedStarts::OtherMetric)
        } else if starts != values {
            Err(UnpairedStarts::OtherLength { starts, values })
        } else {
            Ok(self.starts)
        }
    }
}

/// Reads a metric and the start timestamps of its samples; `None`: there are none, so the text is to be read as
/// [`super::parse_series`] does.
///
/// # Errors
/// The first thing that cannot be read, with its place in `text`; or more than [`MAX_SAMPLES`] of them.
pub fn parse_starts(text: &str) -> Result<Option<StartsNotation>, NotationError> {
    let end = super::end_of_metric(text);
    let rest = text[end..].strip_prefix(MARK).filter(|rest| rest.starts_with([' ', '\t']));
    let Some(rest) = rest.filter(|rest| !rest.trim().is_empty()) else { return Ok(None) };
    let labels = metric::read(text, end)?;
    let mut starts = Vec::new();
    for item in rest.split_whitespace() {
        let at = item.as_ptr().addr() - text.as_ptr().addr();
        let error = |kind| NotationError::new(text, Span::new(at, at + item.len()), kind);
        let parsed = Item::parse(item).map_err(|problem| {
            let item = item.to_owned();
            error(NotationErrorKind::Start { item, problem })
        })?;
        let room = (MAX_SAMPLES - starts.len()) as u64;
        if parsed.count() > room {
            return Err(error(NotationErrorKind::TooMany));
        }
        starts.extend(parsed.values());
    }
    Ok(Some(StartsNotation { labels, starts }))
}

/// One item of the sequence, which is one start timestamp or several.
enum Item {
    /// `_` or `_x3`
    Unknown { count: u64 },
    /// `-1m`, `-1mx2` or `-1m-30sx2`
    Known { first: i64, step: i64, repetitions: u64 },
}

impl Item {
    fn parse(item: &str) -> Result<Self, StartProblem> {
        if let Some(rest) = item.strip_prefix('_')
            && (rest.is_empty() || rest.starts_with('x'))
        {
            let count =
                if rest.is_empty() { 1 } else { repetitions(rest)?.ok_or(StartProblem::Repetitions)? };
            return if count == 0 { Err(StartProblem::Repetitions) } else { Ok(Self::Unknown { count }) };
        }
        let (first, rest) = distance(item)?;
        let (sign, after) = match rest.chars().next() {
            None => return Ok(Self::Known { first, step: 0, repetitions: 0 }),
            Some('x') => {
                let repetitions = repetitions(rest)?.unwrap_or_default();
                return Ok(Self::Known { first, step: 0, repetitions });
            }
            Some('+') => (1, &rest[1..]),
            Some('-') => (-1, &rest[1..]),
            Some(other) => return Err(StartProblem::Unexpected(other)),
        };
        let (step, rest) = distance(after)?;
        let repetitions = repetitions(rest)?.ok_or(StartProblem::NoRepetitions)?;
        Ok(Self::Known { first, step: sign * step, repetitions })
    }

    fn count(&self) -> u64 {
        match self {
            Self::Unknown { count } => *count,
            Self::Known { repetitions, .. } => repetitions.saturating_add(1),
        }
    }

    fn values(self) -> impl Iterator<Item = Option<i64>> {
        let count = self.count();
        let mut next = match self {
            Self::Unknown { .. } => None,
            Self::Known { first, step, .. } => Some((first, step)),
        };
        (0..count).map(move |_| {
            let (value, step) = next?;
            next = Some((value.saturating_add(step), step));
            Some(value)
        })
    }
}

/// A duration of one unit with or without a sign, milliseconds, and what follows it.
fn distance(text: &str) -> Result<(i64, &str), StartProblem> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = unsigned.find(|c: char| !c.is_ascii_digit()).unwrap_or(unsigned.len());
    if digits == 0 {
        return Err(StartProblem::NoDigits(text.to_owned()));
    }
    let is_unit = |c: char| c.is_ascii_alphabetic() && c != 'x';
    let end = unsigned[digits..].find(|c| !is_unit(c)).map_or(unsigned.len(), |unit| digits + unit);
    let (duration, rest) = unsigned.split_at(end);
    let parsed: Duration =
        duration.parse().map_err(|problem| StartProblem::Duration { text: duration.to_owned(), problem })?;
    let millis = parsed.millis();
    Ok((if text.starts_with('-') { -millis } else { millis }, rest))
}

/// The number behind an `x`; nothing if there is no `x`.
fn repetitions(text: &str) -> Result<Option<u64>, StartProblem> {
    let Some(digits) = text.strip_prefix('x') else { return Ok(None) };
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| is_number);
    number.map(Some).ok_or(StartProblem::Repetitions)
}
