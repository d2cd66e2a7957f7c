//! Which rules a test has to evaluate: all that could give something, or fail, with the series that it has.
//!
//! A rule that selects only series that nobody writes gives nothing, whatever the test asserts; most rules of a
//! large file are like that in any one test. All others are evaluated, asserted or not, because a rule that fails
//! ends a test.

use std::collections::BTreeSet;

use crate::config::rules::{Rule, RuleKind};
use crate::model::Str;
use crate::model::labels::METRIC_NAME;
use crate::promql::ast::{AggregateOp, BinaryOp, Expr, VectorSelector};
use crate::promql::signature::Function;

/// The names of metrics.
pub(super) type Names = BTreeSet<Str>;

/// The metric names that a rule writes.
pub(super) fn written(rule: &Rule) -> Vec<Str> {
    match rule.kind {
        RuleKind::Recording => vec![rule.name.clone()],
        RuleKind::Alerting(_) => vec!["ALERTS".into(), "ALERTS_FOR_STATE".into()],
    }
}

/// Which of the rules could give something or fail if there are series of these names only; in order.
///
/// `live` grows by what those rules write.
pub(super) fn live<'r>(
    rules: impl Iterator<Item = (&'r Rule, &'r Expr)> + Clone,
    live: &mut Names,
) -> Vec<bool> {
    let mut found = vec![false; rules.clone().count()];
    loop {
        let before = live.len();
        for ((rule, expr), found) in rules.clone().zip(&mut found) {
            if !*found && is_needed(expr, live) {
                *found = true;
                live.extend(written(rule));
            }
        }
        if live.len() == before {
            return found;
        }
    }
}

fn is_needed(expr: &Expr, names: &Names) -> bool {
    reads(expr, names) || gives(expr, names) || may_fail(expr)
}

/// Whether an expression selects any series of these names.
fn reads(expr: &Expr, names: &Names) -> bool {
    expr.selectors().into_iter().any(|selector| selects(selector, names))
}

/// Whether a part of an expression could fail without any series: texts are checked when they are evaluated.
fn may_fail(expr: &Expr) -> bool {
    expr.nodes().into_iter().any(|node| match node {
        Expr::Aggregate(node) => node.op == AggregateOp::CountValues,
        Expr::Call(node) => matches!(node.function, Function::LabelReplace | Function::LabelJoin),
        Expr::Binary(_)
        | Expr::Matrix(_)
        | Expr::Number(_)
        | Expr::Paren(_)
        | Expr::String(_)
        | Expr::Subquery(_)
        | Expr::Unary(_)
        | Expr::Vector(_) => false,
    })
}

/// Whether an expression can have a result if there are series of these names only. In doubt it can.
fn gives(expr: &Expr, names: &Names) -> bool {
    match expr {
        Expr::Aggregate(node) => gives(&node.operand, names),
        Expr::Binary(node) => {
            let (left, right) = (gives(&node.left, names), gives(&node.right, names));
            let fills = node
                .matching
                .as_ref()
                .is_some_and(|matching| matching.fill_left.is_some() || matching.fill_right.is_some());
            match node.op {
                BinaryOp::Or => left || right,
                BinaryOp::Unless => left,
                _ if fills => left || right,
                _ => left && right,
            }
        }
        Expr::Call(node) => match node.function {
            Function::Absent | Function::AbsentOverTime | Function::Scalar | Function::Vector => true,
            _ => {
                // A function of scalars, such as `time()` and `max_of(1, 2)`, always gives one.
                node.args.iter().all(|argument| !is_data(argument))
                    || node.args.iter().any(|argument| is_data(argument) && gives(argument, names))
            }
        },
        Expr::Matrix(node) => selects(&node.selector, names),
        Expr::Number(_) | Expr::String(_) => true,
        Expr::Paren(node) => gives(&node.inner, names),
        Expr::Subquery(node) => gives(&node.inner, names),
        Expr::Unary(node) => gives(&node.operand, names),
        Expr::Vector(node) => selects(node, names),
    }
}

fn is_data(expr: &Expr) -> bool {
    use crate::promql::ast::ValueType;
    matches!(expr.value_type(), ValueType::Vector | ValueType::Matrix)
}

fn selects(selector: &VectorSelector, names: &Names) -> bool {
    match selector.metric_name() {
        Some(name) => names.contains(name) && selects_name(selector, name),
        None => names.iter().any(|name| selects_name(selector, name)),
    }
}

/// Whether a selector can select series of this name.
pub(super) fn selects_name(selector: &VectorSelector, name: &str) -> bool {
    let matchers = selector.matchers.iter().map(|part| &part.matcher);
    matchers.filter(|matcher| &**matcher.name() == METRIC_NAME).all(|matcher| matcher.matches_value(name))
}

#[cfg(test)]
mod tests {
    use super::{Names, is_needed};
    use crate::promql::parser::{Features, parse};

    /// With a series `up` and nothing else: is it evaluated?
    #[test]
    fn what_cannot_give_or_fail_is_left_out() {
        let names: Names = ["up".into()].into();
        for (expr, wanted) in [
            ("up == 0", true),
            ("rate(gone[5m]) > 1", false),
            ("absent(gone)", true),
            ("absent(gone) and gone2", false),
            ("gone unless up", true),
            ("gone or vector(1)", true),
            ("sum(gone) * on() group_left() vector(1)", false),
            ("1", true),
            ("vector(time()) > 5", true),
            ("hour() > 5", true),
            ("{__name__=~\"u.*\"}", true),
            ("{__name__=~\"x.*\"}", false),
            ("{job=\"a\"}", true),
            ("count_over_time(gone[5m:1m])", false),
            ("histogram_quantile(0.9, gone)", false),
            ("max_of(time(), 5) > bool 3", true),
            ("round(gone, 5)", false),
            ("label_replace(gone, \"a\", \"b\", \"c\", \"(\")", true),
        ] {
            let parsed = parse(expr, Features::ALL).unwrap_or_else(|errors| panic!("{expr}: {errors}"));
            assert_eq!(is_needed(&parsed, &names), wanted, "{expr}");
        }
    }
}
