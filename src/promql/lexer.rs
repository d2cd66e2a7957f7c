//! Divides an expression into tokens, as Prometheus' lexer does: what a word is depends on the brackets and
//! braces around it. Series descriptions of tests have a lexer of their own.

pub(crate) mod error;
mod number;
mod string;
pub(crate) mod token;

use self::error::LexError;
use self::token::{Keyword, Nullary, Token, TokenKind, keyword};
use super::ast::BinaryOp;
use super::span::Span;

/// Reads tokens from a text, one at a time.
pub(crate) struct Lexer<'a> {
    text: &'a str,
    /// Where the next character is.
    at: usize,
    /// Where the token begins that is being read.
    start: usize,
    /// How many parentheses are open.
    parens: usize,
    in_braces: bool,
    in_brackets: bool,
    /// Between `[` and the first number behind it.
    in_duration: bool,
    colon_seen: bool,
    /// Whether any range had a length so far: as Prometheus has it, also one of another selector.
    duration_seen: bool,
}

/// A token's kind; none for what stands between tokens.
type Scanned = Result<Option<TokenKind>, LexError>;

pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn is_letter(c: char) -> bool {
    c == '_' || c.is_ascii_alphabetic()
}

fn is_word(c: char) -> bool {
    is_letter(c) || c.is_ascii_digit()
}

/// The word for a length that may stand in a range.
fn duration_word(word: &str) -> Option<TokenKind> {
    keyword(word).filter(|kind| {
        matches!(kind, TokenKind::Nullary(Nullary::Step | Nullary::Range | Nullary::MaxOf | Nullary::MinOf))
    })
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            start: 0,
            parens: 0,
            in_braces: false,
            in_brackets: false,
            in_duration: false,
            colon_seen: false,
            duration_seen: false,
        }
    }

    /// The next token; the end of the text again and again. After an error there is nothing more to read.
    ///
    /// # Errors
    /// What follows is no token; the place is where Prometheus says it is.
    pub(crate) fn next(&mut self) -> Result<Token, (usize, LexError)> {
        loop {
            self.start = self.at;
            let scanned = match (self.in_braces, self.in_duration) {
                (true, _) => self.inside_braces(),
                (false, true) => self.duration(),
                (false, false) => self.statement(),
            };
            match scanned {
                Ok(None) => {}
                Ok(Some(kind)) => return Ok(Token { kind, span: Span::new(self.start, self.at) }),
                Err(error) => return Err((self.start, error)),
            }
        }
    }

    fn peek(&self) -> Option<char> {
        let byte = *self.text.as_bytes().get(self.at)?;
        if byte.is_ascii() { Some(char::from(byte)) } else { self.text[self.at..].chars().next() }
    }

    fn advance(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn accept(&mut self, any_of: &str) -> bool {
        let accepted = self.peek().is_some_and(|next| any_of.contains(next));
        if accepted {
            self.at += 1;
        }
        accepted
    }

    fn accept_all(&mut self, any_of: &str) {
        while self.accept(any_of) {}
    }

    /// What was read of the token so far.
    fn pending(&self) -> &'a str {
        &self.text[self.start..self.at]
    }

    /// An error about the token just read, which Prometheus places behind it.
    fn behind(&mut self, error: LexError) -> Scanned {
        self.start = self.at;
        Err(error)
    }

    fn comment(&mut self) {
        while self.peek().is_some_and(|next| !matches!(next, '\r' | '\n')) {
            self.advance();
        }
    }

    fn end(&self) -> Scanned {
        if self.parens != 0 {
            return Err(LexError::UnclosedParenthesis);
        }
        if self.in_brackets {
            return Err(LexError::UnclosedBracket);
        }
        Ok(Some(TokenKind::EndOfInput))
    }

    /// Outside braces, and behind the first number of a range.
    fn statement(&mut self) -> Scanned {
        let Some(c) = self.advance() else { return self.end() };
        let operator = |op| Ok(Some(TokenKind::Operator(op)));
        match c {
            ' ' | '\t' | '\n' | '\r' => Ok(None),
            '#' => {
                self.comment();
                Ok(None)
            }
            ',' => Ok(Some(TokenKind::Comma)),
            '@' => Ok(Some(TokenKind::At)),
            '=' if self.accept("=") => operator(BinaryOp::Equal),
            '=' if self.peek() == Some('~') => {
                Err(LexError::AfterCharacter { first: '=', found: Some('~'), braces: false })
            }
            '=' => Ok(Some(TokenKind::Assign)),
            '!' if self.accept("=") => operator(BinaryOp::NotEqual),
            '!' => Err(LexError::AfterCharacter { first: '!', found: self.peek(), braces: false }),
            '<' if self.accept("=") => operator(BinaryOp::LessOrEqual),
            '<' if self.accept("/") => operator(BinaryOp::TrimUpper),
            '<' => operator(BinaryOp::Less),
            '>' if self.accept("=") => operator(BinaryOp::GreaterOrEqual),
            '>' if self.accept("/") => operator(BinaryOp::TrimLower),
            '>' => operator(BinaryOp::Greater),
            '0'..='9' => self.number(),
            '.' if self.peek().is_some_and(|next| next.is_ascii_digit()) => self.number(),
            '"' | '\'' => self.quoted_string(c).map(Some),
            '`' => self.raw_string().map(Some),
            ':' | '_' | 'a'..='z' | 'A'..='Z' if self.in_brackets => self.behind_range(c),
            ':' | '_' | 'a'..='z' | 'A'..='Z' => Ok(Some(self.word())),
            '{' => {
                self.in_braces = true;
                Ok(Some(TokenKind::LeftBrace))
            }
            '[' if self.in_brackets => Err(LexError::LeftBracket),
            '[' => {
                (self.in_brackets, self.in_duration, self.colon_seen) = (true, true, false);
                Ok(Some(TokenKind::LeftBracket))
            }
            ']' if !self.in_brackets => Err(LexError::RightBracket),
            ']' => {
                self.in_brackets = false;
                Ok(Some(TokenKind::RightBracket))
            }
            _ => match self.arithmetic(c) {
                Some(scanned) => scanned,
                None => Err(LexError::Character(c)),
            },
        }
    }

    /// The signs that mean the same outside and inside of ranges.
    fn arithmetic(&mut self, c: char) -> Option<Scanned> {
        let op = match c {
            '+' => BinaryOp::Add,
            '-' => BinaryOp::Sub,
            '*' => BinaryOp::Mul,
            '/' => BinaryOp::Div,
            '%' => BinaryOp::Mod,
            '^' => BinaryOp::Pow,
            '(' => {
                self.parens += 1;
                return Some(Ok(Some(TokenKind::LeftParen)));
            }
            ')' if self.parens == 0 => return Some(self.behind(LexError::RightParenthesis)),
            ')' => {
                self.parens -= 1;
                return Some(Ok(Some(TokenKind::RightParen)));
            }
            _ => return None,
        };
        Some(Ok(Some(TokenKind::Operator(op))))
    }

    fn number(&mut self) -> Scanned {
        self.at = self.start;
        self.number_or_duration().map(Some)
    }

    /// A letter or colon behind the first number of a range.
    fn behind_range(&mut self, c: char) -> Scanned {
        if c == ':' {
            if self.colon_seen {
                return Err(LexError::SecondColon);
            }
            self.colon_seen = true;
            return Ok(Some(TokenKind::Colon));
        }
        match self.word_in_range(c) {
            Some(kind) => Ok(Some(kind)),
            None => Err(LexError::CharacterBehindRange(c)),
        }
    }

    fn word_in_range(&mut self, first: char) -> Option<TokenKind> {
        if !matches!(first.to_ascii_lowercase(), 's' | 'r' | 'm') {
            return None;
        }
        while self.peek().is_some_and(is_letter) {
            self.advance();
        }
        duration_word(self.pending())
    }

    /// An identifier or a keyword; its first character is read.
    fn word(&mut self) -> TokenKind {
        let bytes = self.text.as_bytes();
        while bytes
            .get(self.at)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'))
        {
            self.at += 1;
        }
        let word = self.pending();
        match keyword(word) {
            // Only before a parenthesis, so that metrics may have these names.
            Some(TokenKind::Keyword(Keyword::Fill | Keyword::FillLeft | Keyword::FillRight))
                if !self.text[self.at..].trim_start_matches(is_space).starts_with('(') =>
            {
                TokenKind::Identifier
            }
            Some(kind) => kind,
            None if word.contains(':') => TokenKind::MetricIdentifier,
            None => TokenKind::Identifier,
        }
    }

    /// Behind `[`, up to the first number.
    fn duration(&mut self) -> Scanned {
        let Some(c) = self.advance() else { return Err(LexError::EndInDuration) };
        match c {
            ' ' | '\t' | '\n' | '\r' => Ok(None),
            ']' => {
                (self.in_brackets, self.in_duration, self.colon_seen) = (false, false, false);
                Ok(Some(TokenKind::RightBracket))
            }
            ':' if !self.duration_seen => self.behind(LexError::ColonBeforeDuration),
            ':' if self.colon_seen => self.behind(LexError::RepeatedColon),
            ':' => {
                self.colon_seen = true;
                Ok(Some(TokenKind::Colon))
            }
            ',' => Ok(Some(TokenKind::Comma)),
            '0'..='9' => self.first_length(),
            '.' if self.peek().is_some_and(|next| next.is_ascii_digit()) => self.first_length(),
            _ => match self.arithmetic(c) {
                Some(scanned) => scanned,
                None => self.word_in_range(c).map(Some).ok_or(LexError::CharacterInDuration(c)),
            },
        }
    }

    fn first_length(&mut self) -> Scanned {
        (self.duration_seen, self.in_duration) = (true, false);
        self.number()
    }

    /// Between braces, where every word is an identifier.
    fn inside_braces(&mut self) -> Scanned {
        let Some(c) = self.advance() else { return Err(LexError::UnclosedBrace) };
        match c {
            ' ' | '\t' | '\n' | '\r' => Ok(None),
            '#' => {
                self.comment();
                Ok(None)
            }
            '_' | 'a'..='z' | 'A'..='Z' => {
                while self.peek().is_some_and(is_word) {
                    self.advance();
                }
                Ok(Some(TokenKind::Identifier))
            }
            ',' => Ok(Some(TokenKind::Comma)),
            '"' | '\'' => self.quoted_string(c).map(Some),
            '`' => self.raw_string().map(Some),
            '=' if self.accept("~") => Ok(Some(TokenKind::RegexMatch)),
            '=' => Ok(Some(TokenKind::Assign)),
            '!' if self.accept("~") => Ok(Some(TokenKind::RegexMismatch)),
            '!' if self.accept("=") => Ok(Some(TokenKind::Operator(BinaryOp::NotEqual))),
            '!' => Err(LexError::AfterCharacter { first: '!', found: self.peek(), braces: true }),
            '{' => Err(LexError::LeftBrace),
            '}' => {
                self.in_braces = false;
                Ok(Some(TokenKind::RightBrace))
            }
            _ => Err(LexError::CharacterInBraces(c)),
        }
    }
}
