//! How verdicts look.

use super::{Look, Texts, coverage, json, junit, summary, text};
use crate::model::Duration;
use crate::rules::RuleType;
use crate::testing::coverage::{Coverage, RuleCoverage};
use crate::testing::diff::{Block, Fate, Row};
use crate::testing::file::ExpectedState;
use crate::testing::verdict::{AlertMismatch, Failure, FailureKind, FileVerdict, TestVerdict};

fn row(name: &str, expected: Option<&str>, found: Option<&str>) -> Row {
    let own = |text: Option<&str>| text.map(str::to_owned);
    Row { name: name.to_owned(), expected: own(expected), found: own(found), same: expected == found }
}

fn verdict() -> FileVerdict {
    let long = "The instance a:9100 of job api has not answered for more than five minutes, look at it";
    let blocks = vec![
        Block::new(
            "alert",
            0,
            Fate::Differs,
            vec![
                row("alertname", Some("Down"), Some("Down")),
                row("severity", Some("critical"), Some("page")),
                row("team", Some("infra"), None),
                row("zone", None, Some("eu\u{1b}[31m")),
                row("annotation size", Some("12k"), Some("12k ")),
                row("annotation url", Some(""), None),
                row("annotation description", Some("short"), Some(long)),
            ],
        ),
        Block::new("alert", 1, Fate::Missing, vec![row("alertname", Some("Down"), None)]),
        Block::new("alert", 2, Fate::Unexpected, vec![row("alertname", None, Some("Down"))]),
        Block::new("alert", 3, Fate::Same, vec![row("alertname", Some("Down"), Some("Down"))]),
    ];
    let mismatch = AlertMismatch {
        alertname: "Down".into(),
        at: Duration::from_mins(5),
        state: ExpectedState::Firing,
        expected: 3,
        found: 3,
        blocks,
        hint: Some("look twice".to_owned()),
    };
    let test = |title: &str, failures| TestVerdict {
        title: title.into(),
        span: 7..8,
        assertions: 2,
        failures,
        timeline: Vec::new(),
        warnings: Vec::new(),
        evaluated: (1, 3),
    };
    let rule = FailureKind::Rule {
        group: "r.yml;g".into(),
        rule: "job:x".into(),
        at: Duration::ZERO,
        error: "found duplicate series".to_owned(),
    };
    FileVerdict {
        path: "t.yml".into(),
        tests: vec![
            test("a test that passes", vec![]),
            test("<one> that does not", vec![Failure { span: 10..11, kind: FailureKind::Alerts(mismatch) }]),
            test("a broken one", vec![Failure { span: 10..11, kind: rule }]),
        ],
        ..FileVerdict::default()
    }
}

fn texts() -> Texts {
    [("t.yml".into(), "tests:\n- x: y\n".into()), ("r.yml".into(), "groups:\n".into())].into()
}

#[test]
fn for_people() {
    let mut said = text(&verdict(), &texts(), Look::default());
    said.push_str(&summary(&[verdict()], "12 ms", Look::default()));
    insta::assert_snapshot!(said, @r#"
    Unit Testing:  t.yml
      FAILED: <one> that does not (t.yml:2:1)
        alertname: Down, time: 5m: 3 alerts firing, but not as expected
        --> t.yml:2:4
          alert 1 differs
              LABEL            EXPECTED  FOUND
              alertname        Down      Down
            ! severity         critical  page
            - team             infra
            + zone                       eu\u{1b}[31m
            ! annotation size  12k       "12k "
            - annotation url   ""
            ! annotation description
                expected: short
                found:    The instance a:9100 of job api has not answered for more than five minutes, look at it
          alert 2 missing
              LABEL      EXPECTED
            - alertname  Down
          alert 3 not expected
              LABEL      FOUND
            + alertname  Down
          (1 more as expected)
          help: look twice
      FAILED: a broken one (t.yml:2:1)
        rule: job:x, group: g, time: 0s, err: found duplicate series
        --> t.yml:2:4
      FAILED (2 of 3 tests)
    3 tests in 1 file: 1 passed, 2 failed (12 ms)
    "#);
    let coloured = text(&verdict(), &texts(), Look { colour: true, verbose: false });
    assert!(coloured.contains("\u{1b}[32mcritical\u{1b}[0m  \u{1b}[31mpage\u{1b}[0m"), "{coloured}");
}

#[test]
fn for_ci() {
    insta::assert_snapshot!(junit(&[verdict()], &texts()), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites>
      <testsuite name="t.yml" tests="3" failures="2" errors="0">
        <testcase name="a test that passes" classname="t.yml"></testcase>
        <testcase name="&lt;one&gt; that does not" classname="t.yml">
          <failure message="alertname: Down, time: 5m: 3 alerts firing, but not as expected">  FAILED: &lt;one&gt; that does not (t.yml:2:1)
        alertname: Down, time: 5m: 3 alerts firing, but not as expected
        --&gt; t.yml:2:4
          alert 1 differs
              LABEL            EXPECTED  FOUND
              alertname        Down      Down
            ! severity         critical  page
            - team             infra
            + zone                       eu\u{1b}[31m
            ! annotation size  12k       &quot;12k &quot;
            - annotation url   &quot;&quot;
            ! annotation description
                expected: short
                found:    The instance a:9100 of job api has not answered for more than five minutes, look at it
          alert 2 missing
              LABEL      EXPECTED
            - alertname  Down
          alert 3 not expected
              LABEL      FOUND
            + alertname  Down
          (1 more as expected)
          help: look twice
    </failure>
        </testcase>
        <testcase name="a broken one" classname="t.yml">
          <failure message="rule: job:x, group: g, time: 0s, err: found duplicate series">  FAILED: a broken one (t.yml:2:1)
        rule: job:x, group: g, time: 0s, err: found duplicate series
        --&gt; t.yml:2:4
    </failure>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
    let document: serde_json::Value =
        serde_json::from_str(&json(&[verdict()], Some(&Coverage::default()), &texts())).expect("JSON");
    assert_eq!(document["passed"], false);
    let failure = &document["files"][0]["tests"][1]["failures"][0];
    assert_eq!(failure["start"]["line"], 2);
    assert_eq!(failure["blocks"][0]["rows"][1]["found"], "page");
    assert_eq!(document["coverage"]["rules"], 0);
}

#[test]
fn what_no_test_touched() {
    let rule = |name: &str, gave, asserted| RuleCoverage {
        file: "r.yml".into(),
        group: "g".into(),
        index: 0,
        rule: name.into(),
        kind: RuleType::Alerting,
        start: 0,
        gave,
        asserted,
    };
    let rules = vec![rule("A", true, true), rule("B", true, false), rule("C", false, false)];
    insta::assert_snapshot!(coverage(&Coverage { rules, routing: Vec::new() }, &texts(), Look::default()), @"
    Coverage: 1 of 3 rules (33 %)
      r.yml:1:1  alert B: gives a result, but no test asserts it
      r.yml:1:1  alert C: gives no result in any test
    ");
}
