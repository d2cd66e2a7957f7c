//! Parses expressions as Prometheus 3.14 does, with the same tree, the same order of errors and the same
//! words.
//!
//! Prometheus' parser is generated from a grammar (an LALR automaton with recovery from errors); this one
//! descends by hand. What it takes from the automaton: an error belongs to the innermost open construct that
//! has words for it, and after one, tokens that do not fit are passed over in silence until three have
//! fitted.

mod aggregate;
mod atom;
mod check;
mod error;
mod expression;
mod features;
mod help;
mod length;
mod literal;
mod modifiers;
mod postfix;
#[cfg(test)]
mod properties;
mod selector;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::ast::Expr;
use super::lexer::Lexer;
use super::lexer::token::{Described, Token, TokenKind};
use super::span::Span;
use crate::model::{LabelSet, Matcher};

pub use error::{ArgumentBound, Construct, LexError, ParseError, ParseErrorKind, ParseErrors, TypeContext};
pub use features::{Feature, Features};
pub(super) use literal::number;
pub(super) use modifiers::is_label_name;

/// How high the tree of an expression may be: recursion over it must end before the stack does. Prometheus
/// has no such limit.
pub const MAX_HEIGHT: usize = 400;

/// How many errors are told: no text, however bad, fills the memory with them. Prometheus tells the first.
const MAX_ERRORS: usize = 100;

/// How deep parentheses, calls, signs and the like may be nested.
pub const MAX_NESTING: usize = 250;

/// Parses an expression and checks its types.
///
/// # Errors
/// What Prometheus says is wrong with it, or that it is nested too deeply.
pub fn parse(text: &str, features: Features) -> Result<Expr, ParseErrors> {
    let mut parser = Parser::new(text, features);
    let parsed = parser.whole(Parser::expression_text);
    if let (Some(mut expr), true) = (parsed, parser.errors.is_empty()) {
        check::check(&mut parser, &mut expr);
        if parser.errors.is_empty() {
            return Ok(*expr);
        }
    }
    Err(parser.finish())
}

/// Parses the labels of a series, such as `up{job="api"}`. Prometheus' `ParseMetric`, but a label that stands there
/// twice is an error at once, not only when the series is stored.
///
/// # Errors
/// What Prometheus says is wrong with it.
pub fn parse_metric(text: &str) -> Result<LabelSet, ParseErrors> {
    let mut parser = Parser::new(text, Features::default());
    let metric = parser.whole(Parser::metric);
    if let (Some(metric), true) = (metric, parser.errors.is_empty()) {
        match metric.twice {
            None => return Ok(LabelSet::from_pairs(metric.pairs)),
            Some((span, name)) => parser.error(span, ParseErrorKind::LabelTwice(name)),
        }
    }
    Err(parser.finish())
}

/// Parses the selector of a `match[]` parameter. Prometheus' `ParseMetricSelector`: it may match everything.
///
/// # Errors
/// What Prometheus says is wrong with it.
pub fn parse_selector(text: &str) -> Result<Vec<Matcher>, ParseErrors> {
    let mut parser = Parser::new(text, Features::default());
    let selector = parser.whole(Parser::vector_selector);
    match selector {
        Some(selector) if parser.errors.is_empty() => {
            Ok(selector.matchers.into_iter().map(|matcher| matcher.matcher).collect())
        }
        _ => Err(parser.finish()),
    }
}

/// Why a construct cannot be finished.
#[derive(Clone, Copy, Debug)]
enum Unwind {
    /// A token does not fit; the innermost construct that has words for it goes on.
    Recover,
    /// Nothing more can be said.
    Abort,
}

type Parsed<T> = Result<T, Unwind>;

/// An expression and the height of its tree.
struct Tall<T = Box<Expr>> {
    node: T,
    height: usize,
}

struct Parser<'a> {
    text: &'a str,
    features: Features,
    lexer: Lexer<'a>,
    look: Option<Token>,
    /// The token read last: the one that messages name.
    last: Token,
    /// The token before the one read last.
    before: Token,
    /// The last token that fitted.
    taken: Token,
    /// Whether the lexer gave up; its error is all there is to say then.
    lexer_failed: bool,
    /// How many more tokens must fit before the parser is sure again.
    unsure: u8,
    /// How many constructs are open.
    nesting: usize,
    /// Ends of ranges over what is no selector.
    broken_ranges: BTreeSet<usize>,
    errors: Vec<ParseError>,
}

const NO_TOKEN: Token = Token { kind: TokenKind::Nothing, span: Span::new(0, 0) };

impl<'a> Parser<'a> {
    fn new(text: &'a str, features: Features) -> Self {
        Self {
            text,
            features,
            lexer: Lexer::new(text),
            look: None,
            last: NO_TOKEN,
            before: NO_TOKEN,
            taken: NO_TOKEN,
            lexer_failed: false,
            unsure: 0,
            nesting: 0,
            broken_ranges: BTreeSet::new(),
            errors: Vec::new(),
        }
    }

    /// Runs `rule` over the whole text; none if it could not be finished.
    fn whole<T>(&mut self, rule: impl FnOnce(&mut Self) -> Parsed<T>) -> Option<T> {
        let parsed = rule(self);
        let outcome = match &parsed {
            Ok(_) if matches!(self.peek(), TokenKind::EndOfInput | TokenKind::Nothing) => return parsed.ok(),
            Ok(_) if self.unsure == 3 => None,
            Ok(_) => Some(Unwind::Recover),
            Err(unwind) => Some(*unwind),
        };
        match outcome {
            Some(Unwind::Abort) => return None,
            Some(Unwind::Recover) => self.unexpected(Construct::Expression, ""),
            None => {}
        }
        // What follows can only add errors of the lexer.
        while !matches!(self.peek(), TokenKind::EndOfInput | TokenKind::Nothing) {
            self.look = None;
        }
        None
    }

    fn expression_text(&mut self) -> Parsed<Box<Expr>> {
        if self.peek() == TokenKind::EndOfInput {
            self.error(Span::default(), ParseErrorKind::NoExpression);
            return Err(Unwind::Abort);
        }
        self.expression(0).map(|tall| tall.node)
    }

    /// The kind of the next token, which stays where it is.
    fn peek(&mut self) -> TokenKind {
        if let Some(token) = self.look {
            return token.kind;
        }
        let token = match self.last.kind {
            // Behind the end the lexer is not asked again.
            TokenKind::EndOfInput | TokenKind::Nothing if self.lexer_failed || self.last != NO_TOKEN => {
                Token { kind: TokenKind::Nothing, span: self.last.span }
            }
            _ => self.read(),
        };
        self.look = Some(token);
        token.kind
    }

    fn read(&mut self) -> Token {
        self.before = self.last;
        self.last = self.lexer.next().unwrap_or_else(|(start, error)| {
            let span = Span::new(start, self.text.len());
            self.lexer_failed = true;
            self.error(span, ParseErrorKind::Lexical(error));
            Token { kind: TokenKind::Nothing, span }
        });
        self.last
    }

    /// Goes on to the token behind the next one, which fits.
    fn take(&mut self) -> Token {
        self.peek();
        self.unsure = self.unsure.saturating_sub(1);
        self.taken = self.look.take().unwrap_or(NO_TOKEN);
        self.taken
    }

    fn take_if(&mut self, kind: TokenKind) -> Option<Token> {
        (self.peek() == kind).then(|| self.take())
    }

    /// The next token does not fit. Passes over it if that was to be expected, so that the caller tries
    /// again.
    fn misfit(&mut self) -> Parsed<()> {
        if self.unsure < 3 {
            self.unsure = 3;
            return Err(Unwind::Recover);
        }
        if self.peek() == TokenKind::Nothing {
            return Err(Unwind::Abort);
        }
        self.look = None;
        Ok(())
    }

    fn expect(&mut self, kind: TokenKind) -> Parsed<Token> {
        loop {
            match self.take_if(kind) {
                Some(token) => return Ok(token),
                None => self.misfit()?,
            }
        }
    }

    fn text_of(&self, token: Token) -> &'a str {
        &self.text[token.span.start..token.span.end]
    }

    fn error(&mut self, span: Span, kind: ParseErrorKind) {
        self.error_with_help(span, kind, None);
    }

    fn error_with_help(&mut self, span: Span, kind: ParseErrorKind, help: Option<String>) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(ParseError { span, kind, position: None, help });
        }
    }

    /// An error about the token read last; `expected` is empty where too much may stand to be said.
    fn unexpected(&mut self, construct: Construct, expected: &'static str) {
        if self.lexer_failed {
            return;
        }
        let last = self.last;
        let found = Described { kind: last.kind, text: self.text_of(last) }.to_string();
        let help = help::unexpected(self, construct);
        self.error_with_help(last.span, ParseErrorKind::Unexpected { found, construct, expected }, help);
    }

    /// The height of a node over others of at most `below`.
    fn above(&mut self, below: usize) -> Parsed<usize> {
        if below >= MAX_HEIGHT {
            return Err(self.too_deep());
        }
        Ok(below + 1)
    }

    /// Runs `rule` one level deeper.
    fn nested<T>(&mut self, rule: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting >= MAX_NESTING {
            return Err(self.too_deep());
        }
        self.nesting += 1;
        let parsed = rule(self);
        self.nesting -= 1;
        parsed
    }

    fn too_deep(&mut self) -> Unwind {
        let last = self.last;
        self.error(last.span, ParseErrorKind::TooDeep);
        Unwind::Abort
    }

    /// The errors, with lines, columns and hints.
    fn finish(mut self) -> ParseErrors {
        if !self.text.is_empty() {
            for error in &mut self.errors {
                error.position = Some(error.span.line_and_column(self.text));
            }
        }
        for error in self.errors.iter_mut().take(help::ERRORS_WITH_HELP) {
            if error.help.is_none() {
                error.help = help::of(error, self.text);
            }
        }
        ParseErrors(self.errors)
    }
}
