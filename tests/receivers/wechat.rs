//! WeChat Work: the token, the limit in bytes, errors in a 200.

use super::fakes::wechat::{CORPORATION, SECRET, failed, start, token_reply};
use super::fakes::{Fake, Reply};
use super::harness::{Receiver, firing, long, many, resolved, sent, unicode};

fn receiver(fake: &Fake, keys: &str) -> Receiver {
    let app = format!("api_url: {}/cgi-bin/\ncorp_id: {CORPORATION}\napi_secret: {SECRET}", fake.url);
    Receiver::new("wechat", &format!("{app}\nagent_id: '1000002'\nsend_resolved: true\n{keys}"))
}

#[tokio::test]
async fn what_is_sent() {
    let fake = start().await;
    let mut receiver = receiver(&fake, "to_user: '@all'");
    insta::assert_snapshot!(sent(&mut receiver, &fake, firing()).await, @r#"{"text":{"content":"[FIRING:1] Disk full (db1 page)\nThe disk of db1 is full\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = db1\n - severity = page\nAnnotations:\n - summary = The disk of db1 is full\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\nAlertmanagerUrl:\nhttp://sereno:9093/#/alerts?receiver=ops"},"touser":"@all","agentid":"1000002","safe":"0","msgtype":"text","markdown":{"content":""}}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, resolved()).await, @r#"{"text":{"content":"[RESOLVED] Disk full (db1 page)\nThe disk of db1 is full\n\nAlerts Resolved:\nLabels:\n - alertname = Disk full\n - instance = db1\n - severity = page\nAnnotations:\n - summary = The disk of db1 is full\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nAlertmanagerUrl:\nhttp://sereno:9093/#/alerts?receiver=ops"},"touser":"@all","agentid":"1000002","safe":"0","msgtype":"text","markdown":{"content":""}}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, many()).await, @r#"{"text":{"content":"[FIRING:40] Disk full (page)\n\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = db01\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db02\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db03\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db04\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db06\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db07\n - seve⟨915 characters⟩\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db16\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\nLabels:\n - alertname = Disk full\n - instance = db17\n - severity = page\nAnnotations:\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=…"},"touser":"@all","agentid":"1000002","safe":"0","msgtype":"text","markdown":{"content":""}}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, unicode()).await, @r#"{"text":{"content":"[FIRING:1] Disk full (дб-1 数据库 🔥 \u003cb\u003e\u0026\"'\\*_`|)\nDie Größe ist \u003e 95 %\nзаполнен\nAlerts Firing:\nLabels:\n - alertname = Disk full\n - instance = дб-1 数据库 🔥\n - path = \u003cb\u003e\u0026\"'\\*_`|\nAnnotations:\n - summary = Die Größe ist \u003e 95 %\nзаполнен\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\nAlertmanagerUrl:\nhttp://sereno:9093/#/alerts?receiver=ops"},"touser":"@all","agentid":"1000002","safe":"0","msgtype":"text","markdown":{"content":""}}"#);
    insta::assert_snapshot!(sent(&mut receiver, &fake, long()).await, @r#"{"text":{"content":"[FIRING:1] Disk full (db1)\né⟨1009 times⟩…"},"touser":"@all","agentid":"1000002","safe":"0","msgtype":"text","markdown":{"content":""}}"#);
    assert!(receiver.memory.is_empty(), "a token is not for the disk");
}

#[tokio::test]
async fn all_keys() {
    let fake = start().await;
    let keys = "to_user: a|b\nto_party: '{{ len .Alerts }}'\nto_tag: t\nmessage_type: markdown\nmessage: '**{{ .Status }}**'";
    insta::assert_snapshot!(sent(&mut receiver(&fake, keys), &fake, firing()).await, @r#"{"text":{"content":""},"touser":"a|b","toparty":"1","totag":"t","agentid":"1000002","safe":"0","msgtype":"markdown","markdown":{"content":"**firing**"}}"#);
}

#[tokio::test]
async fn the_secret_may_be_in_a_file() {
    let fake = start().await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("{SECRET}\n")).expect("written");
    let app = format!("api_url: {}/cgi-bin\ncorp_id: {CORPORATION}", fake.url);
    let to = "to_user: '@all'\nagent_id: '1000002'";
    let mut receiver =
        Receiver::new("wechat", &format!("{app}\napi_secret_file: {}\n{to}", file.path().display()));
    assert_eq!(receiver.told(firing()).await, "delivered");
}

/// How often the token was asked for, and how often something was sent.
fn asked_and_sent(fake: &Fake) -> (usize, usize) {
    let requests = fake.requests();
    let asked = requests.iter().filter(|request| request.path == "/cgi-bin/gettoken").count();
    (asked, requests.len() - asked)
}

#[tokio::test]
async fn the_token_is_asked_for_once_for_all_messages() {
    let fake = start().await;
    let mut receiver = receiver(&fake, "to_user: '@all'");
    assert_eq!(receiver.told_at_once(12, firing()).await, ["delivered"; 12]);
    assert_eq!(receiver.told(resolved()).await, "delivered");
    assert_eq!(asked_and_sent(&fake), (1, 13));
}

#[tokio::test]
async fn a_token_is_kept_as_long_as_it_lasts() {
    let fake = start().await;
    // Ten seconds before its end a token is not used any more.
    for (lasts, want) in [(7200, 1), (11, 1), (9, 3), (0, 3), (-5, 3), (i64::MAX, 1)] {
        let (before, _) = asked_and_sent(&fake);
        let mut receiver = receiver(&fake, "to_user: '@all'");
        for _ in 0..3 {
            // The answer to the request for a token, which only the first message makes if it is kept.
            if asked_and_sent(&fake).0 - before < want {
                fake.answer_next(token_reply(lasts));
            }
            assert_eq!(receiver.told(firing()).await, "delivered", "{lasts}");
        }
        assert_eq!(asked_and_sent(&fake).0 - before, want, "{lasts}");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once() {
    let fake = start().await;
    let mut receiver = receiver(&fake, "to_user: '@all'");
    assert_eq!(receiver.told(firing()).await, "delivered");
    for code in [42001, 40014] {
        let before = asked_and_sent(&fake);
        fake.answer_next(failed(code, "s3cret"));
        fake.answer_next(Reply::json(200, serde_json::json!({"access_token": "other-s3cret"})));
        fake.answer_next(failed(0, "ok"));
        assert_eq!(receiver.told(firing()).await, "delivered");
        let last = fake.requests().pop().expect("one");
        assert_eq!(last.parameter("access_token").as_deref(), Some("other-s3cret"), "{code}");
        let after = asked_and_sent(&fake);
        assert_eq!((after.0 - before.0, after.1 - before.1), (1, 2), "{code}");
        // It did not say how long it lasts.
        assert_eq!(receiver.told(firing()).await, "delivered");
        assert_eq!(asked_and_sent(&fake), (after.0 + 1, after.1 + 1));
    }
}

#[tokio::test]
async fn what_wechat_says() {
    let fake = start().await;
    let garbage = "cannot understand the answer \"<html><body>Please log in</body></html>\"";
    for (reply, want) in [
        (
            Reply::text(429, "").with_header("retry-after", "30"),
            "retry rateLimited after 30s: unexpected status code 429",
        ),
        (Reply::text(500, ""), "retry serverError: unexpected status code 500"),
        (Reply::text(401, ""), "retry authError: unexpected status code 401"),
        (failed(-1, "system busy"), "retry serverError: error -1 from WeChat: system busy"),
        (
            failed(42001, "access_token expired"),
            "retry serverError: error 42001 from WeChat: access_token expired",
        ),
        (
            failed(45009, "api freq out of limit"),
            "retry rateLimited: error 45009 from WeChat: api freq out of limit",
        ),
        (failed(48002, "api forbidden"), "refused authError: error 48002 from WeChat: api forbidden"),
        (failed(81013, "user not found"), "refused clientError: error 81013 from WeChat: user not found"),
        (Reply::garbage(), &format!("retry other: {garbage}")),
    ] {
        // To the request for the token, where nobody was told whatever is said.
        let mut one = receiver(&fake, "to_user: '@all'");
        fake.answer_next(reply.clone());
        assert_eq!(one.told(firing()).await, want);
        // To the message, and if that was for the token, to the one with a new token.
        fake.answer_next(token_reply(7200));
        fake.answer_next(reply.clone());
        if want.contains("42001") {
            fake.answer_next(token_reply(7200));
            fake.answer_next(reply);
        }
        assert_eq!(one.told(firing()).await, want.replace("other:", "other (maybe taken):"));
    }
    let app =
        format!("{{api_url: '{}/cgi-bin/', corp_id: {CORPORATION}, api_secret: other-s3cret}}", fake.url);
    assert_eq!(
        Receiver::new("wechat", &app).told(firing()).await,
        "refused authError: error 40001 from WeChat: invalid credential"
    );
    fake.answer_next(Reply::json(200, serde_json::json!({"errcode": 0})));
    let mut one = receiver(&fake, "to_user: '@all'");
    assert_eq!(one.told(firing()).await, "refused authError: invalid api_secret for corp_id corp1");
}
