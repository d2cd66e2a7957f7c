//! The text of a recorded test, and that it is read back as it was meant.

use std::sync::Arc;

use super::{Document, assertions, metric, quoted, text};
use crate::model::{Duration, LabelSet, Timestamp};
use crate::promql::notation::parse_series;
use crate::promql::parser::Features;
use crate::testing::file::read_test_file;
use crate::testing::record::replay::replay;
use crate::testing::{Options, Ruleset, Suite};

const RULES: &str = r#"groups:
- name: hosts
  rules:
  - alert: Down
    expr: up == 0
    for: 1m
    labels: {severity: page, on: call}
    annotations: {summary: "it's {{ $labels.instance }}\nvalue {{ $value }}"}
"#;

fn document() -> Document {
    let series = [("a", "1x5 0x13"), ("b\n\"'", "1x3 0x7 1x7")];
    let series = series.map(|(instance, values)| {
        let labels = LabelSet::from_pairs([("__name__", "up"), ("instance", instance)]);
        (labels, values.split(' ').map(str::to_owned).collect())
    });
    Document {
        comments: vec!["Recorded.\nHere: a comment.".to_owned()],
        rule_files: vec!["../rules.yml".to_owned()],
        evaluation_interval: Duration::from_secs(15),
        group_eval_order: Vec::new(),
        name: "Down: it's recorded".to_owned(),
        interval: Duration::from_secs(15),
        start: Timestamp::from_secs(1_726_000_000),
        reads_clock: true,
        external_labels: LabelSet::default(),
        external_url: String::new(),
        series: series.to_vec(),
    }
}

fn suite(text: &str) -> Suite {
    let (file, problems) = read_test_file("t.yml", text);
    assert!(problems.is_empty(), "{problems:?}\n{text}");
    let (rules, problems) = Ruleset::read("rules.yml", RULES, Features::default());
    assert!(problems.is_empty(), "{problems:?}");
    Suite::new(file.expect("a file"), &[Arc::new(rules.expect("rules"))], Options::default())
}

#[test]
fn what_is_replayed_is_asserted_and_passes() {
    let (from, evaluation) = (Duration::from_secs(30), Duration::from_secs(15));
    let replayed = replay(&suite(&text(&document(), "Down", &[])), "Down", from, Duration::from_secs(280));
    let (found, whole) = assertions(&replayed.expect("it runs"), from, evaluation, 100);
    assert!(whole);
    let written = text(&document(), "Down", &found);
    insta::assert_snapshot!(written, @r#"
    # Recorded. Here: a comment.
    rule_files: ['../rules.yml']
    evaluation_interval: 15s
    tests:
    - name: 'Down: it''s recorded'
      interval: 15s
      start_timestamp: 2024-09-10T20:26:40Z
      input_series:
      - series: 'up{instance="a"}'
        values: '1x5 0x13'
      - series: 'up{instance="b\n\"''"}'
        values: '1x3 0x7 1x7'
      alert_rule_test:
      # at the start of the window: nothing is pending or firing
      - eval_time: 30s
        alertname: 'Down'
        exp_alerts: []
      # pending: {instance="b\n\"'", on="call", severity="page"}
      - eval_time: 1m
        alertname: 'Down'
        exp_alerts: []
      # pending: {instance="a", on="call", severity="page"}, {instance="b\n\"'", on="call", severity="page"}
      - eval_time: 1m30s
        alertname: 'Down'
        exp_alerts: []
      # the last evaluation before it fires
      - eval_time: 1m45s
        alertname: 'Down'
        exp_alerts: []
      # 1 firing, pending: {instance="a", on="call", severity="page"}
      - eval_time: 2m
        alertname: 'Down'
        exp_alerts:
        - exp_labels:
            instance: "b\n\"'"
            'on': 'call'
            severity: 'page'
          exp_annotations:
            summary: "it's b\n\"'\nvalue 0"
      # 2 firing
      - eval_time: 2m30s
        alertname: 'Down'
        exp_alerts:
        - exp_labels:
            instance: 'a'
            'on': 'call'
            severity: 'page'
          exp_annotations:
            summary: "it's a\nvalue 0"
        - exp_labels:
            instance: "b\n\"'"
            'on': 'call'
            severity: 'page'
          exp_annotations:
            summary: "it's b\n\"'\nvalue 0"
      # 1 firing
      - eval_time: 3m
        alertname: 'Down'
        exp_alerts:
        - exp_labels:
            instance: 'a'
            'on': 'call'
            severity: 'page'
          exp_annotations:
            summary: "it's a\nvalue 0"
      # at the end of the window: 1 firing
      - eval_time: 4m30s
        alertname: 'Down'
        exp_alerts:
        - exp_labels:
            instance: 'a'
            'on': 'call'
            severity: 'page'
          exp_annotations:
            summary: "it's a\nvalue 0"
    "#);
    let verdict = suite(&written).run(|_| true);
    assert!(verdict.passed(), "{:?}", verdict.tests);
    // It can fail: an alert more is told.
    let other = written.replace("exp_alerts: []", "exp_alerts: [{exp_labels: {instance: z}}]");
    assert!(!suite(&other).run(|_| true).passed());
}

#[test]
fn what_templates_read_of_the_server_is_written() {
    let external_labels = LabelSet::from_pairs([("cluster", "it's"), ("on", "1")]);
    let written = Document { external_labels, external_url: "http://prom".to_owned(), ..document() };
    let written = text(&written, "Down", &[]);
    insta::assert_snapshot!(written.lines().skip(6).take(5).collect::<Vec<_>>().join("\n"), @r#"
    start_timestamp: 2024-09-10T20:26:40Z
    external_labels:
      cluster: 'it''s'
      'on': '1'
    external_url: 'http://prom'
    "#);
    let (file, problems) = read_test_file("t.yml", &written);
    assert!(problems.is_empty(), "{problems:?}");
    let test = &file.expect("a file").tests[0];
    assert_eq!((test.external_labels.value("cluster"), &*test.external_url), ("it's", "http://prom"));
}

#[test]
fn too_many_changes_are_cut_off() {
    let end = Duration::from_secs(280);
    let replayed =
        replay(&suite(&text(&document(), "Down", &[])), "Down", Duration::ZERO, end).expect("it runs");
    let (found, whole) = assertions(&replayed, Duration::ZERO, Duration::from_secs(15), 3);
    assert_eq!((found.len(), whole), (3, false));
}

#[test]
fn names_and_texts_are_quoted_where_that_is_needed() {
    for (pairs, wanted) in [
        (vec![("__name__", "up")], "up"),
        (vec![("__name__", "job:up:sum"), ("job", "a\\b")], r#"job:up:sum{job="a\\b"}"#),
        (vec![("__name__", "app.up"), ("k8s.pod", "x")], r#"{"app.up","k8s.pod"="x"}"#),
        (vec![("a", "1")], r#"{a="1"}"#),
    ] {
        let labels = LabelSet::from_pairs(pairs);
        assert_eq!(metric(&labels), wanted);
        assert_eq!(parse_series(&format!("{wanted} 1")).expect(wanted).labels, labels);
    }
    assert_eq!(quoted("it's"), "'it''s'");
    assert_eq!(quoted("a\nb\u{2028}"), r#""a\nb\u2028""#);
}
