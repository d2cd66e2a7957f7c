//! `base64encode` and `base64decode`: the alphabet that is safe in URLs, padded.

use crate::template::go::CallError;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Go's `base64.URLEncoding.EncodeToString`.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = bits >> (18 - 6 * at) & 63;
            out.push(if at <= chunk.len() { char::from(ALPHABET[digit as usize]) } else { '=' });
        }
    }
    out
}

/// Go's `base64.URLEncoding.DecodeString`: line breaks are skipped. Bytes that are no text become U+FFFD.
///
/// # Errors
/// The text is not such an encoding; the message names the byte, as in Go.
pub(super) fn decode(text: &str) -> Result<String, CallError> {
    let mut input = text.bytes().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n')).peekable();
    let corrupt = |at: usize| CallError::from(format!("illegal base64 data at input byte {at}"));
    let mut out = Vec::new();
    while input.peek().is_some() {
        let (mut bits, mut count) = (0, 0);
        while count < 4 {
            match input.next() {
                None => return Err(corrupt(text.len() - count)),
                Some((at, b'=')) => {
                    if count < 2 {
                        return Err(corrupt(at));
                    }
                    if count == 2 {
                        match input.next() {
                            Some((_, b'=')) => {}
                            Some((at, _)) => return Err(corrupt(at - 1)),
                            None => return Err(corrupt(text.len())),
                        }
                    }
                    if let Some((at, _)) = input.next() {
                        return Err(corrupt(at));
                    }
                    break;
                }
                Some((at, byte)) => {
                    let digit =
                        ALPHABET.iter().position(|known| *known == byte).ok_or_else(|| corrupt(at))?;
                    bits |= digit << (18 - 6 * count);
                    count += 1;
                }
            }
        }
        let bytes = [bits >> 16, bits >> 8, bits].map(|byte| u8::try_from(byte & 0xff).unwrap_or(0));
        out.extend_from_slice(&bytes[..count - 1]);
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}
