//! Pushover: what is sent, its limits, and what its errors lead to.

use super::fakes::pushover::{HOST, TOKEN, USER, api};
use super::fakes::{Fake, Reply, tls};
use super::harness::{Receiver, firing, long, many, resolved, shown, unicode, without};

async fn start(keys: &str) -> (Fake, Receiver, tempfile::TempDir) {
    let (fake, http, folder) = tls::start(&[HOST], api).await;
    let receiver = Receiver::new("pushover", &format!("token: {TOKEN}\nuser_key: {USER}\n{http}\n{keys}"));
    (fake, receiver, folder)
}

/// The parameters of the last request, one a line.
fn parameters(fake: &Fake) -> String {
    let request = fake.requests().pop().expect("a request came");
    assert_eq!((request.header("content-type"), &*request.body), ("text/plain", ""));
    let pairs = url::form_urlencoded::parse(request.query.as_bytes());
    pairs.map(|(name, value)| format!("{name}={}\n", shown(&value))).collect()
}

/// Those of them that differ from notification to notification.
fn said(fake: &Fake) -> String {
    without(&parameters(fake), &["device", "expire", "retry", "sound", "token", "url", "url_title", "user"])
}

#[tokio::test]
async fn what_is_sent() {
    let (fake, mut receiver, _folder) = start("").await;
    assert_eq!(receiver.told(firing()).await, "delivered");
    insta::assert_snapshot!(parameters(&fake), @r#"
    device=
    expire=3600
    message=The disk of db1 is full

    Alerts Firing:
    Labels:
     - alertname = Disk full
     - instance = db1
     - severity = page
    Annotations:
     - summary = The disk of db1 is full
    Source: http://prometheus:9090/graph?g0.expr=disk&g0.tab=1
    priority=2
    retry=60
    sound=
    title=[FIRING:1] Disk full (db1 page)
    token=s3cretToken0000000000000000000
    url=http://sereno:9093/#/alerts?receiver=ops
    url_title=
    user=s3cretUser00000000000000000000
    "#);
    assert_eq!(receiver.told(resolved()).await, "delivered");
    insta::assert_snapshot!(said(&fake), @r#"
    message=The disk of db1 is full


    Alerts Resolved:
    Labels:
     - alertname = Disk full
     - instance = db1
     - severity = page
    Annotations:
     - summary = The disk of db1 is full
    Source: http://prometheus:9090/graph?g0.expr=disk&g0.tab=1
    priority=0
    title=[RESOLVED] Disk full (db1 page)
    "#);
    assert_eq!(receiver.told(many()).await, "delivered");
    insta::assert_snapshot!(said(&fake), @r#"
    message=Alerts Firing:
    Labels:
     - alertname = Disk full
     - instance = db01
     - severity = page
    Annotations:
    Source: http://prometheus:9090/graph?g0.expr=disk&g0.tab=1
    Labels:
     - alertname = Disk full
     - instance = db02
     - severity = page
    Annotations:
    Source: http://prometheus:9090/graph?g0.expr=disk&g0.tab=1
    Labels:
     - alertname = Disk full
     - instance = db03
     - severity = page
    Annotations:
    Source: http://prometheus:9090/graph?g0.expr=disk&g0.tab=1
    Labels:
     - alertname = Disk full
     - instance = db04
     - severity = page
    Annotations:
    Source: http://prometheus:9090/graph?g0.expr=disk&g0.tab=1
    Labels:
     - alertname = Disk full
     - instance = db06
     - severity = page
    Annotations:
    Source: http://prometheus:9090/graph?g0.expr=disk&g0.tab=1
    Labels:
     - alertname = Disk full
     - instance = db07
     - severity = page
    Annotations:
    Source: http://prometheus:9090/graph?g0.expr=disk&g0.tab=1
    Labels:
     - alertname = Disk full
     - instance = db08
     - severity = page
    Annotations:
    Source: http://prometheus:9090/graph?g0.expr=disk&g0.tab=1
    Label…
    priority=2
    title=[FIRING:40] Disk full (page)
    "#);
    assert_eq!(receiver.told(unicode()).await, "delivered");
    insta::assert_snapshot!(said(&fake), @r#"
    message=Die Größe ist > 95 %
    заполнен

    Alerts Firing:
    Labels:
     - alertname = Disk full
     - instance = дб-1 数据库 🔥
     - path = <b>&"'\*_`|
    Annotations:
     - summary = Die Größe ist > 95 %
    заполнен
    Source: http://prometheus:9090/graph?g0.expr=disk&g0.tab=1
    priority=2
    title=[FIRING:1] Disk full (дб-1 数据库 🔥 <b>&"'\*_`|)
    "#);
    assert_eq!(receiver.told(long()).await, "delivered");
    insta::assert_snapshot!(said(&fake), @r#"
    message=é⟨1023 times⟩…
    priority=2
    title=[FIRING:1] Disk full (db1)
    "#);
}

#[tokio::test]
async fn all_keys() {
    let keys = r#"
title: '{{ .CommonAnnotations.summary }}'
message: '<b>{{ .CommonLabels.path }}</b>'
url: 'http://wiki/{{ .GroupLabels.alertname | urlquery }}'
url_title: wiki
device: phone
sound: siren
priority: '1'
retry: 2m
expire: 1.5h
ttl: 90s
html: true"#;
    let (fake, mut receiver, _folder) = start(keys).await;
    assert_eq!(receiver.told(unicode()).await, "delivered");
    insta::assert_snapshot!(parameters(&fake), @r#"
    device=phone
    expire=5400
    html=1
    message=<b>&lt;b&gt;&amp;&#34;&#39;\*_`|</b>
    priority=1
    retry=120
    sound=siren
    title=Die Größe ist > 95 %
    заполнен
    token=s3cretToken0000000000000000000
    ttl=90
    url=http://wiki/Disk+full
    url_title=wiki
    user=s3cretUser00000000000000000000
    "#);
    // What is over is shown too, and nothing is said twice.
    let (fake, mut receiver, _folder) = start("message: ' '\nmonospace: true").await;
    assert_eq!(receiver.told(resolved()).await, "delivered");
    let sent = parameters(&fake);
    assert!(sent.contains("message=(no details)\nmonospace=1\n") && !sent.contains("ttl"), "{sent}");
}

#[tokio::test]
async fn keys_may_be_in_files() {
    let (fake, http, folder) = tls::start(&[HOST], api).await;
    let (token, user) = (folder.path().join("token"), folder.path().join("user"));
    std::fs::write(&token, format!("{TOKEN}\n")).expect("written");
    std::fs::write(&user, format!("{USER}\n")).expect("written");
    let keys = format!("token_file: {}\nuser_key_file: {}\n{http}", token.display(), user.display());
    assert_eq!(Receiver::new("pushover", &keys).told(firing()).await, "delivered");
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn what_pushover_says() {
    let (fake, mut receiver, _folder) = start("").await;
    for (reply, want) in [
        (
            Reply::text(429, "slow down").with_header("retry-after", "30"),
            "retry rateLimited after 30s: unexpected status code 429: slow down",
        ),
        (Reply::text(500, "oops"), "retry serverError: unexpected status code 500: oops"),
        (Reply::text(403, "no"), "refused authError: unexpected status code 403: no"),
        (Reply::text(404, "<html>"), "refused clientError: unexpected status code 404: <html>"),
    ] {
        fake.answer_next(reply);
        assert_eq!(receiver.told(firing()).await, want);
    }
    let (_fake, http, _folder) = tls::start(&[HOST], api).await;
    let wrong = format!("token: wrong-s3cret\nuser_key: {USER}\n{http}");
    let told = Receiver::new("pushover", &wrong).told(firing()).await;
    assert!(
        told.starts_with("refused clientError: ") && told.contains("token <secret> is invalid"),
        "{told}"
    );
}
