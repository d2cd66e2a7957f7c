//! The webhook: Alertmanager's document, payloads of one's own, templated URLs, signatures, batches, a consumer
//! that posts to Slack, and what errors lead to.

use super::fakes::webhook::{SECRET, api};
use super::fakes::{Fake, Reply, Request, consumer, slack};
use super::harness::{Receiver, alert, firing, long, many, resolved, shown, unicode};

#[tokio::test]
async fn what_is_sent() {
    let fake = Fake::start(api).await;
    let mut receiver = Receiver::new("webhook", &format!("url: {}/v4", fake.url));
    assert_eq!(receiver.told(firing()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"receiver":"ops","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Disk full","instance":"db1","severity":"page"},"annotations":{"summary":"The disk of db1 is full"},"startsAt":"2026-03-01T11:50:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","fingerprint":"49a23c2cbe7060d6"}],"notification_reason":"first notification","groupLabels":{"alertname":"Disk full"},"commonLabels":{"alertname":"Disk full","instance":"db1","severity":"page"},"commonAnnotations":{"summary":"The disk of db1 is full"},"routeLabels":{},"externalURL":"http://sereno:9093","version":"4","groupKey":"{}:{alertname=\"Disk full\"}","truncatedAlerts":0}"#);
    assert_eq!(receiver.told(resolved()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"receiver":"ops","status":"resolved","alerts":[{"status":"resolved","labels":{"alertname":"Disk full","instance":"db1","severity":"page"},"annotations":{"summary":"The disk of db1 is full"},"startsAt":"2026-03-01T11:50:00Z","endsAt":"2026-03-01T11:59:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","fingerprint":"49a23c2cbe7060d6"}],"notification_reason":"all alerts resolved","groupLabels":{"alertname":"Disk full"},"commonLabels":{"alertname":"Disk full","instance":"db1","severity":"page"},"commonAnnotations":{"summary":"The disk of db1 is full"},"routeLabels":{},"externalURL":"http://sereno:9093","version":"4","groupKey":"{}:{alertname=\"Disk full\"}","truncatedAlerts":0}"#);
    assert_eq!(receiver.told(many()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"receiver":"ops","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Disk full","instance":"db01","severity":"page"},"annotations":{},"startsAt":"2026-03-01T11:50:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","fingerprint":"b2b907a11fc9bd82"},{"status":"firing","labels":{"alertname":"Disk full","instance":"db02","severity":"page"},"annotations":{},"startsAt":"2026-03-01T11:50:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","fingerprint":"59c6e982ad33e8cd"},{"status":"firing","labels":{"alertname":"Disk full","instance":"db03","severity":"page"},"annotations":{},"startsAt":"2026-03-01T11:50:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","fingerprint":"02a95fe1794964b4"},{"status":"fir⟨12958 characters⟩severity":"page"},"annotations":{},"startsAt":"2026-03-01T11:50:00Z","endsAt":"2026-03-01T11:59:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","fingerprint":"603e69660456cc34"}],"notification_reason":"new alerts added","groupLabels":{"alertname":"Disk full"},"commonLabels":{"alertname":"Disk full","severity":"page"},"commonAnnotations":{},"routeLabels":{},"externalURL":"http://sereno:9093","version":"4","groupKey":"{}:{alertname=\"Disk full\"}","truncatedAlerts":0}"#);
    assert_eq!(receiver.told(unicode()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"receiver":"ops","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Disk full","instance":"дб-1 数据库 🔥","path":"\u003cb\u003e\u0026\"'\\*_`|"},"annotations":{"summary":"Die Größe ist \u003e 95 %\nзаполнен"},"startsAt":"2026-03-01T11:50:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","fingerprint":"8b62848731b3a1af"}],"notification_reason":"new alerts added","groupLabels":{"alertname":"Disk full"},"commonLabels":{"alertname":"Disk full","instance":"дб-1 数据库 🔥","path":"\u003cb\u003e\u0026\"'\\*_`|"},"commonAnnotations":{"summary":"Die Größe ist \u003e 95 %\nзаполнен"},"routeLabels":{},"externalURL":"http://sereno:9093","version":"4","groupKey":"{}:{alertname=\"Disk full\"}","truncatedAlerts":0}"#);
    assert_eq!(receiver.told(long()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"receiver":"ops","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Disk full","instance":"db1"},"annotations":{"summary":"é⟨50000 times⟩"},"startsAt":"2026-03-01T11:50:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1","fingerprint":"8c753720cbb0a912"}],"notification_reason":"new alerts added","groupLabels":{"alertname":"Disk full"},"commonLabels":{"alertname":"Disk full","instance":"db1"},"commonAnnotations":{"summary":"é⟨50000 times⟩"},"routeLabels":{},"externalURL":"http://sereno:9093","version":"4","groupKey":"{}:{alertname=\"Disk full\"}","truncatedAlerts":0}"#);
    let keys: Vec<String> =
        fake.requests().iter().map(|request| request.header("idempotency-key").to_owned()).collect();
    assert_eq!((&*keys[0], &*keys[4]), ("0123456789abcdef-1", "0123456789abcdef-5"));
}

#[tokio::test]
async fn the_consumer_that_posts_to_slack_works() {
    let (slack, _) = slack::start().await;
    let consumer = consumer::start(format!("{}{}", slack.url, slack::WEBHOOK)).await;
    let mut receiver = Receiver::new("webhook", &format!("url: {consumer}"));
    assert_eq!(receiver.told(firing()).await, "delivered");
    let mut both = resolved();
    both.extend(unicode());
    assert_eq!(receiver.told(both).await, "delivered");
    let posted: String = slack.requests().into_iter().map(|request| request.body + "\n").collect();
    insta::assert_snapshot!(posted, @r#"
    {"text":"FIRING Disk full on db1 (page): The disk of db1 is full"}
    {"text":"RESOLVED Disk full on db1 (page): The disk of db1 is full"}
    {"text":"FIRING Disk full on дб-1 数据库 🔥: Die Größe ist > 95 %\nзаполнен"}
    "#);
    // Slack is down: the consumer says so, and it is told again.
    slack.answer_next(Reply::text(500, "rollup_error"));
    assert_eq!(receiver.told(firing()).await, "retry serverError: unexpected status code 502");
}

#[tokio::test]
async fn the_url_may_be_a_template() {
    let fake = Fake::start(api).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("url");
    std::fs::write(&file, format!("{}/json/{{{{ .Status }}}}\n", fake.url)).expect("written");
    for (keys, want) in [
        (format!("url: '{}/json/{{{{ .GroupLabels.alertname | urlquery }}}}'", fake.url), "/json/Disk+full"),
        (format!("url: '{{{{ if .Alerts }}}}{}/json/{{{{ end }}}}'", fake.url), "/json/"),
        (format!("url_file: {}", file.display()), "/json/firing"),
    ] {
        assert_eq!(Receiver::new("webhook", &keys).told(firing()).await, "delivered");
        assert_eq!(fake.requests().pop().expect("one").path, want);
    }
    let none = "url: '{{ if not .Alerts }}http://s3cret/{{ end }}'";
    let told = Receiver::new("webhook", none).told(firing()).await;
    assert_eq!(told, "refused other: webhook URL is empty after templating");
    let fails = "url: 'http://s3cret/{{ template \"s3cret\" . }}'";
    let told = Receiver::new("webhook", fails).told(firing()).await;
    assert_eq!(told, "refused other: cannot render url: its template failed");
}

#[tokio::test]
async fn a_payload_replaces_the_document() {
    let fake = Fake::start(api).await;
    let receiver = |payload: &str| {
        let payload = payload.replace('\n', "\n  ");
        Receiver::new("webhook", &format!("url: {}/json/own\npayload:{payload}", fake.url))
    };
    for (payload, want) in [
        (" '{{ len .Alerts }}'", "1"),
        (" '{{ .Status }}'", "\"firing\""),
        (
            " '[{{ .Status | toUpper }}:{{ len .Alerts }}] {{ .GroupLabels.alertname }}'",
            r#""[FIRING:1] Disk full""#,
        ),
        (
            " '{{ .CommonLabels | toJson }}'",
            r#"{"alertname":"Disk full","instance":"db1","severity":"page"}"#,
        ),
        // Texts in what is rendered stay texts, whatever they look like.
        (r#" '{"a": "12", "b": "x: y", "c": 12}'"#, r#"{"a":"12","b":"x: y","c":12}"#),
        (
            "\ntext: '{{ .CommonAnnotations.summary }} <{{ .ExternalURL }}>'\nblocks:\n- {n: 1, on: true}\n\
             - ['{{ .Status }}', null]\n'{{ .Status }}': yes\nempty: ''\nfloat: 2.50",
            r#"{"blocks":[{"n":1,"on":true},["firing",null]],"empty":null,"firing":true,"float":2.5,"text":"The disk of db1 is full \u003chttp://sereno:9093\u003e"}"#,
        ),
    ] {
        assert_eq!(receiver(payload).told(firing()).await, "delivered");
        assert_eq!(fake.last_body(), format!("{want}\n"), "{payload}");
    }
    // A text that cannot be rendered says so; a key that cannot be stops it.
    assert_eq!(receiver("\na: '{{ template \"none\" . }}'").told(firing()).await, "delivered");
    insta::assert_snapshot!(fake.last_body(), @r#"{"a":"[FIRING:1] alertname=\"Disk full\" (ops) (the template of payload failed: template: :1:12: executing \"\" at \u003c{{template \"none\" .}}\u003e: template \"none\" not defined)"}"#);
    let told = receiver("\n'{{ template \"none\" . }}': a").told(firing()).await;
    assert!(told.starts_with("refused other: cannot render payload: "), "{told}");
}

#[tokio::test]
async fn max_alerts_leaves_the_rest_out() {
    let fake = Fake::start(api).await;
    let mut alerts = many();
    alerts.sort_by_key(|alert| !alert.resolved);
    let keys = format!(
        "url: '{}/json/{{{{ .Status }}}}'\nmax_alerts: 2\npayload: '{{{{ len .Alerts }}}}'",
        fake.url
    );
    assert_eq!(Receiver::new("webhook", &keys).told(alerts.clone()).await, "delivered");
    let own = fake.requests().pop().expect("one");
    assert_eq!((&*own.path, &*own.body), ("/json/firing", "2\n"));
    let mut receiver = Receiver::new("webhook", &format!("url: {}/v4\nmax_alerts: 2", fake.url));
    assert_eq!(receiver.told(alerts.clone()).await, "delivered");
    let body = fake.last_body();
    assert!(body.contains(r#""status":"firing""#) && body.ends_with("\"truncatedAlerts\":48}\n"), "{body}");
    // Alertmanager looks at those that are left only.
    let entry = format!("{{url: '{}/json/{{{{ .Status }}}}', max_alerts: 2}}", fake.url);
    let mut strict = Receiver::strict("webhook", &entry);
    assert_eq!(strict.told(alerts).await, "delivered");
    let own = fake.requests().pop().expect("one");
    assert!(own.path == "/json/resolved" && own.body.contains(r#""status":"resolved""#), "{own:?}");
}

/// The value of a header in each request.
fn header(requests: &[Request], name: &str) -> Vec<String> {
    requests.iter().map(|request| request.header(name).to_owned()).collect()
}

#[tokio::test]
async fn a_batch_is_all_alerts_in_several_documents() {
    let fake = Fake::start(api).await;
    let mut receiver =
        Receiver::new("webhook", &format!("url: {}/v4\nmax_alerts: 20\nbatch: true", fake.url));
    assert_eq!(receiver.told(many()).await, "delivered");
    let requests = fake.requests();
    assert_eq!(header(&requests, "x-sereno-part"), ["1/3", "2/3", "3/3"]);
    let keys = ["0123456789abcdef-1-1", "0123456789abcdef-1-2", "0123456789abcdef-1-3"];
    assert_eq!(header(&requests, "idempotency-key"), keys);
    let mut told = Vec::new();
    for request in &requests {
        let document: serde_json::Value = serde_json::from_str(&request.body).expect("JSON");
        assert_eq!((&document["status"], &document["truncatedAlerts"]), (&"firing".into(), &0.into()));
        let alerts = document["alerts"].as_array().expect("a list").clone();
        told.extend(alerts.into_iter().map(|alert| alert["labels"]["instance"].to_string()));
    }
    assert_eq!((told.len(), &*told[0], &*told[49]), (50, "\"db01\"", "\"db50\""));
    // A part that is not taken ends it; the next try sends all, with the same keys.
    fake.answer_next(Reply::text(200, ""));
    fake.answer_next(Reply::text(503, "busy"));
    assert_eq!(
        receiver.told(many()).await,
        "retry serverError (maybe taken): unexpected status code 503: busy"
    );
    assert_eq!(fake.requests().len(), 5);
    assert_eq!(receiver.told(firing()).await, "delivered");
    assert_eq!(header(&fake.requests()[5..], "x-sereno-part"), ["1/1"]);
    let gone = "url: '{{ if eq (len .Alerts) 20 }}URL{{ else }}http://127.0.0.1:1/{{ end }}'\nmax_alerts: 20\nbatch: true";
    let mut receiver = Receiver::new("webhook", &gone.replace("URL", &format!("{}/v4", fake.url)));
    let told = receiver.told(many()).await;
    assert!(told.starts_with("retry other (maybe taken): "), "parts were taken before: {told}");
    assert_eq!(
        Receiver::problems("webhook", "url: http://hook/\nbatch: true"),
        ["batch needs max_alerts: how many alerts each request may have"]
    );
}

#[tokio::test]
async fn requests_may_be_signed() {
    let fake = Fake::start(api).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).expect("written");
    for hmac in [
        format!("{{secret: {SECRET}}}"),
        format!("{{secret_file: {}}}", file.display()),
        format!("{{secret: {SECRET}, header: X-Ops-Signature, timestamp_header: X-Ops-Time}}"),
    ] {
        let mut receiver = Receiver::new("webhook", &format!("url: {}/signed\nhmac: {hmac}", fake.url));
        assert_eq!(receiver.told(unicode()).await, "delivered", "{hmac}");
    }
    let mut wrong =
        Receiver::new("webhook", &format!("url: {}/signed\nhmac: {{secret: wrong-s3cret}}", fake.url));
    let told = wrong.told(firing()).await;
    assert!(told.starts_with("refused clientError: ") && told.contains("is not the signature"), "{told}");
    let gone = format!("url: {}/signed\nhmac: {{secret_file: {}/none}}", fake.url, folder.path().display());
    let told = Receiver::new("webhook", &gone).told(firing()).await;
    assert!(told.starts_with("retry other: cannot read the secret in "), "{told}");
    assert_eq!(
        Receiver::problems("webhook", "url: http://hook/\nhmac: {header: a}"),
        ["one of secret or secret_file must be configured"]
    );
}

#[tokio::test]
async fn headers_are_those_of_http_config() {
    let fake = Fake::start(api).await;
    let http = "http_config: {http_headers: {X-Team: {values: [db]}}, authorization: {credentials: s3cret}}";
    let mut receiver = Receiver::new("webhook", &format!("url: {}/v4\n{http}", fake.url));
    assert_eq!(receiver.told(firing()).await, "delivered");
    let request = &fake.requests()[0];
    assert_eq!((request.header("x-team"), request.header("authorization")), ("db", "Bearer s3cret"));
    assert_eq!(request.header("content-type"), "application/json");
}

#[tokio::test]
async fn what_receivers_say() {
    let fake = Fake::start(api).await;
    let mut receiver = Receiver::new("webhook", &format!("url: {}/v4\nhmac: {{secret: {SECRET}}}", fake.url));
    for (reply, want) in [
        (
            Reply::text(429, "slow down").with_header("retry-after", "30"),
            "retry rateLimited after 30s: unexpected status code 429: slow down",
        ),
        (Reply::text(500, "oops"), "retry serverError: unexpected status code 500: oops"),
        (Reply::text(401, SECRET), "refused authError: unexpected status code 401: <secret>"),
        (Reply::text(404, ""), "refused clientError: unexpected status code 404"),
        (Reply::garbage(), "delivered"),
        (Reply::text(204, ""), "delivered"),
    ] {
        fake.answer_next(reply);
        assert_eq!(receiver.told(firing()).await, want);
    }
    let mut nobody = Receiver::new("webhook", "url: http://127.0.0.1:1/s3cret");
    let told = nobody.told(vec![alert(&[], &[], false)]).await;
    assert!(told.starts_with("retry other: "), "{told}");
}

#[tokio::test]
async fn a_redirect_never_loses_the_message() {
    let fake = Fake::start(|request| {
        let old = request.path.strip_prefix("/hooks/").and_then(|rest| rest.split_once('/'));
        match (request.method.as_str(), old) {
            ("POST", Some((status, token))) => {
                let status = status.parse().expect("a status");
                Reply::text(status, "elsewhere").with_header("location", &format!("/v2/{token}?k=s3cret"))
            }
            ("POST", None) if request.body.is_empty() => Reply::text(400, "no body"),
            _ => Reply::text(200, "welcome"),
        }
    })
    .await;
    let hook = |status: u16| format!("url: {}/hooks/{status}/s3cret-0123456789", fake.url);
    for status in [301, 302] {
        let told = Receiver::new("webhook", &hook(status)).told(firing()).await;
        let want = format!(
            "retry other (maybe taken): HTTP {status} redirects to {}/v2/<secret>?…, where nothing of what is sent \
             would arrive: if that is the new place, put this URL into the configuration",
            fake.url
        );
        assert_eq!(told, want);
    }
    assert_eq!(fake.requests().len(), 2, "nobody is asked for a page");
    // This one says that the message was taken, and where there is more to read.
    assert_eq!(Receiver::new("webhook", &hook(303)).told(firing()).await, "delivered");
    let methods: Vec<_> = fake.requests().into_iter().map(|request| request.method).collect();
    assert_eq!(methods, ["POST", "POST", "POST", "GET"]);
    for status in [307, 308] {
        assert_eq!(Receiver::new("webhook", &hook(status)).told(firing()).await, "delivered");
        let last = fake.requests().pop().expect("one");
        assert!(last.path == "/v2/s3cret-0123456789" && last.body.contains("Disk full"), "{last:?}");
    }
    // Alertmanager asks for the page, and is content.
    assert_eq!(Receiver::strict("webhook", &format!("{{{}}}", hook(302))).told(firing()).await, "delivered");
    let last = fake.requests().pop().expect("one");
    assert_eq!((&*last.method, &*last.path, &*last.body), ("GET", "/v2/s3cret-0123456789", ""));
    let stays = format!("{}\nhttp_config: {{follow_redirects: false}}", hook(302));
    for mut receiver in [Receiver::new("webhook", &stays), Receiver::strict("webhook", &stays)] {
        let told = receiver.told(firing()).await;
        assert_eq!(told, "refused other: unexpected status code 302: elsewhere");
    }
}
