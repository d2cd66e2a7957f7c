//! Jira: issues that are found, created, changed and moved, in both versions of the API, and what its errors
//! lead to.

use sereno::model::Duration;

use super::fakes::jira::{Issue, Issues, api};
use super::fakes::trouble::{Mood, Trouble};
use super::fakes::{Fake, Reply, locked, tls};
use super::harness::{Receiver, firing, long, many, resolved, shown, unicode};

const CLOUD: &str = "ops.atlassian.net";

async fn start() -> (Fake, Issues) {
    let issues = Issues::default();
    (Fake::start(api(issues.clone())).await, issues)
}

fn with_url(url: &str, keys: &str) -> Receiver {
    let auth = "http_config: {basic_auth: {username: ops, password: s3cret}}";
    let issue = "project: OPS\nissue_type: Bug";
    Receiver::new("jira", &format!("api_url: {url}/rest/api/2\n{issue}\n{auth}\n{keys}"))
}

/// `METHOD path` of each request since the last look.
fn places(fake: &Fake, seen: &mut usize) -> Vec<String> {
    let requests = fake.requests();
    let new = requests[*seen..].iter().map(|request| format!("{} {}", request.method, request.path));
    let places = new.collect();
    *seen = requests.len();
    places
}

fn only(issues: &Issues) -> Issue {
    let issues = locked(issues);
    assert_eq!(issues.len(), 1, "{issues:?}");
    issues.values().next().expect("one").clone()
}

#[tokio::test]
async fn what_is_sent() {
    for (alerts, name) in [(firing(), "firing"), (many(), "many"), (unicode(), "unicode"), (long(), "long")] {
        let (fake, _) = start().await;
        assert_eq!(with_url(&fake.url, "").told(alerts).await, "delivered", "{name}");
        let body = shown(&fake.last_body());
        match name {
            "firing" => {
                insta::assert_snapshot!(body, @r#"{"fields":{"description":"\n\n# Alerts Firing:\n\nLabels:\n  - alertname = Disk full\n  - instance = db1\n  - severity = page\n\nAnnotations:\n  - summary = The disk of db1 is full\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n\n","issuetype":{"name":"Bug"},"labels":["ALERT{0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c}"],"project":{"key":"OPS"},"summary":"[FIRING:1] Disk full (db1 page)"}}"#)
            }
            "many" => {
                insta::assert_snapshot!(body, @r#"{"fields":{"description":"\n\n# Alerts Firing:\n\nLabels:\n  - alertname = Disk full\n  - instance = db01\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db02\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db03\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db04\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db06\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\⟨7012 characters⟩ - alertname = Disk full\n  - instance = db45\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\nLabels:\n  - alertname = Disk full\n  - instance = db50\n  - severity = page\n\nAnnotations:\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n","issuetype":{"name":"Bug"},"labels":["ALERT{0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c}"],"project":{"key":"OPS"},"summary":"[FIRING:40] Disk full (page)"}}"#)
            }
            "unicode" => {
                insta::assert_snapshot!(body, @r#"{"fields":{"description":"\n\n# Alerts Firing:\n\nLabels:\n  - alertname = Disk full\n  - instance = дб-1 数据库 🔥\n  - path = \u003cb\u003e\u0026\"'\\*_`|\n\nAnnotations:\n  - summary = Die Größe ist \u003e 95 %\nзаполнен\n\nSource: http://prometheus:9090/graph?g0.expr=disk\u0026g0.tab=1\n\n\n\n\n","issuetype":{"name":"Bug"},"labels":["ALERT{0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c}"],"project":{"key":"OPS"},"summary":"[FIRING:1] Disk full (дб-1 数据库 🔥 \u003cb\u003e\u0026\"'\\*_`|)"}}"#)
            }
            _ => {
                insta::assert_snapshot!(body, @r#"{"fields":{"description":"\n\n# Alerts Firing:\n\nLabels:\n  - alertname = Disk full\n  - instance = db1\n\nAnnotations:\n  - summary = é⟨32665 times⟩…","issuetype":{"name":"Bug"},"labels":["ALERT{0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c}"],"project":{"key":"OPS"},"summary":"[FIRING:1] Disk full (db1)"}}"#)
            }
        }
    }
}

#[tokio::test]
async fn an_issue_lives_as_long_as_its_group() {
    let (fake, issues) = start().await;
    let mut seen = 0;
    let keys = "resolve_transition: Done\nreopen_transition: Reopen\nreopen_duration: 1h\n\
                wont_fix_resolution: \"Won't \\\"Do\\\"\"";
    let mut receiver = with_url(&fake.url, keys);
    // Nothing to close.
    assert_eq!(receiver.told(resolved()).await, "delivered");
    assert_eq!(places(&fake, &mut seen), ["POST /rest/api/2/search"]);
    insta::assert_snapshot!(fake.last_body(), @r#"{"fields":["status"],"jql":"(resolution is EMPTY or resolution != \"Won't \\\"Do\\\"\") and statusCategory != Done and project=\"OPS\" and labels=\"ALERT{0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c}\" order by status ASC,resolutiondate DESC","maxResults":2}"#);
    assert_eq!(receiver.told(firing()).await, "delivered");
    assert_eq!(places(&fake, &mut seen), ["POST /rest/api/2/search", "POST /rest/api/2/issue"]);
    insta::assert_snapshot!(fake.requests()[1].body, @r#"{"fields":["status"],"jql":"(resolution is EMPTY or resolution != \"Won't \\\"Do\\\"\") and (resolutiondate is EMPTY OR resolutiondate \u003e= -60m) and project=\"OPS\" and labels=\"ALERT{0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c}\" order by status ASC,resolutiondate DESC","maxResults":2}"#);
    assert_eq!(receiver.told(many()).await, "delivered");
    assert_eq!(places(&fake, &mut seen), ["POST /rest/api/2/search", "PUT /rest/api/2/issue/OPS-1"]);
    assert!(only(&issues).fields["summary"].as_str().is_some_and(|text| text.starts_with("[FIRING:40]")));
    let moved = [
        "POST /rest/api/2/search",
        "PUT /rest/api/2/issue/OPS-1",
        "GET /rest/api/2/issue/OPS-1/transitions",
        "POST /rest/api/2/issue/OPS-1/transitions",
    ];
    assert_eq!(receiver.told(resolved()).await, "delivered");
    assert_eq!(places(&fake, &mut seen), moved);
    assert_eq!(fake.last_body(), "{\"transition\":{\"id\":\"21\"}}\n");
    assert!(only(&issues).is_done);
    assert_eq!(receiver.told(firing()).await, "delivered");
    assert_eq!(places(&fake, &mut seen), moved);
    assert!(!only(&issues).is_done);
    // What was closed long ago, or on purpose, stays closed.
    for (resolution, done_ago, count) in [(None, 61, 2), (Some("Won't \"Do\""), 1, 3)] {
        for issue in locked(&issues).values_mut() {
            (issue.is_done, issue.resolution, issue.done_ago) = (true, resolution, done_ago);
        }
        assert_eq!(receiver.told(firing()).await, "delivered");
        assert_eq!(locked(&issues).len(), count);
    }
}

#[tokio::test]
async fn all_keys() {
    let (fake, issues) = start().await;
    let keys = r#"
summary: {template: '{{ .GroupLabels.alertname }} {{ len .Alerts }}', enable_update: false}
description: {template: '{{ .Status }}', enable_update: false}
labels: [zone, '{{ .CommonLabels.severity }}']
priority: '{{ if eq .CommonLabels.severity "page" }}High{{ end }}'
fields:
  customfield_1: '{{ .CommonLabels.instance }}'
  customfield_2: {value: '{{ .Status }}', child: {id: '{{ len .Alerts }}'}}
  customfield_3: [{name: a}, '{{ .CommonLabels | toJson }}', 1.5, true]"#;
    let mut receiver = with_url(&fake.url, keys);
    assert_eq!(receiver.told(firing()).await, "delivered");
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"fields":{"customfield_1":"db1","customfield_2":{"child":{"id":1},"value":"firing"},"customfield_3":[{"name":"a"},{"alertname":"Disk full","instance":"db1","severity":"page"},1.5,true],"description":"firing","issuetype":{"name":"Bug"},"labels":["ALERT{0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c}","page","zone"],"priority":{"name":"High"},"project":{"key":"OPS"},"summary":"Disk full 1"}}"#);
    assert_eq!(receiver.told(many()).await, "delivered");
    let fields = only(&issues).fields;
    assert_eq!((&fields["summary"], &fields["description"]), (&"Disk full 1".into(), &"firing".into()));
    assert_eq!(fields["customfield_2"]["child"]["id"], 50);
    insta::assert_snapshot!(shown(&fake.last_body()), @r#"{"fields":{"customfield_1":null,"customfield_2":{"child":{"id":50},"value":"firing"},"customfield_3":[{"name":"a"},{"alertname":"Disk full","severity":"page"},1.5,true],"issuetype":{"name":"Bug"},"labels":["ALERT{0e84e1cefabd5607db9badd73430f24effb6142095b878bef8a85a686fd9253c}","page","zone"],"priority":{"name":"High"},"project":{"key":"OPS"}}}"#);
}

#[tokio::test]
async fn version_3_wants_documents() {
    let issues = Issues::default();
    let (fake, http, _folder) = tls::start(&[CLOUD], api(issues.clone())).await;
    let http =
        http.replace("http_config: {", "http_config: {basic_auth: {username: ops, password: s3cret}, ");
    let keys = |version: &str, more: &str| {
        format!("api_url: https://{CLOUD}/rest/api/{version}/\nproject: OPS\nissue_type: Bug\n{http}\n{more}")
    };
    let mut seen = 0;
    assert_eq!(Receiver::new("jira", &keys("3", "")).told(firing()).await, "delivered");
    assert_eq!(places(&fake, &mut seen), ["POST /rest/api/3/search/jql", "POST /rest/api/3/issue"]);
    insta::assert_snapshot!(only(&issues).fields["description"], @r##"{"content":[{"content":[{"text":"# Alerts Firing:","type":"text"}],"type":"paragraph"},{"content":[{"text":"Labels:","type":"text"}],"type":"paragraph"},{"content":[{"text":"  - alertname = Disk full","type":"text"}],"type":"paragraph"},{"content":[{"text":"  - instance = db1","type":"text"}],"type":"paragraph"},{"content":[{"text":"  - severity = page","type":"text"}],"type":"paragraph"},{"content":[{"text":"Annotations:","type":"text"}],"type":"paragraph"},{"content":[{"text":"  - summary = The disk of db1 is full","type":"text"}],"type":"paragraph"},{"content":[{"text":"Source: http://prometheus:9090/graph?g0.expr=disk&g0.tab=1","type":"text"}],"type":"paragraph"}],"type":"doc","version":1}"##);
    let own = r#"description: '{"type": "doc", "version": 1, "content": [{{ len .Alerts }}]}'"#;
    assert_eq!(Receiver::new("jira", &keys("3", own)).told(many()).await, "delivered");
    insta::assert_snapshot!(only(&issues).fields["description"], @r#"{"content":[50],"type":"doc","version":1}"#);
    // The search of version 2 is gone from the cloud.
    seen = fake.requests().len();
    assert_eq!(Receiver::new("jira", &keys("2", "description: x")).told(firing()).await, "delivered");
    assert_eq!(places(&fake, &mut seen), ["POST /rest/api/3/search/jql", "PUT /rest/api/2/issue/OPS-1"]);
}

#[tokio::test]
async fn what_is_asked_where() {
    let (fake, _) = start().await;
    let mut seen = 0;
    for (api_type, want) in [
        ("auto", "POST /rest/api/2/search"),
        ("datacenter", "POST /rest/api/2/search"),
        ("cloud", "POST /rest/api/3/search/jql"),
    ] {
        assert_eq!(with_url(&fake.url, &format!("api_type: {api_type}")).told(resolved()).await, "delivered");
        assert_eq!(places(&fake, &mut seen), [want]);
    }
}

#[tokio::test]
async fn without_transitions_issues_stay_where_they_are() {
    let (fake, issues) = start().await;
    let mut receiver = with_url(&fake.url, "");
    assert_eq!(receiver.told(firing()).await, "delivered");
    assert_eq!(receiver.told(resolved()).await, "delivered");
    assert!(!only(&issues).is_done);
    let mut receiver = with_url(&fake.url, "resolve_transition: Close");
    assert_eq!(receiver.told(resolved()).await, "refused other: can't find transition Close for issue OPS-1");
}

#[tokio::test]
async fn what_jira_says() {
    let (fake, issues) = start().await;
    let mut receiver = with_url(&fake.url, "resolve_transition: Done");
    let replies = || {
        [
            (
                Reply::text(429, "slow down").with_header("retry-after", "30"),
                "retry rateLimited after 30s: unexpected status code 429: slow down",
            ),
            (Reply::text(500, "oops"), "retry serverError: unexpected status code 500: oops"),
            (Reply::text(403, "no"), "refused authError: unexpected status code 403: no"),
            (
                Reply::json(400, serde_json::json!({"errorMessages": ["a", "b"], "errors": {"c": "d"}})),
                "refused clientError: unexpected status code 400: a, b; c: d",
            ),
        ]
    };
    let good = [
        Reply::json(
            200,
            serde_json::json!({"issues": [{"key": "OPS-1", "fields": {"status": {"statusCategory": {"key": "new"}}}}]}),
        ),
        Reply::text(204, ""),
        Reply::json(200, serde_json::json!({"transitions": [{"id": "21", "name": "Done"}]})),
    ];
    for step in 0..=good.len() {
        for (reply, want) in replies() {
            good[..step].iter().for_each(|reply| fake.answer_next(reply.clone()));
            fake.answer_next(reply);
            assert_eq!(receiver.told(resolved()).await, want, "step {step}");
        }
    }
    // Who was only asked was not told; what was changed was.
    for (step, taken) in [(0, ""), (2, " (maybe taken)")] {
        good[..step].iter().for_each(|reply| fake.answer_next(reply.clone()));
        fake.answer_next(Reply::garbage());
        let told = receiver.told(resolved()).await;
        assert!(told.starts_with(&format!("retry other{taken}: cannot understand the answer")), "{told}");
    }
    assert_eq!(receiver.told(firing()).await, "delivered");
    assert_eq!(only(&issues).fields["project"]["key"], "OPS");
    let keys = format!("api_url: {}/rest/api/2\nproject: OPS\nissue_type: Bug", fake.url);
    assert_eq!(
        Receiver::new("jira", &keys).told(firing()).await,
        "refused authError: unexpected status code 401: Client must be authenticated"
    );
}

#[tokio::test]
async fn a_search_that_is_not_answered_tells_nobody() {
    for (mood, want) in [
        (Mood::Silent, "retry contextDeadlineExceeded: no answer in time"),
        (Mood::Closes, "retry other: request to 127.0.0.1:PORT: connection closed before message completed"),
    ] {
        let server = Trouble::start(mood, None);
        let mut receiver = with_url(&format!("http://127.0.0.1:{}", server.port), "");
        receiver.patience = Duration::from_secs(1);
        let told = receiver.told(firing()).await;
        assert_eq!(told, want.replace("PORT", &server.port.to_string()));
    }
}
