//! Whole test files against rules: what promtool does, and what is ours.

use std::sync::Arc;

use super::file::read_test_file;
use super::report::{Look, text};
use super::verdict::FileVerdict;
use super::{Limits, Options, Ruleset, Suite};

/// The verdict on `tests` (the list of tests and what else the file has) with these rules.
fn verdict(rules: &str, file: &str) -> FileVerdict {
    verdict_with(rules, file, Options::default())
}

fn verdict_with(rules: &str, file: &str, options: Options) -> FileVerdict {
    let (ruleset, problems) = Ruleset::read("rules.yml", rules, options.features);
    assert_eq!(problems, [], "{rules}");
    let (file, problems) = read_test_file("tests.yml", file);
    assert_eq!(problems, []);
    let rulesets = [Arc::new(ruleset.expect("valid rules"))];
    Suite::new(file.expect("a valid file"), &rulesets, options).run(|_| true)
}

/// The same with other limits.
fn verdict_within(limits: Limits, rules: &str, file: &str) -> FileVerdict {
    let (ruleset, _) = Ruleset::read("rules.yml", rules, Options::default().features);
    let (file, problems) = read_test_file("tests.yml", file);
    assert_eq!(problems, []);
    let options = Options { limits, ..Options::default() };
    Suite::new(file.expect("a valid file"), &[Arc::new(ruleset.expect("valid rules"))], options).run(|_| true)
}

/// What is said of it.
fn said(verdict: &FileVerdict) -> String {
    text(verdict, &super::report::Texts::new(), Look { colour: false, verbose: true })
}

#[track_caller]
fn passes(rules: &str, file: &str) -> FileVerdict {
    let verdict = verdict(rules, file);
    assert!(verdict.passed(), "{}", said(&verdict));
    verdict
}

#[track_caller]
fn fails(rules: &str, file: &str) -> String {
    let verdict = verdict(rules, file);
    let said = said(&verdict);
    assert!(!verdict.passed(), "{said}");
    said
}

const DOWN: &str = "groups:
- name: a
  rules:
  - {alert: Down, expr: up == 0, for: 5m, labels: {severity: page}, annotations: {summary: '{{ $labels.job }} is down'}}
- name: b
  rules:
  - {alert: Down, expr: up == 0, labels: {severity: info}}
";

#[test]
fn alerts_of_all_rules_of_the_name_that_fire_are_compared() {
    let file = |tests: &str| {
        format!(
            "tests:\n- input_series: [{{series: 'up{{job=\"api\"}}', values: 1 0x10}}]\n  alert_rule_test: [{tests}]"
        )
    };
    let info = "{exp_labels: {job: api, severity: info}}";
    let page = "{exp_labels: {job: api, severity: page}, exp_annotations: {summary: api is down}}";
    passes(DOWN, &file("{alertname: Down, eval_time: 0}"));
    passes(DOWN, &file(&format!("{{alertname: Down, eval_time: 1m, exp_alerts: [{info}]}}")));
    passes(DOWN, &file(&format!("{{alertname: Down, eval_time: 1m59s, exp_alerts: [{info}]}}")));
    passes(DOWN, &file(&format!("{{alertname: Down, eval_time: 5m59s, exp_alerts: [{info}]}}")));
    passes(DOWN, &file(&format!("{{alertname: Down, eval_time: 6m, exp_alerts: [{page}, {info}]}}")));
    passes(DOWN, &file(&format!("{{alertname: Down, eval_time: 4m, state: pending, exp_alerts: [{page}]}}")));
    passes(DOWN, &file("{alertname: Down, eval_time: 0, state: inactive}"));
    fails(DOWN, &file("{alertname: Down, eval_time: 4m, state: inactive}"));
    fails(DOWN, &file(&format!("{{alertname: Down, eval_time: 6m, exp_alerts: [{info}]}}")));
    fails(DOWN, &file("{alertname: Other, eval_time: 6m, exp_alerts: [{}]}"));
    passes(DOWN, &file("{alertname: Other, eval_time: 6m}"));
}

#[test]
fn external_labels_and_url_are_for_templates_only() {
    let rules = "groups:
- name: a
  rules:
  - {alert: A, expr: vector(1), annotations: {where: '{{ $externalLabels.cluster }} {{ $externalURL }}'}}
";
    passes(
        rules,
        "tests:
- external_labels: {cluster: eu}
  external_url: http://prom
  alert_rule_test: [{alertname: A, exp_alerts: [{exp_annotations: {where: eu http://prom}}]}]
",
    );
}

#[test]
fn later_rules_and_templates_see_what_earlier_rules_wrote_in_the_same_evaluation() {
    let rules = "groups:
- name: a
  rules:
  - {record: job:up:sum, expr: sum by (job) (up)}
  - {alert: Low, expr: job:up:sum < 2, annotations: {all: '{{ query \"sum(up)\" | first | value }}'}}
  - {record: alerts, expr: count(ALERTS)}
";
    passes(
        rules,
        "tests:
- input_series: [{series: 'up{job=\"a\"}', values: 1x5}, {series: 'up{job=\"b\"}', values: 5x5}]
  alert_rule_test: [{alertname: Low, exp_alerts: [{exp_labels: {job: a}, exp_annotations: {all: 6}}]}]
  promql_expr_test: [{expr: alerts, eval_time: 0, exp_samples: [{labels: alerts, value: 1}]}]
",
    );
}

#[test]
fn samples_are_stored_at_evaluations_up_to_the_last_assertion() {
    let file = |interval: &str, expr: &str, at: &str, value: &str| {
        format!(
            "evaluation_interval: {interval}
tests:
- interval: 30s
  input_series: [{{series: up, values: 0 1 2 3 4 5 6}}]
  promql_expr_test: [{{expr: '{expr}', eval_time: {at}, exp_samples: [{{labels: up, value: {value}}}]}}]
"
        )
    };
    passes("groups: []", &file("30s", "up", "90s", "3"));
    passes("groups: []", &file("1m", "up", "90s", "2"));
    passes("groups: []", &file("1m", "up offset -30s", "1m", "2"));
    passes(DOWN, &file("1m", "up", "90s", "2"));
}

#[test]
fn subqueries_have_the_evaluation_interval_as_their_step() {
    let rules = "groups: [{name: a, rules: [{record: n, expr: 'count_over_time(up[5m:])'}]}]";
    for (interval, count) in [("1m", 5), ("30s", 10)] {
        passes(
            rules,
            &format!(
                "evaluation_interval: {interval}
tests:
- {{input_series: [{{series: up, values: 1x20}}], interval: 30s, promql_expr_test: [{{expr: n, eval_time: 10m, exp_samples: [{{labels: n, value: {count}}}]}}]}}
"
            ),
        );
    }
}

#[test]
fn a_rule_that_fails_ends_the_test() {
    let rules = "groups:
- {name: fine, rules: [{record: x, expr: up}]}
- {name: bad, rules: [{record: joined, expr: one + on (a) many}]}
";
    let said = fails(
        rules,
        "tests:
- input_series:
  - {series: 'one{a=\"1\"}', values: _ 1}
  - {series: 'many{a=\"1\", b=\"1\"}', values: 1x5}
  - {series: 'many{a=\"1\", b=\"2\"}', values: 1x5}
  promql_expr_test: [{expr: '1', eval_time: 5m, exp_samples: []}]
",
    );
    assert!(
        said.contains("rule: joined, group: bad, time: 1m, err: found duplicate series for the match group"),
        "{said}"
    );
    assert!(!said.contains("expr: \"1\""), "nothing after it: {said}");
}

#[test]
fn rules_that_can_give_nothing_are_not_evaluated() {
    let rules = "groups:
- name: a
  rules:
  - {record: x, expr: up}
  - {record: y, expr: 'rate(gone[5m])'}
  - {alert: Y, expr: y > 1}
  - {alert: X, expr: x == 0}
";
    let file = "tests: [{input_series: [{series: up, values: 1}], alert_rule_test: [{alertname: Y}]}]";
    assert_eq!(passes(rules, file).tests[0].evaluated, (2, 4));
}

/// Two groups, the first of which reads what the second writes.
const CROSSED: &str = "groups:
- {name: reader, rules: [{record: seen, expr: total + 0}]}
- {name: writer, rules: [{record: total, expr: sum(up)}]}
";

#[test]
fn groups_are_evaluated_in_the_order_of_the_file_unless_told_otherwise() {
    let file = |order: &str, value: u8| {
        format!(
            "{order}
tests:
- input_series: [{{series: up, values: 1 2 3}}]
  promql_expr_test: [{{expr: seen, eval_time: 2m, exp_samples: [{{labels: seen, value: {value}}}]}}]
"
        )
    };
    let verdict = passes(CROSSED, &file("", 2));
    let warning = &verdict.tests[0].warnings[0];
    assert_eq!(
        warning.message,
        "the verdict depends on the order of groups: `reader` reads `total`, which `writer` writes"
    );
    assert!(warning.help.as_ref().is_some_and(|help| help.contains("`group_eval_order: [writer, reader]`")));
    let verdict = passes(CROSSED, &file("group_eval_order: [writer, reader]", 3));
    assert!(verdict.tests[0].warnings.is_empty(), "it has been said");
}

#[test]
fn a_warning_of_the_order_names_only_what_is_read() {
    let rules = format!(
        "{CROSSED}- {{name: relabels, rules: [{{record: other, expr: 'label_replace(up, \"a\", \"b\", \"c\", \"d\")'}}]}}\n"
    );
    let file = "tests:
- input_series: [{series: up, values: 1 2 3}]
  promql_expr_test: [{expr: seen, eval_time: 2m, exp_samples: [{labels: seen, value: 2}]}]
";
    let verdict = passes(&rules, file);
    assert_eq!(
        verdict.tests[0].warnings[0].message,
        "the verdict depends on the order of groups: `reader` reads `total`, which `writer` writes"
    );
}

#[test]
fn no_warning_where_the_order_makes_no_difference() {
    let verdict = passes(
        CROSSED,
        "tests:
- input_series: [{series: up, values: 1x9}]
  promql_expr_test: [{expr: seen, eval_time: 2m, exp_samples: [{labels: seen, value: 1}]}]
",
    );
    assert!(verdict.tests[0].warnings.is_empty(), "{}", said(&verdict));
}

#[test]
fn groups_run_at_their_own_interval_if_that_is_wanted() {
    let rules = "groups: [{name: slow, interval: 3m, rules: [{record: at, expr: time()}]}]";
    let file = |intervals: &str, at: u16| {
        format!(
            "{intervals}
tests: [{{promql_expr_test: [{{expr: at, eval_time: 5m, exp_samples: [{{labels: at, value: {at}}}]}}]}}]"
        )
    };
    passes(rules, &file("", 300));
    passes(rules, &file("group_intervals: true", 180));
}

#[test]
fn a_test_begins_when_it_says() {
    let rules = "groups: [{name: a, rules: [{alert: Night, expr: 'hour() == 22'}]}]";
    passes(
        rules,
        "tests:
- start_timestamp: 2026-03-02T23:10:00+01:00
  alert_rule_test: [{alertname: Night, count: 1}, {alertname: Night, eval_time: 50m, count: 0}]
  promql_expr_test: [{expr: time(), eval_time: 1m, exp_samples: [{value: 1772489460}]}]
",
    );
}

#[test]
fn native_histograms_are_recorded_whole() {
    let rules = "groups: [{name: a, rules: [{record: h:sum, expr: sum(h)}]}]";
    passes(
        rules,
        "tests:
- input_series: [{series: 'h{a=\"1\"}', values: '{{schema:1 count:3 sum:4 buckets:[1 2]}}x3'}]
  promql_expr_test:
  - {expr: histogram_count(h:sum), eval_time: 1m, exp_samples: [{value: 3}]}
  - {expr: h:sum, eval_time: 0, exp_samples: [{labels: h:sum, histogram: '{{schema:1 count:3 sum:4 buckets:[1 2]}}'}]}
",
    );
}

#[test]
fn what_cannot_be_read_is_told_with_its_place_and_all_at_once() {
    let said = fails(
        "groups: []",
        "tests:
- input_series: [{series: up, values: 1 x}, {series: 'up{', values: 1}]
  promql_expr_test: [{expr: 'sum(up', exp_samples: [{labels: '{', value: 1}]}]
",
    );
    assert_eq!(said.matches("error[bad-series]").count(), 2, "{said}");
    assert_eq!(said.matches("error[bad-expr]").count(), 1, "{said}");
    let said = fails("groups: []", "tests: [{promql_expr_test: [{exp_samples: []}]}]");
    assert!(said.contains("error[missing-field]: a PromQL test has no `expr`"), "{said}");
}

/// A delta: each sample counts from the one before.
#[test]
fn start_timestamps_tell_of_resets_if_they_count() {
    let file = |increase: u32| {
        format!(
            "tests:
- start_timestamp: 2026-03-02T23:10:00+01:00
  input_series: [{{series: m_total@st, values: -1mx3 _ _}}, {{series: m_total, values: 5x3 _ 5}}]
  promql_expr_test: [{{expr: 'round(increase(m_total[3m1ms]))', eval_time: 3m, exp_samples: [{{value: {increase}}}]}}]
"
        )
    };
    let options = Options { use_start_timestamps: true, ..Options::default() };
    let counting = verdict_with("groups: []", &file(15), options);
    assert!(counting.passed(), "{}", said(&counting));
    passes("groups: []", &file(0));
}

#[test]
fn start_timestamps_need_their_series_behind_them() {
    let said = fails(
        "groups: []",
        "tests:
- input_series:
  - {series: a@st, values: 0}
  - {series: b@st, values: 1q}
  - {series: b, values: 1}
  - {series: c@st, values: 0x2}
  - {series: c, values: 1}
  - {series: d@st, values: 0}
",
    );
    for expected in [
        "@st metric does not match the following sample line metric",
        "invalid ST item \"1q\"",
        "@st line has 3 values but sample line has 1",
        "@st line has no following sample line",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn a_series_that_a_rule_writes_too_cannot_be_given() {
    let rules = "groups: [{name: a, rules: [{record: x, expr: vector(7)}]}]";
    let said = fails(
        rules,
        "tests: [{input_series: [{series: x, values: 1x5}], promql_expr_test: [{expr: x, eval_time: 3m, exp_samples: []}]}]",
    );
    assert!(said.contains("duplicate sample for timestamp"), "{said}");
}

#[test]
fn coverage_says_what_gave_nothing_and_what_nobody_asserts() {
    let rules = "groups:
- name: a
  rules:
  - {record: x, expr: up}
  - {alert: Asserted, expr: x == 0}
  - {alert: Alone, expr: up == 0}
  - {alert: Never, expr: up == 7}
";
    let verdict = passes(
        rules,
        "tests:
- input_series: [{series: up, values: 0}]
  alert_rule_test: [{alertname: Asserted, count: 1}, {alertname: Never}]
",
    );
    let lacks: Vec<(&str, &str)> =
        verdict.coverage.rules.iter().map(|rule| (&*rule.rule, rule.lack())).collect();
    assert_eq!(
        lacks,
        [
            ("x", ""),
            ("Asserted", ""),
            ("Alone", "gives a result, but no test asserts it"),
            ("Never", "is asserted, but gives no result in any test"),
        ]
    );
    assert_eq!(verdict.coverage.covered(), 2);
}

#[test]
fn what_is_read_by_a_pattern_is_asserted_too() {
    let rules = "groups:
- name: a
  rules:
  - {record: job:up, expr: up}
  - {record: job:down, expr: up == 0}
  - {record: instance:up, expr: up}
";
    let verdict = passes(
        rules,
        "tests:
- input_series: [{series: up, values: 0}]
  promql_expr_test: [{expr: 'count(instance:up) + count({__name__=~\"job:.*\"})', exp_samples: [{value: 3}]}]
",
    );
    assert_eq!(verdict.coverage.covered(), 3);
}

#[test]
fn a_reset_of_a_native_histogram_is_told_as_prometheus_reads_it() {
    // What began a run of histograms says nothing of a reset, not even after one; what follows says there was none.
    passes(
        "groups: []",
        "tests:
- input_series: [{series: h, values: '{{count:3 sum:1}} {{count:4 sum:1}} {{count:1 sum:1}} {{count:2 sum:1}} stale {{count:3 sum:1}}'}]
  promql_expr_test:
  - {expr: h, eval_time: 0, exp_samples: [{labels: h, histogram: '{{count:3 sum:1}}'}]}
  - {expr: h, eval_time: 1m, exp_samples: [{labels: h, histogram: '{{count:4 sum:1 counter_reset_hint:not_reset}}'}]}
  - {expr: h, eval_time: 2m, exp_samples: [{labels: h, histogram: '{{count:1 sum:1}}'}]}
  - {expr: h, eval_time: 3m, exp_samples: [{labels: h, histogram: '{{count:2 sum:1 counter_reset_hint:not_reset}}'}]}
  - {expr: h, eval_time: 5m, exp_samples: [{labels: h, histogram: '{{count:3 sum:1}}'}]}
",
    );
}

#[test]
fn a_slip_of_a_unit_ends_with_an_error_and_not_with_the_memory() {
    let ten_years = "evaluation_interval: 1ms
tests:
- input_series: [{series: up, values: 0x10}]
  alert_rule_test: [{eval_time: 1m, alertname: Down}, {eval_time: 10y, alertname: Down}]
";
    let said = fails(DOWN, ten_years);
    let message = "315360000001 evaluations are 1ms apart until 10y; a test has at most 1000000";
    assert!(said.contains(&format!("error[too-many-steps]: {message}")), "{said}");
    // Nothing is evaluated, so nothing takes long.
    passes("groups: []", &ten_years.replace("10y", "292y"));
    let own = ten_years.replace("interval: 1ms", "interval: 1m").replace("10y", "1h");
    let fast = DOWN.replace("- name: b", "- name: b\n  interval: 1ms");
    passes(&fast, &own.replace("0x10", "1x60"));
    let said = fails(&fast, &format!("group_intervals: true\n{own}"));
    assert!(said.contains("3600001 evaluations are 1ms apart until 1h"), "{said}");
}

#[test]
fn limits_can_be_set_and_hold_exactly() {
    let file = "tests:
- input_series: [{series: up, values: 1x4}, {series: up2, values: 1x4}]
  promql_expr_test: [{expr: x, eval_time: 4m, exp_samples: [{labels: x, value: 1}]}]
";
    let rules = "groups: [{name: a, rules: [{record: x, expr: up}]}]";
    for (steps, samples, wrong) in [
        (5, 15, None),
        (4, 15, Some("error[too-many-steps]: 5 evaluations are 1m apart until 4m; a test has at most 4")),
        (5, 14, Some("rule: x, group: a, time: 4m, err: the test has more than 14 samples with this rule's")),
        (5, 9, Some("error[too-many-samples]: the series of this test have more than 9 samples up to here")),
    ] {
        let said = said(&verdict_within(Limits { steps, samples }, rules, file));
        assert!(said.contains(wrong.unwrap_or("SUCCESS")), "{steps} {samples}: {said}");
    }
}

#[test]
fn a_name_that_no_rule_has_is_told_also_where_nothing_is_expected() {
    let rules = "groups: [{name: a, rules: [{alert: ServiceDown, expr: up == 0}, {record: x, expr: up}]}]";
    let names = "{alertname: ServceDown}, {alertname: ServiceDown}, {alertname: x}";
    let verdict = passes(rules, &format!("tests: [{{alert_rule_test: [{names}]}}]"));
    let warnings = verdict.tests[0].warnings.iter();
    let warnings: Vec<_> = warnings.map(|warning| (&*warning.message, warning.help.as_deref())).collect();
    assert_eq!(
        warnings,
        [
            ("no alerting rule is called `ServceDown`", Some("did you mean `ServiceDown`?")),
            ("no alerting rule is called `x`", None),
        ]
    );
}
