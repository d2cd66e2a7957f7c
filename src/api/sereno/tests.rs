//! Our own API as its users meet it: real handlers before a real loop, without a network.

use serde_json::{Value, json};

use super::words;
use crate::api::testing::Server;
use crate::model::{LabelSet, Timestamp};
use crate::shell::store::{Batch, Store};

const ROUTES: &str = "
route:
  receiver: ops
  group_by: [alertname]
  routes:
  - {matchers: ['team=db'], receiver: db}
receivers: [{name: ops}, {name: db}]
";

fn alert(text: &str) -> LabelSet {
    words::labels(text).expect("labels")
}

/// Two alerts `Down`, one of them of the team `db`.
fn two() -> [LabelSet; 2] {
    [alert(r#"{"alertname":"Down","i":"1"}"#), alert(r#"{"alertname":"Down","i":"2","team":"db"}"#)]
}

#[tokio::test]
async fn explain_finds_the_alert_that_is_meant() {
    let server = Server::start(ROUTES);
    server.fire(&two()).await;
    let fingerprint = two()[1].fingerprint();
    for path in [
        format!("fingerprint={fingerprint}"),
        "label=alertname=Down&label=team=db".to_owned(),
        "label=i=2".to_owned(),
        "filter=team%3D~%22d.*%22".to_owned(),
        "labels=%7B%22alertname%22%3A%22Down%22%2C%22i%22%3A%222%22%2C%22team%22%3A%22db%22%7D".to_owned(),
    ] {
        let (status, body) = server.get(&format!("/api/sereno/v1/explain?{path}")).await;
        assert_eq!((status, &body["fingerprint"]), (200, &json!(fingerprint)), "{path}: {body}");
        assert_eq!(body["destinations"][0]["receiver"], "db", "{path}");
        assert!(body["text"].as_str().is_some_and(|text| text.contains("takes it: receiver db")), "{body}");
        assert_eq!(body["alert"]["resolved"], false, "{path}");
    }
}

#[tokio::test]
async fn explain_imagines_an_alert_and_says_when_it_cannot() {
    let server = Server::start(ROUTES);
    server.fire(&two()).await;
    let (status, body) = server.get("/api/sereno/v1/explain?label=alertname=Other&label=team=db").await;
    assert_eq!((status, &body["alert"], &body["origin"]), (200, &Value::Null, &Value::Null));
    assert_eq!(body["destinations"][0]["receiver"], "db");
    // Two alerts have this label, unless just it is meant.
    let (status, body) = server.get("/api/sereno/v1/explain?label=alertname=Down").await;
    assert_eq!(status, 400, "{body}");
    assert_eq!(body["candidates"].as_array().map(Vec::len), Some(2), "{body}");
    let (status, body) = server.get("/api/sereno/v1/explain?label=alertname=Down&exact=true").await;
    assert_eq!((status, &body["labels"]), (200, &json!({"alertname": "Down"})));
    for (query, status, want) in [
        ("fingerprint=0000000000000001", 404, "no alert that is known matches"),
        ("filter=team%3D~%22web%22", 404, "no alert that is known matches"),
        ("", 400, "name an alert: by fingerprint"),
        ("fingerprint=1&label=a=b", 400, "only one of these"),
        ("fingerprint=xyz", 400, "fingerprint: \"xyz\" is not a fingerprint"),
        ("label=a", 400, "label: \"a\" is not a label"),
        ("labels=%5B%5D", 400, "labels: labels are a JSON object"),
        ("filter=a!!b", 400, "filter: \"a!!b\" are no matchers"),
        ("filter=a!%3Db&exact=1", 400, "exact: an alert has labels with one value"),
        ("lable=a=b", 400, "unknown parameter \"lable\""),
    ] {
        let (got, body) = server.get(&format!("/api/sereno/v1/explain?{query}")).await;
        let error = body["error"].as_str().unwrap_or_default();
        assert!(got == status && error.starts_with(want) | error.contains(want), "{query}: {got} {body}");
    }
}

#[tokio::test]
async fn an_acknowledged_alert_is_quiet_until_that_is_taken_back() {
    let server = Server::start(ROUTES);
    server.fire(&two()).await;
    let fingerprint = two()[0].fingerprint();
    let ack = json!({"fingerprint": fingerprint, "by": "eva", "comment": "on it", "duration": "2h"});
    let (status, body) = server.ask("POST", "/api/sereno/v1/ack", Some(ack)).await;
    assert_eq!(status, 200, "{body}");
    let made = &body["acks"][0];
    assert_eq!((&made["fingerprint"], &made["by"]), (&json!(fingerprint), &json!("eva")));
    let (_, list) = server.get("/api/sereno/v1/acks").await;
    assert_eq!(list, body);
    let explained = |body: &Value| body["muting"]["silenced_by"].clone();
    let path = format!("/api/sereno/v1/explain?fingerprint={fingerprint}");
    let (_, body) = server.get(&path).await;
    assert_eq!(explained(&body)[0]["kind"], "ack");
    assert!(body["text"].as_str().is_some_and(|text| text.contains("of eva")), "{body}");

    let id = made["id"].as_str().expect("an id").to_owned();
    let (status, _) = server.ask("DELETE", &format!("/api/sereno/v1/ack/{id}"), None).await;
    assert_eq!(status, 204);
    let (_, body) = server.get(&path).await;
    assert_eq!(explained(&body), json!([]));
    let (status, body) = server.ask("DELETE", &format!("/api/sereno/v1/ack/{id}"), None).await;
    assert_eq!(status, 404, "{body}");
}

#[tokio::test]
async fn acknowledging_names_alerts_in_one_way_and_says_who() {
    let server = Server::start(ROUTES);
    server.fire(&two()).await;
    let all = json!({"matchers": "alertname=\"Down\"", "by": "eva"});
    let (status, body) = server.ask("POST", "/api/sereno/v1/ack", Some(all)).await;
    assert_eq!((status, body["acks"].as_array().map(Vec::len)), (200, Some(2)), "{body}");
    for (body, status, want) in [
        (json!({"by": "eva"}), 400, "name the alerts by one of"),
        (json!({"by": "eva", "matchers": "a=b", "labels": {}}), 400, "name the alerts by one of"),
        (json!({"by": " ", "matchers": "a=b"}), 400, "by: say who"),
        (json!({"by": "eva", "labels": {"a": "b"}}), 404, "no alert that fires"),
        (json!({"by": "eva", "fingerprint": "0000000000000001"}), 404, "no alert that fires"),
        (json!({"by": "eva", "matchers": "a=b", "until": "-1h"}), 400, "invalid silence: end time"),
        (json!({"by": "eva", "matchers": "a=b", "until": "+1h", "duration": "1h"}), 400, "until or duration"),
        (json!({"by": "eva", "matchers": "a=b", "coment": "x"}), 400, "unknown field `coment`"),
    ] {
        let (got, answer) = server.ask("POST", "/api/sereno/v1/ack", Some(body.clone())).await;
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(got == status && error.contains(want), "{body}: {got} {answer}");
    }
}

#[tokio::test]
async fn a_silence_of_everything_needs_force() {
    let server = Server::start(ROUTES);
    let mut silence =
        json!({"matchers": "alertname=~\".+\"", "by": "eva", "comment": "move", "duration": "1h"});
    let (status, body) = server.ask("POST", "/api/sereno/v1/silences", Some(silence.clone())).await;
    assert_eq!(status, 400, "{body}");
    silence["force"] = json!(true);
    let (status, body) = server.ask("POST", "/api/sereno/v1/silences", Some(silence)).await;
    assert_eq!(status, 200, "{body}");
    assert!(body["id"].as_str().is_some_and(|id| id.len() == 36), "{body}");
    server.fire(&two()).await;
    let snooze = json!({"matchers": "team=db", "by": "eva", "comment": "later", "until_resolved": true});
    let (status, body) = server.ask("POST", "/api/sereno/v1/silences", Some(snooze)).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn history_is_asked_for_in_pages_and_with_filters() {
    let server = Server::start(ROUTES);
    let mut batch = Batch::default();
    for (number, name) in ["A", "B", "A", "C", "A"].into_iter().enumerate() {
        batch.remember(crate::shell::history::HistoryRow {
            at: Timestamp::from_secs(1_700_000_000 + number as i64),
            kind: crate::shell::history::HistoryKind::Alert,
            receiver: None,
            fingerprint: None,
            labels: LabelSet::from_pairs([("alertname", name)]),
            detail: [("change".to_owned(), "firing".into())].into_iter().collect(),
        });
    }
    server.store.clone().commit(&batch).expect("kept");
    let times = |body: &Value| {
        let rows = body["rows"].as_array().expect("rows").iter();
        rows.map(|row| row["at"].as_str().expect("a time")[17..19].to_owned()).collect::<Vec<_>>().join(" ")
    };
    for (query, want) in [
        ("kind=alert", "24 23 22 21 20"),
        ("kind=alert&filter=alertname%3D%22A%22", "24 22 20"),
        ("kind[]=alert&filter[]=alertname!%3DA", "23 21"),
        ("kind=alert&from=1700000001&to=2023-11-14T22:13:23Z", "23 22 21"),
        ("kind=alert&to=-1h&limit=2", "24 23"),
        ("kind=alert&receiver=ops", ""),
    ] {
        let (status, body) = server.get(&format!("/api/sereno/v1/history?{query}")).await;
        assert_eq!((status, times(&body).as_str()), (200, want), "{query}: {body}");
        assert_eq!(body["next"].is_null(), !query.contains("limit"), "{query}: {body}");
    }
    let (_, first) = server.get("/api/sereno/v1/history?kind=alert&limit=3").await;
    let cursor = first["next"].as_str().expect("there is more");
    let (_, second) = server.get(&format!("/api/sereno/v1/history?kind=alert&limit=3&cursor={cursor}")).await;
    assert_eq!((times(&second).as_str(), &second["next"]), ("21 20", &Value::Null));
    assert_eq!(first["rows"][0]["text"], "fires");
    for (query, want) in [
        (
            "kind=alerts",
            "kind: there is no kind \"alerts\"; there are alert, notification, not_told, silence, reload",
        ),
        ("limit=0", "limit: \"0\" is not a number from 1 to 1000"),
        ("from=yesterday", "from: \"yesterday\" is not a time"),
        ("cursor=x", "cursor: not a cursor"),
        ("filters=a", "unknown parameter \"filters\""),
    ] {
        let (status, body) = server.get(&format!("/api/sereno/v1/history?{query}")).await;
        let error = body["error"].as_str().unwrap_or_default();
        assert!(status == 400 && error.contains(want), "{query}: {status} {body}");
    }
}

#[tokio::test]
async fn a_reload_that_fails_is_a_part_of_what_happened() {
    let server = Server::start(ROUTES);
    let request = axum::http::Request::post("/-/reload").body(axum::body::Body::empty()).expect("valid");
    let (status, _, reason) = server.send(request).await;
    assert!(
        status == 500 && reason.starts_with("failed to reload config: cannot read "),
        "{status} {reason}"
    );
    server.fire(&[LabelSet::from_pairs([("alertname", "A")])]).await; // answered once all before it is kept
    let (_, body) = server.get("/api/sereno/v1/history?kind=reload").await;
    // That the loop began with its rules is a row as well, and may be a little later.
    let mut rows = body["rows"].as_array().expect("a list").iter();
    let row = rows.find(|row| row["detail"]["outcome"] == "failed").unwrap_or_else(|| panic!("{body}"));
    let text = row["text"].as_str().expect("a sentence");
    assert!(
        text.starts_with("could not load the files, the ones before stay in force: cannot read"),
        "{body}"
    );
    assert_eq!(row["detail"]["what"], "files");
}

/// A receiver's server that takes what comes to `/ok`, is a chat at `/api`, and refuses the rest; what it took.
async fn hook() -> (String, std::sync::Arc<std::sync::Mutex<Vec<Value>>>) {
    use axum::{Json, Router, extract::Path, http::StatusCode, routing::post};
    // An error means that another test of this process was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let took = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = std::sync::Arc::clone(&took);
    let take = move |Json(body): Json<Value>| async move { log.lock().expect("no panic").push(body) };
    let refuse = || async { (StatusCode::FORBIDDEN, "not you") };
    let log = std::sync::Arc::clone(&took);
    let chat = move |Path(method): Path<String>, Json(body): Json<Value>| async move {
        log.lock().expect("no panic").push(json!([method, body["ts"]]));
        Json(json!({"ok": true, "channel": "C1", "ts": "1700000000.1"}))
    };
    let app = Router::new().route("/ok", post(take)).route("/no", post(refuse));
    let app = app.route("/api/{method}", post(chat));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    tokio::spawn(axum::serve(listener, app).into_future());
    (address, took)
}

#[tokio::test]
async fn a_fire_drill_goes_the_real_way_and_says_what_each_integration_said() {
    let (hook, took) = hook().await;
    let routes = format!(
        "route: {{receiver: ops, routes: [{{matchers: ['team=db'], receiver: db, group_by: [team], labels: {{of: '{{{{ .GroupLabels.team }}}}'}}}}]}}
receivers:
- {{name: ops, webhook_configs: [{{url: 'http://{hook}/ok'}}, {{url: 'http://{hook}/no', send_resolved: false}}]}}
- {{name: db, webhook_configs: [{{url: 'http://{hook}/ok'}}]}}
"
    );
    let server = Server::start(&routes);
    let path = "/api/sereno/v1/receivers/test";
    let test = |body: Value| server.ask("POST", path, Some(body));

    let (status, body) = test(json!({"receiver": "ops", "resolve": true, "by": "ada"})).await;
    let said: Vec<_> = body["results"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|result| {
            format!(
                "{} {} {} {} {}",
                result["receiver"],
                result["integration"],
                result["status"],
                result["outcome"],
                result["error"]
            )
        })
        .collect();
    assert_eq!(status, 200, "{body}");
    assert_eq!(
        said,
        [
            r#""ops" "webhook[0]" "firing" "delivered" null"#,
            r#""ops" "webhook[1]" "firing" "refused" "unexpected status code 403: not you""#,
            r#""ops" "webhook[0]" "resolved" "delivered" null"#,
        ]
    );
    let messages = std::mem::take(&mut *took.lock().expect("no panic"));
    assert_eq!(messages.iter().map(|message| &message["status"]).collect::<Vec<_>>(), ["firing", "resolved"]);
    assert_eq!(messages[0]["groupKey"], messages[1]["groupKey"], "the end belongs to the beginning");
    assert!(messages[0]["groupKey"].as_str().is_some_and(|key| key.starts_with("test-")), "{messages:?}");
    assert_eq!(messages[0]["alerts"][0]["annotations"]["summary"], "TEST: nothing is wrong");
    assert_eq!(messages[0]["alerts"][0]["labels"]["alertname"], "SerenoTest");

    let (_, body) = test(json!({"labels": {"alertname": "Down", "team": "db"}})).await;
    assert_eq!(body["results"][0]["receiver"], "db", "{body}");
    let message = took.lock().expect("no panic")[0].clone();
    assert_eq!(message["groupLabels"], json!({"team": "db"}));
    assert_eq!(message["routeLabels"], json!({"of": "db"}), "labels of routes are rendered");

    for (wanted, status, error) in [
        (json!({"receiver": "none"}), 404, "there is no receiver \"none\"; there are: ops, db"),
        (json!({"receiver": "ops", "labels": {"team": "db"}}), 404, "{team=\"db\"} goes to db, not to ops"),
        (json!({}), 400, "say receiver or labels"),
    ] {
        let (got, body) = test(wanted).await;
        assert_eq!((got, &body["error"]), (status, &json!(error)));
    }
}

#[tokio::test]
async fn the_end_of_a_fire_drill_changes_the_message_that_began_it() {
    let (hook, took) = hook().await;
    let app = format!("app_url: 'http://{hook}/api/chat.postMessage', app_token: t");
    let slack = format!("{{{app}, channel: '#ops', send_resolved: true, update_message: true}}");
    let routes =
        format!("{{route: {{receiver: ops}}, receivers: [{{name: ops, slack_configs: [{slack}]}}]}}");
    let server = Server::start(&routes);
    let drill = json!({"receiver": "ops", "resolve": true});
    let (status, body) = server.ask("POST", "/api/sereno/v1/receivers/test", Some(drill)).await;
    assert_eq!((status, &body["results"][1]["outcome"]), (200, &json!("delivered")), "{body}");
    let calls = took.lock().expect("no panic").clone();
    assert_eq!(calls, [json!(["chat.postMessage", null]), json!(["chat.update", "1700000000.1"])]);
}
