//! Which rules the tests of a file touched.

use crate::model::Str;
use crate::rules::RuleType;

/// What tests touched, and what not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// All rules of the files that were loaded, in order.
    pub rules: Vec<RuleCoverage>,
}

/// What tests did with one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCoverage {
    /// The path of its file.
    pub file: Str,
    /// Its group's name.
    pub group: Str,
    /// Its place in the group, from 0.
    pub index: usize,
    /// Its name.
    pub rule: Str,
    /// Its kind.
    pub kind: RuleType,
    /// Where it stands in its file, in bytes.
    pub start: usize,
    /// Whether it gave a result in any test.
    pub gave: bool,
    /// Whether any test asserts something of its alerts or its series.
    pub asserted: bool,
}

impl RuleCoverage {
    /// Whether a test touched it in every way.
    #[must_use]
    pub fn is_covered(&self) -> bool {
        self.gave && self.asserted
    }

    /// What no test did.
    #[must_use]
    pub fn lack(&self) -> &'static str {
        match (self.gave, self.asserted) {
            (true, true) => "",
            (true, false) => "gives a result, but no test asserts it",
            (false, true) => "is asserted, but gives no result in any test",
            (false, false) => "gives no result in any test",
        }
    }

    fn key(&self) -> (&str, &str, usize) {
        (&self.file, &self.group, self.index)
    }
}

impl Coverage {
    /// Adds what other tests did.
    pub fn merge(&mut self, other: &Self) {
        for rule in &other.rules {
            match self.rules.iter_mut().find(|known| known.key() == rule.key()) {
                Some(known) => {
                    known.gave |= rule.gave;
                    known.asserted |= rule.asserted;
                }
                None => self.rules.push(rule.clone()),
            }
        }
    }

    /// How many rules are covered.
    #[must_use]
    pub fn covered(&self) -> usize {
        self.rules.iter().filter(|rule| rule.is_covered()).count()
    }
}
