//! Which rules no test touched, for people.

use std::fmt::Write;

use super::table::paint;
use super::{Look, Texts, place};
use crate::rules::RuleType;
use crate::testing::coverage::Coverage;

/// The rules that are not covered, by file, and how many are.
#[must_use]
pub fn coverage(coverage: &Coverage, texts: &Texts, look: Look) -> String {
    let (all, covered) = (coverage.rules.len(), coverage.covered());
    let percent = (covered * 100).checked_div(all).unwrap_or(100);
    let mut text = format!("Coverage: {covered} of {all} rules ({percent} %)\n");
    let lacking: Vec<_> = coverage.rules.iter().filter(|rule| !rule.is_covered()).collect();
    let place =
        |rule: &&crate::testing::coverage::RuleCoverage| place(&rule.file, &(rule.start..rule.start), texts);
    let width = lacking.iter().map(|rule| place(rule).chars().count()).max().unwrap_or(0);
    for rule in &lacking {
        let kind = match rule.kind {
            RuleType::Alerting => "alert",
            RuleType::Recording => "record",
        };
        let lack = paint(look, "33", rule.lack());
        let _ = writeln!(text, "  {:width$}  {kind} {}: {lack}", place(rule), rule.rule);
    }
    text
}
