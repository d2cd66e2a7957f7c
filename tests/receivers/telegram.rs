//! Telegram: markup, its limit, flood control, tokens in URLs.

use super::fakes::telegram::{TOKEN, failed, start};
use super::fakes::{Fake, Reply};
use super::harness::{Receiver, firing, long, many, resolved, sent, unicode};

fn receiver(fake: &Fake, keys: &str) -> Receiver {
    Receiver::new("telegram", &format!("api_url: {}\nbot_token: {TOKEN}\nchat_id: -100\n{keys}", fake.url))
}

#[tokio::test]
async fn what_is_sent() {
    let fake = start().await;
    let mut receiver = receiver(&fake, "");
    insta::assert_snapshot!(sent(&mut receiver, &fake, firing()).await, @r#"{"chat_id":"-100","disable_web_page_preview":"true","parse_mode":"HTML","text":"\n\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = db1\n - severity = page\nAnnotations:\n - summary = The disk of db1 is full\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026amp;g0.tab=1\n\n\n\n"}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, resolved()).await, @r#"{"chat_id":"-100","disable_web_page_preview":"true","parse_mode":"HTML","text":"\n\n\nAlerts Resolved:\nLabels:\n - alertname = Disk full\n - instance = db1\n - severity = page\nAnnotations:\n - summary = The disk of db1 is full\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026amp;g0.tab=1\n\n\n"}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, many()).await, @r#"{"chat_id":"-100","disable_web_page_preview":"true","parse_mode":"HTML","text":"[FIRING:40] alertname\u0026#x3D;\u0026quot;Disk full\u0026quot; (ops)\nThe message is longer than Telegram takes (4096 characters), and HTML cannot be cut: its template should say less. What fires: http://sereno:9093/#/alerts"}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, unicode()).await, @r#"{"chat_id":"-100","disable_web_page_preview":"true","parse_mode":"HTML","text":"\n\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = дб-1 数据库 🔥\n - path = \u0026lt;b\u0026gt;\u0026amp;\u0026#34;\u0026#39;\\*_`|\nAnnotations:\n - summary = Die Größe ist \u0026gt; 95 %\nзаполнен\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026amp;g0.tab=1\n\n\n\n"}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, long()).await, @r#"{"chat_id":"-100","disable_web_page_preview":"true","parse_mode":"HTML","text":"[FIRING:1] alertname\u0026#x3D;\u0026quot;Disk full\u0026quot; (ops)\nThe message is longer than Telegram takes (4096 characters), and HTML cannot be cut: its template should say less. What fires: http://sereno:9093/#/alerts"}"#);
    assert_eq!(fake.requests()[0].path, format!("/bot{TOKEN}/sendMessage"));
}

#[tokio::test]
async fn all_keys() {
    let fake = start().await;
    let keys = "disable_notifications: true\nmessage_thread_id: 7\nparse_mode: ''";
    let message = "message: '<b>{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}'";
    let mut plain = receiver(&fake, &format!("{keys}\n{message}"));
    insta::assert_snapshot!(sent(&mut plain, &fake, long()).await, @r#"{"chat_id":"-100","disable_notification":"true","disable_web_page_preview":"true","message_thread_id":"7","text":"\u003cb\u003eé⟨4092 times⟩…"}"#);
    let mut html = receiver(&fake, "message: '<b>{{ .Receiver }}</b> 1 &lt; 2 {{ .CommonLabels.path }}'");
    insta::assert_snapshot!(sent(&mut html, &fake, unicode()).await, @r#"{"chat_id":"-100","disable_web_page_preview":"true","parse_mode":"HTML","text":"\u003cb\u003eops\u003c/b\u003e 1 \u0026lt; 2 \u0026lt;b\u0026gt;\u0026amp;\u0026#34;\u0026#39;\\*_`|"}"#);
    for mode in ["Markdown", "MarkdownV2"] {
        let body =
            sent(&mut receiver(&fake, &format!("parse_mode: {mode}\nmessage: '*bold*'")), &fake, firing())
                .await;
        assert!(body.contains(&format!(r#""parse_mode":"{mode}","text":"*bold*""#)), "{body}");
    }
}

#[tokio::test]
async fn characters_are_counted_as_telegram_counts_them() {
    let fake = start().await;
    let message = format!("parse_mode: ''\nmessage: '{}'", "🔥".repeat(4000));
    let body = sent(&mut receiver(&fake, &message), &fake, firing()).await;
    assert!(body.contains("🔥⟨2047 times⟩…"), "{body}");
}

#[tokio::test]
async fn markup_that_telegram_cannot_read_is_sent_as_it_is() {
    let fake = start().await;
    let keys = "parse_mode: MarkdownV2\nmessage: 'Version 1.5 of {{ .Receiver }}'";
    insta::assert_snapshot!(sent(&mut receiver(&fake, keys), &fake, firing()).await, @r#"{"chat_id":"-100","disable_web_page_preview":"true","text":"Version 1.5 of ops"}"#);
    assert_eq!(fake.requests().len(), 2);
    let entry = format!("api_url: '{}', bot_token: '{TOKEN}', chat_id: -100", fake.url);
    let entry = format!("{{{entry}, parse_mode: MarkdownV2, message: '1.5'}}");
    let mut strict = Receiver::strict("telegram", &entry);
    let told = strict.told(firing()).await;
    assert!(
        told.starts_with("retry clientError: unexpected status code 400: Bad Request: can't parse"),
        "{told}"
    );
}

#[tokio::test]
async fn the_bot_and_the_chat_may_be_in_files() {
    let fake = start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (token, chat) = (folder.path().join("token"), folder.path().join("chat"));
    std::fs::write(&token, format!("{TOKEN}\n")).expect("written");
    std::fs::write(&chat, "-100\n").expect("written");
    let entry = format!(
        "api_url: {}/\nbot_token_file: {}\nchat_id_file: {}",
        fake.url,
        token.display(),
        chat.display()
    );
    let mut receiver = Receiver::new("telegram", &entry);
    assert_eq!(receiver.told(firing()).await, "delivered");
    std::fs::write(&chat, "ops").expect("written");
    let told = receiver.told(firing()).await;
    assert!(told.starts_with("retry other: cannot read"), "{told}");
}

#[tokio::test]
async fn what_telegram_says() {
    let fake = start().await;
    let mut one = receiver(&fake, "");
    let flood = serde_json::json!({
        "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 35",
        "parameters": {"retry_after": 35},
    });
    for (reply, want) in [
        (
            Reply::json(429, flood.clone()),
            "retry rateLimited after 35s: unexpected status code 429: Too Many Requests: retry after 35",
        ),
        (
            Reply::json(200, flood).with_header("retry-after", "5"),
            "retry rateLimited after 35s: unexpected status code 429: Too Many Requests: retry after 35",
        ),
        (
            Reply::text(429, "").with_header("retry-after", "5"),
            "retry rateLimited after 5s: unexpected status code 429",
        ),
        (
            failed(500, "Internal Server Error"),
            "retry serverError: unexpected status code 500: Internal Server Error",
        ),
        (
            failed(403, "Forbidden: bot was blocked"),
            "retry authError: unexpected status code 403: Forbidden: bot was blocked",
        ),
        (Reply::json(200, serde_json::json!({"ok": false})), "retry other: error response from Telegram: "),
        (
            Reply::garbage(),
            "retry other (maybe taken): cannot understand the answer \"<html><body>Please log in</body></html>\"",
        ),
    ] {
        fake.answer_next(reply);
        assert_eq!(one.told(firing()).await, want);
    }
    let mut wrong =
        Receiver::new("telegram", &format!("api_url: {}\nbot_token: s3cret\nchat_id: -100", fake.url));
    assert_eq!(wrong.told(firing()).await, "retry authError: unexpected status code 401: Unauthorized");
    let mut lost =
        Receiver::new("telegram", &format!("api_url: {}\nbot_token: {TOKEN}\nchat_id: 5", fake.url));
    assert_eq!(
        lost.told(firing()).await,
        "retry clientError: unexpected status code 400: Bad Request: chat not found"
    );
    let mut nobody =
        Receiver::new("telegram", &format!("api_url: http://127.0.0.1:1\nbot_token: {TOKEN}\nchat_id: 5"));
    let told = nobody.told(firing()).await;
    assert!(told.starts_with("retry other: "), "{told}");
}
