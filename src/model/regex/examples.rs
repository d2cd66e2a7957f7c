//! Texts that an expression matches: to try what a configuration makes of alerts that nobody has sent yet.
//! They are examples, not all there is: of each part that may be many things, one plain one is taken.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::AnchoredRegex;

/// What a large class of characters is represented by, if it has any of them.
const PLAIN: [char; 4] = ['x', 'X', '1', '-'];

/// How many characters a class has at most to be taken as alternatives.
const SMALL: usize = 10;

impl AnchoredRegex {
    /// Up to `limit` different texts that match, alternatives (`a|b`) in their order. None if the expression
    /// is too hard, such as one with word boundaries in odd places.
    #[must_use]
    pub fn examples(&self, limit: usize) -> Vec<String> {
        let Ok(hir) = regex_syntax::parse(&self.0.rust) else { return Vec::new() };
        let mut found: Vec<String> = Vec::new();
        for text in texts(&hir, limit) {
            if self.is_match(&text) && !found.contains(&text) {
                found.push(text);
            }
        }
        found
    }
}

fn texts(hir: &Hir, limit: usize) -> Vec<String> {
    let mut texts = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![String::new()],
        HirKind::Literal(literal) => vec![String::from_utf8_lossy(&literal.0).into_owned()],
        HirKind::Class(class) => characters(class).into_iter().map(String::from).collect(),
        HirKind::Capture(capture) => texts(&capture.sub, limit),
        HirKind::Alternation(parts) => parts.iter().flat_map(|part| texts(part, limit)).take(limit).collect(),
        HirKind::Concat(parts) => {
            let mut sequences = vec![String::new()];
            for part in parts {
                let part = texts(part, limit);
                let longer = |start: &String| part.iter().map(move |end| format!("{start}{end}")).collect();
                sequences = sequences.iter().flat_map::<Vec<_>, _>(longer).take(limit).collect();
            }
            sequences
        }
        HirKind::Repetition(repetition) => {
            let times = repetition.min.max(1) as usize;
            let some = texts(&repetition.sub, limit).into_iter().map(|text| text.repeat(times));
            let none = (repetition.min == 0).then(String::new);
            some.chain(none).collect()
        }
    };
    texts.truncate(limit);
    texts
}

/// The characters of a small class, as `db1|db2` has one; one plain character of a large class.
fn characters(class: &Class) -> Vec<char> {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.ranges().iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(class) => {
            let ascii = class.ranges().iter().filter(|range| range.end().is_ascii());
            ascii.map(|range| (range.start().into(), range.end().into())).collect()
        }
    };
    let all = || ranges.iter().flat_map(|(start, end)| *start..=*end);
    if all().take(SMALL + 1).count() <= SMALL {
        return all().collect();
    }
    let has = |wanted: &char| ranges.iter().any(|(start, end)| (start..=end).contains(&wanted));
    PLAIN.into_iter().find(has).or_else(|| all().next()).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::AnchoredRegex;

    fn examples(text: &str) -> Vec<String> {
        AnchoredRegex::new(text).expect("valid").examples(6)
    }

    #[test]
    fn each_alternative_has_an_example() {
        for (text, want) in [
            ("page|critical", &["page", "critical"][..]),
            ("db-[a-z0-9]+", &["db-x"]),
            (".*", &["x", ""]),
            (".+", &["x"]),
            ("(eu|us)-(east|west)", &["eu-east", "eu-west", "us-east", "us-west"]),
            ("", &[""]),
            ("db1|db2", &["db1", "db2"]),
            ("(?i)k", &["K", "k", "\u{212a}"]),
            ("a{3}", &["aaa"]),
            (r"[^\w]", &["-"]),
            (r"node\.example", &["node.example"]),
            ("a|b|c|d|e|f|g|h", &["a", "b", "c", "d", "e", "f"]),
            (r"a\bb", &[]),
        ] {
            let found = examples(text);
            assert_eq!(found, want, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_example_matches(text in "[ab.*+?|()\\[\\]\\\\dw^$]{0,8}") {
            if let Ok(regex) = AnchoredRegex::new(&text) {
                let found = regex.examples(8);
                prop_assert!(found.len() <= 8);
                for example in found {
                    prop_assert!(regex.is_match(&example), "{:?} {:?}", text, example);
                }
            }
        }
    }
}
