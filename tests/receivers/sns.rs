//! SNS: what is published, by whom, its limits, and what its errors lead to.

use super::fakes::sns::{ACCESS_KEY, EXTERNAL_ID, SECRET_KEY, Seen, api, error};
use super::fakes::{Fake, Reply, locked, tls};
use super::harness::{Receiver, firing, long, many, resolved, shown, unicode, without};

const TOPIC: &str = "topic_arn: 'arn:aws:sns:eu-west-1:1:alerts'";

fn with_url(url: &str, keys: &str) -> Receiver {
    let sigv4 = format!("sigv4: {{region: eu-west-1, access_key: {ACCESS_KEY}, secret_key: {SECRET_KEY}}}");
    Receiver::new("sns", &format!("api_url: {url}\n{sigv4}\n{keys}"))
}

/// The parameters of the last request, one a line.
fn parameters(fake: &Fake) -> String {
    let form = fake.requests().pop().expect("a request came").form().expect("a form");
    form.into_iter().map(|(name, value)| format!("{name}={}\n", shown(&value))).collect()
}

/// Those of them that differ from notification to notification.
fn said(fake: &Fake) -> String {
    without(&parameters(fake), &["Action", "TopicArn", "Version"])
}

#[tokio::test]
async fn what_is_sent() {
    let fake = Fake::start(api(Seen::default())).await;
    let mut receiver =
        with_url(&fake.url, &format!("{TOPIC}\nmessage: '{{{{ len .Alerts }}}} {{{{ .Alerts }}}}'"));
    assert_eq!(receiver.told(firing()).await, "delivered");
    insta::assert_snapshot!(parameters(&fake), @r#"
    Action=Publish
    Message=1 [{firing alertname=Disk full, instance=db1, severity=page summary=The disk of db1 is full 2026-03-01 11:50:00 +0000 UTC 0001-01-01 00:00:00 +0000 UTC http://prometheus:9090/graph?g0.expr=disk&g0.tab=1 49a23c2cbe7060d6}]
    Subject=[FIRING:1] Disk full (db1 page)
    TopicArn=arn:aws:sns:eu-west-1:1:alerts
    Version=2010-03-31
    "#);
    assert_eq!(receiver.told(resolved()).await, "delivered");
    insta::assert_snapshot!(said(&fake), @r#"
    Message=1 [{resolved alertname=Disk full, instance=db1, severity=page summary=The disk of db1 is full 2026-03-01 11:50:00 +0000 UTC 2026-03-01 11:59:00 +0000 UTC http://prometheus:9090/graph?g0.expr=disk&g0.tab=1 49a23c2cbe7060d6}]
    Subject=[RESOLVED] Disk full (db1 page)
    "#);
    assert_eq!(receiver.told(many()).await, "delivered");
    insta::assert_snapshot!(said(&fake), @r#"
    Message=50 [{firing alertname=Disk full, instance=db01, severity=page  2026-03-01 11:50:00 +0000 UTC 0001-01-01 00:00:00 +0000 UTC http://prometheus:9090/graph?g0.expr=disk&g0.tab=1 b2b907a11fc9bd82} {firing alertname=Disk full, instance=db02, severity=page  2026-03-01 11:50:00 +0000 UTC 0001-01-01 00:00:00 +0000 UTC http://prometheus:9090/graph?g0.expr=disk&g0.tab=1 59c6e982ad33e8cd} {firing alertname=Disk full, instance=db03, severity=page  2026-03-01 11:50:00 +0000 UTC 0001-01-01 00:00:00 +0000 UTC http://prometheus:9090/graph?g0.expr=disk&g0.tab=1 02a95fe1794964b4} {firing alertname=Disk full, instance=db04, severity=page  2026-03-01 11:50:00 +0000 UTC 0001-01-01 00:00:00 +0000 UTC http://prometheus:9090/graph?g0.expr=disk&g0.tab=1 e6722b5fa5c616ef} {resolved alertname=Disk full, instance=db05, severity=page  2026-03-01 11:50:00 +0000 UTC 2026-03-01 11:59:00 +0000 UTC http://prometheus:9090/⟨8024 characters⟩-01 11:50:00 +0000 UTC 0001-01-01 00:00:00 +0000 UTC http://prometheus:9090/graph?g0.expr=disk&g0.tab=1 d917990e78553c17} {firing alertname=Disk full, instance=db49, severity=page  2026-03-01 11:50:00 +0000 UTC 0001-01-01 00:00:00 +0000 UTC http://prometheus:9090/graph?g0.expr=disk&g0.tab=1 a2e29ee71c1372ce} {resolved alertname=Disk full, instance=db50, severity=page  2026-03-01 11:50:00 +0000 UTC 2026-03-01 11:59:00 +0000 UTC http://prometheus:9090/graph?g0.expr=disk&g0.tab=1 603e69660456cc34}]
    Subject=[FIRING:40] Disk full (page)
    "#);
    assert_eq!(receiver.told(unicode()).await, "delivered");
    insta::assert_snapshot!(said(&fake), @r#"
    Message=1 [{firing alertname=Disk full, instance=дб-1 数据库 🔥, path=<b>&"'\*_`| summary=Die Größe ist > 95 %
    заполнен 2026-03-01 11:50:00 +0000 UTC 0001-01-01 00:00:00 +0000 UTC http://prometheus:9090/graph?g0.expr=disk&g0.tab=1 8b62848731b3a1af}]
    Subject=[FIRING:1] Disk full (дб-1 数据库 🔥 <b>&"'\*_`|)
    "#);
    assert_eq!(receiver.told(long()).await, "delivered");
    insta::assert_snapshot!(said(&fake), @r#"
    Message=1 [{firing alertname=Disk full, instance=db1 summary=é⟨50000 times⟩ 2026-03-01 11:50:00 +0000 UTC 0001-01-01 00:00:00 +0000 UTC http://prometheus:9090/graph?g0.expr=disk&g0.tab=1 8c753720cbb0a912}]
    Subject=[FIRING:1] Disk full (db1)
    "#);
}

#[tokio::test]
async fn all_keys() {
    let fake = Fake::start(api(Seen::default())).await;
    let mut receiver = with_url(
        &format!("'{{{{ if .Alerts }}}}{}/{{{{ end }}}}'", fake.url),
        r#"
phone_number: '+49 {{ len .Alerts }}'
subject: "{{ .GroupLabels.alertname }}\n{{ .CommonAnnotations.summary }}"
message: '{{ .CommonAnnotations.summary }}'
attributes: {'{{ .Status }}': '{{ .GroupLabels.alertname }}', b: c}
use_aws_http_client: true"#,
    );
    assert_eq!(receiver.told(firing()).await, "delivered");
    insta::assert_snapshot!(parameters(&fake), @r#"
    Action=Publish
    Message=The disk of db1 is full
    MessageAttributes.entry.1.Name=b
    MessageAttributes.entry.1.Value.DataType=String
    MessageAttributes.entry.1.Value.StringValue=c
    MessageAttributes.entry.2.Name=firing
    MessageAttributes.entry.2.Value.DataType=String
    MessageAttributes.entry.2.Value.StringValue=Disk full
    PhoneNumber=+49 1
    Subject=Disk full The disk of db1 is full
    Version=2010-03-31
    "#);
    assert_eq!(receiver.told(long()).await, "delivered");
    insta::assert_snapshot!(parameters(&fake), @r#"
    Action=Publish
    Message=é⟨800 times⟩
    MessageAttributes.entry.1.Name=b
    MessageAttributes.entry.1.Value.DataType=String
    MessageAttributes.entry.1.Value.StringValue=c
    MessageAttributes.entry.2.Name=firing
    MessageAttributes.entry.2.Value.DataType=String
    MessageAttributes.entry.2.Value.StringValue=Disk full
    MessageAttributes.entry.3.Name=truncated
    MessageAttributes.entry.3.Value.DataType=String
    MessageAttributes.entry.3.Value.StringValue=true
    PhoneNumber=+49 1
    Subject=Disk full é⟨88 times⟩…
    Version=2010-03-31
    "#);
    let mut receiver = with_url(&fake.url, "target_arn: arn:aws:sns:phone\nsubject: ''\nmessage: x");
    assert_eq!(receiver.told(firing()).await, "delivered");
    let want = "Action=Publish\nMessage=x\nTargetArn=arn:aws:sns:phone\nVersion=2010-03-31\n";
    assert_eq!(parameters(&fake), want);
}

#[tokio::test]
async fn a_topic_with_an_order_gets_each_notification_once() {
    let seen = Seen::default();
    let fake = Fake::start(api(seen.clone())).await;
    let topic = "topic_arn: arn:aws:sns:alerts.fifo";
    let mut receiver = with_url(&fake.url, topic);
    for alerts in [firing(), many(), resolved()] {
        assert_eq!(receiver.told(alerts).await, "delivered");
    }
    let groups: Vec<String> = fake
        .requests()
        .iter()
        .map(|request| request.form().expect("a form")["MessageGroupId"].clone())
        .collect();
    assert!(groups.iter().all(|group| *group == groups[0] && group.len() == 64), "{groups:?}");
    assert_eq!(locked(&seen).len(), 3, "one for each, or SNS drops what comes within five minutes");
    // As in Alertmanager.
    let keys = format!(
        "api_url: {}, sigv4: {{region: eu-west-1, access_key: {ACCESS_KEY}, secret_key: {SECRET_KEY}}}",
        fake.url
    );
    let mut strict = Receiver::strict("sns", &format!("{{{keys}, {topic}}}"));
    assert_eq!(strict.told(firing()).await, "delivered");
    assert_eq!(
        fake.requests().pop().expect("one").form().expect("a form")["MessageDeduplicationId"],
        groups[0]
    );
}

#[tokio::test]
async fn a_role_is_taken_first() {
    let hosts =
        ["sts.eu-west-1.amazonaws.com", "sts-fips.eu-west-1.amazonaws.com", "sns.eu-west-1.amazonaws.com"];
    let (fake, http, _folder) = tls::start(&hosts, api(Seen::default())).await;
    let sigv4 = |more: &str| {
        let keys = format!("region: eu-west-1, access_key: {ACCESS_KEY}, secret_key: {SECRET_KEY}");
        format!("sigv4: {{{keys}, role_arn: 'arn:aws:iam::1:role/alerts', {more}}}\n{TOPIC}\n{http}")
    };
    let known = format!("external_id: {EXTERNAL_ID}");
    assert_eq!(Receiver::new("sns", &sigv4(&known)).told(firing()).await, "delivered");
    let fips = format!("{known}, use_fips_sts_endpoint: true");
    assert_eq!(Receiver::new("sns", &sigv4(&fips)).told(firing()).await, "delivered");
    let asked: Vec<String> =
        fake.requests().iter().map(|request| request.header("host").to_owned()).collect();
    assert_eq!(asked, [hosts[0], hosts[2], hosts[1], hosts[2]]);
    assert_eq!(
        Receiver::new("sns", &sigv4("external_id: other")).told(firing()).await,
        "refused authError: cannot take the role arn:aws:iam::1:role/alerts: unexpected status code 403: \
         AccessDenied: not authorized to perform sts:AssumeRole"
    );
    fake.answer_next(Reply::garbage());
    assert_eq!(
        Receiver::new("sns", &sigv4(&known)).told(firing()).await,
        "retry other: cannot take the role arn:aws:iam::1:role/alerts: the answer has no credentials"
    );
}

#[tokio::test]
async fn what_amazon_says() {
    let fake = Fake::start(api(Seen::default())).await;
    let mut receiver = with_url(&fake.url, TOPIC);
    for (reply, want) in [
        (
            Reply::text(429, "slow down").with_header("retry-after", "30"),
            "retry rateLimited after 30s: unexpected status code 429: slow down",
        ),
        (
            error(400, "Throttling", "Rate exceeded"),
            "retry rateLimited: unexpected status code 429: Throttling: Rate exceeded",
        ),
        (
            error(500, "InternalFailure", "oops"),
            "retry serverError: unexpected status code 500: InternalFailure: oops",
        ),
        (Reply::text(404, "<html>"), "refused clientError: unexpected status code 404: <html>"),
    ] {
        fake.answer_next(reply);
        assert_eq!(receiver.told(firing()).await, want);
    }
    let sigv4 = format!("sigv4: {{region: eu-west-1, access_key: {ACCESS_KEY}, secret_key: wrong-s3cret}}");
    let mut wrong = Receiver::new("sns", &format!("api_url: {}\n{sigv4}\n{TOPIC}", fake.url));
    assert_eq!(
        wrong.told(firing()).await,
        "refused authError: unexpected status code 403: SignatureDoesNotMatch: the signature is another"
    );
}
