//! Go's `strconv.Unquote` for text in double quotes.

/// The text without its quotes and escapes; `None` if an escape is unknown or the bytes are not UTF-8.
pub(super) fn unquote(quoted: &str) -> Option<String> {
    let body = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(c) = rest.chars().next() {
        match c {
            '\n' | '"' => return None,
            '\\' => {
                let length = escape(&rest[1..], &mut bytes)?;
                rest = &rest[1 + length..];
            }
            c => {
                rest = &rest[c.len_utf8()..];
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// Reads what follows a backslash; answers how many bytes it was.
fn escape(text: &str, bytes: &mut Vec<u8>) -> Option<usize> {
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
        '"' => b'"',
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

#[cfg(test)]
mod tests {
    use super::unquote;

    #[test]
    fn escapes_are_gos() {
        for (quoted, text) in [
            (r#""a\tb\"c\\""#, Some("a\tb\"c\\")),
            (r#""\x41\102\u00e9\U0001F600""#, Some("ABé😀")),
            (r#""\xc3\xa9""#, Some("é")),
            (r#""\xff""#, None),
            (r#""\q""#, None),
            (r#""\'""#, None),
            ("\"a\nb\"", None),
        ] {
            assert_eq!(unquote(quoted).as_deref(), text, "{quoted}");
        }
    }
}
