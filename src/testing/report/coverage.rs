//! Which rules no test touched, for people.

use std::fmt::Write;

use super::table::paint;
use super::{Look, Texts, place};
use crate::rules::RuleType;
use crate::testing::coverage::{Coverage, RoutingCoverage};

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
    text.push_str(&routing(coverage, texts, look));
    text
}

/// The parts of routing files that no test touched, and how many are touched.
fn routing(coverage: &Coverage, texts: &Texts, look: Look) -> String {
    let parts = &coverage.routing;
    if parts.is_empty() {
        return String::new();
    }
    let touched = parts.iter().filter(|part| part.touched).count();
    let percent = touched * 100 / parts.len();
    let all = parts.len();
    let mut text =
        format!("Coverage: {touched} of {all} routes, receivers and inhibit rules ({percent} %)\n");
    let lacking: Vec<(String, &RoutingCoverage)> = parts
        .iter()
        .filter(|part| !part.touched)
        .map(|part| (place(&part.file, &(part.start..part.start), texts), part))
        .collect();
    let width = lacking.iter().map(|(place, _)| place.chars().count()).max().unwrap_or(0);
    for (place, part) in lacking {
        let lack = paint(look, "33", part.part.lack());
        let _ = writeln!(text, "  {place:width$}  {} {}: {lack}", part.part.as_str(), part.name);
    }
    text
}
