//! Tests: what the API gets to see of alerts and groups, page by page. No code of the router is here.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::testing::{START, World, inhibit_rule, labels, matchers, route, routing};
use super::{AlertQuery, AlertView, Cursor, GroupAlerts};
use crate::config::read_routing;
use crate::config::routes::Receiver;
use crate::model::Duration;
use crate::model::regex::AnchoredRegex;

/// All pages; between them the indexes are built a little further.
fn alerts(world: &mut World, query: &AlertQuery, limit: usize, step: u32) -> Vec<AlertView> {
    let (mut found, mut from) = (Vec::new(), Cursor::default());
    loop {
        world.router.label_index.prepare(&query.matchers, &world.router.alerts, step);
        let page = world.router.alert_page(world.now, query, from, limit);
        assert!(page.items.len() <= limit);
        found.extend(page.items);
        match page.next {
            Some(next) => from = next,
            None => return found,
        }
    }
}

fn groups(world: &mut World, query: &AlertQuery, limit: usize) -> Vec<GroupAlerts> {
    let (mut found, mut from) = (Vec::new(), Cursor::default());
    loop {
        world.router.index_for(&query.matchers);
        let page = world.router.group_page(world.now, query, from, limit);
        found.extend(page.items);
        match page.next {
            Some(next) => from = next,
            None => return found,
        }
    }
}

/// The values of the label `i`, sorted.
fn names<'a>(alerts: impl IntoIterator<Item = &'a AlertView>) -> String {
    let names = alerts.into_iter().map(|view| view.alert.labels.value("i").to_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names.join(" ")
}

/// Inhibited, silenced, both, and neither; the alert 5 has another receiver as well.
fn muted_alerts() -> World {
    let mut routing = routing(vec![route("i=~5|6", "db").continues(), route("", "ops")]);
    routing.inhibit_rules = vec![inhibit_rule("severity=page", "severity=ticket", "zone")];
    let mut receiver = Receiver::clone(&routing.receivers[1]);
    receiver.labels = [("tier".into(), "one".into())].into();
    routing.receivers[1] = receiver.into();
    let mut world = World::new(routing);
    world.fire(&[
        "i=1 severity=page zone=a",
        "i=2 severity=ticket zone=a",
        "i=3 severity=ticket zone=a team=db",
        "i=4 severity=ticket zone=b team=db",
        "i=5 severity=ticket zone=b",
    ]);
    world.send(&["i=6 severity=ticket zone=b"], Some(START + Duration::from_secs(1)));
    world.until("2s");
    let until = super::testing::draft(world.now, "team=db", "1h");
    world.input(super::Input::Request(super::RequestId(1), super::Request::SetSilence(until)));
    world
}

#[test]
fn alerts_are_chosen_by_what_mutes_them_and_who_is_told() {
    let mut world = muted_alerts();
    let all = AlertQuery::default();
    let regex = |text: &str| Some(AnchoredRegex::new(text).expect("valid"));
    for (what, query, want) in [
        ("all that fire", all.clone(), "1 2 3 4 5"),
        ("not active", AlertQuery { active: false, ..all.clone() }, "2 3 4"),
        ("not silenced", AlertQuery { silenced: false, ..all.clone() }, "1 2 5"),
        ("not inhibited", AlertQuery { inhibited: false, ..all.clone() }, "1 4 5"),
        ("active only", AlertQuery { silenced: false, inhibited: false, ..all.clone() }, "1 5"),
        ("muted says nothing here", AlertQuery { muted: false, ..all.clone() }, "1 2 3 4 5"),
        ("receiver", AlertQuery { receiver: regex("d."), ..all.clone() }, "5"),
        ("receiver is anchored", AlertQuery { receiver: regex("d"), ..all.clone() }, ""),
        ("labels", AlertQuery { receiver_matchers: matchers("tier=one"), ..all.clone() }, "5"),
        ("name", AlertQuery { receiver_matchers: matchers("name!=db"), ..all.clone() }, "1 2 3 4 5"),
        ("matchers", AlertQuery { matchers: matchers("zone=b,team!=db"), ..all.clone() }, "5"),
    ] {
        assert_eq!(names(&alerts(&mut world, &query, 2, 100)), want, "{what}");
    }
    let inhibited = alerts(&mut world, &AlertQuery { matchers: matchers("i=2"), ..all }, 2, 100);
    let source = labels("alertname=A i=1 severity=page zone=a").fingerprint();
    assert_eq!(inhibited[0].mutes.inhibited_by, [source]);
}

#[test]
fn groups_hold_the_alerts_that_are_wanted_and_those_without_are_left_out() {
    let mut world = muted_alerts();
    let all = AlertQuery::default();
    let shown = |groups: Vec<GroupAlerts>| {
        let group = |item: &GroupAlerts| format!("{}: {}", item.group.receiver, names(&item.alerts));
        groups.iter().map(group).collect::<Vec<_>>().join(", ")
    };
    for (what, query, want) in [
        ("all", all.clone(), "ops: 1 2 3 4 5, db: 5"),
        ("not silenced", AlertQuery { silenced: false, ..all.clone() }, "ops: 1 2 5, db: 5"),
        ("matchers", AlertQuery { matchers: matchers("zone=a"), ..all.clone() }, "ops: 1 2 3"),
        ("labels", AlertQuery { receiver_matchers: matchers("tier=one"), ..all.clone() }, "db: 5"),
        ("not active", AlertQuery { active: false, ..all.clone() }, "ops: 2 3 4"),
    ] {
        let found = groups(&mut world, &query, 1);
        assert!(found.iter().all(|item| item.group.alerts.is_empty() && !item.continues));
        let mut found = found;
        found.sort_by(|a, b| b.group.receiver.cmp(&a.group.receiver));
        assert_eq!(shown(found), want, "{what}");
    }
}

#[test]
fn a_quiet_group_is_left_out_on_demand() {
    let text = "\
route: {receiver: a, routes: [{matchers: [i=1], mute_time_intervals: [always]}]}
receivers: [{name: a, console_configs: [{}]}]
time_intervals: [{name: always, time_intervals: [{}]}]
";
    let mut world = World::new(read_routing("routes.yml", text).0.expect("it is valid"));
    world.fire(&["i=1", "i=2"]);
    let found = groups(&mut world, &AlertQuery::default(), 10);
    let muted_by: Vec<_> = found.iter().map(|group| group.muted_by.join(" ")).collect();
    assert_eq!(muted_by, ["always", ""]);
    let found = groups(&mut world, &AlertQuery { muted: false, ..AlertQuery::default() }, 10);
    assert_eq!(found.iter().map(|group| names(&group.alerts)).collect::<Vec<_>>(), ["2"]);
}

#[test]
fn a_group_that_is_too_large_for_a_page_comes_in_parts() {
    let mut world = World::new(routing(Vec::new()));
    let many: Vec<String> = (0..5_000).map(|i| format!("i={i} even={}", i % 2)).collect();
    let many: Vec<&str> = many.iter().map(|alert| &**alert).collect();
    world.fire(&["alertname=Other i=x"]);
    world.fire(&many);
    for (query, want) in [("", 5_000), ("even=0", 2_500), ("i=77", 1), ("even=2", 0)] {
        let query = AlertQuery { matchers: matchers(query), ..AlertQuery::default() };
        let found = groups(&mut world, &query, 10);
        let mut by_name: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for item in &found {
            assert_eq!(item.continues, !known.insert(item.group.key.to_string()));
            let alerts = item.alerts.iter().map(|view| view.fingerprint.to_string());
            by_name.entry(item.group.labels.value("alertname").to_owned()).or_default().extend(alerts);
        }
        assert_eq!(by_name.get("A").map_or(0, BTreeSet::len), want);
        assert!(found.iter().all(|item| item.alerts.len() < 2_500), "each page is short");
    }
}

const ALERT: &str = "([abc]=[123] ){0,3}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn an_index_finds_what_a_look_at_each_alert_finds(
        first in prop::collection::vec((ALERT, any::<bool>()), 0..30),
        second in prop::collection::vec(ALERT, 0..30),
        early in "([abc](=|!=|=~|!~)(1|2|1\\|2||.),?){0,2}",
        query in "([abc](=|!=|=~|!~)(1|2|1\\|2||\\.\\*|\\[12\\]),){0,3}",
        steps in (0..100_u32, 0..100_u32),
        limit in 1..10_usize,
    ) {
        let early = early.replace(['(', ')', '[', ']', '{', '}', '*', '+', '?', '\\'], "x");
        let early = matchers(early.trim_end_matches(','));
        let query = AlertQuery { matchers: matchers(query.trim_end_matches(',')), ..AlertQuery::default() };
        let mut world = World::new(routing(Vec::new()));
        let text = |batch: &str, number: usize, alert: &str| format!("{alert} i={batch}{number}");
        let ended: Vec<bool> = first.iter().map(|(_, ended)| *ended).collect();
        let first: Vec<String> =
            first.iter().enumerate().map(|(at, (alert, _))| text("a", at, alert)).collect();
        let first: Vec<&str> = first.iter().map(|alert| &**alert).collect();
        world.fire(&first);
        world.router.label_index.prepare(&early, &world.router.alerts, steps.0);
        // Those that are resolved before they were told are forgotten; their places are used again.
        let over = first.iter().zip(&ended).filter(|(_, ended)| **ended).map(|(alert, _)| *alert);
        world.resolve(&over.collect::<Vec<_>>());
        world.until("1m");
        world.router.label_index.prepare(&query.matchers, &world.router.alerts, steps.1);
        let second: Vec<String> =
            second.iter().enumerate().map(|(at, alert)| text("b", at, alert)).collect();
        world.fire(&second.iter().map(|alert| &**alert).collect::<Vec<_>>());

        let plain = world.router.alerts().filter(|alert| {
            query.matchers.iter().all(|matcher| matcher.matches(&alert.labels))
        });
        let plain: BTreeSet<String> = plain.map(|alert| alert.labels.to_string()).collect();
        let found = alerts(&mut world, &query, limit, steps.0);
        prop_assert_eq!(found.len(), plain.len());
        let found: BTreeSet<String> = found.iter().map(|view| view.alert.labels.to_string()).collect();
        prop_assert_eq!(&found, &plain);
        let in_groups = groups(&mut world, &query, limit);
        let in_groups: BTreeSet<String> = in_groups.iter().flat_map(|group| &group.alerts)
            .map(|view| view.alert.labels.to_string()).collect();
        prop_assert_eq!(&in_groups, &plain);
        let indexes: Vec<_> = world.router.find_alerts(&query.matchers).collect();
        prop_assert_eq!(indexes.len(), plain.len());
    }
}
