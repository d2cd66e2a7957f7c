//! Explanations as people read them.

use super::{ago, span};
use crate::config::intervals::{NamedInterval, TimeInterval};
use crate::config::routes::InhibitRule;
use crate::model::{Duration, LabelSet, Matcher, Timestamp};
use crate::router::Failure;
use crate::router::testing::{START, World, duration, failed, labels, receiver, route, routing};

fn explain(world: &World, alert: &str) -> String {
    let mut labels = labels(alert).to_builder();
    if !alert.contains("alertname=") {
        labels.set("alertname", "A");
    }
    world.router.explain(world.now, &labels.build()).text()
}

#[test]
fn an_alert_on_its_way_to_people() {
    let mut world = World::new(routing(vec![
        route(r#"team="web""#, "web"),
        route(r#"severity="page""#, "page").child(route(r#"zone=~"b|c""#, "zone")).continues(),
        route(r#"team="db""#, "db"),
        route("", "never"),
    ]));
    world.until("1m").fire(&["i=1 team=db severity=page"]);
    world.until("80s");
    insta::assert_snapshot!(explain(&world, "i=1 team=db severity=page"), @r#"
    Alert {alertname="A", i="1", severity="page", team="db"} (fingerprint c111976ee4c7eea2)
      It fires: it began 20s ago and was last heard of 20s ago.

    Routes that are looked at
      The root route matches, and so does a child.
        {team="web"} does not match: team is "db".
        {severity="page"} takes it: receiver page; it says continue.
          {zone=~"b|c"} does not match: the alert has no label zone.
        {team="db"} takes it: receiver db; the sibling after it is not looked at.

    Muted
      No silence and no other alert mutes it.

    Receiver page, group {}/{severity="page"}:{alertname="A"}
      group_wait 30s, group_interval 5m, repeat_interval 4h; grouped by alertname.
      The alert is in it (1 firing); it was not looked at since the server started, and is next in 10s.
      page/webhook[0]
        It was told nothing of the group.
        If nothing changes it is told in 10s, that it fires: first notification.

    Receiver db, group {}/{team="db"}:{alertname="A"}
      group_wait 30s, group_interval 5m, repeat_interval 4h; grouped by alertname.
      The alert is in it (1 firing); it was not looked at since the server started, and is next in 10s.
      db/webhook[0]
        It was told nothing of the group.
        If nothing changes it is told in 10s, that it fires: first notification.
    "#);
    world.until("3m");
    insta::assert_snapshot!(explain(&world, "i=1 team=db severity=page"), @r#"
    Alert {alertname="A", i="1", severity="page", team="db"} (fingerprint c111976ee4c7eea2)
      It fires: it began 2m ago and was last heard of 2m ago.

    Routes that are looked at
      The root route matches, and so does a child.
        {team="web"} does not match: team is "db".
        {severity="page"} takes it: receiver page; it says continue.
          {zone=~"b|c"} does not match: the alert has no label zone.
        {team="db"} takes it: receiver db; the sibling after it is not looked at.

    Muted
      No silence and no other alert mutes it.

    Receiver page, group {}/{severity="page"}:{alertname="A"}
      group_wait 30s, group_interval 5m, repeat_interval 4h; grouped by alertname.
      The alert is in it (1 firing); it was last looked at 1m 30s ago, and is next in 3m 30s.
      page/webhook[0]
        It knows that the alert fires; it was last told 1m 30s ago (first notification), of 1 firing.
        If nothing changes it is not told in 3m 30s: nothing changed, and the repeat interval ends in 3h 58m.

    Receiver db, group {}/{team="db"}:{alertname="A"}
      group_wait 30s, group_interval 5m, repeat_interval 4h; grouped by alertname.
      The alert is in it (1 firing); it was last looked at 1m 30s ago, and is next in 3m 30s.
      db/webhook[0]
        It knows that the alert fires; it was last told 1m 30s ago (first notification), of 1 firing.
        If nothing changes it is not told in 3m 30s: nothing changed, and the repeat interval ends in 3h 58m.
    "#);
}

#[test]
fn an_alert_that_is_only_imagined() {
    let mut world = World::new(routing(vec![
        route("a=1", "a"),
        route("a=2", "a"),
        route("a=3", "a"),
        route("a=4", "a"),
        route("a=5", "a"),
        route("b=1", "b"),
    ]));
    insta::assert_snapshot!(explain(&world, "b=1 i=1"), @r#"
    Alert {alertname="A", b="1", i="1"} (fingerprint 48461c33adf35b0c)
      No alert with these labels is known: this is what would become of one.

    Routes that are looked at
      The root route matches, and so does a child.
        {a="1"} does not match: the alert has no label a.
        … and 4 more that do not match.
        {b="1"} takes it: receiver b.

    Muted
      No silence and no other alert mutes it.

    Receiver b, group {}/{b="1"}:{alertname="A"}
      group_wait 30s, group_interval 5m, repeat_interval 4h; grouped by alertname.
      There is no such group yet: it would be looked at in 30s.
      b/webhook[0]
        It was told nothing of the group.
        If nothing changes it is told in 30s, that it fires: first notification.
    "#);
    world.fire(&["b=1 i=2"]);
    world.until("2m");
    insta::assert_snapshot!(explain(&world, "b=1 i=1"), @r#"
    Alert {alertname="A", b="1", i="1"} (fingerprint 48461c33adf35b0c)
      No alert with these labels is known: this is what would become of one.

    Routes that are looked at
      The root route matches, and so does a child.
        {a="1"} does not match: the alert has no label a.
        … and 4 more that do not match.
        {b="1"} takes it: receiver b.

    Muted
      No silence and no other alert mutes it.

    Receiver b, group {}/{b="1"}:{alertname="A"}
      group_wait 30s, group_interval 5m, repeat_interval 4h; grouped by alertname.
      The alert is not in it (1 firing); it was last looked at 1m 30s ago, and is next in 3m 30s.
      b/webhook[0]
        It knows nothing of the alert; it was last told 1m 30s ago (first notification), of 1 firing.
        If nothing changes it is told in 3m 30s, that it fires: new alerts added to the group.
    "#);
}

#[test]
fn a_receiver_that_does_not_answer() {
    let mut world = World::new(routing(Vec::new()));
    world.answer(|_, _| failed(Failure::ServerError, Some(duration("2m"))));
    world.fire(&["i=1"]);
    world.until("5m");
    insta::assert_snapshot!(explain(&world, "i=1"), @r#"
    Alert {alertname="A", i="1"} (fingerprint caaaffbd9ccf039f)
      It fires: it began 5m ago and was last heard of 5m ago.

    Routes that are looked at
      The root route takes it: receiver root.

    Muted
      No silence and no other alert mutes it.

    Receiver root, group {}:{alertname="A"}
      group_wait 30s, group_interval 5m, repeat_interval 4h; grouped by alertname.
      The alert is in it (1 firing); it was last looked at 4m 30s ago, and is next in 30s.
      root/webhook[0]
        It was told nothing of the group.
        3 attempts failed; the next is made in 1m 30s: first notification; it names the alert. It is given up in 23h 55m.
        The last attempt failed: no.
    "#);
}

#[test]
fn an_attempt_that_hangs() {
    let mut world = World::new(routing(Vec::new()));
    world.answer(|_, _| None);
    world.fire(&["i=1"]);
    world.until("45s");
    insta::assert_snapshot!(explain(&world, "i=1"), @r#"
    Alert {alertname="A", i="1"} (fingerprint caaaffbd9ccf039f)
      It fires: it began 45s ago and was last heard of 45s ago.

    Routes that are looked at
      The root route takes it: receiver root.

    Muted
      No silence and no other alert mutes it.

    Receiver root, group {}:{alertname="A"}
      group_wait 30s, group_interval 5m, repeat_interval 4h; grouped by alertname.
      The alert is in it (1 firing); it was last looked at 15s ago, and is next in 4m 45s.
      root/webhook[0]
        It was told nothing of the group.
        Attempt 1 began 15s ago, has no outcome yet and is given up in 45s: first notification; it names the alert.
    "#);
}

#[test]
fn a_cooldown_and_an_integration_that_does_not_want_to_hear_of_ends() {
    let mut routing = routing(Vec::new());
    routing.routes[0].cooldown = duration("1h");
    routing.receivers[0] = std::sync::Arc::new(receiver("root", &[true, false]));
    let mut world = World::new(routing);
    world.fire(&["i=1"]);
    world.until("1m").fire(&["i=2"]);
    world.until("2m").resolve(&["i=1"]);
    world.until("10m");
    insta::assert_snapshot!(explain(&world, "i=1"), @r#"
    Alert {alertname="A", i="1"} (fingerprint caaaffbd9ccf039f)
      It is resolved: it ended 8m ago.

    Routes that are looked at
      The root route takes it: receiver root.

    Muted
      No silence and no other alert mutes it.

    Receiver root, group {}:{alertname="A"}
      group_wait 30s, group_interval 5m, repeat_interval 4h, cooldown 1h; grouped by alertname.
      The alert is in it (1 firing and 1 resolved); it was last looked at 4m 30s ago, and is next in 30s.
      root/webhook[0]
        It knows that the alert fires; it was last told 9m 30s ago (first notification), of 1 firing.
        At the last look it was not told: cooldown, which ends in 50m 30s.
        If nothing changes it is not told in 30s: cooldown, which ends in 50m 30s.
      root/webhook[1]
        It knows that the alert fires; it was last told 9m 30s ago (first notification), of 1 firing.
        At the last look it was not told: cooldown, which ends in 50m 30s.
        If nothing changes it is not told in 30s: cooldown, which ends in 50m 30s.
    "#);
}

#[test]
fn an_alert_that_is_silenced_and_inhibited() {
    let mut routing = routing(Vec::new());
    let rule = |name: &str, target: &str| InhibitRule {
        name: name.into(),
        source: vec![Matcher::equal("alertname", "ZoneDown")],
        target: vec![Matcher::equal("severity", target)],
        equal: vec!["zone".into()],
        span: 0..0,
    };
    routing.inhibit_rules = vec![rule("", "warning"), rule("zones", "warning"), rule("never", "page")];
    let mut world = World::new(routing);
    world.fire(&["i=1 severity=warning zone=a", "i=2 severity=warning zone=b"]);
    world.until("1m");
    world.silence("zone=a", "2h");
    world.fire(&["alertname=ZoneDown zone=a"]);
    world.until("6m");
    insta::assert_snapshot!(explain(&world, "i=1 severity=warning zone=a"), @r#"
    Alert {alertname="A", i="1", severity="warning", zone="a"} (fingerprint 8ce6804662792feb)
      It fires: it began 6m ago and was last heard of 6m ago.

    Routes that are looked at
      The root route takes it: receiver root.

    Muted
      By silence 910a2dec-8902-4cc1-beeb-8da1658eec67 of me, which ends in 1h 54m: "I know"; it matches {zone="a"}.
      Inhibited by {alertname="ZoneDown", zone="a"} (fingerprint 66c0dc496bc42961) (inhibit_rules[0], zones).

    Receiver root, group {}:{alertname="A"}
      group_wait 30s, group_interval 5m, repeat_interval 4h; grouped by alertname.
      The alert is in it (2 firing); it was last looked at 30s ago, and is next in 4m 30s.
      root/webhook[0]
        It knows that the alert fires; it was last told 5m 30s ago (first notification), of 2 firing.
        At the last look it was not told: nothing changed and the repeat interval has not passed.
        If nothing changes it is not told in 4m 30s: nothing changed, and the repeat interval ends in 3h 54m.
    "#);
    // One that is only imagined is muted by the same.
    insta::assert_snapshot!(explain(&world, "alertname=Other severity=warning zone=a"), @r#"
    Alert {alertname="Other", severity="warning", zone="a"} (fingerprint cf3d67c29fabe2e4)
      No alert with these labels is known: this is what would become of one.

    Routes that are looked at
      The root route takes it: receiver root.

    Muted
      By silence 910a2dec-8902-4cc1-beeb-8da1658eec67 of me, which ends in 1h 54m: "I know"; it matches {zone="a"}.
      Inhibited by {alertname="ZoneDown", zone="a"} (fingerprint 66c0dc496bc42961) (inhibit_rules[0], zones).

    Receiver root, group {}:{alertname="Other"}
      group_wait 30s, group_interval 5m, repeat_interval 4h; grouped by alertname.
      There is no such group yet: it would be looked at in 30s.
      root/webhook[0]
        It was told nothing of the group.
        If nothing changes it is not told in 30s: all alerts that fire are silenced or inhibited.
    "#);
}

#[test]
fn a_route_that_is_quiet() {
    let mut routing = routing(Vec::new());
    routing.routes[0].mute_time_intervals = vec!["always".into()];
    routing.time_intervals =
        vec![NamedInterval { name: "always".into(), parts: vec![TimeInterval::default()], span: 0..0 }];
    let mut world = World::new(routing);
    world.fire(&["i=1"]);
    world.until("1m");
    insta::assert_snapshot!(explain(&world, "i=1"), @r#"
    Alert {alertname="A", i="1"} (fingerprint caaaffbd9ccf039f)
      It fires: it began 1m ago and was last heard of 1m ago.

    Routes that are looked at
      The root route takes it: receiver root.

    Muted
      No silence and no other alert mutes it.

    Receiver root, group {}:{alertname="A"}
      group_wait 30s, group_interval 5m, repeat_interval 4h; grouped by alertname.
      The alert is in it (1 firing); it was last looked at 30s ago, and is next in 4m 30s.
      The route is quiet now, because of always.
      root/webhook[0]
        It was told nothing of the group.
        At the last look it was not told: the route is quiet by its time intervals.
        If nothing changes it is not told in 4m 30s: the route is quiet by its time intervals.
    "#);
}

#[test]
fn an_alert_that_no_route_takes() {
    let mut routing = routing(Vec::new());
    routing.routes[0].matchers = vec![Matcher::equal("team", "db")];
    let world = World::new(routing);
    insta::assert_snapshot!(explain(&world, "i=1"), @r#"
    Alert {alertname="A", i="1"} (fingerprint caaaffbd9ccf039f)
      No alert with these labels is known: this is what would become of one.

    Routes that are looked at
      {team="db"} does not match: the alert has no label team.
      No route takes it: nobody is told.

    Muted
      No silence and no other alert mutes it.
    "#);
}

#[test]
fn the_json_has_stable_names() {
    let mut world = World::new(routing(vec![route(r#"i="1""#, "one")]));
    world.fire(&["i=1"]);
    world.until("1m");
    let labels = LabelSet::from_pairs([("alertname", "A"), ("i", "1")]);
    let json = serde_json::to_string_pretty(&world.router.explain(world.now, &labels)).expect("data");
    insta::assert_snapshot!(json, @r#"
    {
      "at": "2023-11-14T22:14:20.000Z",
      "fingerprint": "caaaffbd9ccf039f",
      "labels": {
        "alertname": "A",
        "i": "1"
      },
      "alert": {
        "resolved": false,
        "starts_at": "2023-11-14T22:13:20.000Z",
        "ends_at": null,
        "updated_at": "2023-11-14T22:13:20.000Z",
        "generator_url": "http://prometheus/graph"
      },
      "muting": {
        "silenced_by": [],
        "inhibited_by": []
      },
      "path": [
        {
          "route": "{}",
          "depth": 0,
          "matchers": [],
          "receiver": "root",
          "outcome": {
            "is": "goes_down"
          },
          "continue": false,
          "siblings_left_out": 0
        },
        {
          "route": "{}/0/{i=\"1\"}",
          "depth": 1,
          "matchers": [
            "i=\"1\""
          ],
          "receiver": "one",
          "outcome": {
            "is": "ends_here"
          },
          "continue": false,
          "siblings_left_out": 0
        }
      ],
      "destinations": [
        {
          "route": "{}/0/{i=\"1\"}",
          "receiver": "one",
          "timing": {
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "4h",
            "cooldown": "0s"
          },
          "quiet_by": [],
          "group": {
            "key": "{}/{i=\"1\"}:{alertname=\"A\"}",
            "labels": {
              "alertname": "A"
            },
            "group_by": [
              "alertname"
            ],
            "exists": true,
            "has_alert": true,
            "firing": 1,
            "resolved": 0,
            "next_flush": "2023-11-14T22:18:50.000Z",
            "last_flush": "2023-11-14T22:13:50.000Z"
          },
          "integrations": [
            {
              "name": "one/webhook[0]",
              "send_resolved": true,
              "told": {
                "at": "2023-11-14T22:13:50.010Z",
                "sent_at": "2023-11-14T22:13:50.010Z",
                "reason": "first notification",
                "alert": "firing",
                "firing": 1,
                "resolved": 0
              },
              "not_told": null,
              "on_its_way": null,
              "endpoint": {
                "name": "webhook one.test:80",
                "open_since": null,
                "held_until": null,
                "next_try": null,
                "waiting": 0
              },
              "fallback": null,
              "dead_letter": null,
              "last_error": null,
              "last_latency": "10ms",
              "outlook": {
                "is": "stays_quiet",
                "at": "2023-11-14T22:18:50.000Z",
                "why": {
                  "code": "unchanged",
                  "text": "nothing changed and the repeat interval has not passed",
                  "until": "2023-11-15T02:13:50.010Z"
                }
              }
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn explaining_changes_nothing_and_tells_the_truth() {
    // What an explanation announces is what happens.
    let mut world = World::new(routing(Vec::new()));
    world.fire(&["i=1"]);
    world.until("10s");
    let text = explain(&world, "i=1");
    assert!(text.contains("it is told in 20s, that it fires: first notification."), "{text}");
    world.until("30s");
    assert_eq!(world.log.len(), 1, "{}", world.timeline());
    world.until("4m").resolve(&["i=1"]);
    let text = explain(&world, "i=1");
    assert!(text.contains("it is told in 1m 30s, that it is resolved: all alerts resolved."), "{text}");
    world.until("5m30s");
    assert_eq!(world.log.len(), 2, "{}", world.timeline());
}

#[test]
fn times_are_said_as_people_say_them() {
    for (millis, want) in [
        (0, "now"),
        (499, "now"),
        (500, "in 500ms"),
        (1_000, "in 1s"),
        (250_000, "in 4m 10s"),
        (3_600_000, "in 1h"),
        (3_601_000, "in 1h"),
        (-90_000_000, "1d 1h ago"),
        (-59_600, "1m ago"),
    ] {
        assert_eq!(ago(START, Timestamp::from_millis(START.millis() + millis)), want, "{millis}");
    }
    assert_eq!(span(Duration::from_secs(86_400 * 400 + 1)), "400d");
}
