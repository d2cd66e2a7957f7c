//! Templates as far as a recording has to know them: what they ask for, and which texts they name. They are not
//! parsed; what is told here is what stands in their actions.

/// An action of a template: what is between `{{` and `}}`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Action<'t>(pub(super) &'t str);

/// What an action asks the data source for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// An expression that is written there as one text.
    Written(String),
    /// One that is put together when the template runs.
    PutTogether,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'t> {
    Text(String),
    /// A name with the `.` or `$` before it.
    Word(&'t str),
    Pipe,
    Other,
}

/// All actions of a template; no comments.
pub(super) fn actions(template: &str) -> impl Iterator<Item = Action<'_>> {
    let parts = template.split("{{").skip(1).filter_map(|part| part.split("}}").next());
    parts.filter(|part| !part.trim_start_matches('-').trim_start().starts_with("/*")).map(Action)
}

impl Action<'_> {
    /// What it asks for by `query`.
    pub(super) fn asked(self) -> Vec<Asked> {
        let tokens = self.tokens();
        let is_query = |at: &usize| tokens[*at] == Token::Word("query");
        (0..tokens.len()).filter(is_query).map(|at| asked(&tokens, at)).collect()
    }

    /// The texts in it.
    pub(super) fn texts(self) -> impl Iterator<Item = String> {
        self.tokens().into_iter().filter_map(|token| match token {
            Token::Text(text) => Some(text),
            Token::Word(_) | Token::Pipe | Token::Other => None,
        })
    }

    /// Whether it reads a variable (`$externalLabels`) or the field of that meaning (`.ExternalLabels`).
    pub(super) fn reads(self, variable: &str) -> bool {
        let is_it = |token: &Token<'_>| {
            matches!(token, Token::Word(word) if word.trim_start_matches(['$', '.']).split('.').next()
                .is_some_and(|name| name.eq_ignore_ascii_case(variable)))
        };
        self.tokens().iter().any(is_it)
    }
}

/// What the `query` at this place gets.
fn asked(tokens: &[Token<'_>], at: usize) -> Asked {
    let (before, behind) = (&tokens[..at], &tokens[at + 1..]);
    match (before, behind) {
        (_, [Token::Text(text), ..]) => Asked::Written(text.clone()),
        // A text that something else takes first is not what is asked for.
        ([.., Token::Word("with" | "if" | "range") | Token::Other, Token::Text(text), Token::Pipe], _)
        | ([Token::Text(text), Token::Pipe], _) => Asked::Written(text.clone()),
        _ => Asked::PutTogether,
    }
}

impl<'t> Action<'t> {
    fn tokens(self) -> Vec<Token<'t>> {
        let mut tokens = Vec::new();
        let mut rest = self.0;
        while let Some(first) = rest.chars().next() {
            let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$');
            let length = match first {
                '"' | '`' => {
                    let (text, length) = text(rest, first);
                    tokens.push(Token::Text(text));
                    length
                }
                '|' => {
                    tokens.push(Token::Pipe);
                    1
                }
                c if in_word(c) => {
                    let end = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
                    tokens.push(Token::Word(&rest[..end]));
                    end
                }
                c => {
                    // The dashes of `{{-` and `-}}` are none.
                    let is_part = !c.is_whitespace() && c != '-';
                    tokens.extend(is_part.then_some(Token::Other));
                    c.len_utf8()
                }
            };
            rest = &rest[length..];
        }
        tokens
    }
}

/// The text in quotes at the start, and how long it is with them.
fn text(rest: &str, quote: char) -> (String, usize) {
    let inside = &rest[1..];
    let mut escaped = false;
    let end = inside.find(|c| {
        let is_end = c == quote && !escaped;
        escaped = quote == '"' && c == '\\' && !escaped;
        is_end
    });
    let literal = &inside[..end.unwrap_or(inside.len())];
    // Of Go's escapes, JSON has those that people use.
    let plain = if quote == '"' { serde_json::from_str(&format!("\"{literal}\"")).ok() } else { None };
    (plain.unwrap_or_else(|| literal.to_owned()), end.map_or(rest.len(), |end| end + 2))
}

#[cfg(test)]
mod tests {
    use super::{Asked, actions};

    #[test]
    fn expressions_are_found_that_are_written_as_one_text() {
        let written = |text: &str| vec![Asked::Written(text.to_owned())];
        for (template, wanted) in [
            ("{{ with query \"up == 0\" }}{{ . | first | value }}{{ end }}", written("up == 0")),
            ("{{ query `up{a=\"b\"}` | first | label \"instance\" }}", written("up{a=\"b\"}")),
            ("{{- \"sum(up)\" | query | first | value -}}", written("sum(up)")),
            ("{{ range \"up\" | query }}x{{ end }}", written("up")),
            ("{{ $x := \"up{a=\\\"b\\\"}\" | query }}", written("up{a=\"b\"}")),
            ("{{ (query \"a\") }} {{ query \"b\" }}", [written("a"), written("b")].concat()),
            ("{{ printf \"up{instance='%s'}\" $labels.instance | query }}", vec![Asked::PutTogether]),
            ("{{ query (printf \"up{a=%q}\" .Labels.a) }}", vec![Asked::PutTogether]),
            ("{{ query $expr }}", vec![Asked::PutTogether]),
            ("{{ $labels.query }} {{ .query }} query {{ \"query\" }} {{/* query \"up\" */}}", vec![]),
            ("{{ query \"up", written("up")),
            ("no template", vec![]),
        ] {
            let found: Vec<Asked> = actions(template).flat_map(|action| action.asked()).collect();
            assert_eq!(found, wanted, "{template}");
        }
    }

    #[test]
    fn variables_and_fields_are_read() {
        for (template, wanted) in [
            ("{{ $externalLabels.cluster }}", true),
            ("{{ .ExternalLabels.cluster }}", true),
            ("{{ index $.ExternalLabels \"cluster\" }}", true),
            ("{{ with $externalLabels }}{{ .cluster }}{{ end }}", true),
            ("{{ $labels.externalLabels }} $externalLabels", false),
        ] {
            assert_eq!(actions(template).any(|action| action.reads("externalLabels")), wanted, "{template}");
        }
        let texts = |template| actions(template).flat_map(|action| action.texts()).collect::<Vec<_>>();
        assert_eq!(texts("{{ if eq $labels.env \"prod\" }}a \"b\"{{ else if eq .x `y` }}"), ["prod", "y"]);
    }
}
