//! The commands of a test file. Everything that cannot be read becomes an error of its own command only.

use sereno::model::Duration;
use sereno::promql::notation;

use super::expectation::{Expectations, Expected};
use super::load::Load;

/// One command and where it stands.
pub(crate) struct Step {
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// The first line of the command.
    pub(crate) text: String,
    pub(crate) command: Result<Command, String>,
}

pub(crate) enum Command {
    Clear,
    Load(Load),
    Eval(Eval),
}

/// A query and what it should give.
pub(crate) struct Eval {
    pub(crate) expr: String,
    pub(crate) times: Times,
    pub(crate) expect: Expectations,
}

/// When a query is evaluated; milliseconds since the epoch.
#[derive(Clone, Copy)]
pub(crate) enum Times {
    Instant(i64),
    Range { start: i64, end: i64, step: i64 },
}

/// Reads all commands.
pub(crate) fn read(text: &str) -> Vec<Step> {
    let lines: Vec<&str> = text.lines().map(without_comment).collect();
    let mut steps = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let (line, text) = (at + 1, lines[at]);
        at += 1;
        if text.is_empty() {
            continue;
        }
        let block = lines[at..].iter().take_while(|line| !line.is_empty()).count();
        let body = &lines[at..at + block];
        let word = text.split_whitespace().next().unwrap_or_default().to_lowercase();
        let (command, used) = match word.as_str() {
            "clear" => (Ok(Command::Clear), 0),
            word if word.starts_with("load") => (Load::read(text, body).map(Command::Load), block),
            word if word.starts_with("eval") => eval(text, body),
            _ => (Err("no such command".to_owned()), 0),
        };
        at += used;
        steps.push(Step { line, text: text.to_owned(), command });
    }
    steps
}

fn without_comment(line: &str) -> &str {
    let line = line.trim();
    if line.starts_with('#') { "" } else { line }
}

/// An evaluation and how many lines of the body belong to it.
fn eval(text: &str, body: &[&str]) -> (Result<Command, String>, usize) {
    let read = || {
        let (mode, rest) = text.split_once(char::is_whitespace).ok_or("a kind of query is missing")?;
        let (expr, times) = query(rest.trim_start())?;
        let mut expect = Expectations::of_mode(mode.strip_prefix("eval").unwrap_or_default())?;
        let used = expectations(body, &mut expect, times)?;
        Ok((Eval { expr, times, expect }, used))
    };
    match read() {
        Ok((eval, used)) => (Ok(Command::Eval(eval)), used),
        Err(reason) => (Err(reason), body.len()),
    }
}

/// `instant at TIME EXPR` or `range from TIME to TIME step DURATION EXPR`.
fn query(text: &str) -> Result<(String, Times), String> {
    let mut rest = text;
    let kind = word(&mut rest);
    let times = match kind {
        "instant" => Times::Instant(named_duration(&mut rest, "at")?),
        "range" => {
            let start = named_duration(&mut rest, "from")?;
            let end = named_duration(&mut rest, "to")?;
            let step = named_duration(&mut rest, "step")?;
            Times::Range { start, end, step }
        }
        _ => return Err(format!("{kind:?} is neither `instant` nor `range`")),
    };
    if rest.is_empty() {
        return Err("an expression is missing".to_owned());
    }
    Ok((rest.to_owned(), times))
}

/// Takes the first word off a text.
pub(super) fn word<'a>(rest: &mut &'a str) -> &'a str {
    let (first, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    *rest = after.trim_start();
    first
}

/// Takes `NAME DURATION` off a text.
pub(super) fn named_duration(rest: &mut &str, name: &str) -> Result<i64, String> {
    let found = word(rest);
    if found != name {
        return Err(format!("expected `{name}` instead of {found:?}"));
    }
    duration(word(rest))
}

pub(super) fn duration(text: &str) -> Result<i64, String> {
    text.parse().map(Duration::millis).map_err(|e| format!("{text:?}: {e}"))
}

/// Reads what is expected; answers how many lines of the body that were.
fn expectations(body: &[&str], expect: &mut Expectations, times: Times) -> Result<usize, String> {
    for (at, line) in body.iter().enumerate() {
        if expect.take_line(line)? {
            continue;
        }
        if let Some(number) = number(line) {
            expect.result = Expected::Scalar(number);
            return Ok(at + 1);
        }
        let series = notation::parse_series(line).map_err(|e| format!("{line}: {e}"))?;
        let is_single = matches!(times, Times::Instant(_)) && expect.range.is_none();
        if is_single && series.values.len() > 1 {
            return Err(format!("{line}: an instant query gives one value (or say `expect range vector`)"));
        }
        expect.add_series(series, line);
    }
    Ok(body.len())
}

/// A number on a line of its own: a float, or an integer in any of Go's bases.
fn number(text: &str) -> Option<f64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let based = |prefix, base| i64::from_str_radix(digits.strip_prefix(prefix)?, base).ok();
    let integer = based("0x", 16).or_else(|| based("0o", 8)).or_else(|| based("0b", 2));
    match integer {
        #[expect(clippy::cast_precision_loss, reason = "Go's conversion loses the same")]
        Some(integer) => Some(sign * integer as f64),
        None => sereno::model::number::parse_float(text),
    }
}
