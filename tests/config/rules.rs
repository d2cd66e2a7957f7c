//! Rule files of real projects, and of promtool's own tests.

use sereno::config::problem::{Problem, Severity};
use sereno::config::read_rule_file;
use sereno::config::rules::RuleKind;

use crate::corpora;

fn errors(problems: &[Problem]) -> Vec<&str> {
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
    errors.map(|problem| problem.message.as_str()).collect()
}

#[test]
fn every_real_rule_file_loads_without_a_problem() {
    let Some(folder) = corpora::folder("rules") else { return };
    let mut rules = 0;
    for (path, text) in corpora::files(&folder) {
        if path.contains("/tests/") {
            continue; // unit tests, not rules
        }
        let (file, problems) = read_rule_file(&path, &text);
        assert_eq!(problems, [], "{path}");
        let file = file.expect("no problem, so a file");
        for group in &file.groups {
            rules += group.rules.len();
            for pair in group.rules.windows(2) {
                assert!(pair[0].span.end <= pair[1].span.start, "{path}: rules overlap: {:?}", pair[0].name);
            }
        }
    }
    assert!(rules > 1000, "{rules} rules read");
}

#[test]
fn the_verdicts_on_promtools_files_are_promtools() {
    let Some(folder) = corpora::folder("promtool-unittest") else { return };
    for (name, verdict) in [
        ("rules.yml", &[][..]),
        ("rules_duplicates.yml", &[]),
        (
            "rules-bad.yml",
            &["annotation \"summary\": template: __alert_InstanceDown:1: undefined variable \"$label\""],
        ),
        ("at-modifier.yml", &[]),
        ("negative-offset.yml", &[]),
        ("long-period.yml", &["this is a file of unit tests, not a rule file"]),
        (
            "rules_extrafields.yml",
            &["field namespace not found in a rule group", "field ownership not found in a rule group"],
        ),
    ] {
        let text = std::fs::read_to_string(folder.join(name)).expect("a text");
        let (file, problems) = read_rule_file(name, &text);
        assert_eq!(errors(&problems), verdict, "{name}");
        assert_eq!(file.is_some(), verdict.is_empty(), "{name}");
    }
}

#[test]
fn the_seeds_rule_files_load() {
    let Some(folder) = corpora::folder("seeds") else { return };
    for name in ["002-alert_rules.yml", "003-alert_rules.yml", "003-recording_rules.yml", "004-alerts.yml"] {
        let text = std::fs::read_to_string(folder.join(name)).expect("a text");
        assert_eq!(errors(&read_rule_file(name, &text).1), [""; 0], "{name}");
    }
}

#[test]
fn each_refusal_has_prometheus_words_and_a_place() {
    let rule = |lines: &str| format!("groups:\n- name: g\n  rules:\n  - {}\n", lines.replace('\n', "\n    "));
    for (text, message, place) in [
        ("groups: [{rules: []}]".to_owned(), "Groupname must not be empty", "rules"),
        ("groups: [{name: a}, {name: a}]".to_owned(), "groupname: \"a\" is repeated in the same file", "a"),
        ("groups: [{name: a, labels: {__name__: x}}]".to_owned(), "invalid label name: __name__", "__name__"),
        (rule("alert: A\nrecord: b\nexpr: up"), "only one of 'record' and 'alert' must be set", "alert"),
        (rule("expr: up"), "one of 'record' or 'alert' must be set", "expr"),
        (rule("alert: A"), "field 'expr' must be set in rule", "alert"),
        (rule("alert: A\nexpr: ''"), "field 'expr' must be set in rule", "expr"),
        (
            rule("record: a\nexpr: up\nannotations: {x: y}"),
            "invalid field 'annotations' in recording rule",
            "annotations",
        ),
        (rule("record: a\nexpr: up\nfor: 1m"), "invalid field 'for' in recording rule", "for"),
        (
            rule("record: a\nexpr: up\nkeep_firing_for: 1m"),
            "invalid field 'keep_firing_for' in recording rule",
            "keep_firing_for",
        ),
        (
            rule("record: 'sum(a{b=\"c\"})'\nexpr: up"),
            "braces present in the recording rule name; should it be in expr?: sum(a{b=\"c\"})",
            "'sum(a{b=\"c\"})'",
        ),
        (rule("alert: A\nexpr: up\nlabels: {'': x}"), "invalid label name: ", "''"),
        (rule("alert: A\nexpr: up\nlabels: {__name__: x}"), "invalid label name: __name__", "__name__"),
        (rule("alert: A\nexpr: up\nannotations: {'': x}"), "invalid annotation name: ", "''"),
        (rule("alert: A\nexpr: up\nfor: 5x"), "unknown unit \"x\" in duration \"5x\"", "5x"),
        (rule("alert: A\nexpr: up\nexpr: down"), "mapping key \"expr\" already defined at line 5", "expr"),
        (rule("alert: A\nexpr: [up]"), "cannot unmarshal !!seq into an expression", "[up]"),
    ] {
        let (file, problems) = read_rule_file("r.yml", &text);
        let found: Vec<_> = problems
            .iter()
            .map(|problem| (problem.message.as_str(), &text[problem.span.clone().expect("a place")]))
            .collect();
        assert!(file.is_none(), "{text}");
        assert_eq!(found.first(), Some(&(message, place)), "{found:?} in {text}");
    }
}

#[test]
fn what_prometheus_takes_is_taken() {
    for text in [
        "",
        "# nothing\n",
        "groups:\n",
        "groups: []",
        "groups: [{name: g, rules: }]",
        "groups: [{name: g, interval: 0s, limit: 5, query_offset: 0s, labels: {'a b.c': 1}, rules: []}]",
        "groups: [{name: g, limit: -1}]",
        "groups: [{name: g, rules: [{record: 'a b', expr: 1, labels: {x: }}]}]",
        "groups: [{name: g, rules: [{record: a, expr: 1, for: 0s, annotations: {}}]}]",
        "groups: [{name: g, rules: [{alert: A, expr: 1, for: 1d, keep_firing_for: 0}]}]",
    ] {
        let (file, problems) = read_rule_file("r.yml", text);
        assert!(file.is_some() && problems.is_empty(), "{problems:?} for {text}");
    }
}

#[test]
fn group_labels_are_under_the_rules_own() {
    let text = "groups:
- name: g
  interval: 1m
  labels: {team: a, tier: b}
  rules:
  - alert: A
    expr: up == 0
    labels: {team: c, sev: d}
    annotations: &texts {summary: s, description: d}
  - alert: B
    expr: |
      up
        == 1
    annotations: {<<: *texts, summary: t}
";
    let (file, problems) = read_rule_file("r.yml", text);
    assert_eq!(problems, []);
    let file = file.expect("valid");
    let group = &file.groups[0];
    assert_eq!(&*group.key(), "r.yml;g");
    let labels: Vec<_> =
        group.rules[0].labels.iter().map(|label| format!("{}={}", label.name, label.value.text())).collect();
    assert_eq!(labels, ["sev=d", "team=c", "tier=b"]);
    assert_eq!(&*group.rules[1].expr, "up == 1");
    let RuleKind::Alerting(rule) = &group.rules[1].kind else { panic!("an alert") };
    let texts: Vec<_> =
        rule.annotations.iter().map(|text| format!("{}={}", text.name, text.value.text())).collect();
    assert_eq!(texts, ["description=d", "summary=t"]);
}
