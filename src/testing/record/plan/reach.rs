//! How far around an evaluation an expression reads.

use std::borrow::Cow;

use crate::model::labels::METRIC_NAME;
use crate::model::{MatchOp, Matcher};
use crate::promql::ast::{
    AtTime, BinaryOp, Call, DurationExpr, DurationKind, Expr, Length, SelectorMatcher, Sign, VectorSelector,
};
use crate::promql::signature::Function;
use crate::testing::record::grid::LOOKBACK;

/// The step of subqueries without one of their own, at most, milliseconds: by as much their first time may be early.
const SUBQUERY_STEP: i64 = 60_000;

/// What is taken for a length that only an evaluation knows.
const UNKNOWN: i64 = 3_600_000;

/// Functions that tell what time it is.
const CLOCKS: [&str; 13] = [
    "time",
    "timestamp",
    "hour",
    "minute",
    "month",
    "year",
    "day_of_week",
    "day_of_month",
    "day_of_year",
    "days_in_month",
    "start",
    "end",
    "start_timestamp",
];

/// How far before and after an evaluation something is read, milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Before it.
    pub before: i64,
    /// After it, for offsets that look forward.
    pub after: i64,
}

impl Reach {
    /// As far as either goes.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self { before: self.before.max(other.before), after: self.after.max(other.after) }
    }

    pub(super) fn covers(self, other: Self) -> bool {
        self.max(other) == self
    }

    /// With a length that is looked back on, moved back by an offset.
    fn wider(self, range: i64, offset: i64) -> Self {
        Self { before: (self.before + range + offset).max(0), after: (self.after - offset).max(0) }
    }
}

/// A selector and how far it is read.
pub(super) struct Read<'e> {
    pub(super) selector: Cow<'e, VectorSelector>,
    pub(super) reach: Reach,
    /// What cannot be recorded of it.
    pub(super) note: Option<&'static str>,
}

/// All selectors of an expression that is evaluated within `reach`, and whether what time it is makes a difference.
pub(super) fn reads(expr: &Expr, reach: Reach) -> (Vec<Read<'_>>, bool) {
    let mut found = Found { reads: Vec::new(), reads_clock: false };
    found.visit(expr, reach, None);
    (found.reads, found.reads_clock)
}

struct Found<'e> {
    reads: Vec<Read<'e>>,
    reads_clock: bool,
}

impl<'e> Found<'e> {
    fn visit(&mut self, expr: &'e Expr, reach: Reach, note: Option<&'static str>) {
        match expr {
            Expr::Vector(node) => self.selector(node, LOOKBACK, reach, note),
            Expr::Matrix(node) => {
                // `anchored` and `smoothed` also look as far back as an instant selector.
                let beyond = if node.selector.extension.is_some() { LOOKBACK } else { 0 };
                self.selector(&node.selector, millis(&node.range) + beyond, reach, note);
            }
            Expr::Subquery(node) => {
                self.reads_clock = true; // its times are multiples of its step
                let step = node.step.as_ref().map_or(SUBQUERY_STEP, millis);
                let offset = node.offset.as_ref().map_or(0, |offset| millis(&offset.length));
                let note = note.or_else(|| fixed(node.at.map(|at| at.time)));
                self.visit(&node.inner, reach.wider(millis(&node.range) + step, offset), note);
            }
            Expr::Call(node) if node.function == Function::Info => self.info(node, reach, note),
            Expr::Call(node) => {
                self.reads_clock |= CLOCKS.contains(&node.function.signature().name);
                node.args.iter().for_each(|argument| self.visit(argument, reach, note));
            }
            Expr::Aggregate(_)
            | Expr::Binary(_)
            | Expr::Number(_)
            | Expr::Paren(_)
            | Expr::String(_)
            | Expr::Unary(_) => expr.children().for_each(|child| self.visit(child, reach, note)),
        }
    }

    fn selector(&mut self, node: &'e VectorSelector, range: i64, reach: Reach, note: Option<&'static str>) {
        let offset = node.offset.as_ref().map_or(0, |offset| millis(&offset.length));
        let note = note.or_else(|| fixed(node.at.map(|at| at.time)));
        self.reads_clock |= note.is_some();
        self.reads.push(Read { selector: Cow::Borrowed(node), reach: reach.wider(range, offset), note });
    }

    /// `info(v)` reads `target_info` without naming it, as far back as `v`; a second argument says which labels, and
    /// perhaps that it is another metric.
    fn info(&mut self, node: &'e Call, reach: Reach, note: Option<&'static str>) {
        let (Some(vector), named) = (node.args.first(), node.args.get(1).and_then(Expr::selector)) else {
            return;
        };
        let known = self.reads.len();
        self.visit(vector, reach, note);
        let of_vector = self.reads[known..].iter().fold(reach, |reach, read| reach.max(read.reach));
        let is_name = |part: &&SelectorMatcher| &**part.matcher.name() == METRIC_NAME;
        let mut names: Vec<SelectorMatcher> = named
            .into_iter()
            .flat_map(|selector| selector.matchers.iter().filter(is_name))
            .cloned()
            .collect();
        let is_positive =
            |part: &SelectorMatcher| matches!(part.matcher.op(), MatchOp::Equal | MatchOp::Regex);
        let default = match names.is_empty() {
            true => Some(Matcher::equal(METRIC_NAME, "target_info")),
            false => Matcher::new(METRIC_NAME, MatchOp::Regex, ".+_info").ok(),
        };
        if !names.iter().any(is_positive) {
            names.extend(default.map(|matcher| SelectorMatcher::new(matcher, node.span)));
        }
        let name = names.iter().find(|part| part.matcher.op() == MatchOp::Equal);
        let selector = VectorSelector {
            name: name.map(|part| part.matcher.value().clone()),
            matchers: names,
            offset: None,
            at: None,
            extension: None,
            span: node.span,
        };
        self.reads.push(Read { selector: Cow::Owned(selector), reach: of_vector.wider(LOOKBACK, 0), note });
    }
}

fn fixed(at: Option<AtTime>) -> Option<&'static str> {
    match at {
        Some(AtTime::Fixed(_)) => {
            Some("is read at a fixed time (@); only samples of the window are recorded")
        }
        Some(AtTime::Start | AtTime::End) | None => None,
    }
}

fn millis(length: &Length) -> i64 {
    match length {
        Length::Fixed(millis) => *millis,
        Length::Computed(expr) => {
            let seconds = seconds(expr).filter(|seconds| seconds.is_finite());
            seconds.map_or(UNKNOWN, |seconds| (seconds * 1000.0) as i64)
        }
    }
}

/// What an arithmetic expression over durations comes to, if it can be told without a query.
fn seconds(expr: &DurationExpr) -> Option<f64> {
    match &expr.kind {
        DurationKind::Number(number) => Some(number.value),
        DurationKind::Step | DurationKind::Range => None,
        DurationKind::Unary(Sign::Plus, inner) | DurationKind::Paren(inner) => seconds(inner),
        DurationKind::Unary(Sign::Minus, inner) => seconds(inner).map(|value| -value),
        DurationKind::MinOf(one, other) => Some(seconds(one)?.min(seconds(other)?)),
        DurationKind::MaxOf(one, other) => Some(seconds(one)?.max(seconds(other)?)),
        DurationKind::Binary(op, one, other) => {
            let (one, other) = (seconds(one)?, seconds(other)?);
            match op {
                BinaryOp::Add => Some(one + other),
                BinaryOp::Sub => Some(one - other),
                BinaryOp::Mul => Some(one * other),
                BinaryOp::Div => Some(one / other),
                _ => None, // `%` and `^`: nobody writes them here
            }
        }
    }
}
