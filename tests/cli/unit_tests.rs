//! `sereno test` as people and CI meet it, and promtool's verdicts on real files of unit tests.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::{command, corpora, folder, sereno, told};

const RULES: &str = "groups:
- name: hosts
  rules:
  - alert: Down
    expr: up == 0
    for: 5m
    labels: {severity: page}
    annotations: {summary: '{{ $labels.instance }} is down'}
  - alert: Slow
    expr: latency > 1
";

const TESTS: &str = "rule_files: [../rules/*.yml]
tests:
- name: down for long
  input_series: [{series: 'up{instance=\"a\"}', values: 0x10}]
  alert_rule_test:
  - eval_time: 5m
    alertname: Down
    exp_alerts: [{exp_labels: {instance: a, severity: critical}, exp_annotations: {summary: a is down}}]
- name: down for a moment
  input_series: [{series: 'up{instance=\"a\"}', values: 0x2 1x10}]
  alert_rule_test: [{eval_time: 5m, alertname: Down}]
";

fn files(tests: &str) -> tempfile::TempDir {
    folder(&[("rules/hosts.yml", RULES), ("tests/hosts.yml", tests)])
}

/// The output without the time that it took.
fn steady(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if let Some(last) = lines.last_mut()
        && let Some((before, _)) = last.rsplit_once(" (")
    {
        *last = before.to_owned();
    }
    lines.join("\n")
}

#[test]
fn what_differs_is_shown_side_by_side() {
    let folder = files(TESTS);
    let (code, out, err) = told(&sereno(folder.path(), &["test", "tests/*.yml"]));
    assert_eq!((code, err.as_str()), (Some(1), ""));
    insta::assert_snapshot!(steady(&out), @"
    Unit Testing:  tests/hosts.yml
      FAILED: down for long (tests/hosts.yml:3:3)
        alertname: Down, time: 5m: 1 alert firing, but not as expected
        --> tests/hosts.yml:6:5
          alert 1 differs
              LABEL               EXPECTED   FOUND
              alertname           Down       Down
              instance            a          a
            ! severity            critical   page
              annotation summary  a is down  a is down
      FAILED (1 of 2 tests)

    2 tests in 1 file: 1 passed, 1 failed
    ");
    let (code, out, _) = told(&sereno(folder.path(), &["test", "tests/hosts.yml", "--run", "for a mo"]));
    assert_eq!(code, Some(0), "{out}");
    insta::assert_snapshot!(steady(&out), @"
    Unit Testing:  tests/hosts.yml
      SUCCESS (1 test)

    1 test in 1 file: 1 passed
    ");
}

#[test]
fn every_format_says_the_same() {
    let folder = files(TESTS);
    let (code, out, _) =
        told(&sereno(folder.path(), &["test", "tests/hosts.yml", "--format", "json", "--coverage"]));
    let document: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &document["passed"]), (Some(1), &false.into()));
    let failure = &document["files"][0]["tests"][0]["failures"][0];
    assert_eq!((&failure["kind"], &failure["start"]["line"]), (&"alerts".into(), &6.into()));
    assert_eq!(failure["blocks"][0]["rows"][2]["expected"], "critical");
    assert_eq!((&document["coverage"]["rules"], &document["coverage"]["covered"]), (&2.into(), &1.into()));
    let (code, out, err) =
        told(&sereno(folder.path(), &["test", "tests/hosts.yml", "--format", "junit", "--coverage"]));
    assert_eq!(code, Some(1));
    assert!(out.starts_with("<?xml") && out.contains("tests=\"2\" failures=\"1\" errors=\"0\""), "{out}");
    assert!(err.contains("rules/hosts.yml:9:5  alert Slow: gives no result in any test"), "{err}");
}

#[test]
fn mistakes_of_files_exit_with_1_and_missing_files_with_2() {
    let typo = "rule_files: [../rules/*.yml]\ntests: [{promql_expr_tests: []}]";
    let folder = folder(&[
        ("rules/bad.yml", "groups: [{name: a, rules: [{alert: A, expr: 'sum(up'}]}]"),
        ("tests/typo.yml", typo),
        ("tests/bad.yml", "rule_files: [../rules/bad.yml]\ntests: [{}]"),
        ("tests/none.yml", "rule_files: [gone.yml]\ntests: [{name: a}]"),
        ("tests/folder.yml", "rule_files: [../rules]\ntests: [{name: a}]"),
        ("tests/empty.yml", "# later\n"),
    ]);
    for (arguments, code, want) in [
        (&["tests/typo.yml"][..], 1, "field promql_expr_tests not found in a test"),
        (
            &["tests/bad.yml"],
            1,
            "error[bad-expr]: could not parse expression: 1:7: parse error: unclosed left",
        ),
        (&["tests/none.yml"], 0, "warning[no-rule-file]: no file matches tests/gone.yml"),
        (&["tests/typo.yml", "nope.yml"], 2, "cannot read nope.yml: no such file"),
        (&["tests/empty.yml"], 0, "warning[no-tests]: there are no tests in this file"),
        (
            &["tests/folder.yml"],
            0,
            "warning[no-rule-file]: cannot read rules: it is a folder; name its files",
        ),
        (&["tests/none.yml", "--run", "b"], 2, "no test has a name that matches --run b"),
        (&["tests/none.yml", "--run", "("], 2, "--run \"(\""),
        (&[], 2, "Usage:"),
    ] {
        let (got, out, err) = told(&sereno(folder.path(), &[&["test"], arguments].concat()));
        assert_eq!(got, Some(code), "{arguments:?}\n{out}{err}");
        assert!(format!("{out}{err}").contains(want), "{arguments:?}\n{out}{err}");
    }
}

#[test]
fn the_example_of_the_help_passes() {
    let folder = folder(&[]);
    let (_, out, _) = told(&sereno(folder.path(), &["test", "--help"]));
    let example: Vec<&str> = out
        .lines()
        .skip_while(|line| !line.starts_with("  rule_files:"))
        .take_while(|line| !line.is_empty())
        .collect();
    let rules = "groups: [{name: a, rules: [{alert: ServiceDown, expr: up == 0, for: 5m, annotations: {summary: it is down}}]}]";
    let folder = crate::folder(&[("rules/a.yml", rules), ("tests/up.yml", &example.join("\n"))]);
    let (code, out, err) = told(&sereno(folder.path(), &["test", "tests/up.yml"]));
    assert_eq!(code, Some(0), "{out}{err}\n{}", example.join("\n"));
}

#[test]
fn watching_runs_again_when_a_file_changes() {
    let folder = files(TESTS);
    let mut command = command(folder.path());
    command.args(["test", "tests/hosts.yml", "--watch"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut watching = command.spawn().expect("sereno starts");
    let mut lines =
        BufReader::new(watching.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
    let mut summary = || lines.find(|line| line.contains("tests in 1 file")).unwrap_or_default();
    assert!(summary().contains("1 passed, 1 failed"));
    std::fs::write(folder.path().join("rules/hosts.yml"), RULES.replace("page", "critical"))
        .expect("written");
    assert!(summary().contains("2 passed ("));
    // A new file that a pattern names is a change, too.
    std::fs::write(folder.path().join("rules/new.yml"), "groups: [{nmae: x}]").expect("written");
    assert!(summary().contains("could not be tested"));
    watching.kill().expect("it runs");
    watching.wait().expect("it ran");
}

/// Files of several kinds: alerts, notifications, groups that depend on each other, mistakes.
fn many_files() -> tempfile::TempDir {
    let root = env!("CARGO_MANIFEST_DIR");
    let read = |name: &str| std::fs::read_to_string(format!("{root}/tests/{name}")).expect("it is there");
    let told = read("notifications.yml").replace("../rules", &format!("{root}/rules"));
    let wrong = told.replace("(10s)", "(11s)").replace("reason: silenced", "reason: muted");
    let crossed = "groups:
- {name: reader, rules: [{record: seen, expr: total + 0}]}
- {name: writer, rules: [{record: total, expr: sum(up)}]}
";
    let order = "rule_files: [../rules/*.yml]
tests:
- name: groups in another order
  input_series: [{series: up, values: 1 2 3}]
  promql_expr_test: [{expr: seen, eval_time: 2m, exp_samples: [{labels: seen, value: 2}]}]
- name: a mistake
  input_series: [{series: 'up{', values: 1}]
";
    folder(&[
        ("rules/hosts.yml", RULES),
        ("rules/crossed.yml", crossed),
        ("tests/a.yml", TESTS),
        ("tests/b.yml", &told),
        ("tests/c.yml", &wrong),
        ("tests/d.yml", order),
        ("tests/e.yml", "tests: [{nmae: x}]"),
        ("tests/notifications-routes.yml", &read("notifications-routes.yml")),
    ])
}

#[test]
fn the_same_files_give_the_same_bytes_whatever_runs_beside_them() {
    const FILES: [&str; 5] = ["tests/a.yml", "tests/b.yml", "tests/c.yml", "tests/d.yml", "tests/e.yml"];
    let folder = many_files();
    let run = |arguments: &[&str]| told(&sereno(folder.path(), &[&["test"], arguments].concat())).1;
    for more in [&["--format", "json", "--coverage"][..], &["--format", "junit"], &["--verbose"]] {
        let all = || steady(&run(&[&FILES[..], more].concat()));
        let first = all();
        assert!(first.contains("comes back") && first.contains("a mistake"), "{first}");
        assert_eq!(first, all(), "{more:?}");
    }
    let json = |arguments: &[&str]| -> Value {
        serde_json::from_str(&run(&[arguments, &["--format", "json"]].concat())).expect("JSON")
    };
    let all = json(&FILES);
    for (path, file) in FILES.iter().zip(all["files"].as_array().expect("a list")) {
        assert_eq!(json(&[path])["files"][0], *file, "{path} alone");
        for test in file["tests"].as_array().expect("a list") {
            let name = test["name"].as_str().expect("a name");
            let alone = json(&[path, "--run", &format!("^{name}$")]);
            assert_eq!(alone["files"][0]["tests"], serde_json::json!([test]), "{path}: {name}");
        }
    }
}

#[test]
fn a_test_may_be_given_more_than_usual() {
    let tests = "rule_files: [../rules/hosts.yml]
evaluation_interval: 1ms
tests:
- name: a unit is wrong
  input_series: [{series: up, values: 0x10}]
  alert_rule_test:
  - {eval_time: 10y, alertname: Down}
  - {eval_time: 1s, alertname: Down}
";
    let folder = files(tests);
    let (code, out, _) = told(&sereno(folder.path(), &["test", "tests/hosts.yml"]));
    assert_eq!(code, Some(1));
    insta::assert_snapshot!(steady(&out), @"
    Unit Testing:  tests/hosts.yml
      FAILED: a unit is wrong (tests/hosts.yml:4:3)
        error[too-many-steps]: 315360000001 evaluations are 1ms apart until 10y; a test has at most 1000000
         --> tests/hosts.yml:7:5
          |
        7 |   - {eval_time: 10y, alertname: Down}
          |     ^
          = help: is a unit wrong? `--max-steps` sets another limit
      FAILED (1 of 1 test)

    1 test in 1 file: 0 passed, 1 failed
    ");
    let short = files(&tests.replace("10y", "1s"));
    for (steps, code) in [("1000", 1), ("1001", 0)] {
        let (got, out, err) = told(&sereno(short.path(), &["test", "tests/hosts.yml", "--max-steps", steps]));
        assert_eq!(got, Some(code), "{out}{err}");
    }
    let (got, out, err) = told(&sereno(short.path(), &["test", "tests/hosts.yml", "--max-samples", "10"]));
    assert_eq!(got, Some(1), "{out}{err}");
    assert!(out.contains("`--max-samples` sets another limit"), "{out}");
}

#[test]
fn the_projects_own_rules_are_tested() {
    let (code, out, err) =
        told(&sereno(Path::new(env!("CARGO_MANIFEST_DIR")), &["test", "tests/rules/*.yml"]));
    assert_eq!(code, Some(0), "{out}{err}");
}

/// The files of promtool's own tests and of a large real project, with promtool's verdicts.
#[test]
fn real_files_get_promtools_verdicts() {
    let Some(root) = corpora::folder("") else { return };
    for (name, arguments, passes) in [
        ("promtool-unittest/failing.yml", &[][..], false),
        ("promtool-unittest/bad-input-series.yml", &[], false),
        ("promtool-unittest/bad-promql.yml", &[], false),
        ("promtool-unittest/bad-rules-error-test.yml", &[], false),
        ("promtool-unittest/rules_run.yml", &[], false),
        ("promtool-unittest/rules_run.yml", &["--run", "correct"], true),
        ("promtool-unittest/rules_run_fuzzy.yml", &[], false),
        ("promtool-unittest/rules_run_fuzzy.yml", &["--run", "correct"], true),
        ("promtool-unittest/rules_run_no_fuzzy.yml", &[], false),
        ("promtool-unittest/unittest.yml", &[], true),
        ("promtool-unittest/at-modifier-test.yml", &[], true),
        ("promtool-unittest/long-period.yml", &[], true),
        ("promtool-unittest/negative-offset-test.yml", &[], true),
        ("promtool-unittest/no-test-group-interval.yml", &[], true),
        ("rules/kubernetes-mixin/tests/*.yaml", &[], true),
    ] {
        let path = root.join(name).display().to_string();
        let output = sereno(Path::new("."), &[&["test", &path], arguments].concat());
        let (code, out, err) = told(&output);
        assert_eq!(code, Some(if passes { 0 } else { 1 }), "{name} {arguments:?}\n{out}{err}");
    }
}
