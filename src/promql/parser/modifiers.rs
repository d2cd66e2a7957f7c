//! What stands between an operator and its right operand: `bool`, `on`, `group_left`, `fill`; and lists of
//! labels.

use std::sync::Arc;

use super::expression::{begins_expression, recovered};
use super::literal::Unquoted;
use super::{Construct, ParseErrorKind, Parsed, Parser, literal};
use crate::model::quote::GoQuotedBytes;
use crate::promql::ast::{BinaryOp, Cardinality, Matching, Sign};
use crate::promql::lexer::token::{Keyword, TokenKind};
use crate::promql::span::Span;

/// The modifiers of a binary operator.
pub(super) struct BinaryModifiers {
    pub(super) return_bool: bool,
    pub(super) matching: Box<Matching>,
}

impl Parser<'_> {
    pub(super) fn binary_modifiers(&mut self) -> Parsed<BinaryModifiers> {
        let return_bool = self.take_if(TokenKind::Keyword(Keyword::Bool)).is_some();
        let mut matching = Box::new(Matching {
            cardinality: Cardinality::OneToOne,
            on: false,
            labels: Vec::new(),
            include: Vec::new(),
            fill_left: None,
            fill_right: None,
        });
        if let TokenKind::Keyword(word @ (Keyword::On | Keyword::Ignoring)) = self.peek() {
            self.take();
            matching.on = word == Keyword::On;
            matching.labels = self.grouping_labels()?;
            if let TokenKind::Keyword(word @ (Keyword::GroupLeft | Keyword::GroupRight)) = self.peek() {
                self.take();
                let left = word == Keyword::GroupLeft;
                matching.cardinality = if left { Cardinality::ManyToOne } else { Cardinality::OneToMany };
                matching.include = self.included_labels()?;
            }
        }
        self.fills(&mut matching)?;
        Ok(BinaryModifiers { return_bool, matching })
    }

    /// The labels behind `group_left`, which may be absent.
    fn included_labels(&mut self) -> Parsed<Vec<Arc<str>>> {
        let next = self.peek();
        if next != TokenKind::LeftParen && begins_expression(next) {
            return Ok(Vec::new());
        }
        self.grouping_labels()
    }

    fn fills(&mut self, matching: &mut Matching) -> Parsed<()> {
        let TokenKind::Keyword(first @ (Keyword::Fill | Keyword::FillLeft | Keyword::FillRight)) =
            self.peek()
        else {
            return Ok(());
        };
        self.take();
        let value = Some(self.fill_value()?);
        let other = match first {
            Keyword::FillLeft => Keyword::FillRight,
            Keyword::FillRight => Keyword::FillLeft,
            _ => {
                (matching.fill_left, matching.fill_right) = (value, value);
                return Ok(());
            }
        };
        let second = match self.take_if(TokenKind::Keyword(other)) {
            Some(_) => Some(self.fill_value()?),
            None => None,
        };
        let left_first = first == Keyword::FillLeft;
        (matching.fill_left, matching.fill_right) =
            if left_first { (value, second) } else { (second, value) };
        Ok(())
    }

    fn fill_value(&mut self) -> Parsed<f64> {
        self.expect(TokenKind::LeftParen)?;
        let mut sign = None;
        let number = loop {
            match self.peek() {
                TokenKind::Number | TokenKind::Duration => break self.number_literal(),
                TokenKind::Operator(BinaryOp::Add | BinaryOp::Sub) if sign.is_none() => {
                    sign = Some(self.sign().0);
                }
                _ => self.misfit()?,
            }
        };
        self.expect(TokenKind::RightParen)?;
        Ok(if sign == Some(Sign::Minus) { -number.value } else { number.value })
    }

    /// Labels in parentheses, behind `by`, `on` and the like.
    pub(super) fn grouping_labels(&mut self) -> Parsed<Vec<Arc<str>>> {
        loop {
            if self.take_if(TokenKind::LeftParen).is_some() {
                break;
            }
            if recovered(self.misfit())?.is_none() {
                self.unexpected(Construct::Grouping, "\"(\"");
                return Ok(Vec::new());
            }
        }
        let mut labels = Vec::new();
        loop {
            if self.take_if(TokenKind::RightParen).is_some() {
                return Ok(labels);
            }
            if let Some(label) = self.grouping_label()? {
                labels.push(label);
                self.behind_grouping_label()?;
                if self.take_if(TokenKind::RightParen).is_some() {
                    return Ok(labels);
                }
                self.take();
            }
        }
    }

    /// A label; none if what is next was passed over.
    fn grouping_label(&mut self) -> Parsed<Option<Arc<str>>> {
        let kind = self.peek();
        let (label, span): (Unquoted<'_>, Span) = if kind == TokenKind::String {
            let token = self.take();
            (literal::unquote(self.text_of(token)), token.span)
        } else if is_label_name(kind) {
            let token = self.take();
            (self.text_of(token).into(), token.span)
        } else if recovered(self.misfit())?.is_none() {
            self.unexpected(Construct::Grouping, "label");
            return Ok(Some("".into()));
        } else {
            return Ok(None);
        };
        if label.text.is_empty() || label.raw.is_some() {
            let bytes = label.raw.as_deref().unwrap_or_default();
            self.error(span, ParseErrorKind::GroupingLabel { quoted: GoQuotedBytes(bytes).to_string() });
            return Ok(Some("".into()));
        }
        Ok(Some(label.text.into()))
    }

    /// Goes up to the comma or parenthesis behind a label.
    fn behind_grouping_label(&mut self) -> Parsed<()> {
        while !matches!(self.peek(), TokenKind::Comma | TokenKind::RightParen) {
            if recovered(self.misfit())?.is_none() {
                self.unexpected(Construct::Grouping, "\",\" or \")\"");
            }
        }
        Ok(())
    }
}

/// Whether a label in a list may have the token as its name: every word but `without`, as in Prometheus.
pub(in crate::promql) fn is_label_name(kind: TokenKind) -> bool {
    match kind {
        TokenKind::Identifier
        | TokenKind::MetricIdentifier
        | TokenKind::Aggregate(_)
        | TokenKind::Nullary(_)
        | TokenKind::Operator(BinaryOp::And | BinaryOp::Or | BinaryOp::Unless | BinaryOp::Atan2) => true,
        TokenKind::Keyword(word) => word != Keyword::Without,
        _ => false,
    }
}
