//! Checks what the grammar cannot: types, numbers of arguments, what may stand with what.

use std::collections::BTreeSet;

use super::{ArgumentBound, MAX_ERRORS, ParseErrorKind, Parser, TypeContext};
use crate::model::MatchOp;
use crate::model::labels::METRIC_NAME;
use crate::model::quote::GoQuotedBytes;
use crate::promql::ast::{
    Aggregate, Binary, Call, Cardinality, Expr, SelectorMatcher, ValueType, VectorSelector,
};
use crate::promql::lexer::is_space;
use crate::promql::signature::{Arity, Function};
use crate::promql::span::Span;

/// Checks an expression and completes the matching of its operators; gives its type.
pub(super) fn check(parser: &mut Parser<'_>, expr: &mut Expr) -> ValueType {
    match expr {
        Expr::Aggregate(node) => aggregate(parser, node),
        Expr::Binary(node) => return binary(parser, node),
        Expr::Call(node) => return call(parser, node),
        Expr::Matrix(node) => selector(parser, &node.selector, false),
        Expr::Number(_) | Expr::String(_) => {}
        Expr::Paren(node) => return check(parser, &mut node.inner),
        Expr::Subquery(node) => {
            let inner = check(parser, &mut node.inner);
            if inner != ValueType::Vector {
                parser.error(node.span, ParseErrorKind::SubqueryOperand(inner));
            }
        }
        Expr::Unary(node) => {
            let operand = check(parser, &mut node.operand);
            if !matches!(operand, ValueType::Scalar | ValueType::Vector) {
                parser.error(node.span, ParseErrorKind::UnaryOperand(operand));
            }
            return operand;
        }
        Expr::Vector(node) => selector(parser, node, false),
    }
    // None of these asks its children.
    expr.value_type()
}

fn expect(parser: &mut Parser<'_>, expr: &mut Expr, want: ValueType, context: TypeContext) {
    let got = check(parser, expr);
    if got != want {
        parser.error(expr.span(), ParseErrorKind::Type { want, context, got });
    }
}

fn aggregate(parser: &mut Parser<'_>, node: &mut Aggregate) {
    expect(parser, &mut node.operand, ValueType::Vector, TypeContext::Aggregation);
    if let (Some(param), Some(want)) = (&mut node.param, node.op.parameter()) {
        expect(parser, param, want, TypeContext::Parameter);
    }
}

fn binary(parser: &mut Parser<'_>, node: &mut Binary) -> ValueType {
    let left = check(parser, &mut node.left);
    let right = check(parser, &mut node.right);
    let (left_span, right_span) = (node.left.span(), node.right.span());
    let both_scalars = left == ValueType::Scalar && right == ValueType::Scalar;
    if node.return_bool && !node.op.is_comparison() {
        operator_error(parser, left_span, right_span, ParseErrorKind::BoolWithoutComparison);
    }
    if node.op.is_comparison() && !node.return_bool && both_scalars {
        operator_error(parser, left_span, right_span, ParseErrorKind::ScalarComparison);
    }
    if let Some(matching) = &mut node.matching {
        if node.op.is_set() && matching.cardinality == Cardinality::OneToOne {
            matching.cardinality = Cardinality::ManyToMany;
        }
        if matching.on {
            let included: BTreeSet<_> = matching.include.iter().collect();
            for label in matching.labels.iter().filter(|label| included.contains(label)) {
                let kind = ParseErrorKind::LabelInOnAndGroup(label.to_string());
                operator_error(parser, left_span, right_span, kind);
            }
        }
    }
    for (side, span) in [(left, left_span), (right, right_span)] {
        if !matches!(side, ValueType::Scalar | ValueType::Vector) {
            parser.error(span, ParseErrorKind::OperandType);
        }
    }
    matching(parser, node, left == ValueType::Vector && right == ValueType::Vector, left_span.to(right_span));
    if (left == ValueType::Scalar || right == ValueType::Scalar) && node.op.is_set() {
        parser.error(left_span.to(right_span), ParseErrorKind::SetOperationOnScalar(node.op));
    }
    if both_scalars { ValueType::Scalar } else { ValueType::Vector }
}

fn matching(parser: &mut Parser<'_>, node: &mut Binary, vectors: bool, span: Span) {
    let Some(matching) = &node.matching else { return };
    let filling = matching.fill_left.is_some() || matching.fill_right.is_some();
    if !vectors {
        if !matching.labels.is_empty() {
            parser.error(span, ParseErrorKind::MatchingNotVectors);
        }
        if filling {
            parser.error(span, ParseErrorKind::FillingNotVectors);
        }
        node.matching = None;
    } else if node.op.is_set() {
        if matches!(matching.cardinality, Cardinality::OneToMany | Cardinality::ManyToOne) {
            parser.error(span, ParseErrorKind::GroupingInSetOperation(node.op));
        }
        if matching.cardinality != Cardinality::ManyToMany {
            parser.error(span, ParseErrorKind::SetOperationCardinality);
        }
        if filling {
            parser.error(span, ParseErrorKind::FillingInSetOperation);
        }
    }
}

/// An error about what stands between two operands.
fn operator_error(parser: &mut Parser<'_>, left: Span, right: Span, kind: ParseErrorKind) {
    let text = parser.text.get(left.end..right.start).unwrap_or_default();
    let start = left.end + (text.len() - text.trim_start_matches(is_space).len());
    parser.error(Span::new(start, (left.end + text.trim_end_matches(is_space).len()).max(start)), kind);
}

fn call(parser: &mut Parser<'_>, node: &mut Call) -> ValueType {
    let signature = node.function.signature();
    argument_count(parser, node);
    let is_info = node.function == Function::Info && node.args.len() > 1;
    if is_info {
        info_selector(parser, node);
    }
    let context = TypeContext::Call(node.function);
    for (at, arg) in node.args.iter_mut().enumerate() {
        let last = signature.arguments.len().checked_sub(1);
        let want = match (signature.arguments.get(at), signature.arity, last) {
            (Some(want), _, _) => *want,
            // Too many of them: told already.
            (None, Arity::Exact, _) | (None, _, None) => break,
            (None, Arity::UpTo(_) | Arity::Any, Some(last)) => signature.arguments[last],
        };
        let got = if let (Expr::Vector(labels), true, 1) = (&*arg, is_info, at) {
            // It may select everything.
            selector(parser, labels, true);
            ValueType::Vector
        } else {
            check(parser, arg)
        };
        if got != want {
            parser.error(arg.span(), ParseErrorKind::Type { want, context, got });
        }
    }
    signature.returns
}

fn argument_count(parser: &mut Parser<'_>, node: &Call) {
    let signature = node.function.signature();
    let (types, got) = (signature.arguments.len(), node.args.len());
    let (least, most) = match signature.arity {
        Arity::Exact => (types, Some(types)),
        Arity::UpTo(more) => (types - 1, Some(types - 1 + usize::from(more))),
        Arity::Any => (types - 1, None),
    };
    let exact = |bound| if signature.arity == Arity::Exact { ArgumentBound::Exactly } else { bound };
    let (bound, expected) = match most {
        _ if got < least => (exact(ArgumentBound::AtLeast), least),
        Some(most) if got > most => (exact(ArgumentBound::AtMost), most),
        Some(_) | None => return,
    };
    let kind = ParseErrorKind::ArgumentCount { bound, expected, function: node.function, got };
    parser.error(node.span, kind);
}

/// The second argument of `info` is a selector without a name.
fn info_selector(parser: &mut Parser<'_>, node: &Call) {
    let labels = &node.args[1];
    let got = labels.value_type();
    if got != ValueType::Vector {
        let context = TypeContext::Call(node.function);
        parser.error(node.span, ParseErrorKind::Type { want: ValueType::Vector, context, got });
    }
    match labels {
        Expr::Vector(labels) if labels.name.is_some() => {
            parser.error(labels.span, ParseErrorKind::InfoWithName);
        }
        Expr::Vector(_) => {}
        other => parser.error(other.span(), ParseErrorKind::InfoWithoutSelector),
    }
}

fn selector(parser: &mut Parser<'_>, node: &VectorSelector, may_match_all: bool) {
    if let (Some(name), Some((_, others))) = (&node.name, node.matchers.split_last()) {
        let others = others.iter().filter(|other| &**other.matcher.name() == METRIC_NAME);
        for other in others.take(MAX_ERRORS) {
            let value = other.raw_value.as_deref().unwrap_or(other.matcher.value().as_bytes());
            let quoted = GoQuotedBytes(value).to_string();
            parser.error(node.span, ParseErrorKind::NameTwice { name: name.to_string(), quoted });
        }
        return;
    }
    // The others first: a regular expression may have to be compiled for it.
    let is_regex =
        |matcher: &SelectorMatcher| matches!(matcher.matcher.op(), MatchOp::Regex | MatchOp::NotRegex);
    let match_empty = |regex| {
        let mut some = node.matchers.iter().filter(move |matcher| is_regex(matcher) == regex);
        some.all(|matcher| matcher.matcher.matches_value(""))
    };
    if !may_match_all && match_empty(false) && match_empty(true) {
        parser.error(node.span, ParseErrorKind::EmptySelector);
    }
}
