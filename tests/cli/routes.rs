//! `sereno routes`: files in, text and exit codes out.

use serde_json::Value;

use super::{folder, sereno, told};

const ROUTES: &str = r#"
route:
  receiver: ops
  group_by: [alertname, cluster]
  routes:
    - matchers: ['severity="page"']
      receiver: pager
      continue: true
      group_wait: 5s
      mute_time_intervals: [christmas]
    - matchers: ['team=~"db|data"']
      receiver: db
      group_by: ['...']
      cooldown: 10m
      routes:
        - {matchers: ['env!="prod"'], receiver: nobody, active_time_intervals: [office], labels: {noise: low}}
receivers:
  - {name: ops, console_configs: [{}]}
  - {name: pager, console_configs: [{}]}
  - {name: db, console_configs: [{}]}
  - {name: nobody}
time_intervals:
  - {name: christmas, time_intervals: [{months: [december], days_of_month: ['24:26'], location: Europe/Madrid}]}
  - {name: office, time_intervals: [{weekdays: ['monday:friday'], times: [{start_time: '09:00', end_time: '17:00'}]}]}
inhibit_rules:
  - {source_matchers: [alertname=ClusterDown], target_matchers: ['alertname!=ClusterDown'], equal: [cluster]}
"#;

fn routes(arguments: &[&str]) -> (Option<i32>, String, String) {
    let changed = ROUTES.replace("db|data", "db").replace("group_wait: 5s", "group_wait: 1s");
    let broken = ROUTES.replace("receiver: db", "receiver: bd");
    let alerts =
        r#"[{"labels": {"alertname": "A", "team": "data", "env": "prod"}}, {"labels": {"alertname": "B"}}]"#;
    let folder = folder(&[
        ("routes.yml", ROUTES),
        ("new.yml", &changed),
        ("broken.yml", &broken),
        ("alerts.json", alerts),
        ("no-alerts.json", "{}"),
    ]);
    told(&sereno(folder.path(), &[&["routes"], arguments].concat()))
}

/// What is printed by a command that goes well.
fn fine(arguments: &[&str]) -> String {
    let (code, out, err) = routes(arguments);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{arguments:?}\n{out}");
    out
}

#[test]
fn the_tree_shows_what_each_route_changes() {
    insta::assert_snapshot!(fine(&["show"]), @r#"
    {} → ops  (group_by [alertname, cluster], group_wait 30s, group_interval 5m, repeat_interval 4h)
    ├── {severity="page"} → pager  (continue, group_wait 5s, muted in christmas)
    └── {team=~"db|data"} → db  (group_by ['...'], cooldown 10m)
        └── {env!="prod"} → nobody  (active in office, label noise="low")
    "#);
}

#[test]
fn the_tree_as_json_has_all_that_is_inherited() {
    let tree: Value = serde_json::from_str(&fine(&["show", "routes.yml", "--format", "json"])).expect("JSON");
    let route = &tree["routes"][1]["routes"][0];
    assert_eq!(route["key"], r#"{}/{team=~"db|data"}/{env!="prod"}"#);
    assert_eq!((&route["group_by"][0], &route["cooldown"]), (&"...".into(), &"10m".into()));
    assert_eq!((&route["group_wait"], &route["labels"]["noise"]), (&"30s".into(), &"low".into()));
}

#[test]
fn an_alert_reaches_all_its_receivers() {
    insta::assert_snapshot!(fine(&["test", "severity=page", "team=db", "env=prod", "cluster=eu", "--tree"]), @r#"
    {} → ops  (group_by [alertname, cluster], group_wait 30s, group_interval 5m, repeat_interval 4h)
    ├── {severity="page"} → pager  (continue, group_wait 5s, muted in christmas)
    └── {team=~"db|data"} → db  (group_by ['...'], cooldown 10m)

    pager
      group   {}/{severity="page"}:{cluster="eu"}
      timing  group_wait 5s, group_interval 5m, repeat_interval 4h, cooldown 0s
    db
      group   {}/{team=~"db|data"}:{cluster="eu", env="prod", severity="page", team="db"}
      timing  group_wait 30s, group_interval 5m, repeat_interval 4h, cooldown 10m
    "#);
    assert_eq!(fine(&["test", "severity=page", "team=db", "env=prod", "-q"]), "pager,db\n");
    assert_eq!(fine(&["test", "new.yml", "team=data", "--quiet"]), "ops\n", "the first word is a file");
    assert_eq!(fine(&["test", "team=data", "--routes", "new.yml", "-q"]), "ops\n");
}

#[test]
fn time_intervals_count_at_the_time_that_is_named() {
    let muted = |arguments: &[&str]| {
        let out = fine(&[&["test"], arguments, &["--format", "json"]].concat());
        serde_json::from_str::<Value>(&out).expect(&out)["receivers"][0]["muted_by"].to_string()
    };
    for (time, want) in [
        ("2026-12-23T22:59:59Z", "[]"),
        ("2026-12-23T23:00:00Z", r#"["christmas"]"#), // midnight in Madrid
        ("2026-12-27T00:00:00+01:00", "[]"),
    ] {
        assert_eq!(muted(&["severity=page", "--time", time]), want, "{time}");
    }
    for (time, want) in [("2026-12-25T10:00:00Z", "[]"), ("2026-12-26T10:00:00Z", r#"["office"]"#)] {
        assert_eq!(muted(&["team=db", "--time", time]), want, "{time}");
    }
    let out = fine(&["test", "severity=page", "--time", "2026-12-25T10:00:00Z"]);
    assert!(out.contains("quiet at that time: christmas"), "{out}");
}

#[test]
fn other_alerts_may_inhibit_it() {
    let muted = |arguments: &[&str]| {
        let out = fine(&[&["test"], arguments].concat());
        out.lines().filter(|line| line.starts_with("muted")).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(
        muted(&["alertname=Down", "cluster=eu", "--with", "Up cluster=eu", "--with", "ClusterDown cluster=eu"]),
        @r#"muted: {alertname="ClusterDown", cluster="eu"} inhibits it, by inhibit_rules[0]"#
    );
    assert_eq!(muted(&["alertname=Down", "cluster=eu", "--with", "ClusterDown cluster=us"]), "");
    assert_eq!(muted(&["alertname=ClusterDown", "cluster=eu", "--with", "ClusterDown cluster=eu"]), "");
}

#[test]
fn other_receivers_than_expected_exit_with_1() {
    for (wanted, code) in
        [("pager,db", 0), ("pager, db", 0), ("db,pager", 1), ("pager", 1), ("pager,db,ops", 1)]
    {
        for flag in ["--verify-receivers", "--verify.receivers"] {
            let (got, out, err) =
                routes(&["test", "severity=page", "team=db", "env=prod", "-q", flag, wanted]);
            let want =
                if code == 0 { String::new() } else { format!("the alert reaches pager,db, not {wanted}\n") };
            assert_eq!((got, out.as_str(), err), (Some(code), "pager,db\n", want), "{flag} {wanted}");
        }
    }
}

#[test]
fn files_that_differ_exit_with_1_and_say_for_whom() {
    let (code, out, err) = routes(&["diff", "routes.yml", "new.yml"]);
    assert_eq!((code, err.as_str()), (Some(1), ""));
    insta::assert_snapshot!(out, @r#"
    Routes
      ~ {}/{severity="page"}
          group_wait 5s → 1s
      + {}/{team=~"db"} → db
      - {}/{team=~"db|data"} → db
    Alerts
      nobody → ops
        {alertname="SomeAlert", cluster="some-cluster", team="data"}
        {alertname="SomeAlert", cluster="some-cluster", env="other", team="data"}
      nobody, pager, in another way
          pager: group_wait 5s → 1s
        {alertname="SomeAlert", cluster="some-cluster", severity="page", team="db"}
        {alertname="SomeAlert", cluster="some-cluster", env="other", severity="page", team="db"}
      pager, in another way
          pager: group_wait 5s → 1s
        {alertname="SomeAlert", cluster="some-cluster", severity="page"}
        {alertname="SomeAlert", cluster="some-cluster", env="prod", severity="page"}
        {alertname="SomeAlert", cluster="some-cluster", env="other", severity="page"}
        … and 1 more
      pager, nobody → pager
          pager: group_wait 5s → 1s
        {alertname="SomeAlert", cluster="some-cluster", severity="page", team="data"}
    3 of 19 made-up alerts reach other receivers, 6 the same in another way
    "#);
    let (code, same, _) = routes(&["diff", "routes.yml", "new.yml", "--exit-zero"]);
    assert_eq!((code, same), (Some(0), out));
}

#[test]
fn the_alerts_of_a_server_are_tried() {
    let (code, out, err) =
        routes(&["diff", "routes.yml", "new.yml", "--alerts", "alerts.json", "--format", "json"]);
    assert_eq!((code, err.as_str()), (Some(1), ""));
    let alerts = serde_json::from_str::<Value>(&out).expect(&out)["alerts"].clone();
    assert_eq!((&alerts["tried"], &alerts["made_up"]), (&2.into(), &false.into()));
    let changed = alerts["changed"].as_array().expect("a list");
    assert_eq!(changed.len(), 1, "B goes to ops by both");
    assert_eq!(changed[0]["labels"]["alertname"], "A");
    assert_eq!(
        (&changed[0]["old_receivers"][0], &changed[0]["new_receivers"][0]),
        (&"db".into(), &"ops".into())
    );
}

#[test]
fn a_file_beside_itself_exits_with_0() {
    assert_eq!(
        fine(&["diff", "routes.yml", "routes.yml"]),
        "0 of 19 made-up alerts reach other receivers, 0 the same in another way\n"
    );
}

#[test]
fn what_cannot_run_exits_with_2_and_says_how_to_mend_it() {
    for (arguments, want) in [
        (&["show", "nope.yml"][..], "error: cannot read nope.yml: no such file\n"),
        (&["test"], "error: no labels: name those of an alert, as in `sereno routes test alertname=Down`\n"),
        (
            &["test", "Down"],
            "error: Down is neither a routing file nor a label; write labels as in alertname=Down\n",
        ),
        (&["test", "a=~b"], "error: a=~b: an alert has labels with one value: write NAME=VALUE\n"),
        (
            &["test", "a=b", "--with", "a!=b"],
            "error: --with \"a!=b\": a!=b: an alert has labels with one value: write NAME=VALUE\n",
        ),
        (
            &["diff", "routes.yml", "new.yml", "--alerts", "no-alerts.json"],
            "error: cannot use no-alerts.json: it is not a list of alerts, as a server answers at /api/v2/alerts\n",
        ),
    ] {
        let (code, out, err) = routes(arguments);
        assert_eq!((code, out.as_str(), err.as_str()), (Some(2), "", want), "{arguments:?}");
    }
    let (code, _, err) = routes(&["show", "broken.yml"]);
    assert_eq!(code, Some(2));
    assert!(
        err.contains(r#"undefined receiver "bd" used in route"#) && err.contains("broken.yml:12:"),
        "{err}"
    );
    let (code, _, err) = routes(&["test", "a=b", "--time", "tomorrow"]);
    assert!(code == Some(2) && err.contains("as in 2026-12-24T22:00:00Z"), "{err}");
}
