//! One configuration, the same alerts: what Alertmanager and we send to chats is equal to the byte.
//!
//! Debian's Alertmanager 0.25 knows these kinds, and sends what 0.34 sends as long as nothing is too long for
//! Telegram's HTML or for Discord.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{Method, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::harness::{Alertmanager, Sereno, client, eventually};

const EXTERNAL_URL: &str = "http://alerts.example:9093";

/// A request: method, path with query, body.
type Request = (String, String, String);

/// Everything that came, from both sides.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Request>>>);

impl Recorder {
    async fn start() -> (Self, String) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let recorder = Self::default();
        let app = axum::Router::new().fallback(take).with_state(recorder.clone());
        tokio::spawn(axum::serve(listener, app).into_future());
        (recorder, url)
    }

    /// What one side sent, sorted; its name is no longer in the paths.
    fn sent_by(&self, side: &str) -> Vec<Request> {
        let requests = self.0.lock().expect("not poisoned").clone();
        let of_side = |(method, path, body): Request| {
            Some((method, path.strip_prefix(&format!("/{side}"))?.to_owned(), body))
        };
        let mut requests: Vec<Request> = requests.into_iter().filter_map(of_side).collect();
        requests.sort();
        requests
    }
}

/// Takes everything, as the API behind the path says it.
async fn take(State(recorder): State<Recorder>, method: Method, uri: Uri, body: String) -> Response {
    let path = uri.path_and_query().expect("requests have a path").to_string();
    recorder.0.lock().expect("not poisoned").push((method.to_string(), path, body));
    match uri.path() {
        path if path.ends_with("/sendMessage") => {
            json!({"ok": true, "result": {"message_id": 1, "chat": {"id": 1}}}).to_string().into_response()
        }
        path if path.ends_with("/gettoken") => {
            json!({"errcode": 0, "access_token": "token"}).to_string().into_response()
        }
        path if path.contains("/wechat") => json!({"errcode": 0}).to_string().into_response(),
        _ => "ok".into_response(),
    }
}

fn routes(url: &str, side: &str) -> String {
    let url = format!("{url}/{side}");
    let strict = if side == "ours" { "compat: strict" } else { "" };
    format!(
        r#"
{strict}
route: {{receiver: ops, group_by: [alertname], group_wait: 1s, group_interval: 1s}}
receivers:
  - name: ops
    slack_configs:
      - {{api_url: '{url}/slack/1', send_resolved: true, channel: '#ops'}}
      - api_url: {url}/slack/2
        send_resolved: true
        channel: '#{{{{ .CommonLabels.severity }}}}'
        text: '{{{{ range .Alerts }}}}{{{{ .Annotations.summary }}}}{{{{ end }}}}'
        title: '{{{{ range .Alerts }}}}{{{{ .Annotations.long }}}}{{{{ end }}}}'
        pretext: '<before & after>'
        footer: ''
        short_fields: true
        fields: [{{title: one, value: '{{{{ .Status }}}}'}}, {{title: two, value: '2', short: false}}]
        actions:
          - {{type: button, text: Open, url: 'http://runbook/{{{{ .GroupLabels.alertname }}}}', style: danger}}
          - {{type: button, text: Stop, name: stop, value: now, confirm: {{text: 'Really?', ok_text: 'Yes'}}}}
        mrkdwn_in: [text]
        link_names: true
        icon_emoji: ':fire:'
    discord_configs: [{{webhook_url: '{url}/discord'}}]
    telegram_configs:
      - {{api_url: '{url}/telegram/1', bot_token: 'T', chat_id: -100}}
      - api_url: {url}/telegram/2
        bot_token: 'T'
        chat_id: -100
        parse_mode: ''
        disable_notifications: true
        message: '<b>{{{{ range .Alerts }}}}{{{{ range .Annotations.SortedPairs }}}}{{{{ .Value }}}}{{{{ .Value }}}}{{{{ .Value }}}}{{{{ end }}}}{{{{ end }}}}'
      - {{api_url: '{url}/telegram/3', bot_token: T, chat_id: 5, message: '<b>{{{{ .CommonLabels.path }}}}</b> x < y'}}
    webex_configs:
      - {{api_url: '{url}/webex', room_id: room, http_config: {{authorization: {{credentials: x}}}}}}
      - api_url: {url}/webex/2
        room_id: room
        message: '{{{{ range .Alerts }}}}{{{{ .Annotations.long }}}}{{{{ end }}}}'
        http_config: {{authorization: {{credentials: x}}}}
    wechat_configs:
      - {{api_url: '{url}/wechat/1/', corp_id: c, api_secret: 'a b&/+', agent_id: '1', to_user: '@all', send_resolved: true}}
      - api_url: {url}/wechat/2/
        corp_id: c
        api_secret: s
        to_party: '{{{{ .Status }}}}'
        message_type: markdown
        message: '**{{{{ .Status }}}}**'
        send_resolved: true
"#
    )
}

/// How many messages a notification is: WeChat's need a token before, which Alertmanager asks for once only.
const MESSAGES: usize = 10;

fn is_message((method, ..): &Request) -> bool {
    method == "POST"
}

fn alert(labels: &Value, annotations: &Value, is_over: bool) -> Value {
    let mut alert = json!({
        "labels": labels, "annotations": annotations, "startsAt": "2026-03-01T11:50:00Z",
        "generatorURL": "http://prometheus/graph?g0.expr=disk&g0.tab=1",
    });
    if is_over {
        alert["endsAt"] = "2026-03-01T11:59:00Z".into();
    }
    alert
}

#[tokio::test]
async fn chats_get_the_same() {
    let (recorder, url) = Recorder::start().await;
    let alertmanager = Alertmanager::start(&routes(&url, "theirs"), EXTERNAL_URL).await;
    let flags = ["--external-url", EXTERNAL_URL];
    let sereno = Sereno::start("http://127.0.0.1:1", "groups: []", &routes(&url, "ours"), &flags).await;
    let one = json!({"alertname": "Disk full", "instance": "db1", "severity": "page"});
    let other =
        json!({"alertname": "Disk full", "instance": "db2", "severity": "page", "path": "<b>&\"'\\*_`|"});
    // Long enough to be cut where characters count. Alertmanager ends when it cuts such a text in bytes.
    let long = format!("{}🔥", "é".repeat(1500));
    let summary = json!({"summary": "Die Größe ist > 95 %\nзаполнен 数据库", "long": long});
    let steps = [
        vec![alert(&one, &json!({"summary": "The disk is full", "empty": ""}), false)],
        vec![
            alert(&one, &json!({"summary": "The disk is full", "empty": ""}), true),
            alert(&other, &summary, false),
        ],
        vec![alert(&other, &summary, true)],
    ];
    for (number, alerts) in (1..).zip(steps) {
        for address in [alertmanager.address(), sereno.address().to_owned()] {
            let request = client().post(format!("http://{address}/api/v2/alerts"));
            let request = request
                .header("content-type", "application/json")
                .body(Value::from(alerts.clone()).to_string());
            let answer = request.send().await.expect("it answers");
            assert!(answer.status().is_success(), "{answer:?}");
        }
        for side in ["theirs", "ours"] {
            eventually(&format!("{side} are sent {number} times; log:\n{}", sereno.log()), || async {
                let sent = recorder.sent_by(side).into_iter().filter(is_message).count();
                (sent >= number * MESSAGES).then_some(())
            })
            .await;
        }
    }
    let (theirs, ours) = (recorder.sent_by("theirs"), recorder.sent_by("ours"));
    let messages =
        |requests: &[Request]| requests.iter().filter(|r| is_message(r)).cloned().collect::<Vec<_>>();
    for (theirs, ours) in messages(&theirs).iter().zip(messages(&ours)) {
        assert_eq!(*theirs, ours);
    }
    assert_eq!(messages(&theirs).len(), messages(&ours).len());
    let tokens = |requests: &[Request]| {
        let mut paths: Vec<_> =
            requests.iter().filter(|r| !is_message(r)).map(|(_, path, _)| path.clone()).collect();
        paths.dedup();
        paths
    };
    assert_eq!(tokens(&theirs), tokens(&ours));
}
