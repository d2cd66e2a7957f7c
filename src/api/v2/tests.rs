//! The API v2 as its users meet it: real handlers before a real loop, without a network.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::api::WebLimits;
use crate::api::testing::{Flags, Server};
use crate::config::routes::Limits;
use crate::model::matcher::MatcherMode;

const ROUTES: &str = "
route:
  receiver: ops
  group_by: [alertname]
  routes:
  - {matchers: ['team=db'], receiver: db, labels: {desk: 'night {{ .GroupLabels.alertname }}{{ len .Alerts }}'}}
receivers: [{name: ops}, {name: db, labels: {team: data}}]
inhibit_rules: [{source_matchers: [severity=critical], target_matchers: [severity=warning]}]
";

fn start() -> Server {
    Server::start(ROUTES)
}

/// `POST /alerts` with these labels: `name=value name=value`.
async fn fire(server: &Server, alerts: &[&str]) {
    let labels = |text: &&str| {
        let pairs = text.split(' ').map(|pair| pair.split_once('=').expect("name=value"));
        let labels: serde_json::Map<_, _> = pairs.map(|(n, v)| (n.to_owned(), json!(v))).collect();
        json!({"labels": labels})
    };
    let body = Value::Array(alerts.iter().map(labels).collect());
    assert_eq!(server.ask("POST", "/api/v2/alerts", Some(body)).await, (200, Value::Null));
}

/// The labels `i` of the alerts that a question finds.
async fn find(server: &Server, query: &str) -> String {
    let (status, found) = server.get(&format!("/api/v2/alerts?{query}")).await;
    assert_eq!(status, 200, "{query}: {found}");
    let found = found.as_array().expect("alerts").iter().map(|alert| alert["labels"]["i"].as_str());
    let mut found: Vec<&str> = found.map(|i| i.expect("a label")).collect();
    found.sort_unstable();
    found.concat()
}

async fn silence(server: &Server, matchers: Value, more: Value) -> (u16, Value) {
    let mut body = json!({
        "matchers": matchers, "startsAt": "2020-01-01T00:00:00Z", "endsAt": "2100-01-01T00:00:00Z",
        "createdBy": "me", "comment": "why",
    });
    let all = body.as_object_mut().expect("an object");
    all.extend(more.as_object().expect("an object").clone());
    server.ask("POST", "/api/v2/silences", Some(body)).await
}

fn matcher(name: &str, value: &str) -> Value {
    json!([{"name": name, "value": value, "isRegex": false}])
}

#[tokio::test]
async fn an_alert_has_alertmanagers_fields() {
    let server = start();
    let alert = json!([{
        "labels": {"alertname": "Down", "team": "db", "none": ""}, "annotations": {"a": "<b>", "none": ""},
        "startsAt": "2026-01-01T00:00:00+01:00", "endsAt": "2100-01-01T00:00:00Z", "generatorURL": "http://p/g",
    }]);
    assert_eq!(server.ask("POST", "/api/v2/alerts", Some(alert)).await.0, 200);
    let request = Request::get("/api/v2/alerts").body(Body::empty()).expect("valid");
    let (_, headers, text) = server.send(request).await;
    for (name, want) in [
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
        ("access-control-allow-origin", "*"),
        ("vary", "Origin"),
    ] {
        assert_eq!(headers.get(name).and_then(|value| value.to_str().ok()), Some(want), "{name}");
    }
    let updated = regex::Regex::new(r#""updatedAt":"[^"]*""#).expect("valid");
    insta::assert_snapshot!(updated.replace(&text, "UPDATED"), @r#"[{"annotations":{"a":"<b>","none":""},"endsAt":"2100-01-01T00:00:00.000Z","fingerprint":"66247f4947a84301","receivers":[{"name":"db"}],"startsAt":"2025-12-31T23:00:00.000Z","status":{"inhibitedBy":[],"mutedBy":[],"silencedBy":[],"state":"active"},UPDATED,"generatorURL":"http://p/g","labels":{"alertname":"Down","team":"db"}}]"#);
}

#[tokio::test]
async fn alerts_are_found_by_state_labels_and_receiver() {
    let server = start();
    let alerts = ["i=1 team=db", "i=2", "i=3 severity=critical", "i=4 severity=warning", "i=5 quiet=yes"];
    fire(&server, &alerts).await;
    assert_eq!(silence(&server, matcher("quiet", "yes"), json!({})).await.0, 200);
    for (query, want) in [
        ("", "12345"),
        ("silenced=false", "1234"),
        ("inhibited=false", "1235"),
        ("active=false", "45"),
        ("active=nonsense", "45"),
        ("active=false&silenced=false&inhibited=false", ""),
        ("unprocessed=false", "12345"),
        ("receiver=db", "1"),
        ("receiver=d", ""),
        ("receiver=o.*", "2345"),
        ("receiver_matchers=team%3Ddata", "1"),
        ("receiver_matchers=name%3D~%22o.*%22", "2345"),
        ("filter=i%3D~%221%7C2%22", "12"),
        ("filter=i%3D~%221%7C2%22&filter=team!%3Ddb", "2"),
    ] {
        assert_eq!(find(&server, query).await, want, "{query}");
    }
    for (query, reason) in [
        ("filter=i", "bad matcher format: i"),
        ("filter=%7Bi%3D1%7D", "unexpected open or close brace: {i=1}"),
        ("receiver=(", "failed to parse receiver param: error parsing regexp: "),
    ] {
        let (status, body) = server.get(&format!("/api/v2/alerts?{query}")).await;
        let body = body.as_str().expect("a text");
        assert!(status == 400 && body.starts_with(reason), "{query}: {status} {body}");
    }
}

#[tokio::test]
async fn groups_show_their_alerts_and_the_labels_of_their_route() {
    let server = start();
    fire(&server, &["alertname=B i=1", "alertname=A i=2 team=db", "alertname=A i=3", "alertname=A i=4"])
        .await;
    let (_, groups) = server.get("/api/v2/alerts/groups").await;
    let short = |group: &Value| {
        let alerts = group["alerts"].as_array().expect("alerts").iter();
        let alerts: Vec<String> = alerts.map(|alert| alert["labels"]["i"].to_string()).collect();
        format!(
            "{} {} {} {}",
            group["labels"],
            group["receiver"]["name"],
            group["routeLabels"],
            alerts.join(",")
        )
    };
    let shown = |groups: &Value| groups.as_array().expect("groups").iter().map(short).collect::<Vec<_>>();
    assert_eq!(
        shown(&groups),
        [
            r#"{"alertname":"A"} "db" {"desk":"night A1"} "2""#,
            r#"{"alertname":"A"} "ops" {} "3","4""#,
            r#"{"alertname":"B"} "ops" {} "1""#,
        ]
    );
    let (_, groups) = server.get("/api/v2/alerts/groups?receiver=db").await;
    assert_eq!(shown(&groups), [r#"{"alertname":"A"} "db" {"desk":"night A1"} "2""#]);
    assert_eq!(server.get("/api/v2/alerts/groups?active=false").await, (200, json!([])));
}

#[tokio::test]
async fn what_is_valid_is_taken_also_beside_what_is_not() {
    let server = start();
    let body = json!([{"labels": {"i": "1"}}, {"labels": {"i": ""}}, {"labels": {"a b": "x", "i": "2"}},
        {"labels": {"i": "3"}, "startsAt": "2026-01-02T00:00:00Z", "endsAt": "2026-01-01T00:00:00Z"}]);
    let (status, reason) = server.ask("POST", "/api/v2/alerts", Some(body)).await;
    let want = "at least one label pair required; start time must be before end time";
    assert_eq!((status, reason), (400, json!(want)));
    assert_eq!(find(&server, "").await, "12");
    let metrics = server.send(Request::get("/metrics").body(Body::empty()).expect("valid")).await.2;
    for line in [
        "alertmanager_alerts_received_total{status=\"firing\",version=\"v2\"} 3",
        "alertmanager_alerts_received_total{status=\"resolved\",version=\"v2\"} 1",
        "alertmanager_alerts_invalid_total{version=\"v2\"} 2",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
}

#[tokio::test]
async fn classic_matchers_allow_classic_names_only() {
    let server = Server::start_with(ROUTES, Flags { matchers: MatcherMode::Classic, ..Flags::default() });
    let body = json!([
        {"labels": {"i": "1"}}, {"labels": {"a.b": "x", "i": "2"}}, {"labels": {"a:b": "x", "i": "3"}},
        {"labels": {"i": "4"}, "annotations": {"über": "x"}},
    ]);
    let (status, reason) = server.ask("POST", "/api/v2/alerts", Some(body)).await;
    let want = "invalid label set: invalid name \"a.b\"; invalid label set: invalid name \"a:b\"; \
        invalid annotations: invalid name \"über\"";
    assert_eq!((status, reason), (400, json!(want)));
    assert_eq!(find(&server, "").await, "1", "what is valid is taken");
    let (status, reason) = silence(&server, matcher("a.b", "x"), json!({})).await;
    let want = "invalid silence: invalid label matcher 0: invalid label name \"a.b\"";
    assert_eq!((status, reason), (400, json!(want)));
}

async fn metrics(server: &Server) -> String {
    server.send(Request::get("/metrics").body(Body::empty()).expect("valid")).await.2
}

#[tokio::test]
async fn alerts_beyond_the_limit_are_dropped_and_counted() {
    let limits = Limits { alerts_per_name: 2, ..Limits::default() };
    let server = Server::start_with(ROUTES, Flags { limits, ..Flags::default() });
    let four = ["alertname=A i=1", "alertname=A i=2", "alertname=A i=3", "alertname=B i=4"];
    fire(&server, &four).await;
    fire(&server, &["alertname=A i=5", "alertname=A i=1"]).await;
    assert_eq!(find(&server, "").await, "124");
    let metrics = metrics(&server).await;
    assert!(metrics.contains("alertmanager_alerts_limited_total 2\n"), "{metrics}");
}

#[tokio::test]
async fn the_size_of_every_answer_is_counted() {
    let server = start();
    let alerts: Vec<String> = (0..200).map(|i| format!("i={i} text={}", "x".repeat(1000))).collect();
    fire(&server, &alerts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let length =
        server.send(Request::get("/api/v2/alerts").body(Body::empty()).expect("valid")).await.2.len();
    assert!(length > 100_000, "it comes in pieces: {length}");
    let metrics = metrics(&server).await;
    let labels = "{handler=\"/api/v2/alerts\",method=\"get\"}";
    for line in [
        format!("alertmanager_http_response_size_bytes_sum{labels} {length}.0"),
        format!("alertmanager_http_response_size_bytes_count{labels} 1"),
    ] {
        assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
    }
}

#[tokio::test]
async fn many_silences_are_listed_in_order() {
    let server = start();
    let mut ids = Vec::new();
    for i in 0..super::silences::PAGE + 2 {
        let more = json!({"endsAt": format!("21{:02}-01-01T00:00:00Z", i % 100)});
        let made = silence(&server, matcher("i", &i.to_string()), more).await.1;
        ids.push(made["silenceID"].as_str().expect("an id").to_owned());
    }
    let (_, list) = server.get("/api/v2/silences").await;
    let list = list.as_array().expect("silences");
    let field = |name: &'static str| list.iter().map(move |it| it[name].as_str().expect("a text").to_owned());
    assert!(field("endsAt").is_sorted());
    let mut listed: Vec<String> = field("id").collect();
    listed.sort();
    ids.sort();
    assert_eq!(listed, ids);
}

#[tokio::test]
async fn a_silence_is_made_changed_listed_and_ended() {
    let server = start();
    let (status, made) =
        silence(&server, matcher("team", "db"), json!({"annotations": {"ticket": "1"}})).await;
    assert_eq!(status, 200, "{made}");
    let id = made["silenceID"].as_str().expect("an id").to_owned();
    let path = format!("/api/v2/silence/{id}");
    let (_, shown) = server.get(&path).await;
    for (field, want) in [
        ("id", json!(id)),
        ("status", json!({"state": "active"})),
        ("annotations", json!({"ticket": "1"})),
        ("matchers", json!([{"isEqual": true, "isRegex": false, "name": "team", "value": "db"}])),
        ("endsAt", json!("2100-01-01T00:00:00.000Z")),
    ] {
        assert_eq!(shown[field], want);
    }
    let starts_at = shown["startsAt"].clone();
    let more = json!({"id": id, "comment": "other", "startsAt": starts_at});
    assert_eq!(silence(&server, matcher("team", "db"), more).await.1, made, "it keeps its id");
    for (query, count) in
        [("filter=team%3Ddb", 1), ("filter=team%3D~db", 0), ("active=false", 0), ("expired=false", 1)]
    {
        let (_, list) = server.get(&format!("/api/v2/silences?{query}")).await;
        assert_eq!(list.as_array().map(Vec::len), Some(count), "{query}: {list}");
    }
    for _ in 0..2 {
        assert_eq!(server.ask("DELETE", &path, None).await, (200, Value::Null));
    }
    assert_eq!(server.get(&path).await.1["status"]["state"], "expired");
}

#[tokio::test]
async fn kinds_of_silences_are_annotations_that_survive_those_who_do_not_know_them() {
    let server = start();
    fire(&server, &["i=1 team=db"]).await;
    let more = json!({"annotations": {"sereno_kind": "until_resolved"}});
    let (_, made) = silence(&server, matcher("team", "db"), more).await;
    let path = format!("/api/v2/silence/{}", made["silenceID"].as_str().expect("an id"));
    let (_, shown) = server.get(&path).await;
    assert_eq!(shown["annotations"], json!({"sereno_kind": "until_resolved"}));
    let more = json!({"id": made["silenceID"], "comment": "other", "startsAt": shown["startsAt"]});
    assert_eq!(silence(&server, matcher("team", "db"), more).await.1, made);
    assert_eq!(server.get(&path).await.1["annotations"], json!({"sereno_kind": "until_resolved"}));
}

#[tokio::test]
async fn a_silence_of_everything_must_be_meant() {
    let server = start();
    let all = json!([{"name": "alertname", "value": ".+", "isRegex": true}]);
    let (status, reason) = silence(&server, all.clone(), json!({})).await;
    let reason = reason.as_str().expect("a text").to_owned();
    assert!(status == 400 && reason.contains("\"force\": true"), "{status} {reason}");
    assert_eq!(silence(&server, all, json!({"force": true})).await.0, 200);
}

#[tokio::test]
async fn webhooks_of_another_alertmanager_are_taken() {
    let server = start();
    let message = |status: &str, ends_at: &str| {
        json!({"version": "4", "status": status, "groupKey": "{}:{}", "receiver": "x", "truncatedAlerts": 0,
            "alerts": [{"status": status, "labels": {"i": "1"}, "annotations": {"a": "b"},
                "startsAt": "2026-01-01T00:00:00Z", "endsAt": ends_at, "generatorURL": "", "fingerprint": "x"}]})
    };
    let firing = message("firing", "0001-01-01T00:00:00Z");
    assert_eq!(server.ask("POST", "/api/v1/webhook", Some(firing.clone())).await, (200, Value::Null));
    let (_, alerts) = server.get("/api/v2/alerts").await;
    let time =
        |name: &str| alerts[0][name].as_str().expect("a time").parse::<jiff::Timestamp>().expect("valid");
    let hours = (time("endsAt") - time("updatedAt")).total(jiff::Unit::Hour).expect("hours");
    assert_eq!((alerts[0]["startsAt"].as_str(), hours), (Some("2026-01-01T00:00:00.000Z"), 120.0));

    let resolved = message("resolved", "2026-01-01T01:00:00Z");
    assert_eq!(server.ask("POST", "/api/v1/webhook", Some(resolved)).await.0, 200);
    assert_eq!(find(&server, "").await, "");

    assert_eq!(server.ask("POST", "/api/v1/webhook?resolve_timeout=1h", Some(firing)).await.0, 200);
    assert_eq!(find(&server, "").await, "1");
    let (status, reason) = server.ask("POST", "/api/v1/webhook?resolve_timeout=soon", Some(json!({}))).await;
    assert_eq!((status, reason), (400, json!("resolve_timeout must be a duration, not \"soon\"")));
    assert_eq!(server.ask("POST", "/api/v1/webhook", Some(json!({}))).await.0, 422);
}

#[tokio::test]
async fn the_old_api_says_where_to_go() {
    let server = start();
    for (method, path) in
        [("POST", "/api/v1/alerts"), ("GET", "/api/v1/silences"), ("DELETE", "/api/v1/silence/x")]
    {
        let (status, body) = server.ask(method, path, None).await;
        assert_eq!((status, &body["status"]), (410, &json!("deprecated")), "{method} {path}");
    }
    assert_eq!(server.get("/api/v1/alerts").await.0, 200, "Prometheus' list of alerts");
}

#[tokio::test]
async fn answers_that_wait_for_their_reader_are_limited() {
    let web = WebLimits { get_concurrency: 3, ..WebLimits::default() };
    let server = Server::start_with(ROUTES, Flags { web, ..Flags::default() });
    let alerts: Vec<String> = (0..1000).map(|i| format!("i={i} text={}", "x".repeat(1000))).collect();
    fire(&server, &alerts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let ask = || Request::get("/api/v2/alerts").body(Body::empty()).expect("valid");
    let mut hanging = Vec::new();
    let refused = loop {
        let response = server.begin(ask()).await;
        match response.status().as_u16() {
            200 => hanging.push(response),
            status => {
                break (status, axum::body::to_bytes(response.into_body(), 1000).await.expect("a body"));
            }
        }
    };
    let want = format!("Limit of concurrent GET requests reached ({}), try again later.\n", hanging.len());
    assert_eq!((refused.0, &refused.1[..]), (503, want.as_bytes()));
    assert_eq!(hanging.len(), 3);
    let counted = "alertmanager_http_concurrency_limit_exceeded_total{method=\"get\"} 1";
    assert!(metrics(&server).await.contains(counted));
    hanging.pop();
    assert_eq!(server.send(ask()).await.0, 200, "one went, one comes");
}

#[tokio::test]
async fn bodies_that_are_too_long_are_refused_with_the_limit() {
    let server = start();
    let body = "x".repeat(super::body::LIMIT + 1);
    let request = Request::post("/api/v2/alerts").header("content-type", "application/json");
    let (status, _, text) = server.send(request.body(Body::from(body)).expect("valid")).await;
    assert_eq!(status, 413, "{text}");
    assert!(text.contains("the body is longer than 67108864 bytes"), "{text}");
}
