//! Mattermost: attachments, priorities, the limit of the text.

use super::fakes::mattermost::{WEBHOOK, start};
use super::fakes::{Fake, Reply};
use super::harness::{Receiver, firing, long, many, resolved, sent, unicode};

fn receiver(fake: &Fake, keys: &str) -> Receiver {
    Receiver::new("mattermost", &format!("webhook_url: {}{WEBHOOK}\n{keys}", fake.url))
}

#[tokio::test]
async fn what_is_sent() {
    let fake = start().await;
    let mut receiver = receiver(&fake, "");
    insta::assert_snapshot!(sent(&mut receiver, &fake, firing()).await, @r#"{"username":"Alertmanager","attachments":[{"fallback":"[FIRING:1] Disk full (db1 page) | http://sereno:9093/#/alerts?receiver=ops","color":"danger","text":"\n\n# Alerts Firing:\n\nLabels:\n  - alertname = Disk full\n  - instance = db1\n  - severity = page\n\nAnnotations:\n  - summary = The disk of db1 is full\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n\n","title":"[FIRING:1] Disk full (db1 page)","title_link":"http://sereno:9093/#/alerts?receiver=ops"}]}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, resolved()).await, @r#"{"username":"Alertmanager","attachments":[{"fallback":"[RESOLVED] Disk full (db1 page) | http://sereno:9093/#/alerts?receiver=ops","color":"good","text":"\n\n\n# Alerts Resolved:\n\nLabels:\n  - alertname = Disk full\n  - instance = db1\n  - severity = page\n\nAnnotations:\n  - summary = The disk of db1 is full\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n","title":"[RESOLVED] Disk full (db1 page)","title_link":"http://sereno:9093/#/alerts?receiver=ops"}]}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, many()).await, @r#"{"username":"Alertmanager","attachments":[{"fallback":"[FIRING:40] Disk full (page) | http://sereno:9093/#/alerts?receiver=ops","color":"danger","text":"\n\n# Alerts Firing:\n\nLabels:\n  - alertname = Disk full\n  - instance = db01\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db02\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db03\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db04\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db06\n  - severity =⟨7058 characters⟩\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db45\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db50\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n","title":"[FIRING:40] Disk full (page)","title_link":"http://sereno:9093/#/alerts?receiver=ops"}]}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, unicode()).await, @r#"{"username":"Alertmanager","attachments":[{"fallback":"[FIRING:1] Disk full (дб-1 数据库 🔥 \u003cb\u003e\u0026\"'\\*_`|) | http://sereno:9093/#/alerts?receiver=ops","color":"danger","text":"\n\n# Alerts Firing:\n\nLabels:\n  - alertname = Disk full\n  - instance = дб-1 数据库 🔥\n  - path = \u003cb\u003e\u0026\"'\\*_`|\n\nAnnotations:\n  - summary = Die Größe ist \u003e 95 %\nзаполнен\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n\n","title":"[FIRING:1] Disk full (дб-1 数据库 🔥 \u003cb\u003e\u0026\"'\\*_`|)","title_link":"http://sereno:9093/#/alerts?receiver=ops"}]}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, long()).await, @r#"{"username":"Alertmanager","attachments":[{"fallback":"[FIRING:1] Disk full (db1) | http://sereno:9093/#/alerts?receiver=ops","color":"danger","text":"\n\n# Alerts Firing:\n\nLabels:\n  - alertname = Disk full\n  - instance = db1\n\nAnnotations:\n  - summary = é⟨50000 times⟩\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n\n","title":"[FIRING:1] Disk full (db1)","title_link":"http://sereno:9093/#/alerts?receiver=ops"}]}"#);
}

#[tokio::test]
async fn all_keys() {
    let fake = start().await;
    let mut one = receiver(
        &fake,
        r"
channel: ops
username: watch
text: text
fallback: fall
color: '#ff0000'
pretext: before
author_name: me
author_link: http://me/
author_icon: http://me/icon
title: title
title_link: http://title/
fields:
  - {title: one, value: '{{ .Status }}'}
  - {title: two, value: '2', short: true}
thumb_url: http://thumb/
footer: foot
footer_icon: http://foot/
image_url: http://image/
icon_url: http://icon/
icon_emoji: fire
type: custom_alert
props: {card: 'card of {{ len .Alerts }}'}
priority: {priority: Urgent, requested_ack: true, persistent_notifications: true}",
    );
    insta::assert_snapshot!(sent(&mut one, &fake, firing()).await, @r##"{"channel":"ops","username":"watch","icon_url":"http://icon/","icon_emoji":"fire","attachments":[{"fallback":"fall","color":"#ff0000","pretext":"before","text":"text","author_name":"me","author_link":"http://me/","author_icon":"http://me/icon","title":"title","title_link":"http://title/","fields":[{"title":"one","value":"firing"},{"title":"two","value":"2","short":true}],"thumb_url":"http://thumb/","footer":"foot","footer_icon":"http://foot/","image_url":"http://image/"}],"type":"custom_alert","props":{"card":"card of 1"},"priority":{"priority":"urgent","requested_ack":true,"persistent_notifications":true}}"##);
    let summary = "{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}";
    let mut several = receiver(
        &fake,
        &format!(
            "text: '{summary}'\nattachments: [{{title: one, fallback: f}}, {{text: two, fields: [{{title: a, value: b}}]}}]"
        ),
    );
    insta::assert_snapshot!(sent(&mut several, &fake, long()).await, @r#"{"text":"é⟨16382 times⟩…","username":"Alertmanager","attachments":[{"fallback":"f","title":"one"},{"text":"two","fields":[{"title":"a","value":"b"}]}]}"#);
}

#[tokio::test]
async fn priorities_are_those_that_mattermost_has() {
    let fake = start().await;
    for (priority, want) in [
        ("urgent", r#"{"priority":"urgent","requested_ack":true,"persistent_notifications":true}"#),
        ("Important", r#"{"priority":"important","requested_ack":true}"#),
        ("standard", r#"{"priority":"standard"}"#),
        ("{{ .CommonLabels.severity }}", r#"{"priority":"standard"}"#),
    ] {
        let keys = format!(
            "priority: {{priority: '{priority}', requested_ack: true, persistent_notifications: true}}"
        );
        let body = sent(&mut receiver(&fake, &keys), &fake, firing()).await;
        assert!(body.ends_with(&format!(r#","priority":{want}}}"#)), "{body}");
    }
}

#[tokio::test]
async fn what_mattermost_says() {
    let fake = start().await;
    let mut receiver = receiver(&fake, "channel: ops");
    for (reply, want) in [
        (
            Reply::text(429, "slow").with_header("retry-after", "30"),
            "retry rateLimited after 30s: channel \"ops\": unexpected status code 429: slow",
        ),
        (Reply::text(500, "oops"), "retry serverError: channel \"ops\": unexpected status code 500: oops"),
        (Reply::text(401, ""), "refused authError: channel \"ops\": unexpected status code 401"),
        (Reply::garbage(), "delivered"),
    ] {
        fake.answer_next(reply);
        assert_eq!(receiver.told(firing()).await, want);
    }
    let gone = format!("webhook_url: {}{WEBHOOK}\nchannel: gone", fake.url);
    let told = Receiver::new("mattermost", &gone).told(firing()).await;
    assert!(
        told.starts_with("refused clientError: channel \"gone\": unexpected status code 404: "),
        "{told}"
    );
}
