//! Cases in the form of two files.

use super::{Comparison, RouteFate, changed_definitions, changed_routes, specimens};
use crate::config::read_routing;
use crate::config::routes::Routing;
use crate::router::testing::labels;

const OLD: &str = r#"
route:
  receiver: ops
  group_by: [alertname]
  routes:
    - {matchers: ['team="db"'], receiver: db, routes: [{matchers: ['severity="page"'], receiver: db-pager}]}
    - {matchers: ['severity=~"page|critical"'], receiver: pager, continue: true}
    - {matchers: ['team="web"'], receiver: web, mute_time_intervals: [nights]}
receivers: [{name: ops}, {name: db}, {name: db-pager}, {name: pager}, {name: web}]
time_intervals: [{name: nights, time_intervals: [{times: [{start_time: "00:00", end_time: "06:00"}]}]}]
inhibit_rules: [{source_matchers: [a=b], target_matchers: [c=d], equal: [e]}]
"#;

fn routing(text: &str) -> Routing {
    let (routing, problems) = read_routing("routes.yml", text);
    routing.unwrap_or_else(|| panic!("{problems:?}"))
}

/// The changes from [`OLD`] to itself with these replacements: of routes and definitions, a line each.
fn changes(replacements: &[(&str, &str)]) -> String {
    let mut text = OLD.to_owned();
    for (from, to) in replacements {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let (old, new) = (routing(OLD), routing(&text));
    let mut lines = Vec::new();
    for change in changed_routes(&old, &new) {
        let what = match change.fate {
            RouteFate::Added => format!("added, tells {}", change.receiver),
            RouteFate::Removed => format!("removed, told {}", change.receiver),
            RouteFate::Changed { fields } => {
                let fields =
                    fields.iter().map(|field| format!("{} {} -> {}", field.field, field.old, field.new));
                fields.collect::<Vec<_>>().join("; ")
            }
        };
        lines.push(format!("{}: {what}", change.key));
    }
    let definitions = changed_definitions(&old, &new);
    lines
        .extend(definitions.iter().map(|change| format!("{} {}: {:?}", change.kind, change.name, change.is)));
    lines.join("\n")
}

/// What becomes of alerts, a line each.
fn alert_changes(text: &str, alerts: &[&str]) -> String {
    let (old, new) = (routing(OLD), routing(text));
    let comparison = Comparison::new(&old, &new);
    let line = |alert: &&str| {
        let Some(change) = comparison.of(&labels(alert)) else { return format!("{alert}: nothing") };
        let fields = change.changed.iter().flat_map(|destination| {
            let field = |field: &super::FieldChange| {
                format!("; {}: {} {} -> {}", destination.receiver, field.field, field.old, field.new)
            };
            destination.fields.iter().map(field).collect::<Vec<_>>()
        });
        let fields: String = fields.collect();
        format!("{alert}: {} -> {}{fields}", change.old_receivers.join(","), change.new_receivers.join(","))
    };
    alerts.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_file_does_not_differ_from_itself() {
    assert_eq!(changes(&[]), "");
    assert_eq!(changes(&[("\nroute:", "\n# moved by a comment\nroute:")]), "");
}

#[test]
fn what_a_child_inherits_is_told_once() {
    insta::assert_snapshot!(
        changes(&[("group_by: [alertname]", "group_by: [alertname, job]\n  repeat_interval: 1h")]),
        @"{}: group_by [alertname] -> [alertname, job]; repeat_interval 4h -> 1h"
    );
}

#[test]
fn routes_that_come_go_change_and_move_are_told() {
    insta::assert_snapshot!(
        changes(&[
            (r#"{matchers: ['team="web"'], receiver: web, mute_time_intervals: [nights]}"#,
             r#"{matchers: ['team="data"'], receiver: web}"#),
            ("receiver: pager, continue: true", "receiver: db-pager"),
        ]),
        @r#"
    {}/{severity=~"page|critical"}: receiver pager -> db-pager; continue true -> false
    {}/{team="data"}: added, tells web
    {}/{team="web"}: removed, told web
    "#
    );
    let swapped = OLD
        .replace(r#"- {matchers: ['team="web"']"#, r#"- {matchers: ['moved="web"']"#)
        .replace(r#"- {matchers: ['severity=~"page|critical"'], receiver: pager, continue: true}"#, "")
        .replace(
            "  routes:\n",
            "  routes:\n    - {matchers: ['severity=~\"page|critical\"'], receiver: pager, continue: true}\n",
        )
        .replace("moved", "team");
    let told = changed_routes(&routing(OLD), &routing(&swapped));
    let RouteFate::Changed { fields } = &told[0].fate else { panic!("{told:?}") };
    assert_eq!((told.len(), &*told[0].key, fields[0].field), (1, "{}", "order of routes"));
    assert_eq!(fields[0].new, r#"{severity=~"page|critical"} {team="db"} {team="web"}"#);
}

#[test]
fn receivers_intervals_and_inhibition_rules_are_told() {
    insta::assert_snapshot!(
        changes(&[
            ("{name: web}]", "{name: web, webhook_configs: [{url: 'http://x/'}]}, {name: new}]"),
            ("06:00", "07:00"),
            ("equal: [e]", "equal: [e, f]"),
        ]),
        @r#"
    receiver new: Added
    receiver web: Changed
    time interval nights: Changed
    inhibit rule {a="b"} mutes {c="d"} equal [e, f]: Added
    inhibit rule {a="b"} mutes {c="d"} equal [e]: Removed
    "#
    );
}

#[test]
fn alerts_change_receivers_grouping_and_timing() {
    let new = OLD
        .replace("group_by: [alertname]", "group_by: [alertname, job]")
        .replace("receiver: web,", "receiver: db,")
        .replace("receiver: pager, continue: true", "receiver: pager, group_wait: 1s");
    insta::assert_snapshot!(
        alert_changes(&new, &[
            "alertname=A",
            "alertname=A job=x",
            "alertname=A team=web",
            "alertname=A team=web severity=page",
            "alertname=A team=db severity=page",
            "alertname=A team=db severity=page job=x",
        ]),
        @r"
    alertname=A: nothing
    alertname=A job=x: ops -> ops; ops: group_by [alertname] -> [alertname, job]
    alertname=A team=web: web -> db
    alertname=A team=web severity=page: pager,web -> pager; pager: group_wait 30s -> 1s
    alertname=A team=db severity=page: nothing
    alertname=A team=db severity=page job=x: db-pager -> db-pager; db-pager: group_by [alertname] -> [alertname, job]
    "
    );
}

#[test]
fn the_order_of_the_same_receivers_is_no_change() {
    let file = |first: &str, second: &str| {
        format!(
            "route: {{receiver: root, routes: [{{matchers: [a=b], receiver: {first}, continue: true}}, \
             {{matchers: [a=b], receiver: {second}}}]}}\nreceivers: [{{name: root}}, {{name: one}}, {{name: two}}]"
        )
    };
    let (old, new) = (routing(&file("one", "two")), routing(&file("two", "one")));
    assert_eq!(Comparison::new(&old, &new).of(&labels("a=b")), None);
}

#[test]
fn specimens_meet_each_route_and_each_pair_of_siblings() {
    let old = routing(OLD);
    let made = specimens(&old, &old, 1000);
    let finder = crate::router::RouteFinder::new(&old);
    let mut met: Vec<Vec<usize>> = made.alerts.iter().map(|labels| finder.routes_of(labels)).collect();
    met.sort();
    met.dedup();
    assert_eq!(met, [vec![0], vec![1], vec![2], vec![3], vec![3, 4], vec![4]]);
    assert!(!made.cut_off);
    assert!(
        made.alerts.iter().all(|labels| labels.value("alertname") == "SomeAlert"),
        "the root groups by it"
    );
}

#[test]
fn specimens_stop_at_the_limit_and_say_so() {
    let old = routing(OLD);
    let made = specimens(&old, &old, 5);
    assert_eq!((made.alerts.len(), made.cut_off), (5, true));
}

#[test]
fn a_value_that_only_one_of_the_files_names_is_tried() {
    let old = routing(OLD);
    for (from, to) in [
        (r#"severity=~"page|critical""#, r#"severity=~"page|critical|fatal""#),
        (r#"team="web""#, r#"team=~"web|site""#),
        (r#"team="web""#, r#"team="web",zone!="lab""#),
    ] {
        let new = routing(&OLD.replacen(from, to, 1));
        let comparison = Comparison::new(&old, &new);
        let made = specimens(&old, &new, 1000);
        assert!(made.alerts.iter().any(|labels| comparison.of(labels).is_some()), "{from} -> {to}");
    }
}
