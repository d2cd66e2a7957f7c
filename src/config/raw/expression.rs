//! Expressions of rules: parsed as they are read, with every error at its place in the file.

use std::sync::Arc;

use super::Reader;
use crate::config::expressions::Expressions;
use crate::config::problem::Severity;
use crate::config::yaml::{Node, SpannedText};
use crate::model::Str;
use crate::promql::ast::Expr;
use crate::promql::parser::{ParseErrors, parse};

/// An expression that can be used.
pub(super) struct ReadExpression {
    /// What the data source is asked.
    pub(super) text: Str,
    /// None if expressions are taken as they are written.
    pub(super) parsed: Option<Arc<Expr>>,
}

impl Reader<'_> {
    /// The expression `text` of `node`; what is wrong with it is reported.
    pub(super) fn expression(
        &mut self,
        node: &Node,
        text: &Str,
        expressions: Expressions,
    ) -> Option<ReadExpression> {
        let features = match expressions {
            Expressions::Promql(features) => features,
            Expressions::AsWritten => return Some(ReadExpression { text: Str::clone(text), parsed: None }),
        };
        match parse(text, features) {
            Ok(expr) => Some(ReadExpression { text: expr.to_string().into(), parsed: Some(Arc::new(expr)) }),
            Err(errors) => {
                self.bad_expression(node, &errors);
                None
            }
        }
    }

    /// Reports the first error, as Prometheus does: those behind it often follow from it.
    fn bad_expression(&mut self, node: &Node, errors: &ParseErrors) {
        let Some(first) = errors.0.first() else { return };
        let place = SpannedText::of(node).place(self.text, &(first.span.start..first.span.end));
        let message = format!("could not parse expression: {first}");
        let help = first.kind.feature().map(|feature| {
            let name = feature.name();
            format!(
                "it is experimental: `--enable-feature {name}` accepts it; the data source needs that too"
            )
        });
        let help = help.or_else(|| first.help().map(str::to_owned));
        self.report(Severity::Error, "bad-expr", &place, message, help);
    }
}
