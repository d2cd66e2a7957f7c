//! Go's `strconv.Unquote` for text in double quotes.

use crate::model::quote::unescape;

/// The text without its quotes and escapes; `None` if an escape is unknown or the bytes are not UTF-8.
pub(super) fn unquote(quoted: &str) -> Option<String> {
    let body = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(c) = rest.chars().next() {
        match c {
            '\n' | '"' => return None,
            '\\' => {
                let length = unescape(&rest[1..], '"', &mut bytes)?;
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
