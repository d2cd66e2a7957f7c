//! Tests: what is not told because of another alert or of the time. No code of the router is here.
//!
//! Groups are by `alertname`; `group_interval` is 5m. Whatever `page`s inhibits every `ticket` of its zone.

use std::sync::Arc;

use super::testing::{START, World, duration, inhibit_rule, routing};
use super::{AlertQuery, Cursor, Input};
use crate::config::read_routing;
use crate::config::routes::Routing;

fn with_rule(group_wait: &str) -> Routing {
    let mut routing = routing(Vec::new());
    routing.routes[0].group_wait = duration(group_wait);
    routing.inhibit_rules = vec![inhibit_rule("severity=page", "severity=ticket", "zone")];
    routing
}

const SOURCE: &str = "alertname=Down i=1 severity=page zone=a";
const OTHER_SOURCE: &str = "alertname=Down i=2 severity=page zone=a";
const TARGET: &str = "alertname=Slow i=3 severity=ticket zone=a";
const ELSEWHERE: &str = "alertname=Slow i=4 severity=ticket zone=b";

#[test]
fn a_source_and_its_target_in_one_batch_never_race() {
    for batch in [[TARGET, SOURCE], [SOURCE, TARGET]] {
        for strict in [false, true] {
            let mut world = World::new(Routing { strict, ..with_rule("0s") });
            world.fire(&batch);
            world.until("20m");
            insta::allow_duplicates! {
                insta::assert_snapshot!(world.timeline(), @"       0s  root[0] Down: first notification firing=[1] resolved=[]");
            }
        }
    }
}

#[test]
fn a_source_that_comes_before_the_flush_is_early_enough() {
    let mut world = World::new(with_rule("30s"));
    world.fire(&[TARGET, ELSEWHERE]);
    world.until("29s").fire(&[SOURCE]);
    world.until("20m");
    insta::assert_snapshot!(world.timeline(), @r"
      30s  root[0] Slow: first notification firing=[4] resolved=[]
      59s  root[0] Down: first notification firing=[1] resolved=[]
    ");
}

#[test]
fn a_target_is_told_once_the_last_of_its_sources_has_ended() {
    let mut world = World::new(with_rule("30s"));
    world.fire(&[SOURCE, OTHER_SOURCE, TARGET]);
    world.until("7m").resolve(&[SOURCE]);
    world.until("17m").resolve(&[OTHER_SOURCE]);
    world.until("30m");
    insta::assert_snapshot!(world.timeline(), @r"
       30s  root[0] Down: first notification firing=[1 2] resolved=[]
    10m30s  root[0] Down: some alerts resolved firing=[2] resolved=[1]
    20m30s  root[0] Down: all alerts resolved firing=[] resolved=[2]
    20m30s  root[0] Slow: first notification firing=[3] resolved=[]
    ");
}

#[test]
fn a_source_that_ends_by_time_needs_no_event_and_may_be_sent_again() {
    let mut world = World::new(with_rule("30s"));
    world.send(&[SOURCE], Some(START + duration("4m")));
    world.fire(&[TARGET]);
    world.until("3m").send(&[SOURCE], Some(START + duration("14m")));
    world.until("30m");
    insta::assert_snapshot!(world.timeline(), @r"
       30s  root[0] Down: first notification firing=[1] resolved=[]
    15m30s  root[0] Down: all alerts resolved firing=[] resolved=[1]
    15m30s  root[0] Slow: first notification firing=[3] resolved=[]
    ");
}

#[test]
fn a_muted_source_inhibits_all_the_same() {
    let mut routing = with_rule("30s");
    routing.inhibit_rules.push(inhibit_rule("alertname=Site", "alertname=Down", ""));
    let mut world = World::new(routing);
    world.fire(&[TARGET, SOURCE, "alertname=Site i=9"]);
    world.until("20m");
    insta::assert_snapshot!(world.timeline(), @"      30s  root[0] Site: first notification firing=[9] resolved=[]");
}

#[test]
fn what_was_told_before_its_source_came_is_told_to_its_end() {
    let mut world = World::new(with_rule("30s"));
    world.fire(&[TARGET]);
    world.until("1m").fire(&[SOURCE]);
    world.until("12m").resolve(&[TARGET]);
    world.until("30m");
    insta::assert_snapshot!(world.timeline(), @r"
       30s  root[0] Slow: first notification firing=[3] resolved=[]
     1m30s  root[0] Down: first notification firing=[1] resolved=[]
    15m30s  root[0] Slow: all alerts resolved firing=[] resolved=[3]
    ");
}

#[test]
fn a_restart_and_a_reload_let_nothing_slip_through() {
    let mut world = World::new(with_rule("30s"));
    world.fire(&[TARGET, SOURCE]);
    world.until("10m").crash();
    world.until("20m");
    let mut other = with_rule("0s");
    other.routes[0].group_interval = duration("1m");
    world.routing = Arc::new(other.clone());
    world.input(Input::Reload(Arc::new(other.clone())));
    world.until("30m").say("the rule is removed");
    other.inhibit_rules.clear();
    world.routing = Arc::new(other.clone());
    world.input(Input::Reload(Arc::new(other)));
    world.until("40m");
    insta::assert_snapshot!(world.timeline(), @r"
       30s  root[0] Down: first notification firing=[1] resolved=[]
       30m  the rule is removed
    30m30s  root[0] Slow: first notification firing=[3] resolved=[]
    ");
}

#[test]
fn a_thousand_sources_name_only_a_few() {
    let mut world = World::new(with_rule("30s"));
    let sources: Vec<String> =
        (0..1_000).map(|i| format!("alertname=Down i={i} severity=page zone=a")).collect();
    world.fire(&sources.iter().map(|source| &**source).collect::<Vec<_>>());
    world.fire(&[TARGET]);
    let query = AlertQuery { active: false, ..AlertQuery::default() };
    let page = world.router.alert_page(world.now, &query, Cursor::default(), 10);
    let by = &page.items[0].mutes.inhibited_by;
    assert_eq!((page.items.len(), by.len(), by.is_sorted()), (1, 10, true));
}

/// All begins on a Tuesday at 22:13:20 UTC, which is 23:13:20 in Madrid.
#[test]
fn a_route_is_silent_in_its_time_intervals_and_tells_at_the_first_tick_after() {
    let text = "\
route: {receiver: root, group_by: [alertname], group_wait: 30s, group_interval: 5m, mute_time_intervals: []}
receivers: [{name: root, console_configs: [{}]}]
time_intervals:
- name: night
  time_intervals:
  - {location: Europe/Madrid, weekdays: [tuesday], times: [{start_time: '23:20', end_time: '24:00'}]}
"
    .replace("mute_time_intervals: []}", "routes: [{mute_time_intervals: [night]}]}");
    let (routing, problems) = read_routing("routes.yml", &text);
    let mut world = World::new(routing.unwrap_or_else(|| panic!("{problems:?}")));
    world.fire(&["i=1"]);
    world.until("6m").fire(&["i=2"]);
    world.until("30m").resolve(&["i=1"]);
    world.until("1h");
    insta::assert_snapshot!(world.timeline(), @r"
       30s  root[0] A: first notification firing=[1] resolved=[]
    50m30s  root[0] A: new alerts added firing=[2] resolved=[1]
    ");
}
