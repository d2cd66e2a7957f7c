//! `urlUnescape`.

use crate::model::quote::GoQuoted;
use crate::template::go::CallError;

/// Go's `url.QueryUnescape`. Bytes that are no text become U+FFFD.
///
/// # Errors
/// A `%` is not followed by two hexadecimal digits.
pub(super) fn query_unescape(text: &str) -> Result<String, CallError> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let (byte, length) = match byte {
            b'+' => (b' ', 1),
            b'%' => (escaped(bytes, at)?, 3),
            byte => (*byte, 1),
        };
        out.push(byte);
        at += length;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn escaped(bytes: &[u8], at: usize) -> Result<u8, CallError> {
    let end = bytes.len().min(at + 3);
    let digits = std::str::from_utf8(&bytes[at + 1..end]).ok();
    let valid = digits.filter(|digits| digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_hexdigit()));
    valid.and_then(|digits| u8::from_str_radix(digits, 16).ok()).ok_or_else(|| {
        let shown = String::from_utf8_lossy(&bytes[at..end]);
        format!("invalid URL escape {}", GoQuoted(&shown)).into()
    })
}
