//! From a byte of a scalar's value back to the bytes of the file it was written as.
//!
//! A template or matcher inside a quoted, folded or indented scalar has its own positions; this maps them
//! to the file's, also across escapes, folds and indentation.

use std::ops::Range;

use super::node::{Scalar, Style};

/// For each byte of `scalar.text` the bytes of `source` that it was written as; a multi-byte character and
/// an escape map all their bytes to the whole of what was written. `span` is the scalar's place.
///
/// What cannot be told maps to the whole span.
#[must_use]
pub fn places(source: &str, span: &Range<usize>, scalar: &Scalar) -> Vec<Range<usize>> {
    // The line breaks that end a block's value stand behind its last character.
    let raw = match scalar.style {
        Style::Plain | Style::SingleQuoted | Style::DoubleQuoted => source.get(span.clone()),
        Style::Literal | Style::Folded => source.get(span.start..),
    };
    let raw = raw.unwrap_or_default();
    let mut walk = Walk {
        raw,
        value: &scalar.text,
        at: 0,
        folded: scalar.style == Style::Folded,
        places: Vec::with_capacity(scalar.text.len()),
    };
    let complete = match scalar.style {
        Style::Plain => walk.flow(None),
        Style::SingleQuoted => walk.flow(Some('\'')),
        Style::DoubleQuoted => walk.flow(Some('"')),
        Style::Literal | Style::Folded => walk.block(),
    };
    if complete.is_none() || walk.places.len() != scalar.text.len() {
        return vec![span.clone(); scalar.text.len()];
    }
    walk.places.into_iter().map(|place| place.start + span.start..place.end + span.start).collect()
}

/// Walks over the raw text and the value together; the value decides what an ambiguous break became.
struct Walk<'a> {
    raw: &'a str,
    value: &'a str,
    /// Where in `raw` the walk is.
    at: usize,
    /// Whether single line breaks become spaces.
    folded: bool,
    /// Places in `raw` of the value's bytes so far.
    places: Vec<Range<usize>>,
}

impl Walk<'_> {
    fn rest(&self) -> &str {
        &self.raw[self.at..]
    }

    fn wanted(&self) -> &str {
        &self.value[self.places.len()..]
    }

    /// The next character of the value was written as the next `length` bytes.
    fn take(&mut self, length: usize) -> Option<()> {
        let c = self.wanted().chars().next()?;
        let place = self.at..self.at + length;
        self.places.extend(std::iter::repeat_n(place, c.len_utf8()));
        self.at += length;
        Some(())
    }

    /// Plain and quoted scalars.
    fn flow(&mut self, quote: Option<char>) -> Option<()> {
        if let Some(quote) = quote {
            self.raw.starts_with(quote).then_some(())?;
            self.at = 1;
        }
        while !self.wanted().is_empty() {
            let c = self.rest().chars().next()?;
            let blank = self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
            match (c, quote) {
                ('\'', Some('\'')) => self.take(2)?,
                ('\\', Some('"')) => self.escape()?,
                _ if self.rest()[blank..].starts_with(['\n', '\r']) => self.fold()?,
                _ => {
                    self.wanted().starts_with(c).then_some(())?;
                    self.take(c.len_utf8())?;
                }
            }
        }
        Some(())
    }

    /// A backslash in a double-quoted scalar.
    fn escape(&mut self) -> Option<()> {
        let next = self.rest()[1..].chars().next()?;
        match next {
            'x' => self.take(4),
            // As in JSON, two of them are one character.
            'u' if self.wanted().starts_with(|c| c > '\u{ffff}') => self.take(12),
            'u' => self.take(6),
            'U' => self.take(10),
            '\n' | '\r' => {
                // An escaped break joins the lines; the next line's indentation does not count.
                let after = self.rest()[1..].trim_start_matches('\r');
                let after = after.strip_prefix('\n').unwrap_or(after).trim_start_matches([' ', '\t']);
                self.at = self.raw.len() - after.len();
                // Empty lines after it are line breaks of the value.
                while self.rest().starts_with(['\n', '\r']) {
                    let length = if self.rest().starts_with("\r\n") { 2 } else { 1 };
                    self.take(length)?;
                    let rest = self.rest().trim_start_matches([' ', '\t']);
                    self.at = self.raw.len() - rest.len();
                }
                Some(())
            }
            other => self.take(1 + other.len_utf8()),
        }
    }

    /// Blanks, line breaks and blanks: one break is a space, more are one line break less.
    fn fold(&mut self) -> Option<()> {
        let blanks = [' ', '\t'];
        let mut breaks = Vec::new();
        loop {
            let rest = self.rest().trim_start_matches(blanks);
            let start = self.raw.len() - rest.len();
            let length = match rest.as_bytes() {
                [b'\r', b'\n', ..] => 2,
                [b'\n' | b'\r', ..] => 1,
                _ => {
                    self.at = start;
                    break;
                }
            };
            breaks.push(start..start + length);
            self.at = start + length;
        }
        let end = self.at;
        if let [only] = breaks.as_slice() {
            self.wanted().starts_with(' ').then_some(())?;
            self.at = only.start;
            self.take(only.len())?;
        } else {
            for place in breaks.into_iter().skip(1) {
                self.wanted().starts_with('\n').then_some(())?;
                self.at = place.start;
                self.take(place.len())?;
            }
        }
        self.at = end;
        Some(())
    }

    /// Literal and folded blocks: lines with an indentation that is not part of the value.
    fn block(&mut self) -> Option<()> {
        let (header, _) = self.raw.split_once('\n')?;
        let explicit = header.chars().take_while(|c| *c != '#').find_map(|c| c.to_digit(10)).is_some();
        self.at = header.len() + 1;
        let indent = if explicit { None } else { Some(self.first_indent()) };
        while !self.wanted().is_empty() {
            self.line(indent)?;
        }
        Some(())
    }

    fn first_indent(&self) -> usize {
        let line = self.rest().lines().find(|line| !line.trim_matches(' ').is_empty()).unwrap_or_default();
        line.len() - line.trim_start_matches(' ').len()
    }

    /// One raw line and the break after it.
    fn line(&mut self, indent: Option<usize>) -> Option<()> {
        let rest = self.rest();
        let length = rest.find('\n').unwrap_or(rest.len());
        let line = rest[..length].trim_end_matches('\r');
        let spaces = line.len() - line.trim_start_matches(' ').len();
        // With an indentation indicator the parent's indentation is unknown: the value tells what is content.
        let skip = match indent {
            Some(indent) => indent.min(spaces),
            None => (0..=spaces).rev().find(|skip| self.wanted().starts_with(&line[*skip..]))?,
        };
        let (start, ends_at, content_end) = (self.at + skip, self.at + length, self.at + line.len());
        self.at = start;
        while self.at < content_end && !self.wanted().is_empty() {
            let c = self.rest().chars().next()?;
            self.wanted().starts_with(c).then_some(())?;
            self.take(c.len_utf8())?;
        }
        self.at = content_end;
        let break_length = ends_at + 1 - content_end;
        match self.wanted().chars().next() {
            // Folded: the break became a space, unless the line was indented further or stands alone.
            Some('\n' | ' ') if start < content_end || self.wanted().starts_with('\n') => {
                let folded_away = self.folded
                    && start < content_end
                    && self.blank_follows(ends_at)
                    && self.break_is_lost(ends_at);
                if !folded_away {
                    self.take(break_length)?;
                }
            }
            Some(_) | None => {}
        }
        self.at = (ends_at + 1).min(self.raw.len());
        Some(())
    }

    fn blank_follows(&self, ends_at: usize) -> bool {
        let next = self.raw.get(ends_at + 1..).unwrap_or_default();
        next.lines().next().is_some_and(|line| line.trim().is_empty())
    }

    /// Whether fewer line breaks follow in the value than in the text: the first of them was folded.
    fn break_is_lost(&self, ends_at: usize) -> bool {
        let written = self.raw.get(ends_at..).unwrap_or_default();
        let blank = written.len() - written.trim_start_matches([' ', '\n', '\r']).len();
        let wanted = self.wanted().len() - self.wanted().trim_start_matches('\n').len();
        blank < written.len() && wanted < written[..blank].matches('\n').count()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::places;
    use crate::config::yaml::{Node, Value, parse};

    fn scalar_of(text: &str) -> Option<Node> {
        match parse(text).0?.value {
            Value::Mapping(pairs) => pairs.into_iter().next().map(|(_, value)| value),
            Value::Sequence(_) | Value::Scalar(_) => None,
        }
    }

    /// Each character of the value with what it was written as.
    fn shown(text: &str) -> String {
        let node = scalar_of(text).expect("a value");
        let scalar = node.scalar().expect("a scalar");
        let places = places(text, &node.span, scalar);
        let written = |(at, c): (usize, char)| format!("{c:?}={:?}", &text[places[at].clone()]);
        scalar.text.char_indices().map(written).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn escapes_folds_and_indentation_are_followed() {
        insta::assert_snapshot!(shown("k: \"a\\t\\u00e9\\x41\\\n  b\""), @r#"'a'="a" '\t'="\\t" 'é'="\\u00e9" 'A'="\\x41" 'b'="b""#);
        insta::assert_snapshot!(shown("k: \"\\ud83d\\ude00\\ud7a3a\""), @r#"'😀'="\\ud83d\\ude00" '힣'="\\ud7a3" 'a'="a""#);
        insta::assert_snapshot!(shown("k: 'a''b\n  c\n\n  d'"), @r#"'a'="a" '\''="''" 'b'="b" ' '="\n" 'c'="c" '\n'="\n" 'd'="d""#);
        insta::assert_snapshot!(shown("k: a b\n  é\n"), @r#"'a'="a" ' '=" " 'b'="b" ' '="\n" 'é'="é""#);
        insta::assert_snapshot!(shown("k: |2-\n    a\n   b\n"), @r#"' '=" " ' '=" " 'a'="a" '\n'="\n" ' '=" " 'b'="b""#);
        insta::assert_snapshot!(shown("k: >\n  a\n  b\n\n  c\n    d\n  e\n\n"), @r#"'a'="a" ' '="\n" 'b'="b" '\n'="\n" 'c'="c" '\n'="\n" ' '=" " ' '=" " 'd'="d" '\n'="\n" 'e'="e" '\n'="\n""#);
    }

    proptest! {
        /// In a literal block each character is written as itself, whatever the value.
        #[test]
        fn literal_blocks_map_to_themselves(lines in prop::collection::vec("[a-zé{}$. ]{0,6}", 1..6)) {
            let text = format!("k: |\n  x\n{}", lines.iter().map(|line| format!("  {line}\n")).collect::<String>());
            check(&text)?;
        }

        #[test]
        fn folded_blocks_map_to_themselves(lines in prop::collection::vec("( {0,2}[a-zé]{1,4}){0,2}", 1..8)) {
            let text = format!("k: >\n  x\n{}", lines.iter().map(|line| format!("  {line}\n")).collect::<String>());
            check(&text)?;
        }

        #[test]
        fn quoted_and_plain_text_maps_to_itself(body in "[a-zé]([a-zé{}$.\n ]|\\\\n|\\\\\"|\\\\u00e9){0,20}") {
            check(&format!("k: \"{}\"\n", body.replace('\n', "\n  ")))?;
            let single = body.replace(['\\', '"'], "''");
            check(&format!("k: '{}'\n", single.replace('\n', "\n  ")))?;
            let plain = body.replace(['\\', '"', '{', '}'], "x");
            check(&format!("k: {}\n", plain.replace('\n', "\n  ")))?;
        }
    }

    /// A character of a value with a number that decides how it is written.
    fn choices() -> impl Strategy<Value = Vec<(char, u8)>> {
        let letter =
            prop::sample::select(vec!['a', 'b', 'é', '数', '🔥', '{', '"', '\\', '\'', '.', '(', ' ']);
        prop::collection::vec((letter, any::<u8>()), 1..40).prop_map(|mut letters| {
            // Blanks stand alone and inside, so that each may become a line break.
            letters.dedup_by(|next, last| next.0 == ' ' && last.0 == ' ');
            letters.insert(0, ('x', 0));
            letters.push(('y', 0));
            letters
        })
    }

    /// Writes a value and compares each place with where the character went. `write` gives the text of one.
    fn place_each(
        start: &str,
        end: &str,
        letters: &[(char, u8)],
        write: impl Fn(char, u8) -> String,
    ) -> Result<(), TestCaseError> {
        let (mut text, mut wanted) = (start.to_owned(), Vec::new());
        for (c, choice) in letters {
            let from = text.len();
            text.push_str(&write(*c, *choice));
            // Of a line break and the indentation behind it, the break is the character's.
            let to = if text[from..].starts_with('\n') { from + 1 } else { text.len() };
            wanted.extend(std::iter::repeat_n(from..to, c.len_utf8()));
        }
        text.push_str(end);
        let node = scalar_of(&text).expect("a value");
        let scalar = node.scalar().expect("a scalar");
        let value: String = letters.iter().map(|(c, _)| c).collect();
        prop_assert_eq!(&*scalar.text, &value, "of {:?}", &text);
        prop_assert_eq!(places(&text, &node.span, scalar), wanted, "in {:?}", &text);
        Ok(())
    }

    /// A blank that may be written as a line break.
    fn blank(c: char, choice: u8) -> Option<String> {
        (c == ' ' && choice.is_multiple_of(2)).then(|| "\n    ".to_owned())
    }

    proptest! {
        /// Every byte of a value is found exactly where it was written, in each style.
        #[test]
        fn each_byte_is_where_it_was_written(letters in choices()) {
            place_each("k: &a \"", "\"\n", &letters, |c, choice| match (c, choice % 4) {
                ('"' | '\\', _) => format!("\\{c}"),
                (' ', _) => blank(c, choice).unwrap_or_else(|| " ".to_owned()),
                (c, 0) if u32::from(c) < 0x1_0000 => format!("\\u{:04x}", u32::from(c)),
                (c, 1) => format!("\\U{:08X}", u32::from(c)),
                (c, 2) if u32::from(c) < 0x100 => format!("\\x{:02x}", u32::from(c)),
                (c, _) => c.to_string(),
            })?;
            place_each("k: '", "'\n", &letters, |c, choice| match c {
                '\'' => "''".to_owned(),
                c => blank(c, choice).unwrap_or_else(|| c.to_string()),
            })?;
            place_each("k: ", "\n", &letters, |c, choice| blank(c, choice).unwrap_or_else(|| c.to_string()))?;
            place_each("k: >-\n    ", "\n", &letters, |c, choice| blank(c, choice).unwrap_or_else(|| c.to_string()))?;
            let lines: Vec<_> =
                letters.iter().map(|(c, choice)| if *c == ' ' { ('\n', *choice) } else { (*c, *choice) }).collect();
            place_each("k: |-\n    ", "\n", &lines, |c, _| match c {
                '\n' => "\n    ".to_owned(),
                c => c.to_string(),
            })?;
        }
    }

    /// Every mapped place holds the character itself, an escape of it, or the break that became it.
    fn check(text: &str) -> Result<(), TestCaseError> {
        let Some(node) = scalar_of(text) else { return Ok(()) };
        let Some(scalar) = node.scalar() else { return Ok(()) };
        let places = places(text, &node.span, scalar);
        for (at, c) in scalar.text.char_indices() {
            let written = &text[places[at].clone()];
            let same = written.starts_with(c)
                || written.starts_with('\\')
                || (written == "''" && c == '\'')
                || (c == ' ' && matches!(written, "\n" | "\r\n"));
            prop_assert!(same, "{:?} as {:?} in {:?}", c, written, text);
        }
        Ok(())
    }
}
