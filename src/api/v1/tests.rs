//! The JSON of rules and alerts, from a real engine whose queries are answered by a script.

use std::sync::Arc;

use super::alerts;
use super::parameters::Parameters;
use super::rules::page;
use crate::config::read_rule_file;
use crate::model::{Duration, LabelSet, QueryValue, Sample, Timestamp};
use crate::rules::{Effect, Engine, Input, RulesConfig, Sampled, View, Written};

const NODE: &str = r#"
groups:
  - name: node
    interval: 30s
    limit: 10
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
        labels: {team: db}
      - alert: Down
        expr: up == 0
        for: 1m30s
        keep_firing_for: 5m
        labels: {severity: page}
        annotations: {summary: "{{ $labels.instance }} <is> down"}
      - alert: Quiet
        expr: vector(1) == 0
  - name: empty
    rules: []
"#;

const WEB: &str =
    "groups: [{name: web, rules: [{alert: Slow, expr: latency > 1.5, labels: {severity: warn}}]}]";

/// Both files after `evaluations` evaluations of each group; `a` and `b` are down, `Slow` cannot be asked.
fn view(evaluations: usize) -> View {
    let start = Timestamp::parse_rfc3339("2026-03-01T12:00:00Z").expect("valid");
    let mut groups = Vec::new();
    for (path, text) in [("rules/node.yml", NODE), ("rules/web.yml", WEB)] {
        let (file, problems) = read_rule_file(path, text);
        assert_eq!(problems, []);
        groups.extend(file.expect("valid").groups);
    }
    let config = RulesConfig {
        groups,
        evaluation_interval: Duration::from_secs(30),
        external_url: "http://sereno".into(),
        ..RulesConfig::default()
    };
    let mut engine = Engine::restore(Arc::new(config), start, Vec::new());
    let end = start + Duration::from_secs(30) * i64::try_from(evaluations).expect("few");
    let mut now = start;
    while let Some(wake) = engine.next_wake().filter(|wake| *wake < end) {
        now = wake;
        let mut effects = engine.handle(now, Input::Wake);
        while let Some(effect) = effects.pop() {
            effects.extend(match effect {
                Effect::Query(query) => {
                    let result = answer(&query.expr);
                    engine.handle(now, Input::Sampled(Sampled { eval: query.eval, result }))
                }
                Effect::Write(write) => {
                    engine.handle(now, Input::Written(Written { id: write.id, result: Ok(()) }))
                }
                Effect::Alerts(_) | Effect::Persist(_) | Effect::Note(_) => Vec::new(),
            });
        }
    }
    engine.view(now)
}

fn answer(expr: &str) -> Result<QueryValue, crate::rules::QueryError> {
    let sample = |instance: &str| {
        let labels = LabelSet::from_pairs([("__name__", "up"), ("instance", instance), ("job", "node")]);
        Sample::float(labels, 0.0)
    };
    match expr {
        "up == 0" => Ok(QueryValue::Vector(vec![sample("a"), sample("b")])),
        "latency > 1.5" => Err(crate::rules::QueryError::Unreachable("connection refused".to_owned())),
        _ => Ok(QueryValue::Vector(Vec::new())),
    }
}

/// The page that a query string asks for, without the times of evaluations (they depend on a hash).
fn ask(view: &View, query: &str) -> Result<serde_json::Value, String> {
    let parameters = Parameters::parse(query).map_err(|error| error.to_string())?;
    let page = page(&view.groups, &parameters).map_err(|error| error.to_string())?;
    Ok(serde_json::to_value(page).expect("serialises"))
}

/// `group: rule, rule` for each group.
fn names(view: &View, query: &str) -> String {
    let page = match ask(view, query) {
        Ok(page) => page,
        Err(error) => return error,
    };
    let name = |value: &serde_json::Value| value["name"].as_str().expect("a name").to_owned();
    let rules = |group: &serde_json::Value| {
        group["rules"].as_array().expect("rules").iter().map(name).collect::<Vec<_>>().join(", ")
    };
    let groups = page["groups"].as_array().expect("groups");
    groups.iter().map(|group| format!("{}: {}", name(group), rules(group))).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_group_has_prometheus_fields_in_its_order() {
    let view = view(2);
    let parameters =
        Parameters::parse("rule_group[]=node&rule_name[]=job:up:sum&rule_name[]=Down").expect("valid");
    let page = page(&view.groups, &parameters).expect("no page token");
    let text = serde_json::to_string_pretty(&page).expect("serialises");
    let times = regex::Regex::new(r"2026-03-01T12:00:[0-9.]+Z").expect("valid");
    insta::assert_snapshot!(times.replace_all(&text, "TIME"), @r#"
    {
      "groups": [
        {
          "name": "node",
          "file": "rules/node.yml",
          "rules": [
            {
              "name": "job:up:sum",
              "query": "sum by (job) (up)",
              "labels": {
                "team": "db"
              },
              "health": "ok",
              "evaluationTime": 0,
              "lastEvaluation": "TIME",
              "type": "recording"
            },
            {
              "state": "pending",
              "name": "Down",
              "query": "up == 0",
              "duration": 90,
              "keepFiringFor": 300,
              "labels": {
                "severity": "page"
              },
              "annotations": {
                "summary": "{{ $labels.instance }} <is> down"
              },
              "alerts": [
                {
                  "labels": {
                    "alertname": "Down",
                    "instance": "a",
                    "job": "node",
                    "severity": "page"
                  },
                  "annotations": {
                    "summary": "a <is> down"
                  },
                  "state": "pending",
                  "activeAt": "TIME",
                  "value": "0e+00"
                },
                {
                  "labels": {
                    "alertname": "Down",
                    "instance": "b",
                    "job": "node",
                    "severity": "page"
                  },
                  "annotations": {
                    "summary": "b <is> down"
                  },
                  "state": "pending",
                  "activeAt": "TIME",
                  "value": "0e+00"
                }
              ],
              "health": "ok",
              "evaluationTime": 0,
              "lastEvaluation": "TIME",
              "type": "alerting"
            }
          ],
          "interval": 30,
          "limit": 10,
          "evaluationTime": 0,
          "lastEvaluation": "TIME"
        }
      ]
    }
    "#);
}

#[test]
fn a_rule_that_cannot_be_evaluated_says_why() {
    let page = ask(&view(2), "rule_name[]=Slow").expect("fine");
    let rule = &page["groups"][0]["rules"][0];
    assert_eq!(rule["health"], "err");
    assert_eq!(rule["lastError"], "data source unreachable: connection refused");
    assert_eq!(rule["state"], "inactive");
}

#[test]
fn before_the_first_evaluation_all_is_unknown() {
    let page = ask(&view(0), "rule_name[]=Down").expect("fine");
    let group = &page["groups"][0];
    assert_eq!(group["lastEvaluation"], "0001-01-01T00:00:00Z");
    assert_eq!(
        (&group["rules"][0]["state"], &group["rules"][0]["health"]),
        (&"unknown".into(), &"unknown".into())
    );
}

#[test]
fn alerts_fire_once_they_held_for_long_enough() {
    let states = |evaluations: usize| {
        let list = serde_json::to_value(alerts::list(&view(evaluations))).expect("serialises");
        let alerts = list["alerts"].as_array().expect("a list").clone();
        let show = |alert: &serde_json::Value| format!("{} {}", alert["labels"]["instance"], alert["state"]);
        alerts.iter().map(show).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(states(3), r#""a" "pending", "b" "pending""#);
    assert_eq!(states(4), r#""a" "firing", "b" "firing""#);
}

#[test]
fn filters_choose_rules_and_leave_out_empty_groups() {
    let view = view(2);
    for (query, want) in [
        ("", "node: job:up:sum, Down, Quiet; web: Slow"),
        ("type=alert", "node: Down, Quiet; web: Slow"),
        ("type=record", "node: job:up:sum"),
        ("rule_name[]=Down&rule_name[]=Slow", "node: Down; web: Slow"),
        ("rule_group%5B%5D=web", "web: Slow"),
        ("file[]=rules/node.yml&type=record", "node: job:up:sum"),
        ("file[]=other.yml", ""),
        ("match[]={severity=~%22p.*%22}", "node: Down"),
        ("match[]={severity=%22page%22}&match[]={severity=%22warn%22}", "node: Down; web: Slow"),
        ("match[]={team=%22db%22,severity=%22page%22}", ""),
        ("type=what", r#"invalid parameter "type": not supported value "what""#),
        ("exclude_alerts=maybe", r#"invalid parameter "exclude_alerts": "maybe" is neither true nor false"#),
        ("group_limit=0", r#"invalid parameter "group_limit": group_limit should be greater than 0"#),
        ("group_limit=-1", r#"invalid parameter "group_limit": group_limit should be greater than 0"#),
    ] {
        assert_eq!(names(&view, query), want, "{query}");
    }
}

#[test]
fn alerts_can_be_left_out() {
    let view = view(2);
    let with = ask(&view, "rule_name[]=Down").expect("fine");
    let without = ask(&view, "rule_name[]=Down&exclude_alerts=true").expect("fine");
    let count =
        |page: &serde_json::Value| page["groups"][0]["rules"][0]["alerts"].as_array().expect("a list").len();
    assert_eq!((count(&with), count(&without)), (2, 0));
    assert_eq!(without["groups"][0]["rules"][0]["state"], "pending");
}

#[test]
fn pages_lead_from_one_to_the_next() {
    let view = view(2);
    let first = ask(&view, "group_limit=1").expect("fine");
    let token = first["groupNextToken"].as_str().expect("there is more");
    assert_eq!(token.len(), 64);
    assert_eq!(names(&view, "group_limit=1"), "node: job:up:sum, Down, Quiet");
    let second = format!("group_limit=1&group_next_token={token}");
    assert_eq!(names(&view, &second), "web: Slow");
    assert_eq!(ask(&view, &second).expect("fine").get("groupNextToken"), None);
    assert!(names(&view, "group_limit=1&group_next_token=0").contains("were rule groups changed?"));
    assert!(names(&view, &format!("group_next_token={token}")).contains("group_limit"));
}
