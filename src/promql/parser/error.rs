//! What is wrong with an expression, in Prometheus' words, and where.

use std::fmt;

use crate::model::duration::InvalidDuration;
use crate::model::number::format_float;
use crate::model::quote::GoQuoted;
use crate::promql::ast::{AggregateOp, BinaryOp, Extension, ValueType};
use crate::promql::signature::Function;
use crate::promql::span::Span;

pub use crate::promql::lexer::error::LexError;

/// Everything that is wrong with an expression, in the order in which Prometheus finds it. Never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct ParseErrors(pub Vec<ParseError>);

impl fmt::Display for ParseErrors {
    /// The first one, as Prometheus prints a list.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.first() {
            Some(first) => first.fmt(f),
            None => f.write_str("error contains no error message"),
        }
    }
}

impl std::error::Error for ParseErrors {}

impl ParseErrors {
    /// The first error that has a hint, and the hint.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.0.iter().find_map(ParseError::help)
    }
}

/// One thing that is wrong with an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct ParseError {
    /// Where it is.
    pub span: Span,
    /// What it is.
    pub kind: ParseErrorKind,
    /// Line and column of the start, from 1; none in an empty text.
    pub position: Option<(usize, usize)>,
    pub(super) help: Option<String>,
}

impl ParseError {
    /// What was probably meant, as one sentence.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for ParseError {
    /// `1:5: parse error: unexpected <by>`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some((line, column)) => write!(f, "{line}:{column}: parse error: {}", self.kind),
            None => write!(f, "unknown position: parse error: {}", self.kind),
        }
    }
}

impl std::error::Error for ParseError {}

/// In which part of an expression a token was not expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Construct {
    /// Any other part.
    Expression,
    /// `sum (…)`
    Aggregation,
    /// Behind `@`.
    At,
    /// Behind `[`.
    Brackets,
    /// Labels behind `by`, `on` and the like.
    Grouping,
    /// `{a="b"}` of a metric.
    Labels,
    /// `{a=~"b"}` of a selector.
    Matchers,
    /// Behind `offset`.
    Offset,
    /// Behind the length of a range.
    Range,
    /// Behind the colon of a subquery.
    Step,
}

impl fmt::Display for Construct {
    /// As Prometheus' messages go on: ` in aggregation`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expression => "",
            Self::Aggregation => " in aggregation",
            Self::At => " in @",
            Self::Brackets => " in subquery or range selector",
            Self::Grouping => " in grouping opts",
            Self::Labels => " in label set",
            Self::Matchers => " in label matching",
            Self::Offset => " in offset",
            Self::Range => " in subquery or range",
            Self::Step => " in subquery selector",
        })
    }
}

/// What an expression of another type was given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeContext {
    /// An aggregation, to be aggregated.
    Aggregation,
    /// An aggregation, as its parameter.
    Parameter,
    /// A function.
    Call(Function),
}

impl fmt::Display for TypeContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aggregation => f.write_str("aggregation expression"),
            Self::Parameter => f.write_str("aggregation parameter"),
            Self::Call(function) => write!(f, "call to function \"{}\"", function.signature().name),
        }
    }
}

/// Whether a number of arguments is the only one that will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say all")]
pub enum ArgumentBound {
    Exactly,
    AtLeast,
    AtMost,
}

impl fmt::Display for ArgumentBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exactly => "",
            Self::AtLeast => "at least ",
            Self::AtMost => "at most ",
        })
    }
}

/// What is wrong with an expression. The texts are Prometheus' own, which others compare and search for.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say all")]
pub enum ParseErrorKind {
    #[error(transparent)]
    Lexical(LexError),
    #[error("unexpected {found}{construct}{}{expected}", if expected.is_empty() { "" } else { ", expected " })]
    Unexpected { found: String, construct: Construct, expected: &'static str },
    #[error("no expression found in input")]
    NoExpression,
    /// Only ours: Prometheus has no such limit, and a stack that grows.
    #[error("expression is nested too deeply")]
    TooDeep,
    #[error("unknown function with name {}", GoQuoted(.0))]
    UnknownFunction(String),
    #[error("function {} is not enabled", GoQuoted(.0))]
    FunctionNotEnabled(String),
    #[error("{0}() is experimental and must be enabled with --enable-feature=promql-experimental-functions")]
    AggregationNotEnabled(AggregateOp),
    #[error("no arguments for aggregate expression provided")]
    NoAggregateArguments,
    #[error("wrong number of arguments for aggregate expression provided, expected {expected}, got {got}")]
    AggregateArguments { expected: usize, got: usize },
    #[error("trailing commas not allowed in function call args")]
    TrailingComma,
    #[error("invalid label name for grouping: {quoted}")]
    GroupingLabel { quoted: String },
    #[error(
        "error parsing number: strconv.ParseFloat: parsing {}: {}", GoQuoted(.text),
        if *.too_large { "value out of range" } else { "invalid syntax" }
    )]
    Number { text: String, too_large: bool },
    #[error(transparent)]
    Duration(InvalidDuration),
    #[error("duration out of range")]
    DurationOutOfRange,
    #[error("duration must be greater than 0")]
    DurationNotPositive,
    #[error("division by zero")]
    DivisionByZero,
    #[error("modulo by zero")]
    ModuloByZero,
    #[error("ranges only allowed for vector selectors")]
    RangeNotOnSelector,
    #[error("no offset modifiers allowed before range")]
    OffsetBeforeRange,
    #[error("no @ modifiers allowed before range")]
    AtBeforeRange,
    #[error(
        "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery"
    )]
    OffsetNotOnSelector,
    #[error("offset may not be set multiple times")]
    OffsetTwice,
    #[error(
        "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery"
    )]
    AtNotOnSelector,
    #[error("@ <timestamp> may not be set multiple times")]
    AtTwice,
    #[error("timestamp out of bounds for @ modifier: {}", format_float(*.0, 'f', Some(6)))]
    AtOutOfBounds(f64),
    #[error("binop fill modifiers are experimental and not enabled")]
    FillNotEnabled,
    #[error("{0} modifier is experimental and not enabled")]
    ExtensionNotEnabled(Extension),
    #[error("anchored and smoothed modifiers cannot be used together")]
    BothExtensions,
    #[error("{0} modifier is not supported for subqueries")]
    ExtensionOnSubquery(Extension),
    #[error("{0} modifier not implemented")]
    ExtensionNotImplemented(Extension),
    #[error("error parsing regexp: {0}")]
    Regex(String),
    #[error("expected type {want} in {context}, got {got}")]
    Type { want: ValueType, context: TypeContext, got: ValueType },
    #[error("bool modifier can only be used on comparison operators")]
    BoolWithoutComparison,
    #[error("comparisons between scalars must use BOOL modifier")]
    ScalarComparison,
    #[error("label {} must not occur in ON and GROUP clause at once", GoQuoted(.0))]
    LabelInOnAndGroup(String),
    #[error("binary expression must contain only scalar and instant vector types")]
    OperandType,
    #[error("vector matching only allowed between instant vectors")]
    MatchingNotVectors,
    #[error("filling in missing series only allowed between instant vectors")]
    FillingNotVectors,
    #[error("no grouping allowed for \"{0}\" operation")]
    GroupingInSetOperation(BinaryOp),
    #[error("set operations must always be many-to-many")]
    SetOperationCardinality,
    #[error("filling in missing series not allowed for set operators")]
    FillingInSetOperation,
    #[error("set operator \"{0}\" not allowed in binary scalar expression")]
    SetOperationOnScalar(BinaryOp),
    #[error("expected {bound}{expected} argument(s) in call to \"{}\", got {got}", .function.signature().name)]
    ArgumentCount { bound: ArgumentBound, expected: usize, function: Function, got: usize },
    #[error("expected label selectors only, got vector selector instead")]
    InfoWithName,
    #[error("expected label selectors only")]
    InfoWithoutSelector,
    #[error("unary expression only allowed on expressions of type scalar or instant vector, got \"{0}\"")]
    UnaryOperand(ValueType),
    #[error("subquery is only allowed on instant vector, got {} instead", .0.name())]
    SubqueryOperand(ValueType),
    #[error("metric name must not be set twice: {} or {quoted}", GoQuoted(.name))]
    NameTwice { name: String, quoted: String },
    /// Prometheus finds it when it stores the series.
    #[error("label name {} is not unique", GoQuoted(.0))]
    LabelTwice(String),
    #[error("vector selector must contain at least one non-empty matcher")]
    EmptySelector,
}
