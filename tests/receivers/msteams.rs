//! Microsoft Teams, both ways: cards, their size, refusals in a 200.

use super::fakes::msteams::{CONNECTOR, SIGNATURE, WORKFLOW, failed, start};
use super::fakes::{Fake, Reply};
use super::harness::{Receiver, firing, long, many, resolved, sent, unicode};

fn connector(fake: &Fake, keys: &str) -> Receiver {
    Receiver::new("msteams", &format!("webhook_url: {}{CONNECTOR}\n{keys}", fake.url))
}

fn workflow(fake: &Fake, keys: &str) -> Receiver {
    Receiver::new("msteamsv2", &format!("webhook_url: {}{WORKFLOW}?{SIGNATURE}\n{keys}", fake.url))
}

#[tokio::test]
async fn what_is_sent_to_a_connector() {
    let fake = start().await;
    let mut receiver = connector(&fake, "");
    insta::assert_snapshot!(sent(&mut receiver, &fake, firing()).await, @r#"{"@context":"http://schema.org/extensions","type":"MessageCard","title":"[FIRING:1] Disk full (db1 page)","summary":"[FIRING:1] Disk full (db1 page)","text":"\n\n# Alerts Firing:\n\nLabels:\n  - alertname = Disk full\n  - instance = db1\n  - severity = page\n\nAnnotations:\n  - summary = The disk of db1 is full\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n\n","themeColor":"8C1A1A"}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, resolved()).await, @r#"{"@context":"http://schema.org/extensions","type":"MessageCard","title":"[RESOLVED] Disk full (db1 page)","summary":"[RESOLVED] Disk full (db1 page)","text":"\n\n\n# Alerts Resolved:\n\nLabels:\n  - alertname = Disk full\n  - instance = db1\n  - severity = page\n\nAnnotations:\n  - summary = The disk of db1 is full\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n","themeColor":"2DC72D"}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, many()).await, @r#"{"@context":"http://schema.org/extensions","type":"MessageCard","title":"[FIRING:40] Disk full (page)","summary":"[FIRING:40] Disk full (page)","text":"\n\n# Alerts Firing:\n\nLabels:\n  - alertname = Disk full\n  - instance = db01\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db02\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db03\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db04\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db06\n  - severity = ⟨6982 characters⟩tname = Disk full\n  - instance = db40\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db45\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db50\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n","themeColor":"8C1A1A"}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, unicode()).await, @r#"{"@context":"http://schema.org/extensions","type":"MessageCard","title":"[FIRING:1] Disk full (дб-1 数据库 🔥 \u003cb\u003e\u0026\"'\\*_`|)","summary":"[FIRING:1] Disk full (дб-1 数据库 🔥 \u003cb\u003e\u0026\"'\\*_`|)","text":"\n\n# Alerts Firing:\n\nLabels:\n  - alertname = Disk full\n  - instance = дб-1 数据库 🔥\n  - path = \u003cb\u003e\u0026\"'\\*_`|\n\nAnnotations:\n  - summary = Die Größe ist \u003e 95 %\nзаполнен\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n\n","themeColor":"8C1A1A"}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, long()).await, @r#"{"@context":"http://schema.org/extensions","type":"MessageCard","title":"[FIRING:1] Disk full (db1)","summary":"[FIRING:1] Disk full (db1)","text":"\n\n# Alerts Firing:\n\nLabels:\n  - alertname = Disk full\n  - instance = db1\n\nAnnotations:\n  - summary = é⟨13857 times⟩…","themeColor":"8C1A1A"}"#);
}

#[tokio::test]
async fn what_is_sent_to_a_workflow() {
    let fake = start().await;
    let mut receiver = workflow(&fake, "");
    insta::assert_snapshot!(sent(&mut receiver, &fake, firing()).await, @r#"{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":{"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard","version":"1.2","body":[{"type":"TextBlock","text":"[FIRING:1] Disk full (db1 page)","weight":"Bolder","size":"Medium","wrap":true,"style":"heading","color":"Attention"},{"type":"TextBlock","text":"\n\n# Alerts Firing:\n\nLabels:\n  - alertname = Disk full\n  - instance = db1\n  - severity = page\n\nAnnotations:\n  - summary = The disk of db1 is full\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n\n","wrap":true}],"msteams":{"width":"full"}}}]}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, resolved()).await, @r#"{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":{"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard","version":"1.2","body":[{"type":"TextBlock","text":"[RESOLVED] Disk full (db1 page)","weight":"Bolder","size":"Medium","wrap":true,"style":"heading","color":"Good"},{"type":"TextBlock","text":"\n\n\n# Alerts Resolved:\n\nLabels:\n  - alertname = Disk full\n  - instance = db1\n  - severity = page\n\nAnnotations:\n  - summary = The disk of db1 is full\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n","wrap":true}],"msteams":{"width":"full"}}}]}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, many()).await, @r#"{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":{"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard","version":"1.2","body":[{"type":"TextBlock","text":"[FIRING:40] Disk full (page)","weight":"Bolder","size":"Medium","wrap":true,"style":"heading","color":"Attention"},{"type":"TextBlock","text":"\n\n# Alerts Firing:\n\nLabels:\n  - alertname = Disk full\n  - instance = db01\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db02\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db03\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026⟨7251 characters⟩ instance = db40\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db45\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db50\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n","wrap":true}],"msteams":{"width":"full"}}}]}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, unicode()).await, @r#"{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":{"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard","version":"1.2","body":[{"type":"TextBlock","text":"[FIRING:1] Disk full (дб-1 数据库 🔥 \u003cb\u003e\u0026\"'\\*_`|)","weight":"Bolder","size":"Medium","wrap":true,"style":"heading","color":"Attention"},{"type":"TextBlock","text":"\n\n# Alerts Firing:\n\nLabels:\n  - alertname = Disk full\n  - instance = дб-1 数据库 🔥\n  - path = \u003cb\u003e\u0026\"'\\*_`|\n\nAnnotations:\n  - summary = Die Größe ist \u003e 95 %\nзаполнен\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n\n","wrap":true}],"msteams":{"width":"full"}}}]}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, long()).await, @r#"{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":{"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard","version":"1.2","body":[{"type":"TextBlock","text":"[FIRING:1] Disk full (db1)","weight":"Bolder","size":"Medium","wrap":true,"style":"heading","color":"Attention"},{"type":"TextBlock","text":"\n\n# Alerts Firing:\n\nLabels:\n  - alertname = Disk full\n  - instance = db1\n\nAnnotations:\n  - summary = é⟨13721 times⟩…","wrap":true}],"msteams":{"width":"full"}}}]}"#);
}

#[tokio::test]
async fn all_keys() {
    let fake = start().await;
    let mut one =
        connector(&fake, "title: 'T {{ .Status }}'\nsummary: 'S {{ .Status }}'\ntext: 'X {{ .Status }}'");
    insta::assert_snapshot!(sent(&mut one, &fake, firing()).await, @r#"{"@context":"http://schema.org/extensions","type":"MessageCard","title":"T firing","summary":"S firing","text":"X firing","themeColor":"8C1A1A"}"#);
    let mut other = workflow(&fake, "title: 'T {{ .Status }}'\ntext: 'X {{ .Status }}'");
    insta::assert_snapshot!(sent(&mut other, &fake, firing()).await, @r#"{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":{"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard","version":"1.2","body":[{"type":"TextBlock","text":"T firing","weight":"Bolder","size":"Medium","wrap":true,"style":"heading","color":"Attention"},{"type":"TextBlock","text":"X firing","wrap":true}],"msteams":{"width":"full"}}}]}"#);
}

#[tokio::test]
async fn the_urls_may_be_in_files() {
    let fake = start().await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    for (kind, path) in [("msteams", CONNECTOR.to_owned()), ("msteamsv2", format!("{WORKFLOW}?{SIGNATURE}"))]
    {
        std::fs::write(file.path(), format!("{}{path}\n", fake.url)).expect("written");
        let mut receiver = Receiver::new(kind, &format!("webhook_url_file: {}", file.path().display()));
        assert_eq!(receiver.told(firing()).await, "delivered", "{kind}");
    }
}

#[tokio::test]
async fn a_message_that_is_too_long_is_refused_if_alertmanager_would_send_it() {
    let fake = start().await;
    let entry = format!("webhook_url: '{}{WORKFLOW}?{SIGNATURE}'", fake.url);
    let told = Receiver::strict("msteamsv2", &entry).told(long()).await;
    assert_eq!(told, "refused clientError: unexpected status code 413");
}

#[tokio::test]
async fn what_teams_says() {
    let fake = start().await;
    for mut receiver in [connector(&fake, ""), workflow(&fake, "")] {
        for (reply, want) in [
            (
                Reply::text(429, "slow").with_header("retry-after", "30"),
                "retry rateLimited after 30s: unexpected status code 429: slow".to_owned(),
            ),
            (Reply::text(500, ""), "retry serverError: unexpected status code 500".to_owned()),
            (Reply::text(401, ""), "refused authError: unexpected status code 401".to_owned()),
            (
                Reply::text(200, failed(429)),
                format!("retry rateLimited: unexpected status code 429: {}", failed(429)),
            ),
            (
                Reply::text(200, failed(502)),
                format!("retry serverError: unexpected status code 502: {}", failed(502)),
            ),
            (
                Reply::text(200, failed(413)),
                format!("refused clientError: unexpected status code 413: {}", failed(413)),
            ),
        ] {
            fake.answer_next(reply);
            assert_eq!(receiver.told(firing()).await, want);
        }
    }
    let mut gone = Receiver::new("msteams", &format!("webhook_url: {}/webhookb2/s3cret", fake.url));
    assert_eq!(
        gone.told(firing()).await,
        "refused clientError: unexpected status code 404: Invalid webhook URL"
    );
}
