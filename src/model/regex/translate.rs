//! Go's regular expression syntax rewritten into that of the `regex` crate.
//!
//! Both engines are of the RE2 family, so what differs is notation: ASCII classes, quoting, what is
//! literal inside brackets, what counts as a mistake.

use std::collections::BTreeSet;
use std::ops::Range;

/// Go's limit on one repetition and on nested ones multiplied.
const MAX_REPEAT: u32 = 1000;

/// Why Go would refuse an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("error parsing regexp: {message}")]
pub(super) struct GoRegexError {
    /// What is wrong, in the words of Go's `regexp/syntax`, with the text it is about.
    pub message: String,
    /// The bytes of the expression that are at fault.
    pub range: Range<usize>,
}

/// Rewrites an expression in Go's dialect for the `regex` crate; its meaning stays the same.
///
/// # Errors
/// Go would refuse the expression. Very large ones may still be refused when they are compiled.
pub(super) fn translate(go: &str) -> Result<String, GoRegexError> {
    let mut translator =
        Translator { go, at: 0, rust: String::with_capacity(go.len() + 16), ..Translator::default() };
    translator.expression()?;
    Ok(translator.rust)
}

/// What came last, and so what a repetition operator would apply to.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Last {
    /// Nothing: the start, `(` or `|`.
    #[default]
    Nothing,
    /// Something that can be repeated; how often its inside is repeated at most.
    Operand(u32),
    /// A repetition; its operator starts here.
    Repetition { start: usize, times: u32 },
}

/// An open group: where it starts and the most its insides are repeated so far.
#[derive(Clone, Copy)]
struct Group {
    start: usize,
    times: u32,
}

#[derive(Default)]
pub(super) struct Translator<'a> {
    pub(super) go: &'a str,
    pub(super) at: usize,
    pub(super) rust: String,
    /// Flags that are not written yet: a repetition behind them is of what stands before them.
    flags: String,
    groups: Vec<Group>,
    names: BTreeSet<&'a str>,
    last: Last,
    /// The most that something on this level is repeated so far.
    times: u32,
}

impl<'a> Translator<'a> {
    pub(super) fn rest(&self) -> &'a str {
        &self.go[self.at..]
    }

    pub(super) fn error<T>(&self, what: &str, range: Range<usize>) -> Result<T, GoRegexError> {
        Err(GoRegexError { message: format!("{what}: `{}`", &self.go[range.clone()]), range })
    }

    fn expression(&mut self) -> Result<(), GoRegexError> {
        while let Some(c) = self.rest().chars().next() {
            if !matches!(c, '*' | '+' | '?' | '{') {
                self.write_flags();
            }
            match c {
                '(' => self.open()?,
                ')' => self.close()?,
                '|' => {
                    self.copy(1);
                    self.last = Last::Nothing;
                }
                '*' | '+' | '?' => self.repetition(1, 2)?,
                '{' => self.braces()?,
                '[' => {
                    self.bracket_class()?;
                    self.operand();
                }
                '\\' => self.backslash()?,
                '.' | '^' | '$' => {
                    self.copy(1);
                    self.operand();
                }
                _ => {
                    self.literal(c);
                    self.at += c.len_utf8();
                    self.operand();
                }
            }
        }
        self.write_flags();
        if self.groups.is_empty() { Ok(()) } else { self.error("missing closing )", 0..self.go.len()) }
    }

    fn write_flags(&mut self) {
        self.rust.push_str(&std::mem::take(&mut self.flags));
    }

    fn copy(&mut self, length: usize) {
        self.rust.push_str(&self.go[self.at..self.at + length]);
        self.at += length;
    }

    fn operand(&mut self) {
        self.last = Last::Operand(1);
    }

    /// Writes a character that stands for itself.
    pub(super) fn literal(&mut self, c: char) {
        // The crate refuses a backslash before these: they are boundaries there.
        if c.is_ascii_punctuation() && c != '<' && c != '>' {
            self.rust.push('\\');
        }
        self.rust.push(c);
    }

    fn open(&mut self) -> Result<(), GoRegexError> {
        let start = self.at;
        let rest = self.rest();
        if let Some(name) = rest.strip_prefix("(?P<").or_else(|| rest.strip_prefix("(?<")) {
            let prefix = rest.len() - name.len();
            // Looking behind starts the same; a name cannot.
            if name.starts_with(['=', '!']) {
                return self.error("invalid or unsupported Perl syntax", start..start + prefix);
            }
            let Some(end) = name.find('>') else {
                return self.error("invalid named capture", start..self.go.len());
            };
            self.named_group(&name[..end], start, start + prefix + end + 1)?;
        } else if rest.starts_with("(?") {
            return self.flags(start);
        } else {
            self.copy(1);
        }
        self.push_group(start);
        Ok(())
    }

    fn push_group(&mut self, start: usize) {
        self.groups.push(Group { start, times: std::mem::take(&mut self.times) });
        self.last = Last::Nothing;
    }

    fn named_group(&mut self, name: &'a str, start: usize, end: usize) -> Result<(), GoRegexError> {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return self.error("invalid named capture", start..end);
        }
        // The crate refuses a second group of a name and a name that starts with a digit; the group still
        // counts.
        if !self.names.insert(name) || name.starts_with(|c: char| c.is_ascii_digit()) {
            self.rust.push('(');
        } else {
            self.rust.push_str("(?P<");
            self.rust.push_str(name);
            self.rust.push('>');
        }
        self.at = end;
        Ok(())
    }

    /// `(?i)`, `(?i-s:…)`.
    fn flags(&mut self, start: usize) -> Result<(), GoRegexError> {
        let (mut negated, mut any) = (false, false);
        for (offset, c) in self.rest().char_indices().skip(2) {
            let end = start + offset + c.len_utf8();
            match c {
                'i' | 'm' | 's' | 'U' => any = true,
                '-' if !negated => (negated, any) = (true, false),
                ':' | ')' if !negated || any => {
                    let flags = &self.go[start..end];
                    self.at = end;
                    if c == ':' {
                        self.rust.push_str(flags);
                        self.push_group(start);
                    } else if flags != "(?)" {
                        self.flags.push_str(flags);
                    }
                    return Ok(());
                }
                _ => return self.error("invalid or unsupported Perl syntax", start..end),
            }
        }
        self.error("invalid or unsupported Perl syntax", start..self.go.len())
    }

    fn close(&mut self) -> Result<(), GoRegexError> {
        let Some(group) = self.groups.pop() else {
            return self.error("unexpected )", 0..self.go.len());
        };
        debug_assert!(group.start < self.at, "a group closes behind its start");
        self.copy(1);
        let inside = self.times.max(1);
        self.times = group.times.max(inside);
        self.last = Last::Operand(inside);
        Ok(())
    }

    /// `{n}`, `{n,}` and `{n,m}`; any other brace is literal.
    fn braces(&mut self) -> Result<(), GoRegexError> {
        let counts = self.rest()[1..].find('}').and_then(|end| {
            let inside = &self.rest()[1..=end];
            let (low, high) = inside.split_once(',').map_or((inside, None), |(low, high)| (low, Some(high)));
            let is_number = |text: &str| {
                !text.is_empty()
                    && text.bytes().all(|byte| byte.is_ascii_digit())
                    && (text == "0" || !text.starts_with('0'))
            };
            let valid = is_number(low) && high.is_none_or(|high| high.is_empty() || is_number(high));
            valid.then_some((low, high, end + 2))
        });
        let Some((low, high, length)) = counts else {
            self.write_flags();
            self.rust.push_str("\\{");
            self.at += 1;
            self.operand();
            return Ok(());
        };
        let number = |text: &str| text.parse().unwrap_or(u32::MAX);
        let low = number(low);
        let high = high.map_or(low, |high| if high.is_empty() { low } else { number(high) });
        if low > MAX_REPEAT || high > MAX_REPEAT || low > high {
            // Go complains of a missing argument only where the count is valid.
            return self.error("invalid repeat count", self.at..self.at + length);
        }
        self.repetition(length, high.max(low).max(1))
    }

    /// A repetition operator of `length` bytes that repeats up to `times` times (what has no bound counts
    /// as little, as in Go).
    fn repetition(&mut self, length: usize, times: u32) -> Result<(), GoRegexError> {
        let start = self.at;
        let lazy = usize::from(self.rest()[length..].starts_with('?'));
        let end = start + length + lazy;
        let counted = self.go[start..].starts_with('{');
        let inside = match self.last {
            Last::Nothing => {
                return self.error("missing argument to repetition operator", start..end);
            }
            Last::Repetition { start: first, .. } => {
                return self.error("invalid nested repetition operator", first..end);
            }
            Last::Operand(inside) => inside,
        };
        let times = if counted { inside.saturating_mul(times) } else { inside };
        if counted && times > MAX_REPEAT {
            return self.error("invalid repeat count", start..start + length);
        }
        self.copy(end - start);
        self.times = self.times.max(times);
        self.last = Last::Repetition { start, times };
        Ok(())
    }

    fn backslash(&mut self) -> Result<(), GoRegexError> {
        let next = self.rest()[1..].chars().next();
        match next {
            Some('A') => self.simple("\\A"),
            Some('z') => self.simple("\\z"),
            // Between what Go takes for word characters: ASCII. In a group, as `\b{` is special there.
            Some('b') => self.simple("(?:(?-u:\\b))"),
            Some('B') => self.simple("(?:\\B)"),
            Some('Q') => {
                self.quoted();
                return Ok(());
            }
            Some('d' | 'D' | 's' | 'S' | 'w' | 'W') => {
                let class = self.perl_class(2);
                self.rust.push_str(class);
                self.at += 2;
            }
            Some('p' | 'P') => self.unicode_class()?,
            Some(_) | None => {
                let c = self.escape()?;
                self.literal(c);
            }
        }
        self.operand();
        Ok(())
    }

    fn simple(&mut self, rust: &str) {
        self.rust.push_str(rust);
        self.at += 2;
    }

    /// `\Q…\E`, or to the end.
    fn quoted(&mut self) {
        let body = &self.rest()[2..];
        let (text, length) = match body.find("\\E") {
            Some(end) => (&body[..end], end + 4),
            None => (body, body.len() + 2),
        };
        for c in text.chars() {
            self.literal(c);
            self.operand();
        }
        self.at += length;
    }
}
