//! Operators, signs and what they bind.

use super::{Parsed, Parser, Tall, Unwind};
use crate::promql::ast::{Binary, BinaryOp, Expr, Sign, Unary};
use crate::promql::lexer::token::{Keyword, Token, TokenKind};
use crate::promql::parser::ParseErrorKind;
use crate::promql::span::Span;

impl Parser<'_> {
    /// An expression of operators that bind at least as tightly as `least`.
    pub(super) fn expression(&mut self, least: u8) -> Parsed<Tall> {
        self.nested(|parser| {
            let left = parser.operand()?;
            parser.continued(left, least)
        })
    }

    /// What goes on behind `left`: operators, ranges and modifiers.
    pub(super) fn continued(&mut self, mut left: Tall, least: u8) -> Parsed<Tall> {
        loop {
            left = match self.peek() {
                TokenKind::Operator(op) if op.precedence() >= least => self.binary(left, op)?,
                TokenKind::LeftBracket => self.range(left)?,
                TokenKind::At => self.at_modifier(left)?,
                TokenKind::Keyword(Keyword::Offset) => self.offset_modifier(left)?,
                TokenKind::Keyword(Keyword::Anchored | Keyword::Smoothed) => self.extension(left),
                _ => return Ok(left),
            };
        }
    }

    /// An expression up to a closing parenthesis, after an error also behind what does not fit.
    pub(super) fn until_right_paren(&mut self) -> Parsed<(Tall, Token)> {
        let mut expr = self.expression(0)?;
        loop {
            if let Some(closing) = self.take_if(TokenKind::RightParen) {
                return Ok((expr, closing));
            }
            self.misfit()?;
            expr = self.continued(expr, 0)?;
        }
    }

    fn binary(&mut self, left: Tall, op: BinaryOp) -> Parsed<Tall> {
        let op_span = self.take().span;
        let modifiers = self.binary_modifiers()?;
        let right =
            self.expression(if op == BinaryOp::Pow { op.precedence() } else { op.precedence() + 1 })?;
        let height = self.above(left.height.max(right.height))?;
        let matching = modifiers.matching;
        let fills = matching.fill_left.is_some() || matching.fill_right.is_some();
        if fills && !self.features.fill_modifiers {
            self.error(left.node.span().to(right.node.span()), ParseErrorKind::FillNotEnabled);
        }
        let binary = Binary {
            op,
            left: left.node,
            right: right.node,
            return_bool: modifiers.return_bool,
            matching: Some(*matching),
            op_span,
        };
        Ok(Tall { node: Box::new(Expr::Binary(binary)), height })
    }

    /// A sign binds less than `^` and as much as `*`. Before a number it becomes part of it.
    pub(super) fn signed(&mut self) -> Parsed<Tall> {
        let (sign, at) = self.sign();
        let mut operand = self.expression(BinaryOp::Pow.precedence())?;
        if let Expr::Number(number) = &mut *operand.node {
            if sign == Sign::Minus {
                number.value = -number.value;
            }
            number.span.start = at.start;
            return Ok(operand);
        }
        let span = at.to(operand.node.span());
        let height = self.above(operand.height)?;
        Ok(Tall { node: Box::new(Expr::Unary(Unary { sign, operand: operand.node, span })), height })
    }

    /// The sign that is next.
    pub(super) fn sign(&mut self) -> (Sign, Span) {
        let token = self.take();
        let minus = token.kind == TokenKind::Operator(BinaryOp::Sub);
        (if minus { Sign::Minus } else { Sign::Plus }, token.span)
    }

    /// The innermost part of an expression, without what follows it.
    fn operand(&mut self) -> Parsed<Tall> {
        loop {
            match self.peek() {
                TokenKind::Operator(BinaryOp::Add | BinaryOp::Sub) => return self.signed(),
                TokenKind::LeftParen => return self.paren(),
                TokenKind::Number | TokenKind::Duration => {
                    let number = self.number_literal();
                    return Ok(leaf(Expr::Number(number)));
                }
                TokenKind::String => return Ok(leaf(self.string_literal())),
                TokenKind::LeftBrace => return self.selector(None),
                kind if is_metric_name(kind) => return self.named(),
                _ => self.misfit()?,
            }
        }
    }

    /// What begins with a word: a call, an aggregation or a selector.
    fn named(&mut self) -> Parsed<Tall> {
        let name = self.take();
        let next = self.peek();
        match name.kind {
            TokenKind::Aggregate(op)
                if matches!(
                    next,
                    TokenKind::LeftParen | TokenKind::Keyword(Keyword::By | Keyword::Without)
                ) =>
            {
                self.aggregate(op, name.span)
            }
            TokenKind::Identifier | TokenKind::Nullary(_) if next == TokenKind::LeftParen => self.call(name),
            _ => self.selector(Some(name)),
        }
    }

    fn selector(&mut self, name: Option<Token>) -> Parsed<Tall> {
        let selector = self.selector_behind(name)?;
        Ok(leaf(Expr::Vector(selector)))
    }
}

/// Whether an expression may begin with the token.
pub(super) fn begins_expression(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Operator(BinaryOp::Add | BinaryOp::Sub)
            | TokenKind::LeftParen
            | TokenKind::LeftBrace
            | TokenKind::Number
            | TokenKind::Duration
            | TokenKind::String
    ) || is_metric_name(kind)
}

/// Whether a metric may have the token as its name, before braces.
pub(super) fn is_metric_name(kind: TokenKind) -> bool {
    match kind {
        TokenKind::Identifier
        | TokenKind::MetricIdentifier
        | TokenKind::Aggregate(_)
        | TokenKind::Nullary(_)
        | TokenKind::Operator(BinaryOp::And | BinaryOp::Or | BinaryOp::Unless) => true,
        TokenKind::Keyword(word) => !matches!(
            word,
            Keyword::Bool | Keyword::GroupLeft | Keyword::GroupRight | Keyword::Ignoring | Keyword::On
        ),
        _ => false,
    }
}

pub(super) fn leaf(expr: Expr) -> Tall {
    Tall { node: Box::new(expr), height: 1 }
}

/// Runs the words of a construct after an error inside it; an error that ends everything goes on up.
pub(super) fn recovered<T>(parsed: Parsed<T>) -> Parsed<Option<T>> {
    match parsed {
        Ok(value) => Ok(Some(value)),
        Err(Unwind::Recover) => Ok(None),
        Err(Unwind::Abort) => Err(Unwind::Abort),
    }
}
