//! Texts on their way to a terminal.

/// The text without anything that steers a terminal or ends a line: such characters are written as escapes.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { safe.extend(c.escape_default()) } else { safe.push(c) }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_steers_a_terminal_is_escaped() {
        assert_eq!(printable("a\u{1b}[31m\n\tä→\u{85}"), "a\\u{1b}[31m\\n\\tä→\\u{85}");
    }
}
