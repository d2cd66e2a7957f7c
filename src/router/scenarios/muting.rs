//! Tests: what receivers hear of alerts that silences and inhibition mute, and of routes that are quiet. No
//! code of the router is here. What Alertmanager does in the same story stands beside it (`strict`).

use super::{one_route, plain};
use crate::config::intervals::{NamedInterval, TimeInterval};
use crate::config::routes::Routing;
use crate::model::{Duration, SilenceKind, Timestamp};
use crate::router::testing::{
    START, World, delivered, draft, duration, failed, inhibit_rule, matchers, receiver, routing,
};
use crate::router::{AckDraft, AckOf, Answer, Failure, Input, Request, RequestId, SilenceDraft};

/// The story told by our rules and by Alertmanager's.
fn both(routing: &Routing, story: impl Fn(&mut World)) -> String {
    let tell = |strict: bool| {
        let mut world = World::new(Routing { strict, ..routing.clone() });
        world.note_events = true;
        story(&mut world);
        world.timeline()
    };
    format!("{}\n-- strict\n{}", tell(false), tell(true))
}

#[test]
fn what_resolves_while_silenced_is_told_and_is_news_when_it_fires_again() {
    let story = |world: &mut World| {
        world.fire(&["i=1"]);
        world.until("10m");
        let id = world.silence("i=1", "9h");
        world.until("20m").resolve(&["i=1"]);
        world.until("30m").expire(&id);
        world.until("40m").fire(&["i=1"]);
        world.until("60m");
    };
    insta::assert_snapshot!(both(&routing(Vec::new()), story), @r#"
          30s  root[0] A: first notification firing=[1] resolved=[]
        5m30s  not told: nothing changed and the repeat interval has not passed
          10m  silence {i="1"} made
       10m30s  not told: all alerts that fire are silenced or inhibited
       20m30s  root[0] A: all alerts resolved firing=[] resolved=[1]
    20m30s10ms  group dropped
          30m  silence {i="1"} ended
       40m30s  root[0] A: first notification firing=[1] resolved=[]
       45m30s  not told: nothing changed and the repeat interval has not passed
    -- strict
          30s  root[0] A: first notification firing=[1] resolved=[]
        5m30s  not told: nothing changed and the repeat interval has not passed
          10m  silence {i="1"} made
       10m30s  not told: all alerts that fire are silenced or inhibited
       20m30s  group dropped
          30m  silence {i="1"} ended
       40m30s  not told: nothing changed and the repeat interval has not passed
    "#);
}

#[test]
fn what_fires_silenced_and_ends_silenced_is_never_told() {
    let story = |world: &mut World| {
        world.silence("i=1", "1h");
        world.fire(&["i=1"]);
        world.until("40m").resolve(&["i=1"]);
        world.until("2h");
        assert_eq!(world.router.groups().len(), 0);
    };
    insta::assert_snapshot!(both(&routing(Vec::new()), story), @r#"
           0s  silence {i="1"} made
          30s  not told: all alerts that fire are silenced or inhibited
       40m30s  not told: resolved before anybody was told
       40m30s  group dropped
        1h1ms  silence {i="1"} ended
    -- strict
           0s  silence {i="1"} made
          30s  not told: all alerts that fire are silenced or inhibited
       40m30s  group dropped
        1h1ms  silence {i="1"} ended
    "#);
}

#[test]
fn what_still_fires_when_its_silence_ends_is_told_if_nobody_knows() {
    let story = |world: &mut World| {
        world.silence("i=1", "20m");
        world.fire(&["i=1"]);
        world.until("1h");
    };
    insta::assert_snapshot!(both(&routing(Vec::new()), story), @r#"
           0s  silence {i="1"} made
          30s  not told: all alerts that fire are silenced or inhibited
       20m1ms  silence {i="1"} ended
       20m30s  root[0] A: first notification firing=[1] resolved=[]
       25m30s  not told: nothing changed and the repeat interval has not passed
    -- strict
           0s  silence {i="1"} made
          30s  not told: all alerts that fire are silenced or inhibited
       20m1ms  silence {i="1"} ended
       20m30s  root[0] A: first notification firing=[1] resolved=[]
       25m30s  not told: nothing changed and the repeat interval has not passed
    "#);
}

#[test]
fn what_was_told_before_its_silence_is_not_repeated_before_the_repeat_interval() {
    let story = |world: &mut World| {
        world.fire(&["i=1"]);
        world.until("10m").silence("i=1", "20m");
        world.until("5h");
    };
    insta::assert_snapshot!(both(&routing(Vec::new()), story), @r#"
          30s  root[0] A: first notification firing=[1] resolved=[]
        5m30s  not told: nothing changed and the repeat interval has not passed
          10m  silence {i="1"} made
       10m30s  not told: all alerts that fire are silenced or inhibited
       20m1ms  silence {i="1"} ended
       20m30s  not told: nothing changed and the repeat interval has not passed
      4h5m30s  root[0] A: repeat interval elapsed firing=[1] resolved=[]
     4h10m30s  not told: nothing changed and the repeat interval has not passed
    -- strict
          30s  root[0] A: first notification firing=[1] resolved=[]
        5m30s  not told: nothing changed and the repeat interval has not passed
          10m  silence {i="1"} made
       10m30s  not told: all alerts that fire are silenced or inhibited
       20m1ms  silence {i="1"} ended
       20m30s  not told: nothing changed and the repeat interval has not passed
      4h5m30s  root[0] A: repeat interval elapsed firing=[1] resolved=[]
     4h10m30s  not told: nothing changed and the repeat interval has not passed
    "#);
}

#[test]
fn a_repeat_that_fell_into_a_silence_comes_at_the_first_look_after_it() {
    let story = |world: &mut World| {
        world.fire(&["i=1"]);
        world.until("1h").silence("i=1", "6h");
        world.until("7h");
    };
    insta::assert_snapshot!(both(&routing(Vec::new()), story), @r#"
          30s  root[0] A: first notification firing=[1] resolved=[]
        5m30s  not told: nothing changed and the repeat interval has not passed
           1h  silence {i="1"} made
        1h30s  not told: all alerts that fire are silenced or inhibited
        6h1ms  silence {i="1"} ended
        6h30s  root[0] A: repeat interval elapsed firing=[1] resolved=[]
      6h5m30s  not told: nothing changed and the repeat interval has not passed
    -- strict
          30s  root[0] A: first notification firing=[1] resolved=[]
        5m30s  not told: nothing changed and the repeat interval has not passed
           1h  silence {i="1"} made
        1h30s  not told: all alerts that fire are silenced or inhibited
        6h1ms  silence {i="1"} ended
        6h30s  root[0] A: repeat interval elapsed firing=[1] resolved=[]
      6h5m30s  not told: nothing changed and the repeat interval has not passed
    "#);
}

#[test]
fn of_a_group_that_is_muted_in_part_the_rest_is_told() {
    let story = |world: &mut World| {
        world.fire(&["i=1", "i=2"]);
        world.until("10m");
        let id = world.silence("i=1", "9h");
        world.until("20m").fire(&["i=3"]); // told without the silenced one
        world.until("30m").expire(&id); // which is then told as new: the receiver may think it is over
        world.until("40m").silence("i=1", "9h");
        world.until("50m").resolve(&["i=2", "i=3"]); // not "all resolved": one fires, silenced
        world.until("60m").resolve(&["i=1"]);
        world.until("80m");
    };
    insta::assert_snapshot!(both(&routing(Vec::new()), story), @r#"
          30s  root[0] A: first notification firing=[1 2] resolved=[]
        5m30s  not told: nothing changed and the repeat interval has not passed
          10m  silence {i="1"} made
       20m30s  root[0] A: new alerts added firing=[2 3] resolved=[]
       25m30s  not told: nothing changed and the repeat interval has not passed
          30m  silence {i="1"} ended
       30m30s  root[0] A: new alerts added firing=[1 2 3] resolved=[]
       35m30s  not told: nothing changed and the repeat interval has not passed
          40m  silence {i="1"} made
       50m30s  root[0] A: some alerts resolved firing=[] resolved=[2 3]
       55m30s  not told: all alerts that fire are silenced or inhibited
        1h30s  root[0] A: all alerts resolved firing=[] resolved=[1]
    1h30s10ms  group dropped
    -- strict
          30s  root[0] A: first notification firing=[1 2] resolved=[]
        5m30s  not told: nothing changed and the repeat interval has not passed
          10m  silence {i="1"} made
       20m30s  root[0] A: new alerts added firing=[2 3] resolved=[]
       25m30s  not told: nothing changed and the repeat interval has not passed
          30m  silence {i="1"} ended
       30m30s  root[0] A: new alerts added firing=[1 2 3] resolved=[]
       35m30s  not told: nothing changed and the repeat interval has not passed
          40m  silence {i="1"} made
       50m30s  root[0] A: all alerts resolved firing=[] resolved=[2 3]
       55m30s  not told: all alerts that fire are silenced or inhibited
        1h30s  group dropped
    "#);
}

#[test]
fn a_silenced_alert_that_was_left_out_is_told_as_resolved_when_it_ends() {
    let mut world = plain();
    world.fire(&["i=1", "i=2"]);
    world.until("10m").silence("i=1", "9h");
    world.until("20m").fire(&["i=3"]);
    world.until("30m");
    world.crash();
    world.until("40m").resolve(&["i=1"]);
    world.until("60m");
    insta::assert_snapshot!(world.timeline(), @r"
       30s  root[0] A: first notification firing=[1 2] resolved=[]
    20m30s  root[0] A: new alerts added firing=[2 3] resolved=[]
    40m30s  root[0] A: some alerts resolved firing=[2 3] resolved=[1]
    ");
}

#[test]
fn a_retry_does_not_send_what_was_silenced_meanwhile() {
    let story = |world: &mut World| {
        world.answer(|at, _| match at < Timestamp::from_secs(100) {
            true => failed(Failure::RateLimited, Some(duration("2m"))),
            false => delivered(),
        });
        world.fire(&["i=1", "i=2", "alertname=B i=3"]);
        world.until("1m").silence("i=1", "1h");
        world.silence("i=3", "1h");
        world.until("4m");
    };
    insta::assert_snapshot!(both(&routing(Vec::new()), story), @r#"
          30s  root[0] A: first notification firing=[1 2] resolved=[]
          30s  root[0] B: first notification firing=[3] resolved=[]
           1m  silence {i="1"} made
           1m  silence {i="3"} made
    2m30s10ms  "first notification" gives way to "first notification"
    2m30s10ms  root[0] A: first notification firing=[2] resolved=[]
    2m30s10ms  "first notification" gives way to "nothing"
    2m30s10ms  not told: all alerts that fire are silenced or inhibited
    -- strict
          30s  root[0] A: first notification firing=[1 2] resolved=[]
          30s  root[0] B: first notification firing=[3] resolved=[]
           1m  silence {i="1"} made
           1m  silence {i="3"} made
    2m30s10ms  root[0] A: first notification firing=[1 2] resolved=[] (#2)
    2m30s10ms  root[0] B: first notification firing=[3] resolved=[] (#2)
    "#);
}

#[test]
fn a_receiver_that_wants_no_resolutions_is_not_told_again_after_a_silence() {
    let mut routing = routing(Vec::new());
    routing.receivers = vec![std::sync::Arc::new(receiver("root", &[false]))];
    let mut world = World::new(routing);
    world.fire(&["i=1", "i=2"]);
    world.until("10m").silence("i=1", "30m");
    world.until("20m").resolve(&["i=2"]);
    world.until("2h");
    insta::assert_snapshot!(world.timeline(), @r"      30s  root[0] A: first notification firing=[1 2] resolved=[]");
}

#[test]
fn what_an_inhibited_alert_did_is_told_by_the_same_rules() {
    let mut routing = routing(Vec::new());
    routing.inhibit_rules = vec![inhibit_rule("alertname=Down", "alertname=Slow", "zone")];
    let story = |world: &mut World| {
        world.fire(&["alertname=Slow i=1 zone=a", "alertname=Slow i=2 zone=b"]);
        world.until("10m").fire(&["alertname=Down i=9 zone=a"]);
        world.until("20m").resolve(&["alertname=Slow i=1 zone=a"]);
        world.until("30m").resolve(&["alertname=Down i=9 zone=a"]);
        world.until("40m").fire(&["alertname=Slow i=1 zone=a"]);
        world.until("60m");
    };
    insta::assert_snapshot!(both(&routing, story), @r"
          30s  root[0] Slow: first notification firing=[1 2] resolved=[]
        5m30s  not told: nothing changed and the repeat interval has not passed
       10m30s  root[0] Down: first notification firing=[9] resolved=[]
       15m30s  not told: nothing changed and the repeat interval has not passed
       20m30s  root[0] Slow: some alerts resolved firing=[2] resolved=[1]
       25m30s  not told: nothing changed and the repeat interval has not passed
       30m30s  root[0] Down: all alerts resolved firing=[] resolved=[9]
    30m30s10ms  group dropped
       40m30s  root[0] Slow: new alerts added firing=[1 2] resolved=[]
       45m30s  not told: nothing changed and the repeat interval has not passed
    -- strict
          30s  root[0] Slow: first notification firing=[1 2] resolved=[]
        5m30s  not told: nothing changed and the repeat interval has not passed
       10m30s  root[0] Down: first notification firing=[9] resolved=[]
       15m30s  not told: nothing changed and the repeat interval has not passed
       30m30s  root[0] Down: all alerts resolved firing=[] resolved=[9]
    30m30s10ms  group dropped
    ");
}

#[test]
fn an_acknowledged_alert_is_not_repeated_and_its_end_is_told() {
    let story = |world: &mut World| {
        world.fire(&["i=1", "i=2"]);
        world.until("1h");
        let (by, comment, until) = ("me".into(), "on it".into(), START + duration("24h"));
        let of = AckOf::Matchers(matchers("i=1"));
        let answer = world.request(Request::Ack(AckDraft { of, by, comment, until }));
        assert!(matches!(answer, Answer::Acked(_)), "{answer:?}");
        world.until("2h").resolve(&["i=2"]);
        world.until("9h").resolve(&["i=1"]);
        world.until("10h").fire(&["i=1"]); // another life: nobody is at it
        world.until("11h");
    };
    insta::assert_snapshot!(both(&routing(Vec::new()), story), @r#"
          30s  root[0] A: first notification firing=[1 2] resolved=[]
        5m30s  not told: nothing changed and the repeat interval has not passed
           1h  silence {alertname="A",i="1"} made
        2h30s  root[0] A: some alerts resolved firing=[] resolved=[2]
      2h5m30s  not told: all alerts that fire are silenced or inhibited
           9h  silence {alertname="A",i="1"} ended
        9h30s  root[0] A: all alerts resolved firing=[] resolved=[1]
    9h30s10ms  group dropped
       10h30s  root[0] A: first notification firing=[1] resolved=[]
     10h5m30s  not told: nothing changed and the repeat interval has not passed
    -- strict
          30s  root[0] A: first notification firing=[1 2] resolved=[]
        5m30s  not told: nothing changed and the repeat interval has not passed
           1h  silence {alertname="A",i="1"} made
        2h30s  root[0] A: all alerts resolved firing=[] resolved=[2]
      2h5m30s  not told: all alerts that fire are silenced or inhibited
           9h  silence {alertname="A",i="1"} ended
        9h30s  not told: nothing fires, as told before
        9h30s  group dropped
       10h30s  root[0] A: first notification firing=[1] resolved=[]
     10h5m30s  not told: nothing changed and the repeat interval has not passed
    "#);
}

#[test]
fn a_snooze_lasts_until_nothing_fires_that_it_matches() {
    let mut world = plain();
    world.note_events = true;
    world.fire(&["team=db i=1"]);
    world.send(&["team=db i=2"], Some(START + duration("2h")));
    world.until("10m");
    world.set(SilenceDraft { kind: SilenceKind::UntilResolved, ..draft(world.now, "team=db", "24h") });
    world.until("1h").resolve(&["team=db i=1"]);
    world.until("90m").fire(&["team=db i=3"]); // new, and as quiet as the others
    world.until("3h").resolve(&["team=db i=3"]);
    world.until("4h").fire(&["team=db i=3"]);
    world.until("5h");
    insta::assert_snapshot!(world.timeline(), @r#"
        30s  root[0] A: first notification firing=[1 2] resolved=[]
      5m30s  not told: nothing changed and the repeat interval has not passed
        10m  silence {team="db"} made
     10m30s  not told: all alerts that fire are silenced or inhibited
      1h30s  root[0] A: some alerts resolved firing=[] resolved=[1]
    1h5m30s  not told: all alerts that fire are silenced or inhibited
      2h30s  root[0] A: some alerts resolved firing=[] resolved=[2]
    2h5m30s  not told: all alerts that fire are silenced or inhibited
         3h  silence {team="db"} ended
      3h30s  not told: nothing fires, as told before
      3h30s  group dropped
      4h30s  root[0] A: first notification firing=[3] resolved=[]
    4h5m30s  not told: nothing changed and the repeat interval has not passed
    "#);
}

/// Quiet from 01:00 to 02:00 UTC; `START` is 22:13:20, so from 2h46m40s to 3h46m40s.
fn quiet_at_night() -> Routing {
    let mut routing = one_route(|route| route.mute_time_intervals = vec!["night".into()]);
    let times = vec![crate::config::intervals::TimeRange { start_minute: 60, end_minute: 120 }];
    let parts = vec![TimeInterval { times, ..TimeInterval::default() }];
    routing.time_intervals = vec![NamedInterval { name: "night".into(), parts, span: 0..0 }];
    routing
}

#[test]
fn a_route_that_is_quiet_tells_afterwards_what_there_is_to_tell() {
    let story = |world: &mut World| {
        world.fire(&["i=1", "alertname=B i=4"]);
        world.until("3h").resolve(&["i=1"]);
        world.fire(&["i=2"]);
        world.resolve(&["alertname=B i=4"]);
        world.until("3h10m").fire(&["alertname=C i=5"]);
        world.until("3h20m").resolve(&["alertname=C i=5"]);
        world.until("5h");
    };
    insta::assert_snapshot!(both(&quiet_at_night(), story), @r"
          30s  root[0] A: first notification firing=[1] resolved=[]
          30s  root[0] B: first notification firing=[4] resolved=[]
        5m30s  not told: nothing changed and the repeat interval has not passed
        5m30s  not told: nothing changed and the repeat interval has not passed
        3h30s  not told: the route is quiet by its time intervals
        3h30s  not told: the route is quiet by its time intervals
     3h10m30s  not told: the route is quiet by its time intervals
     3h20m30s  not told: resolved before anybody was told
     3h20m30s  group dropped
     3h50m30s  root[0] A: new alerts added firing=[2] resolved=[1]
     3h50m30s  root[0] B: all alerts resolved firing=[] resolved=[4]
    3h50m30s10ms  group dropped
     3h55m30s  not told: nothing changed and the repeat interval has not passed
    -- strict
          30s  root[0] A: first notification firing=[1] resolved=[]
          30s  root[0] B: first notification firing=[4] resolved=[]
        5m30s  not told: nothing changed and the repeat interval has not passed
        5m30s  not told: nothing changed and the repeat interval has not passed
     2h50m30s  not told: the route is quiet by its time intervals
     2h50m30s  not told: the route is quiet by its time intervals
        3h30s  group dropped
     3h10m30s  not told: the route is quiet by its time intervals
     3h20m30s  group dropped
     3h50m30s  root[0] A: new alerts added firing=[2] resolved=[]
     3h55m30s  not told: nothing changed and the repeat interval has not passed
    ");
}

#[test]
fn a_retry_waits_for_the_end_of_the_quiet_time() {
    let mut world = World::new(quiet_at_night());
    world.note_events = true;
    world.answer(|at, _| match at < Timestamp::from_secs(10_200) {
        true => failed(Failure::ServerError, Some(duration("3m"))),
        false => delivered(),
    });
    world.until("2h45m").fire(&["i=1"]);
    world.until("5h");
    insta::assert_snapshot!(world.timeline(), @r#"
     2h45m30s  root[0] A: first notification firing=[1] resolved=[]
    2h48m30s10ms  "first notification" gives way to "nothing"
    2h48m30s10ms  not told: the route is quiet by its time intervals
     3h50m30s  root[0] A: first notification firing=[1] resolved=[]
     3h55m30s  not told: nothing changed and the repeat interval has not passed
    "#);
}

#[test]
fn the_far_end_of_another_systems_alert_survives_a_restart() {
    let mut world = plain();
    let mut alert = world.alert("i=1", Some(START + duration("4m")));
    world.input(Input::Alerts(vec![alert.clone()]));
    world.until("1m");
    alert.ends_at = Some(START + duration("8h"));
    alert.updated_at = world.now;
    world.input(Input::Alerts(vec![alert]));
    world.crash();
    world.until("9h");
    insta::assert_snapshot!(world.timeline(), @r"
        30s  root[0] A: first notification firing=[1] resolved=[]
    4h5m30s  root[0] A: repeat interval elapsed firing=[1] resolved=[]
      8h30s  root[0] A: all alerts resolved firing=[] resolved=[1]
    ");
}

#[test]
fn a_story_with_silences_is_the_same_whenever_the_process_is_killed() {
    let story = |crash_after: Option<usize>| {
        let mut world = World::new(one_route(|route| route.cooldown = duration("10m")));
        world.crash_after = crash_after;
        world.fire(&["i=1", "i=2"]);
        world.until("12m").silence("i=1", "2h");
        world.until("20m").fire(&["i=3"]);
        world.until("25m").resolve(&["i=2"]);
        world.until("28m").fire(&["i=2"]);
        world.until("40m").resolve(&["i=1", "i=3"]);
        world.until("1h").fire(&["i=1"]);
        world.until("3h").resolve(&["i=1", "i=2"]);
        world.until("4h");
        world
    };
    let whole = story(None);
    let texts: Vec<String> = whole.got.iter().map(|(_, text)| text.clone()).collect();
    insta::assert_snapshot!(texts.join("\n"), @r"
    root[0] A: first notification firing=[1 2] resolved=[]
    root[0] A: new alerts added firing=[2 3] resolved=[]
    root[0] A: alerts fired again during the cooldown firing=[2(flapped 1x) 3] resolved=[]
    root[0] A: some alerts resolved firing=[2] resolved=[1 3]
    root[0] A: new alerts added firing=[1 2] resolved=[]
    root[0] A: all alerts resolved firing=[] resolved=[1 2]
    ");
    for step in 1..=whole.inputs {
        let crashed = story(Some(step));
        assert_eq!(crashed.got, whole.got, "killed after input {step}:\n{}", crashed.timeline());
    }
}

#[test]
fn ten_thousand_silences_cost_a_new_alert_no_walk() {
    let mut world = plain();
    for number in 0..10_000 {
        let wanted = draft(START, &format!("alertname=~A|B,i={number}"), "1h");
        let request = Input::Request(RequestId(number), Request::SetSilence(wanted));
        drop(world.router.handle(START, request)); // past the world, which looks at all silences each time
    }
    world.fire(&["i=77"]);
    assert_eq!(world.router.silences.matching(&world.alert("i=77", None).labels).len(), 1);
    assert!(world.router.is_muted(START, 0));
    assert!(!world.router.is_muted(START + duration("1h") + Duration::from_millis(1), 0));
}
