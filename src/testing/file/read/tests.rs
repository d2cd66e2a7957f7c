//! What test files say, and what is said of their mistakes.

use super::read_test_file;
use crate::config::render::{Format, render};
use crate::model::Duration;
use crate::testing::file::{Expected, ExpectedState, Matching, Status, TestFile, When};

fn valid(text: &str) -> TestFile {
    let (file, problems) = read_test_file("t.yml", text);
    assert_eq!(problems, [], "{text}");
    file.expect("no problem was found")
}

/// Each problem on a line.
fn problems(text: &str) -> String {
    let (file, problems) = read_test_file("t.yml", text);
    assert_eq!(
        file.is_none(),
        problems.iter().any(|problem| problem.severity == crate::config::problem::Severity::Error)
    );
    render(&problems, |_| Some(text), Format::Concise, false)
}

#[test]
fn promtools_defaults() {
    let file = valid("tests: [{promql_expr_test: [{expr: '1', exp_samples: [{value: 1}]}]}]");
    assert_eq!(file.evaluation_interval, Duration::from_mins(1));
    let test = &file.tests[0];
    assert_eq!(
        (test.interval, &*test.title(), test.start.millis()),
        (Duration::from_mins(1), "unnamed#0", 0)
    );
    assert_eq!(test.expr_tests[0].exp_samples[0].value.to_bits(), 1.0_f64.to_bits());
    assert!(valid("").tests.is_empty(), "an empty file has no tests");
    let file = valid("evaluation_interval: 15s\ntests: [{interval: 0}, {interval: 5s}]");
    assert_eq!(file.tests[0].interval, Duration::from_secs(15), "zero is not set");
    assert_eq!(file.tests[1].interval, Duration::from_secs(5));
}

#[test]
fn all_keys() {
    let file = valid(
        "rule_files: [rules/*.yml]
routes: routes.yml
evaluation_interval: 15s
group_eval_order: [b, a]
fuzzy_compare: true
group_intervals: true
tests:
- name: night
  interval: 30s
  start_timestamp: 2026-03-02T23:10:00+01:00
  external_labels: {cluster: eu}
  external_url: https://prom
  input_series: [{series: 'up{job=\"api\"}', values: 1x4 0x40}, {series: one, values: 1}]
  silences: [{at: 5m, duration: 1h, matchers: ['team=\"db\"']}]
  alert_rule_test:
  - eval_time: 1m30s
    alertname: Down
    state: pending
    match: subset
    count: 2
    exp_alerts: [{exp_labels: {instance: {regex: 'a.*'}, x: {absent: true}}, exp_annotations: {s: {contains: y}}}]
  promql_expr_test: [{expr: up, eval_time: 1m, exp_samples: [{labels: 'up{}', histogram: '{{count:1}}'}]}]
  notification_test:
  - {at: 2m, receiver: oncall, integration: email, status: firing, subject: '[X]', body: {contains: y}}
  - {between: [1m, 2m], receiver: team, none: true, reason: inhibited}
",
    );
    let test = &file.tests[0];
    assert!(file.fuzzy_compare && test.group_intervals && test.start.millis() == 1_772_489_400_000);
    let alert = &test.alert_tests[0];
    assert_eq!(
        (alert.state, alert.matching, alert.count),
        (ExpectedState::Pending, Matching::Subset, Some(2))
    );
    let [(_, Expected::Regex(regex)), (_, Expected::Absent)] = &*alert.exp_alerts[0].labels else {
        panic!("{:?}", alert.exp_alerts[0].labels)
    };
    assert!(regex.is_match("a:9100") && !regex.is_match("ba"), "as a whole");
    let [told, not] = &*test.notification_tests else { panic!("two") };
    assert_eq!((told.when, told.status), (Some(When::At(Duration::from_mins(2))), Some(Status::Firing)));
    assert_eq!(not.when, Some(When::Between(Duration::from_mins(1), Duration::from_mins(2))));
    assert_eq!(test.silences[0].matchers[0].to_string(), "team=\"db\"");
}

#[test]
fn every_mistake_has_its_place_and_what_to_do() {
    insta::assert_snapshot!(problems(
        "rule_file: [a.yml]
evaluation_interval: 1
group_eval_order: [a, a]
tests:
- input_serie: []
  start_timestamp: yesterday
  input_series: [{value: 1}]
  alert_rule_test:
  - {eval_time: 1m, exp_alert: []}
  - {alertname: A, state: fired, match: subset}
  - {alertname: A, count: 2, exp_alerts: [{labels: {a: b}}]}
  - {alertname: A, state: inactive, count: 1}
  - {alertname: A, exp_alerts: [{exp_labels: {a: {regex: 'a('}, b: {regex: x, contains: y}, c: [d]}}]}
  promql_expr_test: [{expr: up, exp_samples: [{value: NaN}]}]
  silences: [{at: 1m}]
  notification_test: [{between: [3m, 1m]}, {receiver: a, reason: inhibited}]
  metricsql_expr_test: []
"
    ), @r#"
    t.yml:1:1: error[unknown-field]: field rule_file not found in a file of unit tests (did you mean `rule_files`?)
    t.yml:2:22: error[bad-duration]: not a valid duration string: "1" (add a unit: `1s`, `1m`, …)
    t.yml:3:23: error[duplicate-group]: group name repeated in evaluation order: a (remove one of the two)
    t.yml:5:3: error[unknown-field]: field input_serie not found in a test (did you mean `input_series`?)
    t.yml:6:20: error[bad-timestamp]: cannot parse "yesterday" to a valid timestamp (write RFC 3339 with an offset, as in `2026-03-02T23:10:00+01:00`, or seconds since 1970)
    t.yml:7:19: error[unknown-field]: field value not found in an input series (did you mean `values`?)
    t.yml:7:19: error[missing-field]: an input series has no `series` (name the series, as in `series: 'up{job="api"}'`)
    t.yml:9:6: error[missing-field]: an item under alert_rule_test misses required attribute alertname at eval_time 1m
    t.yml:9:21: error[unknown-field]: field exp_alert not found in an alert test (did you mean `exp_alerts`?)
    t.yml:10:27: error[bad-value]: unknown state "fired" (one of `firing`, `pending`, `inactive`)
    t.yml:10:34: error[vacuous-test]: a subset of no alerts is always there (name alerts under `exp_alerts`, or write `count: 0` for none)
    t.yml:11:20: error[bad-value]: 1 alerts are expected, and count is 2 (remove `count`, or write `match: subset`)
    t.yml:11:44: error[unknown-field]: field labels not found in an expected alert (the key is called `exp_labels`)
    t.yml:12:37: error[bad-value]: inactive alerts are not counted (to count pending or firing alerts, write that state; without `exp_alerts`, `state: inactive` means none at all)
    t.yml:13:59: error[bad-regex]: error parsing regexp: missing closing ): `^(?:a()$`
    t.yml:13:68: error[bad-condition]: a condition on a text has exactly one of `equals`, `regex`, `contains` and `absent`
    t.yml:13:96: error[wrong-type]: cannot unmarshal !!seq into exp_labels (a text, or one of `{regex: …}`, `{contains: …}`, `{absent: true}` belongs here)
    t.yml:14:55: error[wrong-type]: cannot unmarshal !!str `NaN` into value (a number (`1.5`, `1e3`, `.inf`, `-.inf`, `.nan`) belongs here)
    t.yml:15:15: error[missing-field]: a silence needs a `duration`
    t.yml:16:33: error[bad-value]: 1m is before 3m
    t.yml:16:58: error[bad-value]: `reason` says why nothing is told (write `none: true` beside it, or remove it)
    t.yml:17:3: error[unknown-field]: field metricsql_expr_test not found in a test (only vmalert-tool has this key; the key is called `promql_expr_test`)
    "#);
}

#[test]
fn slips_of_indentation_and_what_does_nothing() {
    insta::assert_snapshot!(problems(
        "tests:
- name: twice
  input_series:
  - series: {job=\"api\"}
  alert_rule_test:
  - alertname: A
    exp_alerts:
    - exp_labels:
      severity: page
- name: twice
  silences: [{at: 1m, duration: 1m, matchers: [a=b]}]
  receivers_fail: [{receiver: ops}]
- input_series:
  - series: up
  values: 1
  alert_rule_test:
  - eval_time: 1m
    alertname: A
  exp_alerts: []
- just a text
promql_expr_test: []
"
    ), @r"
    t.yml:4:13: error[wrong-type]: cannot unmarshal !!map into a series (a text in quotes belongs here)
    t.yml:9:7: error[unknown-field]: field severity not found in an expected alert (indent it further if it belongs to `exp_labels`)
    t.yml:10:9: warning[duplicate-name]: the test at line 2 has this name, too (`--run` and reports cannot tell them apart: give it a name of its own)
    t.yml:11:3: error[vacuous-test]: `silences` changes nothing: the test says nothing of notifications (add `notification_test` or `exhaustive: true`, or remove it)
    t.yml:12:3: error[vacuous-test]: `receivers_fail` changes nothing: the test says nothing of notifications (add `notification_test` or `exhaustive: true`, or remove it)
    t.yml:15:3: error[unknown-field]: field values not found in a test (indent it further: it belongs to an item of `input_series`)
    t.yml:19:3: error[unknown-field]: field exp_alerts not found in a test (indent it further: it belongs to an item of `alert_rule_test`)
    t.yml:20:3: error[wrong-type]: cannot unmarshal !!str into a test (a mapping (`key: value`) belongs here)
    t.yml:21:1: error[unknown-field]: field promql_expr_test not found in a file of unit tests (indent it further: it belongs to an item of `tests`)
    ");
    insta::assert_snapshot!(problems("tests:\n- input_series:\n    - series: up\n    values: 1\n"), @"t.yml:4:5: error[yaml-syntax]: yaml: while parsing a block collection, did not find expected '-' indicator (indent this line more to put it into the item above, or less to end the list)");
    let names = problems("tests: [{name: ä}, {name: ä}, {name: }, {name: }]");
    assert!(
        names.starts_with("t.yml:1:27: warning[duplicate-name]") && names.lines().count() == 1,
        "{names}"
    );
    insta::assert_snapshot!(problems("tests:\n- name: a: b\n"), @"t.yml:2:10: error[yaml-syntax]: yaml: mapping values are not allowed in this context (a text with `: ` in it needs quotes; a key needs the indentation of the keys beside it)");
}
