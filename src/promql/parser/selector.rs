//! Selectors and metrics: names and what stands in braces.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::expression::{is_metric_name, recovered};
use super::literal::Unquoted;
use super::{Construct, ParseErrorKind, Parsed, Parser, literal};
use crate::model::labels::METRIC_NAME;
use crate::model::regex::quote_meta;
use crate::model::{MatchOp, Matcher};
use crate::promql::ast::{BinaryOp, SelectorMatcher, VectorSelector};
use crate::promql::lexer::token::{Token, TokenKind};
use crate::promql::span::Span;

/// Name and value.
type Label<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The labels of a series.
#[derive(Default)]
pub(super) struct Metric<'a> {
    /// In their order; the name before the braces is the last one and counts most.
    pub(super) pairs: Vec<Label<'a>>,
    /// The first name that stands in the braces for the second time, with its place.
    pub(super) twice: Option<(Span, String)>,
}

impl<'a> Parser<'a> {
    /// A selector and nothing else.
    pub(super) fn vector_selector(&mut self) -> Parsed<VectorSelector> {
        loop {
            match self.peek() {
                TokenKind::LeftBrace => return self.selector_behind(None),
                kind if is_metric_name(kind) => {
                    let name = self.take();
                    return self.selector_behind(Some(name));
                }
                _ => self.misfit()?,
            }
        }
    }

    /// A selector behind its name, if it has one.
    pub(super) fn selector_behind(&mut self, name: Option<Token>) -> Parsed<VectorSelector> {
        let mut matchers = Vec::new();
        let mut span = name.map(|name| name.span);
        if self.peek() == TokenKind::LeftBrace {
            let braces = self.matchers(&mut matchers)?;
            span = Some(span.map_or(braces, |name| name.to(braces)));
        }
        let mut metric = None;
        if let Some(token) = name {
            let text: Arc<str> = self.text_of(token).into();
            matchers.push(SelectorMatcher::new(Matcher::equal(METRIC_NAME, Arc::clone(&text)), token.span));
            metric = Some(text);
        }
        let span = span.unwrap_or_default();
        Ok(VectorSelector { name: metric, matchers, offset: None, at: None, extension: None, span })
    }

    /// Matchers in braces.
    fn matchers(&mut self, matchers: &mut Vec<SelectorMatcher>) -> Parsed<Span> {
        let opening = self.take();
        loop {
            if let Some(closing) = self.take_if(TokenKind::RightBrace) {
                return Ok(opening.span.to(closing.span));
            }
            match self.peek() {
                TokenKind::Identifier | TokenKind::String => {
                    let matcher = self.label_matcher()?;
                    matchers.extend(matcher);
                }
                _ => match recovered(self.misfit())? {
                    Some(()) => continue,
                    None => self.unexpected(Construct::Matchers, "identifier or \"}\""),
                },
            }
            if let Some(closing) = self.behind_item(Construct::Matchers)? {
                return Ok(opening.span.to(closing.span));
            }
        }
    }

    /// Goes behind the comma after an item in braces; gives the closing brace instead if that is next.
    fn behind_item(&mut self, construct: Construct) -> Parsed<Option<Token>> {
        loop {
            match self.peek() {
                TokenKind::Comma => {
                    self.take();
                    return Ok(None);
                }
                TokenKind::RightBrace => return Ok(Some(self.take())),
                _ => {
                    if recovered(self.misfit())?.is_none() {
                        self.unexpected(construct, "\",\" or \"}\"");
                    }
                }
            }
        }
    }

    /// A matcher, or a quoted metric name.
    fn label_matcher(&mut self) -> Parsed<Option<SelectorMatcher>> {
        let name = self.take();
        let op = loop {
            match self.peek() {
                TokenKind::Assign => break MatchOp::Equal,
                TokenKind::RegexMatch => break MatchOp::Regex,
                TokenKind::RegexMismatch => break MatchOp::NotRegex,
                TokenKind::Operator(BinaryOp::NotEqual) => break MatchOp::NotEqual,
                _ if name.kind == TokenKind::String => {
                    let value = literal::unquote(self.text_of(name));
                    let matcher = Matcher::equal(METRIC_NAME, value.text);
                    let matcher = SelectorMatcher::new(matcher, name.span);
                    return Ok(Some(SelectorMatcher { raw_value: value.raw, ..matcher }));
                }
                _ => {
                    if recovered(self.misfit())?.is_none() {
                        self.unexpected(Construct::Matchers, "label matching operator");
                        return Ok(None);
                    }
                }
            }
        };
        self.take();
        let Some(value) = recovered(self.expect(TokenKind::String))? else {
            self.unexpected(Construct::Matchers, "string");
            return Ok(None);
        };
        Ok(self.new_matcher(name, op, value))
    }

    fn new_matcher(&mut self, name: Token, op: MatchOp, value: Token) -> Option<SelectorMatcher> {
        let span = name.span.to(value.span);
        let Unquoted { text, raw: raw_value } = literal::unquote(self.text_of(value));
        let Unquoted { text: name, raw: raw_name } = self.name_of(name);
        let is_regex = matches!(op, MatchOp::Regex | MatchOp::NotRegex);
        // Prometheus compares alternatives as texts if that is all there is, whatever their bytes.
        let is_plain = || text.split('|').all(|part| quote_meta(part) == part);
        let matcher = if is_regex && raw_value.is_some() && !is_plain() {
            Err(format!("invalid UTF-8: `{text}`"))
        } else {
            Matcher::of_series(name, op, text).map_err(|error| error.reason)
        };
        match matcher {
            Ok(matcher) => Some(SelectorMatcher { matcher, raw_name, raw_value, span }),
            Err(reason) => {
                self.error(span, ParseErrorKind::Regex(reason));
                None
            }
        }
    }

    fn name_of(&self, token: Token) -> Unquoted<'a> {
        match token.kind {
            TokenKind::String => literal::unquote(self.text_of(token)),
            _ => self.text_of(token).into(),
        }
    }

    /// A metric: a name and labels in braces, each of them optional.
    pub(super) fn metric(&mut self) -> Parsed<Metric<'a>> {
        let mut metric = Metric::default();
        let kind = self.peek();
        let name = is_metric_name(kind).then(|| self.take());
        if self.peek() == TokenKind::LeftBrace {
            self.labels(&mut metric)?;
        }
        if let Some(name) = name {
            metric.pairs.push((METRIC_NAME.into(), self.text_of(name).into()));
        }
        Ok(metric)
    }

    fn labels(&mut self, metric: &mut Metric<'a>) -> Parsed<()> {
        self.take();
        let mut names = BTreeSet::new();
        loop {
            if self.take_if(TokenKind::RightBrace).is_some() {
                return Ok(());
            }
            match self.peek() {
                TokenKind::Identifier | TokenKind::String => {
                    let at = self.last.span;
                    if let Some((name, value)) = self.label()? {
                        if !names.insert(Cow::clone(&name)) && metric.twice.is_none() {
                            metric.twice = Some((at, name.clone().into_owned()));
                        }
                        metric.pairs.push((name, value));
                    }
                }
                _ => match recovered(self.misfit())? {
                    Some(()) => continue,
                    None => self.unexpected(Construct::Labels, "identifier or \"}\""),
                },
            }
            if self.behind_item(Construct::Labels)?.is_some() {
                return Ok(());
            }
        }
    }

    /// A label, or a quoted metric name.
    fn label(&mut self) -> Parsed<Option<Label<'a>>> {
        let name = self.take();
        if name.kind == TokenKind::String && self.peek() != TokenKind::Assign {
            return Ok(Some((METRIC_NAME.into(), self.name_of(name).text)));
        }
        if recovered(self.expect(TokenKind::Assign))?.is_none() {
            self.unexpected(Construct::Labels, "\"=\"");
            return Ok(None);
        }
        let Some(value) = recovered(self.expect(TokenKind::String))? else {
            self.unexpected(Construct::Labels, "string");
            return Ok(None);
        };
        Ok(Some((self.name_of(name).text, literal::unquote(self.text_of(value)).text)))
    }
}
