//! Where numbers and durations end. Whether they have a value is the parser's matter.

use super::Lexer;
use super::error::LexError;
use super::token::TokenKind;

const DECIMAL: &str = "0123456789";
const HEXADECIMAL: &str = "0123456789abcdefABCDEF";

impl Lexer<'_> {
    /// A number, or a duration; the first character is a digit or a point before one.
    pub(super) fn number_or_duration(&mut self) -> Result<TokenKind, LexError> {
        if self.scan_number() {
            return Ok(TokenKind::Number);
        }
        // What was read as a number stays read: `1e5m` is a duration, if not a valid one.
        if self.scan_units() {
            return Ok(TokenKind::Duration);
        }
        Err(LexError::NumberOrDuration(self.pending().to_owned()))
    }

    /// The rest of a duration, from its first unit on. On failure the character at fault is read, too: the
    /// message shows it.
    fn scan_units(&mut self) -> bool {
        if !self.accept("smhdwy") {
            return false;
        }
        // For `ms`; `hs` and the like are refused when the duration is computed.
        self.accept("s");
        while self.accept(DECIMAL) {
            self.accept_all(DECIMAL);
            if !self.accept("smhdw") {
                return false;
            }
            self.accept("s");
        }
        if self.peek().is_some_and(super::is_word) {
            self.advance();
            return false;
        }
        true
    }

    /// Reads what looks like a number; false if it is none or something else continues it.
    fn scan_number(&mut self) -> bool {
        let start = self.at;
        let mut digits = DECIMAL;
        if self.accept("0") && self.accept("xX") {
            self.accept("_");
            digits = HEXADECIMAL;
        }
        self.accept(".");
        self.accept(digits);
        let (mut point, mut exponent) = (false, false);
        while let Some(next) = self.peek() {
            if next == '.' {
                self.advance();
                // Neither two points nor one in a hexadecimal number.
                if std::mem::replace(&mut point, true) || self.accept("_.") || digits == HEXADECIMAL {
                    return false;
                }
            } else if matches!(next, 'e' | 'E') {
                self.advance();
                if std::mem::replace(&mut exponent, true) {
                    return false;
                }
                self.accept("+-");
                if self.accept("._eE") || self.peek().is_none() {
                    return false;
                }
            } else if next == '_' {
                self.advance();
                if self.accept("._eE") || self.peek().is_none() {
                    return false;
                }
            } else if digits.contains(next) {
                self.accept_all(digits);
            } else {
                break;
            }
        }
        self.at != start && !self.peek().is_some_and(super::is_word)
    }
}
