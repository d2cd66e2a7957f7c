//! The UTF-8 grammar: any name, values quoted where they hold anything special, balanced braces.

use std::ops::Range;

use super::super::{MatchOp, Matcher};
use super::InvalidMatcher;
use super::unquote::unquote;

/// Reads a comma-separated list, in braces or not; a comma may end it.
pub(super) fn matchers(text: &str) -> Result<Vec<Matcher>, InvalidMatcher> {
    let mut parser = Parser { text, at: 0 };
    let mut matchers = Vec::new();
    let Some(first) = parser.peek()? else { return Ok(matchers) };
    let braces = first.kind == Kind::Open;
    if braces {
        parser.at = first.range.end;
    }
    loop {
        match parser.peek()? {
            None => break,
            Some(token) if token.kind == Kind::Close => break,
            Some(_) => matchers.push(parser.matcher()?),
        }
        let expected = "expected a comma or close brace";
        match parser.peek_or(expected)? {
            None => break,
            Some(token) if token.kind == Kind::Close => break,
            Some(token) if token.kind == Kind::Comma => parser.at = token.range.end,
            Some(token) => return Err(parser.unexpected(&token, expected)),
        }
        let expected = "expected a matcher or close brace after comma";
        if let Some(token) = parser.peek_or(expected)?
            && token.kind == Kind::Comma
        {
            return Err(parser.unexpected(&token, "expected label name"));
        }
    }
    parser.close(braces)?;
    match parser.peek_or("expected end of input")? {
        None => Ok(matchers),
        Some(token) => {
            let message = format!(
                "{}: {}: expected end of input",
                parser.columns(&token.range),
                &text[token.range.clone()]
            );
            Err(invalid(message, token.range))
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Open,
    Close,
    Comma,
    Operator(MatchOp),
    Quoted,
    Unquoted,
}

struct Token {
    kind: Kind,
    range: Range<usize>,
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

fn invalid(message: String, range: Range<usize>) -> InvalidMatcher {
    InvalidMatcher { message, range, hint: None }
}

/// What an unquoted name or value cannot hold.
fn is_reserved(c: char) -> bool {
    c.is_whitespace() || "{}!=~,\\\"'`".contains(c)
}

impl Parser<'_> {
    /// Characters, not bytes, as Alertmanager counts.
    fn columns(&self, range: &Range<usize>) -> String {
        let column = |at: usize| self.text[..at].chars().count();
        format!("{}:{}", column(range.start), column(range.end))
    }

    fn close(&mut self, braces: bool) -> Result<(), InvalidMatcher> {
        let column = self.text.chars().count().min(self.text[..self.at].chars().count() + 1);
        match (self.peek()?, braces) {
            (Some(token), true) if token.kind == Kind::Close => {
                self.at = token.range.end;
                Ok(())
            }
            (Some(token), false) if token.kind == Kind::Close => {
                Err(invalid(format!("0:{column}: }}: expected opening brace"), token.range))
            }
            (_, true) => {
                let column = self.text.chars().count();
                let end = self.text.len();
                Err(invalid(format!("0:{column}: end of input: expected close brace"), end..end))
            }
            (_, false) => Ok(()),
        }
    }

    fn matcher(&mut self) -> Result<Matcher, InvalidMatcher> {
        let words = |kind: Kind| matches!(kind, Kind::Quoted | Kind::Unquoted);
        let name = self.expect("expected label name", words)?;
        let sign = "expected an operator such as '=', '!=', '=~' or '!~'";
        let operator = self.expect(sign, |kind| matches!(kind, Kind::Operator(_)))?;
        let value = self.expect("expected label value", words)?;
        let Kind::Operator(op) = operator.kind else { return Err(self.unexpected(&operator, sign)) };
        let (name, text) = (self.word(&name)?, self.word(&value)?);
        Matcher::new(name, op, text).map_err(|error| {
            let quote = usize::from(value.kind == Kind::Quoted);
            let inner = self.text.get(value.range.start + quote..value.range.end - quote);
            let at = value.range.start + quote;
            let same = inner == Some(error.text.as_str());
            let place = if same { at + error.range.start..at + error.range.end } else { value.range.clone() };
            let message = format!("error parsing regexp: {}", error.reason);
            invalid(format!("failed to create matcher: {message}"), place)
        })
    }

    fn word(&self, token: &Token) -> Result<String, InvalidMatcher> {
        let text = &self.text[token.range.clone()];
        if token.kind == Kind::Unquoted {
            return Ok(text.to_owned());
        }
        unquote(text).ok_or_else(|| {
            let message = format!("{}: {text}: invalid input", self.columns(&token.range));
            invalid(message, token.range.clone())
        })
    }

    fn expect(&mut self, expected: &str, fits: impl Fn(Kind) -> bool) -> Result<Token, InvalidMatcher> {
        match self.peek_or(expected)? {
            None => {
                let end = self.text.len();
                Err(invalid(format!("end of input: {expected}"), end..end))
            }
            Some(token) if fits(token.kind) => {
                self.at = token.range.end;
                Ok(token)
            }
            Some(token) => Err(self.unexpected(&token, expected)),
        }
    }

    fn unexpected(&self, token: &Token, expected: &str) -> InvalidMatcher {
        let (columns, text) = (self.columns(&token.range), &self.text[token.range.clone()]);
        invalid(format!("{columns}: unexpected {text}: {expected}"), token.range.clone())
    }

    /// The next token; an error in it says also what was expected instead.
    fn peek_or(&self, expected: &str) -> Result<Option<Token>, InvalidMatcher> {
        self.peek().map_err(|error| {
            // What is half a token is told alone.
            let alone = error.message.ends_with("missing end \"");
            let message = if alone { error.message } else { format!("{}: {expected}", error.message) };
            InvalidMatcher { message, ..error }
        })
    }

    fn peek(&self) -> Result<Option<Token>, InvalidMatcher> {
        let rest = self.text[self.at..].trim_start();
        let start = self.text.len() - rest.len();
        let Some(c) = rest.chars().next() else { return Ok(None) };
        let token = |kind, length: usize| Ok(Some(Token { kind, range: start..start + length }));
        match c {
            '{' => token(Kind::Open, 1),
            '}' => token(Kind::Close, 1),
            ',' => token(Kind::Comma, 1),
            '=' if rest.starts_with("=~") => token(Kind::Operator(MatchOp::Regex), 2),
            '=' => token(Kind::Operator(MatchOp::Equal), 1),
            '!' if rest.starts_with("!=") => token(Kind::Operator(MatchOp::NotEqual), 2),
            '!' if rest.starts_with("!~") => token(Kind::Operator(MatchOp::NotRegex), 2),
            '!' => {
                let range = start..start + 1;
                let columns = self.columns(&range);
                let message = match rest.len() {
                    1 => format!("{columns}: unexpected end of input, expected one of '=~'"),
                    _ => format!("{columns}: !: expected one of '=~'"),
                };
                Err(invalid(message, range))
            }
            '"' => match quoted_length(rest) {
                Some(length) => token(Kind::Quoted, length),
                None => {
                    let range = start..self.text.len();
                    Err(invalid(format!("{}: {rest}: missing end \"", self.columns(&range)), range))
                }
            },
            c if is_reserved(c) => {
                let range = start..start + c.len_utf8();
                Err(invalid(format!("{}: {c}: invalid input", self.columns(&range)), range))
            }
            _ => token(Kind::Unquoted, rest.find(is_reserved).unwrap_or(rest.len())),
        }
    }
}

/// How long the quoted text at the start is, quotes included.
fn quoted_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}
