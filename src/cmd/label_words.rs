//! Labels and matchers as words of a command line, by amtool's rules.

use crate::model::matcher::{InvalidMatcher, MatcherMode, parse_matcher};
use crate::model::{LabelSet, MatchOp, Matcher, Str};

/// What every matcher has.
const OPERATORS: [&str; 2] = ["=", "!~"];

/// One matcher a word, as in `severity=~"page|critical"`. The first word may be the bare name of an alert.
///
/// # Errors
/// A word is no matcher: what a person is told.
pub(super) fn matchers(words: &[String]) -> Result<Vec<Matcher>, String> {
    words.iter().enumerate().map(|(place, word)| matcher(word, place == 0)).collect()
}

fn matcher(word: &str, first: bool) -> Result<Matcher, String> {
    let has_operator = OPERATORS.iter().any(|operator| word.contains(operator));
    if !has_operator && first {
        return Ok(Matcher::equal("alertname", word));
    }
    parse_matcher(word, MatcherMode::default()).map_err(|error| explain(word, &error))
}

fn explain(word: &str, error: &InvalidMatcher) -> String {
    let hint = error.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    let what = &error.message;
    format!(
        "{word}: {what}{hint}\nwrite a matcher as in severity=page, severity!=page, 'severity=~page|critical' \
         or 'severity!~page|critical'"
    )
}

/// One label a word, as in `severity=page`. The first word may be the bare name of an alert.
///
/// # Errors
/// A word is no label, or a name comes twice: what a person is told.
pub(super) fn labels(words: &[String]) -> Result<LabelSet, String> {
    label_set(words, true)
}

/// As [`labels`], but the first word is a label like all others.
///
/// # Errors
/// As [`labels`].
pub(super) fn plain_labels(words: &[String]) -> Result<LabelSet, String> {
    label_set(words, false)
}

fn label_set(words: &[String], bare_name: bool) -> Result<LabelSet, String> {
    let mut pairs: Vec<(Str, Str)> = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let matcher = matcher(word, bare_name && place == 0)?;
        if matcher.op() != MatchOp::Equal {
            return Err(format!("{word}: an alert has labels with one value: write NAME=VALUE"));
        }
        if let Some((_, before)) = pairs.iter().find(|(name, _)| name == matcher.name()) {
            return Err(format!("{word}: the label {} is {before:?} already", matcher.name()));
        }
        pairs.push((Str::clone(matcher.name()), Str::clone(matcher.value())));
    }
    Ok(LabelSet::from_pairs(pairs))
}

#[cfg(test)]
mod tests {
    use super::{labels, matchers};
    use crate::model::matcher::MatcherList;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_first_word_may_be_an_alerts_name() {
        for (text, want) in [
            ("Down", r#"{alertname="Down"}"#),
            ("Down severity=page", r#"{alertname="Down",severity="page"}"#),
            (
                "severity=~page|critical team!=db zone!~a.*",
                r#"{severity=~"page|critical",team!="db",zone!~"a.*"}"#,
            ),
            (r#"a="b""#, r#"{a="b"}"#),
            ("alertname=~Down.*", r#"{alertname=~"Down.*"}"#),
        ] {
            assert_eq!(MatcherList(&matchers(&words(text)).expect(text)).to_string(), want);
        }
        for text in ["a=b Down", "a=~(", "=b"] {
            assert!(matchers(&words(text)).expect_err(text).contains("write a matcher as in"), "{text}");
        }
    }

    #[test]
    fn labels_have_one_value_each() {
        assert_eq!(labels(&words("Down a=b c=")).expect("valid").to_string(), r#"{a="b", alertname="Down"}"#);
        for (text, want) in
            [("a=~b", "a=~b: an alert has"), ("a=b a=c", r#"a=c: the label a is "b" already"#)]
        {
            assert!(labels(&words(text)).expect_err(text).starts_with(want), "{text}");
        }
    }
}
