//! Which samples the test of a rule needs.

use std::sync::Arc;

use super::{Plan, PlanError, Selection, plan};
use crate::model::Matcher;
use crate::promql::parser::Features;
use crate::testing::Ruleset;

const RULES: &str = r#"groups:
- name: records
  rules:
  - {record: "job:errors:rate5m", expr: "sum by (job) (rate(errors_total[5m]))"}
  - {record: "job:errors:avg", expr: "avg_over_time(job:errors:rate5m[1h])"}
- name: alerts
  rules:
  - {alert: Errors, expr: "job:errors:avg > 1 and on (job) up == 1", for: 10m, keep_firing_for: 5m}
  - {alert: Shifted, expr: "stock offset 1d - stock offset -1h > max_over_time(rate(sold[10m])[2h:5m] @ 100)"}
  - {alert: Broken, expr: "count by (shop) (ALERTS{alertname=\"Errors\"}) > 2"}
  - {alert: Outside, expr: "ALERTS{alertname=\"Other\"} unless maintenance[5m] offset 2m == 1"}
  - alert: Told
    expr: up == 0
    annotations:
      summary: '{{ with query "sum(users[1d] offset 1h)" }}{{ . | first | value }}{{ end }}'
      total: '{{ printf "sum(users{shop=%q})" $labels.shop | query }}'
  - {alert: Late, expr: "hour() > 8 and up{job=~\"a|b\"}"}
- name: odd
  query_offset: 2m
  rules:
  - {record: "self:max", expr: "max(self:max offset 1m) or up"}
  - {alert: Selfish, expr: "self:max > 1", annotations: {a: "{{ $externalLabels.cluster }} {{ .ExternalURL }}"}}
  - {alert: Informed, expr: "info(rate(sold[10m] offset 1h), {region=~\"eu.*\"}) > info(stock, {__name__=~\"stock_.*\"})"}
"#;

fn planned(alert: &str, narrow: &[Matcher]) -> Result<Plan, PlanError> {
    let text = RULES.replace("maintenance[5m] offset 2m == 1", "maintenance offset 2m == 1");
    let text = text.replace("sum(users[1d] offset 1h)", "sum(rate(users[1d] offset 1h))");
    let (rules, problems) = Ruleset::read("rules.yml", &text, Features::ALL);
    assert!(problems.is_empty(), "{problems:?}");
    plan(&[Arc::new(rules.expect("rules"))], alert, narrow, Features::ALL)
}

/// Selectors with minutes before and after, rules, groups.
fn shown(alert: &str) -> String {
    let plan = planned(alert, &[]).expect("the alert is there");
    let selections = plan.selections.iter().map(|(selector, Selection { reach, .. })| {
        format!("{selector} -{}m +{}m", reach.before / 60_000, reach.after / 60_000)
    });
    let selections: Vec<String> = selections.collect();
    let clock = if plan.reads_clock { ", reads the clock" } else { "" };
    let notes: Vec<&str> = plan.notes.iter().map(String::as_str).collect();
    format!(
        "{}\n{} rules, warm up {}m, {}{clock}\n{}",
        selections.join("\n"),
        plan.rules.len(),
        plan.warm_up / 60_000,
        plan.groups.join(" before "),
        notes.join("\n")
    )
}

#[test]
fn recorded_series_are_computed_again_from_what_they_read() {
    insta::assert_snapshot!(shown("Errors").trim_end(), @"
    errors_total -85m +0m
    up -20m +0m
    3 rules, warm up 80m, records before alerts
    ");
}

#[test]
fn offsets_and_subqueries_widen_the_window() {
    insta::assert_snapshot!(shown("Shifted").trim_end(), @"
    sold -135m +0m
    stock -1445m +60m
    1 rules, warm up 0m, alerts, reads the clock
    sold is read at a fixed time (@); only samples of the window are recorded
    ");
}

#[test]
fn alerts_that_are_read_are_computed_too_if_their_rules_are_there() {
    insta::assert_snapshot!(shown("Broken").trim_end(), @"
    errors_total -90m +0m
    up -25m +0m
    4 rules, warm up 85m, records before alerts
    ");
    insta::assert_snapshot!(shown("Outside").trim_end(), @r#"
    ALERTS{alertname="Other"} -5m +0m
    maintenance -7m +0m
    1 rules, warm up 0m, alerts
    "#);
}

#[test]
fn groups_that_look_back_read_earlier_and_rules_that_read_themselves_are_told() {
    insta::assert_snapshot!(shown("Selfish").trim_end(), @"
    up -14m +0m
    2 rules, warm up 9m, odd
    self:max reads itself; what it was before the start is not recorded.
    ");
    let plan = planned("Selfish", &[]).expect("the alert is there");
    assert!(plan.reads_external_labels && plan.reads_external_url);
}

#[test]
fn info_reads_metrics_that_it_does_not_name() {
    insta::assert_snapshot!(shown("Informed").trim_end(), @r#"
    sold -72m +0m
    stock -7m +0m
    target_info -77m +0m
    {__name__=~"stock_.*"} -12m +0m
    1 rules, warm up 2m, odd
    "#);
}

#[test]
fn what_rules_say_about_values_is_known() {
    let shown = |alert: &str| {
        let named = planned(alert, &[]).expect("the alert is there").named;
        let conditions = named.conditions.iter().filter(|one| &**one.name() != "__name__");
        let conditions: Vec<String> = conditions.map(ToString::to_string).collect();
        format!("{:?} {}", named.texts, conditions.join(" "))
    };
    assert_eq!(shown("Late"), "{} job=~\"a|b\"");
    assert_eq!(shown("Told"), r#"{"sum(rate(users[1d] offset 1h))", "sum(users{shop=%q})"} "#);
}

#[test]
fn what_templates_ask_for_is_recorded_as_far_as_it_is_known() {
    insta::assert_snapshot!(shown("Told").trim_end(), @r#"
    up -5m +0m
    users -1500m +0m
    1 rules, warm up 0m, alerts
    what the template {{ printf "sum(users{shop=%q})" $labels.shop | query }} asks for is not recorded: it is put together when it runs
    "#);
}

#[test]
fn selectors_can_be_narrowed() {
    let plan = planned("Late", &[Matcher::equal("instance", "a")]).expect("the alert is there");
    let selectors: Vec<(&str, &str)> =
        plan.selections.iter().map(|(shown, selection)| (shown.as_str(), selection.query.as_str())).collect();
    assert_eq!(selectors, [("up{job=~\"a|b\"}", "up{instance=\"a\",job=~\"a|b\"}")]);
    assert!(plan.reads_clock);
}

#[test]
fn a_name_that_is_not_there_gets_a_proposal() {
    for (name, wanted) in [
        ("Erors", "no alerting rule is called \"Erors\"; did you mean \"Errors\"?"),
        ("errors", "no alerting rule is called \"errors\"; did you mean \"Errors\"?"),
        ("Nothing", "no alerting rule is called \"Nothing\""),
        ("job:errors:avg", "no alerting rule is called \"job:errors:avg\""),
    ] {
        assert_eq!(planned(name, &[]).expect_err(name).to_string(), wanted);
    }
}
