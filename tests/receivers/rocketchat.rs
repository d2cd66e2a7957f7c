//! Rocket.Chat: fields, actions, failures in a 200.

use super::fakes::rocketchat::{USER, start};
use super::fakes::{Fake, Reply};
use super::harness::{Receiver, firing, long, many, resolved, sent, unicode};

fn receiver(fake: &Fake, keys: &str) -> Receiver {
    let (id, token) = USER;
    let user = format!("api_url: {}\ntoken_id: {id}\ntoken: {token}", fake.url);
    Receiver::new("rocketchat", &format!("{user}\nchannel: '#ops'\nsend_resolved: true\n{keys}"))
}

#[tokio::test]
async fn what_is_sent() {
    let fake = start().await;
    let mut receiver = receiver(&fake, "text: '{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}'");
    insta::assert_snapshot!(sent(&mut receiver, &fake, firing()).await, @r##"{"channel":"#ops","attachments":[{"title":"[FIRING:1] Disk full (db1 page)","title_link":"http://sereno:9093/#/alerts?receiver=ops","text":"The disk of db1 is full","color":"red"}]}"##);
    insta::assert_snapshot!(sent(&mut receiver, &fake, resolved()).await, @r##"{"channel":"#ops","attachments":[{"title":"[RESOLVED] Disk full (db1 page)","title_link":"http://sereno:9093/#/alerts?receiver=ops","text":"The disk of db1 is full","color":"green"}]}"##);
    insta::assert_snapshot!(sent(&mut receiver, &fake, many()).await, @r##"{"channel":"#ops","attachments":[{"title":"[FIRING:40] Disk full (page)","title_link":"http://sereno:9093/#/alerts?receiver=ops","color":"red"}]}"##);
    insta::assert_snapshot!(sent(&mut receiver, &fake, unicode()).await, @r##"{"channel":"#ops","attachments":[{"title":"[FIRING:1] Disk full (дб-1 数据库 🔥 \u003cb\u003e\u0026\"'\\*_`|)","title_link":"http://sereno:9093/#/alerts?receiver=ops","text":"Die Größe ist \u003e 95 %\nзаполнен","color":"red"}]}"##);
    insta::assert_snapshot!(sent(&mut receiver, &fake, long()).await, @r##"{"channel":"#ops","attachments":[{"title":"[FIRING:1] Disk full (db1)","title_link":"http://sereno:9093/#/alerts?receiver=ops","text":"é⟨50000 times⟩","color":"red"}]}"##);
}

#[tokio::test]
async fn all_keys() {
    let fake = start().await;
    let mut receiver = receiver(
        &fake,
        r"
color: red
title: '{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}'
title_link: http://title/
text: text
fields:
  - {title: one, value: '{{ .Status }}'}
  - {title: two, value: '2', short: false}
short_fields: true
emoji: ':fire:'
icon_url: http://icon/
image_url: http://image/
thumb_url: http://thumb/
link_names: true
actions:
  - {type: other, text: Open, url: http://open/}
  - {text: Say, msg: 'said {{ len .Alerts }}'}",
    );
    insta::assert_snapshot!(sent(&mut receiver, &fake, long()).await, @r##"{"channel":"#ops","emoji":":fire:","avatar":"http://icon/","attachments":[{"title":"é⟨1023 times⟩…","title_link":"http://title/","text":"text","image_url":"http://image/","thumb_url":"http://thumb/","color":"red","fields":[{"short":true,"title":"one","value":"firing"},{"short":false,"title":"two","value":"2"}],"actions":[{"type":"button","text":"Open","url":"http://open/","is_webview":false,"msg_in_chat_window":false},{"type":"button","text":"Say","is_webview":false,"msg":"said 1","msg_in_chat_window":false}]}]}"##);
}

#[tokio::test]
async fn the_user_may_be_in_files() {
    let fake = start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (id, token) = (folder.path().join("id"), folder.path().join("token"));
    std::fs::write(&id, USER.0).expect("written");
    std::fs::write(&token, format!("{}\n", USER.1)).expect("written");
    let global = "global: {rocketchat_token_id: s3cret-of-others}\n";
    let entry = format!(
        "{{api_url: '{}/', channel: '@me', token_id_file: {}, token_file: {}}}",
        fake.url,
        id.display(),
        token.display()
    );
    let mut receiver = Receiver::of_file(&format!(
        "{global}route: {{receiver: ops}}\nreceivers: [{{name: ops, rocketchat_configs: [{entry}]}}]\n"
    ));
    assert_eq!(receiver.told(firing()).await, "delivered");
}

#[tokio::test]
async fn what_rocketchat_says() {
    let fake = start().await;
    let mut receiver = receiver(&fake, "");
    let said = |error: &str| Reply::json(200, serde_json::json!({"success": false, "error": error}));
    for (reply, want) in [
        (
            Reply::text(429, "").with_header("retry-after", "30"),
            "retry rateLimited after 30s: channel \"#ops\": unexpected status code 429",
        ),
        (Reply::text(500, "oops"), "retry serverError: channel \"#ops\": unexpected status code 500: oops"),
        (
            said("error-too-many-requests"),
            "retry rateLimited: channel \"#ops\": error response from Rocketchat: error-too-many-requests",
        ),
        (
            said("error-not-allowed"),
            "refused clientError: channel \"#ops\": error response from Rocketchat: error-not-allowed",
        ),
        (
            Reply::garbage(),
            "retry other (maybe taken): channel \"#ops\": cannot understand the answer \"<html><body>Please log in</body></html>\"",
        ),
    ] {
        fake.answer_next(reply);
        assert_eq!(receiver.told(firing()).await, want);
    }
    let wrong = format!("{{api_url: '{}', channel: '#ops', token_id: s3cret, token: s3cret}}", fake.url);
    let told = Receiver::new("rocketchat", &wrong).told(firing()).await;
    assert!(told.starts_with("refused authError: channel \"#ops\": unexpected status code 401: "), "{told}");
}
