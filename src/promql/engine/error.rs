//! Why an evaluation fails, with Prometheus' texts.

use std::fmt;

use crate::model::LabelSet;
use crate::model::quote::GoQuoted;
use crate::promql::ast::ValueType;
use crate::promql::functions::ArgumentError;
use crate::promql::source::SourceError;
use crate::promql::span::Span;

/// Why an expression cannot be evaluated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say what each means")]
pub enum EvalError {
    #[error("query processing would load too many samples into memory in query execution")]
    TooManySamples,
    #[error("query timed out in expression evaluation")]
    TimedOut,
    #[error("query has too many steps: {0} of at most {1}")]
    TooManySteps(u64, u64),
    #[error("expression is nested too deeply: more than {0} levels")]
    TooDeep(usize),
    #[error("zero or negative query resolution step widths are not accepted. Try a positive integer")]
    StepNotPositive,
    #[error(
        "invalid expression type {} for range query, must be Scalar or instant Vector",
        GoQuoted(&.0.to_string())
    )]
    RangeType(ValueType),
    #[error("expanding series: {0}")]
    Source(#[from] SourceError),
    #[error("vector cannot contain metrics with the same labelset")]
    SameLabelset,
    #[error("multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)")]
    ImplicitManyToOne,
    #[error("multiple matches for labels: grouping labels must ensure unique matches")]
    AmbiguousGrouping,
    #[error(
        "found duplicate series for the match group {group} on the {side} hand-side of the operation: \
         [{series}, {other}];many-to-many matching not allowed: matching labels must be unique on one side"
    )]
    ManyToMany { group: LabelSet, side: &'static str, series: String, other: String },
    #[error("{}:{}: {problem}", .span.start, .span.end)]
    Duration { span: Span, problem: DurationProblem },
    #[error("Parameter value is NaN")]
    ParameterNan,
    #[error("Scalar value {0} underflows int64")]
    ParameterUnderflows(GoFloat),
    #[error("Scalar value {0} overflows int64")]
    ParameterOverflows(GoFloat),
    #[error("Ratio value is NaN")]
    RatioNan,
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    #[error("invalid label name {0}")]
    InvalidLabelName(String),
    #[error("invalid regular expression in label_replace(): {0}")]
    InvalidRegex(String),
    #[error("invalid destination label name in {function}(): {label}")]
    InvalidDestination { function: &'static str, label: String },
    #[error("invalid source label name in label_join(): {0}")]
    InvalidSource(String),
    #[error("{modifier} modifier can only be used with: {allowed} - not with {function}")]
    ModifierNotAllowed { modifier: &'static str, allowed: &'static str, function: &'static str },
    #[error("{0} modifier is not supported with histograms")]
    ModifierOfHistograms(&'static str),
    #[error("this should be an info metric, with float samples: {0}")]
    NotAnInfoMetric(LabelSet),
    #[error("conflicting label: {0}")]
    ConflictingLabel(String),
    #[error(
        "found duplicate series for info metric: existing {existing} @ {existing_time}, new {new} @ {new_time}"
    )]
    DuplicateInfo { existing: LabelSet, existing_time: i64, new: LabelSet, new_time: i64 },
}

/// What is wrong with a computed duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say what each means")]
pub enum DurationProblem {
    #[error("duration is NaN or infinite")]
    NotFinite,
    #[error("duration must be greater than 0")]
    NotPositive,
    #[error("duration is out of range")]
    OutOfRange,
    #[error("division by zero")]
    DivisionByZero,
    #[error("modulo by zero")]
    ModuloByZero,
}

/// A float in a message, as Go's `%v` prints it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GoFloat(pub f64);

impl fmt::Display for GoFloat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::model::number::format_float(self.0, 'g', None))
    }
}
