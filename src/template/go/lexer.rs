//! Text into tokens, as Go's template lexer cuts it. Knows no grammar.

use std::borrow::Cow;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Dot,
    Nil,
    Keyword(Keyword),
}

/// The words of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

/// One token: its text (for an error, the message), where it starts and ends, and its line.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: Cow<'a, str>,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) line: usize,
}

impl std::fmt::Display for Token<'_> {
    /// As Go's messages show a token: keywords in angle brackets, the rest quoted and cut at ten letters.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use crate::model::quote::GoQuoted;
        match self.kind {
            Kind::Eof => f.write_str("EOF"),
            Kind::Error => f.write_str(&self.text),
            Kind::Keyword(_) | Kind::Dot | Kind::Nil => write!(f, "<{}>", self.text),
            _ if self.text.len() > 10 => {
                let start: String = self.text.chars().take(10).collect();
                write!(f, "{}...", GoQuoted(&start))
            }
            _ => write!(f, "{}", GoQuoted(&self.text)),
        }
    }
}

const LEFT: &str = "{{";
const RIGHT: &str = "}}";
const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

/// All tokens of `text` from byte `start` on; the last one is `Eof` or `Error`.
pub(super) fn tokens(text: &str, start: usize) -> Vec<Token<'_>> {
    let mut lexer = Lexer { text, pos: start, start, counted: 0, line: 1, parens: 0, tokens: Vec::new() };
    let mut state = Some(State::Text);
    while let Some(now) = state {
        state = match now {
            State::Text => lexer.plain_text(),
            State::Action => lexer.action(),
        };
    }
    lexer.tokens
}

enum State {
    Text,
    Action,
}

struct Lexer<'a> {
    text: &'a str,
    pos: usize,
    start: usize,
    /// Newlines before this offset are in `line`.
    counted: usize,
    line: usize,
    parens: usize,
    tokens: Vec<Token<'a>>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.pos..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.pos += c.len_utf8();
        Some(c)
    }

    fn accept(&mut self, valid: &str) -> bool {
        let found = self.peek().is_some_and(|c| valid.contains(c));
        if found {
            self.pos += 1;
        }
        found
    }

    fn accept_run(&mut self, valid: &str) {
        while self.accept(valid) {}
    }

    fn skip(&mut self) {
        self.start = self.pos;
    }

    fn push(&mut self, kind: Kind, text: impl Into<Cow<'a, str>>) {
        self.line += self.text[self.counted..self.start].matches('\n').count();
        self.counted = self.start;
        self.tokens.push(Token {
            kind,
            text: text.into(),
            start: self.start,
            end: self.pos,
            line: self.line,
        });
        self.start = self.pos;
    }

    fn emit(&mut self, kind: Kind) -> Option<State> {
        self.push(kind, &self.text[self.start..self.pos]);
        Some(State::Action)
    }

    fn fail(&mut self, message: impl Into<Cow<'a, str>>) -> Option<State> {
        self.push(Kind::Error, message.into());
        None
    }

    fn plain_text(&mut self) -> Option<State> {
        let Some(offset) = self.rest().find(LEFT) else {
            self.pos = self.text.len();
            if self.pos > self.start {
                self.emit(Kind::Text);
            }
            self.push(Kind::Eof, "");
            return None;
        };
        let delimiter = self.pos + offset;
        let before = &self.text[self.start..delimiter];
        let trims = starts_with_left_trim(&self.text[delimiter + LEFT.len()..]);
        let kept = if trims { before.trim_end_matches(SPACES).len() } else { before.len() };
        self.pos = self.start + kept;
        if kept > 0 {
            self.emit(Kind::Text);
        }
        self.pos = delimiter;
        self.skip();
        self.pos += LEFT.len();
        let after = if trims { self.pos + 2 } else { self.pos };
        if self.text[after..].starts_with("/*") {
            self.pos = after;
            self.skip();
            return self.comment();
        }
        self.emit(Kind::LeftDelim);
        self.pos = after;
        self.skip();
        self.parens = 0;
        Some(State::Action)
    }

    fn comment(&mut self) -> Option<State> {
        let Some(length) = self.rest().get(2..).and_then(|inside| inside.find("*/")) else {
            self.pos += 2;
            return self.fail("unclosed comment");
        };
        self.pos += length + 4;
        let Some(trims) = self.at_right_delim() else {
            return self.fail("comment ends before closing delimiter");
        };
        self.after_right_delim(trims);
        self.skip();
        Some(State::Text)
    }

    /// Whether an action ends here, and if so, whether it trims the text after it.
    fn at_right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        if starts_with_right_trim(rest) && rest[2..].starts_with(RIGHT) {
            return Some(true);
        }
        rest.starts_with(RIGHT).then_some(false)
    }

    fn after_right_delim(&mut self, trims: bool) {
        self.pos += if trims { 2 + RIGHT.len() } else { RIGHT.len() };
        if trims {
            self.pos += self.rest().len() - self.rest().trim_start_matches(SPACES).len();
        }
    }

    fn right_delim(&mut self, trims: bool) -> Option<State> {
        if trims {
            self.pos += 2;
            self.skip();
        }
        self.pos += RIGHT.len();
        self.emit(Kind::RightDelim);
        if trims {
            self.pos += self.rest().len() - self.rest().trim_start_matches(SPACES).len();
            self.skip();
        }
        Some(State::Text)
    }

    fn action(&mut self) -> Option<State> {
        if let Some(trims) = self.at_right_delim() {
            if self.parens == 0 {
                return self.right_delim(trims);
            }
            return self.fail("unclosed left paren");
        }
        let Some(c) = self.next() else { return self.fail("unclosed action") };
        match c {
            ' ' | '\t' | '\r' | '\n' => self.space(),
            '=' => self.emit(Kind::Assign),
            ':' if self.next() == Some('=') => self.emit(Kind::Declare),
            ':' => self.fail("expected :="),
            '|' => self.emit(Kind::Pipe),
            '"' => self.quoted('"', Kind::String, "unterminated quoted string"),
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
            '`' => self.raw_string(),
            '$' => self.field_or_variable(Kind::Variable),
            '.' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => {
                if self.pos >= self.text.len() {
                    self.number(1)
                } else {
                    self.field_or_variable(Kind::Field)
                }
            }
            '.' | '+' | '-' | '0'..='9' => self.number(1),
            c if is_alphanumeric(c) => self.identifier(),
            '(' => {
                self.parens += 1;
                self.emit(Kind::LeftParen)
            }
            ')' if self.parens == 0 => self.fail("unexpected right paren"),
            ')' => {
                self.parens -= 1;
                self.emit(Kind::RightParen)
            }
            ' '..='~' => self.emit(Kind::Char),
            c => self.fail(format!("unrecognized character in action: {}", unicode_name(c))),
        }
    }

    /// Spaces, but not the one that belongs to a ` -}}`.
    fn space(&mut self) -> Option<State> {
        while self.peek().is_some_and(is_space) {
            self.pos += 1;
        }
        let last = &self.text[self.pos - 1..];
        if starts_with_right_trim(last) && last[2..].starts_with(RIGHT) {
            self.pos -= 1;
            if self.pos == self.start {
                // Back to the loop, which checks that no parenthesis is open.
                return if self.parens == 0 { self.right_delim(true) } else { Some(State::Action) };
            }
        }
        self.emit(Kind::Space)
    }

    fn identifier(&mut self) -> Option<State> {
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        if let Some(c) = self.bad_character() {
            return self.fail(format!("bad character {}", unicode_name(c)));
        }
        let kind = match &self.text[self.start..self.pos] {
            "block" => Kind::Keyword(Keyword::Block),
            "break" => Kind::Keyword(Keyword::Break),
            "continue" => Kind::Keyword(Keyword::Continue),
            "define" => Kind::Keyword(Keyword::Define),
            "else" => Kind::Keyword(Keyword::Else),
            "end" => Kind::Keyword(Keyword::End),
            "if" => Kind::Keyword(Keyword::If),
            "range" => Kind::Keyword(Keyword::Range),
            "template" => Kind::Keyword(Keyword::Template),
            "with" => Kind::Keyword(Keyword::With),
            "nil" => Kind::Nil,
            "true" | "false" => Kind::Bool,
            _ => Kind::Identifier,
        };
        self.emit(kind)
    }

    fn field_or_variable(&mut self, kind: Kind) -> Option<State> {
        if self.bad_character().is_none() {
            return self.emit(if kind == Kind::Field { Kind::Dot } else { kind });
        }
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        match self.bad_character() {
            Some(c) => self.fail(format!("bad character {}", unicode_name(c))),
            None => self.emit(kind),
        }
    }

    /// The next character, if a word may not end before it.
    fn bad_character(&self) -> Option<char> {
        let c = self.peek()?;
        let ends = is_space(c) || ".,|:()".contains(c) || self.rest().starts_with(RIGHT);
        (!ends).then_some(c)
    }

    fn quoted(&mut self, end: char, kind: Kind, unterminated: &'static str) -> Option<State> {
        loop {
            let c = match self.next() {
                Some('\\') => match self.next() {
                    Some('\n') | None => None,
                    Some(_) => continue,
                },
                other => other,
            };
            match c {
                None | Some('\n') => return self.fail(unterminated),
                Some(c) if c == end => return self.emit(kind),
                Some(_) => {}
            }
        }
    }

    fn raw_string(&mut self) -> Option<State> {
        match self.rest().find('`') {
            Some(length) => {
                self.pos += length + 1;
                self.emit(Kind::RawString)
            }
            None => {
                self.pos = self.text.len();
                self.fail("unterminated raw quoted string")
            }
        }
    }

    /// A number whose first `back` bytes were already taken.
    fn number(&mut self, back: usize) -> Option<State> {
        self.pos -= back;
        let mut good = self.scan_number();
        let mut kind = Kind::Number;
        if good && matches!(self.peek(), Some('+' | '-')) {
            good = self.scan_number() && self.text[..self.pos].ends_with('i');
            kind = Kind::Complex;
        }
        if good {
            return self.emit(kind);
        }
        let text = crate::model::quote::GoQuoted(&self.text[self.start..self.pos]);
        self.fail(format!("bad number syntax: {text}"))
    }

    fn scan_number(&mut self) -> bool {
        const DECIMAL: &str = "0123456789_";
        const HEX: &str = "0123456789abcdefABCDEF_";
        self.accept("+-");
        let mut digits = DECIMAL;
        if self.accept("0") {
            if self.accept("xX") {
                digits = HEX;
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        if (digits == DECIMAL && self.accept("eE")) || (digits == HEX && self.accept("pP")) {
            self.accept("+-");
            self.accept_run(DECIMAL);
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
}

fn starts_with_left_trim(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next() == Some('-') && chars.next().is_some_and(is_space)
}

fn starts_with_right_trim(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_space) && chars.next() == Some('-')
}

fn is_space(c: char) -> bool {
    SPACES.contains(&c)
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Go's `%#U`: the code point, and the character if it can be shown.
fn unicode_name(c: char) -> String {
    let shown = if c.is_control() { String::new() } else { format!(" '{c}'") };
    format!("U+{:04X}{shown}", u32::from(c))
}
