//! Slack: webhooks and bots, messages that change or are answered, limits, and what Slack's errors lead to.

use super::fakes::Reply;
use super::fakes::slack::{TOKEN, WEBHOOK, start};
use super::harness::{Receiver, firing, long, many, resolved, shown, unicode};

fn with_webhook(url: &str, keys: &str) -> Receiver {
    Receiver::new("slack", &format!("api_url: {url}{WEBHOOK}\nsend_resolved: true\n{keys}"))
}

fn with_token(url: &str, keys: &str) -> Receiver {
    let token = format!("app_token: {TOKEN}\napp_url: {url}/api/chat.postMessage\nsend_resolved: true");
    Receiver::new("slack", &format!("{token}\nchannel: '#ops'\n{keys}"))
}

#[tokio::test]
async fn what_is_sent() {
    let (fake, _) = start().await;
    let mut receiver = with_webhook(
        &fake.url,
        "channel: '#ops'\ntext: '{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}'",
    );
    assert_eq!(receiver.told(firing()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r##"{"channel":"#ops","username":"Alertmanager","attachments":[{"title":"[FIRING:1] Disk full (db1 page)","title_link":"http://sereno:9093/#/alerts?receiver=ops","text":"The disk of db1 is full","fallback":"[FIRING:1] Disk full (db1 page) | http://sereno:9093/#/alerts?receiver=ops","callback_id":"","footer":"","color":"danger","mrkdwn_in":["fallback","pretext","text"]}]}"##);
    assert_eq!(fake.requests()[0].header("authorization"), "");
    assert!(fake.requests()[0].header("user-agent").starts_with("Sereno/"));
    assert_eq!(receiver.told(resolved()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r##"{"channel":"#ops","username":"Alertmanager","attachments":[{"title":"[RESOLVED] Disk full (db1 page)","title_link":"http://sereno:9093/#/alerts?receiver=ops","text":"The disk of db1 is full","fallback":"[RESOLVED] Disk full (db1 page) | http://sereno:9093/#/alerts?receiver=ops","callback_id":"","footer":"","color":"good","mrkdwn_in":["fallback","pretext","text"]}]}"##);
    assert_eq!(receiver.told(many()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r##"{"channel":"#ops","username":"Alertmanager","attachments":[{"title":"[FIRING:40] Disk full (page)","title_link":"http://sereno:9093/#/alerts?receiver=ops","text":"","fallback":"[FIRING:40] Disk full (page) | http://sereno:9093/#/alerts?receiver=ops","callback_id":"","footer":"","color":"danger","mrkdwn_in":["fallback","pretext","text"]}]}"##);
    assert_eq!(receiver.told(unicode()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r##"{"channel":"#ops","username":"Alertmanager","attachments":[{"title":"[FIRING:1] Disk full (дб-1 数据库 🔥 \u003cb\u003e\u0026\"'\\*_`|)","title_link":"http://sereno:9093/#/alerts?receiver=ops","text":"Die Größe ist \u003e 95 %\nзаполнен","fallback":"[FIRING:1] Disk full (дб-1 数据库 🔥 \u003cb\u003e\u0026\"'\\*_`|) | http://sereno:9093/#/alerts?receiver=ops","callback_id":"","footer":"","color":"danger","mrkdwn_in":["fallback","pretext","text"]}]}"##);
    assert_eq!(receiver.told(long()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r##"{"channel":"#ops","username":"Alertmanager","attachments":[{"title":"[FIRING:1] Disk full (db1)","title_link":"http://sereno:9093/#/alerts?receiver=ops","text":"é⟨7999 times⟩…","fallback":"[FIRING:1] Disk full (db1) | http://sereno:9093/#/alerts?receiver=ops","callback_id":"","footer":"","color":"danger","mrkdwn_in":["fallback","pretext","text"]}]}"##);
}

#[tokio::test]
async fn all_keys() {
    let (fake, _) = start().await;
    let mut receiver = with_token(
        &fake.url,
        r#"
username: watch
color: '#ff0000'
title: '{{ .CommonLabels.alertname }}'
title_link: http://wiki/
pretext: before
text: body
message_text: 'message of {{ len .Alerts }}'
fields:
  - {title: one, value: '{{ .Status }}'}
  - {title: two, value: '2', short: false}
short_fields: true
footer: foot
fallback: fall
callback_id: call
icon_emoji: ':fire:'
icon_url: http://icon/
image_url: http://image/
thumb_url: http://thumb/
link_names: true
mrkdwn_in: [text, fields]
actions:
  - {type: button, text: Runbook, url: 'http://runbook/{{ .GroupLabels.alertname | urlquery }}', style: danger, name: unused, value: unused, confirm: {text: unused}}
  - type: button
    text: Stop
    name: stop
    value: now
    confirm: {text: Really?, title: Stop, ok_text: 'Yes', dismiss_text: 'No'}
timeout: 20s"#,
    );
    assert_eq!(receiver.told(firing()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r##"{"channel":"#ops","username":"watch","icon_emoji":":fire:","icon_url":"http://icon/","link_names":true,"text":"message of 1","attachments":[{"title":"Disk full","title_link":"http://wiki/","pretext":"before","text":"body","fallback":"fall","callback_id":"call","fields":[{"title":"one","value":"firing","short":true},{"title":"two","value":"2","short":false}],"actions":[{"type":"button","text":"Runbook","url":"http://runbook/Disk+full","style":"danger"},{"type":"button","text":"Stop","name":"stop","value":"now","confirm":{"text":"Really?","title":"Stop","ok_text":"Yes","dismiss_text":"No"}}],"image_url":"http://image/","thumb_url":"http://thumb/","footer":"foot","color":"#ff0000","mrkdwn_in":["text","fields"]}]}"##);
    assert_eq!(fake.requests()[0].header("authorization"), format!("Bearer {TOKEN}"));
}

#[tokio::test]
async fn secrets_may_be_in_files() {
    let (fake, _) = start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (url, token) = (folder.path().join("url"), folder.path().join("token"));
    std::fs::write(&url, format!("{}{WEBHOOK}\n", fake.url)).expect("written");
    std::fs::write(&token, format!("{TOKEN}\n")).expect("written");
    let mut receiver = Receiver::new("slack", &format!("api_url_file: {}", url.display()));
    assert_eq!(receiver.told(firing()).await, "delivered");
    let keys = format!(
        "app_token_file: {}\napp_url: {}/api/chat.postMessage\nchannel: C0001",
        token.display(),
        fake.url
    );
    let mut receiver = Receiver::new("slack", &keys);
    assert_eq!(receiver.told(firing()).await, "delivered");
    std::fs::remove_file(&token).expect("removed");
    let told = receiver.told(firing()).await;
    assert!(told.starts_with("retry other: cannot read the secret in"), "{told}");
}

#[tokio::test]
async fn the_first_message_is_changed() {
    let (fake, workspace) = start().await;
    let mut receiver =
        with_token(&fake.url, "update_message: true\nmessage_text: '{{ len .Alerts }} alerts'");
    for alerts in [firing(), many(), resolved()] {
        assert_eq!(receiver.told(alerts).await, "delivered");
    }
    let paths: Vec<String> = fake.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/api/chat.postMessage", "/api/chat.update", "/api/chat.update"]);
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"channel":"C0001","ts":"1700000000.000001","username":"Alertmanager","text":"1 alerts","attachments":[{"title":"[RESOLVED] Disk full (db1 page)","title_link":"http://sereno:9093/#/alerts?receiver=ops","text":"","fallback":"[RESOLVED] Disk full (db1 page) | http://sereno:9093/#/alerts?receiver=ops","callback_id":"","footer":"","color":"good","mrkdwn_in":["fallback","pretext","text"]}]}"#);
    let posted = workspace.lock().expect("not poisoned").clone();
    assert_eq!((posted.len(), posted[0].channel), (1, "C0001"));
    assert!(posted[0].title.starts_with("[RESOLVED]"), "{posted:?}");
    // What fires after that is news.
    assert_eq!(receiver.told_first(firing()).await, "delivered");
    assert_eq!(workspace.lock().expect("not poisoned").len(), 2);
}

#[tokio::test]
async fn a_message_that_is_gone_is_replaced() {
    let (fake, workspace) = start().await;
    let mut receiver = with_token(&fake.url, "update_message: true");
    assert_eq!(receiver.told(firing()).await, "delivered");
    let before = receiver.memory.clone();
    for error in ["message_not_found", "cant_update_message", "edit_window_closed"] {
        fake.answer_next(Reply::json(200, serde_json::json!({"ok": false, "error": error})));
        assert_eq!(receiver.told(many()).await, "delivered");
        assert_eq!(fake.requests().last().expect("a request").path, "/api/chat.postMessage");
        assert_ne!(receiver.memory, before);
    }
    assert_eq!(workspace.lock().expect("not poisoned").len(), 4);
    let last = receiver.memory.clone();
    assert_eq!(receiver.told(resolved()).await, "delivered");
    assert_eq!((workspace.lock().expect("not poisoned").len(), receiver.memory), (4, last));
}

#[tokio::test]
async fn a_message_in_another_channel_is_not_changed() {
    let (fake, workspace) = start().await;
    let token = format!("app_token: {TOKEN}\napp_url: {}/api/chat.postMessage", fake.url);
    let channel = "channel: '{{ if gt (len .Alerts) 1 }}#dev{{ else }}#ops{{ end }}'\nupdate_message: true";
    let mut receiver = Receiver::new("slack", &format!("{token}\n{channel}"));
    for alerts in [firing(), many(), many()] {
        assert_eq!(receiver.told(alerts).await, "delivered");
    }
    let channels: Vec<&str> =
        workspace.lock().expect("not poisoned").iter().map(|posted| posted.channel).collect();
    assert_eq!(channels, ["C0001", "C0002"]);
}

#[tokio::test]
async fn later_messages_answer_the_first() {
    let (fake, workspace) = start().await;
    let mut receiver = with_token(&fake.url, "thread_replies: true");
    for alerts in [firing(), many(), resolved()] {
        assert_eq!(receiver.told(alerts).await, "delivered");
    }
    let posted = workspace.lock().expect("not poisoned").clone();
    let threads: Vec<Option<&str>> = posted.iter().map(|posted| posted.thread_ts.as_deref()).collect();
    assert_eq!(threads, [None, Some(&*posted[0].ts), Some(&*posted[0].ts)]);
    // The first is deleted.
    workspace.lock().expect("not poisoned").clear();
    assert_eq!(receiver.told(many()).await, "delivered");
    assert_eq!(workspace.lock().expect("not poisoned")[0].thread_ts, None);
    assert_eq!(receiver.told(resolved()).await, "delivered");
    assert!(workspace.lock().expect("not poisoned")[1].thread_ts.is_some());
}

#[tokio::test]
async fn a_bot_needs_a_token_for_what_only_bots_can() {
    for (keys, want) in [
        (
            "update_message: true",
            "update_message can only be used with bot tokens. api_url must be set to https://slack.com/api/chat.postMessage",
        ),
        (
            "thread_replies: true",
            "thread_replies can only be used with bot tokens. api_url must be set to https://slack.com/api/chat.postMessage",
        ),
        (
            "app_token: x\nupdate_message: true\nthread_replies: true",
            "at most one of update_message & thread_replies can be true",
        ),
    ] {
        let keys =
            if keys.starts_with("app") { keys.to_owned() } else { format!("api_url: http://hook/\n{keys}") };
        assert_eq!(Receiver::problems("slack", &keys), [want]);
    }
}

#[tokio::test]
async fn what_slack_says_to_a_webhook() {
    let (fake, _) = start().await;
    let mut receiver = with_webhook(&fake.url, "");
    for (reply, want) in [
        (
            Reply::text(429, "rate_limited").with_header("retry-after", "30"),
            "retry rateLimited after 30s: channel \"\": unexpected status code 429: rate_limited",
        ),
        (
            Reply::text(500, "rollup_error"),
            "retry serverError: channel \"\": unexpected status code 500: rollup_error",
        ),
        (
            Reply::text(403, "invalid_token"),
            "refused authError: channel \"\": unexpected status code 403: invalid_token",
        ),
        (
            Reply::text(404, "channel_not_found"),
            "refused clientError: channel \"\": unexpected status code 404: channel_not_found",
        ),
        (
            Reply::text(200, "invalid_token"),
            "refused authError: channel \"\": error response from Slack: invalid_token",
        ),
        (
            Reply::garbage(),
            "retry other (maybe taken): channel \"\": cannot understand the answer \"<html><body>Please log in</body></html>\"",
        ),
        (Reply::text(200, ""), "retry other (maybe taken): channel \"\": cannot understand the answer \"\""),
    ] {
        fake.answer_next(reply);
        assert_eq!(receiver.told(firing()).await, want);
    }
    assert_eq!(receiver.told(firing()).await, "delivered");
    let mut wrong = Receiver::new("slack", &format!("api_url: {}/services/T0/B1/s3cret", fake.url));
    assert_eq!(
        wrong.told(firing()).await,
        "refused clientError: channel \"\": unexpected status code 404: no_service"
    );
}

#[tokio::test]
async fn what_slack_says_to_a_bot() {
    let (fake, _) = start().await;
    let mut receiver = with_token(&fake.url, "update_message: true");
    for update in [false, true] {
        for (error, want) in [
            ("ratelimited", "retry rateLimited after 1m"),
            ("internal_error", "retry serverError after 1m"),
            ("service_unavailable", "retry serverError after 1m"),
            ("invalid_auth", "refused authError"),
            ("is_archived", "refused clientError"),
        ] {
            let reply = Reply::json(200, serde_json::json!({"ok": false, "error": error}));
            fake.answer_next(reply.with_header("retry-after", "60"));
            let channel = if update { "C0001" } else { "#ops" };
            let want = format!("{want}: channel {channel:?}: error response from Slack: {error}");
            assert_eq!(receiver.told(firing()).await, want);
        }
        fake.answer_next(Reply::new(200, "application/json", r#"{"ok":tr"#));
        let told = receiver.told(firing()).await;
        assert!(told.starts_with("retry other (maybe taken): channel"), "{told}");
        assert_eq!(receiver.told(firing()).await, "delivered");
    }
    let wrong = format!("app_token: s3cret\napp_url: {}/api/chat.postMessage\nchannel: '#ops'", fake.url);
    assert_eq!(
        Receiver::new("slack", &wrong).told(firing()).await,
        "refused authError: channel \"#ops\": error response from Slack: invalid_auth"
    );
    let gone = format!("app_token: {TOKEN}\napp_url: {}/api/chat.postMessage\nchannel: '#gone'", fake.url);
    assert_eq!(
        Receiver::new("slack", &gone).told(firing()).await,
        "refused clientError: channel \"#gone\": error response from Slack: channel_not_found"
    );
}

#[tokio::test]
async fn nobody_is_there() {
    let mut receiver = with_webhook("http://127.0.0.1:1", "");
    let told = receiver.told(firing()).await;
    assert!(told.starts_with("retry other: "), "{told}");
}

#[tokio::test]
async fn texts_are_cut_to_what_slack_takes() {
    let (fake, _) = start().await;
    let all = "{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}";
    let keys =
        format!("message_text: '{all}'\ntitle: '{all}'\npretext: '{all}'\ntext: '{all}'\nfooter: '{all}'");
    let more = format!("{keys}\nfallback: '{all}'\nfields: [{{title: one, value: '{all}'}}]");
    assert_eq!(with_webhook(&fake.url, &more).told(long()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"username":"Alertmanager","text":"é⟨39999 times⟩…","attachments":[{"title":"é⟨1023 times⟩…","title_link":"http://sereno:9093/#/alerts?receiver=ops","pretext":"é⟨7999 times⟩…","text":"é⟨7999 times⟩…","fallback":"é⟨7999 times⟩…","callback_id":"","fields":[{"title":"one","value":"é⟨7999 times⟩…","short":false}],"footer":"é⟨299 times⟩…","color":"danger","mrkdwn_in":["fallback","pretext","text"]}]}"#);
    let mut changed = with_token(&fake.url, &format!("update_message: true\n{more}"));
    for number in 1..=2 {
        assert_eq!(changed.told(long()).await, "delivered");
        assert!(shown(&fake.last_body()).contains(r#""text":"é⟨3999 times⟩…""#), "message {number}");
    }
    // Alertmanager cuts the title only.
    let entry = format!("{{api_url: '{}{WEBHOOK}', footer: '{all}'}}", fake.url);
    let mut strict = Receiver::strict("slack", &entry);
    assert_eq!(
        strict.told(long()).await,
        "refused clientError: channel \"\": unexpected status code 400: invalid_payload invalid_attachments"
    );
}

#[tokio::test]
async fn a_broken_template_costs_no_message() {
    let (fake, _) = start().await;
    let broken = r#"'{{ template "missing" . }}'"#;
    let keys = format!("channel: '#ops'\ntitle: {broken}\ncolor: {broken}\nicon_url: {broken}");
    let button = format!("actions: [{{type: button, text: Open, url: {broken}}}]");
    assert_eq!(with_webhook(&fake.url, &format!("{keys}\n{button}")).told(firing()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r##"{"channel":"#ops","username":"Alertmanager","attachments":[{"title":"[FIRING:1] alertname=\"Disk full\" (ops) (the template of title failed: template: :1:12: executing \"\" at \u003c{{template \"missing\" .}}\u003e: template \"missing\" not defined)","title_link":"http://sereno:9093/#/alerts?receiver=ops","text":"","fallback":"[FIRING:1] Disk full (db1 page) | http://sereno:9093/#/alerts?receiver=ops","callback_id":"","footer":"","mrkdwn_in":["fallback","pretext","text"]}]}"##);
    let entry = format!("{{api_url: '{}{WEBHOOK}', color: {broken}}}", fake.url);
    let mut strict = Receiver::strict("slack", &entry);
    let told = strict.told(firing()).await;
    assert!(told.starts_with("refused other: cannot render color: "), "{told}");
    let lost = with_webhook(&fake.url, &format!("channel: {broken}")).told(firing()).await;
    assert!(lost.starts_with("refused other: cannot render channel: "), "{lost}");
}
