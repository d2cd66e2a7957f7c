//! What is wrong with a series and where. The texts are Prometheus', as far as it has one.

use crate::model::duration::InvalidDuration;
use crate::model::quote::GoQuoted;
use crate::promql::histogram::HistogramError;
use crate::promql::span::Span;

/// Why a series cannot be read: `1:5: parse error: unexpected end of input in series values`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{line}:{column}: parse error: {kind}")]
pub struct NotationError {
    /// What is wrong.
    pub kind: NotationErrorKind,
    /// Where, in the text that was given.
    pub span: Span,
    /// The line of its start, counted from 1.
    pub line: usize,
    /// The column of its start in bytes, counted from 1.
    pub column: usize,
}

impl NotationError {
    pub(super) fn new(text: &str, span: Span, kind: NotationErrorKind) -> Self {
        let (line, column) = span.line_and_column(text);
        Self { kind, span, line, column }
    }
}

/// What can be wrong with a series.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotationErrorKind {
    /// The metric cannot be read; what the parser of expressions says.
    #[error("{0}")]
    Metric(String),
    /// Something that cannot stand there.
    #[error("unexpected {token} in series values{}", expected(*.wanted))]
    Unexpected {
        /// What it is, as Prometheus names it.
        token: String,
        /// What could stand there, if Prometheus says it.
        wanted: Option<&'static str>,
    },
    /// Something that cannot stand within a histogram, behind its first key.
    #[error(
        "unexpected {0} in histogram description, expected histogram description key, e.g. buckets:[5 10 7]"
    )]
    UnexpectedInHistogram(String),
    /// A character that begins nothing.
    #[error("unexpected character in series sequence: {0:?}")]
    Character(char),
    /// A character that begins nothing in a histogram.
    #[error("histogram description incomplete unexpected: {0}")]
    Incomplete(String),
    /// A character that begins nothing in a list of buckets.
    #[error("invalid character in buckets description: {0}")]
    Buckets(String),
    /// No number, though it begins like one.
    #[error("bad number syntax: {}", GoQuoted(.0))]
    Number(String),
    /// A number that does not fit.
    #[error("error parsing number: strconv.ParseFloat: parsing {}: value out of range", GoQuoted(.0))]
    NumberRange(String),
    /// Not a number of repetitions.
    #[error("invalid repetition in series values: strconv.ParseUint: parsing {}: {reason}", GoQuoted(.text))]
    Repetition {
        /// What is there.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// So many samples that they would fill the memory.
    #[error("series values expand to more than {} samples", super::MAX_SAMPLES)]
    TooMany,
    /// Not how far a start timestamp is from its sample.
    #[error("invalid @st sequence: invalid ST item {}: {problem}", GoQuoted(.item))]
    Start {
        /// What is there.
        item: String,
        /// What is wrong with it.
        problem: StartProblem,
    },
    /// A key without its colon.
    #[error("missing `:` for histogram descriptor")]
    MissingColon,
    /// A key, or a hint about resets, that does not exist.
    #[error("bad histogram descriptor found: {}", GoQuoted(.0))]
    UnknownKey(String),
    /// A key for the second time.
    #[error("duplicate key \"{0}\" in histogram")]
    DuplicateKey(&'static str),
    /// A whole number that does not fit into 32 bits.
    #[error("error parsing {key} number: {text}")]
    Whole {
        /// Of which key.
        key: &'static str,
        /// The number.
        text: String,
    },
    /// Repeated adding or subtracting of a histogram with a coarser schema.
    #[error("error combining histograms: cannot merge from schema {step} to {start}")]
    CoarserStep {
        /// The schema of what is added.
        step: i32,
        /// The schema of what it is added to.
        start: i32,
    },
    /// A histogram that cannot be.
    #[error("{0}")]
    Histogram(HistogramError),
}

/// What can be wrong with a start timestamp.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartProblem {
    /// No number where a duration has to begin.
    #[error("expected digits in duration {}", GoQuoted(.0))]
    NoDigits(String),
    /// Not one number with a unit.
    #[error("invalid duration {}: {problem}", GoQuoted(.text))]
    Duration {
        /// What is there.
        text: String,
        /// Why it is none.
        problem: InvalidDuration,
    },
    /// Something behind a duration.
    #[error("unexpected character {0:?} after duration")]
    Unexpected(char),
    /// A step that is not repeated.
    #[error("expected 'x<count>' after step duration")]
    NoRepetitions,
    /// Not a number of repetitions.
    #[error("invalid repeat count")]
    Repetitions,
}

fn expected(wanted: Option<&'static str>) -> String {
    wanted.map_or_else(String::new, |wanted| format!(", expected {wanted}"))
}
