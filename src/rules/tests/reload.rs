//! What a reload keeps, takes over and ends.

use super::world::{RuleExt, Show, World, alert, config, group, record};
use crate::config::rules::RuleGroup;
use crate::model::{Duration, LabelSet};
use crate::rules::{Input, RulesConfig};

const ZEROES: &str = "0000000000";

/// `Down` fires since minute 0 and it is half past minute 1.
fn firing() -> World {
    let mut world =
        World::new(config([group("g", [alert("Down", "up == 0")])])).script("up == 0", "api", ZEROES);
    world = world.script("up < 1", "api", ZEROES);
    world.run_before(2);
    world.now = world.minute(1) + Duration::from_secs(30);
    world.log.clear();
    world
}

fn after_reload(groups: impl IntoIterator<Item = RuleGroup>) -> String {
    let mut world = firing();
    world.reload(config(groups)).run_before(4);
    world.timeline()
}

#[test]
fn the_same_rules_go_on_as_if_nothing_had_been() {
    insta::assert_snapshot!(after_reload([group("g", [alert("Down", "up == 0")])]), @r#"
    2m TELL firing Down/api since 0m
    "#);
}

#[test]
fn another_expression_annotation_or_interval_takes_the_alerts_over() {
    insta::assert_snapshot!(after_reload([group("g", [alert("Down", "up < 1").annotation("new", "text")])]), @r#"
    2m TELL firing Down/api since 0m new="text"
    "#);
    let faster =
        RuleGroup { interval: Some(Duration::from_secs(50)), ..group("g", [alert("Down", "up == 0")]) };
    let timeline = after_reload([faster]);
    assert!(!timeline.contains("resolved") && timeline.contains("since 0m"), "{timeline}");
}

#[test]
fn another_label_name_or_group_is_another_rule() {
    insta::assert_snapshot!(after_reload([group("g", [alert("Down", "up == 0").label("team", "a")])]), @r#"
    1m30s rule_gone Down/api
    1m30s TELL resolved Down/api since 0m until 1m30s
    2m TELL firing Down/api team=a since 2m
    "#);
    insta::assert_snapshot!(after_reload([group("g", [alert("Gone", "up == 0")])]), @r#"
    1m30s rule_gone Down/api
    1m30s TELL resolved Down/api since 0m until 1m30s
    2m TELL firing Gone/api since 2m
    "#);
}

#[test]
fn a_removed_group_ends_its_alerts_and_series() {
    let mut world = firing().show(Show { writes: true, ..Show::default() });
    world.reload(config([])).run_before(5);
    insta::assert_snapshot!(world.timeline(), @r#"
    1m30s rule_gone Down/api
    1m30s TELL resolved Down/api since 0m until 1m30s
    1m30s ALERTS[Down/api firing] = ended @1m30s
    1m30s ALERTS_FOR_STATE[Down/api] = ended @1m30s
    "#);
    assert!(world.kept.is_empty());
    assert_eq!(world.engine.next_wake(), None);
}

#[test]
fn series_of_a_removed_rule_end_with_the_next_evaluation() {
    let rules = || [record("a", "up"), record("b", "up")];
    let mut world = World::new(config([group("g", rules())])).script("up", "api", "11111");
    world.run_before(2);
    world.log.clear();
    world.show.writes = true;
    world.reload(config([group("g", rules().into_iter().skip(1))])).run_before(4);
    insta::assert_snapshot!(world.timeline(), @r#"
    2m b[api] = 1 @2m
    2m a[api] = ended @2m
    3m b[api] = 1 @3m
    "#);
}

#[test]
fn what_was_being_written_during_a_reload_ends_too() {
    let mut world =
        World::new(config([group("g", [record("a", "x"), record("b", "x")])])).script("x", "api", "11");
    world.hang_writes = true;
    world.run_before(1);
    world.hang_writes = false;
    world.show.writes = true;
    world.reload(config([group("g", [record("b", "x")])])).run_before(2);
    insta::assert_snapshot!(world.timeline(), @r#"
    1m b[api] = 1 @1m
    1m a[api] = ended @1m
    "#);
}

#[test]
fn a_group_removed_at_its_very_slot_ends_its_series_just_after() {
    let mut world = World::new(config([group("g", [record("a", "x")])])).script("x", "api", "1");
    world.show.writes = true;
    world.run_before(1);
    world.reload(config([]));
    insta::assert_snapshot!(world.timeline(), @r#"
    0m a[api] = 1 @0m
    0m a[api] = ended @1ms
    "#);
}

#[test]
fn a_series_of_a_removed_rule_that_another_rule_writes_goes_on() {
    let mut world = World::new(config([group("g", [record("a", "x"), record("a", "y")])]))
        .script("x", "one", "1111")
        .script("y", "two", "2222");
    world.run_before(2);
    world.log.clear();
    world.show.writes = true;
    world.reload(config([group("g", [record("a", "y")])])).run_before(3);
    insta::assert_snapshot!(world.timeline(), @r#"
    2m a[two] = 2 @2m
    2m a[one] = ended @2m
    "#);
}

#[test]
fn a_longer_for_takes_a_firing_alert_back_and_tells_so() {
    insta::assert_snapshot!(after_reload([group("g", [alert("Down", "up == 0").hold("3m")])]), @r#"
    2m demoted Down/api
    2m TELL resolved Down/api since 0m until 2m
    3m TELL firing Down/api since 3m
    "#);
}

#[test]
fn equal_rules_are_matched_in_order() {
    let two = |first: &str, second: &str| config([group("g", [alert("Down", first), alert("Down", second)])]);
    let mut world = World::new(two("a", "b"))
        .script("a", "a", "00000")
        .script("b", "b", "00000")
        .script("c", "a", "00000");
    world.run_before(2);
    world.log.clear();
    world.reload(two("c", "b")).run_before(3);
    assert!(!world.timeline().contains("resolved"), "both keep theirs: {}", world.timeline());
    world.log.clear();
    world.reload(config([group("g", [alert("Down", "c")])]));
    insta::assert_snapshot!(world.timeline(), @r#"
    2m rule_gone Down/b
    2m TELL resolved Down/b since 0m until 2m
    "#);
}

#[test]
fn an_unchanged_group_keeps_its_query_in_flight_and_a_changed_one_drops_it() {
    for (rule, told) in [(alert("Down", "up == 0"), true), (alert("Down", "up == 0").keep("1m"), false)] {
        let mut world =
            World::new(config([group("g", [alert("Down", "up == 0")])])).script("up == 0", "api", ZEROES);
        world.hang = true;
        world.run_before(1);
        world.reload(config([group("g", [rule])]));
        world.release();
        assert_eq!(world.timeline().contains("TELL"), told, "{}", world.timeline());
        world.run_before(2);
        assert!(world.timeline().contains("TELL"), "{}", world.timeline());
    }
}

#[test]
fn a_rule_that_only_moved_in_its_file_is_unchanged() {
    let mut moved = alert("Down", "up == 0");
    moved.span = 100..200;
    let mut world = firing();
    world.hang = true;
    world.now = world.minute(2);
    world.feed(Input::Wake);
    world.reload(config([group("g", [moved])]));
    world.release();
    let view = world.engine.view(world.now);
    assert_eq!(view.groups[0].last_slot, Some(world.minute(2)), "the evaluation went on");
    assert_eq!(view.groups[0].rules[0].rule.span, 100..200);
}

#[test]
fn other_external_labels_end_the_alert_and_start_it_under_its_new_name() {
    let labelled = |cluster: &str| RulesConfig {
        external_labels: LabelSet::from_pairs([("cluster", cluster)]),
        ..config([group("g", [alert("Down", "up == 0")])])
    };
    let mut world = firing();
    world.reload(labelled("eu")).run_before(3);
    insta::assert_snapshot!(world.timeline(), @r#"
    1m30s TELL resolved Down/api since 0m until 1m30s
    1m30s TELL firing Down/api cluster=eu since 0m
    2m TELL firing Down/api cluster=eu since 0m
    "#);
    let saved = world.saved();
    let mut later = World::restored(labelled("us"), saved, world.minute(2) + Duration::from_secs(30));
    later.feed(Input::Wake);
    insta::assert_snapshot!(later.timeline(), @r#"
    2m30s TELL resolved Down/api cluster=eu since 0m until 2m30s
    2m30s TELL firing Down/api cluster=us since 0m
    "#);
}
