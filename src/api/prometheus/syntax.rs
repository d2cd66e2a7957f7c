//! `/api/v1/format_query` and `/api/v1/parse_query`: expressions as texts and as trees, never evaluated. Tools for
//! people ask for them, such as the "Format query" of Grafana.

use axum::extract::State;
use serde_json::{Value, json};

use super::Api;
use super::answer::Success;
use super::error::ApiError;
use super::evaluation::off_thread;
use super::parameters::Parameters;
use super::query::parse;
use crate::model::number::format_float;
use crate::promql::ast::{
    Aggregate, At, AtTime, Binary, Call, Cardinality, DurationExpr, DurationKind, Expr, Extension, Length,
    Matching, NumberLiteral, Offset, Sign, Subquery, VectorSelector,
};
use crate::promql::signature::Arity;

/// The expression in a form that is easy to read.
pub(super) async fn format_query(
    State(_): State<Api>,
    parameters: Parameters,
) -> Result<Success<String>, ApiError> {
    let expr = parse(parameters.value("query"))?;
    // The text of each part is made to see whether it is short: much to do for a long expression.
    Ok(Success::new(off_thread(move || expr.pretty()).await?))
}

/// The expression as a tree.
pub(super) async fn parse_query(
    State(_): State<Api>,
    parameters: Parameters,
) -> Result<Success<Value>, ApiError> {
    Ok(Success::new(tree(&parse(parameters.value("query"))?)))
}

fn tree(expr: &Expr) -> Value {
    match expr {
        Expr::Aggregate(node) => aggregation(node),
        Expr::Binary(node) => binary(node),
        Expr::Call(node) => call(node),
        Expr::Matrix(node) => {
            let mut value = selector("matrixSelector", &node.selector);
            value["range"] = millis(Some(&node.range));
            value["rangeExpr"] = computed(Some(&node.range));
            value
        }
        Expr::Number(node) => json!({"type": "numberLiteral", "val": number(node)}),
        Expr::Paren(node) => json!({"type": "parenExpr", "expr": tree(&node.inner)}),
        Expr::String(node) => json!({"type": "stringLiteral", "val": *node.value}),
        Expr::Subquery(node) => subquery(node),
        Expr::Unary(node) => {
            json!({"type": "unaryExpr", "op": node.sign.to_string(), "expr": tree(&node.operand)})
        }
        Expr::Vector(node) => selector("vectorSelector", node),
    }
}

fn aggregation(node: &Aggregate) -> Value {
    json!({
        "type": "aggregation",
        "op": node.op.name(),
        "expr": tree(&node.operand),
        "param": node.param.as_deref().map(tree),
        "grouping": node.grouping.labels,
        "without": node.grouping.without,
    })
}

fn binary(node: &Binary) -> Value {
    json!({
        "type": "binaryExpr",
        "op": node.op.symbol(),
        "lhs": tree(&node.left),
        "rhs": tree(&node.right),
        "matching": node.matching.as_ref().map(matching),
        "bool": node.return_bool,
    })
}

fn matching(node: &Matching) -> Value {
    let cardinality = match node.cardinality {
        Cardinality::OneToOne => "one-to-one",
        Cardinality::ManyToOne => "many-to-one",
        Cardinality::OneToMany => "one-to-many",
        Cardinality::ManyToMany => "many-to-many",
    };
    json!({
        "card": cardinality,
        "labels": node.labels,
        "on": node.on,
        "include": node.include,
        "fillValues": {"lhs": node.fill_left, "rhs": node.fill_right},
    })
}

fn call(node: &Call) -> Value {
    let signature = node.function.signature();
    let variadic = match signature.arity {
        Arity::Exact => 0,
        Arity::UpTo(most) => i32::from(most),
        Arity::Any => -1,
    };
    json!({
        "type": "call",
        "func": {
            "name": signature.name,
            "argTypes": signature.arguments.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
            "variadic": variadic,
            "returnType": signature.returns.name(),
        },
        "args": node.args.iter().map(tree).collect::<Vec<_>>(),
    })
}

fn selector(kind: &str, node: &VectorSelector) -> Value {
    let matcher = |one: &crate::model::Matcher| json!({"name": **one.name(), "value": **one.value(), "type": one.op().to_string()});
    let offset = node.offset.as_ref().map(|Offset { length, .. }| length);
    json!({
        "type": kind,
        "name": node.name.as_deref().unwrap_or_default(),
        "offset": millis(offset),
        "offsetExpr": computed(offset),
        "matchers": node.matchers.iter().map(|part| matcher(&part.matcher)).collect::<Vec<_>>(),
        "timestamp": timestamp(node.at),
        "startOrEnd": start_or_end(node.at),
        "anchored": node.extension == Some(Extension::Anchored),
        "smoothed": node.extension == Some(Extension::Smoothed),
    })
}

fn subquery(node: &Subquery) -> Value {
    let offset = node.offset.as_ref().map(|Offset { length, .. }| length);
    json!({
        "type": "subquery",
        "expr": tree(&node.inner),
        "range": millis(Some(&node.range)),
        "rangeExpr": computed(Some(&node.range)),
        "offset": millis(offset),
        "offsetExpr": computed(offset),
        "step": millis(node.step.as_ref()),
        "stepExpr": computed(node.step.as_ref()),
        "timestamp": timestamp(node.at),
        "startOrEnd": start_or_end(node.at),
    })
}

/// A length that is known, in milliseconds; 0 if there is none or if it has to be computed.
fn millis(length: Option<&Length>) -> Value {
    match length {
        Some(Length::Fixed(millis)) => json!(millis),
        Some(Length::Computed(_)) | None => json!(0),
    }
}

/// A length that has to be computed.
fn computed(length: Option<&Length>) -> Value {
    match length {
        Some(Length::Computed(expr)) => duration(expr),
        Some(Length::Fixed(_)) | None => Value::Null,
    }
}

fn duration(expr: &DurationExpr) -> Value {
    let node = |op: &str, left: Option<&DurationExpr>, right: Option<&DurationExpr>, wrapped: bool| {
        let (lhs, rhs) = (left.map(duration), right.map(duration));
        json!({"type": "durationExpr", "op": op, "lhs": lhs, "rhs": rhs, "wrapped": wrapped})
    };
    match &expr.kind {
        DurationKind::Number(literal) => {
            json!({"type": "numberLiteral", "val": number(literal), "duration": literal.duration})
        }
        DurationKind::Step => node("step", None, None, false),
        DurationKind::Range => node("range", None, None, false),
        DurationKind::Unary(sign, operand) => node(&sign.to_string(), None, Some(operand), false),
        DurationKind::Binary(op, left, right) => node(op.symbol(), Some(left), Some(right), false),
        DurationKind::MinOf(left, right) => node("min_of", Some(left), Some(right), false),
        DurationKind::MaxOf(left, right) => node("max_of", Some(left), Some(right), false),
        // To Prometheus parentheses are a property of what is inside, and a number has none.
        DurationKind::Paren(inner) if matches!(inner.kind, DurationKind::Number(_)) => {
            node(&Sign::Plus.to_string(), None, Some(inner), true)
        }
        DurationKind::Paren(inner) => {
            let mut value = duration(inner);
            value["wrapped"] = json!(true);
            value
        }
    }
}

fn number(literal: &NumberLiteral) -> String {
    format_float(literal.value, 'f', None)
}

fn timestamp(at: Option<At>) -> Option<i64> {
    match at?.time {
        AtTime::Fixed(millis) => Some(millis),
        AtTime::Start | AtTime::End => None,
    }
}

fn start_or_end(at: Option<At>) -> Option<&'static str> {
    match at?.time {
        AtTime::Fixed(_) => None,
        AtTime::Start => Some("start"),
        AtTime::End => Some("end"),
    }
}
