//! Walks over the nodes of an expression.

use std::ops::ControlFlow;

use super::ast::{Expr, VectorSelector};

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

    /// Calls `visit` with this expression and all inside it, outer ones first, each with the expressions around
    /// it, the outermost first. Stops when `visit` breaks.
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
