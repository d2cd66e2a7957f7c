//! The words of the language and how messages show them.

use std::fmt;

use crate::model::quote::GoQuoted;
use crate::promql::ast::{AggregateOp, BinaryOp};
use crate::promql::span::Span;

/// A word, sign, number or text of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    Comma,
    Colon,
    /// `=`
    Assign,
    /// `=~`
    RegexMatch,
    /// `!~`
    RegexMismatch,
    At,
    Number,
    Duration,
    String,
    Identifier,
    /// An identifier with colons.
    MetricIdentifier,
    Operator(BinaryOp),
    Aggregate(AggregateOp),
    Keyword(Keyword),
    Nullary(Nullary),
    /// The end of the text, which the grammar names.
    EndOfInput,
    /// Nothing follows: after the end of the text, or after what is no token.
    Nothing,
}

/// A word that changes what stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    Anchored,
    Bool,
    By,
    Fill,
    FillLeft,
    FillRight,
    GroupLeft,
    GroupRight,
    Ignoring,
    Offset,
    On,
    Smoothed,
    Without,
}

/// A word for a length or time that the query knows, or for a choice of two lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nullary {
    End,
    MaxOf,
    MinOf,
    Range,
    Start,
    Step,
}

/// The token that a word of letters is; its case does not matter.
pub(crate) fn keyword(word: &str) -> Option<TokenKind> {
    use TokenKind::{Aggregate, Keyword as Word, Nullary as Null, Operator};
    // The longest ones are `count_values`, `group_right`, `limit_ratio`.
    if word.len() > 12 || word.len() < 2 {
        return None;
    }
    let mut lower = [0; 12];
    let lower = &mut lower[..word.len()];
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    Some(match &*lower {
        b"and" => Operator(BinaryOp::And),
        b"or" => Operator(BinaryOp::Or),
        b"unless" => Operator(BinaryOp::Unless),
        b"atan2" => Operator(BinaryOp::Atan2),
        b"sum" => Aggregate(AggregateOp::Sum),
        b"avg" => Aggregate(AggregateOp::Avg),
        b"count" => Aggregate(AggregateOp::Count),
        b"min" => Aggregate(AggregateOp::Min),
        b"max" => Aggregate(AggregateOp::Max),
        b"group" => Aggregate(AggregateOp::Group),
        b"stddev" => Aggregate(AggregateOp::Stddev),
        b"stdvar" => Aggregate(AggregateOp::Stdvar),
        b"topk" => Aggregate(AggregateOp::Topk),
        b"bottomk" => Aggregate(AggregateOp::Bottomk),
        b"count_values" => Aggregate(AggregateOp::CountValues),
        b"quantile" => Aggregate(AggregateOp::Quantile),
        b"limitk" => Aggregate(AggregateOp::Limitk),
        b"limit_ratio" => Aggregate(AggregateOp::LimitRatio),
        b"offset" => Word(Keyword::Offset),
        b"smoothed" => Word(Keyword::Smoothed),
        b"anchored" => Word(Keyword::Anchored),
        b"by" => Word(Keyword::By),
        b"without" => Word(Keyword::Without),
        b"on" => Word(Keyword::On),
        b"ignoring" => Word(Keyword::Ignoring),
        b"group_left" => Word(Keyword::GroupLeft),
        b"group_right" => Word(Keyword::GroupRight),
        b"fill" => Word(Keyword::Fill),
        b"fill_left" => Word(Keyword::FillLeft),
        b"fill_right" => Word(Keyword::FillRight),
        b"bool" => Word(Keyword::Bool),
        b"start" => Null(Nullary::Start),
        b"end" => Null(Nullary::End),
        b"step" => Null(Nullary::Step),
        b"range" => Null(Nullary::Range),
        b"max_of" => Null(Nullary::MaxOf),
        b"min_of" => Null(Nullary::MinOf),
        b"inf" | b"nan" => TokenKind::Number,
        _ => return None,
    })
}

/// Displays a token as Prometheus' messages do: `<by>`, `<op:+>`, `identifier "up"`, `")"`.
pub(crate) struct Described<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'a str,
}

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, text } = self;
        match kind {
            TokenKind::EndOfInput | TokenKind::Nothing => f.write_str("end of input"),
            TokenKind::Identifier => write!(f, "identifier {}", GoQuoted(text)),
            TokenKind::MetricIdentifier => write!(f, "metric identifier {}", GoQuoted(text)),
            TokenKind::String => write!(f, "string {}", Shortened(text)),
            TokenKind::Number => write!(f, "number {}", Shortened(text)),
            TokenKind::Duration => write!(f, "duration {}", Shortened(text)),
            TokenKind::Keyword(_) => write!(f, "<{text}>"),
            TokenKind::Aggregate(_) => write!(f, "<aggr:{text}>"),
            TokenKind::Operator(_) | TokenKind::RegexMatch | TokenKind::RegexMismatch | TokenKind::At => {
                write!(f, "<op:{text}>")
            }
            TokenKind::Nullary(_)
            | TokenKind::LeftParen
            | TokenKind::RightParen
            | TokenKind::LeftBrace
            | TokenKind::RightBrace
            | TokenKind::LeftBracket
            | TokenKind::RightBracket
            | TokenKind::Comma
            | TokenKind::Colon
            | TokenKind::Assign => Shortened(text).fmt(f),
        }
    }
}

/// Quoted; only the first ten characters of what is longer than ten bytes.
struct Shortened<'a>(&'a str);

impl fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() <= 10 {
            return write!(f, "{}", GoQuoted(self.0));
        }
        let end = self.0.char_indices().nth(10).map_or(self.0.len(), |(at, _)| at);
        write!(f, "{}...", GoQuoted(&self.0[..end]))
    }
}
