//! Matchers: conditions on one label, as in routes, silences, inhibition rules and API filters.

mod parse;
mod stored;

use std::cmp::Ordering;
use std::fmt;

use super::quote::GoQuoted;
use super::regex::{AnchoredRegex, InvalidRegex};
use super::{LabelSet, Str};

pub use parse::{DISAGREEMENT, InvalidMatcher, MatcherMode, ParsedMatchers, parse_matcher, parse_matchers};

/// How a matcher compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Regex,
    /// `!~`
    NotRegex,
}

impl fmt::Display for MatchOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
        })
    }
}

/// One condition on one label. A missing label counts as the empty string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher {
    name: Str,
    op: MatchOp,
    value: Str,
    /// Present exactly for the two regular operators.
    regex: Option<AnchoredRegex>,
}

impl Matcher {
    /// Makes a matcher; a regular expression is compiled once, here.
    ///
    /// # Errors
    /// The operator is regular and the value is not a regular expression.
    pub fn new(name: impl Into<Str>, op: MatchOp, value: impl Into<Str>) -> Result<Self, InvalidRegex> {
        Self::compiled(name.into(), op, value.into(), AnchoredRegex::new)
    }

    /// As [`Matcher::new`], but `.` of a regular expression matches line breaks, too: as Prometheus'
    /// selectors compare.
    ///
    /// # Errors
    /// The operator is regular and the value is not a regular expression.
    pub fn of_series(name: impl Into<Str>, op: MatchOp, value: impl Into<Str>) -> Result<Self, InvalidRegex> {
        Self::compiled(name.into(), op, value.into(), AnchoredRegex::dot_all)
    }

    fn compiled(
        name: Str,
        op: MatchOp,
        value: Str,
        compile: impl FnOnce(&str) -> Result<AnchoredRegex, InvalidRegex>,
    ) -> Result<Self, InvalidRegex> {
        let regex = match op {
            MatchOp::Equal | MatchOp::NotEqual => None,
            MatchOp::Regex | MatchOp::NotRegex => Some(compile(&value)?),
        };
        Ok(Self { name, op, value, regex })
    }

    /// `name="value"`.
    #[must_use]
    pub fn equal(name: impl Into<Str>, value: impl Into<Str>) -> Self {
        Self { name: name.into(), op: MatchOp::Equal, value: value.into(), regex: None }
    }

    /// Whether the labels satisfy the condition.
    #[must_use]
    pub fn matches(&self, labels: &LabelSet) -> bool {
        self.matches_value(labels.value(&self.name))
    }

    /// Whether a value of the label satisfies the condition.
    #[must_use]
    pub fn matches_value(&self, value: &str) -> bool {
        match (self.op, &self.regex) {
            (MatchOp::Equal, _) => value == &*self.value,
            (MatchOp::NotEqual, _) => value != &*self.value,
            (MatchOp::Regex, regex) => regex.as_ref().is_some_and(|regex| regex.is_match(value)),
            (MatchOp::NotRegex, regex) => regex.as_ref().is_some_and(|regex| !regex.is_match(value)),
        }
    }

    /// The only values that satisfy the condition, sorted, each once; `None` if it is not a list of values.
    #[must_use]
    pub fn wanted_values(&self) -> Option<Vec<Str>> {
        let mut values = match (self.op, &self.regex) {
            (MatchOp::Equal, _) => vec![Str::clone(&self.value)],
            (MatchOp::Regex, Some(regex)) => regex.literals()?.into_iter().map(Str::from).collect(),
            (MatchOp::Regex, None) | (MatchOp::NotEqual | MatchOp::NotRegex, _) => return None,
        };
        values.sort_unstable();
        values.dedup();
        Some(values)
    }

    /// Up to `limit` values of the label that a regular matcher's expression matches (also for `!~`), as far
    /// as they can be guessed. None for the other operators.
    #[must_use]
    pub fn examples(&self, limit: usize) -> Vec<String> {
        self.regex.as_ref().map(|regex| regex.examples(limit)).unwrap_or_default()
    }

    /// The label's name.
    #[must_use]
    pub fn name(&self) -> &Str {
        &self.name
    }

    /// The operator.
    #[must_use]
    pub fn op(&self) -> MatchOp {
        self.op
    }

    /// The value or the expression as written.
    #[must_use]
    pub fn value(&self) -> &Str {
        &self.value
    }
}

impl Ord for Matcher {
    /// By name, then value, then operator: the order in which a route's key lists them.
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.name, &self.value, self.op).cmp(&(&other.name, &other.value, other.op))
    }
}

impl PartialOrd for Matcher {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Matcher {
    /// As Alertmanager prints it: `severity=~"page|critical"`; a name with reserved characters is quoted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reserved = |c: char| c.is_whitespace() || "{}!=~,\\\"'`".contains(c);
        match self.name.contains(reserved) {
            true => write!(f, "{}{}{}", GoQuoted(&self.name), self.op, GoQuoted(&self.value)),
            false => write!(f, "{}{}{}", self.name, self.op, GoQuoted(&self.value)),
        }
    }
}

/// Displays matchers as Alertmanager does: `{a="1",b=~"2"}`, no space after the comma.
pub struct MatcherList<'a>(pub &'a [Matcher]);

impl fmt::Display for MatcherList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, matcher) in self.0.iter().enumerate() {
            write!(f, "{}{matcher}", if at == 0 { "" } else { "," })?;
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::{MatchOp, Matcher, MatcherList};
    use crate::model::LabelSet;

    #[test]
    fn a_missing_label_is_the_empty_string() {
        let labels = LabelSet::from_pairs([("team", "db")]);
        for (name, op, value, want) in [
            ("team", MatchOp::Equal, "db", true),
            ("team", MatchOp::Equal, "d", false),
            ("team", MatchOp::NotEqual, "web", true),
            ("none", MatchOp::Equal, "", true),
            ("none", MatchOp::NotEqual, "x", true),
            ("team", MatchOp::Regex, "d", false),
            ("team", MatchOp::Regex, "d.|web", true),
            ("team", MatchOp::NotRegex, "web|d", true),
            ("none", MatchOp::Regex, ".*", true),
            ("none", MatchOp::Regex, ".+", false),
        ] {
            let matcher = Matcher::new(name, op, value).expect("valid");
            assert_eq!(matcher.matches(&labels), want, "{matcher}");
        }
    }

    #[test]
    fn printing_is_alertmanagers() {
        let list =
            [Matcher::equal("severity", "page"), Matcher::new("a b", MatchOp::Regex, "x\"y").expect("valid")];
        assert_eq!(MatcherList(&list).to_string(), r#"{severity="page","a b"=~"x\"y"}"#);
    }
}
