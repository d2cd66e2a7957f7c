//! One story of alerts, silences, inhibitions and intervals, told to us and to a real Alertmanager by the same
//! requests: their webhooks must be the same to the byte, but for the differences that `lines.rs` lists.

mod lines;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::lines::{CONFIG, LINES, Line, MORE_LABELS, STEPS, Told};
use super::beside_alertmanager::without_newer_fields;
use crate::harness::{Alertmanager, Message, Receiver, Sereno, client, eventually, run_tool};

const EXTERNAL_URL: &str = "http://alerts.example:9093";

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
        let differs = line.ours.is_some() && !self.strict;
        let is_counterpart = |theirs: &Message, ours: &&Message| {
            summary(theirs) == summary(ours) && starts(theirs) == starts(ours)
        };
        let mut both = 0;
        for (index, theirs) in theirs.iter().enumerate() {
            let ours = match differs {
                true => ours.iter().find(|ours| is_counterpart(theirs, ours)),
                false => ours.get(index),
            };
            if let Some(ours) = ours {
                assert_same(&name, theirs, ours);
                both += 1;
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

/// Which firings of its alerts it speaks of.
fn starts(message: &Message) -> Vec<String> {
    let alerts = message.body["alerts"].as_array().expect("alerts").iter();
    alerts.map(|alert| alert["startsAt"].to_string()).collect()
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

    // 1: one is silenced before it comes, then everything fires. A cause and its symptom come in one request.
    let hushed = story.silence("Hushed/a").await;
    story
        .alerts(
            "Hushed/a Cause/a Symptom/a Gone/a Apart/a PassingCause/a Freed/a Overtaken/a Silenced/a \
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
    story.expire(hushed).await;
    story.expire(silenced).await;
    story.expire(mixed).await;
    story.amtool(&["silence", "expire"], [&partly.theirs, &partly.ours]);
    story.alerts("-LateCause/a").await;
    story.alerts("Overtaken/a Silenced/a Mixed/b Open/a Both/a Once/a OnceOfTwo/a Cut/a Quiet/a").await;
    story.end_step(3).await;

    // 4: everything ends.
    story
        .alerts(
            "-Hushed/a -Symptom/a -Cause/a -Apart/a -Freed/a -Overtaken/a -Silenced/a -Partly/b -Partly/c -Mixed/a \
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
