//! Verdicts for programs.

use serde_json::{Value, json};

use super::{Texts, headline};
use crate::config::problem::Problem;
use crate::config::render::{Position, problem_json};
use crate::testing::coverage::Coverage;
use crate::testing::diff::Block;
use crate::testing::verdict::{Failure, FailureKind, FileVerdict, Moment, TestVerdict};

/// All verdicts as one JSON document that ends with a line break; with the coverage if it is wanted.
#[must_use]
pub fn json(verdicts: &[FileVerdict], covered: Option<&Coverage>, texts: &Texts) -> String {
    let files: Vec<Value> = verdicts.iter().map(|verdict| file(verdict, texts)).collect();
    let mut document = json!({
        "passed": verdicts.iter().all(FileVerdict::passed),
        "files": files,
    });
    if let Some(covered) = covered {
        document["coverage"] = coverage(covered, texts);
    }
    // Values of strings and numbers with string keys: it cannot fail.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn file(verdict: &FileVerdict, texts: &Texts) -> Value {
    json!({
        "file": &*verdict.path,
        "passed": verdict.passed(),
        "problems": verdict.problems.iter().map(|problem| self::problem(problem, texts)).collect::<Vec<_>>(),
        "tests": verdict.tests.iter().map(|test| self::test(verdict, test, texts)).collect::<Vec<_>>(),
    })
}

fn test(verdict: &FileVerdict, test: &TestVerdict, texts: &Texts) -> Value {
    let failures = test.failures.iter().map(|failure| self::failure(verdict, failure, texts));
    let warnings = test.warnings.iter().map(|problem| self::problem(problem, texts));
    json!({
        "name": &*test.title,
        "start": position(&verdict.path, test.span.start, texts),
        "passed": test.passed(),
        "assertions": test.assertions,
        "rules_evaluated": test.evaluated.0,
        "failures": failures.collect::<Vec<_>>(),
        "warnings": warnings.collect::<Vec<_>>(),
        "timeline": test.timeline.iter().map(moment).collect::<Vec<_>>(),
    })
}

fn failure(verdict: &FileVerdict, failure: &Failure, texts: &Texts) -> Value {
    let mut value = match &failure.kind {
        FailureKind::Unreadable(problem) => {
            json!({"kind": "unreadable", "problem": self::problem(problem, texts)})
        }
        FailureKind::Rule { group, rule, at, error } => {
            json!({"kind": "rule", "group": &**group, "rule": &**rule, "time": at.to_string(), "error": error})
        }
        FailureKind::Alerts(mismatch) => json!({
            "kind": "alerts",
            "alertname": &*mismatch.alertname,
            "time": mismatch.at.to_string(),
            "state": mismatch.state.as_str(),
            "expected": mismatch.expected,
            "found": mismatch.found,
            "blocks": blocks(&mismatch.blocks),
        }),
        FailureKind::Samples(mismatch) => json!({
            "kind": "samples",
            "expr": &*mismatch.expr,
            "time": mismatch.at.to_string(),
            "expected": mismatch.expected,
            "found": mismatch.found,
            "blocks": blocks(&mismatch.blocks),
        }),
        FailureKind::Notifications(mismatch) => json!({
            "kind": "notifications",
            "expected": mismatch.what,
            "found": mismatch.found,
            "blocks": blocks(&mismatch.blocks),
            "why": mismatch.why,
            "told_at_other_times": mismatch.nearby,
        }),
        FailureKind::Query { expr, at, error } => {
            json!({"kind": "query", "expr": &**expr, "time": at.to_string(), "error": error})
        }
    };
    value["message"] = headline(failure).into();
    value["start"] = position(&verdict.path, failure.span.start, texts);
    value
}

fn moment(moment: &Moment) -> Value {
    json!({"time": moment.at.to_string(), "what": moment.what, "text": moment.text})
}

fn blocks(blocks: &[Block]) -> Value {
    let of = |block: &Block| {
        let rows = block.rows.iter().map(
            |row| json!({"name": row.name, "expected": row.expected, "found": row.found, "same": row.same}),
        );
        json!({"title": block.title, "fate": block.fate.as_str(), "rows": rows.collect::<Vec<_>>()})
    };
    blocks.iter().map(of).collect::<Vec<_>>().into()
}

fn problem(problem: &Problem, texts: &Texts) -> Value {
    problem_json(problem, texts.get(&problem.file).map(|text| &**text))
}

fn position(path: &str, byte: usize, texts: &Texts) -> Value {
    texts.get(path).map_or(Value::Null, |text| {
        let position = Position::of(text, byte);
        json!({"line": position.line, "column": position.column, "offset": byte})
    })
}

fn coverage(coverage: &Coverage, texts: &Texts) -> Value {
    let rules = coverage.rules.iter().map(|rule| {
        json!({
            "file": &*rule.file,
            "group": &*rule.group,
            "rule": &*rule.rule,
            "start": position(&rule.file, rule.start, texts),
            "gave_result": rule.gave,
            "asserted": rule.asserted,
        })
    });
    let routing = coverage.routing.iter().map(|part| {
        json!({
            "file": &*part.file,
            "part": part.part.as_str(),
            "name": part.name,
            "start": position(&part.file, part.start, texts),
            "touched": part.touched,
        })
    });
    json!({
        "rules": coverage.rules.len(),
        "covered": coverage.covered(),
        "each": rules.collect::<Vec<_>>(),
        "routing": routing.collect::<Vec<_>>(),
    })
}
