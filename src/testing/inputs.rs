//! The texts inside a test that have grammars of their own: series, expressions, labels and histograms.

use std::ops::Range;

use super::file::{InputSeries, Located, Test, TestFile};
use super::samples::{PlainSample, PlainValue};
use crate::config::problem::{Problem, Severity};
use crate::model::{LabelSet, Lookup, Str};
use crate::promql::ast::Expr;
use crate::promql::notation::{
    NotationError, SequenceValue, SeriesNotation, StartsNotation, UnpairedStarts, parse_histogram,
    parse_series, parse_starts,
};
use crate::promql::parser::{Features, parse, parse_metric};
use crate::promql::value::Value;

/// A series of a test with its samples.
#[derive(Clone, Debug)]
pub(super) struct Series {
    /// Name and labels.
    pub(super) labels: LabelSet,
    /// Times in milliseconds since the epoch, rising, and values.
    pub(super) samples: Vec<(i64, Value)>,
    /// The start timestamps of the samples, milliseconds since the epoch, 0 for those of which it is not known; or
    /// nothing at all.
    pub(super) starts: Vec<i64>,
    /// Where it stands in the test file.
    pub(super) span: Range<usize>,
}

/// What to do where a test has more samples than it may have.
pub(super) const MORE_SAMPLES: &str = "is it a slip, as in `0x1000000`? `--max-samples` sets another limit";

/// An expression to be tested.
#[derive(Debug)]
pub(super) struct Expectation {
    /// What is evaluated.
    pub(super) expr: Expr,
    /// What it is to give.
    pub(super) samples: Vec<PlainSample>,
}

/// Reads the texts of a test's series, and collects what is wrong with them. They have no more than `most` samples
/// together.
pub(super) fn series(file: &TestFile, test: &Test, most: usize, problems: &mut Vec<Problem>) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::with_capacity(test.input_series.len());
    let mut places: Lookup<LabelSet, usize> = Lookup::default();
    let mut samples = 0;
    // Start timestamps that wait for the samples of their series.
    let mut pending: Option<(StartsNotation, &InputSeries)> = None;
    let unpaired = |input: &InputSeries, error: UnpairedStarts| {
        problem(file, "bad-series", input.series.span.clone(), error.to_string(), None)
    };
    for input in &test.input_series {
        match read_starts(file, input) {
            Ok(Some(starts)) => {
                if let Some((_, alone)) = pending.replace((starts, input)) {
                    problems.push(unpaired(alone, UnpairedStarts::Alone));
                }
                continue;
            }
            Ok(None) => {}
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        }
        let starts = pending.take();
        let starts_of = |series: &SeriesNotation| match starts {
            Some((starts, input)) => starts.of(series).map_err(|error| unpaired(input, error)),
            None => Ok(Vec::new()),
        };
        let read = read_series(file, test, input, starts_of);
        samples += read.as_ref().map_or(0, |series| series.samples.len());
        if samples > most {
            let message = format!("the series of this test have more than {most} samples up to here");
            let place = input.values.span.clone();
            problems.push(problem(file, "too-many-samples", place, message, Some(MORE_SAMPLES)));
            break;
        }
        match read {
            Ok(series) => match places.get(&series.labels) {
                // The last one counts, as in promtool.
                Some(at) => {
                    let message =
                        format!("the series {} is given twice; only the last one counts", series.labels);
                    problems.push(Problem {
                        check: "duplicate-series",
                        severity: Severity::Warning,
                        file: file.path.clone(),
                        span: Some(input.series.span.clone()),
                        message,
                        help: Some("remove one of the two".to_owned()),
                    });
                    all[*at] = series;
                }
                None => {
                    places.insert(series.labels.clone(), all.len());
                    all.push(series);
                }
            },
            Err(problem) => problems.push(problem),
        }
    }
    problems.extend(pending.map(|(_, alone)| unpaired(alone, UnpairedStarts::Alone)));
    all
}

/// Name and values as one text, as promtool reads them: where the name ends is for the grammar to say.
fn line(input: &InputSeries) -> String {
    format!("{} {}", input.series.value, input.values.value)
}

/// What is wrong with that line, at its place in the file.
fn wrong_line(file: &TestFile, input: &InputSeries, error: &NotationError) -> Problem {
    let name = input.series.value.len();
    let split = name + 1;
    let place = match error.span.start.checked_sub(split) {
        Some(start) => within(file, &input.values, start..error.span.end.saturating_sub(split)),
        None => within(file, &input.series, error.span.start..error.span.end.min(name)),
    };
    problem(file, "bad-series", place, error.to_string(), None)
}

fn read_starts(file: &TestFile, input: &InputSeries) -> Result<Option<StartsNotation>, Problem> {
    parse_starts(&line(input)).map_err(|error| wrong_line(file, input, &error))
}

fn read_series(
    file: &TestFile,
    test: &Test,
    input: &InputSeries,
    starts_of: impl FnOnce(&SeriesNotation) -> Result<Vec<Option<i64>>, Problem>,
) -> Result<Series, Problem> {
    let notation = parse_series(&line(input)).map_err(|error| wrong_line(file, input, &error))?;
    let known_starts = starts_of(&notation)?;
    let mut samples = Vec::with_capacity(notation.values.len());
    let mut starts = Vec::with_capacity(known_starts.len());
    let mut at = test.start;
    for (place, value) in notation.values.into_iter().enumerate() {
        match value {
            SequenceValue::Omitted => {}
            SequenceValue::Value(value) => {
                samples.push((at.millis(), value));
                let start = known_starts.get(place);
                starts.extend(start.map(|start| start.map_or(0, |start| at.millis().saturating_add(start))));
            }
        }
        at = at + test.interval;
    }
    Ok(Series { labels: notation.labels, samples, starts, span: input.series.span.clone() })
}

/// Reads the expression of each PromQL test and what it is to give; what cannot be read is a problem instead.
pub(super) fn expectations(
    file: &TestFile,
    test: &Test,
    features: Features,
) -> Vec<Result<Expectation, Problem>> {
    let read = |test: &super::file::ExprTest| {
        let expr = expression(file, &test.expr, features)?;
        let samples = test.exp_samples.iter().map(|sample| {
            let labels = metric(file, &sample.labels)?;
            let value = match &sample.histogram {
                None => PlainValue::Float(sample.value),
                Some(text) => histogram(file, text)?,
            };
            Ok(PlainSample { labels, value })
        });
        Ok(Expectation { expr, samples: samples.collect::<Result<_, Problem>>()? })
    };
    test.expr_tests.iter().map(read).collect()
}

fn expression(file: &TestFile, text: &Located<Str>, features: Features) -> Result<Expr, Problem> {
    if text.value.trim().is_empty() {
        let help = "write what is evaluated, as in `expr: sum(up)`";
        let message = "a PromQL test has no `expr`".to_owned();
        return Err(problem(file, "missing-field", text.span.clone(), message, Some(help)));
    }
    parse(&text.value, features).map_err(|errors| {
        let place = match errors.0.first() {
            Some(first) => within(file, text, first.span.start..first.span.end),
            None => text.span.clone(),
        };
        problem(file, "bad-expr", place, errors.to_string(), errors.help())
    })
}

fn metric(file: &TestFile, text: &Located<Str>) -> Result<LabelSet, Problem> {
    if text.value.trim().is_empty() {
        return Ok(LabelSet::default());
    }
    parse_metric(&text.value).map_err(|errors| {
        let place = match errors.0.first() {
            Some(first) => within(file, text, first.span.start..first.span.end),
            None => text.span.clone(),
        };
        problem(file, "bad-series", place, format!("labels {:?}: {errors}", &*text.value), errors.help())
    })
}

fn histogram(file: &TestFile, text: &Located<Str>) -> Result<PlainValue, Problem> {
    match parse_histogram(text.value.trim()) {
        Ok(histogram) => Ok(PlainValue::Histogram(histogram.notation())),
        Err(error) => {
            let place = within(file, text, error.span.start..error.span.end);
            Err(problem(file, "bad-histogram", place, error.to_string(), None))
        }
    }
}

fn problem(
    file: &TestFile,
    check: &'static str,
    place: Range<usize>,
    message: String,
    help: Option<&str>,
) -> Problem {
    let help = help.map(str::to_owned);
    Problem { check, severity: Severity::Error, file: file.path.clone(), span: Some(place), message, help }
}

/// The file's bytes that hold `range` of a text, if the text stands there as it is (no escapes, no folding);
/// otherwise all of them.
fn within(file: &TestFile, text: &Located<Str>, range: Range<usize>) -> Range<usize> {
    let raw = file.text.get(text.span.clone()).unwrap_or_default();
    let Some(at) = raw.find(&*text.value).filter(|_| !text.value.is_empty()) else {
        return text.span.clone();
    };
    let start = text.span.start + at;
    // An empty range is the last character: a place that can be seen.
    let last = text.value.char_indices().next_back().map_or(0, |(at, _)| at);
    let from = if range.start >= text.value.len() { last } else { range.start };
    start + from..start + range.end.clamp(from + 1, text.value.len().max(from + 1))
}
