//! Which rules a test has to evaluate: all that could give something, or fail, with the series that it has.
//!
//! A rule that selects only series that nobody writes gives nothing, whatever the test asserts; most rules of a
//! large file are like that in any one test. All others are evaluated, asserted or not, because a rule that fails
//! ends a test.

use std::collections::BTreeSet;

use crate::config::rules::{Rule, RuleKind};
use crate::model::labels::METRIC_NAME;
use crate::model::{MatchOp, Str};
use crate::promql::ast::{AggregateOp, BinaryOp, Call, Expr, VectorSelector};
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
            if !*found && (reads(expr, live) || gives(expr, live)) {
                *found = true;
                live.extend(written(rule));
            }
        }
        if live.len() == before {
            return found;
        }
    }
}

/// Whether an expression selects any series of these names, or has a part that could fail without any.
pub(super) fn reads(expr: &Expr, names: &Names) -> bool {
    match expr {
        Expr::Aggregate(node) => {
            node.op == AggregateOp::CountValues
                || reads(&node.operand, names)
                || node.param.as_ref().is_some_and(|param| reads(param, names))
        }
        Expr::Binary(node) => reads(&node.left, names) || reads(&node.right, names),
        // Their texts are checked when they are evaluated.
        Expr::Call(Call { function: Function::LabelReplace | Function::LabelJoin, .. }) => true,
        Expr::Call(node) => node.args.iter().any(|argument| reads(argument, names)),
        Expr::Matrix(node) => selects(&node.selector, names),
        Expr::Number(_) | Expr::String(_) => false,
        Expr::Paren(node) => reads(&node.inner, names),
        Expr::Subquery(node) => reads(&node.inner, names),
        Expr::Unary(node) => reads(&node.operand, names),
        Expr::Vector(node) => selects(node, names),
    }
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
                node.args.is_empty()
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
    let on_name =
        || selector.matchers.iter().map(|part| &part.matcher).filter(|part| &**part.name() == METRIC_NAME);
    let exact = on_name().find(|matcher| matcher.op() == MatchOp::Equal);
    match exact {
        Some(matcher) => names.contains(matcher.value()),
        None => names.iter().any(|name| on_name().all(|matcher| matcher.matches_value(name))),
    }
}

/// The names that an expression selects, as far as they are written in it; `None`: others too.
pub(super) fn names_read(expr: &Expr) -> Option<Names> {
    let mut names = Names::new();
    collect(expr, &mut names).then_some(names)
}

fn collect(expr: &Expr, names: &mut Names) -> bool {
    let mut selector = |selector: &VectorSelector| {
        let mut parts = selector.matchers.iter().map(|part| &part.matcher);
        match parts.find(|part| &**part.name() == METRIC_NAME && part.op() == MatchOp::Equal) {
            Some(matcher) => {
                names.insert(matcher.value().clone());
                true
            }
            None => false,
        }
    };
    match expr {
        Expr::Aggregate(node) => {
            collect(&node.operand, names) & node.param.as_ref().is_none_or(|param| collect(param, names))
        }
        Expr::Binary(node) => collect(&node.left, names) & collect(&node.right, names),
        Expr::Call(node) => node.args.iter().fold(true, |all, argument| collect(argument, names) & all),
        Expr::Matrix(node) => selector(&node.selector),
        Expr::Number(_) | Expr::String(_) => true,
        Expr::Paren(node) => collect(&node.inner, names),
        Expr::Subquery(node) => collect(&node.inner, names),
        Expr::Unary(node) => collect(&node.operand, names),
        Expr::Vector(node) => selector(node),
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, gives, reads};
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
            ("label_replace(gone, \"a\", \"b\", \"c\", \"(\")", true),
        ] {
            let parsed = parse(expr, Features::default()).unwrap_or_else(|errors| panic!("{expr}: {errors}"));
            assert_eq!(reads(&parsed, &names) || gives(&parsed, &names), wanted, "{expr}");
        }
    }
}
