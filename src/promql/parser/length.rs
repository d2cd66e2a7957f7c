//! Lengths of time in ranges and offsets: numbers, durations, and arithmetic with them.

use super::{ParseErrorKind, Parsed, Parser, Tall};
use crate::promql::ast::{BinaryOp, DurationExpr, DurationKind, Length, NumberLiteral, Offset, Sign};
use crate::promql::lexer::token::{Nullary, Token, TokenKind};
use crate::promql::span::Span;

/// Seconds that 63 bits of nanoseconds can hold.
const MAX_SECONDS: f64 = 9_223_372_036.854_776;

impl Parser<'_> {
    /// The length of a range or step, which must be more than nothing if it is just a number.
    pub(super) fn positive_length(&mut self) -> Parsed<Tall<Length>> {
        let mut expr = self.duration_expr(0)?;
        if let DurationKind::Number(number) = &mut expr.node.kind
            && number.value <= 0.0
        {
            number.value = 0.0;
            self.error(expr.node.span, ParseErrorKind::DurationNotPositive);
        }
        Ok(Tall { node: length(expr.node), height: expr.height })
    }

    /// The length of an offset. Arithmetic needs parentheses: `x offset 5m + 3` adds 3 to `x offset 5m`.
    pub(super) fn offset_length(&mut self) -> Parsed<Tall<Offset>> {
        let sign = match self.peek() {
            TokenKind::Operator(BinaryOp::Add | BinaryOp::Sub) => Some(self.sign()),
            _ => None,
        };
        let expr = loop {
            match (self.peek(), sign) {
                (TokenKind::Number | TokenKind::Duration, Some(sign)) => {
                    let number = self.number_literal();
                    return Ok(offset(self.signed_number(sign, number)));
                }
                (TokenKind::Number | TokenKind::Duration | TokenKind::Nullary(_), _)
                | (TokenKind::LeftParen, Some(_)) => break self.duration_operand()?,
                (TokenKind::LeftParen, None) => break self.duration_expr(0)?,
                (TokenKind::Operator(BinaryOp::Add | BinaryOp::Sub), Some(outer)) => {
                    // Behind two signs Prometheus reads on.
                    let inner = self.duration_signed()?;
                    let signed = self.with_sign(outer, inner)?;
                    let whole = self.duration_continued(signed, 0)?;
                    return Ok(offset(whole));
                }
                _ => self.misfit()?,
            }
        };
        match sign {
            // The plus ends the offset: without it what follows the parentheses would be read on.
            Some((Sign::Plus, at)) if matches!(expr.node.kind, DurationKind::Paren(_)) => {
                let height = self.above(expr.height)?;
                let span = at.to(expr.node.span);
                let kind = DurationKind::Unary(Sign::Plus, Box::new(expr.node));
                Ok(offset(Tall { node: DurationExpr { kind, span }, height }))
            }
            Some(sign) => Ok(offset(self.with_sign(sign, expr)?)),
            None => Ok(offset(expr)),
        }
    }

    fn duration_expr(&mut self, least: u8) -> Parsed<Tall<DurationExpr>> {
        self.nested(|parser| {
            let left = parser.duration_operand()?;
            parser.duration_continued(left, least)
        })
    }

    fn duration_continued(&mut self, mut left: Tall<DurationExpr>, least: u8) -> Parsed<Tall<DurationExpr>> {
        while let TokenKind::Operator(op) = self.peek() {
            if !is_arithmetic(op) || op.precedence() < least {
                break;
            }
            let op_span = self.take().span;
            let next = if op == BinaryOp::Pow { op.precedence() } else { op.precedence() + 1 };
            let right = self.duration_expr(next)?;
            let by_zero = matches!(&right.node.kind, DurationKind::Number(number) if number.value == 0.0);
            left = match op {
                BinaryOp::Div if by_zero => self.nothing(op_span, ParseErrorKind::DivisionByZero),
                BinaryOp::Mod if by_zero => self.nothing(op_span, ParseErrorKind::ModuloByZero),
                _ => {
                    let height = self.above(left.height.max(right.height))?;
                    let span = left.node.span.to(right.node.span);
                    let kind = DurationKind::Binary(op, Box::new(left.node), Box::new(right.node));
                    Tall { node: DurationExpr { kind, span }, height }
                }
            };
        }
        Ok(left)
    }

    fn duration_operand(&mut self) -> Parsed<Tall<DurationExpr>> {
        loop {
            match self.peek() {
                TokenKind::Number | TokenKind::Duration => {
                    let number = self.number_literal();
                    let span = number.span;
                    return Ok(self.in_range(number, span));
                }
                TokenKind::Operator(BinaryOp::Add | BinaryOp::Sub) => return self.duration_signed(),
                TokenKind::Nullary(Nullary::Step | Nullary::Range | Nullary::MaxOf | Nullary::MinOf) => {
                    return self.duration_function();
                }
                TokenKind::LeftParen => return self.duration_paren(),
                _ => self.misfit()?,
            }
        }
    }

    fn duration_signed(&mut self) -> Parsed<Tall<DurationExpr>> {
        let sign = self.sign();
        let operand = self.duration_expr(BinaryOp::Pow.precedence())?;
        self.with_sign(sign, operand)
    }

    fn with_sign(
        &mut self,
        (sign, at): (Sign, Span),
        operand: Tall<DurationExpr>,
    ) -> Parsed<Tall<DurationExpr>> {
        let span = at.to(operand.node.span);
        match (operand.node.kind, sign) {
            (DurationKind::Number(number), sign) => Ok(self.signed_number((sign, at), number)),
            (kind, Sign::Plus) => {
                Ok(Tall { node: DurationExpr { kind, span: operand.node.span }, height: operand.height })
            }
            (kind, Sign::Minus) => {
                let height = self.above(operand.height)?;
                let operand = DurationExpr { kind, span: operand.node.span };
                let kind = DurationKind::Unary(Sign::Minus, Box::new(operand));
                Ok(Tall { node: DurationExpr { kind, span }, height })
            }
        }
    }

    fn signed_number(&mut self, (sign, at): (Sign, Span), mut number: NumberLiteral) -> Tall<DurationExpr> {
        if sign == Sign::Minus {
            number.value = -number.value;
        }
        number.span.start = at.start;
        self.in_range(number, at)
    }

    /// `step()`, `range()`, `min_of(…)`, `max_of(…)`.
    fn duration_function(&mut self) -> Parsed<Tall<DurationExpr>> {
        let name = self.take();
        self.expect(TokenKind::LeftParen)?;
        if let TokenKind::Nullary(Nullary::Step | Nullary::Range) = name.kind {
            let closing = self.expect(TokenKind::RightParen)?;
            let step = name.kind == TokenKind::Nullary(Nullary::Step);
            let kind = if step { DurationKind::Step } else { DurationKind::Range };
            let span = name.span.to(closing.span);
            return Ok(Tall { node: DurationExpr { kind, span }, height: 1 });
        }
        let (left, _) = self.duration_until(TokenKind::Comma)?;
        let (right, closing) = self.duration_until(TokenKind::RightParen)?;
        let height = self.above(left.height.max(right.height))?;
        let (left, right) = (Box::new(left.node), Box::new(right.node));
        let smaller = name.kind == TokenKind::Nullary(Nullary::MinOf);
        let kind = if smaller { DurationKind::MinOf(left, right) } else { DurationKind::MaxOf(left, right) };
        Ok(Tall { node: DurationExpr { kind, span: name.span.to(closing.span) }, height })
    }

    fn duration_paren(&mut self) -> Parsed<Tall<DurationExpr>> {
        let opening = self.take();
        let (inner, closing) = self.duration_until(TokenKind::RightParen)?;
        // Prometheus keeps one pair of parentheses of several.
        if matches!(inner.node.kind, DurationKind::Paren(_)) {
            return Ok(inner);
        }
        let height = self.above(inner.height)?;
        let span = opening.span.to(closing.span);
        Ok(Tall { node: DurationExpr { kind: DurationKind::Paren(Box::new(inner.node)), span }, height })
    }

    /// A length up to the token that ends it.
    fn duration_until(&mut self, end: TokenKind) -> Parsed<(Tall<DurationExpr>, Token)> {
        let mut expr = self.duration_expr(0)?;
        loop {
            if let Some(token) = self.take_if(end) {
                return Ok((expr, token));
            }
            self.misfit()?;
            expr = self.duration_continued(expr, 0)?;
        }
    }

    /// The number, if nanoseconds can hold it.
    fn in_range(&mut self, number: NumberLiteral, told_at: Span) -> Tall<DurationExpr> {
        if number.value > MAX_SECONDS || number.value < -MAX_SECONDS {
            return self.nothing(told_at, ParseErrorKind::DurationOutOfRange);
        }
        let span = number.span;
        Tall { node: DurationExpr { kind: DurationKind::Number(number), span }, height: 1 }
    }

    /// What stands for a length that cannot be computed: nothing, at no place, as in Prometheus.
    fn nothing(&mut self, told_at: Span, mistake: ParseErrorKind) -> Tall<DurationExpr> {
        self.error(told_at, mistake);
        let span = Span::default();
        let number = NumberLiteral { value: 0.0, duration: false, span };
        Tall { node: DurationExpr { kind: DurationKind::Number(number), span }, height: 1 }
    }
}

fn offset(expr: Tall<DurationExpr>) -> Tall<Offset> {
    let span = expr.node.span;
    Tall { node: Offset { length: length(expr.node), span }, height: expr.height }
}

/// A number is known now; Prometheus rounds it to nanoseconds and cuts that to milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "within 63 bits, as checked when it was read")]
fn length(expr: DurationExpr) -> Length {
    match expr.kind {
        DurationKind::Number(number) => Length::Fixed((number.value * 1e9).round() as i64 / 1_000_000),
        kind => Length::Computed(DurationExpr { kind, span: expr.span }),
    }
}

fn is_arithmetic(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod | BinaryOp::Pow
    )
}
