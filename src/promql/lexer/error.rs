//! What is no token, in Prometheus' words.

use std::fmt;

use crate::model::quote::{GoQuoted, is_print};

/// Why a text cannot be divided into tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LexError {
    /// The text ends inside parentheses.
    #[error("unclosed left parenthesis")]
    UnclosedParenthesis,
    /// The text ends inside brackets.
    #[error("unclosed left bracket")]
    UnclosedBracket,
    /// The text ends inside braces.
    #[error("unexpected end of input inside braces")]
    UnclosedBrace,
    /// The text ends at the start of a range.
    #[error("unexpected end of input in duration expression")]
    EndInDuration,
    /// `=~` outside braces, or `!` without `=` behind it.
    #[error("unexpected character after '{first}'{}: {}", if *.braces { " inside braces" } else { "" }, GoChar(*.found))]
    AfterCharacter {
        /// `=` or `!`.
        first: char,
        /// What follows; nothing at the end of the text.
        found: Option<char>,
        /// Whether that is inside braces.
        braces: bool,
    },
    /// A character that starts nothing.
    #[error("unexpected character: {}", GoChar(Some(*.0)))]
    Character(char),
    /// A character that has no meaning between braces.
    #[error("unexpected character inside braces: {}", GoChar(Some(*.0)))]
    CharacterInBraces(char),
    /// A character that has no meaning at the start of a range.
    #[error("unexpected character in duration expression: {}", GoChar(Some(*.0)))]
    CharacterInDuration(char),
    /// A letter behind the length of a range.
    #[error("unexpected character: {}, expected ':'", GoChar(Some(*.0)))]
    CharacterBehindRange(char),
    /// A second colon in a range.
    #[error("unexpected colon ':'")]
    SecondColon,
    /// A colon before any length.
    #[error("unexpected colon before duration in duration expression")]
    ColonBeforeDuration,
    /// A second colon directly behind the first.
    #[error("unexpected repeated colon in duration expression")]
    RepeatedColon,
    /// `{` inside braces.
    #[error("unexpected left brace '{{'")]
    LeftBrace,
    /// `[` inside brackets.
    #[error("unexpected left bracket '['")]
    LeftBracket,
    /// `]` without `[`.
    #[error("unexpected right bracket ']'")]
    RightBracket,
    /// `)` without `(`.
    #[error("unexpected right parenthesis ')'")]
    RightParenthesis,
    /// Neither a number nor a duration.
    #[error("bad number or duration syntax: {}", GoQuoted(.0))]
    NumberOrDuration(String),
    /// A quoted text without an end.
    #[error("unterminated quoted string")]
    UnterminatedString,
    /// A text in backquotes without an end.
    #[error("unterminated raw string")]
    UnterminatedRawString,
    /// The replacement character, which stands for broken UTF-8.
    #[error("invalid UTF-8 rune")]
    InvalidRune,
    /// The text ends in an escape sequence.
    #[error("escape sequence not terminated")]
    UnterminatedEscape,
    /// A backslash before a character that has no escape.
    #[error("unknown escape sequence {}", CodePoint(*.0))]
    UnknownEscape(char),
    /// Not a digit in an escape sequence of digits.
    #[error("illegal character {} in escape sequence", CodePoint(*.0))]
    EscapeDigit(char),
    /// An escape sequence for a number that is no character.
    #[error("escape sequence is an invalid Unicode code point")]
    EscapeCodePoint,
}

/// A character as Go's `%q` prints it; the end of a text comes out as the replacement character.
struct GoChar(Option<char>);

impl fmt::Display for GoChar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.unwrap_or(char::REPLACEMENT_CHARACTER) {
            '\'' => f.write_str(r"'\''"),
            '"' => f.write_str("'\"'"),
            other => {
                let quoted = GoQuoted(other.encode_utf8(&mut [0; 4])).to_string();
                write!(f, "'{}'", &quoted[1..quoted.len() - 1])
            }
        }
    }
}

/// A character as Go's `%#U` prints it: `U+0071 'q'`.
struct CodePoint(char);

impl fmt::Display for CodePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U+{:04X}", u32::from(self.0))?;
        if is_print(self.0) {
            write!(f, " '{}'", self.0)?;
        }
        Ok(())
    }
}
