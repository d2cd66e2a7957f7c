//! incident.io: what is sent, its limit, and what its errors lead to.

use super::fakes::incidentio::{TOKEN, api};
use super::fakes::{Fake, Reply};
use super::harness::{Receiver, alert, firing, long, many, resolved, shown, unicode};

fn with_token(url: &str, keys: &str) -> Receiver {
    let url = format!("url: {url}/v2/alert_events/alertmanager/01");
    Receiver::new("incidentio", &format!("{url}\nalert_source_token: {TOKEN}\n{keys}"))
}

#[tokio::test]
async fn what_is_sent() {
    let fake = Fake::start(api).await;
    let mut receiver = with_token(&fake.url, "timeout: 20s");
    assert_eq!(receiver.told(firing()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"receiver":"ops","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Disk full","instance":"db1","severity":"page"},"annotations":{"summary":"The disk of db1 is full"},"startsAt":"2026-03-01T11:50:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","fingerprint":"49a23c2cbe7060d6"}],"notification_reason":"first notification","groupLabels":{"alertname":"Disk full"},"commonLabels":{"alertname":"Disk full","instance":"db1","severity":"page"},"commonAnnotations":{"summary":"The disk of db1 is full"},"routeLabels":{},"externalURL":"http://sereno:9093","version":"1","groupKey":"{}:{alertname=\"Disk full\"}","truncatedAlerts":0}"#);
    assert_eq!(receiver.told(resolved()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"receiver":"ops","status":"resolved","alerts":[{"status":"resolved","labels":{"alertname":"Disk full","instance":"db1","severity":"page"},"annotations":{"summary":"The disk of db1 is full"},"startsAt":"2026-03-01T11:50:00Z","endsAt":"2026-03-01T11:59:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","fingerprint":"49a23c2cbe7060d6"}],"notification_reason":"all alerts resolved","groupLabels":{"alertname":"Disk full"},"commonLabels":{"alertname":"Disk full","instance":"db1","severity":"page"},"commonAnnotations":{"summary":"The disk of db1 is full"},"routeLabels":{},"externalURL":"http://sereno:9093","version":"1","groupKey":"{}:{alertname=\"Disk full\"}","truncatedAlerts":0}"#);
    assert_eq!(receiver.told(many()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"receiver":"ops","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Disk full","instance":"db01","severity":"page"},"annotations":{},"startsAt":"2026-03-01T11:50:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","fingerprint":"b2b907a11fc9bd82"},{"status":"firing","labels":{"alertname":"Disk full","instance":"db02","severity":"page"},"annotations":{},"startsAt":"2026-03-01T11:50:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","fingerprint":"59c6e982ad33e8cd"},{"status":"firing","labels":{"alertname":"Disk full","instance":"db03","severity":"page"},"annotations":{},"startsAt":"2026-03-01T11:50:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","fingerprint":"02a95fe1794964b4"},{"status":"fir⟨12958 characters⟩severity":"page"},"annotations":{},"startsAt":"2026-03-01T11:50:00Z","endsAt":"2026-03-01T11:59:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","fingerprint":"603e69660456cc34"}],"notification_reason":"new alerts added","groupLabels":{"alertname":"Disk full"},"commonLabels":{"alertname":"Disk full","severity":"page"},"commonAnnotations":{},"routeLabels":{},"externalURL":"http://sereno:9093","version":"1","groupKey":"{}:{alertname=\"Disk full\"}","truncatedAlerts":0}"#);
    assert_eq!(receiver.told(unicode()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"receiver":"ops","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Disk full","instance":"дб-1 数据库 🔥","path":"\u003cb\u003e\u0026\"'\\*_`|"},"annotations":{"summary":"Die Größe ist \u003e 95 %\nзаполнен"},"startsAt":"2026-03-01T11:50:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","fingerprint":"8b62848731b3a1af"}],"notification_reason":"new alerts added","groupLabels":{"alertname":"Disk full"},"commonLabels":{"alertname":"Disk full","instance":"дб-1 数据库 🔥","path":"\u003cb\u003e\u0026\"'\\*_`|"},"commonAnnotations":{"summary":"Die Größe ist \u003e 95 %\nзаполнен"},"routeLabels":{},"externalURL":"http://sereno:9093","version":"1","groupKey":"{}:{alertname=\"Disk full\"}","truncatedAlerts":0}"#);
    assert_eq!(receiver.told(long()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"receiver":"ops","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Disk full","instance":"db1"},"annotations":{"summary":"é⟨50000 times⟩"},"startsAt":"2026-03-01T11:50:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","fingerprint":"8c753720cbb0a912"}],"notification_reason":"new alerts added","groupLabels":{"alertname":"Disk full"},"commonLabels":{"alertname":"Disk full","instance":"db1"},"commonAnnotations":{"summary":"é⟨50000 times⟩"},"routeLabels":{},"externalURL":"http://sereno:9093","version":"1","groupKey":"{}:{alertname=\"Disk full\"}","truncatedAlerts":0}"#);
}

#[tokio::test]
async fn what_is_too_large_keeps_the_first_alert() {
    let fake = Fake::start(api).await;
    let text = "x".repeat(200_000);
    let both = ["db1", "db2"].map(|name| alert(&[("instance", name)], &[("summary", &text)], false));
    let mut receiver = with_token(&fake.url, "max_alerts: 2");
    assert_eq!(receiver.told(both.into()).await, "delivered");
    let body = fake.last_body();
    assert!(body.contains("db1") && !body.contains("db2") && body.ends_with("\"truncatedAlerts\":1}\n"));
    assert_eq!(receiver.told(many()).await, "delivered");
    let body = fake.last_body();
    assert!(body.contains("db02") && !body.contains("db03") && body.ends_with("\"truncatedAlerts\":48}\n"));
}

#[tokio::test]
async fn url_and_token_may_be_elsewhere() {
    let fake = Fake::start(api).await;
    let folder = tempfile::tempdir().expect("a folder");
    let (url, token) = (folder.path().join("url"), folder.path().join("token"));
    std::fs::write(&url, format!("{}/v2/alert_events/alertmanager/01\n", fake.url)).expect("written");
    std::fs::write(&token, format!("{TOKEN}\n")).expect("written");
    let keys = format!("url_file: {}\nalert_source_token_file: {}", url.display(), token.display());
    assert_eq!(Receiver::new("incidentio", &keys).told(firing()).await, "delivered");
    let keys =
        format!("url_file: {}\nhttp_config: {{authorization: {{credentials: {TOKEN}}}}}", url.display());
    assert_eq!(Receiver::new("incidentio", &keys).told(firing()).await, "delivered");
}

#[tokio::test]
async fn what_incidentio_says() {
    let fake = Fake::start(api).await;
    let mut receiver = with_token(&fake.url, "");
    for (reply, want) in [
        (
            Reply::text(429, "slow down").with_header("retry-after", "30"),
            "retry rateLimited after 30s: unexpected status code 429: slow down",
        ),
        (Reply::text(500, ""), "retry serverError: unexpected status code 500"),
        (Reply::text(404, "<html>"), "refused clientError: unexpected status code 404: <html>"),
        (
            Reply::json(422, serde_json::json!({"message": "invalid", "errors": ["a", "b"]})),
            "refused clientError: unexpected status code 422: invalid: a, b",
        ),
    ] {
        fake.answer_next(reply);
        assert_eq!(receiver.told(firing()).await, want);
    }
    let url = format!("url: {}/v2/alert_events/alertmanager/01", fake.url);
    let mut wrong = Receiver::new("incidentio", &format!("{url}\nalert_source_token: wrong-s3cret"));
    assert_eq!(
        wrong.told(firing()).await,
        "refused authError: unexpected status code 401: no source for Bearer <secret>"
    );
}
