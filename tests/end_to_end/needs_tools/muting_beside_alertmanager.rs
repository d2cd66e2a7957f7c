//! One story of alerts, silences, inhibitions and intervals, told to us and to a real Alertmanager by the same
//! requests: their webhooks must be the same to the byte, but for the differences that [`LINES`] lists.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::beside_alertmanager::without_newer_fields;
use crate::harness::{Alertmanager, Message, Receiver, Sereno, client, eventually, run_tool};

const EXTERNAL_URL: &str = "http://alerts.example:9093";

/// With `URL` for the receiver, which tells the paths apart.
const CONFIG: &str = r#"
route:
  receiver: ops
  group_by: [alertname]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 1h
  routes:
    - {matchers: [alertname="Quiet"], receiver: ops, mute_time_intervals: [never, always]}
    - {matchers: [alertname="OffHours"], receiver: ops, active_time_intervals: [never]}
    - {matchers: [alertname="Open"], receiver: ops, mute_time_intervals: [never], active_time_intervals: [always]}
    - {matchers: [alertname="Both"], receiver: first, continue: true}
    - {matchers: [alertname="Both"], receiver: second, group_by: [alertname, instance]}
    - {matchers: ['alertname=~"Once.*"'], receiver: once}
    - {matchers: [alertname="Cut"], receiver: cut}
receivers:
  - {name: ops, webhook_configs: [{url: 'URL/ops'}]}
  - {name: first, webhook_configs: [{url: 'URL/first'}]}
  - {name: second, webhook_configs: [{url: 'URL/second'}]}
  - {name: once, webhook_configs: [{url: 'URL/once', send_resolved: false}]}
  - {name: cut, webhook_configs: [{url: 'URL/cut', max_alerts: 1}]}
inhibit_rules:
  - {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [zone]}
time_intervals:
  - {name: always, time_intervals: [{weekdays: ['sunday:saturday']}]}
  - {name: never, time_intervals: [{years: ['1999']}]}
"#;

/// The labels of alerts that have more than a name and an instance.
const MORE_LABELS: [(&str, &str, &str); 8] = [
    ("Cause", "critical", "lasting"),
    ("Symptom", "warning", "lasting"),
    ("Gone", "warning", "lasting"),
    ("PassingCause", "critical", "passing"),
    ("Freed", "warning", "passing"),
    ("LateCause", "critical", "late"),
    ("Overtaken", "warning", "late"),
    ("Apart", "warning", "elsewhere"),
];

const STEPS: usize = 4;

/// What is told in each step: the status and the instances, `-` before those that are resolved.
type Told = [&'static str; STEPS];

/// What one path is told of one group.
struct Line {
    path: &'static str,
    group: &'static str,
    theirs: Told,
    /// Where we tell something else on purpose: why, and what.
    ours: Option<(&'static str, Told)>,
}

const fn same(path: &'static str, group: &'static str, told: Told) -> Line {
    Line { path, group, theirs: told, ours: None }
}

const fn differs(
    path: &'static str,
    group: &'static str,
    why: &'static str,
    theirs: Told,
    ours: Told,
) -> Line {
    Line { path, group, theirs, ours: Some((why, ours)) }
}

/// The whole story. The steps are those of [`tell_story`]; what is not listed is never told.
const LINES: [Line; 19] = [
    same("ops", "Cause", ["firing a", "", "", "resolved -a"]),
    same("ops", "Symptom", ["", "", "", ""]),
    same("ops", "Apart", ["firing a", "", "", "resolved -a"]),
    same("ops", "PassingCause", ["firing a", "resolved -a", "", ""]),
    same("ops", "Freed", ["", "firing a", "", "resolved -a"]),
    same("ops", "LateCause", ["", "firing a", "resolved -a", ""]),
    differs(
        "ops",
        "Overtaken",
        "who was told of an alert is told of its end, though it ends while it is inhibited",
        ["firing a", "", "", "resolved -a"],
        ["firing a", "resolved -a", "firing a", "resolved -a"],
    ),
    differs(
        "ops",
        "Silenced",
        "who was told of an alert is told of its end, though it ends while it is silenced",
        ["firing a", "", "", "resolved -a"],
        ["firing a", "resolved -a", "firing a", "resolved -a"],
    ),
    same("ops", "Partly", ["firing a b c", "firing -a c", "firing b c", "resolved -b -c"]),
    differs(
        "ops",
        "Mixed",
        "the same of one alert of a group",
        ["firing a b", "", "", "resolved -a -b"],
        ["firing a b", "firing a -b", "firing a b", "resolved -a -b"],
    ),
    differs(
        "ops",
        "Brief",
        "the end of an alert that nobody was told of is no news",
        ["firing a", "firing a -b", "", "resolved -a"],
        ["firing a", "", "", "resolved -a"],
    ),
    same("ops", "Open", ["firing a", "resolved -a", "firing a", "resolved -a"]),
    same("first", "Both", ["firing a", "resolved -a", "firing a", "resolved -a"]),
    same("second", "Both", ["firing a", "resolved -a", "firing a", "resolved -a"]),
    same("once", "Once", ["firing a", "", "firing a", ""]),
    differs(
        "once",
        "OnceOfTwo",
        "an alert that ended and fires again is told again, though others of its group went on firing",
        ["firing a b", "", "", ""],
        ["firing a b", "", "firing a b", ""],
    ),
    differs(
        "cut",
        "Cut",
        "the status speaks for all alerts, not for those only that max_alerts leaves",
        ["firing a", "resolved -a", "firing a", "resolved -a"],
        ["firing a", "firing -a", "firing a", "resolved -a"],
    ),
    same("ops", "Quiet", ["", "", "", ""]),
    same("ops", "OffHours", ["", "", "", ""]),
];

/// One of the two servers.
struct Side {
    agent: &'static str,
    address: String,
}

struct Story {
    receiver: Receiver,
    theirs: Side,
    ours: Side,
    _alertmanager: Alertmanager,
    _sereno: Sereno,
    http: reqwest::Client,
    /// Whether we are to do as they do.
    strict: bool,
    /// When the alerts that were posted started.
    started: BTreeMap<String, String>,
}

/// A silence, by its ids at both sides.
struct Silence {
    theirs: String,
    ours: String,
}

impl Story {
    async fn start(strict: bool) -> Self {
        let receiver = Receiver::start().await;
        let config = CONFIG.replace("URL/", &receiver.url(""));
        let our_config = format!("{}{config}", if strict { "compat: strict\n" } else { "" });
        let alertmanager = Alertmanager::start(&config, EXTERNAL_URL).await;
        let flags = ["--external-url", EXTERNAL_URL];
        let sereno = Sereno::start("http://127.0.0.1:1", "groups: []", &our_config, &flags).await;
        Self {
            theirs: Side { agent: "Alertmanager/", address: alertmanager.address() },
            ours: Side { agent: "Sereno/", address: sereno.address().to_owned() },
            receiver,
            _alertmanager: alertmanager,
            _sereno: sereno,
            http: client(),
            strict,
            started: BTreeMap::new(),
        }
    }

    /// Posts to both; the bodies of the answers.
    async fn post(&self, path: &str, body: &Value) -> [Value; 2] {
        let to = async |side: &Side| {
            let url = format!("http://{}/api/v2/{path}", side.address);
            let answer = self
                .http
                .post(url)
                .header("Content-Type", "application/json")
                .body(body.to_string())
                .send()
                .await
                .expect("an answer");
            assert_eq!(answer.status().as_u16(), 200, "{path} of {}", side.agent);
            serde_json::from_str(&answer.text().await.expect("a text")).unwrap_or_default()
        };
        let (theirs, ours) = tokio::join!(to(&self.theirs), to(&self.ours));
        [theirs, ours]
    }

    /// Alerts by name and instance, in one request; `-` before those that are resolved.
    async fn alerts(&mut self, alerts: &str) {
        let now = time(0);
        let alert = |alert: &str| {
            let (alert, resolved) = match alert.strip_prefix('-') {
                Some(alert) => (alert, true),
                None => (alert, false),
            };
            if !resolved || !self.started.contains_key(alert) {
                self.started.insert(alert.to_owned(), now.clone());
            }
            described(alert, &self.started[alert], resolved.then_some(&*now))
        };
        let body: Value = alerts.split_whitespace().map(alert).collect();
        self.post("alerts", &body).await;
    }

    /// Sets a silence over the API.
    async fn silence(&self, alert: &str) -> Silence {
        let (name, instance) = alert.split_once('/').expect("name/instance");
        let matcher = |name, value| json!({"name": name, "value": value, "isRegex": false, "isEqual": true});
        let body = json!({
            "matchers": [matcher("alertname", name), matcher("instance", instance)],
            "startsAt": time(0), "endsAt": time(3_600_000), "createdBy": "me", "comment": "work",
        });
        let id = |answer: &Value| answer["silenceID"].as_str().expect("an id").to_owned();
        let [theirs, ours] = self.post("silences", &body).await;
        Silence { theirs: id(&theirs), ours: id(&ours) }
    }

    /// Ends a silence over the API.
    async fn expire(&self, silence: Silence) {
        for (side, id) in [(&self.theirs, silence.theirs), (&self.ours, silence.ours)] {
            let url = format!("http://{}/api/v2/silence/{id}", side.address);
            let answer = self.http.delete(url).send().await.expect("an answer");
            assert_eq!(answer.status().as_u16(), 200, "{}", side.agent);
        }
    }

    /// Has amtool do this at both sides, the last word by itself; what it prints.
    fn amtool(&self, arguments: &[&str], last: [&str; 2]) -> Silence {
        let run = |side: &Side, last| {
            let url = format!("--alertmanager.url=http://{}", side.address);
            let (ok, text) = run_tool("amtool", &[&[&*url], arguments, &[last]].concat());
            assert!(ok, "amtool {arguments:?} at {}: {text}", side.agent);
            text.trim().to_owned()
        };
        Silence { theirs: run(&self.theirs, last[0]), ours: run(&self.ours, last[1]) }
    }

    /// What a side sent to a path of a group.
    fn sent(&self, side: &Side, path: &str, group: &str) -> Vec<Message> {
        let is_asked = |message: &Message| {
            message.agent.starts_with(side.agent)
                && message.path == path
                && message.body["groupLabels"]["alertname"] == group
        };
        self.receiver.messages().into_iter().filter(is_asked).collect()
    }

    fn expected_of_us(&self, line: &Line) -> Told {
        match line.ours {
            Some((_, ours)) if !self.strict => ours,
            _ => line.theirs,
        }
    }

    /// Waits until what the lines say of the steps so far was told, and all that could be told besides; then
    /// compares.
    async fn end_step(&mut self, step: usize) {
        // An alert of its own, in a new group, that ends: as that is told, each older group had its turn after
        // what this step began with.
        let last = format!("Last{step}");
        self.alerts(&format!("{last}/a")).await;
        self.wait_told(&last, "ops", &["firing a"], &["firing a"]).await;
        self.alerts(&format!("-{last}/a")).await;
        for line in &LINES {
            let (theirs, ours) = (&line.theirs[..step], &self.expected_of_us(line)[..step]);
            self.wait_told(line.group, line.path, theirs, ours).await;
        }
        let all = ["firing a", "resolved -a"];
        self.wait_told(&last, "ops", &all, &all).await;
        for line in &LINES {
            self.compare(step, line);
        }
    }

    async fn wait_told(&self, group: &str, path: &str, theirs: &[&str], ours: &[&str]) {
        for (side, told) in [(&self.theirs, theirs), (&self.ours, ours)] {
            let count = said(told).len();
            eventually(&format!("{path} is told {told:?} of {group} by {}", side.agent), || async {
                (self.sent(side, path, group).len() >= count).then_some(())
            })
            .await;
        }
    }

    fn compare(&self, step: usize, line: &Line) {
        let theirs = self.sent(&self.theirs, line.path, line.group);
        let ours = self.sent(&self.ours, line.path, line.group);
        let name = format!("step {step}, {} to {}, strict: {}", line.group, line.path, self.strict);
        let why = line.ours.map_or("no difference", |(why, _)| why);
        assert_eq!(summaries(&theirs), said(&line.theirs[..step]), "{name}, of theirs");
        assert_eq!(summaries(&ours), said(&self.expected_of_us(line)[..step]), "{name}, of ours ({why})");
        // In their order, what both told: the first of theirs that is as ours, then the next.
        let mut rest = theirs.iter();
        let mut both = 0;
        for ours in &ours {
            let mut later = rest.clone();
            if let Some(theirs) = later.find(|theirs| summary(theirs) == summary(ours)) {
                if line.ours.is_none() || self.strict || is_of_same_alerts(theirs, ours) {
                    assert_same(&name, theirs, ours);
                    both += 1;
                    rest = later;
                }
            }
        }
        assert!(both > 0 || theirs.is_empty(), "{name}: nothing was compared");
    }
}

/// Now and so many milliseconds, as in the JSON.
#[expect(clippy::disallowed_methods, reason = "real servers look at the real clock")]
fn time(later: i64) -> String {
    let now = jiff::Timestamp::now().as_millisecond();
    jiff::Timestamp::from_millisecond(now + later).expect("a time of today").to_string()
}

fn described(alert: &str, started: &str, ended: Option<&str>) -> Value {
    let (name, instance) = alert.split_once('/').expect("name/instance");
    let mut labels = json!({"alertname": name, "instance": instance});
    if let Some((_, severity, zone)) = MORE_LABELS.iter().find(|(of, ..)| *of == name) {
        labels["severity"] = json!(severity);
        labels["zone"] = json!(zone);
    }
    let mut alert = json!({
        "labels": labels,
        "annotations": {"summary": format!("{instance} is <down> & \"out\""), "runbook": "http://wiki/é"},
        "startsAt": started,
        "generatorURL": format!("http://prometheus.example/graph?g0.expr=up%7Bx%3D%22{instance}%22%7D&g0.tab=1"),
    });
    if let Some(ended) = ended {
        alert["endsAt"] = json!(ended);
    }
    alert
}

/// The steps in which something is told.
fn said<'a>(told: &[&'a str]) -> Vec<&'a str> {
    told.iter().copied().filter(|told| !told.is_empty()).collect()
}

fn summary(message: &Message) -> String {
    let alerts = message.body["alerts"].as_array().expect("alerts").iter();
    let instance = |alert: &Value| {
        let sign = if alert["status"] == "resolved" { "-" } else { "" };
        format!(" {sign}{}", alert["labels"]["instance"].as_str().expect("an instance"))
    };
    let instances: String = alerts.map(instance).collect();
    format!("{}{instances}", message.body["status"].as_str().expect("a status"))
}

fn summaries(messages: &[Message]) -> Vec<String> {
    messages.iter().map(summary).collect()
}

/// Whether both speak of the same firings and not only of the same alerts.
fn is_of_same_alerts(theirs: &Message, ours: &Message) -> bool {
    let starts = |message: &Message| {
        let alerts = message.body["alerts"].as_array().expect("alerts").iter();
        alerts.map(|alert| alert["startsAt"].to_string()).collect::<Vec<_>>()
    };
    starts(theirs) == starts(ours)
}

/// The fields that a reader of the failure wants by name, then every byte.
fn assert_same(name: &str, theirs: &Message, ours: &Message) {
    let alerts = |message: &Message| message.body["alerts"].as_array().expect("alerts").clone();
    for (theirs, ours) in alerts(theirs).iter().zip(&alerts(ours)) {
        for field in ["status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"]
        {
            assert_eq!(ours[field], theirs[field], "{name}: {field}");
        }
    }
    for field in [
        "receiver",
        "status",
        "groupLabels",
        "commonLabels",
        "commonAnnotations",
        "groupKey",
        "truncatedAlerts",
        "externalURL",
        "version",
    ] {
        assert_eq!(ours.body[field], theirs.body[field], "{name}: {field}");
    }
    assert_eq!(without_newer_fields(&ours.text), without_newer_fields(&theirs.text), "{name}");
}

async fn tell_story(strict: bool) {
    let mut story = Story::start(strict).await;

    // 1: everything fires. A cause and its symptom come in one request.
    story
        .alerts(
            "Cause/a Symptom/a Gone/a Apart/a PassingCause/a Freed/a Overtaken/a Silenced/a \
             Partly/a Partly/b Partly/c Mixed/a Mixed/b Brief/a Open/a Both/a Once/a OnceOfTwo/a \
             OnceOfTwo/b Cut/a Cut/b Quiet/a OffHours/a",
        )
        .await;
    story.end_step(1).await;

    // 2: some are silenced or overtaken by a cause, then much ends.
    let silenced = story.silence("Silenced/a").await;
    let mixed = story.silence("Mixed/b").await;
    let add = ["silence", "add", "--author=me", "--comment=work", "--duration=1h", "alertname=Partly"];
    let partly = story.amtool(&add, ["instance=b"; 2]);
    story.alerts("LateCause/a").await;
    story
        .alerts(
            "-Gone/a -PassingCause/a -Overtaken/a -Silenced/a -Partly/a -Mixed/b -Brief/b -Open/a -Both/a \
             -Once/a -OnceOfTwo/a -Cut/a -Quiet/a",
        )
        .await;
    story.end_step(2).await;

    // 3: the silences end and what ended fires again.
    story.expire(silenced).await;
    story.expire(mixed).await;
    story.amtool(&["silence", "expire"], [&partly.theirs, &partly.ours]);
    story.alerts("-LateCause/a").await;
    story.alerts("Overtaken/a Silenced/a Mixed/b Open/a Both/a Once/a OnceOfTwo/a Cut/a Quiet/a").await;
    story.end_step(3).await;

    // 4: everything ends.
    story
        .alerts(
            "-Symptom/a -Cause/a -Apart/a -Freed/a -Overtaken/a -Silenced/a -Partly/b -Partly/c -Mixed/a \
             -Mixed/b -Brief/a -Open/a -Both/a -Once/a -OnceOfTwo/a -OnceOfTwo/b -Cut/a -Cut/b -Quiet/a \
             -OffHours/a",
        )
        .await;
    story.end_step(STEPS).await;
    let is_listed = |message: &Message| {
        let group = message.body["groupLabels"]["alertname"].as_str().expect("a name").to_owned();
        group.starts_with("Last")
            || LINES.iter().any(|line| (line.path, line.group) == (&*message.path, &*group))
    };
    let others: Vec<_> =
        story.receiver.messages().into_iter().filter(|message| !is_listed(message)).collect();
    assert!(others.is_empty(), "{others:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_is_alertmanagers_but_for_the_listed_differences() {
    tell_story(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_compat_strict_nothing_differs() {
    tell_story(true).await;
}
