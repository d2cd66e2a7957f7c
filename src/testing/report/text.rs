//! Verdicts for people: what promtool prints, with places and tables.

use std::fmt::Write;

use super::table::{blocks, paint};
use super::timeline::timeline;
use super::{Look, Texts, counts, headline, place};
use crate::config::problem::Problem;
use crate::config::render::{Format, render};
use crate::model::text::printable;
use crate::testing::verdict::{Failure, FailureKind, FileVerdict, NotificationMismatch, TestVerdict};

const RED: &str = "1;31";
const GREEN: &str = "1;32";
const YELLOW: &str = "1;33";

/// The verdict on one file.
#[must_use]
pub fn text(verdict: &FileVerdict, texts: &Texts, look: Look) -> String {
    let mut text = format!("Unit Testing:  {}\n", printable(&verdict.path));
    if !verdict.problems.is_empty() {
        text.push_str(&problems(&verdict.problems, texts, look));
    }
    for test in &verdict.tests {
        write_test(&mut text, verdict, test, texts, look);
    }
    let (passed, failed) = counts(verdict);
    let _ = match verdict.passed() {
        true => writeln!(text, "  {} ({})", paint(look, GREEN, "SUCCESS"), tests(passed)),
        false if verdict.has_errors() => writeln!(text, "  {}", paint(look, RED, "FAILED")),
        false => {
            let said = paint(look, RED, "FAILED");
            writeln!(text, "  {said} ({failed} of {})", tests(passed + failed))
        }
    };
    text
}

/// One line on all files.
#[must_use]
pub fn summary(verdicts: &[FileVerdict], took: &str, look: Look) -> String {
    let (mut passed, mut failed) = (0, 0);
    for verdict in verdicts {
        let (one, other) = counts(verdict);
        passed += one;
        failed += other;
    }
    let broken = verdicts.iter().filter(|verdict| verdict.has_errors()).count();
    let mut parts = vec![format!("{passed} passed")];
    if failed > 0 {
        parts.push(paint(look, RED, &format!("{failed} failed")));
    }
    if broken > 0 {
        let files = if broken == 1 { "file" } else { "files" };
        parts.push(paint(look, RED, &format!("{broken} {files} could not be tested")));
    }
    let files = if verdicts.len() == 1 { "file" } else { "files" };
    format!("{} in {} {files}: {} ({took})\n", tests(passed + failed), verdicts.len(), parts.join(", "))
}

fn tests(count: usize) -> String {
    format!("{count} {}", if count == 1 { "test" } else { "tests" })
}

fn write_test(text: &mut String, verdict: &FileVerdict, test: &TestVerdict, texts: &Texts, look: Look) {
    let place = place(&verdict.path, &test.span, texts);
    if !test.passed() {
        let title = paint(look, "1", &printable(&test.title));
        let _ = writeln!(text, "  {} {title} ({place})", paint(look, RED, "FAILED:"));
    } else if look.verbose {
        let _ = writeln!(text, "  {} {} ({place})", paint(look, GREEN, "ok:"), printable(&test.title));
    } else if !test.warnings.is_empty() {
        let _ = writeln!(text, "  {} {} ({place})", paint(look, YELLOW, "WARNING:"), printable(&test.title));
    }
    if look.verbose {
        let (evaluated, rules) = test.evaluated;
        let _ = writeln!(text, "    {} assertions; {evaluated} of {rules} rules evaluated", test.assertions);
    }
    for failure in &test.failures {
        write_failure(text, verdict, failure, texts, look);
    }
    let is_told = |failure: &Failure| matches!(failure.kind, FailureKind::Notifications(_));
    if look.verbose || test.failures.iter().any(is_told) {
        text.push_str(&timeline(&test.timeline, 4, look));
    }
    for warning in &test.warnings {
        let lines = problems(std::slice::from_ref(warning), texts, look);
        text.push_str(&indented(&lines, 4));
    }
}

fn write_failure(text: &mut String, verdict: &FileVerdict, failure: &Failure, texts: &Texts, look: Look) {
    if let FailureKind::Unreadable(problem) = &failure.kind {
        text.push_str(&indented(&problems(std::slice::from_ref(problem), texts, look), 4));
        return;
    }
    let _ = writeln!(text, "    {}", printable(&headline(failure)));
    let _ = writeln!(text, "    --> {}", place(&verdict.path, &failure.span, texts));
    let (table, hint) = match &failure.kind {
        FailureKind::Alerts(mismatch) => (blocks(&mismatch.blocks, "LABEL", 6, look), &mismatch.hint),
        FailureKind::Samples(mismatch) => (blocks(&mismatch.blocks, "LABEL", 6, look), &mismatch.hint),
        FailureKind::Notifications(mismatch) => {
            let table = blocks(&mismatch.blocks, "PART", 6, look);
            (table + &reasons(mismatch), &None)
        }
        FailureKind::Unreadable(_) | FailureKind::Rule { .. } | FailureKind::Query { .. } => return,
    };
    text.push_str(&table);
    if let Some(hint) = hint {
        let _ = writeln!(text, "      help: {hint}");
    }
}

fn reasons(mismatch: &NotificationMismatch) -> String {
    let line = |word: &str, text: &String| format!("      {word}: {}\n", printable(text));
    let why = mismatch.why.iter().map(|why| line("why", why));
    why.chain(mismatch.nearby.iter().map(|told| line("but", told))).collect()
}

fn problems(problems: &[Problem], texts: &Texts, look: Look) -> String {
    render(problems, |path| texts.get(path).map(|text| &**text), Format::Full, look.colour)
}

fn indented(text: &str, indent: usize) -> String {
    text.lines().map(|line| format!("{}\n", format!("{:indent$}{line}", "").trim_end())).collect()
}

/// One test alone, for a document that has a place for each.
pub(super) fn one_test(verdict: &FileVerdict, test: &TestVerdict, texts: &Texts) -> String {
    let mut text = String::new();
    write_test(&mut text, verdict, test, texts, Look::default());
    text
}
