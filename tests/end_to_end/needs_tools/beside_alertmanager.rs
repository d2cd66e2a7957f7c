//! One Prometheus, one rule file, one alertmanager.yml: what Prometheus and Alertmanager tell a webhook,
//! Sereno must tell it too, to the byte.

use regex::Regex;
use serde_json::Value;

use crate::harness::{Alertmanager, Message, Prometheus, Receiver, Sereno, Setup, Target, eventually};

/// Where people are told that all of them are: what differs then, differs for another reason.
const EXTERNAL_URL: &str = "http://alerts.example:9093";

/// What Debian's Alertmanager 0.25 does not have. Nothing else may differ.
const NEWER_FIELDS: [&str; 2] = [r#""notification_reason":"[a-z ]*","#, r#""routeLabels":\{\},"#];

/// How far apart two that evaluate every second, each at its own time, may see the same thing, in
/// milliseconds.
const CLOSE: i64 = 5_000;

const RULES: &str = r#"
groups:
  - name: app
    rules:
      - alert: Down
        expr: up{job=~"app|a<b>&é"} == 0
        for: 2s
        labels: {severity: page, note: '<b>&"é"\'}
        annotations:
          summary: '{{ $labels.instance }} is <down> & "out" – é 😀'
          lines: "one\n\ttwo \u2028 three \x7f"
          runbook: 'https://wiki.example/?a=1&b={{ $value | printf "%.1f" }}'
          empty: '{{ "" }}'
"#;

fn alertmanager_yml(receiver: &Receiver) -> String {
    let (all, first) = (receiver.url("all"), receiver.url("first"));
    format!(
        r#"
route:
  receiver: nobody
  group_by: [alertname]
  group_wait: 4s
  group_interval: 4s
  repeat_interval: 1h
  routes:
    - matchers: ['severity=~"page|<none>"', 'job = app']
      receiver: web.hook
      group_by: [alertname, note]
receivers:
  - name: nobody
  - name: web.hook
    webhook_configs:
      - url: '{all}'
      - {{url: '{first}', max_alerts: 1}}
"#
    )
}

/// Both sides, watching the same Prometheus and telling the same receiver.
struct Sides {
    receiver: Receiver,
    prometheus: Prometheus,
    sereno: Sereno,
    _alertmanager: Alertmanager,
}

/// What each side sent to one path as one step.
struct Pair {
    theirs: Message,
    ours: Message,
}

impl Sides {
    async fn start(targets: &[&Target]) -> Self {
        let receiver = Receiver::start().await;
        let routes = alertmanager_yml(&receiver);
        let alertmanager = Alertmanager::start(&routes, EXTERNAL_URL).await;
        let setup = Setup {
            config: format!(
                "rule_files: [rules.yml]\n\
                 alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{}']}}]}}]}}\n",
                alertmanager.address()
            ),
            files: vec![("rules.yml", RULES.to_owned())],
            flags: vec![format!("--web.external-url={EXTERNAL_URL}")],
            ..Setup::default()
        };
        let prometheus = Prometheus::start_with(targets, setup).await;
        // An alert of before that would be sent only a minute later.
        eventually("prometheus knows its alertmanager", || async {
            prometheus.get("/api/v1/alertmanagers").await?.contains("/api/v2/alerts").then_some(())
        })
        .await;
        let flags = ["--external-url", EXTERNAL_URL, "--prometheus-external-url", EXTERNAL_URL];
        let sereno = Sereno::start(&prometheus.url(), RULES, &routes, &flags).await;
        Self { receiver, prometheus, sereno, _alertmanager: alertmanager }
    }

    /// All that one side sent to `path`.
    fn sent(&self, agent: &str, path: &str) -> Vec<Message> {
        let messages = self.receiver.messages().into_iter();
        messages.filter(|message| message.agent.starts_with(agent) && message.path == path).collect()
    }

    /// Waits until both have sent `count` messages to `path`; the last two.
    async fn wait(&self, count: usize, path: &str) -> Pair {
        eventually(&format!("both have sent {count} to {path}"), || async {
            let theirs = self.sent("Alertmanager/", path).get(count - 1)?.clone();
            let ours = self.sent("Sereno/", path).get(count - 1)?.clone();
            Some(Pair { theirs, ours })
        })
        .await
    }

    /// Waits until Prometheus itself has so many firing alerts.
    async fn wait_prometheus_firing(&self, count: usize) {
        eventually(&format!("prometheus has {count} firing alerts"), || async {
            let text = self.prometheus.get("/api/v1/alerts").await?;
            (text.matches(r#""state":"firing""#).count() == count).then_some(())
        })
        .await;
    }
}

fn millis(time: &Value) -> i64 {
    let text = time.as_str().expect("a time is a string");
    let form = Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9])?Z$").expect("valid");
    assert!(form.is_match(text), "RFC 3339 in UTC, no zeros at the end: {text}");
    text.parse::<jiff::Timestamp>().expect("a time").as_millisecond()
}

/// The text with each time, which was looked at already, and each newer field taken out.
fn without_times_and_newer_fields(text: &str) -> String {
    let times = Regex::new(r#""(startsAt|endsAt)":"2[^"]*""#).expect("valid");
    without_newer_fields(&times.replace_all(text, r#""$1":"TIME""#))
}

/// The text with each newer field taken out.
pub(super) fn without_newer_fields(text: &str) -> String {
    let mut text = text.to_owned();
    for field in NEWER_FIELDS {
        text = Regex::new(field).expect("valid").replace(&text, "").into_owned();
    }
    text
}

/// Times and the fields that a reader of the failure wants by name, then every byte.
fn assert_same(pair: &Pair) {
    let (theirs, ours) = (&pair.theirs.body, &pair.ours.body);
    for field in
        ["receiver", "status", "version", "groupKey", "groupLabels", "externalURL", "truncatedAlerts"]
    {
        assert_eq!(ours[field], theirs[field], "{field}");
    }
    for field in ["commonLabels", "commonAnnotations"] {
        assert_eq!(ours[field], theirs[field], "{field}");
    }
    assert_same_alerts(theirs, ours);
    let (theirs, ours) = (&pair.theirs, &pair.ours);
    assert_eq!(ours.content_type, theirs.content_type);
    assert_eq!(without_times_and_newer_fields(&ours.text), without_times_and_newer_fields(&theirs.text));
}

fn assert_same_alerts(theirs: &Value, ours: &Value) {
    let alerts = |side: &Value| side["alerts"].as_array().expect("alerts").clone();
    assert_eq!(alerts(ours).len(), alerts(theirs).len());
    for (theirs, ours) in alerts(theirs).iter().zip(&alerts(ours)) {
        for field in ["status", "labels", "annotations", "fingerprint", "generatorURL"] {
            assert_eq!(ours[field], theirs[field], "{field}");
        }
        let apart = millis(&ours["startsAt"]) - millis(&theirs["startsAt"]);
        assert!(apart.abs() < CLOSE, "startsAt {apart} ms apart");
        if theirs["status"] == "firing" {
            assert_eq!(ours["endsAt"], "0001-01-01T00:00:00Z");
            assert_eq!(theirs["endsAt"], "0001-01-01T00:00:00Z");
        } else {
            let apart = millis(&ours["endsAt"]) - millis(&theirs["endsAt"]);
            assert!(apart.abs() < CLOSE, "endsAt {apart} ms apart");
        }
    }
}

fn statuses(messages: &[Message]) -> Vec<String> {
    let alerts = |message: &Message| message.body["alerts"].as_array().expect("alerts").clone();
    let of = |message: &Message| {
        let each: Vec<String> = alerts(message).iter().map(|alert| alert["status"].to_string()).collect();
        format!("{}: {}", message.body["status"], each.join(" ")).replace('"', "")
    };
    messages.iter().map(of).collect()
}

/// Two targets, in the order in which messages name them.
async fn two_targets() -> (Target, Target) {
    let (one, two) = (Target::start().await, Target::start().await);
    if one.address() < two.address() { (one, two) } else { (two, one) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_cannot_tell_sereno_from_alertmanager() {
    let (first, second) = two_targets().await;
    let sides = Sides::start(&[&first, &second]).await;
    sides.sereno.wait_evaluations(2).await;
    first.switch(false);
    second.switch(false);
    let both_fire = sides.wait(1, "all").await;
    assert_same(&both_fire);
    assert_eq!(both_fire.ours.body["receiver"], r"web\.hook", "as Go quotes it");
    sides.wait_prometheus_firing(2).await;
    let cut = sides.wait(1, "first").await;

    first.switch(true);
    assert_same(&sides.wait(2, "all").await);
    let cut_later = sides.wait(2, "first").await;

    second.switch(true);
    assert_same(&sides.wait(3, "all").await);
    sides.wait(3, "first").await;
    sides.wait_prometheus_firing(0).await;
    sides.sereno.wait_evaluations(6).await;
    let want = ["firing: firing firing", "firing: resolved firing", "resolved: resolved"];
    assert_eq!(statuses(&sides.sent("Sereno/", "all")), want, "nothing more after the last");
    assert_eq!(statuses(&sides.sent("Alertmanager/", "all")), want);
    assert_cut_by_max_alerts(&cut, &cut_later);
}

/// `max_alerts: 1`: the same one is named and described. That the status of ours still speaks for all is a
/// difference that is wanted: Alertmanager says "resolved" here while the second target is down.
fn assert_cut_by_max_alerts(both_fire: &Pair, one_fires: &Pair) {
    for pair in [both_fire, one_fires] {
        let (theirs, ours) = (&pair.theirs.body, &pair.ours.body);
        assert_same_alerts(theirs, ours);
        assert_eq!((&ours["truncatedAlerts"], &theirs["truncatedAlerts"]), (&1.into(), &1.into()));
        for field in ["receiver", "groupKey", "groupLabels"] {
            assert_eq!(ours[field], theirs[field], "{field}");
        }
        assert_eq!(ours["commonLabels"], theirs["commonLabels"], "of the alerts that are named");
    }
    assert_eq!(both_fire.ours.body["status"], both_fire.theirs.body["status"]);
    assert_eq!(
        (&one_fires.ours.body["status"], &one_fires.theirs.body["status"]),
        (&"firing".into(), &"resolved".into())
    );
}
