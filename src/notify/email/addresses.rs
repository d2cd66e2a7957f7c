//! Lists of mail addresses as people write them: `ops@example.org, "On call" <oncall@example.org>`.
//!
//! Takes what Go's `mail.ParseAddressList` takes, which Alertmanager reads them with: names with or without
//! quotes and in any script, comments, groups (`team: a@x, b@x;`), empty places between commas.

/// An address with the name of who it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// The name; may be empty.
    pub name: String,
    /// `local@domain`; the domain is ASCII (`xn--…` where it was written in another script).
    pub address: String,
}

/// Reads a list of at least one address.
///
/// # Errors
/// What is wrong, with the text from there on.
pub fn parse(text: &str) -> Result<Vec<Mailbox>, String> {
    let mut reader = Reader { rest: text };
    let mut all = Vec::new();
    loop {
        reader.skip()?;
        if reader.rest.is_empty() {
            break;
        }
        if !reader.take(',') {
            reader.address(&mut all, false)?;
            reader.skip()?;
            if !reader.rest.is_empty() && !reader.take(',') {
                return Err(format!("expected a comma before {:?}", shortened(reader.rest)));
            }
        }
    }
    if all.is_empty() { Err("no address".to_owned()) } else { Ok(all) }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn take(&mut self, c: char) -> bool {
        let after = self.rest.strip_prefix(c);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// Skips white space and comments, and returns the last comment.
    fn skip(&mut self) -> Result<Option<&'a str>, String> {
        let mut comment = None;
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
            if !self.rest.starts_with('(') {
                return Ok(comment);
            }
            comment = Some(self.comment()?);
        }
    }

    /// The text of a comment, which may hold others.
    fn comment(&mut self) -> Result<&'a str, String> {
        let (mut depth, mut escaped) = (0_usize, false);
        for (at, c) in self.rest.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '(' => depth += 1,
                ')' if depth == 1 => {
                    let text = &self.rest[1..at];
                    self.rest = &self.rest[at + 1..];
                    return Ok(text.trim());
                }
                ')' => depth -= 1,
                _ => {}
            }
        }
        Err(format!("a comment does not end: {:?}", shortened(self.rest)))
    }

    /// An address, or all of a group, in which there are no others.
    fn address(&mut self, all: &mut Vec<Mailbox>, in_group: bool) -> Result<(), String> {
        let start = self.rest;
        let mut words: Vec<String> = Vec::new();
        loop {
            self.skip()?;
            match self.rest.chars().next() {
                Some('<') => {
                    self.take('<');
                    let address = self.plain_address()?;
                    self.skip()?;
                    if !self.take('>') {
                        return Err(format!("expected > before {:?}", shortened(self.rest)));
                    }
                    all.push(Mailbox { name: words.join(" "), address });
                    return Ok(());
                }
                Some(':') if !words.is_empty() && !in_group => {
                    self.take(':');
                    return self.group(all);
                }
                Some('@') if words.len() == 1 => {
                    self.rest = start;
                    let address = self.plain_address()?;
                    let name = self.skip()?.unwrap_or_default().to_owned();
                    all.push(Mailbox { name, address });
                    return Ok(());
                }
                Some('"') => words.push(self.quoted()?),
                Some(c) if is_atom(c) || c == '.' => words.push(self.atom().to_owned()),
                Some(_) | None => return Err(format!("no address in {:?}", shortened(start))),
            }
        }
    }

    /// The addresses of a group, after its colon.
    fn group(&mut self, all: &mut Vec<Mailbox>) -> Result<(), String> {
        loop {
            self.skip()?;
            if self.take(';') {
                return Ok(());
            }
            if self.rest.is_empty() {
                return Err("a group of addresses does not end with a semicolon".to_owned());
            }
            if !self.take(',') {
                self.address(all, true)?;
            }
        }
    }

    /// `local@domain`.
    fn plain_address(&mut self) -> Result<String, String> {
        self.skip()?;
        let start = self.rest;
        let wrong = || format!("not an address: {:?}", shortened(start));
        let local = match self.rest.starts_with('"') {
            true => {
                self.quoted()?;
                start[..start.len() - self.rest.len()].to_owned()
            }
            false => self.atom().to_owned(),
        };
        let is_dotted = local.starts_with('"') || local.split('.').all(|part| !part.is_empty());
        if local.is_empty() || !is_dotted || !self.take('@') {
            return Err(wrong());
        }
        let domain = match self.rest.find(']') {
            Some(end) if self.rest.starts_with('[') => {
                let (domain, rest) = self.rest.split_at(end + 1);
                self.rest = rest;
                domain.to_owned()
            }
            Some(_) | None => {
                let name = self.atom();
                // A name in another script is one that DNS knows in ASCII.
                match name.is_ascii() {
                    true => name.to_owned(),
                    false => url::Host::parse(name).map_err(|_| wrong())?.to_string(),
                }
            }
        };
        let is_literal = |domain: &str| {
            domain.strip_prefix('[').is_some_and(|inside| {
                inside.len() > 1 && inside.trim_end_matches(']').bytes().all(|b| b.is_ascii_graphic())
            })
        };
        let is_name = |domain: &str| domain.split('.').all(|part| !part.is_empty());
        if !(is_literal(&domain) || is_name(&domain)) {
            return Err(wrong());
        }
        Ok(format!("{local}@{domain}"))
    }

    fn atom(&mut self) -> &'a str {
        let end = self.rest.find(|c| !is_atom(c) && c != '.').unwrap_or(self.rest.len());
        let (atom, rest) = self.rest.split_at(end);
        self.rest = rest;
        atom
    }

    /// What stands in quotes.
    fn quoted(&mut self) -> Result<String, String> {
        let start = self.rest;
        let (mut text, mut escaped) = (String::new(), false);
        for (at, c) in start.char_indices().skip(1) {
            match c {
                c if c.is_control() && c != '\t' => break,
                c if escaped => {
                    escaped = false;
                    text.push(c);
                }
                '\\' => escaped = true,
                '"' => {
                    self.rest = &start[at + 1..];
                    return Ok(text);
                }
                c => text.push(c),
            }
        }
        Err(format!("quotes do not end: {:?}", shortened(start)))
    }
}

fn is_atom(c: char) -> bool {
    !c.is_ascii() && !c.is_control() && !c.is_whitespace()
        || c.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

/// The start of a text, for messages.
fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(80)]
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// `name <address>; …`, or what is wrong.
    fn show(text: &str) -> String {
        let show = |list: Vec<super::Mailbox>| {
            let all: Vec<String> = list.iter().map(|one| format!("{}<{}>", one.name, one.address)).collect();
            all.join("; ")
        };
        parse(text).map_or_else(|error| format!("error: {error}"), show)
    }

    #[test]
    fn lists_of_addresses() {
        for (text, want) in [
            ("ops@example.org", "<ops@example.org>"),
            (" ops@example.org , db@localhost ", "<ops@example.org>; <db@localhost>"),
            ("On Call <oncall@example.org>", "On Call<oncall@example.org>"),
            (r#""Ops, \"day\"" <a@b.c>,<d@e.f>"#, r#"Ops, "day"<a@b.c>; <d@e.f>"#),
            ("Ana Núñez <ana@example.org>", "Ana Núñez<ana@example.org>"),
            ("José@example.org", "<José@example.org>"),
            ("ops@bücher.example", "<ops@xn--bcher-kva.example>"),
            ("ops@example.org (On call)", "On call<ops@example.org>"),
            ("(first) ops@example.org", "<ops@example.org>"),
            ("A. N. Other <a.n@o.example>", "A. N. Other<a.n@o.example>"),
            (r#""two words"@example.org"#, r#"<"two words"@example.org>"#),
            ("ops@[127.0.0.1]", "<ops@[127.0.0.1]>"),
            ("Team: a@x.y, B <b@x.y>;, c@x.y", "<a@x.y>; B<b@x.y>; <c@x.y>"),
            ("a@x.y,, b@x.y,", "<a@x.y>; <b@x.y>"),
            ("a+b=c@x.y", "<a+b=c@x.y>"),
            ("", "error: no address"),
            ("Nobody: ;", "error: no address"),
            ("ops", r#"error: no address in "ops""#),
            ("a@x.y b@x.y", r#"error: expected a comma before "b@x.y""#),
            ("a..b@x.y", r#"error: not an address: "a..b@x.y""#),
            ("a@", r#"error: not an address: "a@""#),
            ("a@x..y", r#"error: not an address: "a@x..y""#),
            ("<a@x.y", r#"error: expected > before """#),
            ("\"a <a@x.y>", r#"error: quotes do not end: "\"a <a@x.y>""#),
            ("a@x.y\r\nRCPT TO:<evil@x.y>", r#"error: expected a comma before "RCPT TO:<evil@x.y>""#),
            ("\"a\r\nb\"@x.y", r#"error: quotes do not end: "\"a\r\nb\"@x.y""#),
            ("(a@x.y", r#"error: a comment does not end: "(a@x.y""#),
            ("a: b: c@x.y;;", r#"error: no address in "b: c@x.y;;""#),
            ("team: a@x.y", "error: a group of addresses does not end with a semicolon"),
        ] {
            assert_eq!(show(text), want, "{text:?}");
        }
    }
}
