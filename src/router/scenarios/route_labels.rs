//! Tests: the labels of a route are rendered for each notification. No code of the router is here.

use super::one_route;
use crate::router::testing::World;

fn with_labels(labels: &[(&str, &str)]) -> World {
    let labels = labels.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
    let mut world = World::new(one_route(|route| route.labels = labels));
    world.note_events = true;
    world
}

#[test]
fn they_say_what_is_told() {
    let mut world = with_labels(&[
        ("channel", "{{ routeLabels \"team\" }}-{{ .Receiver }}-{{ .NotificationReason }}"),
        ("count", "{{ len .Alerts.Firing }}/{{ len .Alerts }}"),
        ("team", "{{ .CommonLabels.i | printf \"team%s\" }}"),
        ("tier", "a"),
    ]);
    world.fire(&["i=1"]);
    world.until("6m").fire(&["i=2"]);
    world.until("11m").resolve(&["i=1"]);
    world.until("16m");
    insta::assert_snapshot!(world.timeline(), @r#"
       30s  root[0] A: first notification firing=[1] resolved=[] labels={"channel": "team1-root-unknown", "count": "1/1", "team": "team1", "tier": "a"}
     5m30s  not told: nothing changed and the repeat interval has not passed
    10m30s  root[0] A: new alerts added to the group firing=[1 2] resolved=[] labels={"channel": "team-root-unknown", "count": "2/2", "team": "team", "tier": "a"}
    15m30s  root[0] A: some alerts resolved firing=[2] resolved=[1] labels={"channel": "team-root-unknown", "count": "1/2", "team": "team", "tier": "a"}
    "#);
}

#[test]
fn those_that_fail_are_left_out_and_noted() {
    let mut world = with_labels(&[
        ("a", "{{ routeLabels \"b\" }}"),
        ("b", "{{ routeLabels \"a\" }}"),
        ("first", "{{ (index .Alerts 0).Labels.i }}"),
        ("second", "{{ (index .Alerts 1).Labels.i }}"),
    ]);
    world.fire(&["i=1"]);
    world.until("1m").fire(&["i=2"]);
    world.until("6m");
    insta::assert_snapshot!(world.timeline(), @r#"
      30s  label a: template: :1:3: executing "" at <routeLabels "b">: error calling routeLabels: template: :1:3: executing "" at <routeLabels "a">: error calling routeLabels: route label cycle detected: a -> b -> a
      30s  label b: template: :1:3: executing "" at <routeLabels "a">: error calling routeLabels: template: :1:3: executing "" at <routeLabels "b">: error calling routeLabels: route label cycle detected: b -> a -> b
      30s  label second: template: :1:4: executing "" at <index .Alerts 1>: error calling index: reflect: slice index out of range
      30s  root[0] A: first notification firing=[1] resolved=[] labels={"first": "1"}
    5m30s  label a: template: :1:3: executing "" at <routeLabels "b">: error calling routeLabels: template: :1:3: executing "" at <routeLabels "a">: error calling routeLabels: route label cycle detected: a -> b -> a
    5m30s  label b: template: :1:3: executing "" at <routeLabels "a">: error calling routeLabels: template: :1:3: executing "" at <routeLabels "b">: error calling routeLabels: route label cycle detected: b -> a -> b
    5m30s  root[0] A: new alerts added to the group firing=[1 2] resolved=[] labels={"first": "1", "second": "2"}
    "#);
}
