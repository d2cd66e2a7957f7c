//! Matchers from text: Alertmanager's two grammars and how it chooses between them.
//!
//! The classic grammar is a regular expression and lenient; the UTF-8 grammar allows any name and is
//! strict. By default both are tried and, where they disagree or only one accepts, an existing file must
//! keep its meaning: the classic result wins.

mod classic;
mod unquote;
mod utf8;

use std::ops::Range;

use super::Matcher;

/// Which grammar matchers are read by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MatcherMode {
    /// Both; where they disagree, the classic one.
    #[default]
    Fallback,
    /// `--enable-feature=classic-mode`.
    Classic,
    /// `--enable-feature=utf8-strict-mode`.
    Utf8Strict,
}

impl MatcherMode {
    /// Whether a label may be called this: any text, or with the classic syntax alone only what that reads.
    #[must_use]
    pub fn is_label_name(self, name: &str) -> bool {
        match self {
            Self::Classic => {
                name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            }
            Self::Fallback | Self::Utf8Strict => !name.is_empty(),
        }
    }
}

/// Why a text is not a list of matchers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidMatcher {
    /// What is wrong, in Alertmanager's words.
    pub message: String,
    /// The bytes of the text that are at fault.
    pub range: Range<usize>,
    /// What the other grammar says, where it is more to the point.
    pub hint: Option<String>,
}

/// Matchers and what should be changed in their text although it can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedMatchers {
    /// The matchers in the order of the text.
    pub matchers: Vec<Matcher>,
    /// Why the text will mean something else, or nothing, to the UTF-8 grammar alone.
    pub warning: Option<InvalidMatcher>,
}

/// Reads matchers separated by commas, in braces or not: a line of `matchers:` in a file.
///
/// # Errors
/// The text is not valid in the mode's grammar, or a regular expression is none.
pub fn parse_matchers(text: &str, mode: MatcherMode) -> Result<ParsedMatchers, InvalidMatcher> {
    match mode {
        MatcherMode::Classic => classic::matchers(text).map(plain),
        MatcherMode::Utf8Strict => utf8::matchers(text).map(plain),
        MatcherMode::Fallback => fallback(classic::matchers(text), utf8::matchers(text)),
    }
}

/// Reads exactly one matcher without braces: a `filter=` of the API.
///
/// # Errors
/// As [`parse_matchers`], or there is not exactly one matcher, or a brace.
pub fn parse_matcher(text: &str, mode: MatcherMode) -> Result<Matcher, InvalidMatcher> {
    let refuse = |message: String| InvalidMatcher { message, range: 0..text.len(), hint: None };
    if mode != MatcherMode::Classic && (text.starts_with('{') || text.ends_with('}')) {
        return Err(refuse(format!("unexpected open or close brace: {text}")));
    }
    let one = |mut matchers: Vec<Matcher>| match matchers.len() {
        0 => Err(refuse("no matchers".to_owned())),
        1 => Ok(vec![matchers.swap_remove(0)]),
        more => Err(refuse(format!("expected 1 matcher, found {more}"))),
    };
    let classic = || classic::matcher(text, 0).map(|matcher| vec![matcher]);
    let utf8 = || utf8::matchers(text).and_then(one);
    let parsed = match mode {
        MatcherMode::Classic => classic().map(plain),
        MatcherMode::Utf8Strict => utf8().map(plain),
        MatcherMode::Fallback => fallback(classic(), utf8()),
    }?;
    one(parsed.matchers).map(|mut matchers| matchers.swap_remove(0))
}

fn plain(matchers: Vec<Matcher>) -> ParsedMatchers {
    ParsedMatchers { matchers, warning: None }
}

/// The message of [`ParsedMatchers::warning`] where both grammars take the text, but not for the same.
pub const DISAGREEMENT: &str = "Matchers input has disagreement";

type Parsed = Result<Vec<Matcher>, InvalidMatcher>;

fn fallback(classic: Parsed, utf8: Parsed) -> Result<ParsedMatchers, InvalidMatcher> {
    match (classic, utf8) {
        (Err(classic), Err(utf8)) => {
            // Where the expression is at fault, both mean the same.
            let regex = classic.message.starts_with("error parsing regexp");
            let hint = (!regex && utf8.message != classic.message).then_some(utf8.message);
            // The classic grammar knows only which matcher is wrong; the other one knows where in it.
            Err(InvalidMatcher { hint, range: narrower(classic.range, utf8.range), ..classic })
        }
        (Ok(matchers), Err(utf8)) => Ok(ParsedMatchers { matchers, warning: Some(utf8) }),
        (Err(_), Ok(matchers)) => Ok(plain(matchers)),
        (Ok(classic), Ok(utf8)) => {
            let warning = (classic != utf8).then(|| InvalidMatcher {
                message: DISAGREEMENT.to_owned(),
                range: 0..0,
                hint: None,
            });
            Ok(ParsedMatchers { matchers: classic, warning })
        }
    }
}

fn narrower(classic: Range<usize>, utf8: Range<usize>) -> Range<usize> {
    let inside = utf8.start >= classic.start && utf8.end <= classic.end;
    if inside && !utf8.is_empty() && utf8.len() < classic.len() { utf8 } else { classic }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{MatcherList, parse::*};

    fn shown(text: &str, mode: MatcherMode) -> String {
        match parse_matchers(text, mode) {
            Ok(parsed) => MatcherList(&parsed.matchers).to_string(),
            Err(error) => format!("error: {}", error.message),
        }
    }

    /// Text, what the classic grammar makes of it, what the UTF-8 grammar does (`None`: refuses).
    const TABLE: &[(&str, Option<&str>, Option<&str>)] = &[
        ("foo=", Some(r#"{foo=""}"#), None),
        ("foo=a b", Some(r#"{foo="a b"}"#), None),
        (r"foo=~\d+", Some(r#"{foo=~"\\d+"}"#), None),
        (r#"foo=~"\d+""#, Some(r#"{foo=~"\\d+"}"#), None),
        ("{foo=bar", Some(r#"{foo="bar"}"#), None),
        ("foo=bar}", Some(r#"{foo="bar"}"#), None),
        ("foo=a=b", Some(r#"{foo="a=b"}"#), None),
        ("foo==x", Some(r#"{foo="=x"}"#), None),
        ("foo=!x", Some(r#"{foo="!x"}"#), None),
        (r#"foo="\xff""#, Some(r#"{foo="\\xff"}"#), None),
        (r#"foo="a\qb""#, Some(r#"{foo="a\\qb"}"#), None),
        (r#"foo="a\tb""#, Some(r#"{foo="a\\tb"}"#), Some(r#"{foo="a\tb"}"#)),
        ("foo=~a{2}", Some(r#"{foo=~"a{2"}"#), None),
        ("foo-bar=x", None, Some(r#"{foo-bar="x"}"#)),
        ("foo.bar=x", None, Some(r#"{foo.bar="x"}"#)),
        ("🙂=x", None, Some(r#"{🙂="x"}"#)),
        ("0foo=x", None, Some(r#"{0foo="x"}"#)),
        (r#""foo bar"=x"#, None, Some(r#"{"foo bar"="x"}"#)),
        ("", Some("{}"), Some("{}")),
        ("{}", Some("{}"), Some("{}")),
        ("{foo=bar,}", Some(r#"{foo="bar"}"#), Some(r#"{foo="bar"}"#)),
        (r#"foo="a,b",bar!~"x|y""#, Some(r#"{foo="a,b",bar!~"x|y"}"#), Some(r#"{foo="a,b",bar!~"x|y"}"#)),
        (r#" { foo = "a" , bar != b } "#, None, Some(r#"{foo="a",bar!="b"}"#)),
        ("foo", None, None),
        (r#"foo="a"#, None, None),
        (r#"foo="a"b""#, None, None),
        ("foo=~[", None, None),
        ("foo=a,,bar=b", None, None),
    ];

    #[test]
    fn each_mode_reads_its_grammar() {
        for (text, classic, utf8) in TABLE {
            for (mode, want) in [
                (MatcherMode::Classic, classic),
                (MatcherMode::Utf8Strict, utf8),
                (MatcherMode::Fallback, &classic.or(*utf8)),
            ] {
                let got = shown(text, mode);
                match want {
                    Some(want) => assert_eq!(got, *want, "{text} in {mode:?}"),
                    None => assert!(got.starts_with("error: "), "{text} in {mode:?}: {got}"),
                }
            }
        }
    }

    #[test]
    fn what_only_the_classic_grammar_takes_is_warned_of() {
        for (text, classic, utf8) in TABLE {
            if let Ok(parsed) = parse_matchers(text, MatcherMode::Fallback) {
                assert_eq!(parsed.warning.is_some(), classic.is_some() && classic != utf8, "{text}");
            }
        }
    }

    #[test]
    fn errors_say_what_alertmanager_says_and_point_at_the_place() {
        for (text, mode, message, at) in [
            ("foo", MatcherMode::Fallback, "bad matcher format: foo", "foo"),
            ("a=b,foo", MatcherMode::Classic, "bad matcher format: foo", "foo"),
            (
                r#"foo="a"#,
                MatcherMode::Classic,
                r#"matcher value contains unescaped double quote: "a"#,
                r#""a"#,
            ),
            (
                "foo",
                MatcherMode::Utf8Strict,
                "end of input: expected an operator such as '=', '!=', '=~' or '!~'",
                "",
            ),
            ("foo=", MatcherMode::Utf8Strict, "end of input: expected label value", ""),
            ("{foo=bar", MatcherMode::Utf8Strict, "0:8: end of input: expected close brace", ""),
            ("foo=bar}", MatcherMode::Utf8Strict, "0:8: }: expected opening brace", "}"),
            ("foo=a b=c", MatcherMode::Utf8Strict, "6:7: unexpected b: expected a comma or close brace", "b"),
            (r#"foo="a"#, MatcherMode::Utf8Strict, r#"4:6: "a: missing end ""#, r#""a"#),
            (r"foo=\d", MatcherMode::Utf8Strict, r"4:5: \: invalid input: expected label value", r"\"),
            (
                "foo!bar",
                MatcherMode::Utf8Strict,
                "3:4: !: expected one of '=~': expected an operator such as '=', '!=', '=~' or '!~'",
                "!",
            ),
            ("a=b,x=~a(", MatcherMode::Fallback, "error parsing regexp: missing closing ): `^(?:a()$`", "a("),
        ] {
            let error = parse_matchers(text, mode).expect_err(text);
            assert_eq!((error.message.as_str(), &text[error.range]), (message, at), "{text} in {mode:?}");
        }
    }

    #[test]
    fn a_filter_is_one_matcher_without_braces() {
        let one = |text| parse_matcher(text, MatcherMode::Fallback).map(|matcher| matcher.to_string());
        assert_eq!(one("a=b"), Ok(r#"a="b""#.to_owned()));
        assert_eq!(
            one("a=b,c=d"),
            Ok(r#"a="b,c=d""#.to_owned()),
            "the classic grammar takes the rest as the value"
        );
        assert_eq!(one("{a=b}").expect_err("braces").message, "unexpected open or close brace: {a=b}");
        assert_eq!(one("").expect_err("nothing").message, "bad matcher format: ");
    }

    proptest! {
        #[test]
        fn nothing_panics_and_ranges_are_in_the_text(text in "[a-b{}=!~,\"'\\\\ é\n(]{0,12}") {
            for mode in [MatcherMode::Fallback, MatcherMode::Classic, MatcherMode::Utf8Strict] {
                if let Err(error) = parse_matchers(&text, mode) {
                    prop_assert!(text.get(error.range.clone()).is_some(), "{:?}", error);
                }
                let _ = parse_matcher(&text, mode);
            }
        }

        #[test]
        fn what_is_printed_is_read_back(name in "[a-zA-Zé .]{1,4}", value in "[a-zé\"\n\\\\,{}]{0,6}") {
            let matcher = Matcher::equal(name, value);
            let text = matcher.to_string();
            let parsed = parse_matchers(&text, MatcherMode::Utf8Strict);
            prop_assert_eq!(parsed.map(|parsed| parsed.matchers), Ok(vec![matcher]));
        }
    }
}
