//! Webex: rooms, tokens, the limit in bytes.

use super::fakes::webex::{TOKEN, start};
use super::fakes::{Fake, Reply};
use super::harness::{Receiver, firing, long, many, resolved, sent, unicode};

fn receiver(fake: &Fake, room: &str, token: &str) -> Receiver {
    let http = format!("http_config: {{authorization: {{credentials: {token}}}}}");
    Receiver::new("webex", &format!("api_url: {}/v1/messages\nroom_id: {room}\n{http}", fake.url))
}

#[tokio::test]
async fn what_is_sent() {
    let fake = start().await;
    let mut receiver = receiver(&fake, "'room{{ len .GroupLabels }}'", TOKEN);
    insta::assert_snapshot!(sent(&mut receiver, &fake, firing()).await, @r#"{"markdown":"The disk of db1 is full\n\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = db1\n - severity = page\nAnnotations:\n - summary = The disk of db1 is full\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n","roomId":"room1"}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, resolved()).await, @r#"{"markdown":"The disk of db1 is full\n\n\nAlerts Resolved:\nLabels:\n - alertname = Disk full\n - instance = db1\n - severity = page\nAnnotations:\n - summary = The disk of db1 is full\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n","roomId":"room1"}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, many()).await, @r#"{"markdown":"\n\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = db01\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db02\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db03\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db04\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db06\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db07\n - severity = page\nAnnotations:\nSource: ⟨6380 characters⟩u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db40\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db45\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db50\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n","roomId":"room1"}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, unicode()).await, @r#"{"markdown":"Die Größe ist \u003e 95 %\nзаполнен\n\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = дб-1 数据库 🔥\n - path = \u003cb\u003e\u0026\"'\\*_`|\nAnnotations:\n - summary = Die Größe ist \u003e 95 %\nзаполнен\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n","roomId":"room1"}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, long()).await, @r#"{"markdown":"é⟨3718 times⟩…","roomId":"room1"}"#);
}

#[tokio::test]
async fn what_webex_says() {
    let fake = start().await;
    let mut one = receiver(&fake, "room1", TOKEN);
    for (reply, want) in [
        (
            Reply::text(429, "slow").with_header("retry-after", "30"),
            "retry rateLimited after 30s: unexpected status code 429: slow",
        ),
        (Reply::text(502, ""), "retry serverError: unexpected status code 502"),
        (Reply::text(400, ""), "refused clientError: unexpected status code 400"),
    ] {
        fake.answer_next(reply);
        assert_eq!(one.told(firing()).await, want);
    }
    let told = receiver(&fake, "room1", "other-s3cret").told(firing()).await;
    assert!(told.starts_with("refused authError: unexpected status code 401: "), "{told}");
    let told = receiver(&fake, "room2", TOKEN).told(firing()).await;
    assert!(told.starts_with("refused clientError: unexpected status code 404: "), "{told}");
}

#[tokio::test]
async fn a_room_that_cannot_be_rendered_is_nowhere_to_send_to() {
    let fake = start().await;
    let told = receiver(&fake, "'{{ template \"missing\" . }}'", TOKEN).told(firing()).await;
    assert!(told.starts_with("refused other: cannot render room_id: "), "{told}");
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn the_limit_is_in_bytes() {
    let fake = start().await;
    let http = format!("http_config: {{authorization: {{credentials: {TOKEN}}}}}");
    for (length, want) in [(7439, "x⟨7439 times⟩"), (7440, "x⟨7436 times⟩…")] {
        let keys = format!("api_url: {}/v1/messages\nroom_id: room1\n{http}", fake.url);
        let message = format!("{keys}\nmessage: {}", "x".repeat(length));
        let body = sent(&mut Receiver::new("webex", &message), &fake, firing()).await;
        assert_eq!(body, format!(r#"{{"markdown":"{want}","roomId":"room1"}}"#));
    }
}
