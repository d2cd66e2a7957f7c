//! Tests: what a `cooldown` keeps back, and what is told when it ends. No code of the router is here.

use super::one_route;
use crate::router::testing::{World, duration};

fn with_cooldown(cooldown: &str) -> World {
    World::new(one_route(|route| route.cooldown = duration(cooldown)))
}

#[test]
fn flapping_within_a_cooldown_is_told_once_when_it_ends() {
    let mut world = with_cooldown("1h");
    world.note_events = true;
    world.fire(&["i=1"]);
    for minute in [6, 16, 26, 36] {
        world.until(&format!("{minute}m")).resolve(&["i=1"]);
        world.until(&format!("{}m", minute + 5)).fire(&["i=1", "i=2"]);
    }
    world.until("45m").resolve(&["i=1"]);
    world.until("3h");
    insta::assert_snapshot!(world.timeline(), @r"
          30s  root[0] A: first notification firing=[1] resolved=[]
        5m30s  not told: nothing changed and the repeat interval has not passed
       10m30s  not told: cooldown
    1h30s10ms  root[0] A: new alerts added firing=[2] resolved=[1(flapped 4x)]
      1h5m30s  not told: nothing changed and the repeat interval has not passed
    ");
}

#[test]
fn what_flapped_and_fires_as_before_is_told_once_with_the_number_of_times() {
    let mut world = with_cooldown("1h");
    world.fire(&["i=1", "i=2"]);
    world.until("6m").resolve(&["i=1"]);
    world.until("20m").fire(&["i=1"]);
    world.until("30m").resolve(&["i=1"]);
    world.crash();
    world.until("31m").fire(&["i=1"]);
    world.until("3h").resolve(&["i=1", "i=2"]);
    world.until("4h");
    insta::assert_snapshot!(world.timeline(), @r"
          30s  root[0] A: first notification firing=[1 2] resolved=[]
    1h30s10ms  root[0] A: alerts fired again during the cooldown firing=[1(flapped 2x) 2] resolved=[]
        3h30s  root[0] A: all alerts resolved firing=[] resolved=[1 2]
    ");
}

#[test]
fn what_came_and_went_within_a_cooldown_is_not_told_however_often() {
    let mut world = with_cooldown("1h");
    world.fire(&["i=1"]);
    for minute in [6, 16, 26] {
        world.until(&format!("{minute}m")).fire(&["i=2"]);
        world.until(&format!("{}m", minute + 5)).resolve(&["i=2"]);
    }
    world.until("3h");
    insta::assert_snapshot!(world.timeline(), @r"      30s  root[0] A: first notification firing=[1] resolved=[]");
}

#[test]
fn flapping_is_counted_only_while_a_cooldown_runs() {
    let mut world = with_cooldown("10m");
    world.fire(&["i=1", "i=2"]);
    world.until("20m").resolve(&["i=1"]);
    world.until("21m").fire(&["i=1"]);
    world.until("1h").resolve(&["i=1"]);
    world.until("2h");
    insta::assert_snapshot!(world.timeline(), @r"
          30s  root[0] A: first notification firing=[1 2] resolved=[]
       20m30s  root[0] A: some alerts resolved firing=[2] resolved=[1]
    30m30s10ms  root[0] A: new alerts added firing=[1 2] resolved=[]
        1h30s  root[0] A: some alerts resolved firing=[2] resolved=[1]
    ");
}

#[test]
fn a_cooldown_outlives_its_group_and_ends() {
    let mut world = with_cooldown("2h");
    world.fire(&["i=1"]);
    world.until("3h").resolve(&["i=1"]); // told at once: the cooldown is over
    world.until("190m");
    assert_eq!((world.router.view(world.now).groups, world.router.view(world.now).remembered), (0, 1));
    world.crash();
    world.until("200m").fire(&["i=1"]);
    world.until("8h").resolve(&["i=1"]);
    world.until("24h");
    insta::assert_snapshot!(world.timeline(), @r"
          30s  root[0] A: first notification firing=[1] resolved=[]
        3h30s  root[0] A: all alerts resolved firing=[] resolved=[1]
    5h30s10ms  root[0] A: first notification firing=[1] resolved=[]
        8h30s  root[0] A: all alerts resolved firing=[] resolved=[1]
    ");
    assert_eq!(world.router.view(world.now).remembered, 0);
    assert!(world.saved.is_empty(), "{:?}", world.saved);
}
