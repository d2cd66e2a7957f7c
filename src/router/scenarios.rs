//! Tests: what people are told when, as timelines in virtual time. No code of the router is here.
//!
//! Unless a test says otherwise there is one route with the receiver `root`, grouped by `alertname`, with
//! `group_wait` 30s, `group_interval` 5m, `repeat_interval` 4h. Receivers take 10 ms to answer.

mod cooldown;
mod limits;
mod memory;
mod muting;
mod outbox;
mod route_labels;

use std::sync::Arc;

use super::testing::{START, World, delivered, duration, failed, receiver, route, routing};
use super::{DeliveryState, Failure, Input, Outcome, Record};
use crate::config::routes::Routing;
use crate::model::{Duration, Timestamp};

/// One route whose values are set by `change`.
fn one_route(change: impl FnOnce(&mut crate::config::routes::Route)) -> Routing {
    let mut routing = routing(Vec::new());
    change(&mut routing.routes[0]);
    routing
}

fn plain() -> World {
    World::new(routing(Vec::new()))
}

#[test]
fn a_group_waits_then_speaks_at_intervals_then_repeats_then_ends() {
    let mut world = plain();
    world.note_events = true;
    world.fire(&["i=1"]);
    world.until("20s").fire(&["i=2"]);
    world.until("2m").fire(&["i=3"]);
    world.until("8m").resolve(&["i=2"]);
    world.until("5h").resolve(&["i=1", "i=3"]);
    world.until("10h");
    insta::assert_snapshot!(world.timeline(), @r"
          30s  root[0] A: first notification firing=[1 2] resolved=[]
        5m30s  root[0] A: new alerts added to the group firing=[1 2 3] resolved=[]
       10m30s  root[0] A: some alerts resolved firing=[1 3] resolved=[2]
       15m30s  not told: nothing changed and the repeat interval has not passed
     4h15m30s  root[0] A: repeat interval elapsed firing=[1 3] resolved=[]
     4h20m30s  not told: nothing changed and the repeat interval has not passed
        5h30s  root[0] A: all alerts resolved firing=[] resolved=[1 3]
    5h30s10ms  group dropped
    ");
    assert!(world.saved.is_empty(), "{:?}", world.saved);
    assert_eq!(world.router.next_wake(), None);
}

#[test]
fn an_alert_that_waited_elsewhere_is_told_at_once_but_only_by_a_new_group() {
    let mut world = plain();
    world.until("1h");
    let mut old = world.alert("i=1", None);
    old.starts_at = START;
    world.input(Input::Alerts(vec![old.clone()]));
    world.until("61m");
    old.labels = super::testing::labels("alertname=A i=2");
    world.input(Input::Alerts(vec![old]));
    world.until("2h");
    insta::assert_snapshot!(world.timeline(), @r"
      1h  root[0] A: first notification firing=[1] resolved=[]
    1h5m  root[0] A: new alerts added to the group firing=[1 2] resolved=[]
    ");
}

#[test]
fn an_alert_of_another_system_ends_by_time() {
    let mut world = plain();
    let end = Some(START + duration("3m"));
    world.send(&["i=1"], end);
    world.until("1m").send(&["i=1"], Some(START + duration("4m")));
    world.until("1h");
    insta::assert_snapshot!(world.timeline(), @r"
      30s  root[0] A: first notification firing=[1] resolved=[]
    5m30s  root[0] A: all alerts resolved firing=[] resolved=[1]
    ");
    assert!(world.saved.is_empty());
}

#[test]
fn what_fires_and_ends_before_anybody_was_told_is_never_told() {
    let mut world = plain();
    world.note_events = true;
    world.fire(&["i=1"]);
    world.until("10s").resolve(&["i=1"]);
    world.until("40s").fire(&["i=2"]);
    world.until("2m").fire(&["i=3"]);
    world.until("3m").resolve(&["i=3"]);
    world.until("20m");
    insta::assert_snapshot!(world.timeline(), @r"
      30s  not told: resolved before anybody was told
      30s  group dropped
    1m10s  root[0] A: first notification firing=[2] resolved=[]
    6m10s  not told: nothing changed and the repeat interval has not passed
    ");
}

#[test]
fn an_end_that_was_told_in_one_group_does_not_keep_the_alert_from_firing_there_again() {
    // Two routes; the second one's receiver takes no resolution yet when the alert fires again.
    let mut world = World::new(routing(vec![route("", "a").continues(), route("", "b")]));
    world.answer(|at, attempt| match &*attempt.notification.receiver {
        "b" if (300..600).contains(&(at.millis() / 1000)) => failed(Failure::Other, Some(duration("10m"))),
        _ => delivered(),
    });
    world.fire(&["i=1"]);
    world.until("1m").resolve(&["i=1"]);
    world.until("7m").fire(&["i=1"]);
    world.until("30m");
    insta::assert_snapshot!(world.timeline(), @r"
      30s  a[0] A: first notification firing=[1] resolved=[]
      30s  b[0] A: first notification firing=[1] resolved=[]
    5m30s  a[0] A: all alerts resolved firing=[] resolved=[1]
    5m30s  b[0] A: all alerts resolved firing=[] resolved=[1]
    7m30s  a[0] A: first notification firing=[1] resolved=[]
    ");
}

#[test]
fn siblings_with_equal_matchers_are_both_told() {
    let mut world = World::new(routing(vec![route("team=db", "ops").continues(), route("team=db", "ops")]));
    world.fire(&["team=db i=1"]);
    world.until("1m");
    insta::assert_snapshot!(world.timeline(), @r"
    30s  ops[0] A: first notification firing=[1] resolved=[]
    30s  ops[0] A: first notification firing=[1] resolved=[]
    ");
}

#[test]
fn a_failing_receiver_is_tried_again_and_then_hears_the_newest_state() {
    let mut world = plain();
    world.note_events = true;
    world.answer(|at, _| match at < Timestamp::from_secs(330) {
        true => failed(Failure::ServerError, None),
        false => delivered(),
    });
    world.fire(&["i=1"]);
    world.until("2m").fire(&["i=2"]);
    world.until("1h");
    let lines: Vec<&String> = world.log.iter().filter(|line| !line.contains("(#")).collect();
    insta::assert_snapshot!(lines.into_iter().cloned().collect::<Vec<_>>().join("\n"), @r#"
          30s  root[0] A: first notification firing=[1] resolved=[]
          35s  webhook root.test:80 does not answer
        5m30s  "first notification" gives way to "first notification"
    5m37s725ms  root[0] A: first notification firing=[1 2] resolved=[]
    5m37s735ms  webhook root.test:80 answers again, 0 wait
       10m30s  not told: nothing changed and the repeat interval has not passed
    "#);
    let tries = world.log.iter().filter(|line| line.contains("(#")).count();
    assert!((8..20).contains(&tries), "{tries} further tries in five minutes");
    assert_eq!(world.got.len(), 1);
}

#[test]
fn a_receiver_that_asks_for_time_gets_it() {
    let mut world = plain();
    world.answer(|at, _| match at < Timestamp::from_secs(60) {
        true => failed(Failure::RateLimited, Some(duration("2m"))),
        false => delivered(),
    });
    world.fire(&["i=1"]);
    world.until("1h");
    insta::assert_snapshot!(world.timeline(), @r"
          30s  root[0] A: first notification firing=[1] resolved=[]
    2m30s10ms  root[0] A: first notification firing=[1] resolved=[] (#2)
    ");
}

#[test]
fn what_is_refused_is_tried_at_the_next_interval() {
    let mut world = plain();
    world.answer(|at, _| match at < Timestamp::from_secs(60) {
        true => {
            let message = "no such channel".to_owned();
            Some((Duration::ZERO, Outcome::Refused { failure: Failure::ClientError, message }))
        }
        false => delivered(),
    });
    world.fire(&["i=1"]);
    world.until("1m");
    let [group] = &world.router.groups()[..] else { panic!("one group") };
    assert_eq!(group.deliveries[0].state, DeliveryState::Idle);
    assert_eq!(group.deliveries[0].last_error.as_deref(), Some("no such channel"));
    world.until("1h");
    insta::assert_snapshot!(world.timeline(), @r"
      30s  root[0] A: first notification firing=[1] resolved=[]
    5m30s  root[0] A: first notification firing=[1] resolved=[]
    ");
}

#[test]
fn a_slow_integration_does_not_hold_up_the_others_and_hears_what_it_missed() {
    let mut routing = one_route(|route| route.group_interval = duration("5s"));
    routing.receivers = vec![Arc::new(receiver("root", &[true, true]))];
    let mut world = World::new(routing);
    world.answer(|_, attempt| match attempt.integration.index {
        0 => Some((duration("8s"), Outcome::Delivered)),
        _ => delivered(),
    });
    world.note_events = true;
    world.fire(&["i=1"]);
    world.until("32s").fire(&["i=2"]);
    world.until("30m");
    insta::assert_snapshot!(world.timeline(), @r"
    30s  root[0] A: first notification firing=[1] resolved=[]
    30s  root[1] A: first notification firing=[1] resolved=[]
    35s  not told: an earlier notification is still on its way
    35s  root[1] A: new alerts added to the group firing=[1 2] resolved=[]
    38s  root[0] A: new alerts added to the group firing=[1 2] resolved=[]
    40s  not told: nothing changed and the repeat interval has not passed
    50s  not told: nothing changed and the repeat interval has not passed
    ");
}

#[test]
fn an_outcome_that_never_comes_counts_as_a_failure() {
    let mut world = plain();
    world.answer(|at, _| if at < Timestamp::from_secs(60) { None } else { delivered() });
    world.fire(&["i=1"]);
    world.until("4m");
    insta::assert_snapshot!(world.timeline(), @r"
          30s  root[0] A: first notification firing=[1] resolved=[]
    1m40s531ms  root[0] A: first notification firing=[1] resolved=[] (#2)
    ");
}

#[test]
fn a_receiver_that_wants_no_resolutions_hears_none_and_hears_a_second_fire() {
    let mut routing = routing(Vec::new());
    routing.receivers = vec![Arc::new(receiver("root", &[false]))];
    let mut world = World::new(routing);
    world.note_events = true;
    world.fire(&["i=1", "i=2"]);
    world.until("1m").resolve(&["i=2"]);
    world.until("7m").fire(&["i=2"]);
    world.until("20m").resolve(&["i=1", "i=2"]);
    world.until("1h");
    insta::assert_snapshot!(world.timeline(), @r"
       30s  root[0] A: first notification firing=[1 2] resolved=[]
     5m30s  not told: resolutions are not sent to this integration
    10m30s  root[0] A: new alerts added to the group firing=[1 2] resolved=[]
    15m30s  not told: nothing changed and the repeat interval has not passed
    20m30s  not told: resolutions are not sent to this integration
    20m30s  group dropped
    ");
    assert!(world.saved.is_empty());
}

#[test]
fn strict_a_receiver_that_wants_no_resolutions_does_not_hear_a_second_fire() {
    let mut routing = routing(Vec::new());
    routing.strict = true;
    routing.receivers = vec![Arc::new(receiver("root", &[false]))];
    let mut world = World::new(routing);
    world.fire(&["i=1", "i=2"]);
    world.until("1m").resolve(&["i=2"]);
    world.until("7m").fire(&["i=2"]);
    world.until("1h");
    insta::assert_snapshot!(world.timeline(), @r"      30s  root[0] A: first notification firing=[1 2] resolved=[]");
}

#[test]
fn a_dead_receiver_costs_no_more_the_longer_it_is_dead() {
    // Every alert is a group of its own, looked at each second; alerts come and go.
    let mut world = World::new(one_route(|route| {
        route.group_by = crate::config::routes::GroupBy::All;
        route.group_interval = duration("1s");
        route.group_wait = Duration::ZERO;
    }));
    world.answer(|_, _| failed(Failure::Other, None));
    let mut sizes = Vec::new();
    for minute in 0..120 {
        world.until(&format!("{minute}m"));
        let gone: Vec<String> = (0..10).map(|n| format!("i={}-{n}", minute - 3)).collect();
        let new: Vec<String> = (0..10).map(|n| format!("i={minute}-{n}")).collect();
        world.resolve(&gone.iter().map(String::as_str).collect::<Vec<_>>());
        world.fire(&new.iter().map(String::as_str).collect::<Vec<_>>());
        world.until(&format!("{minute}m30s"));
        let view = world.router.view(world.now);
        assert_eq!((view.in_flight + view.retrying, view.remembered), (view.groups, 0));
        sizes.push((view.groups, world.saved.len()));
        world.log.clear();
    }
    assert!(sizes[10..].iter().all(|size| *size == (30, 90)), "{sizes:?}");
}

#[test]
fn an_alert_that_is_still_there_costs_no_record() {
    let mut world = plain();
    world.send(&["i=1"], Some(START + duration("4m")));
    world.fire(&["i=2"]);
    world.until("6m").fire(&["i=2"]);
    let before = world.persisted;
    let mut again = world.alert("i=2", None);
    again.starts_at = START;
    for minute in 7..60 {
        world.until(&format!("{minute}m"));
        again.updated_at = world.now;
        world.input(Input::Alerts(vec![again.clone()]));
    }
    assert_eq!(world.persisted - before, 0);
}

#[test]
fn a_reload_that_touches_nothing_tells_nothing_and_moves_no_timer() {
    let mut world = plain();
    world.note_events = true;
    world.fire(&["i=1"]);
    world.until("4m").fire(&["i=2"]);
    let (before, saved) = (world.router.groups(), world.saved.clone());
    world.input(Input::Reload(Arc::clone(&world.routing)));
    assert_eq!((world.router.groups(), &world.saved), (before, &saved));
    world.until("30m");
    insta::assert_snapshot!(world.timeline(), @r"
       30s  root[0] A: first notification firing=[1] resolved=[]
        4m  reloaded: 1 kept, 0 created, 0 dropped
     5m30s  root[0] A: new alerts added to the group firing=[1 2] resolved=[]
    10m30s  not told: nothing changed and the repeat interval has not passed
    ");
}

#[test]
fn a_reload_moves_alerts_to_their_new_routes_and_keeps_the_other_groups() {
    let mut world = World::new(routing(vec![route("team=db", "dba"), route("team=web", "web")]));
    world.note_events = true;
    world.fire(&["i=1 team=db", "i=2 team=web alertname=B", "i=3 team=web alertname=C"]);
    world.until("2m");
    let new =
        routing(vec![route("team=db", "dba"), route("team=web", "web").child(route("alertname=C", "crew"))]);
    world.input(Input::Reload(Arc::new(new)));
    world.until("3m").resolve(&["i=1 team=db", "i=2 team=web alertname=B"]);
    world.until("30m");
    insta::assert_snapshot!(world.timeline(), @r"
          30s  dba[0] A: first notification firing=[1] resolved=[]
          30s  web[0] B: first notification firing=[2] resolved=[]
          30s  web[0] C: first notification firing=[3] resolved=[]
           2m  group dropped
           2m  reloaded: 2 kept, 1 created, 1 dropped
           2m  crew[0] C: first notification firing=[3] resolved=[]
        5m30s  dba[0] A: all alerts resolved firing=[] resolved=[1]
        5m30s  web[0] B: all alerts resolved firing=[] resolved=[2]
    5m30s10ms  group dropped
    5m30s10ms  group dropped
           7m  not told: nothing changed and the repeat interval has not passed
    ");
}

#[test]
fn a_mistaken_reload_that_is_undone_tells_nobody_twice() {
    let mut world = plain();
    world.fire(&["i=1"]);
    world.until("2m");
    let routing = Arc::clone(&world.routing);
    let mut other = Routing::clone(&routing);
    other.routes[0].receiver = "other".into();
    other.receivers.push(Arc::new(receiver("other", &[true])));
    world.input(Input::Reload(Arc::new(other)));
    world.until("3m").input(Input::Reload(routing));
    world.until("1h");
    insta::assert_snapshot!(world.timeline(), @r"      30s  root[0] A: first notification firing=[1] resolved=[]");
}

#[test]
fn after_a_restart_other_systems_get_time_to_speak_again() {
    let mut world = plain();
    world.send(&["i=1"], Some(START + duration("4m")));
    world.until("1m");
    world.now = START + duration("1h");
    world.crash();
    world.until("62m").send(&["i=1"], Some(START + duration("80m")));
    world.until("2h");
    insta::assert_snapshot!(world.timeline(), @r"
         30s  root[0] A: first notification firing=[1] resolved=[]
    1h20m30s  root[0] A: all alerts resolved firing=[] resolved=[1]
    ");
}

/// A day with all that happens: used to kill the process at each step.
fn eventful(crash_after: Option<usize>) -> World {
    let mut world = World::new(one_route(|route| route.cooldown = duration("10m")));
    world.crash_after = crash_after;
    world.fire(&["i=1", "i=2"]);
    world.until("10s").fire(&["i=3"]);
    world.until("4m").resolve(&["i=2"]);
    world.until("7m").fire(&["i=2", "alertname=B i=4"]);
    world.until("8m").resolve(&["i=1"]);
    world.until("9h").fire(&["i=5"]);
    world.until("10h").resolve(&["i=2", "i=3", "i=5", "alertname=B i=4"]);
    world.until("15h");
    world
}

#[test]
fn killed_at_any_step_everybody_hears_the_same() {
    let whole = eventful(None);
    let texts = |world: &World| world.got.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>();
    insta::assert_snapshot!(texts(&whole).join("\n"), @r"
    root[0] A: first notification firing=[1 2 3] resolved=[]
    root[0] B: first notification firing=[4] resolved=[]
    root[0] A: some alerts resolved firing=[2(flapped 1x) 3] resolved=[1]
    root[0] B: repeat interval elapsed firing=[4] resolved=[]
    root[0] A: repeat interval elapsed firing=[2 3] resolved=[]
    root[0] B: repeat interval elapsed firing=[4] resolved=[]
    root[0] A: repeat interval elapsed firing=[2 3] resolved=[]
    root[0] A: new alerts added to the group firing=[2 3 5] resolved=[]
    root[0] A: all alerts resolved firing=[] resolved=[2 3 5]
    root[0] B: all alerts resolved firing=[] resolved=[4]
    ");
    assert!(whole.saved.is_empty());
    for step in 1..=whole.inputs {
        let crashed = eventful(Some(step));
        assert_eq!(crashed.got, whole.got, "killed after input {step}:\n{}", crashed.timeline());
        assert!(crashed.saved.is_empty(), "killed after input {step}: {:?}", crashed.saved);
    }
}

#[test]
fn an_attempt_without_an_outcome_is_made_again_with_the_same_key_after_a_restart() {
    let mut world = plain();
    world.answer(|_, _| None);
    world.fire(&["i=1"]);
    world.until("31s");
    let sent = |world: &World| {
        let pending = world.saved.values().find_map(|record| match record {
            Record::Pending { pending, .. } => Some(Arc::clone(&pending.notification)),
            Record::Alert(_)
            | Record::Group(_)
            | Record::Told(_)
            | Record::Silence(_)
            | Record::DeadLetter(_)
            | Record::Limiter(_) => None,
        });
        pending.expect("something is on its way")
    };
    let before = sent(&world);
    world.crash();
    world.answer(|_, _| delivered());
    world.until("1m");
    assert_eq!(world.got, [(Arc::clone(&before.idempotency_key), world.got[0].1.clone())]);
    world.until("30m");
    insta::assert_snapshot!(world.timeline(), @r"
    30s  root[0] A: first notification firing=[1] resolved=[]
    31s  root[0] A: first notification firing=[1] resolved=[]
    ");
}
