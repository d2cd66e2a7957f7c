//! Literals, parentheses and calls.

use super::expression::begins_expression;
use super::literal::Unquoted;
use super::{ParseErrorKind, Parsed, Parser, Tall, literal};
use crate::promql::ast::{Call, Expr, NumberLiteral, Paren, StringLiteral};
use crate::promql::lexer::token::{Token, TokenKind};
use crate::promql::signature::Function;

impl Parser<'_> {
    /// The number or duration that is next.
    pub(super) fn number_literal(&mut self) -> NumberLiteral {
        let token = self.take();
        let duration = token.kind == TokenKind::Duration;
        let text = self.text_of(token);
        let value = if duration { literal::duration(text) } else { literal::number(text) };
        let value = value.unwrap_or_else(|kind| {
            let stand_in = if matches!(kind, ParseErrorKind::Number { too_large: true, .. }) {
                f64::INFINITY
            } else {
                0.0
            };
            self.error(token.span, kind);
            stand_in
        });
        NumberLiteral { value, duration, span: token.span }
    }

    /// The quoted text that is next.
    pub(super) fn string_literal(&mut self) -> Expr {
        let token = self.take();
        let Unquoted { text, raw } = literal::unquote(self.text_of(token));
        Expr::String(StringLiteral { value: text.into(), raw, span: token.span })
    }

    pub(super) fn paren(&mut self) -> Parsed<Tall> {
        let opening = self.take();
        let (inner, closing) = self.until_right_paren()?;
        let height = self.above(inner.height)?;
        let paren = Paren { inner: inner.node, span: opening.span.to(closing.span) };
        Ok(Tall { node: Box::new(Expr::Paren(paren)), height })
    }

    pub(super) fn call(&mut self, name: Token) -> Parsed<Tall> {
        let (args, closing) = self.arguments()?;
        let height = self.above(args.height)?;
        let text = self.text_of(name);
        let function = Function::named(text).unwrap_or_else(|| {
            self.error(name.span, ParseErrorKind::UnknownFunction(text.to_owned()));
            // Stands in for the one that is not known; the expression is refused.
            Function::Abs
        });
        if function.signature().experimental && !self.features.experimental_functions {
            self.error(name.span, ParseErrorKind::FunctionNotEnabled(text.to_owned()));
        }
        let call = Call { function, args: args.node, span: name.span.to(closing.span), name_span: name.span };
        Ok(Tall { node: Box::new(Expr::Call(call)), height })
    }

    /// Arguments in parentheses and the closing one.
    pub(super) fn arguments(&mut self) -> Parsed<(Tall<Vec<Expr>>, Token)> {
        self.expect(TokenKind::LeftParen)?;
        let mut args = Tall { node: Vec::new(), height: 0 };
        loop {
            if let Some(closing) = self.take_if(TokenKind::RightParen) {
                return Ok((args, closing));
            }
            if begins_expression(self.peek()) {
                break;
            }
            self.misfit()?;
        }
        self.argument(&mut args)?;
        loop {
            if let Some(closing) = self.take_if(TokenKind::RightParen) {
                return Ok((args, closing));
            }
            match self.take_if(TokenKind::Comma) {
                Some(_) if begins_expression(self.peek()) => self.argument(&mut args)?,
                Some(comma) => self.error(comma.span, ParseErrorKind::TrailingComma),
                None => self.misfit()?,
            }
        }
    }

    fn argument(&mut self, args: &mut Tall<Vec<Expr>>) -> Parsed<()> {
        let argument = self.expression(0)?;
        args.height = args.height.max(argument.height);
        args.node.push(*argument.node);
        Ok(())
    }
}
