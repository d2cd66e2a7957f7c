//! Character classes and escapes of Go's dialect: what stands in brackets or behind a backslash.

use super::translate::{GoRegexError, Translator};

/// POSIX classes by name, as the insides of brackets. The crate has the same names.
const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

impl<'a> Translator<'a> {
    /// `[…]`. Inside, only `\`, `]`, `-`, a leading `^` and `[:name:]` are special in Go.
    pub(super) fn bracket_class(&mut self) -> Result<(), GoRegexError> {
        let start = self.at;
        self.rust.push('[');
        self.at += 1;
        if self.rest().starts_with('^') {
            self.rust.push('^');
            self.at += 1;
        }
        let mut first = true;
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return self.error("missing closing ]", start..self.go.len());
            }
            if rest.starts_with(']') && !first {
                self.rust.push(']');
                self.at += 1;
                return Ok(());
            }
            first = false;
            if !self.posix_class()? && !self.named_class()? {
                self.class_range(start)?;
            }
        }
    }

    /// `[:alpha:]` and `[:^alpha:]`.
    fn posix_class(&mut self) -> Result<bool, GoRegexError> {
        let Some(end) = self.rest().strip_prefix("[:").and_then(|rest| rest.find(":]")) else {
            return Ok(false);
        };
        let whole = self.at..self.at + end + 4;
        let name = &self.go[whole.start + 2..whole.end - 2];
        if !POSIX.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return self.error("invalid character class range", whole);
        }
        self.rust.push_str(&self.go[whole.clone()]);
        self.at = whole.end;
        Ok(true)
    }

    /// `\d`, `\pL` and their like.
    fn named_class(&mut self) -> Result<bool, GoRegexError> {
        let mut chars = self.rest().chars();
        match (chars.next(), chars.next()) {
            (Some('\\'), Some('d' | 'D' | 's' | 'S' | 'w' | 'W')) => {
                let class = self.perl_class(2);
                self.rust.push_str(class);
                self.at += 2;
                Ok(true)
            }
            (Some('\\'), Some('p' | 'P')) => {
                self.unicode_class()?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// A character or a range of characters.
    fn class_range(&mut self, class: usize) -> Result<(), GoRegexError> {
        let start = self.at;
        let low = self.class_char(class)?;
        let rest = self.rest();
        if !rest.starts_with('-') || rest.len() == 1 || rest[1..].starts_with(']') {
            self.literal(low);
            return Ok(());
        }
        self.at += 1;
        let high = self.class_char(class)?;
        if high < low {
            return self.error("invalid character class range", start..self.at);
        }
        self.literal(low);
        self.rust.push('-');
        self.literal(high);
        Ok(())
    }

    fn class_char(&mut self, class: usize) -> Result<char, GoRegexError> {
        match self.rest().chars().next() {
            None => self.error("missing closing ]", class..self.go.len()),
            Some('\\') => self.escape(),
            Some(c) => {
                self.at += c.len_utf8();
                Ok(c)
            }
        }
    }

    /// What `\d` and its like are: ASCII only, unlike in the crate. `offset` is behind the letter.
    pub(super) fn perl_class(&self, offset: usize) -> &'static str {
        match self.rest().as_bytes().get(offset - 1) {
            Some(b'd') => "[0-9]",
            Some(b'D') => "[^0-9]",
            Some(b's') => r"[\t\n\x0C\r ]",
            Some(b'S') => r"[^\t\n\x0C\r ]",
            Some(b'w') => "[0-9A-Za-z_]",
            _ => "[^0-9A-Za-z_]",
        }
    }

    /// `\pL`, `\p{Greek}`, `\p{^Greek}`, `\P…`.
    pub(super) fn unicode_class(&mut self) -> Result<(), GoRegexError> {
        let start = self.at;
        let body = &self.rest()[2..];
        let mut negated = self.rest()[1..].starts_with('P');
        let (name, end) = match (body.strip_prefix('{'), body.chars().next()) {
            (Some(inside), _) => match inside.find('}') {
                Some(end) => (&inside[..end], start + 2 + end + 2),
                None => return self.error("invalid character class range", start..self.go.len()),
            },
            (None, Some(c)) => (&body[..c.len_utf8()], start + 2 + c.len_utf8()),
            (None, None) => return self.error("invalid character class range", start..self.go.len()),
        };
        let name = match name.strip_prefix('^') {
            Some(rest) => {
                negated = !negated;
                rest
            }
            None => name,
        };
        let Some(class) = unicode(name, negated) else {
            return self.error("invalid character class range", start..end);
        };
        self.rust.push_str(&class);
        self.at = end;
        Ok(())
    }

    /// A backslash and what follows it, as one character.
    pub(super) fn escape(&mut self) -> Result<char, GoRegexError> {
        let start = self.at;
        let body = &self.rest()[1..];
        let Some(c) = body.chars().next() else {
            return self.error("trailing backslash at end of expression", start + 1..start + 1);
        };
        let (value, length) = match c {
            '0'..='7' => octal(body),
            'x' => hexadecimal(body),
            'a' => (Some('\x07'), 1),
            'f' => (Some('\x0c'), 1),
            'n' => (Some('\n'), 1),
            'r' => (Some('\r'), 1),
            't' => (Some('\t'), 1),
            'v' => (Some('\x0b'), 1),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => (Some(c), 1),
            c => (None, c.len_utf8()),
        };
        let end = start + 1 + length;
        match value {
            Some(value) => {
                self.at = end;
                Ok(value)
            }
            None => self.error("invalid escape sequence", start..end),
        }
    }
}

/// The class of a general category or a script, which are all that Go knows; the crate knows more. Case, blanks,
/// underscores and hyphens do not count, as in Go 1.25.
fn unicode(name: &str, negated: bool) -> Option<String> {
    let name: String = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).collect();
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let letter = if negated { 'P' } else { 'p' };
    let classes = ["gc", "sc"].map(|property| format!("\\{letter}{{{property}={name}}}"));
    classes.into_iter().find(|class| regex_syntax::parse(class).is_ok())
}

/// Up to three octal digits. One that is not zero, alone, would be a reference to a group.
fn octal(body: &str) -> (Option<char>, usize) {
    let digits = body.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
    if digits == 1 && !body.starts_with('0') {
        return (None, 1);
    }
    (u32::from_str_radix(&body[..digits], 8).ok().and_then(char::from_u32), digits)
}

/// `x7F` or `x{10FFFF}`.
fn hexadecimal(body: &str) -> (Option<char>, usize) {
    let of = |digits: &str| {
        let hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| hex).and_then(char::from_u32)
    };
    if let Some(inside) = body.strip_prefix("x{") {
        let digits = inside.bytes().take_while(u8::is_ascii_hexdigit).count();
        let value = of(&inside[..digits]).filter(|_| inside[digits..].starts_with('}'));
        return (value, digits + 2 + usize::from(value.is_some()));
    }
    let digits = body.bytes().skip(1).take(2).take_while(u8::is_ascii_hexdigit).count();
    let value = if digits == 2 { of(&body[1..3]) } else { None };
    (value, 1 + digits)
}
