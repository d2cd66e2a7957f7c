//! Go's literals: numbers in every form, characters and quoted strings.

use crate::model::Str;
use crate::model::number::{parse_float, underscores_fit};
use crate::model::quote::GoQuoted;

/// A number as it was written, and every kind of number that it can stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Number {
    pub(super) text: Str,
    pub(super) int: Option<i64>,
    pub(super) uint: Option<u64>,
    pub(super) float: Option<f64>,
    /// Set only for what is written as a complex number: real and imaginary part.
    pub(super) complex: Option<(f64, f64)>,
}

impl Number {
    /// Reads a plain or imaginary number.
    pub(super) fn plain(text: &str) -> Result<Self, String> {
        if let Some(imaginary) = text.strip_suffix('i')
            && let Some(imaginary) = parse_float(imaginary)
        {
            return Ok(Self::of_complex(text, 0.0, imaginary));
        }
        let mut number = Self { text: text.into(), ..Self::default() };
        number.uint = parse_uint(text);
        number.int = parse_int(text);
        if number.int == Some(0) {
            number.uint = Some(0); // "-0" is an unsigned number too
        }
        #[expect(clippy::cast_precision_loss, reason = "an integer literal where a float is wanted")]
        if let Some(int) = number.int {
            number.float = Some(int as f64);
        } else if let Some(uint) = number.uint {
            number.float = Some(uint as f64);
        } else if let Some(float) = parse_float(text) {
            if !text.contains(['.', 'e', 'E', 'p', 'P']) {
                return Err(format!("integer overflow: {}", GoQuoted(text)));
            }
            number.set_float(float);
        }
        if number.float.is_none() {
            return Err(format!("illegal number syntax: {}", GoQuoted(text)));
        }
        Ok(number)
    }

    /// Reads `1+2i`.
    pub(super) fn complex(text: &str) -> Result<Self, String> {
        let syntax = || format!("illegal number syntax: {}", GoQuoted(text));
        let body = text.strip_suffix('i').ok_or_else(syntax)?;
        let split = body
            .char_indices()
            .rfind(|(at, c)| {
                matches!(c, '+' | '-') && *at > 0 && !body[..*at].ends_with(['e', 'E', 'p', 'P'])
            })
            .map(|(at, _)| at)
            .ok_or_else(syntax)?;
        match (parse_float(&body[..split]), parse_float(&body[split..])) {
            (Some(real), Some(imaginary)) => Ok(Self::of_complex(text, real, imaginary)),
            _ => Err(syntax()),
        }
    }

    /// Reads a character constant with its quotes.
    pub(super) fn character(quoted: &str) -> Result<Self, String> {
        let malformed = || format!("malformed character constant: {quoted}");
        let inside =
            quoted.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).ok_or_else(malformed)?;
        if inside.is_empty() {
            return Err("invalid syntax".to_owned());
        }
        let mut chars = inside.chars();
        let code = match unquote_char(&mut chars, '\'') {
            Some(Unquoted::Char(c)) => u32::from(c),
            Some(Unquoted::Byte(byte)) => u32::from(byte),
            None => return Err(malformed()),
        };
        if chars.next().is_some() {
            return Err(malformed());
        }
        Ok(Self {
            text: quoted.into(),
            int: Some(i64::from(code)),
            uint: Some(u64::from(code)),
            float: Some(f64::from(code)),
            complex: None,
        })
    }

    fn of_complex(text: &str, real: f64, imaginary: f64) -> Self {
        let mut number = Self { text: text.into(), complex: Some((real, imaginary)), ..Self::default() };
        if imaginary == 0.0 {
            number.set_float(real);
        }
        number
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "kept only where it is exact"
    )]
    #[expect(clippy::cast_precision_loss, reason = "the comparison is what finds a loss")]
    fn set_float(&mut self, float: f64) {
        self.float = Some(float);
        let (int, uint) = (float as i64, float as u64);
        self.int = self.int.or((int as f64 == float && float.abs() < 9.3e18).then_some(int));
        self.uint = self.uint.or((uint as f64 == float && float < 1.9e19).then_some(uint));
    }
}

/// Unsigned digits with Go's prefixes `0x`, `0o`, `0b` and `0`, and underscores between digits.
fn parse_uint(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        _ if lower.len() > 1 && lower.starts_with('0') => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if lower.starts_with('+') || !underscores_fit(&lower) {
        return None;
    }
    let digits = digits.replace('_', "");
    u64::from_str_radix(&digits, radix).ok().filter(|_| !digits.starts_with(['+', '-']))
}

fn parse_int(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(rest) => parse_uint(rest).and_then(|size| 0_i64.checked_sub_unsigned(size)),
        None => parse_uint(text.strip_prefix('+').unwrap_or(text)).and_then(|size| size.try_into().ok()),
    }
}

/// What one element of a quoted text stands for.
enum Unquoted {
    Char(char),
    Byte(u8),
}

/// Go's `strconv.Unquote` for `"…"` and raw strings.
pub(super) fn unquote(quoted: &str) -> Option<Str> {
    if let Some(raw) = quoted.strip_prefix('`') {
        return Some(raw.strip_suffix('`')?.replace('\r', "").into());
    }
    let inside = quoted.strip_prefix('"')?.strip_suffix('"')?;
    if !inside.contains('\\') {
        return Some(inside.into());
    }
    let mut bytes = Vec::with_capacity(inside.len());
    let mut chars = inside.chars();
    while !chars.as_str().is_empty() {
        match unquote_char(&mut chars, '"')? {
            Unquoted::Char(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Unquoted::Byte(byte) => bytes.push(byte),
        }
    }
    // Go keeps bytes that are not UTF-8; our texts are always UTF-8.
    Some(String::from_utf8_lossy(&bytes).into())
}

fn unquote_char(chars: &mut std::str::Chars<'_>, quote: char) -> Option<Unquoted> {
    let c = chars.next()?;
    if c == quote || c == '\n' {
        return None;
    }
    if c != '\\' {
        return Some(Unquoted::Char(c));
    }
    let simple = match chars.next()? {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' => '\\',
        c if c == quote => c,
        'x' => return digits(chars, 2, 16, 0).and_then(byte),
        'u' => return digits(chars, 4, 16, 0).and_then(char::from_u32).map(Unquoted::Char),
        'U' => return digits(chars, 8, 16, 0).and_then(char::from_u32).map(Unquoted::Char),
        c @ '0'..='7' => return digits(chars, 2, 8, c.to_digit(8)?).and_then(byte),
        _ => return None,
    };
    Some(Unquoted::Char(simple))
}

fn byte(value: u32) -> Option<Unquoted> {
    u8::try_from(value).ok().map(Unquoted::Byte)
}

fn digits(chars: &mut std::str::Chars<'_>, count: usize, radix: u32, start: u32) -> Option<u32> {
    (0..count)
        .try_fold(start, |value, _| value.checked_mul(radix)?.checked_add(chars.next()?.to_digit(radix)?))
}
