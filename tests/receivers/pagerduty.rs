//! PagerDuty: events of both versions, their limits, and what its errors lead to.

use super::fakes::pagerduty::{Incidents, KEY, api};
use super::fakes::{Fake, Reply, locked, tls};
use super::harness::{Receiver, alert, firing, long, many, resolved, shown, unicode};

async fn start() -> (Fake, Incidents) {
    let incidents = Incidents::default();
    (Fake::start(api(incidents.clone())).await, incidents)
}

fn with_key(url: &str, keys: &str) -> Receiver {
    Receiver::new("pagerduty", &format!("routing_key: {KEY}\nurl: {url}/v2/enqueue\n{keys}"))
}

#[tokio::test]
async fn what_is_sent() {
    let (fake, incidents) = start().await;
    let mut receiver = with_key(&fake.url, "");
    assert_eq!(receiver.told(firing()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"routing_key":"s3cret0⟨26 times⟩","dedup_key":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","event_action":"trigger","payload":{"summary":"[FIRING:1] Disk full (db1 page)","source":"Alertmanager","severity":"error","custom_details":{"firing":[{"annotations":{"summary":"The disk of db1 is full"},"endsAt":"0001-01-01T00:00:00Z","fingerprint":"49a23c2cbe7060d6","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","labels":{"alertname":"Disk full","instance":"db1","severity":"page"},"startsAt":"2026-03-01T11:50:00Z","status":"firing"}],"num_firing":1,"num_resolved":0,"resolved":[]}},"client":"Alertmanager","client_url":"http://sereno:9093/#/alerts?receiver=ops"}"#);
    assert_eq!(locked(&incidents).len(), 1);
    assert_eq!(receiver.told(resolved()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"routing_key":"s3cret0⟨26 times⟩","dedup_key":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","event_action":"resolve","payload":{"summary":"[RESOLVED] Disk full (db1 page)","source":"Alertmanager","severity":"error","custom_details":{"firing":[],"num_firing":0,"num_resolved":1,"resolved":[{"annotations":{"summary":"The disk of db1 is full"},"endsAt":"2026-03-01T11:59:00Z","fingerprint":"49a23c2cbe7060d6","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","labels":{"alertname":"Disk full","instance":"db1","severity":"page"},"startsAt":"2026-03-01T11:50:00Z","status":"resolved"}]}},"client":"Alertmanager","client_url":"http://sereno:9093/#/alerts?receiver=ops"}"#);
    assert_eq!(locked(&incidents).len(), 0);
    assert_eq!(receiver.told(many()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"routing_key":"s3cret0⟨26 times⟩","dedup_key":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","event_action":"trigger","payload":{"summary":"[FIRING:40] Disk full (page)","source":"Alertmanager","severity":"error","custom_details":{"firing":[{"annotations":{},"endsAt":"0001-01-01T00:00:00Z","fingerprint":"b2b907a11fc9bd82","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","labels":{"alertname":"Disk full","instance":"db01","severity":"page"},"startsAt":"2026-03-01T11:50:00Z","status":"firing"},{"annotations":{},"endsAt":"0001-01-01T00:00:00Z","fingerprint":"59c6e982ad33e8cd","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","labels":{"alertname":"Disk full","instance":"db02","severity":"page"},"startsAt":"2026-03-01T11:50:00Z","status":"firing"},{"annotations":{},"endsAt":"0001-01-01T00:00:00Z","fingerprint":"02a95fe179496⟨13012 characters⟩0.tab=1","labels":{"alertname":"Disk full","instance":"db45","severity":"page"},"startsAt":"2026-03-01T11:50:00Z","status":"resolved"},{"annotations":{},"endsAt":"2026-03-01T11:59:00Z","fingerprint":"603e69660456cc34","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","labels":{"alertname":"Disk full","instance":"db50","severity":"page"},"startsAt":"2026-03-01T11:50:00Z","status":"resolved"}]}},"client":"Alertmanager","client_url":"http://sereno:9093/#/alerts?receiver=ops"}"#);
    assert_eq!(receiver.told(unicode()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"routing_key":"s3cret0⟨26 times⟩","dedup_key":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","event_action":"trigger","payload":{"summary":"[FIRING:1] Disk full (дб-1 数据库 🔥 \u003cb\u003e\u0026\"'\\*_`|)","source":"Alertmanager","severity":"error","custom_details":{"firing":[{"annotations":{"summary":"Die Größe ist \u003e 95 %\nзаполнен"},"endsAt":"0001-01-01T00:00:00Z","fingerprint":"8b62848731b3a1af","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","labels":{"alertname":"Disk full","instance":"дб-1 数据库 🔥","path":"\u003cb\u003e\u0026\"'\\*_`|"},"startsAt":"2026-03-01T11:50:00Z","status":"firing"}],"num_firing":1,"num_resolved":0,"resolved":[]}},"client":"Alertmanager","client_url":"http://sereno:9093/#/alerts?receiver=ops"}"#);
    assert_eq!(receiver.told(long()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"routing_key":"s3cret0⟨26 times⟩","dedup_key":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","event_action":"trigger","payload":{"summary":"[FIRING:1] Disk full (db1)","source":"Alertmanager","severity":"error","custom_details":{"firing":[{"annotations":{"summary":"é⟨50000 times⟩"},"endsAt":"0001-01-01T00:00:00Z","fingerprint":"8c753720cbb0a912","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","labels":{"alertname":"Disk full","instance":"db1"},"startsAt":"2026-03-01T11:50:00Z","status":"firing"}],"num_firing":1,"num_resolved":0,"resolved":[]}},"client":"Alertmanager","client_url":"http://sereno:9093/#/alerts?receiver=ops"}"#);
}

#[tokio::test]
async fn all_keys() {
    let (fake, _) = start().await;
    let mut receiver = with_key(
        &fake.url,
        r#"
client: watch
client_url: http://watch/
description: '{{ .CommonAnnotations.summary }}'
source: '{{ .CommonLabels.instance }}'
severity: '{{ if eq .CommonLabels.severity "page" }}critical{{ else }}info{{ end }}'
class: disk
component: '{{ .GroupLabels.alertname }}'
group: db
details:
  firing: '{{ .Alerts.Firing | len }} of {{ len .Alerts }}'
  resolved: ''
  nested: {list: ['{{ .Status }}', 2, true], '{{ .Status }}': '{{ .CommonLabels | toJson }}'}
images:
  - {src: 'https://graph/{{ .Status }}.png', alt: graph, href: http://graph/}
  - {src: '{{ .CommonAnnotations.image }}'}
links:
  - {href: 'http://runbook/{{ .GroupLabels.alertname | urlquery }}', text: Runbook}
  - {text: nowhere}
timeout: 20s"#,
    );
    assert_eq!(receiver.told(firing()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"routing_key":"s3cret0⟨26 times⟩","dedup_key":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","event_action":"trigger","payload":{"summary":"The disk of db1 is full","source":"db1","severity":"critical","class":"disk","component":"Disk full","group":"db","custom_details":{"firing":"1 of 1","nested":{"firing":{"alertname":"Disk full","instance":"db1","severity":"page"},"list":["firing",2,true]},"num_firing":1,"num_resolved":0,"resolved":null}},"client":"watch","client_url":"http://watch/","images":[{"src":"https://graph/firing.png","alt":"graph","href":"http://graph/"}],"links":[{"href":"http://runbook/Disk+full","text":"Runbook"}]}"#);
    let request = &fake.requests()[0];
    assert_eq!(request.header("content-type"), "application/json");
    assert!(request.header("user-agent").starts_with("Sereno/"));
}

#[tokio::test]
async fn details_that_are_too_large_are_left_out() {
    let (fake, _) = start().await;
    let text = "x".repeat(300_000);
    let both = ["db1", "db2"].map(|name| alert(&[("instance", name)], &[("summary", &text)], false));
    assert_eq!(with_key(&fake.url, "").told(both.into()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"routing_key":"s3cret0⟨26 times⟩","dedup_key":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","event_action":"trigger","payload":{"summary":"[FIRING:2] Disk full ","source":"Alertmanager","severity":"error","custom_details":{"error":"Custom details have been removed because the original event exceeds the maximum size of 512KB"}},"client":"Alertmanager","client_url":"http://sereno:9093/#/alerts?receiver=ops"}"#);
}

#[tokio::test]
async fn a_service_key_is_for_version_1() {
    let incidents = Incidents::default();
    let (fake, http, _folder) = tls::start(&["events.pagerduty.com"], api(incidents.clone())).await;
    let mut receiver = Receiver::new("pagerduty", &format!("service_key: {KEY}\n{http}"));
    assert_eq!(receiver.told(firing()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"service_key":"s3cret0⟨26 times⟩","incident_key":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","event_type":"trigger","description":"[FIRING:1] Disk full (db1 page)","event_action":"","payload":null,"client":"Alertmanager","client_url":"http://sereno:9093/#/alerts?receiver=ops","details":{"firing":[{"annotations":{"summary":"The disk of db1 is full"},"endsAt":"0001-01-01T00:00:00Z","fingerprint":"49a23c2cbe7060d6","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","labels":{"alertname":"Disk full","instance":"db1","severity":"page"},"startsAt":"2026-03-01T11:50:00Z","status":"firing"}],"num_firing":1,"num_resolved":0,"resolved":[]}}"#);
    assert_eq!(locked(&incidents).len(), 1);
    assert_eq!(receiver.told(resolved()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"service_key":"s3cret0⟨26 times⟩","incident_key":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","event_type":"resolve","description":"[RESOLVED] Disk full (db1 page)","event_action":"","payload":null,"details":{"firing":[],"num_firing":0,"num_resolved":1,"resolved":[{"annotations":{"summary":"The disk of db1 is full"},"endsAt":"2026-03-01T11:59:00Z","fingerprint":"49a23c2cbe7060d6","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","labels":{"alertname":"Disk full","instance":"db1","severity":"page"},"startsAt":"2026-03-01T11:50:00Z","status":"resolved"}]}}"#);
    assert_eq!(locked(&incidents).len(), 0);
    assert_eq!(receiver.told(long()).await, "delivered");
    fake.answer_next(Reply::text(403, "too many").with_header("retry-after", "7"));
    let want = "retry rateLimited after 7s: unexpected status code 403: too many";
    assert_eq!(receiver.told(firing()).await, want);
    let mut wrong = Receiver::new("pagerduty", &format!("service_key: s3cret\n{http}"));
    assert_eq!(
        wrong.told(firing()).await,
        "refused clientError: unexpected status code 400: Event object is invalid: Invalid service key"
    );
}

#[tokio::test]
async fn a_key_may_be_in_a_file() {
    let (fake, _) = start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key");
    let keys = format!("routing_key_file: {}\nurl: {}/v2/enqueue", file.display(), fake.url);
    let mut receiver = Receiver::new("pagerduty", &keys);
    let told = receiver.told(firing()).await;
    assert!(told.starts_with("retry other: cannot read the secret in"), "{told}");
    std::fs::write(&file, format!("{KEY}\n")).expect("written");
    assert_eq!(receiver.told(firing()).await, "delivered");
    std::fs::write(&file, "\n").expect("written");
    assert_eq!(receiver.told(firing()).await, "refused other: routing_key is empty");
}

#[tokio::test]
async fn what_pagerduty_says() {
    let (fake, _) = start().await;
    let mut receiver = with_key(&fake.url, "");
    for (reply, want) in [
        (
            Reply::text(429, "slow down").with_header("retry-after", "30"),
            "retry rateLimited after 30s: unexpected status code 429: slow down",
        ),
        (Reply::text(500, "oops"), "retry serverError: unexpected status code 500: oops"),
        (Reply::text(403, "no"), "refused authError: unexpected status code 403: no"),
        (Reply::new(400, "text/html", "<html>"), "refused clientError: unexpected status code 400: <html>"),
    ] {
        fake.answer_next(reply);
        assert_eq!(receiver.told(firing()).await, want);
    }
    let mut wrong =
        Receiver::new("pagerduty", &format!("routing_key: wrong-s3cret\nurl: {}/v2/enqueue", fake.url));
    assert_eq!(
        wrong.told(firing()).await,
        "refused clientError: unexpected status code 400: Event object is invalid: Invalid routing key <secret>"
    );
    let mut wrong = with_key(&fake.url, "severity: urgent");
    assert_eq!(
        wrong.told(firing()).await,
        "refused clientError: unexpected status code 400: Event object is invalid: 'payload.severity' is invalid"
    );
}
