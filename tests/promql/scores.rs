//! The score on Prometheus' own cases never falls. `scores.tsv` keeps it: file, class, passed, of how many.

use std::path::Path;

use crate::corpora;
use crate::language::{self, Class, Scores};

#[test]
fn our_own_cases_pass() {
    let outcome = language::run(include_str!("fixtures/own.test"));
    let failures: Vec<String> = outcome
        .failures
        .iter()
        .map(|failure| format!("own.test:{}: {}\n{}", failure.line, failure.command, failure.reason))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let classes = Class::ALL.map(|class| outcome.score.of(class).total);
    assert!(classes.iter().all(|total| *total > 0), "cases of every class: {classes:?}");
}

/// A runner that finds nothing wrong would pass everything.
#[test]
fn what_is_wrong_fails() {
    let outcome = language::run(include_str!("fixtures/wrong.test"));
    assert_eq!(outcome.score.sum().passed, 0, "all of these are wrong");
    let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    let said = outcome.failures.iter().map(|it| format!("{}: {}", it.line, first(&it.reason)));
    insta::assert_snapshot!(said.collect::<Vec<_>>().join("\n"), @r#"
    8: {__name__="m", a="2"} differs
    12: {__name__="m", a="2"} is not expected
    15: {__name__="m", a="3"} is missing
    19: {__name__="m", a="1"} comes at 1 instead of 2
    24: expected: scalar 3
    27: expected an error: any
    30: expected the error: something else
    33: expected the warning: any
    37: expected no warning
    41: {__name__="m", a="1"} has a value at 120000 ms
    44: {__name__="h"} differs
    47: {__name__="h"} differs
    50: does not parse: 1:4: parse error: unexpected end of input
    53: "soon": not a valid duration string: "soon"
    55: {__name__="m", a="1"}: out of order sample
    58: no such command
    60: a is not a text in quotes
    63: as a range query: invalid expression type "range vector" for range query, must be Scalar or instant Vector
    "#);
}

#[test]
fn the_score_on_prometheus_own_cases_does_not_fall() {
    let Some(folder) = corpora::folder("promqltest") else { return };
    let mut scores = Scores::default();
    for (path, text) in corpora::files(&folder, &[".test"]) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        scores.0.insert(name, language::run(&text).score);
    }
    for class in Class::ALL {
        corpora::say(&format!("{}: {}", class.name(), scores.sum().of(class)));
    }
    corpora::say(&format!("Prometheus' own PromQL cases: {}", scores.sum().sum()));
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/promql/scores.tsv");
    let old = std::fs::read_to_string(&table).expect("the table of scores is part of the project");
    let (worse, better) = scores.differences(&Scores::read(&old).expect("a table"));
    assert!(
        worse.is_empty(),
        "fewer pass than before; `cargo run --example promqltest -- FILE` shows which do not:\n{}",
        worse.join("\n")
    );
    if !better.is_empty() {
        corpora::say(&format!("more pass than {} says; raise it to\n{scores}", table.display()));
    }
}
