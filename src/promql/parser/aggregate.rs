//! Aggregations and their groupings.

use super::expression::recovered;
use super::{Construct, ParseErrorKind, Parsed, Parser, Tall};
use crate::promql::ast::{Aggregate, AggregateOp, Expr, Grouping, NumberLiteral};
use crate::promql::lexer::token::{Keyword, TokenKind};
use crate::promql::span::Span;

/// What stands behind the operator.
struct Rest {
    grouping: Grouping,
    args: Tall<Vec<Expr>>,
    end: Span,
}

impl Parser<'_> {
    /// An aggregation behind its operator.
    pub(super) fn aggregate(&mut self, op: AggregateOp, start: Span) -> Parsed<Tall> {
        let rest = self.aggregate_rest();
        let Some(rest) = recovered(rest)? else {
            self.unexpected(Construct::Aggregation, "");
            let args = Tall { node: Vec::new(), height: 0 };
            return self.new_aggregate(op, start, Rest { grouping: no_grouping(), args, end: start });
        };
        self.new_aggregate(op, start, rest)
    }

    fn aggregate_rest(&mut self) -> Parsed<Rest> {
        if let Some(grouping) = self.aggregate_modifier()? {
            let (args, closing) = self.arguments()?;
            return Ok(Rest { grouping, args, end: closing.span });
        }
        let (args, closing) = self.arguments()?;
        match self.aggregate_modifier()? {
            Some(grouping) => {
                let end = self.taken.span;
                Ok(Rest { grouping, args, end })
            }
            None => Ok(Rest { grouping: no_grouping(), args, end: closing.span }),
        }
    }

    fn aggregate_modifier(&mut self) -> Parsed<Option<Grouping>> {
        let without = match self.peek() {
            TokenKind::Keyword(Keyword::By) => false,
            TokenKind::Keyword(Keyword::Without) => true,
            _ => return Ok(None),
        };
        self.take();
        let labels = self.grouping_labels()?;
        Ok(Some(Grouping { without, labels }))
    }

    fn new_aggregate(&mut self, op: AggregateOp, start: Span, rest: Rest) -> Parsed<Tall> {
        let span = start.to(rest.end);
        let height = self.above(rest.args.height)?;
        let mut args = rest.args.node.into_iter();
        let expected = if op.parameter().is_some() { 2 } else { 1 };
        if let Some(kind) = self.aggregate_mistake(op, expected, args.len()) {
            self.error(span, kind);
        }
        let param = op.parameter().and_then(|_| args.next()).map(Box::new);
        // Stands in for what is missing; the expression is refused.
        let missing = || Expr::Number(NumberLiteral { value: 0.0, duration: false, span });
        let operand = Box::new(args.next().unwrap_or_else(missing));
        let aggregate = Aggregate { op, operand, param, grouping: rest.grouping, span };
        Ok(Tall { node: Box::new(Expr::Aggregate(aggregate)), height })
    }

    fn aggregate_mistake(&self, op: AggregateOp, expected: usize, got: usize) -> Option<ParseErrorKind> {
        if got == 0 {
            return Some(ParseErrorKind::NoAggregateArguments);
        }
        if op.is_experimental() && !self.features.experimental_functions {
            return Some(ParseErrorKind::AggregationNotEnabled(op));
        }
        (got != expected).then_some(ParseErrorKind::AggregateArguments { expected, got })
    }
}

fn no_grouping() -> Grouping {
    Grouping { without: false, labels: Vec::new() }
}
