//! Tests: how much is kept, and what is noted. No code of the router is here.

use super::plain;
use crate::model::Timestamp;
use crate::router::testing::{START, World, draft, duration, inhibit_rule, routing};
use crate::router::{Answer, Effect, Event, Input, Request};

/// Alerts are sent as a request; returns how many were dropped.
fn dropped(world: &mut World, alerts: &[&str], ends_at: Option<Timestamp>) -> usize {
    let alerts = alerts.iter().map(|alert| world.alert(alert, ends_at)).collect();
    match world.request(Request::Alerts(alerts)) {
        Answer::AlertsTaken { limited } => limited,
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_one_name_there_are_at_most_as_many_alerts_as_allowed() {
    let mut routing = routing(Vec::new());
    routing.limits.alerts_per_name = 2;
    let mut world = World::new(routing);
    let soon = Some(START + duration("2m"));
    assert_eq!(dropped(&mut world, &["i=1", "i=2", "i=3", "alertname=B i=4"], None), 1);
    assert_eq!(dropped(&mut world, &["i=1", "i=2"], soon), 0, "those that are known are not dropped");
    world.crash();
    assert_eq!(dropped(&mut world, &["i=3"], None), 1, "a restart does not forget them");
    world.until("1m").resolve(&["i=1"]);
    assert_eq!(dropped(&mut world, &["i=3", "i=5"], None), 1, "a resolved one makes room for one");
    let mut more = crate::config::routes::Routing::clone(&world.routing);
    more.limits.alerts_per_name = 3;
    world.input(Input::Reload(std::sync::Arc::new(more)));
    assert_eq!(dropped(&mut world, &["i=5", "i=6"], None), 1, "a new limit holds at once");
}

#[test]
fn a_new_retention_holds_for_silences_that_have_ended() {
    let mut world = plain();
    let id = world.silence("i=1", "1h");
    world.until("2h");
    assert!(world.router.silence(&id).is_some());
    let mut less = crate::config::routes::Routing::clone(&world.routing);
    less.limits.silence_retention = duration("10m");
    world.input(Input::Reload(std::sync::Arc::new(less)));
    assert!(world.router.silence(&id).is_none());
    assert!(world.saved.is_empty(), "{:?}", world.saved);
}

/// What the router notes at a time, without its groups and attempts.
fn noted(world: &mut World, input: Input) -> Vec<String> {
    let effects = world.router.handle(world.now, input);
    let text = |effect| match effect {
        Effect::Note(Event::Alert { change, labels, of_rule, .. }) => {
            Some(format!("{} {} rule={of_rule}", labels.value("i"), change.as_str()))
        }
        Effect::Note(Event::Suppressed { why, count }) => Some(format!("{} {count}", why.as_str())),
        Effect::Notify(_) | Effect::Persist(_) | Effect::Reply(..) | Effect::Note(_) => None,
    };
    effects.into_iter().filter_map(text).collect()
}

#[test]
fn alerts_that_begin_end_and_fire_again_are_noted_once() {
    let mut world = plain();
    let end = START + duration("1m");
    let send = |world: &mut World, ends_at| {
        let alert = world.alert("i=1", ends_at);
        noted(world, Input::Alerts(vec![alert]))
    };
    assert_eq!(send(&mut world, Some(end)), ["1 began rule=false"]);
    world.now = START + duration("2m"); // it has ended by time, and nobody has looked yet
    let again = Some(world.now + duration("1m"));
    assert_eq!(send(&mut world, again), ["1 ended rule=false", "1 refired rule=false"]);
    world.now = START + duration("30m");
    assert_eq!(noted(&mut world, Input::Wake), ["1 ended rule=false"]);
    let mut world = plain();
    assert_eq!(send(&mut world, None), ["1 began rule=true"]);
    assert_eq!(send(&mut world, Some(START)), ["1 ended rule=true"]);
    assert_eq!(send(&mut world, None), ["1 refired rule=true"]);
    assert_eq!(send(&mut world, None), [""; 0]);
}

#[test]
fn what_is_left_out_is_counted_by_its_reason() {
    let mut routing = routing(Vec::new());
    routing.inhibit_rules = vec![inhibit_rule("i=1", "i=2", "")];
    let mut world = World::new(routing);
    world.set(draft(START, "i=~2|3|4", "1h"));
    world.fire(&["i=1", "i=2", "i=3", "i=4", "i=5"]);
    world.now = START + duration("30s");
    assert_eq!(noted(&mut world, Input::Wake), ["inhibition 1", "silence 2"]);
    assert_eq!(world.router.view(world.now).alerts.suppressed, 3);
}
