//! Strings as Go prints them with `%q`.
//!
//! Group keys, matchers and template errors hold such text, and others compare it byte by byte.

use std::fmt;

/// Displays a string as Go's `strconv.Quote` does.
pub struct GoQuoted<'a>(pub &'a str);

impl fmt::Display for GoQuoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        escaped(self.0, f)?;
        f.write_str("\"")
    }
}

/// Displays bytes as Go's `strconv.Quote` does a string that holds them: those that are not UTF-8 as `\xff`.
pub struct GoQuotedBytes<'a>(pub &'a [u8]);

impl fmt::Display for GoQuotedBytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for chunk in self.0.utf8_chunks() {
            escaped(chunk.valid(), f)?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        f.write_str("\"")
    }
}

/// What stands between the quotes.
fn escaped(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let is_plain = |c: char| is_print(c) && !matches!(c, '"' | '\\');
    let mut rest = text;
    while let Some((at, c)) = rest.char_indices().find(|(_, c)| !is_plain(*c)) {
        f.write_str(&rest[..at])?;
        rest = &rest[at + c.len_utf8()..];
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\u{7}' => f.write_str("\\a")?,
            '\u{8}' => f.write_str("\\b")?,
            '\u{c}' => f.write_str("\\f")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\u{b}' => f.write_str("\\v")?,
            c if u32::from(c) < 0x80 => write!(f, "\\x{:02x}", u32::from(c))?,
            c if u32::from(c) < 0x1_0000 => write!(f, "\\u{:04x}", u32::from(c))?,
            c => write!(f, "\\U{:08x}", u32::from(c))?,
        }
    }
    f.write_str(rest)
}

/// Reads what follows a backslash in a text in `quote`s; answers how many bytes it was, or that it is no escape
/// sequence.
pub fn unescape(text: &str, quote: char, bytes: &mut Vec<u8>) -> Option<usize> {
    let digits = |from: usize, length: usize, radix: u32| {
        let digits = text
            .get(from..from + length)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, radix).ok()
    };
    let simple = match text.chars().next()? {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        '\\' => b'\\',
        other if other == quote => u8::try_from(quote).ok()?,
        'x' => {
            bytes.push(u8::try_from(digits(1, 2, 16)?).ok()?);
            return Some(3);
        }
        '0'..='7' => {
            bytes.push(u8::try_from(digits(0, 3, 8)?).ok()?);
            return Some(3);
        }
        short @ ('u' | 'U') => {
            let length = if short == 'u' { 4 } else { 8 };
            let c = char::from_u32(digits(1, length, 16)?)?;
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Some(1 + length);
        }
        _ => return None,
    };
    bytes.push(simple);
    Some(1)
}

/// Whether Go's `strconv.IsPrint` holds: letters, marks, numbers, punctuation, symbols and the ASCII space.
///
/// Rust's `escape_debug` knows the same Unicode classes: it escapes what is not printable, other than
/// marks that combine with what stands before them, which it escapes only at the start of a string.
#[must_use]
pub fn is_print(c: char) -> bool {
    match c {
        ' '..='~' => true,
        _ if c.is_control() || (c.is_whitespace() && c != ' ') => false,
        _ => {
            // A letter before it, so that a combining mark is not escaped for standing first.
            let mut text = [0; 5];
            text[0] = b'a';
            let length = c.encode_utf8(&mut text[1..]).len();
            let text = std::str::from_utf8(&text[..=length]).unwrap_or_default();
            !text.escape_debug().any(|part| part == '\\')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{GoQuoted, GoQuotedBytes};

    #[test]
    fn quoting_is_gos() {
        for (text, quoted) in [
            ("plain", r#""plain""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("tab\tnul\0bell\u{7}del\u{7f}", r#""tab\tnul\x00bell\adel\x7f""#),
            ("é 🙂 e\u{301}", "\"é 🙂 e\u{301}\""),
            ("\u{a0}\u{200b}\u{feff}\u{e000}", r#""\u00a0\u200b\ufeff\ue000""#),
            ("\u{e0001}", r#""\U000e0001""#),
        ] {
            assert_eq!(GoQuoted(text).to_string(), quoted);
            assert_eq!(GoQuotedBytes(text.as_bytes()).to_string(), quoted);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_quoted_one_by_one() {
        for (bytes, quoted) in [
            (&b"\xff"[..], r#""\xff""#),
            (b"a\xc5z", r#""a\xc5z""#),
            (b"\xe2\x82\"\n", r#""\xe2\x82\"\n""#),
            (b"", r#""""#),
        ] {
            assert_eq!(GoQuotedBytes(bytes).to_string(), quoted);
        }
    }
}
