//! Opsgenie: alerts that are created, changed and closed, their limits, and what its errors lead to.

use super::fakes::opsgenie::{Alerts, KEY, api};
use super::fakes::{Fake, Reply, locked};
use super::harness::{Receiver, firing, long, many, resolved, shown, unicode};

async fn start() -> (Fake, Alerts) {
    let alerts = Alerts::default();
    (Fake::start(api(alerts.clone())).await, alerts)
}

fn with_key(url: &str, keys: &str) -> Receiver {
    Receiver::new("opsgenie", &format!("api_key: {KEY}\napi_url: {url}\n{keys}"))
}

/// `METHOD path?query` of each request.
fn places(fake: &Fake) -> Vec<String> {
    let place =
        |request: &super::fakes::Request| format!("{} {}?{}", request.method, request.path, request.query);
    fake.requests().iter().map(place).collect()
}

#[tokio::test]
async fn what_is_sent() {
    let (fake, alerts) = start().await;
    let mut receiver = with_key(&fake.url, "");
    assert_eq!(receiver.told(firing()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"alias":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","message":"[FIRING:1] Disk full (db1 page)","description":"The disk of db1 is full\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = db1\n - severity = page\nAnnotations:\n - summary = The disk of db1 is full\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n","details":{"alertname":"Disk full","instance":"db1","severity":"page"},"source":"http://sereno:9093/#/alerts?receiver=ops"}"#);
    assert_eq!(locked(&alerts).len(), 1);
    assert_eq!(receiver.told(many()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"alias":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","message":"[FIRING:40] Disk full (page)","description":"\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = db01\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db02\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db03\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db04\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db06\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=⟨6578 characters⟩age\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db45\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db50\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n","details":{"alertname":"Disk full","severity":"page"},"source":"http://sereno:9093/#/alerts?receiver=ops"}"#);
    assert_eq!(receiver.told(unicode()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"alias":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","message":"[FIRING:1] Disk full (дб-1 数据库 🔥 \u003cb\u003e\u0026\"'\\*_`|)","description":"Die Größe ist \u003e 95 %\nзаполнен\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = дб-1 数据库 🔥\n - path = \u003cb\u003e\u0026\"'\\*_`|\nAnnotations:\n - summary = Die Größe ist \u003e 95 %\nзаполнен\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n","details":{"alertname":"Disk full","instance":"дб-1 数据库 🔥","path":"\u003cb\u003e\u0026\"'\\*_`|"},"source":"http://sereno:9093/#/alerts?receiver=ops"}"#);
    assert_eq!(receiver.told(long()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"alias":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","message":"[FIRING:1] Disk full (db1)","description":"é⟨14999 times⟩…","details":{"alertname":"Disk full","instance":"db1"},"source":"http://sereno:9093/#/alerts?receiver=ops"}"#);
    assert_eq!(receiver.told(resolved()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"source":"http://sereno:9093/#/alerts?receiver=ops"}"#);
    assert_eq!(locked(&alerts).len(), 0);
    let places = places(&fake);
    assert_eq!((&*places[0], places.len()), ("POST /v2/alerts?", 5));
    assert!(places[4].starts_with("POST /v2/alerts/") && places[4].ends_with("/close?identifierType=alias"));
}

#[tokio::test]
async fn all_keys() {
    let (fake, alerts) = start().await;
    let mut receiver = with_key(
        &format!("{}/", fake.url),
        r#"
message: '{{ .CommonLabels.severity }} {{ len .Alerts }}'
description: '{{ len .Alerts }}'
source: watch
details: {severity: '{{ .CommonLabels.severity | toUpper }}', extra: 'yes'}
entity: '{{ .GroupLabels.alertname }}'
responders:
  - {name: 'db,infra,,net', type: teams}
  - {id: 4513b7ea, type: user}
  - {username: ops@example.com, type: '{{ if .Alerts }}user{{ end }}'}
  - {name: '{{ .CommonLabels.team }}', type: '{{ if .CommonLabels.team }}team{{ end }}'}
actions: 'restart,wait'
tags: ' disk,{{ .CommonLabels.severity }},'
note: look
priority: P2
update_alerts: true"#,
    );
    assert_eq!(receiver.told(firing()).await, "delivered");
    let requests = fake.requests();
    insta::assert_snapshot!(shown(&requests[0].body), @r#"{"alias":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","message":"page 1","description":"1","details":{"alertname":"Disk full","extra":"yes","instance":"db1","severity":"PAGE"},"source":"watch","responders":[{"name":"db","type":"team"},{"name":"infra","type":"team"},{"name":"net","type":"team"},{"id":"4513b7ea","type":"user"},{"username":"ops@example.com","type":"user"}],"tags":["disk","page"],"note":"look","priority":"P2","entity":"Disk full","actions":["restart","wait"]}"#);
    assert_eq!(receiver.told(many()).await, "delivered");
    insta::assert_debug_snapshot!(places(&fake), @r#"
    [
        "POST /v2/alerts?",
        "PUT /v2/alerts/0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c/message?identifierType=alias",
        "PUT /v2/alerts/0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c/description?identifierType=alias",
        "POST /v2/alerts?",
        "PUT /v2/alerts/0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c/message?identifierType=alias",
        "PUT /v2/alerts/0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c/description?identifierType=alias",
    ]
    "#);
    let requests = fake.requests();
    assert_eq!(requests[4].body, "{\"message\":\"page 50\"}\n");
    assert_eq!(requests[5].body, "{\"description\":\"50\"}\n");
    assert_eq!(locked(&alerts).values().next().expect("one").1, "50");
}

#[tokio::test]
async fn as_alertmanager_cuts_the_message_only() {
    let (fake, _) = start().await;
    let summary = "'{{ .CommonAnnotations.summary }}'";
    let keys = format!("api_key: {KEY}\napi_url: {}\nmessage: {summary}\nnote: {summary}", fake.url);
    let told = Receiver::strict("opsgenie", &keys).told(long()).await;
    assert!(told.starts_with("refused clientError: "), "{told}");
    let sent = shown(&fake.last_body());
    assert!(
        sent.contains(r#""message":"é⟨129 times⟩…""#) && sent.contains(r#""note":"é⟨50000 times⟩""#),
        "{sent}"
    );
}

#[tokio::test]
async fn a_key_may_be_in_a_file() {
    let (fake, _) = start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key");
    std::fs::write(&file, format!("{KEY}\n")).expect("written");
    let keys = format!("api_key_file: {}\napi_url: {}", file.display(), fake.url);
    assert_eq!(Receiver::new("opsgenie", &keys).told(firing()).await, "delivered");
}

#[tokio::test]
async fn what_opsgenie_says() {
    let (fake, alerts) = start().await;
    let mut receiver = with_key(&fake.url, "update_alerts: true");
    for (reply, want) in [
        (
            Reply::text(429, "slow down").with_header("retry-after", "30"),
            "retry rateLimited after 30s: unexpected status code 429: slow down",
        ),
        (Reply::text(503, "oops"), "retry serverError: unexpected status code 503: oops"),
        (Reply::text(403, "no"), "refused authError: unexpected status code 403: no"),
        (Reply::text(302, "<html>"), "refused other: unexpected status code 302: <html>"),
    ] {
        fake.answer_next(reply);
        assert_eq!(receiver.told(firing()).await, want);
    }
    assert_eq!(locked(&alerts).len(), 0);
    // The alert is there, but its message is not changed.
    fake.answer_next(Reply::text(202, "{}"));
    fake.answer_next(Reply::text(500, "oops"));
    let want = "retry serverError (maybe taken): unexpected status code 500: oops";
    assert_eq!(receiver.told(firing()).await, want);
    assert_eq!(receiver.told(firing()).await, "delivered");
    let wrong = with_key(&fake.url, "priority: urgent").told(firing()).await;
    assert!(wrong.contains("422") && wrong.contains("Priority is invalid"), "{wrong}");
}
