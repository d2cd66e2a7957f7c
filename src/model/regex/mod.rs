//! Regular expressions as matchers use them: Go's RE2 dialect, anchored at both ends.

mod class;
mod examples;
mod literals;
mod translate;

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use translate::translate;

/// The most memory one compiled expression may take. Go has no such limit but bounds repetitions, which
/// keeps its expressions below this.
const SIZE_LIMIT: usize = 32 << 20;

/// How deep groups may nest, as in Go.
const NEST_LIMIT: u32 = 1000;

const PREFIX: &str = "^(?:";

/// So short an expression without counted repetitions compiles to far less than [`SIZE_LIMIT`].
const SURELY_SMALL: usize = 256;

/// A regular expression that must match the whole text. Equal if written the same. Clones share what is compiled:
/// an expression is compiled once, however often it is evaluated.
#[derive(Clone)]
pub struct AnchoredRegex(Arc<Anchored>);

struct Anchored {
    text: String,
    /// The same, anchored, in the notation of the `regex` crate.
    rust: String,
    /// No shorter text matches: in bytes.
    least: usize,
    /// Made when it is first needed, which takes longer than all else about an expression: who checks or
    /// prints rules never needs it.
    compiled: OnceLock<regex::Regex>,
}

/// A text that is not a regular expression.
#[derive(Clone, Debug, thiserror::Error)]
#[error("invalid regular expression {text:?}: {reason}")]
pub struct InvalidRegex {
    /// What was given.
    pub text: String,
    /// What is wrong with it, in the words of Go's `regexp` where it has any.
    pub reason: String,
    /// The bytes of `text` that are at fault.
    pub range: Range<usize>,
}

impl AnchoredRegex {
    /// Takes `text` so that it matches only whole strings. `.` does not match a line break, as in
    /// Alertmanager.
    ///
    /// # Errors
    /// The text is not valid in Go's dialect, or too large.
    pub fn new(text: &str) -> Result<Self, InvalidRegex> {
        // Alertmanager compiles the anchored text, so `a)|(?:b` is valid: translate it in its anchors, too.
        let anchored = format!("{PREFIX}{text})$");
        let inner = |range: Range<usize>| {
            let at = |place: usize| place.saturating_sub(PREFIX.len()).min(text.len());
            at(range.start)..at(range.end)
        };
        let rust = translate(&anchored).map_err(|error| InvalidRegex {
            text: text.to_owned(),
            reason: error.message,
            range: inner(error.range),
        })?;
        Self::of_rust(text, rust)
    }

    /// Takes `text` so that it matches only whole strings, and `.` also line breaks, as in Prometheus. It must be
    /// valid without anchors.
    ///
    /// # Errors
    /// The text is not valid in Go's dialect, or too large.
    pub fn dot_all(text: &str) -> Result<Self, InvalidRegex> {
        let rust = translate(text).map_err(|error| InvalidRegex {
            text: text.to_owned(),
            reason: error.message,
            range: error.range,
        })?;
        Self::of_rust(text, format!("^(?s:{rust})$"))
    }

    /// The expression `text`, which is `rust` with anchors.
    fn of_rust(text: &str, rust: String) -> Result<Self, InvalidRegex> {
        let refused = |reason: String| InvalidRegex { text: text.to_owned(), reason, range: 0..text.len() };
        let (mut least, compiled) = (0, OnceLock::new());
        if text.len() <= SURELY_SMALL && !text.contains('{') {
            let parsed = regex_syntax::ParserBuilder::new().nest_limit(NEST_LIMIT).build().parse(&rust);
            let parsed = parsed.map_err(|error| refused(last_line(&error.to_string())))?;
            least = parsed.properties().minimum_len().unwrap_or(0);
        } else {
            let regex = compile(&rust).map_err(|error| refused(last_line(&error.to_string())))?;
            let first = compiled.set(regex);
            debug_assert!(first.is_ok(), "nothing was set before");
        }
        Ok(Self(Arc::new(Anchored { text: text.to_owned(), rust, least, compiled })))
    }

    /// Whether the whole of `text` matches.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        if text.len() < self.0.least {
            return false;
        }
        if let Some(compiled) = self.0.compiled.get() {
            return compiled.is_match(text);
        }
        // It was parsed before and is small, so that it compiles.
        compile(&self.0.rust).is_ok_and(|regex| self.0.compiled.get_or_init(|| regex).is_match(text))
    }

    /// The texts that it matches, if it is only a list of them, as in `a|b`.
    #[must_use]
    pub fn literals(&self) -> Option<Vec<String>> {
        literals::literals(&self.0.text)
    }

    /// The expression as it was written, without anchors.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }
}

fn compile(rust: &str) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(rust).size_limit(SIZE_LIMIT).nest_limit(NEST_LIMIT).build()
}

/// The last line of the crate's message: the ones before it show the translated text.
fn last_line(message: &str) -> String {
    message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// The expression that matches just this text: Go's `regexp.QuoteMeta`. Alertmanager writes names of
/// receivers through it.
#[must_use]
pub fn quote_meta(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}

/// Compiles an expression in Go's dialect that may match anywhere in a text, as Go's `regexp.Compile`.
///
/// # Errors
/// The text is not valid in Go's dialect, or too large.
pub fn unanchored(text: &str) -> Result<regex::Regex, InvalidRegex> {
    let rust = translate(text).map_err(|error| InvalidRegex {
        text: text.to_owned(),
        reason: error.message,
        range: error.range,
    })?;
    compile(&rust).map_err(|error| InvalidRegex {
        text: text.to_owned(),
        reason: last_line(&error.to_string()),
        range: 0..text.len(),
    })
}

impl PartialEq for AnchoredRegex {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

impl Eq for AnchoredRegex {}

impl fmt::Debug for AnchoredRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.0.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::AnchoredRegex;

    #[test]
    fn gos_dialect_is_understood() {
        for (text, matching, other) in [
            ("a.c", "abc", "a\nc"),
            ("(?s)a.c", "a\nc", "ac"),
            ("(?i)straße", "STRAßE", "strasse"),
            (r"\d+", "12", "١٢"),
            (r"\w+", "ab_1", "é"),
            (r"[\w-]+", "a-b", "é"),
            (r"\Qa.b*\E+", "a.b**", "axb"),
            ("[[a]", "[", "b"),
            ("[a&&b]+", "&a&", "c"),
            ("[!--b]+", "!,-b", "a"),
            ("[+--]+", "+,-", "a"),
            ("[~~]", "~", "a"),
            ("[]a]+", "]a", "b"),
            ("[^]a]", "b", "]"),
            ("a{,3}", "a{,3}", "aa"),
            ("a{2", "a{2", "aa"),
            ("a{2}", "aa", "a{2}"),
            ("a}", "a}", "a"),
            (r"\x41\x{1F600}\101\n", "A😀A\n", "A"),
            (r"\pL+", "é", "1"),
            (r"\p{Greek}", "α", "a"),
            (r"\p{^Greek}", "a", "α"),
            (r"\p{greek}", "α", "a"),
            (r"\p{upper-case_letter}\pl", "Aa", "aA"),
            (r"\p{Any}\p{ASCII}", "éa", "éé"),
            (r"[\P{Greek}]", "a", "α"),
            ("[[:alpha:]_]+", "a_b", "1"),
            ("[[:^alpha:]]+", "12", "a"),
            ("[[:word:]]+", "a_1", "é"),
            (r"\<a\>\-\_\/", "<a>-_/", "a"),
            ("(?P<year>x)(?<month>y)", "xy", "x"),
            ("(?P<a>x)(?P<a>y)(?P<1>z)", "xyz", "xy"),
            ("a(?i)*b", "aaB", "AAb"),
            ("a(?i){,2}b", "a{,2}B", "B"),
            ("(?U)a+?", "aa", ""),
            ("a)|(?:b", "ac", "c"),
            ("^(foo1|foo2)$", "foo1", "foo"),
            (r"a\b{1}", "a", "aa"),
            ("x*?", "xx", "y"),
            ("", "", "a"),
            ("(?)a|()", "", "b"),
        ] {
            let regex = AnchoredRegex::new(text).unwrap_or_else(|error| panic!("{error}"));
            assert!(regex.is_match(matching), "{text} matches {matching:?}");
            assert!(!regex.is_match(other), "{text} does not match {other:?}");
        }
    }

    #[test]
    fn what_one_clone_compiles_the_others_have() {
        let regex = AnchoredRegex::new("a.*").expect("it is valid");
        assert!(regex.0.compiled.get().is_none(), "not before it is needed");
        assert!(regex.clone().is_match("abc"));
        assert!(regex.0.compiled.get().is_some());
    }

    #[test]
    fn a_dot_matches_a_line_break_only_if_wanted() {
        for (text, value, plain, dot_all) in
            [("a.c", "a\nc", false, true), ("(?-s)a.c", "a\nc", false, false), ("a.*", "a\n", false, true)]
        {
            assert_eq!(AnchoredRegex::new(text).expect(text).is_match(value), plain, "{text}");
            assert_eq!(AnchoredRegex::dot_all(text).expect(text).is_match(value), dot_all, "{text}");
        }
    }

    #[test]
    fn prometheus_takes_what_is_valid_without_anchors() {
        for (text, matching, other) in [
            (r"\Qa.b", "a.b", "axb"),
            (r"x|\Qy)$", "y)$", "y"),
            ("(?i)a|b", "B", "Bb"),
            ("a|(?U)b+?", "bb", "ab"),
            ("a(?m)$", "a", "a\nb"),
            ("^a$", "a", "aa"),
        ] {
            let regex = AnchoredRegex::dot_all(text).unwrap_or_else(|error| panic!("{error}"));
            assert!(regex.is_match(matching), "{text} matches {matching:?}");
            assert!(!regex.is_match(other), "{text} does not match {other:?}");
        }
        let error = AnchoredRegex::dot_all("a)|(?:b").expect_err("its parentheses do not fit");
        assert_eq!((error.reason.as_str(), error.range), ("unexpected ): `a)|(?:b`", 0..7));
    }

    #[test]
    fn what_go_refuses_is_refused_with_gos_words() {
        for (text, reason, at) in [
            ("x++", "invalid nested repetition operator: `++`", "++"),
            ("x**", "invalid nested repetition operator: `**`", "**"),
            ("x{2}{3}", "invalid nested repetition operator: `{2}{3}`", "{2}{3}"),
            (r"\d{1001}", "invalid repeat count: `{1001}`", "{1001}"),
            ("x{3,2}", "invalid repeat count: `{3,2}`", "{3,2}"),
            ("(x{100}){100}", "invalid repeat count: `{100}`", "{100}"),
            ("*a", "missing argument to repetition operator: `*`", "*"),
            ("(+)", "missing argument to repetition operator: `+`", "+"),
            ("a|?", "missing argument to repetition operator: `?`", "?"),
            (r"\Qa", r"missing closing ): `^(?:\Qa)$`", r"\Qa"),
            ("a\\", r"missing closing ): `^(?:a\)$`", "a\\"),
            (r"\C", r"invalid escape sequence: `\C`", r"\C"),
            (r"\E", r"invalid escape sequence: `\E`", r"\E"),
            (r"\Z", r"invalid escape sequence: `\Z`", r"\Z"),
            (r"\1", r"invalid escape sequence: `\1`", r"\1"),
            (r"\x{110000}", r"invalid escape sequence: `\x{110000`", r"\x{110000"),
            ("[a", "missing closing ]: `[a)$`", "[a"),
            ("[b-a]", "invalid character class range: `b-a`", "b-a"),
            ("[[:foo:]]", "invalid character class range: `[:foo:]`", "[:foo:]"),
            (r"\p{Alphabetic}", r"invalid character class range: `\p{Alphabetic}`", r"\p{Alphabetic}"),
            (r"\p{gc=Lu}", r"invalid character class range: `\p{gc=Lu}`", r"\p{gc=Lu}"),
            (r"\p{}", r"invalid character class range: `\p{}`", r"\p{}"),
            (r"\p{Nope}", r"invalid character class range: `\p{Nope}`", r"\p{Nope}"),
            (r"[a-\d]", r"invalid escape sequence: `\d`", r"\d"),
            ("(a", "missing closing ): `^(?:(a)$`", "(a"),
            ("a))", "unexpected ): `^(?:a)))$`", "a))"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`", "(?="),
            ("(?<!a)", "invalid or unsupported Perl syntax: `(?<`", "(?<"),
            ("(?x)a", "invalid or unsupported Perl syntax: `(?x`", "(?x"),
            ("(?P<1-a>x)", "invalid named capture: `(?P<1-a>`", "(?P<1-a>"),
        ] {
            let error = AnchoredRegex::new(text).expect_err(text);
            assert_eq!((error.reason.as_str(), &text[error.range]), (reason, at), "{text}");
        }
    }

    #[test]
    fn an_expression_that_needs_too_much_memory_is_refused() {
        let error =
            AnchoredRegex::new(r"(\pL{900}|\pN{900}){1}\pL{1000}\pL{1000}\pL{1000}").expect_err("too large");
        assert!(error.reason.contains("exceeds size limit"), "{error}");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in r"[a-c\\Q{}\[\]()*+?,^$|.<>:&~!=0-9PpLdDxU -]{0,16}") {
            let _ = AnchoredRegex::new(&text);
        }

        /// What the translation accepts, the engine accepts.
        #[test]
        fn a_translation_compiles(text in r"[a-c\\QEdwbz{}\[\]()*+?,^$|.:&~<0-9-]{0,16}") {
            if let Ok(rust) = super::translate(&text) {
                let compiled = super::compile(&rust);
                prop_assert!(compiled.is_ok(), "{} -> {}: {:?}", text, rust, compiled);
            }
        }

        #[test]
        fn quoted_text_matches_itself(text in "[a-z.*+?{}()|^$\\[\\]-]{0,12}") {
            let quoted = format!(r"\Q{text}\E");
            prop_assert!(AnchoredRegex::new(&quoted).is_ok_and(|regex| regex.is_match(&text)));
        }
    }
}
