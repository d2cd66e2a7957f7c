//! Which labels the result of an expression can have, as far as the expression alone tells.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::labels::METRIC_NAME;
use crate::model::{MatchOp, Matcher, Str};
use crate::promql::ast::{
    Aggregate, AggregateOp, Binary, BinaryOp, Call, Cardinality, Expr, Matching, ValueType, VectorSelector,
};
use crate::promql::signature::Function;

/// What is known of the labels of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Labels {
    /// The only labels there can be; none if there may be any.
    pub(super) only: Option<BTreeSet<Str>>,
    /// Labels of which the value is known too.
    pub(super) values: BTreeMap<Str, Str>,
}

impl Labels {
    /// No labels at all.
    fn none() -> Self {
        Self { only: Some(BTreeSet::new()), values: BTreeMap::new() }
    }

    /// Keeps these labels alone.
    fn keep(mut self, names: &[Arc<str>]) -> Self {
        let kept = match self.only {
            Some(only) => names.iter().filter(|name| only.contains(*name)).cloned().collect(),
            None => names.iter().cloned().collect(),
        };
        self.only = Some(kept);
        self.values.retain(|name, _| names.contains(name));
        self
    }

    fn remove(mut self, names: &[Arc<str>]) -> Self {
        if let Some(only) = &mut self.only {
            only.retain(|name| !names.contains(name));
        }
        self.values.retain(|name, _| !names.contains(name));
        self
    }

    /// Sets a label to something that is not known.
    fn set(mut self, name: &str) -> Self {
        if let Some(only) = &mut self.only {
            only.insert(name.into());
        }
        self.values.remove(name);
        self
    }

    fn either(mut self, other: &Self) -> Self {
        self.only = match (self.only, &other.only) {
            (Some(one), Some(other)) => Some(one.union(other).cloned().collect()),
            (Some(_) | None, _) => None,
        };
        self.values.retain(|name, value| other.values.get(name) == Some(value));
        self
    }
}

/// The labels of the result of `expr`.
pub(super) fn labels_of(expr: &Expr) -> Labels {
    match expr {
        Expr::Aggregate(node) => aggregate(node),
        Expr::Binary(node) => binary(node),
        Expr::Call(node) => call(node),
        Expr::Matrix(node) => selector(&node.selector),
        Expr::Number(_) | Expr::String(_) => Labels::none(),
        Expr::Paren(node) => labels_of(&node.inner),
        Expr::Subquery(node) => labels_of(&node.inner),
        Expr::Unary(node) => labels_of(&node.operand),
        Expr::Vector(node) => selector(node),
    }
}

fn selector(selector: &VectorSelector) -> Labels {
    let equal = |matcher: &&Matcher| matcher.op() == MatchOp::Equal && !matcher.value().is_empty();
    let matchers = selector.matchers.iter().map(|matcher| &matcher.matcher).filter(equal);
    let values = matchers.map(|matcher| (matcher.name().clone(), matcher.value().clone())).collect();
    Labels { only: None, values }
}

fn aggregate(node: &Aggregate) -> Labels {
    let inner = labels_of(&node.operand);
    match node.op {
        AggregateOp::Topk | AggregateOp::Bottomk | AggregateOp::Limitk | AggregateOp::LimitRatio => {
            return inner;
        }
        AggregateOp::Avg
        | AggregateOp::Count
        | AggregateOp::CountValues
        | AggregateOp::Group
        | AggregateOp::Max
        | AggregateOp::Min
        | AggregateOp::Quantile
        | AggregateOp::Stddev
        | AggregateOp::Stdvar
        | AggregateOp::Sum => {}
    }
    let grouped = match node.grouping.without {
        true => inner.remove(&node.grouping.labels).remove(&[METRIC_NAME.into()]),
        false => inner.keep(&node.grouping.labels),
    };
    match (node.op, node.param.as_deref().map(Expr::without_parens)) {
        (AggregateOp::CountValues, Some(Expr::String(label))) => grouped.set(&label.value),
        _ => grouped,
    }
}

fn binary(node: &Binary) -> Labels {
    let (left, right) = (labels_of(&node.left), labels_of(&node.right));
    let Some(matching) = &node.matching else {
        return if node.left.value_type() == ValueType::Scalar { right } else { left };
    };
    if node.op == BinaryOp::Or {
        return left.either(&right);
    }
    if node.op.is_set() { left } else { matched(matching, left, right) }
}

fn matched(matching: &Matching, left: Labels, right: Labels) -> Labels {
    let (many, one) = match matching.cardinality {
        Cardinality::OneToOne | Cardinality::ManyToMany if matching.on => return left.keep(&matching.labels),
        Cardinality::OneToOne | Cardinality::ManyToMany => return left.remove(&matching.labels),
        Cardinality::ManyToOne => (left, right),
        Cardinality::OneToMany => (right, left),
    };
    matching.include.iter().fold(many, |labels, name| {
        let can_be = one.only.as_ref().is_none_or(|only| only.contains(name));
        let labels = if can_be { labels.set(name) } else { labels.remove(std::slice::from_ref(name)) };
        match one.values.get(name) {
            Some(value) => Labels {
                values: labels.values.into_iter().chain([(name.clone(), value.clone())]).collect(),
                ..labels
            },
            None => labels,
        }
    })
}

fn call(node: &Call) -> Labels {
    let argument = node.args.iter().find(|arg| match arg.value_type() {
        ValueType::Vector | ValueType::Matrix => true,
        ValueType::Scalar | ValueType::String => false,
    });
    let inner = argument.map_or_else(Labels::none, labels_of);
    let target = || match node.args.get(1).map(Expr::without_parens) {
        Some(Expr::String(label)) => Some(&*label.value),
        Some(_) | None => None,
    };
    match node.function {
        Function::Absent | Function::AbsentOverTime => absent(argument),
        Function::LabelReplace | Function::LabelJoin => {
            target().map_or_else(Labels::default, |l| inner.set(l))
        }
        Function::HistogramQuantiles => target().map_or_else(Labels::default, |l| inner.set(l)),
        Function::Info => Labels { only: None, values: inner.values },
        _ if node.function.signature().returns == ValueType::Scalar => Labels::none(),
        _ => inner,
    }
}

/// `absent` makes its labels from the conditions of a selector, and has none for anything else.
fn absent(argument: Option<&Expr>) -> Labels {
    match argument.map(Expr::without_parens).and_then(Expr::selector) {
        Some(found) => {
            let mut values = selector(found).values;
            values.remove(METRIC_NAME);
            Labels { only: Some(values.keys().cloned().collect()), values }
        }
        None => Labels::none(),
    }
}

#[cfg(test)]
mod tests {
    use super::labels_of;
    use crate::promql::parser::{Features, parse};

    fn shown(expr: &str) -> String {
        let labels = labels_of(&parse(expr, Features::ALL).expect("an expression"));
        let names = labels.only.as_ref().map(|only| only.iter().map(|name| &**name).collect::<Vec<_>>());
        let values: Vec<String> =
            labels.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{} [{}]", names.map_or("any".to_owned(), |names| names.join(" ")), values.join(" "))
    }

    #[test]
    fn labels_follow_from_matchers_groupings_and_matching() {
        for (expr, labels) in [
            ("up", "any [__name__=up]"),
            (r#"rate(x{job="a",code=~"5..",zone=""}[5m]) > 1"#, "any [__name__=x job=a]"),
            (r#"sum by (job, instance) (x{job="a"})"#, "instance job [job=a]"),
            (r#"sum(x{job="a"})"#, " []"),
            (r#"sum without (job) (x{job="a",pod="b"})"#, "any [pod=b]"),
            ("max by (a) (sum by (b) (x))", " []"),
            (r#"topk by (a) (3, x{a="b"})"#, "any [__name__=x a=b]"),
            (r#"count_values by (job) ("version", build)"#, "job version []"),
            ("sum by (a, b) (x) / on (a) sum by (a) (y)", "a []"),
            ("sum by (a, b) (x) / ignoring (b) sum by (a) (y)", "a []"),
            ("sum by (a) (x) * on (a) group_left (node) info", "a node []"),
            (r#"sum by (a) (x) * on (a) group_left (node) info{node="n"}"#, "a node [node=n]"),
            ("sum by (a) (x) or sum by (b) (y)", "a b []"),
            ("sum by (a) (x) and y", "a []"),
            ("2 * sum by (a) (x)", "a []"),
            (r#"absent(up{job="a",x!="b"})"#, "job [job=a]"),
            ("absent(sum(up))", " []"),
            ("vector(1)", " []"),
            ("time() - 1", " []"),
            (r#"label_replace(sum(x), "to", "$1", "from", "(.*)")"#, "to []"),
        ] {
            assert_eq!(shown(expr), labels, "{expr}");
        }
    }
}
