//! Series selectors as `match[]` has them: `name{label="value",…}`. Matchers only; not all of PromQL.

use std::iter::Peekable;
use std::str::CharIndices;

use crate::model::{MatchOp, Matcher};

/// Reads a selector.
///
/// # Errors
/// The text says what is wrong and where, counted in characters from 1.
pub(super) fn parse(text: &str) -> Result<Vec<Matcher>, String> {
    let mut reader = Reader { text, rest: text.char_indices().peekable() };
    let matchers = reader.selector()?;
    match matchers.iter().all(|matcher| matcher.matches_value("")) {
        true => Err("match[] must contain at least one non-empty matcher".to_owned()),
        false => Ok(matchers),
    }
}

struct Reader<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
}

impl Reader<'_> {
    fn selector(&mut self) -> Result<Vec<Matcher>, String> {
        let mut matchers = Vec::new();
        self.skip_space();
        if self.peek().is_some_and(|c| c != '{') {
            let name = self.word(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')?;
            matchers.push(Matcher::equal("__name__", name));
        }
        self.skip_space();
        if self.peek() == Some('{') {
            self.rest.next();
            self.matchers(&mut matchers)?;
        }
        self.skip_space();
        match self.peek() {
            None => Ok(matchers),
            Some(c) => Err(self.unexpected(Some(c))),
        }
    }

    fn matchers(&mut self, matchers: &mut Vec<Matcher>) -> Result<(), String> {
        loop {
            self.skip_space();
            if self.peek() == Some('}') {
                self.rest.next();
                return Ok(());
            }
            matchers.push(self.matcher()?);
            self.skip_space();
            match self.peek() {
                Some(',') => drop(self.rest.next()),
                Some('}') => {}
                other => return Err(self.unexpected(other)),
            }
        }
    }

    fn matcher(&mut self) -> Result<Matcher, String> {
        let name = match self.peek() {
            Some('"' | '\'' | '`') => self.string()?,
            _ => self.word(|c| c.is_ascii_alphanumeric() || c == '_')?.to_owned(),
        };
        self.skip_space();
        if matches!(self.peek(), Some(',' | '}')) {
            return Ok(Matcher::equal("__name__", name)); // {"metric.name"}
        }
        let op = self.operator()?;
        self.skip_space();
        let value = self.string()?;
        Matcher::new(name, op, value).map_err(|error| error.to_string())
    }

    fn operator(&mut self) -> Result<MatchOp, String> {
        let first = self.rest.next().map(|(_, c)| c);
        match (first, self.peek()) {
            (Some('='), Some('~')) => self.then(MatchOp::Regex),
            (Some('!'), Some('~')) => self.then(MatchOp::NotRegex),
            (Some('!'), Some('=')) => self.then(MatchOp::NotEqual),
            (Some('='), _) => Ok(MatchOp::Equal),
            (other, _) => Err(self.unexpected(other)),
        }
    }

    fn then(&mut self, op: MatchOp) -> Result<MatchOp, String> {
        self.rest.next();
        Ok(op)
    }

    fn string(&mut self) -> Result<String, String> {
        let quote = match self.rest.next() {
            Some((_, quote @ ('"' | '\'' | '`'))) => quote,
            other => return Err(self.unexpected(other.map(|(_, c)| c))),
        };
        let mut value = String::new();
        loop {
            match self.rest.next() {
                None => return Err("unterminated quoted string".to_owned()),
                Some((_, c)) if c == quote => return Ok(value),
                Some((_, '\\')) if quote != '`' => value.push(self.escape()?),
                Some((_, c)) => value.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let c = self.rest.next().map(|(_, c)| c);
        let digits = match c {
            Some('n') => return Ok('\n'),
            Some('t') => return Ok('\t'),
            Some('r') => return Ok('\r'),
            Some(c @ ('\\' | '"' | '\'')) => return Ok(c),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            other => return Err(self.unexpected(other)),
        };
        let text: String = self.rest.by_ref().take(digits).map(|(_, c)| c).collect();
        let code = u32::from_str_radix(&text, 16).ok().filter(|_| text.len() == digits);
        code.and_then(char::from_u32).ok_or_else(|| format!("invalid escape \\{}{text}", c.unwrap_or(' ')))
    }

    fn word(&mut self, belongs: fn(char) -> bool) -> Result<&str, String> {
        let start = self.place();
        while self.peek().is_some_and(belongs) {
            self.rest.next();
        }
        let end = self.place();
        let word = &self.text[start..end];
        match word.starts_with(|c: char| !c.is_ascii_digit()) {
            true => Ok(word),
            false => Err(self.unexpected(self.text[start..].chars().next())),
        }
    }

    fn peek(&mut self) -> Option<char> {
        self.rest.peek().map(|(_, c)| *c)
    }

    fn place(&mut self) -> usize {
        self.rest.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.rest.next();
        }
    }

    fn unexpected(&self, found: Option<char>) -> String {
        match found {
            Some(c) => format!("parse error: unexpected character {c:?} in {:?}", self.text),
            None => format!("parse error: unexpected end of {:?}", self.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::model::matcher::MatcherList;

    #[test]
    fn selectors_are_read() {
        for (text, want) in [
            (r#"{team="db"}"#, r#"{team="db"}"#),
            (r#" { team =~ 'd.*' , a!="b", } "#, r#"{team=~"d.*",a!="b"}"#),
            (r#"up{job!~`x\d`}"#, r#"{__name__="up",job!~"x\\d"}"#),
            ("job:up:sum", r#"{__name__="job:up:sum"}"#),
            (r#"{"a b"="c\"\u0041"}"#, r#"{"a b"="c\"A"}"#),
            (r#"{"metric.name"}"#, r#"{__name__="metric.name"}"#),
        ] {
            assert_eq!(parse(text).map(|matchers| MatcherList(&matchers).to_string()), Ok(want.to_owned()));
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for (text, want) in [
            ("", "match[] must contain at least one non-empty matcher"),
            ("{}", "match[] must contain at least one non-empty matcher"),
            (r#"{a=~".*"}"#, "match[] must contain at least one non-empty matcher"),
            ("{a=b}", r#"parse error: unexpected character 'b' in "{a=b}""#),
            (r#"{a="b""#, r#"parse error: unexpected end of "{a=\"b\"""#),
            (r#"{a="b"#, "unterminated quoted string"),
            (r#"{a="b"} x"#, r#"parse error: unexpected character 'x' in "{a=\"b\"} x""#),
        ] {
            assert_eq!(parse(text), Err(want.to_owned()), "{text}");
        }
        assert!(parse(r#"{a=~"("}"#).is_err());
    }
}
