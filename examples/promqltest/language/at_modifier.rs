//! The same query with every selector pinned to a time: then it does not matter when it is evaluated.

use sereno::promql::ast::{At, AtTime, Expr};
use sereno::promql::signature::Function;
use sereno::promql::span::Span;

/// Functions whose result changes with the time of the evaluation although their arguments do not.
const DEPEND_ON_TIME: [Function; 15] = [
    Function::DaysInMonth,
    Function::DayOfMonth,
    Function::DayOfWeek,
    Function::DayOfYear,
    Function::End,
    Function::Hour,
    Function::Minute,
    Function::Month,
    Function::PredictLinear,
    Function::Range,
    Function::Start,
    Function::Step,
    Function::Time,
    Function::Timestamp,
    Function::Year,
];

/// The expression with `@ time` at every selector and subquery that has no time, and the times at which it has to
/// give the same as at `time`. None if it calls a function that depends on the time.
pub(super) fn pinned(expr: &Expr, time: i64) -> Option<(Expr, Vec<i64>)> {
    let mut pinned = expr.clone();
    if !pin(&mut pinned, time) {
        return None;
    }
    let times = if time == 0 { vec![-1000, 0, 1000] } else { vec![-10 * time, 0, time / 5, time, 10 * time] };
    Some((pinned, times))
}

/// Whether that could be done.
fn pin(expr: &mut Expr, time: i64) -> bool {
    match expr {
        Expr::Aggregate(node) => {
            node.param.as_mut().is_none_or(|param| pin(param, time)) && pin(&mut node.operand, time)
        }
        Expr::Binary(node) => pin(&mut node.left, time) && pin(&mut node.right, time),
        Expr::Call(node) => {
            !DEPEND_ON_TIME.contains(&node.function) && node.args.iter_mut().all(|arg| pin(arg, time))
        }
        Expr::Matrix(node) => pin_to(&mut node.selector.at, time),
        Expr::Vector(node) => pin_to(&mut node.at, time),
        Expr::Paren(node) => pin(&mut node.inner, time),
        // What is inside is evaluated relative to the subquery's own time.
        Expr::Subquery(node) => pin_to(&mut node.at, time),
        Expr::Unary(node) => pin(&mut node.operand, time),
        Expr::Number(_) | Expr::String(_) => true,
    }
}

fn pin_to(at: &mut Option<At>, time: i64) -> bool {
    if !matches!(at, Some(At { time: AtTime::Fixed(_), .. })) {
        *at = Some(At { time: AtTime::Fixed(time), span: Span::default() });
    }
    true
}
