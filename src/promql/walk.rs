//! Walks over the nodes of an expression.

use std::ops::ControlFlow;

use super::ast::{Expr, SelectorMatcher, VectorSelector};
use crate::model::MatchOp;
use crate::model::labels::METRIC_NAME;

impl Expr {
    /// The expressions directly inside this one, in the order in which they stand in the canonical text. The
    /// selector of a range is part of the range.
    pub fn children(&self) -> impl Iterator<Item = &Self> {
        let (first, second, rest): (Option<&Self>, Option<&Self>, &[Self]) = match self {
            Self::Aggregate(node) => match node.param.as_deref() {
                Some(param) => (Some(param), Some(&node.operand), &[]),
                None => (Some(&node.operand), None, &[]),
            },
            Self::Binary(node) => (Some(&node.left), Some(&node.right), &[]),
            Self::Call(node) => (None, None, &node.args),
            Self::Paren(node) => (Some(&node.inner), None, &[]),
            Self::Subquery(node) => (Some(&node.inner), None, &[]),
            Self::Unary(node) => (Some(&node.operand), None, &[]),
            Self::Matrix(_) | Self::Number(_) | Self::String(_) | Self::Vector(_) => (None, None, &[]),
        };
        first.into_iter().chain(second).chain(rest)
    }

    /// Calls `visit` with this expression and all inside it, outer ones first, each with the expressions
    /// around it, the outermost first. Stops when `visit` breaks.
    pub fn walk<'a, B>(
        &'a self,
        mut visit: impl FnMut(&'a Self, &[&'a Self]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        fn inner<'a, B>(
            expr: &'a Expr,
            path: &mut Vec<&'a Expr>,
            visit: &mut impl FnMut(&'a Expr, &[&'a Expr]) -> ControlFlow<B>,
        ) -> ControlFlow<B> {
            visit(expr, path)?;
            path.push(expr);
            for child in expr.children() {
                inner(child, path, visit)?;
            }
            path.pop();
            ControlFlow::Continue(())
        }
        inner(self, &mut Vec::new(), &mut visit)
    }

    /// All expressions, outer ones first.
    #[must_use]
    pub fn nodes(&self) -> Vec<&Self> {
        let mut nodes = Vec::new();
        let ControlFlow::Continue(()) = self.walk(|node, _| {
            nodes.push(node);
            ControlFlow::<std::convert::Infallible>::Continue(())
        });
        nodes
    }

    /// All selectors, those of ranges included, from left to right.
    #[must_use]
    pub fn selectors(&self) -> Vec<&VectorSelector> {
        self.nodes().into_iter().filter_map(Self::selector).collect()
    }

    /// The selector that this expression is, perhaps with a range.
    #[must_use]
    pub fn selector(&self) -> Option<&VectorSelector> {
        match self {
            Self::Matrix(node) => Some(&node.selector),
            Self::Vector(node) => Some(node),
            Self::Aggregate(_)
            | Self::Binary(_)
            | Self::Call(_)
            | Self::Number(_)
            | Self::Paren(_)
            | Self::String(_)
            | Self::Subquery(_)
            | Self::Unary(_) => None,
        }
    }
}

impl VectorSelector {
    /// The one metric that it selects from, if its name is given: before the braces, quoted inside them, or
    /// as a condition on `__name__`.
    #[must_use]
    pub fn metric_name(&self) -> Option<&str> {
        let is_name = |matcher: &&SelectorMatcher| {
            &**matcher.matcher.name() == METRIC_NAME && matcher.matcher.op() == MatchOp::Equal
        };
        let name = self.matchers.iter().find(is_name)?;
        Some(&**name.matcher.value()).filter(|name| !name.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use crate::promql::ast::Expr;
    use crate::promql::parser::{Features, parse};

    fn parsed(text: &str) -> Expr {
        parse(text, Features::ALL).expect(text)
    }

    #[test]
    fn a_walk_sees_every_node_with_what_is_around_it() {
        let expr = parsed("topk(scalar(limit), -rate(orders[5m])) > bool (max_over_time(stock[1h:]) + 1)");
        let mut seen = Vec::new();
        let all: ControlFlow<()> = expr.walk(|node, around| {
            seen.push((node.to_string(), around.len()));
            ControlFlow::Continue(())
        });
        assert!(all.is_continue());
        let depths: Vec<(&str, usize)> = seen.iter().map(|(text, depth)| (text.as_str(), *depth)).collect();
        assert_eq!(
            depths[1..],
            [
                ("topk(scalar(limit), -rate(orders[5m]))", 1),
                ("scalar(limit)", 2),
                ("limit", 3),
                ("-rate(orders[5m])", 2),
                ("rate(orders[5m])", 3),
                ("orders[5m]", 4),
                ("(max_over_time(stock[1h:]) + 1)", 1),
                ("max_over_time(stock[1h:]) + 1", 2),
                ("max_over_time(stock[1h:])", 3),
                ("stock[1h:]", 4),
                ("stock", 5),
                ("1", 3),
            ]
        );
        let found = expr.walk(|node, _| match node {
            Expr::Subquery(subquery) => ControlFlow::Break(subquery.span),
            _ => ControlFlow::Continue(()),
        });
        assert!(matches!(found, ControlFlow::Break(span) if span.end - span.start == "stock[1h:]".len()));
        let names: Vec<Option<&str>> =
            expr.selectors().iter().map(|selector| selector.metric_name()).collect();
        assert_eq!(names, [Some("limit"), Some("orders"), Some("stock")]);
    }

    #[test]
    fn the_name_of_a_metric_is_found_wherever_it_is_written() {
        for (text, name) in [
            ("orders", Some("orders")),
            ("orders{shop=\"a\"}", Some("orders")),
            ("{\"order.count\"}", Some("order.count")),
            ("{__name__=\"orders\"}", Some("orders")),
            ("{__name__=~\"orders\"}", None),
            ("{shop=\"a\",__name__=\"\"}", None),
        ] {
            let expr = parsed(text);
            assert_eq!(expr.selector().expect("a selector").metric_name(), name, "{text}");
        }
    }
}
