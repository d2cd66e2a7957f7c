//! Expressions that are only a list of texts, as in `instance=~"a|b"`: they can be looked up.

/// The texts that the expression matches, if it is a plain list of them; `None` of anything else.
///
/// Understood are alternatives of literal characters and escaped punctuation, with or without one group
/// around all of them.
pub(super) fn literals(text: &str) -> Option<Vec<String>> {
    let inner = ["(?:", "("].into_iter().find_map(|open| text.strip_prefix(open)?.strip_suffix(')'));
    let mut found = Vec::new();
    let mut literal = String::new();
    let mut chars = inner.unwrap_or(text).chars();
    while let Some(char) = chars.next() {
        match char {
            '|' => found.push(std::mem::take(&mut literal)),
            '\\' => literal.push(chars.next().filter(char::is_ascii_punctuation)?),
            '.' | '+' | '*' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '^' | '$' => return None,
            char => literal.push(char),
        }
    }
    found.push(literal);
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::literals;
    use crate::model::regex::AnchoredRegex;

    #[test]
    fn lists_of_texts_are_recognised() {
        for (text, want) in [
            ("a", Some(vec!["a"])),
            ("a|b c|ñ", Some(vec!["a", "b c", "ñ"])),
            ("(a|b)", Some(vec!["a", "b"])),
            ("(?:a|)", Some(vec!["a", ""])),
            (r"node\.1|a\|b\-c", Some(vec!["node.1", "a|b-c"])),
            ("", Some(vec![""])),
            ("a.c", None),
            ("(a)|(b)", None),
            ("(?i)a", None),
            (r"\d", None),
            ("a{2}", None),
            ("a+", None),
            ("^a$", None),
        ] {
            let got = literals(text);
            let want: Option<Vec<String>> = want.map(|texts| texts.into_iter().map(str::to_owned).collect());
            assert_eq!(got, want, "{text}");
            let regex = AnchoredRegex::new(text).expect("valid");
            assert!(got.iter().flatten().all(|literal| regex.is_match(literal)), "{text}");
        }
    }
}
