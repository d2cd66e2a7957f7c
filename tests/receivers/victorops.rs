//! VictorOps: what is sent, custom fields, and what its errors lead to.

use super::fakes::victorops::{KEY, api};
use super::fakes::{Fake, Reply};
use super::harness::{Receiver, firing, long, many, resolved, shown, unicode};

fn with_key(url: &str, keys: &str) -> Receiver {
    let url = format!("{url}/integrations/generic/20131114/alert/");
    Receiver::new("victorops", &format!("api_key: {KEY}\napi_url: {url}\n{keys}"))
}

#[tokio::test]
async fn what_is_sent() {
    let fake = Fake::start(api).await;
    let mut receiver = with_key(&fake.url, "routing_key: ops");
    assert_eq!(receiver.told(firing()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"entity_display_name":"[FIRING:1] Disk full (db1 page)","entity_id":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","message_type":"CRITICAL","monitoring_tool":"Alertmanager","state_message":"The disk of db1 is full\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = db1\n - severity = page\nAnnotations:\n - summary = The disk of db1 is full\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n"}"#);
    assert_eq!(receiver.told(resolved()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"entity_display_name":"[RESOLVED] Disk full (db1 page)","entity_id":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","message_type":"RECOVERY","monitoring_tool":"Alertmanager","state_message":"The disk of db1 is full\n\nAlerts Resolved:\nLabels:\n - alertname = Disk full\n - instance = db1\n - severity = page\nAnnotations:\n - summary = The disk of db1 is full\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n"}"#);
    assert_eq!(receiver.told(many()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"entity_display_name":"[FIRING:40] Disk full (page)","entity_id":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","message_type":"CRITICAL","monitoring_tool":"Alertmanager","state_message":"\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = db01\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db02\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db03\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db04\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db06\n -⟨6549 characters⟩0/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db40\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db45\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db50\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n"}"#);
    assert_eq!(receiver.told(unicode()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"entity_display_name":"[FIRING:1] Disk full (дб-1 数据库 🔥 \u003cb\u003e\u0026\"'\\*_`|)","entity_id":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","message_type":"CRITICAL","monitoring_tool":"Alertmanager","state_message":"Die Größe ist \u003e 95 %\nзаполнен\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = дб-1 数据库 🔥\n - path = \u003cb\u003e\u0026\"'\\*_`|\nAnnotations:\n - summary = Die Größe ist \u003e 95 %\nзаполнен\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n"}"#);
    assert_eq!(receiver.told(long()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"entity_display_name":"[FIRING:1] Disk full (db1)","entity_id":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","message_type":"CRITICAL","monitoring_tool":"Alertmanager","state_message":"é⟨20479 times⟩…"}"#);
}

#[tokio::test]
async fn all_keys() {
    let fake = Fake::start(api).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key");
    std::fs::write(&file, format!("{KEY}\n")).expect("written");
    let (path, url) = (file.display(), &fake.url);
    let keys = format!(
        r#"api_key_file: {path}
api_url: {url}/integrations/generic/20131114/alert
routing_key: '{{{{ .GroupLabels.alertname }}}}?'
message_type: '{{{{ if eq .CommonLabels.severity "page" }}}}WARNING{{{{ end }}}}'
state_message: '{{{{ len .Alerts }}}} alerts'
entity_display_name: '{{{{ .GroupLabels.alertname }}}}'
monitoring_tool: watch
custom_fields: {{severity: '{{{{ .CommonLabels.severity }}}}', a: b}}"#
    );
    let mut receiver = Receiver::new("victorops", &keys);
    assert_eq!(receiver.told(firing()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"a":"b","entity_display_name":"Disk full","entity_id":"0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c","message_type":"WARNING","monitoring_tool":"watch","severity":"page","state_message":"1 alerts"}"#);
    let path = format!("/integrations/generic/20131114/alert/{KEY}/Disk%20full%3F");
    assert_eq!(fake.requests()[0].path, path);
    // A type that there is not opens an incident all the same.
    assert_eq!(receiver.told(unicode()).await, "delivered");
    assert!(fake.last_body().contains(r#""message_type":"CRITICAL""#), "{}", fake.last_body());
}

#[tokio::test]
async fn what_victorops_says() {
    let fake = Fake::start(api).await;
    let mut receiver = with_key(&fake.url, "routing_key: ops");
    for (reply, want) in [
        (
            Reply::text(429, "slow down").with_header("retry-after", "30"),
            "retry rateLimited after 30s: unexpected status code 429: slow down",
        ),
        (Reply::text(500, "oops"), "retry serverError: unexpected status code 500: oops"),
        (Reply::text(401, "no"), "refused authError: unexpected status code 401: no"),
        (Reply::text(404, "<html>"), "refused clientError: unexpected status code 404: <html>"),
    ] {
        fake.answer_next(reply);
        assert_eq!(receiver.told(firing()).await, want);
    }
    let url = format!("{}/integrations/generic/20131114/alert/", fake.url);
    let wrong = format!("api_key: wrong-s3cret\napi_url: {url}\nrouting_key: ops");
    let told = Receiver::new("victorops", &wrong).told(firing()).await;
    assert!(told.starts_with("refused authError: unexpected status code 403: "), "{told}");
    assert!(told.contains("no integration <secret>/ops"), "{told}");
}
