//! Any text is read as a file of unit tests or refused; what can be run ends, and can be told in every form.

use std::sync::Arc;

use sereno::config::problem::Severity;
use sereno::model::Duration;
use sereno::testing::file::{TestFile, When, read_test_file};
use sereno::testing::report::{Look, Texts, json, junit, text};
use sereno::testing::{Options, Ruleset, Suite};

use super::Outcome;

/// A file may ask for as many evaluations as it likes; so many are waited for.
const MOST_EVALUATIONS: i64 = 2_000;

pub(crate) fn check(input: &str, rules: &str) -> Outcome {
    let options = Options::default();
    let (ruleset, problems) = Ruleset::read("rules.yml", rules, options.features);
    let ruleset = ruleset.unwrap_or_else(|| panic!("the rules of the corpus: {problems:?}"));
    // Rules are read from the same text as well: mostly they are refused.
    let _ = Ruleset::read("rules.yml", input, options.features);
    let (file, problems) = read_test_file("a_test.yml", input);
    for problem in &problems {
        if let Some(span) = &problem.span {
            assert!(input.get(span.clone()).is_some(), "{problem:?}");
        }
    }
    let refused = problems.iter().any(|problem| problem.severity == Severity::Error);
    assert_eq!(file.is_none(), refused, "{problems:?}");
    let Some(file) = file else { return Outcome::Refused };
    if evaluations(&file) > MOST_EVALUATIONS {
        return Outcome::Accepted;
    }
    let suite = Suite::new(file, &[Arc::new(ruleset)], options);
    let verdict = suite.run(|_| true);
    let texts = Texts::from([("a_test.yml".into(), input.into()), ("rules.yml".into(), rules.into())]);
    for look in [Look { colour: false, verbose: true }, Look { colour: true, verbose: false }] {
        let told = text(&verdict, &texts, look);
        assert_eq!(text(&suite.run(|_| true), &texts, look), told, "run again");
    }
    let verdicts = [verdict];
    let _ = (json(&verdicts, None, &texts), junit(&verdicts, &texts));
    Outcome::Accepted
}

/// How many evaluations of all groups there are until the last assertion.
fn evaluations(file: &TestFile) -> i64 {
    let last = |test: &sereno::testing::file::Test| {
        let alerts = test.alert_tests.iter().map(|test| test.eval_time);
        let exprs = test.expr_tests.iter().map(|test| test.eval_time);
        let told = test.notification_tests.iter().filter_map(|test| match test.when? {
            When::At(at) | When::Between(_, at) => Some(at),
        });
        alerts.chain(exprs).chain(told).max().unwrap_or(Duration::ZERO)
    };
    let each = file.evaluation_interval.millis().clamp(1, 15_000);
    file.tests.iter().map(|test| last(test).millis() / each).fold(0, i64::saturating_add)
}
