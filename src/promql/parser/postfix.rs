//! What follows an expression: ranges, `offset`, `@`, `anchored`, `smoothed`.

use super::expression::recovered;
use super::{Construct, ParseErrorKind, Parsed, Parser, Tall};
use crate::promql::ast::{
    At, AtTime, BinaryOp, Expr, Extension, Length, MatrixSelector, NumberLiteral, Offset, Sign, Subquery,
    VectorSelector,
};
use crate::promql::lexer::token::{Keyword, Nullary, TokenKind};
use crate::promql::span::Span;

/// What a range in brackets turned out to be.
enum Range {
    Matrix {
        range: Tall<Length>,
        span: Span,
    },
    Subquery {
        range: Tall<Length>,
        step: Option<Tall<Length>>,
        end: Span,
    },
    /// Nothing that can be used; the error is told.
    Broken,
}

/// The modifiers of a selector or subquery that can be set behind it, and where it ends.
struct Modifiers<'a> {
    offset: &'a mut Option<Offset>,
    at: &'a mut Option<At>,
    span: &'a mut Span,
}

impl Parser<'_> {
    /// A range behind `left`.
    pub(super) fn range(&mut self, left: Tall) -> Parsed<Tall> {
        let start = left.node.span();
        match self.brackets()? {
            Range::Broken => Ok(left),
            Range::Subquery { range, step, end } => {
                let step_height = step.as_ref().map_or(0, |step| step.height);
                let height = self.above(left.height.max(range.height).max(step_height))?;
                let subquery = Subquery {
                    inner: left.node,
                    range: range.node,
                    step: step.map(|step| step.node),
                    offset: None,
                    at: None,
                    span: start.to(end),
                };
                Ok(Tall { node: Box::new(Expr::Subquery(subquery)), height })
            }
            Range::Matrix { range, span } => {
                let height = self.above(left.height.max(range.height))?;
                let selector = self.ranged_selector(*left.node, span);
                let matrix = MatrixSelector { selector, range: range.node, span: start.to(span) };
                Ok(Tall { node: Box::new(Expr::Matrix(matrix)), height })
            }
        }
    }

    fn ranged_selector(&mut self, expr: Expr, brackets: Span) -> VectorSelector {
        let span = expr.span();
        if let Expr::Vector(selector) = expr {
            if selector.offset.is_some() {
                self.error(brackets, ParseErrorKind::OffsetBeforeRange);
            } else if selector.at.is_some() {
                self.error(brackets, ParseErrorKind::AtBeforeRange);
            }
            return selector;
        }
        self.error(brackets, ParseErrorKind::RangeNotOnSelector);
        self.broken_ranges.insert(brackets.end);
        // Stands in for what is no selector; the expression is refused.
        VectorSelector { name: None, matchers: Vec::new(), offset: None, at: None, extension: None, span }
    }

    fn brackets(&mut self) -> Parsed<Range> {
        let opening = self.take();
        let Some(range) = recovered(self.positive_length())? else {
            self.unexpected(Construct::Brackets, "number, duration, step(), or range()");
            return Ok(Range::Broken);
        };
        loop {
            if let Some(closing) = self.take_if(TokenKind::RightBracket) {
                return Ok(Range::Matrix { range, span: opening.span.to(closing.span) });
            }
            if self.take_if(TokenKind::Colon).is_some() {
                return self.subquery_step(range);
            }
            if recovered(self.misfit())?.is_none() {
                self.unexpected(Construct::Range, "\":\" or \"]\"");
                return Ok(Range::Broken);
            }
        }
    }

    /// What follows the colon.
    fn subquery_step(&mut self, range: Tall<Length>) -> Parsed<Range> {
        if let Some(closing) = self.take_if(TokenKind::RightBracket) {
            return Ok(Range::Subquery { range, step: None, end: closing.span });
        }
        let Some(step) = recovered(self.positive_length())? else {
            self.unexpected(Construct::Step, "number, duration, step(), range(), or \"]\"");
            return Ok(Range::Broken);
        };
        match recovered(self.expect(TokenKind::RightBracket))? {
            Some(closing) => Ok(Range::Subquery { range, step: Some(step), end: closing.span }),
            None => {
                self.unexpected(Construct::Step, "\"]\"");
                Ok(Range::Broken)
            }
        }
    }

    /// `offset` behind `left`.
    pub(super) fn offset_modifier(&mut self, mut left: Tall) -> Parsed<Tall> {
        self.take();
        let Some(length) = recovered(self.offset_length())? else {
            self.unexpected(Construct::Offset, "number, duration, step(), or range()");
            return Ok(left);
        };
        let span = left.node.span();
        left.height = left.height.max(self.above(length.height)?);
        let end = self.taken.span.end;
        let broken = self.is_broken_range(&left.node);
        let mistake = match modifiers(&mut left.node) {
            Some(_) if broken => Some(ParseErrorKind::RangeNotOnSelector),
            None => Some(ParseErrorKind::OffsetNotOnSelector),
            Some(node) => {
                node.span.end = end;
                let twice = node.offset.is_some();
                // An offset of nothing is no offset.
                if !twice && length.node.length != Length::Fixed(0) {
                    *node.offset = Some(length.node);
                }
                twice.then_some(ParseErrorKind::OffsetTwice)
            }
        };
        if let Some(mistake) = mistake {
            self.error(span, mistake);
        }
        Ok(left)
    }

    /// `@` behind `left`.
    pub(super) fn at_modifier(&mut self, mut left: Tall) -> Parsed<Tall> {
        self.take();
        let span = left.node.span();
        let Some(at) = recovered(self.at_time(span))? else {
            self.unexpected(Construct::At, "timestamp");
            return Ok(left);
        };
        let broken = self.is_broken_range(&left.node);
        let mistake = match modifiers(&mut left.node) {
            Some(_) if broken => Some(ParseErrorKind::RangeNotOnSelector),
            None => Some(ParseErrorKind::AtNotOnSelector),
            Some(node) if node.at.is_some() => Some(ParseErrorKind::AtTwice),
            Some(node) => {
                node.span.end = at.span.end;
                *node.at = Some(at);
                None
            }
        };
        if let Some(mistake) = mistake {
            self.error(span, mistake);
        }
        Ok(left)
    }

    /// A time behind `@`; `left` is what it is for.
    fn at_time(&mut self, left: Span) -> Parsed<At> {
        let mut sign = None;
        loop {
            match self.peek() {
                TokenKind::Number | TokenKind::Duration => {
                    let number = self.number_literal();
                    return Ok(self.fixed_time(sign, &number, left));
                }
                TokenKind::Operator(BinaryOp::Add | BinaryOp::Sub) if sign.is_none() => {
                    sign = Some(self.sign());
                }
                TokenKind::Nullary(word @ (Nullary::Start | Nullary::End)) if sign.is_none() => {
                    let start = self.take().span;
                    self.expect(TokenKind::LeftParen)?;
                    let closing = self.expect(TokenKind::RightParen)?;
                    let time = if word == Nullary::Start { AtTime::Start } else { AtTime::End };
                    return Ok(At { time, span: start.to(closing.span) });
                }
                _ => self.misfit()?,
            }
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "saturates, as it should"
    )]
    fn fixed_time(&mut self, sign: Option<(Sign, Span)>, number: &NumberLiteral, left: Span) -> At {
        let seconds = match sign {
            Some((Sign::Minus, _)) => -number.value,
            Some((Sign::Plus, _)) | None => number.value,
        };
        // Not a number is out of bounds, too.
        if !(seconds < i64::MAX as f64 && seconds > i64::MIN as f64) {
            self.error(left, ParseErrorKind::AtOutOfBounds(seconds));
        }
        let span = sign.map_or(number.span, |(_, start)| start.to(number.span));
        At { time: AtTime::Fixed((seconds * 1000.0).round() as i64), span }
    }

    /// `anchored` or `smoothed` behind `left`.
    pub(super) fn extension(&mut self, mut left: Tall) -> Tall {
        let smoothed = self.take().kind == TokenKind::Keyword(Keyword::Smoothed);
        let extension = if smoothed { Extension::Smoothed } else { Extension::Anchored };
        let span = left.node.span();
        let broken = self.is_broken_range(&left.node);
        let mistake = match &mut *left.node {
            _ if !self.features.extended_range_selectors => {
                Some(ParseErrorKind::ExtensionNotEnabled(extension))
            }
            Expr::Matrix(_) if broken => None,
            Expr::Vector(selector) | Expr::Matrix(MatrixSelector { selector, .. }) => {
                let other = selector.extension.replace(extension).is_some_and(|other| other != extension);
                other.then_some(ParseErrorKind::BothExtensions)
            }
            Expr::Subquery(_) => Some(ParseErrorKind::ExtensionOnSubquery(extension)),
            Expr::Aggregate(_)
            | Expr::Binary(_)
            | Expr::Call(_)
            | Expr::Number(_)
            | Expr::Paren(_)
            | Expr::String(_)
            | Expr::Unary(_) => Some(ParseErrorKind::ExtensionNotImplemented(extension)),
        };
        if let Some(mistake) = mistake {
            self.error(span, mistake);
        }
        left
    }

    fn is_broken_range(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Matrix(matrix) if self.broken_ranges.contains(&matrix.span.end))
    }
}

fn modifiers(expr: &mut Expr) -> Option<Modifiers<'_>> {
    match expr {
        Expr::Vector(node) => {
            Some(Modifiers { offset: &mut node.offset, at: &mut node.at, span: &mut node.span })
        }
        Expr::Matrix(node) => Some(Modifiers {
            offset: &mut node.selector.offset,
            at: &mut node.selector.at,
            span: &mut node.span,
        }),
        Expr::Subquery(node) => {
            Some(Modifiers { offset: &mut node.offset, at: &mut node.at, span: &mut node.span })
        }
        Expr::Aggregate(_)
        | Expr::Binary(_)
        | Expr::Call(_)
        | Expr::Number(_)
        | Expr::Paren(_)
        | Expr::String(_)
        | Expr::Unary(_) => None,
    }
}
