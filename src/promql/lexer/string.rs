//! Where quoted texts end, and that their escapes are valid. Their value is the parser's matter.

use super::Lexer;
use super::error::LexError;
use super::token::TokenKind;

impl Lexer<'_> {
    /// The rest of a text in `"` or `'`, behind the opening quote.
    pub(super) fn quoted_string(&mut self, quote: char) -> Result<TokenKind, LexError> {
        loop {
            match self.advance() {
                Some('\\') => self.escape(quote)?,
                Some(char::REPLACEMENT_CHARACTER) => return Err(LexError::InvalidRune),
                None | Some('\n') => return Err(LexError::UnterminatedString),
                Some(other) if other == quote => return Ok(TokenKind::String),
                Some(_) => {}
            }
        }
    }

    /// The rest of a text in backquotes, which has no escapes.
    pub(super) fn raw_string(&mut self) -> Result<TokenKind, LexError> {
        loop {
            match self.advance() {
                Some(char::REPLACEMENT_CHARACTER) => return Err(LexError::InvalidRune),
                None => return Err(LexError::UnterminatedRawString),
                Some('`') => return Ok(TokenKind::String),
                Some(_) => {}
            }
        }
    }

    /// An escape sequence, behind its backslash.
    fn escape(&mut self, quote: char) -> Result<(), LexError> {
        let (first, digits, radix) = match self.advance() {
            Some('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\') => return Ok(()),
            Some(other) if other == quote => return Ok(()),
            Some(octal @ '0'..='7') => (Some(octal), 3, 8),
            Some('x') => (self.advance(), 2, 16),
            Some('u') => (self.advance(), 4, 16),
            Some('U') => (self.advance(), 8, 16),
            None => return Err(LexError::UnterminatedEscape),
            Some(other) => return Err(LexError::UnknownEscape(other)),
        };
        let largest = if digits < 4 { 255 } else { u32::from(char::MAX) };
        let (mut next, mut value) = (first, 0_u32);
        for digit in 1..=digits {
            let c = next.ok_or(LexError::UnterminatedEscape)?;
            let number = c.to_digit(radix).ok_or(LexError::EscapeDigit(c))?;
            // Eight hexadecimal digits are exactly 32 bits.
            value = value.wrapping_mul(radix).wrapping_add(number);
            if digit < digits {
                next = self.advance();
            }
        }
        if value > largest || (0xD800..0xE000).contains(&value) {
            return Err(LexError::EscapeCodePoint);
        }
        Ok(())
    }
}
