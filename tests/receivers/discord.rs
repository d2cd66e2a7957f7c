//! Discord: embeds with their limits.

use super::fakes::discord::{WEBHOOK, start};
use super::fakes::{Fake, Reply};
use super::harness::{Receiver, firing, long, many, resolved, sent, unicode};

fn receiver(fake: &Fake, keys: &str) -> Receiver {
    Receiver::new("discord", &format!("webhook_url: {}{WEBHOOK}\n{keys}", fake.url))
}

#[tokio::test]
async fn what_is_sent() {
    let fake = start().await;
    let mut receiver = receiver(&fake, "");
    insta::assert_snapshot!(sent(&mut receiver, &fake, firing()).await, @r#"{"content":"","embeds":[{"title":"[FIRING:1] Disk full (db1 page)","description":"\n\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = db1\n - severity = page\nAnnotations:\n - summary = The disk of db1 is full\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n","color":10038562}]}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, resolved()).await, @r#"{"content":"","embeds":[{"title":"[RESOLVED] Disk full (db1 page)","description":"\n\n\nAlerts Resolved:\nLabels:\n - alertname = Disk full\n - instance = db1\n - severity = page\nAnnotations:\n - summary = The disk of db1 is full\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n","color":3066993}]}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, many()).await, @r#"{"content":"","embeds":[{"title":"[FIRING:40] Disk full (page)","description":"\n\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = db01\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db02\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db03\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db04\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db06\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk fu⟨3111 characters⟩rity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db33\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db34\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db36\n - severity = page\nAnn…","color":10038562}]}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, unicode()).await, @r#"{"content":"","embeds":[{"title":"[FIRING:1] Disk full (дб-1 数据库 🔥 \u003cb\u003e\u0026\"'\\*_`|)","description":"\n\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = дб-1 数据库 🔥\n - path = \u003cb\u003e\u0026\"'\\*_`|\nAnnotations:\n - summary = Die Größe ist \u003e 95 %\nзаполнен\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n","color":10038562}]}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, long()).await, @r#"{"content":"","embeds":[{"title":"[FIRING:1] Disk full (db1)","description":"\n\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = db1\nAnnotations:\n - summary = é⟨4001 times⟩…","color":10038562}]}"#);
}

#[tokio::test]
async fn all_keys() {
    let fake = start().await;
    let long = "{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}";
    let keys = format!(
        "content: '@here {long}'\ntitle: '{long}'\nmessage: m\nusername: watch\navatar_url: http://a/b.png"
    );
    insta::assert_snapshot!(sent(&mut receiver(&fake, &keys), &fake, super::harness::long()).await, @r#"{"content":"@here é⟨1993 times⟩…","embeds":[{"title":"é⟨255 times⟩…","description":"m","color":10038562}],"username":"watch","avatar_url":"http://a/b.png"}"#);
    // A picture that is none does not cost the message.
    let mut other = receiver(&fake, "title: t\nmessage: m\navatar_url: '@b'");
    insta::assert_snapshot!(sent(&mut other, &fake, firing()).await, @r#"{"content":"","embeds":[{"title":"t","description":"m","color":10038562}]}"#);
}

#[tokio::test]
async fn the_url_may_be_in_a_file() {
    let fake = start().await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("{}{WEBHOOK}\n", fake.url)).expect("written");
    let mut receiver = Receiver::new("discord", &format!("webhook_url_file: {}", file.path().display()));
    assert_eq!(receiver.told(firing()).await, "delivered");
}

#[tokio::test]
async fn what_discord_says() {
    let fake = start().await;
    let mut receiver = receiver(&fake, "");
    let slow =
        serde_json::json!({"message": "You are being rate limited.", "retry_after": 1.5, "global": false});
    for (reply, want) in [
        (
            Reply::json(429, slow).with_header("retry-after", "2"),
            "retry rateLimited after 2s: unexpected status code 429: {\"global\":false,\"message\":\"You are being rate limited.\",\"retry_after\":1.5}",
        ),
        (Reply::text(500, "oops"), "retry serverError: unexpected status code 500: oops"),
        (Reply::text(401, ""), "refused authError: unexpected status code 401"),
    ] {
        fake.answer_next(reply);
        assert_eq!(receiver.told(firing()).await, want);
    }
    let mut gone = Receiver::new("discord", &format!("webhook_url: {}/api/webhooks/1/s3cret", fake.url));
    assert_eq!(
        gone.told(firing()).await,
        "refused clientError: unexpected status code 404: {\"code\":10015,\"message\":\"Unknown Webhook\"}"
    );
}
