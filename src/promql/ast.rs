//! Parsed expressions. Every node knows where it stands in the text.
//!
//! The shape is that of Prometheus 3.14's syntax tree, so that types, printed forms and messages come out
//! alike; what only an evaluation knows (times, series) is not kept here.

mod names;

use std::sync::Arc;

use super::signature::Function;
use super::span::Span;
use crate::model::Matcher;

/// The type of a value that an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueType {
    /// A number without labels.
    Scalar,
    /// A text.
    String,
    /// One sample a series: `instant vector`.
    Vector,
    /// Several samples a series: `range vector`.
    Matrix,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// `sum by (job) (…)`
    Aggregate(Aggregate),
    /// `a + on (job) b`
    Binary(Binary),
    /// `rate(…)`
    Call(Call),
    /// `up[5m]`
    Matrix(MatrixSelector),
    /// `1.5`, `5m`
    Number(NumberLiteral),
    /// `(…)`
    Paren(Paren),
    /// `"text"`
    String(StringLiteral),
    /// `up[1h:5m]`
    Subquery(Subquery),
    /// `-up`
    Unary(Unary),
    /// `up{job="api"}`
    Vector(VectorSelector),
}

impl Expr {
    /// Where it stands in the text.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Aggregate(node) => node.span,
            Self::Binary(node) => node.left.span().to(node.right.span()),
            Self::Call(node) => node.span,
            Self::Matrix(node) => node.span,
            Self::Number(node) => node.span,
            Self::Paren(node) => node.span,
            Self::String(node) => node.span,
            Self::Subquery(node) => node.span,
            Self::Unary(node) => node.span,
            Self::Vector(node) => node.span,
        }
    }

    /// The type of its value.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::Aggregate(_) | Self::Vector(_) => ValueType::Vector,
            Self::Binary(node) => match (node.left.value_type(), node.right.value_type()) {
                (ValueType::Scalar, ValueType::Scalar) => ValueType::Scalar,
                _ => ValueType::Vector,
            },
            Self::Call(node) => node.function.signature().returns,
            Self::Matrix(_) | Self::Subquery(_) => ValueType::Matrix,
            Self::Number(_) => ValueType::Scalar,
            Self::Paren(node) => node.inner.value_type(),
            Self::String(_) => ValueType::String,
            Self::Unary(node) => node.operand.value_type(),
        }
    }

    /// The expression inside all parentheses around it.
    #[must_use]
    pub fn without_parens(&self) -> &Self {
        let mut expr = self;
        while let Self::Paren(paren) = expr {
            expr = &paren.inner;
        }
        expr
    }
}

/// An aggregation over a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// What is computed.
    pub op: AggregateOp,
    /// The vector that is aggregated.
    pub operand: Box<Expr>,
    /// The parameter of `topk`, `quantile`, `count_values` and the like.
    pub param: Option<Box<Expr>>,
    /// Which samples form a group.
    pub grouping: Grouping,
    /// From the operator to the closing parenthesis or the end of the grouping.
    pub span: Span,
}

/// Which samples an aggregation puts together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// `without` instead of `by`; without either it is `by` with no labels.
    pub without: bool,
    /// The labels, as written.
    pub labels: Vec<Arc<str>>,
}

/// An aggregation operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say all")]
pub enum AggregateOp {
    Avg,
    Bottomk,
    Count,
    CountValues,
    Group,
    LimitRatio,
    Limitk,
    Max,
    Min,
    Quantile,
    Stddev,
    Stdvar,
    Sum,
    Topk,
}

/// A binary operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// What is computed.
    pub op: BinaryOp,
    /// The left operand.
    pub left: Box<Expr>,
    /// The right operand.
    pub right: Box<Expr>,
    /// `bool`: a comparison gives 0 or 1 instead of filtering.
    pub return_bool: bool,
    /// How samples find each other; `None` if not both sides are vectors.
    pub matching: Option<Matching>,
    /// Where the operator itself stands.
    pub op_span: Span,
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say all")]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Atan2,
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    And,
    Or,
    Unless,
    /// `</`: cuts off the observations of a histogram above a value.
    TrimUpper,
    /// `>/`: cuts off the observations of a histogram below a value.
    TrimLower,
}

impl BinaryOp {
    /// `==`, `!=`, `>`, `>=`, `<`, `<=`.
    #[must_use]
    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Greater
                | Self::GreaterOrEqual
                | Self::Less
                | Self::LessOrEqual
        )
    }

    /// `and`, `or`, `unless`.
    #[must_use]
    pub fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }
}

/// How the samples of two vectors find each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Matching {
    /// How many of one side may match one of the other.
    pub cardinality: Cardinality,
    /// `on` instead of `ignoring`; without either it is `ignoring` with no labels.
    pub on: bool,
    /// The labels of `on` or `ignoring`.
    pub labels: Vec<Arc<str>>,
    /// The labels of `group_left` or `group_right`: taken from the "one" side.
    pub include: Vec<Arc<str>>,
    /// What stands for samples that the left side lacks (`fill`, `fill_left`).
    pub fill_left: Option<f64>,
    /// What stands for samples that the right side lacks (`fill`, `fill_right`).
    pub fill_right: Option<f64>,
}

/// How many samples of one side may match one of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cardinality {
    /// The default.
    OneToOne,
    /// `group_left`
    ManyToOne,
    /// `group_right`
    OneToMany,
    /// Set operators.
    ManyToMany,
}

/// A call of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Which function.
    pub function: Function,
    /// Its arguments.
    pub args: Vec<Expr>,
    /// From the name to the closing parenthesis.
    pub span: Span,
    /// Where the name stands.
    pub name_span: Span,
}

/// A selection of series, one sample each.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorSelector {
    /// The metric name before the braces. One that is quoted inside them is only a condition, as in
    /// Prometheus; [`VectorSelector::metric_name`] finds both.
    pub name: Option<Arc<str>>,
    /// All conditions, the one on `__name__` included (last, as Prometheus adds it).
    pub matchers: Vec<SelectorMatcher>,
    /// `offset`
    pub offset: Option<Offset>,
    /// `@`
    pub at: Option<At>,
    /// `anchored`, `smoothed`
    pub extension: Option<Extension>,
    /// The selector with its modifiers.
    pub span: Span,
}

/// One condition of a selector, with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectorMatcher {
    /// The condition. Bytes that are not UTF-8 stand in it as U+FFFD; no label has such.
    pub matcher: Matcher,
    /// The bytes of the label's name, if they are not UTF-8.
    pub raw_name: Option<Arc<[u8]>>,
    /// The bytes of the value, if they are not UTF-8.
    pub raw_value: Option<Arc<[u8]>>,
    /// Where it stands; for the metric name, the name.
    pub span: Span,
}

impl SelectorMatcher {
    /// A condition of texts.
    #[must_use]
    pub fn new(matcher: Matcher, span: Span) -> Self {
        Self { matcher, raw_name: None, raw_value: None, span }
    }
}

/// How a range selector uses samples at and beyond its borders (experimental).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension {
    /// `anchored`
    Anchored,
    /// `smoothed`
    Smoothed,
}

/// A selection of series, the samples of a range each.
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixSelector {
    /// Which series; `offset` and `@` after the range are kept here too, as in Prometheus.
    pub selector: VectorSelector,
    /// How far back.
    pub range: Length,
    /// The selector with range and modifiers.
    pub span: Span,
}

/// An expression evaluated at many times.
#[derive(Clone, Debug, PartialEq)]
pub struct Subquery {
    /// What is evaluated.
    pub inner: Box<Expr>,
    /// How far back.
    pub range: Length,
    /// How often; the default is the global evaluation interval.
    pub step: Option<Length>,
    /// `offset`
    pub offset: Option<Offset>,
    /// `@`
    pub at: Option<At>,
    /// The expression with range and modifiers.
    pub span: Span,
}

/// A length of time in an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Length {
    /// Written as a number or duration: milliseconds.
    Fixed(i64),
    /// To be computed when the query's step and range are known.
    Computed(DurationExpr),
}

/// `offset …`, negative ones look forward.
#[derive(Clone, Debug, PartialEq)]
pub struct Offset {
    /// How far.
    pub length: Length,
    /// What follows the word.
    pub span: Span,
}

/// `@ …`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct At {
    /// The time.
    pub time: AtTime,
    /// What follows the sign.
    pub span: Span,
}

/// The time of an `@` modifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtTime {
    /// Milliseconds since the epoch.
    Fixed(i64),
    /// `start()`
    Start,
    /// `end()`
    End,
}

/// An arithmetic expression over durations, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct DurationExpr {
    /// What it is made of.
    pub kind: DurationKind,
    /// Where it stands.
    pub span: Span,
}

/// What a duration expression is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum DurationKind {
    /// A number or duration.
    Number(NumberLiteral),
    /// `step()`: the step of the query.
    Step,
    /// `range()`: from the query's start to its end.
    Range,
    /// `-d`, `+d`
    Unary(Sign, Box<DurationExpr>),
    /// `a + b` and the like; only arithmetic operators.
    Binary(BinaryOp, Box<DurationExpr>, Box<DurationExpr>),
    /// `min_of(a, b)`
    MinOf(Box<DurationExpr>, Box<DurationExpr>),
    /// `max_of(a, b)`
    MaxOf(Box<DurationExpr>, Box<DurationExpr>),
    /// `(d)`
    Paren(Box<DurationExpr>),
}

/// A number.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberLiteral {
    /// Its value; of a duration in seconds.
    pub value: f64,
    /// Written as a duration, and printed as one.
    pub duration: bool,
    /// Where it stands.
    pub span: Span,
}

/// A text.
#[derive(Clone, Debug, PartialEq)]
pub struct StringLiteral {
    /// The text without quotes and escapes. Bytes that are not UTF-8 stand in it as U+FFFD.
    pub value: Arc<str>,
    /// All of its bytes, if they are not UTF-8 (`"\xff"`): Prometheus' texts may hold any.
    pub raw: Option<Arc<[u8]>>,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// An expression in parentheses.
#[derive(Clone, Debug, PartialEq)]
pub struct Paren {
    /// What is inside.
    pub inner: Box<Expr>,
    /// With the parentheses.
    pub span: Span,
}

/// A sign before an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Unary {
    /// Which.
    pub sign: Sign,
    /// What follows.
    pub operand: Box<Expr>,
    /// With the sign.
    pub span: Span,
}

/// A sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `+`
    Plus,
    /// `-`
    Minus,
}
