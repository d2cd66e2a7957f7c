//! Labels and annotations that fail on a sample of their rule, and real files, none of which do.

use sereno::check::{Options, check_file};
use sereno::config::expressions::Expressions;
use sereno::config::problem::{Problem, Severity};
use sereno::promql::parser::Features;

use crate::corpora;

fn check_as(text: &str, expressions: Expressions) -> Vec<Problem> {
    check_file("r.yml", text, None, Options { expressions, ..Options::default() })
}

fn check(text: &str) -> Vec<Problem> {
    check_as(text, Expressions::default())
}

fn rule(expr: &str, annotation: &str) -> String {
    format!(
        "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: {expr}\n    annotations:\n      text: {annotation}\n"
    )
}

#[test]
fn what_fails_on_each_sample_is_an_error_at_its_place() {
    for (expr, annotation, place, words) in [
        (
            "up == 0",
            "'{{ if gt $value 100 }}high{{ end }}'",
            "gt $value 100",
            "error calling gt: incompatible types for comparison",
        ),
        ("up", "'{{ $value.Foo }}'", "$value.Foo", "can't evaluate field Foo in type float64"),
        ("up", "'{{ .Lables.job }}'", ".Lables.job", "can't evaluate field Lables in type struct"),
        ("up", "\"\\u00e9 {{ printf \\\"%s\\\" | humanize }}\"", "humanize", "error calling humanize"),
        (
            "up",
            "'{{ query \"up by\" | first | value }}'",
            "query \"up by\"",
            "1:4: parse error: unexpected <by>",
        ),
        (
            "up",
            "'{{ query \"up[5m]\" | first | value }}'",
            "query \"up[5m]\"",
            "rule result is not a vector or scalar",
        ),
        (
            "sum(up)",
            "'{{ parseDuration $labels.job }}'",
            "parseDuration $labels.job",
            "error calling parseDuration",
        ),
        ("'up{job=\"api\"}'", "'{{ humanize $labels.job }}'", "humanize $labels.job", "parsing \"api\""),
        ("up", "'{{ template \"nowhere\" . }}'", "\"nowhere\"", "template \"nowhere\" not defined"),
    ] {
        let text = rule(expr, annotation);
        let problems = check(&text);
        assert_eq!(problems.len(), 1, "{annotation}: {problems:#?}");
        let problem = &problems[0];
        assert_eq!((problem.check, problem.severity), ("failing-template", Severity::Error), "{annotation}");
        let start = "annotation \"text\" fails: template: __alert_A:1:";
        assert!(problem.message.starts_with(start), "{}", problem.message);
        assert!(problem.message.contains(words), "{annotation}: {}", problem.message);
        let found = &text[problem.span.clone().expect("a place")];
        assert!(found.starts_with(place), "{annotation}: {found:?}");
    }
}

#[test]
fn what_fails_on_some_samples_is_a_warning() {
    let text = rule("up", "'{{ if eq $value 0.0 }}{{ gt $value 100 }}{{ end }}'");
    let problems = check(&text);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert_eq!(problems[0].severity, Severity::Warning);
    assert!(problems[0].message.contains("fails for the value 0: "), "{}", problems[0].message);
    for never_0 in ["up > 3", "0 < up", "-1 >= up"] {
        assert_eq!(check(&text.replace("expr: up", &format!("expr: {never_0}"))), [], "{never_0}");
    }
    assert_eq!(check(&text.replace("expr: up", "expr: 0 >= up")).len(), 1, "it is 0 or less");
}

#[test]
fn a_label_of_the_group_is_tried_too_and_named_once() {
    let text = "groups:
- name: g
  labels: {size: '{{ if gt $value 100 }}big{{ end }}'}
  rules:
  - {alert: A, expr: up}
  - {alert: B, expr: up}
  - {record: c, expr: up}
";
    let problems = check(text);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0].message.starts_with("label \"size\" fails: "), "{}", problems[0].message);
    assert_eq!(&text[problems[0].span.clone().expect("a place")], "gt $value 100");
}

#[test]
fn what_may_work_is_fine() {
    for (expr, annotation) in [
        ("up", "'{{ $labels.instance }} {{ $value | humanize }}'"),
        ("up", "'{{ parseDuration $labels.interval | humanizeDuration }}'"),
        ("up", "'{{ humanize $labels.count }}'"),
        ("up", "'{{ $externalLabels.cluster }} {{ externalURL }}'"),
        ("up", "'{{ with query \"up\" }}{{ . | first | value | humanize }}{{ end }}'"),
        ("up", "'{{ range query \"time()\" }}{{ .Value }}{{ end }}'"),
        ("up", "'{{ printf `up{job=\"%s\"}` .Labels.job | query | first | label \"instance\" }}'"),
        ("up", "'{{ if gt $value 100.0 }}high{{ end }}'"),
        ("sum(up)", "'{{ $labels.job }}'"),
        ("up == 0", "'{{ $value | humanizeTimestamp }}'"),
    ] {
        assert_eq!(check(&rule(expr, annotation)), [], "{expr} {annotation}");
    }
    let limitk = rule("up", "'{{ query \"limitk(1, up)\" | first | value }}'");
    assert_eq!(check(&limitk).len(), 1, "it is not enabled");
    assert_eq!(check_as(&limitk, Expressions::Promql(Features::ALL)), []);
    let other = rule("up default 0", "'{{ query \"up default 1\" | first | value }}'");
    assert_eq!(check_as(&other, Expressions::AsWritten), []);
}

#[test]
fn no_template_of_a_real_rule_fails() {
    let Some(folder) = corpora::folder("rules") else { return };
    let mut files = corpora::files(&folder);
    files.retain(|(path, _)| !path.contains("/tests/"));
    for corpus in ["awesome", "kube-prometheus", "kubernetes-mixin"] {
        assert!(files.iter().any(|(path, _)| path.contains(corpus)), "nothing of {corpus}");
    }
    let problems: Vec<_> =
        files.iter().flat_map(|(path, text)| check_file(path, text, None, Options::default())).collect();
    let found: Vec<_> = problems
        .iter()
        .filter(|problem| ["failing-template", "expr-type", "bad-expr"].contains(&problem.check))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}
