//! What a query should give: values, failure, annotations, order.

use regex::Regex;
use sereno::model::LabelSet;
use sereno::promql::ast::Expr;
use sereno::promql::notation::{SequenceValue, SeriesNotation};
use sereno::promql::parser::{self, Features};

use super::script::{named_duration, word};

/// All that is expected of one query.
pub(crate) struct Expectations {
    pub(crate) result: Expected,
    /// The query has to fail, with an error like this.
    pub(crate) fail: Option<Text>,
    /// The samples have to come in the order in which they are written.
    pub(crate) ordered: bool,
    pub(crate) warnings: Said,
    pub(crate) infos: Said,
    /// Times of the samples of an instant query that gives ranges: start, end and step in milliseconds.
    pub(crate) range: Option<(i64, i64, i64)>,
}

/// The result.
pub(crate) enum Expected {
    Scalar(f64),
    String(String),
    Series(Vec<ExpectedSeries>),
}

/// One series and its values at successive steps.
pub(crate) struct ExpectedSeries {
    pub(crate) labels: LabelSet,
    pub(crate) values: Vec<SequenceValue>,
    /// Which hints about counter resets the line names; others are not compared.
    pub(crate) hints: Hints,
}

/// Hints about counter resets that a line names.
#[derive(Clone, Copy)]
pub(crate) struct Hints {
    /// Any at all.
    pub(crate) any: bool,
    /// `counter_reset_hint:unknown`
    pub(crate) unknown: bool,
}

/// What is expected of warnings, or of infos.
#[derive(Default)]
pub(crate) enum Said {
    /// Nothing, so all are fine.
    #[default]
    Unchecked,
    /// There is at least one.
    Some,
    /// There is none.
    None,
    /// Each of these is like one of them, and each one is like one of these.
    Like(Vec<Text>),
}

/// A message, or how it looks.
pub(crate) enum Text {
    Any,
    Exactly(String),
    Matching(Regex),
}

impl Text {
    pub(crate) fn fits(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(expected) => expected == text,
            Self::Matching(regex) => regex.is_match(text),
        }
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Exactly(text) => f.write_str(text),
            Self::Matching(regex) => write!(f, "one that matches {regex}"),
        }
    }
}

impl Expectations {
    /// From what follows `eval` in the older forms (`eval_fail`, `eval_warn`, `eval_info`, `eval_ordered`).
    pub(super) fn of_mode(mode: &str) -> Result<Self, String> {
        let mut expect = Self {
            result: Expected::Series(Vec::new()),
            fail: None,
            ordered: false,
            warnings: Said::Unchecked,
            infos: Said::Unchecked,
            range: None,
        };
        match mode {
            "" => {}
            "_fail" => expect.fail = Some(Text::Any),
            "_warn" => expect.warnings = Said::Some,
            "_info" => expect.infos = Said::Some,
            "_ordered" => expect.ordered = true,
            _ => return Err(format!("no such command: eval{mode}")),
        }
        Ok(expect)
    }

    /// Takes a line that begins with `expect`; `false` if it does not, so that it names a series or a number.
    pub(super) fn take_line(&mut self, line: &str) -> Result<bool, String> {
        if let Some(text) = line.strip_prefix("expected_fail_message") {
            self.fail = Some(Text::Exactly(text.trim().to_owned()));
            return Ok(true);
        }
        if let Some(pattern) = line.strip_prefix("expected_fail_regexp") {
            self.fail = Some(Text::Matching(regex(pattern)?));
            return Ok(true);
        }
        let mut rest = line;
        if word(&mut rest) != "expect" {
            return Ok(false);
        }
        let mut after = rest;
        match word(&mut after) {
            "ordered" => self.ordered = true,
            "fail" => self.fail = Some(text(after)?),
            "warn" => self.warnings.expect(text(after)?)?,
            "info" => self.infos.expect(text(after)?)?,
            "no_warn" => self.warnings.expect_none()?,
            "no_info" => self.infos.expect_none()?,
            "string" => self.result = Expected::String(unquote(after)?),
            "range" => self.range = Some(range(after)?),
            other => return Err(format!("no such expectation: {other}")),
        }
        Ok(true)
    }

    /// Adds a series; the same labels again replace it.
    pub(super) fn add_series(&mut self, series: SeriesNotation, line: &str) {
        let SeriesNotation { labels, values, .. } = series;
        let hints = Hints {
            any: line.contains("counter_reset_hint"),
            unknown: line.contains("counter_reset_hint:unknown"),
        };
        let series = ExpectedSeries { labels, values, hints };
        match &mut self.result {
            Expected::Series(all) => match all.iter_mut().find(|known| known.labels == series.labels) {
                Some(known) => *known = series,
                None => all.push(series),
            },
            Expected::Scalar(_) | Expected::String(_) => self.result = Expected::Series(vec![series]),
        }
    }
}

impl Said {
    fn expect(&mut self, text: Text) -> Result<(), String> {
        match self {
            Self::None => return Err("some are expected and none".to_owned()),
            Self::Like(texts) => texts.push(text),
            Self::Unchecked | Self::Some => *self = Self::Like(vec![text]),
        }
        Ok(())
    }

    fn expect_none(&mut self) -> Result<(), String> {
        if matches!(self, Self::Like(_)) {
            return Err("some are expected and none".to_owned());
        }
        *self = Self::None;
        Ok(())
    }
}

/// `msg: TEXT`, `regex: PATTERN` or nothing.
fn text(rest: &str) -> Result<Text, String> {
    match rest.split_once(':') {
        None if rest.is_empty() => Ok(Text::Any),
        Some(("msg", text)) => Ok(Text::Exactly(text.trim().to_owned())),
        Some(("regex", pattern)) => Ok(Text::Matching(regex(pattern)?)),
        Some(_) | None => Err(format!("expected `msg:` or `regex:` instead of {rest:?}")),
    }
}

fn regex(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern.trim()).map_err(|e| e.to_string())
}

/// `vector from TIME to TIME step DURATION`
fn range(mut rest: &str) -> Result<(i64, i64, i64), String> {
    if word(&mut rest) != "vector" {
        return Err("expected `range vector`".to_owned());
    }
    let from = named_duration(&mut rest, "from")?;
    Ok((from, named_duration(&mut rest, "to")?, named_duration(&mut rest, "step")?))
}

/// What a text in quotes says, by the same rules as in queries.
fn unquote(text: &str) -> Result<String, String> {
    match parser::parse(text, Features::default()) {
        Ok(Expr::String(literal)) => Ok(literal.value.to_string()),
        Ok(_) | Err(_) => Err(format!("{text} is not a text in quotes")),
    }
}
