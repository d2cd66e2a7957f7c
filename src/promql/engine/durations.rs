//! Durations that are computed when the times of the query are known: `[step() * 2]`, `offset -(1h / 4)`.

use super::error::{DurationProblem, EvalError};
use super::prepare::Query;
use crate::promql::ast::{BinaryOp, DurationExpr, DurationKind, Length, Sign};
use crate::promql::functions::go_math;

/// How far a length may go, seconds: what fits into nanoseconds of 64 bits.
const LONGEST: f64 = 9_223_372_036_854_775_808.0 / 1e9;

/// A length that must be positive, milliseconds.
pub(super) fn positive(length: &Length, query: &Query) -> Result<i64, EvalError> {
    resolve(length, query, false)
}

/// A length of an offset, milliseconds.
pub(super) fn signed(length: &Length, query: &Query) -> Result<i64, EvalError> {
    resolve(length, query, true)
}

fn resolve(length: &Length, query: &Query, may_be_negative: bool) -> Result<i64, EvalError> {
    let expr = match length {
        Length::Fixed(millis) => return Ok(*millis),
        Length::Computed(expr) => expr,
    };
    let seconds = compute(expr, query)?;
    let problem = if !seconds.is_finite() {
        Some(DurationProblem::NotFinite)
    } else if seconds <= 0.0 && !may_be_negative {
        Some(DurationProblem::NotPositive)
    } else if !(-LONGEST..=LONGEST).contains(&seconds) {
        Some(DurationProblem::OutOfRange)
    } else {
        None
    };
    match problem {
        Some(problem) => Err(EvalError::Duration { span: expr.span, problem }),
        None => Ok((seconds * 1000.0) as i64),
    }
}

/// The seconds that the expression says.
fn compute(expr: &DurationExpr, query: &Query) -> Result<f64, EvalError> {
    Ok(match &expr.kind {
        DurationKind::Number(number) => number.value,
        DurationKind::Step => seconds(query.step),
        DurationKind::Range => seconds(query.end.saturating_sub(query.start)),
        DurationKind::Unary(Sign::Plus, inner) | DurationKind::Paren(inner) => compute(inner, query)?,
        DurationKind::Unary(Sign::Minus, inner) => -compute(inner, query)?,
        DurationKind::MinOf(one, other) => go_math::min(compute(one, query)?, compute(other, query)?),
        DurationKind::MaxOf(one, other) => go_math::max(compute(one, query)?, compute(other, query)?),
        DurationKind::Binary(op, left, right) => {
            let (left, right) = (compute(left, query)?, compute(right, query)?);
            let failed = |problem| EvalError::Duration { span: expr.span, problem };
            match op {
                BinaryOp::Div if right == 0.0 => return Err(failed(DurationProblem::DivisionByZero)),
                BinaryOp::Mod if right == 0.0 => return Err(failed(DurationProblem::ModuloByZero)),
                op => super::operators::scalar(*op, left, right),
            }
        }
    })
}

/// Milliseconds as the seconds that PromQL counts in.
pub(super) fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}
