//! What evaluations tell, write and refuse.

use super::world::{MINUTE, RuleExt, Show, World, alert, config, group, record};
use crate::config::rules::{Rule, RuleGroup};
use crate::model::{Duration, LabelSet, QueryValue};
use crate::rules::{EvalId, Health, Input, RuleState, RulesConfig, Sampled, WriteId, Written};

fn one(rule: Rule) -> RulesConfig {
    config([group("g", [rule])])
}

fn with_limit(limit: usize) -> RulesConfig {
    config([RuleGroup { limit, ..group("g", [alert("Down", "up == 0")]) }])
}

const FAILURES: Show = Show { queries: false, writes: false, failures: true };
const WRITES: Show = Show { queries: false, writes: true, failures: true };
const QUERIES: Show = Show { queries: true, writes: true, failures: true };

#[test]
fn an_alert_waits_fires_is_told_again_and_resolves() {
    let mut world = World::new(one(alert("Down", "up == 0").hold("2m").annotation("text", "v={{ $value }}")))
        .script("up == 0", "api", "0012345");
    world.run_before(10);
    insta::assert_snapshot!(world.timeline(), @r#"
    0m pending Down/api
    2m TELL firing Down/api since 2m text="v=1"
    4m TELL firing Down/api since 2m text="v=3"
    6m TELL firing Down/api since 2m text="v=5"
    7m TELL resolved Down/api since 2m until 7m text="v=5"
    9m TELL resolved Down/api since 2m until 7m text="v=5"
    "#);
}

#[test]
fn a_resolved_alert_is_told_again_for_fifteen_minutes() {
    let mut world = World::new(one(alert("Down", "up == 0"))).script("up == 0", "api", "0");
    world.run_before(30);
    insta::assert_snapshot!(world.timeline(), @r#"
    0m TELL firing Down/api since 0m
    1m TELL resolved Down/api since 0m until 1m
    3m TELL resolved Down/api since 0m until 1m
    5m TELL resolved Down/api since 0m until 1m
    7m TELL resolved Down/api since 0m until 1m
    9m TELL resolved Down/api since 0m until 1m
    11m TELL resolved Down/api since 0m until 1m
    13m TELL resolved Down/api since 0m until 1m
    15m TELL resolved Down/api since 0m until 1m
    "#);
    assert!(world.kept.is_empty(), "and then forgotten");
}

#[test]
fn a_hold_shorter_than_the_interval_needs_a_second_evaluation() {
    let mut world = World::new(one(alert("Down", "up == 0").hold("15s"))).script("up == 0", "api", "00");
    world.run_before(2);
    insta::assert_snapshot!(world.timeline(), @r#"
    0m pending Down/api
    1m TELL firing Down/api since 1m
    "#);
}

#[test]
fn keep_firing_for_bridges_gaps() {
    let mut world = World::new(one(alert("Down", "up == 0").keep("2m"))).script("up == 0", "api", "0.0...");
    world.run_before(6);
    insta::assert_snapshot!(world.timeline(), @r#"
    0m TELL firing Down/api since 0m
    1m keep_firing Down/api
    2m recovered Down/api
    2m TELL firing Down/api since 0m
    3m keep_firing Down/api
    4m TELL firing Down/api since 0m
    5m TELL resolved Down/api since 0m until 5m
    "#);
}

#[test]
fn a_query_error_changes_nothing() {
    let mut world = World::new(one(alert("Down", "up == 0").hold("1m")))
        .script("up == 0", "api", "00eeeee0")
        .script("up == 0", "db", "......e0")
        .show(WRITES);
    world.run_before(8);
    insta::assert_snapshot!(world.timeline(), @r#"
    0m pending Down/api
    0m ALERTS[Down/api pending] = 1 @0m
    0m ALERTS_FOR_STATE[Down/api] = since 0m @0m
    1m TELL firing Down/api since 1m
    1m ALERTS[Down/api firing] = 1 @1m
    1m ALERTS_FOR_STATE[Down/api] = since 0m @1m
    1m ALERTS[Down/api pending] = ended @1m
    2m Down failed: data source unreachable: connection refused
    3m Down failed: data source unreachable: connection refused
    4m Down failed: data source unreachable: connection refused
    5m Down failed: data source unreachable: connection refused
    6m Down failed: data source unreachable: connection refused
    7m pending Down/db
    7m TELL firing Down/api since 1m
    7m ALERTS[Down/api firing] = 1 @7m
    7m ALERTS_FOR_STATE[Down/api] = since 0m @7m
    7m ALERTS[Down/db pending] = 1 @7m
    7m ALERTS_FOR_STATE[Down/db] = since 7m @7m
    "#);
}

#[test]
fn two_samples_that_become_one_alert_are_an_error_and_change_nothing() {
    let mut world = World::new(one(alert("Down", "up == 0").label("job", "all")))
        .script("up == 0", "api", "000")
        .script("up == 0", "db", ".0.")
        .show(FAILURES);
    world.run_before(3);
    insta::assert_snapshot!(world.timeline(), @r#"
    0m TELL firing Down/all since 0m
    1m Down failed: vector contains metrics with the same labelset after applying alert labels
    2m TELL firing Down/all since 0m
    "#);
}

#[test]
fn two_samples_that_become_one_series_are_an_error() {
    let mut world = World::new(one(record("job:up", "up").label("job", "all")))
        .script("up", "api", "11")
        .script("up", "db", ".1")
        .show(WRITES);
    world.run_before(2);
    insta::assert_snapshot!(world.timeline(), @r#"
    0m job:up[all] = 1 @0m
    1m job:up failed: vector contains metrics with the same labelset after applying rule labels
    "#);
}

#[test]
fn over_the_limit_all_alerts_end_at_once() {
    let mut world = World::new(with_limit(1))
        .script("up == 0", "api", "0000")
        .script("up == 0", "db", ".0..")
        .show(FAILURES);
    world.run_before(3);
    insta::assert_snapshot!(world.timeline(), @r#"
    0m TELL firing Down/api since 0m
    1m over_limit Down/api
    1m TELL resolved Down/api since 0m until 1m
    1m Down failed: exceeded limit of 1 with 2 alerts
    2m TELL firing Down/api since 2m
    "#);
    assert_eq!(world.kept.len(), 1, "only what fires now is kept");
}

#[test]
fn over_the_limit_nothing_is_recorded() {
    let rules = RuleGroup { limit: 1, ..group("g", [record("job:up", "up")]) };
    let mut world =
        World::new(config([rules])).script("up", "api", "111").script("up", "db", ".1.").show(WRITES);
    world.run_before(3);
    insta::assert_snapshot!(world.timeline(), @r#"
    0m job:up[api] = 1 @0m
    1m job:up failed: exceeded limit of 1 with 2 series
    2m job:up[api] = 1 @2m
    "#);
}

#[test]
fn strings_are_not_a_result() {
    let mut world = World::new(one(record("job:up", "up"))).show(FAILURES);
    world.hang = true;
    world.run_before(1);
    let eval = world.hanging.pop_front().expect("one query").eval;
    let result = Ok(QueryValue::String("no".into()));
    world.feed(Input::Sampled(Sampled { eval, result }));
    insta::assert_snapshot!(world.timeline(), @r#"
    0m job:up failed: rule result is not a vector or scalar
    "#);
    let view = world.engine.view(world.now);
    let rule = &view.groups[0].rules[0];
    assert_eq!((rule.health, rule.state), (Health::Err, RuleState::Inactive));
    assert_eq!(rule.last_error.as_deref(), Some("rule result is not a vector or scalar"));
}

#[test]
fn a_scalar_is_one_sample_without_labels() {
    let mut world = World::new(one(record("answer", "42"))).show(WRITES);
    world.hang = true;
    world.run_before(1);
    let eval = world.hanging.pop_front().expect("one query").eval;
    let result = Ok(QueryValue::Scalar(42.0));
    world.feed(Input::Sampled(Sampled { eval, result }));
    insta::assert_snapshot!(world.timeline(), @r#"
    0m answer[] = 42 @0m
    "#);
}

#[test]
fn each_rule_asks_only_after_the_samples_of_the_one_before_are_written() {
    let rules = [record("job:up", "up"), alert("Down", "job:up == 0"), record("job:down", "ALERTS")];
    let mut world = World::new(config([group("g", rules)]))
        .script("up", "api", "0")
        .script("job:up == 0", "api", "0")
        .script("ALERTS", "api", "1")
        .show(QUERIES);
    world.run_before(1);
    insta::assert_snapshot!(world.timeline(), @r#"
    0m ask up @0m
    0m job:up[api] = 0 @0m
    0m ask job:up == 0 @0m
    0m TELL firing Down/api since 0m
    0m ALERTS[Down/api firing] = 1 @0m
    0m ALERTS_FOR_STATE[Down/api] = since 0m @0m
    0m ask ALERTS @0m
    0m job:down[api] = 1 @0m
    "#);
}

#[test]
fn a_failed_rule_does_not_stop_the_next_and_a_failed_write_is_a_failed_rule() {
    let mut world = World::new(config([group("g", [record("a", "x"), record("b", "y")])]))
        .script("x", "api", "e0")
        .script("y", "api", "00")
        .show(QUERIES);
    world.run_before(1);
    world.refuse_writes = true;
    world.run_before(2);
    insta::assert_snapshot!(world.timeline(), @r#"
    0m ask x @0m
    0m a failed: data source unreachable: connection refused
    0m ask y @0m
    0m b[api] = 0 @0m
    1m ask x @1m
    1m a[api] = 0 @1m
    1m a failed: disk full
    1m ask y @1m
    1m b[api] = 0 @1m
    1m b failed: disk full
    "#);
    assert_eq!(world.engine.view(world.now).groups[0].rules[1].health, Health::Err);
}

#[test]
fn the_offset_moves_queries_and_samples_but_not_alerts() {
    let rules = [record("job:up", "up"), alert("Down", "up")];
    let late = RuleGroup { query_offset: Some(MINUTE), ..group("g", rules) };
    let mut world = World::new(config([late])).script("up", "api", "11").show(QUERIES);
    world.run_before(2);
    insta::assert_snapshot!(world.timeline(), @r#"
    0m ask up @-1m
    0m ask up @-1m
    1m ask up @0m
    1m job:up[api] = 1 @0m
    1m ask up @0m
    1m TELL firing Down/api since 1m
    1m ALERTS[Down/api firing] = 1 @0m
    1m ALERTS_FOR_STATE[Down/api] = since 1m @0m
    "#);
}

#[test]
fn templates_may_ask_queries_at_the_slots_time() {
    let rule = alert("Down", "up == 0").annotation("load", r#"{{ query "load" | first | value }}"#);
    let late = RuleGroup { query_offset: Some(MINUTE), ..group("g", [rule]) };
    let mut world = World::new(config([late]))
        .script("up == 0", "api", "00")
        .script("up == 0", "db", "00")
        .script("load", "any", "789")
        .show(Show { writes: false, ..QUERIES });
    world.run_before(2);
    insta::assert_snapshot!(world.timeline(), @r#"
    0m ask up == 0 @-1m
    1m ask up == 0 @0m
    1m ask load @1m
    1m TELL firing Down/api since 1m load="8"
    1m TELL firing Down/db since 1m load="8"
    "#);
}

#[test]
fn templates_may_not_ask_without_end() {
    let rule = alert("Down", "up == 0")
        .annotation("load", r#"{{ printf "load{job='%s'}" $labels.job | query | len }}"#);
    let mut world = World::new(one(rule)).show(QUERIES);
    for job in 0..150 {
        world = world.script("up == 0", &job.to_string(), "0");
    }
    world.run_before(1);
    let asked = world.log.iter().filter(|line| line.contains("ask load")).count();
    assert_eq!(asked, 100);
    let failed: Vec<_> = world.log.iter().filter(|line| line.contains("more than 100 queries")).collect();
    assert!(!failed.is_empty(), "the rest say so: {:?}", world.log.last());
    assert_eq!(world.log.iter().filter(|line| line.contains("TELL firing")).count(), 150, "all are told");
}

#[test]
fn a_broken_template_still_alerts() {
    let rule = alert("Down", "up == 0").annotation("a", "{{ nope }}").annotation("b", "fine");
    let mut world = World::new(one(rule)).script("up == 0", "api", "0").show(FAILURES);
    world.run_before(1);
    assert!(world.timeline().contains("Down.a: <error expanding template:"), "{}", world.timeline());
    assert!(world.timeline().contains("TELL firing Down/api"), "{}", world.timeline());
    assert!(world.timeline().contains(r#"b="fine""#), "{}", world.timeline());
}

#[test]
fn labels_and_annotations_are_put_over_the_samples() {
    let rule = alert("Down", "up == 0")
        .label("job", "")
        .label("severity", "page")
        .label("was", "{{ $labels.job }}")
        .label("alertname", "Other")
        .annotation("empty", "");
    let config = RulesConfig {
        external_labels: LabelSet::from_pairs([("cluster", "eu"), ("severity", "none")]),
        ..one(rule)
    };
    let mut world = World::new(config).script("up == 0", "api", "0").show(WRITES);
    world.run_before(1);
    insta::assert_snapshot!(world.timeline(), @r#"
    0m TELL firing Down/ cluster=eu severity=page was=api since 0m empty=""
    0m ALERTS[Down/ severity=page was=api firing] = 1 @0m
    0m ALERTS_FOR_STATE[Down/ severity=page was=api] = since 0m @0m
    "#);
}

#[test]
fn slow_answers_leave_slots_out() {
    let mut world = World::new(one(alert("Down", "up == 0")))
        .script("up == 0", "api", "00000000")
        .show(Show { writes: false, ..QUERIES });
    world.run_before(1);
    world.hang = true;
    world.run_before(2);
    assert_eq!(world.engine.next_wake(), None, "the engine waits for the answer");
    world.now = world.minute(4) + Duration::from_secs(10);
    world.release();
    world.run_before(7);
    insta::assert_snapshot!(world.timeline(), @r#"
    0m ask up == 0 @0m
    0m TELL firing Down/api since 0m
    1m ask up == 0 @1m
    4m10s missed 2
    4m10s ask up == 0 @4m
    4m10s TELL firing Down/api since 0m
    5m ask up == 0 @5m
    6m ask up == 0 @6m
    6m TELL firing Down/api since 0m
    "#);
    let view = world.engine.view(world.now);
    assert_eq!((view.groups[0].iterations, view.groups[0].missed), (7, 2));
}

#[test]
fn late_answers_and_strangers_are_ignored() {
    let mut world = World::new(one(alert("Down", "up == 0"))).script("up == 0", "api", "0");
    world.run_before(1);
    let before = world.effects.len();
    for id in 0..10 {
        let result = Ok(QueryValue::Vector(Vec::new()));
        world.feed(Input::Sampled(Sampled { eval: EvalId(id), result }));
        world.feed(Input::Written(Written { id: WriteId(id), result: Ok(()) }));
    }
    assert_eq!(world.effects.len(), before);
}

#[test]
fn what_the_api_shows() {
    let mut world = World::new(one(alert("Down", "up == 0").hold("1m").keep("5m")))
        .script("up == 0", "api", "34.")
        .script("up == 0", "db", ".5.");
    let states = |world: &World| {
        let view = world.engine.view(world.now);
        let rule = &view.groups[0].rules[0];
        let alerts: Vec<String> = rule
            .active_alerts()
            .map(|alert| format!("{}={}", super::world::short(&alert.labels), alert.value))
            .collect();
        format!("{} {} {}", rule.health.as_str(), rule.state.as_str(), alerts.join(" "))
    };
    assert_eq!(states(&world), "unknown unknown ");
    world.run_before(1);
    assert_eq!(states(&world), "ok pending Down/api=3");
    world.run_before(2);
    assert_eq!(states(&world), "ok firing Down/api=4 Down/db=5");
    world.run_before(3);
    assert_eq!(states(&world), "ok firing Down/api=4");
    let view = world.engine.view(world.now);
    assert_eq!(view.groups[0].last_slot, Some(world.minute(2)));
    assert_eq!(view.groups[0].last_samples, 2);
}
