//! HTML's character references in the values of attributes, as far as they matter to find contexts.
//!
//! Go knows all 2231 names. What matters here are the characters that scripts, styles and addresses are
//! divided by, which are ASCII, and blanks; a name of another character counts as a letter.

/// The text that a value with character references says.
pub(super) fn unescape(s: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.len());
    let mut rest = s;
    while let Some(at) = rest.iter().position(|byte| *byte == b'&') {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        match reference(rest) {
            Some((text, length)) => {
                out.extend_from_slice(text.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[length..];
            }
            None => {
                out.push(b'&');
                rest = &rest[1..];
            }
        }
    }
    out.extend_from_slice(rest);
    out
}

/// The reference that `s` starts with, and its length.
fn reference(s: &[u8]) -> Option<(char, usize)> {
    if s.get(1) == Some(&b'#') { numeric(s) } else { named(s) }
}

fn numeric(s: &[u8]) -> Option<(char, usize)> {
    let (radix, start) = if matches!(s.get(2), Some(b'x' | b'X')) { (16, 3) } else { (10, 2) };
    let (mut number, mut end) = (0_u32, start);
    while let Some(digit) = s.get(end).and_then(|byte| char::from(*byte).to_digit(radix)) {
        number = number.saturating_mul(radix).saturating_add(digit);
        end += 1;
    }
    if end == start {
        return None;
    }
    let text = match number {
        0 => char::REPLACEMENT_CHARACTER,
        // Windows' quotes and letters, which are what such numbers mean.
        0x80..=0x9f => LETTER,
        number => char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER),
    };
    Some((text, end + usize::from(s.get(end) == Some(&b';'))))
}

/// Stands for any character that divides nothing.
const LETTER: char = 'é';

fn named(s: &[u8]) -> Option<(char, usize)> {
    let length = s[1..].iter().take(32).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let name = std::str::from_utf8(&s[1..=length]).ok().filter(|name| !name.is_empty())?;
    if s.get(length + 1) == Some(&b';') {
        return Some((character(name).unwrap_or(LETTER), length + 2));
    }
    // Old names need no semicolon, whatever follows.
    ["quot", "QUOT", "amp", "AMP", "lt", "LT", "gt", "GT", "nbsp"]
        .into_iter()
        .find(|old| name.starts_with(old))
        .and_then(|old| Some((character(old)?, old.len() + 1)))
}

fn character(name: &str) -> Option<char> {
    Some(match name {
        "Tab" => '\t',
        "NewLine" => '\n',
        "excl" => '!',
        "quot" | "QUOT" => '"',
        "num" => '#',
        "dollar" => '$',
        "percnt" => '%',
        "amp" | "AMP" => '&',
        "apos" => '\'',
        "lpar" => '(',
        "rpar" => ')',
        "ast" | "midast" => '*',
        "plus" => '+',
        "comma" => ',',
        "period" => '.',
        "sol" => '/',
        "colon" => ':',
        "semi" => ';',
        "lt" | "LT" => '<',
        "equals" => '=',
        "gt" | "GT" => '>',
        "quest" => '?',
        "commat" => '@',
        "lsqb" | "lbrack" => '[',
        "bsol" => '\\',
        "rsqb" | "rbrack" => ']',
        "Hat" => '^',
        "lowbar" | "UnderBar" => '_',
        "grave" | "DiacriticalGrave" => '`',
        "lcub" | "lbrace" => '{',
        "verbar" | "vert" | "VerticalLine" => '|',
        "rcub" | "rbrace" => '}',
        "nbsp" | "NonBreakingSpace" => '\u{a0}',
        "ensp" | "emsp" | "emsp13" | "emsp14" | "numsp" | "puncsp" | "thinsp" | "ThinSpace" | "hairsp"
        | "VeryThinSpace" => '\u{2003}',
        "MediumSpace" => '\u{205f}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::unescape;

    #[test]
    fn references_that_divide_scripts_are_read() {
        for (text, says) in [
            ("alert(&quot;x&quot;)", "alert(\"x\")"),
            ("&#34;&#x22;&#X27&lt", "\"\"'<"),
            ("a&amp;b&ampc", "a&b&c"),
            ("&eacute;&nosuch &;&#;&#x;&", "é&nosuch &;&#;&#x;&"),
            ("&#0;&#x110000;", "\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(String::from_utf8_lossy(&unescape(text.as_bytes())), says, "{text}");
        }
    }
}
