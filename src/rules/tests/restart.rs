//! What a restart brings back.

use std::collections::BTreeMap;

use super::world::{RuleExt, Show, World, alert, config, group};
use crate::model::{Annotations, Duration, Timestamp};
use crate::rules::{AlertRecord, AlertState, Effect, Entry, Input, RulesConfig};

fn rules() -> RulesConfig {
    config([group(
        "g",
        [alert("Down", "up == 0").hold("2m").keep("3m").annotation("text", "v={{ $value }}")],
    )])
}

/// Runs until half a minute after that minute, crashes, starts anew and runs to minute 20.
fn crash_after(minute: i64, script: &str) -> String {
    let mut world = World::new(rules()).script("up == 0", "api", script);
    world.run_before(minute + 1);
    let now = world.minute(minute) + Duration::from_secs(30);
    let mut after = World::restored(rules(), world.saved(), now).script("up == 0", "api", script);
    after.run_before(26);
    [world.timeline(), "CRASH".into(), after.timeline()].join("\n")
}

#[test]
fn a_crash_at_any_point_changes_nothing_of_what_is_told() {
    let script = "00000...00......";
    let mut whole = World::new(rules()).script("up == 0", "api", script);
    whole.run_before(26);
    insta::assert_snapshot!(whole.timeline(), @r#"
    0m pending Down/api
    2m TELL firing Down/api since 2m text="v=0"
    4m TELL firing Down/api since 2m text="v=0"
    5m keep_firing Down/api
    6m TELL firing Down/api since 2m text="v=0"
    8m recovered Down/api
    8m TELL firing Down/api since 2m text="v=0"
    10m keep_firing Down/api
    10m TELL firing Down/api since 2m text="v=0"
    12m TELL firing Down/api since 2m text="v=0"
    13m TELL resolved Down/api since 2m until 13m text="v=0"
    15m TELL resolved Down/api since 2m until 13m text="v=0"
    17m TELL resolved Down/api since 2m until 13m text="v=0"
    19m TELL resolved Down/api since 2m until 13m text="v=0"
    21m TELL resolved Down/api since 2m until 13m text="v=0"
    23m TELL resolved Down/api since 2m until 13m text="v=0"
    25m TELL resolved Down/api since 2m until 13m text="v=0"
    "#);
    for minute in 0..25 {
        let crashed = crash_after(minute, script).replace("CRASH\n", "");
        assert_eq!(
            crashed.trim_end_matches("CRASH").trim_end(),
            whole.timeline(),
            "crash after minute {minute}"
        );
    }
}

/// Whether the last word about alerts is that they have ended.
fn ended(effects: &[Effect]) -> bool {
    let mut told = effects.iter().filter_map(|effect| match effect {
        Effect::Alerts(alerts) => alerts.last(),
        Effect::Persist(_) | Effect::Query(_) | Effect::Write(_) | Effect::Note(_) => None,
    });
    told.next_back().is_none_or(|alert| alert.ends_at.is_some())
}

#[test]
fn a_crash_between_any_two_effects_loses_no_end() {
    let script = "00000...00......";
    let longer_for = || config([group("g", [alert("Down", "up == 0").hold("20m")])]);
    for (case, config) in [("same rules", rules()), ("longer for", longer_for()), ("no rules", config([]))] {
        let mut world = World::new(rules()).script("up == 0", "api", script);
        world.run_before(4);
        world.reload(config.clone()).run_before(26);
        for cut in 0..=world.effects.len() {
            let mut disk = BTreeMap::new();
            for effect in &world.effects[..cut] {
                if let Effect::Persist(entry) = effect {
                    disk.insert(entry.key.clone(), entry.record.clone());
                }
            }
            let saved = disk.into_iter().map(|(key, record)| Entry { key, record }).collect();
            let crashed_at = cut.checked_sub(1).map_or(world.minute(0), |last| world.times[last]);
            let after = World::restored(config.clone(), saved, crashed_at);
            let mut after = after.script("up == 0", "api", script);
            after.feed(Input::Wake);
            after.run_before(40);
            let told = [&world.effects[..cut], &after.effects].concat();
            assert!(ended(&told), "{case}: after {cut} effects");
        }
    }
}

#[test]
fn alerts_whose_rule_is_gone_are_resolved_with_the_first_input() {
    let mut world = World::new(rules()).script("up == 0", "api", "00000").script("up == 0", "db", "....0");
    world.run_before(5);
    let now = world.minute(10);
    let mut after =
        World::restored(config([]), world.saved(), now).show(Show { writes: true, ..Show::default() });
    after.kept = world.kept.clone();
    assert_eq!(after.engine.next_wake(), Some(now), "it wants to tell");
    after.feed(Input::Wake);
    insta::assert_snapshot!(after.timeline(), @r#"
    10m rule_gone Down/api
    10m rule_gone Down/db
    10m TELL resolved Down/api since 2m until 10m text="v=0"
    10m ALERTS[Down/api firing] = ended @10m
    10m ALERTS_FOR_STATE[Down/api] = ended @10m
    10m ALERTS[Down/db pending] = ended @10m
    10m ALERTS_FOR_STATE[Down/db] = ended @10m
    "#);
    assert!(after.kept.is_empty(), "and is done with it");
    assert_eq!(after.engine.next_wake(), None);
}

#[test]
fn series_of_alerts_that_ended_while_down_end() {
    let mut world = World::new(rules()).script("up == 0", "api", "00");
    world.run_before(2);
    let mut after = World::restored(rules(), world.saved(), world.minute(4) + Duration::from_secs(1));
    after.show.writes = true;
    after.run_before(7);
    insta::assert_snapshot!(after.timeline(), @r#"
    5m inactive Down/api
    5m ALERTS[Down/api pending] = ended @5m
    5m ALERTS_FOR_STATE[Down/api] = ended @5m
    "#);
}

#[test]
fn restored_alerts_are_shown_before_the_first_evaluation() {
    let mut world = World::new(rules()).script("up == 0", "api", "000");
    world.run_before(3);
    let after = World::restored(rules(), world.saved(), world.minute(2));
    let view = after.engine.view(after.now);
    let rule = &view.groups[0].rules[0];
    assert_eq!((rule.health.as_str(), rule.state.as_str()), ("unknown", "firing"));
    assert_eq!(rule.active_alerts().count(), 1);
}

#[test]
fn records_survive_json_with_any_value() {
    for value in [0.1 + 0.2, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 1e300] {
        let record = AlertRecord {
            state: AlertState::Pending { active_at: Timestamp::from_secs(1) },
            annotations: Annotations::default(),
            value,
        };
        let text = serde_json::to_string(&record).expect("a record is JSON");
        let back: AlertRecord = serde_json::from_str(&text).expect("a record");
        assert_eq!(back.value.is_nan(), value.is_nan(), "{text}");
        assert!(value.is_nan() || back.value.to_bits() == value.to_bits(), "{text}");
    }
}
