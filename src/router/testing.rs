//! For tests: short ways to write routes, labels and alerts, and a world in which time jumps.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::routes::{
    GroupBy, HttpSettings, InhibitRule, Integration, Receiver, Route, Routing, Settings,
};
use crate::config::setting::Setting;
use crate::model::matcher::MatcherList;
use crate::model::{
    Alert, Annotations, Duration, Fingerprint, LabelSet, MatchOp, Matcher, SilenceId, SilenceKind, Str,
    Timestamp,
};
use crate::router::Answer as RouterAnswer;
use crate::router::alerts::Slot;
use crate::router::{
    AlertCounts, Attempt, AttemptId, Effect, Entry, Event, Failure, Input, Key, Memory, Notified,
    NotifiedAlert, Outcome, Reason, Record, Request, RequestId, Router, SilenceDraft,
};

/// Labels from `"a=1 b=2"`.
pub(crate) fn labels(text: &str) -> LabelSet {
    LabelSet::from_pairs(text.split_whitespace().map(|pair| pair.split_once('=').expect("name=value")))
}

/// A duration from `"5m"`.
pub(crate) fn duration(text: &str) -> Duration {
    text.parse().expect("a duration")
}

/// A route before it has a place in the tree.
#[derive(Clone)]
pub(crate) struct RouteSpec {
    matchers: Vec<Matcher>,
    receiver: Str,
    continues: bool,
    children: Vec<RouteSpec>,
}

/// A route with matchers as in `severity="page",team=~"a|b"`, and its receiver.
pub(crate) fn route(matchers: &str, receiver: &str) -> RouteSpec {
    RouteSpec {
        matchers: self::matchers(matchers),
        receiver: receiver.into(),
        continues: false,
        children: Vec::new(),
    }
}

/// Matchers as in `severity="page",team=~"a|b"`.
pub(crate) fn matchers(text: &str) -> Vec<Matcher> {
    text.split(',').filter(|text| !text.is_empty()).map(matcher).collect()
}

/// An inhibition rule from its source side, its target side and its `equal` labels, `"a,b"`.
pub(crate) fn inhibit_rule(source: &str, target: &str, equal: &str) -> InhibitRule {
    let equal = equal.split(',').filter(|name| !name.is_empty()).map(Str::from).collect();
    let (source, target) = (matchers(source), matchers(target));
    InhibitRule { name: "".into(), source, target, equal, span: 0..0 }
}

fn matcher(text: &str) -> Matcher {
    let ops =
        [("=~", MatchOp::Regex), ("!~", MatchOp::NotRegex), ("!=", MatchOp::NotEqual), ("=", MatchOp::Equal)];
    let (sign, op) = ops.into_iter().find(|(sign, _)| text.contains(sign)).expect("an operator");
    let (name, value) = text.split_once(sign).expect("an operator");
    Matcher::new(name, op, value.trim_matches('"')).expect("a valid matcher")
}

impl RouteSpec {
    pub(crate) fn continues(mut self) -> Self {
        self.continues = true;
        self
    }

    pub(crate) fn child(mut self, child: RouteSpec) -> Self {
        self.children.push(child);
        self
    }

    fn place(
        self,
        parent: (&str, &str),
        receivers: &mut Vec<Arc<Receiver>>,
        routes: &mut Vec<Route>,
    ) -> usize {
        let key = format!("{}{}", parent.0, MatcherList(&self.matchers));
        let id = format!("{}{}", parent.1, MatcherList(&self.matchers));
        let at = routes.len();
        routes.push(Route {
            key: key.as_str().into(),
            id: id.as_str().into(),
            children: Vec::new(),
            matchers: self.matchers,
            continues: self.continues,
            receiver: Arc::clone(&self.receiver),
            group_by: GroupBy::Labels(vec!["alertname".into()]),
            group_wait: duration("30s"),
            group_interval: duration("5m"),
            repeat_interval: duration("4h"),
            cooldown: Duration::ZERO,
            mute_time_intervals: Vec::new(),
            active_time_intervals: Vec::new(),
            labels: BTreeMap::new(),
            span: 0..0,
        });
        if !receivers.iter().any(|known| known.name == self.receiver) {
            receivers.push(Arc::new(receiver(&self.receiver, &[true])));
        }
        for (number, child) in self.children.into_iter().enumerate() {
            let child = child.place((&format!("{key}/"), &format!("{id}/{number}/")), receivers, routes);
            routes[at].children.push(child);
        }
        at
    }
}

/// A receiver with one webhook for each value of `send_resolved`.
pub(crate) fn receiver(name: &str, send_resolved: &[bool]) -> Receiver {
    let integration = |(index, send_resolved): (usize, &bool)| {
        Arc::new(Integration {
            kind: "webhook",
            index,
            send_resolved: *send_resolved,
            settings: Settings::Keys {
                values: BTreeMap::from([(
                    "url".into(),
                    Setting::text(format!("http://{name}.test/{index}")),
                )]),
                http: HttpSettings::default(),
            },
            span: 0..0,
        })
    };
    let integrations = send_resolved.iter().enumerate().map(integration).collect();
    Receiver {
        name: name.into(),
        labels: BTreeMap::new(),
        integrations,
        fallback: None,
        fallback_after: duration("5m"),
        rate_limit: None,
        span: 0..0,
    }
}

/// Routes under a root whose receiver is `root`; each receiver has one webhook that hears resolutions.
pub(crate) fn routing(children: Vec<RouteSpec>) -> Routing {
    let mut routing = Routing {
        path: "routes.yml".into(),
        routes: Vec::new(),
        receivers: Vec::new(),
        inhibit_rules: Vec::new(),
        resolve_timeout: duration("5m"),
        time_intervals: Vec::new(),
        templates: Vec::new(),
        template_language: crate::config::routes::TemplateLanguage::Go,
        inline_templates: Vec::new(),
        strict: false,
        ..Routing::default()
    };
    let root = RouteSpec { children, ..route("", "root") };
    root.place(("", ""), &mut routing.receivers, &mut routing.routes);
    routing
}

/// A plain silence of these matchers from `now` until that time after the start.
pub(crate) fn draft(now: Timestamp, matchers: &str, until: &str) -> SilenceDraft {
    SilenceDraft {
        id: None,
        matchers: self::matchers(matchers),
        starts_at: now,
        ends_at: START + duration(until),
        created_by: "me".into(),
        comment: "I know".into(),
        annotations: BTreeMap::new(),
        kind: SilenceKind::Plain,
        force: false,
    }
}

/// How the scripted world answers an attempt: after how long, and what. `None`: never.
pub(crate) type Answer = Option<(Duration, Outcome)>;

/// A jumping clock, receivers that answer as told, and a store: the router's world in tests.
///
/// It checks the router's contract at each step.
pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) routing: Arc<Routing>,
    pub(crate) now: Timestamp,
    pub(crate) saved: BTreeMap<Key, Record>,
    /// What happened, a line each.
    pub(crate) log: Vec<String>,
    /// Notifications that receivers got, each once, by what they say without the attempt.
    pub(crate) got: Vec<(Str, String)>,
    /// How many records were written or forgotten.
    pub(crate) persisted: usize,
    /// What receivers believe: whether an alert fires, by the delivery that told them and the alert.
    pub(crate) beliefs: BTreeMap<(Key, Fingerprint), bool>,
    /// After how many inputs the process is killed and starts again.
    pub(crate) crash_after: Option<usize>,
    pub(crate) inputs: usize,
    pub(crate) note_events: bool,
    /// What requests were answered.
    pub(crate) answers: Vec<RouterAnswer>,
    /// What integrations remember after an attempt, by what they have remembered before.
    pub(crate) remember: fn(&Attempt) -> Option<Memory>,
    answer: Answers,
    inbox: BTreeMap<(Timestamp, AttemptId), (Outcome, Option<Memory>)>,
    outstanding: BTreeMap<AttemptId, Key>,
}

/// Receivers; they are told the time since the start.
type Answers = Box<dyn FnMut(Timestamp, &Attempt) -> Answer>;

/// Delivered after ten milliseconds.
pub(crate) fn delivered() -> Answer {
    Some((Duration::from_millis(10), Outcome::Delivered))
}

/// Failed after ten milliseconds; worth another try.
pub(crate) fn failed(failure: Failure, retry_after: Option<Duration>) -> Answer {
    let message = "no".to_owned();
    Some((
        Duration::from_millis(10),
        Outcome::Retryable {
            failure,
            message,
            retry_after,
            maybe_taken: failure == Failure::DeadlineExceeded,
        },
    ))
}

/// All scenarios begin here; a round number keeps the timelines readable.
pub(crate) const START: Timestamp = Timestamp::from_secs(1_700_000_000);

impl World {
    pub(crate) fn new(routing: Routing) -> Self {
        let routing = Arc::new(routing);
        Self {
            router: Router::restore(Arc::clone(&routing), 1, START, Vec::new()),
            routing,
            now: START,
            saved: BTreeMap::new(),
            log: Vec::new(),
            got: Vec::new(),
            persisted: 0,
            beliefs: BTreeMap::new(),
            crash_after: None,
            inputs: 0,
            note_events: false,
            answers: Vec::new(),
            remember: |_| None,
            answer: Box::new(|_, _| delivered()),
            inbox: BTreeMap::new(),
            outstanding: BTreeMap::new(),
        }
    }

    /// From now on receivers answer like this; the time is since the start.
    pub(crate) fn answer(&mut self, answer: impl FnMut(Timestamp, &Attempt) -> Answer + 'static) {
        self.answer = Box::new(answer);
    }

    /// Runs until that time after the start.
    pub(crate) fn until(&mut self, after: &str) -> &mut Self {
        let end = START + duration(after);
        loop {
            let answer = self.inbox.keys().next().map(|(at, _)| *at);
            let wake = self.router.next_wake().map(|at| at.max(self.now));
            let Some(next) = [answer, wake].into_iter().flatten().min().filter(|at| *at <= end) else {
                break;
            };
            self.now = next;
            match self.inbox.pop_first() {
                Some(((at, attempt), (outcome, memory))) if at <= next => {
                    self.outstanding.remove(&attempt);
                    self.input(Input::Notified(Notified { attempt, outcome, memory }));
                }
                later => {
                    self.inbox.extend(later);
                    self.input(Input::Wake);
                }
            }
        }
        self.now = end;
        self
    }

    pub(crate) fn input(&mut self, input: Input) {
        let wake = matches!(input, Input::Wake);
        let reload = matches!(input, Input::Reload(_));
        let effects = self.router.handle(self.now, input);
        for effect in effects {
            self.perform(effect);
        }
        if reload {
            // The router waits no longer for attempts of groups and integrations that are gone.
            self.outstanding.retain(|_, key| self.saved.contains_key(key));
        }
        let next = self.router.next_wake();
        assert!(!wake || next.is_none_or(|next| next > self.now), "after a wake at {}: {next:?}", self.now);
        if next.is_none_or(|next| next > self.now) {
            assert_eq!(
                self.router.handle(self.now, Input::Wake),
                [],
                "an early or repeated wake does nothing"
            );
            assert_eq!(self.router.next_wake(), next);
        }
        self.check_counts();
        self.inputs += 1;
        if self.crash_after == Some(self.inputs) {
            self.crash();
        }
    }

    /// What is counted on the way is what a walk finds.
    fn check_counts(&self) {
        let (router, now) = (&self.router, self.now);
        let is_unprocessed = |slot: &Slot| {
            slot.places.iter().filter_map(|place| place.group).all(|group| {
                let group = router.groups.at(group);
                group.flushed_at.is_none()
            })
        };
        let mut counts = AlertCounts::default();
        for (index, slot) in router.alerts.iter_from(0) {
            let muted = router.is_muted(now, index);
            let over = slot.alert.is_resolved_at(now);
            counts.resolved += usize::from(over);
            counts.firing += usize::from(!over);
            counts.suppressed += usize::from(!over && muted);
            counts.unprocessed += usize::from(!over && !muted && is_unprocessed(slot));
        }
        let deliveries = router.groups.iter().flat_map(|(_, group)| &group.deliveries);
        let retrying = deliveries.filter(|delivery| delivery.is_waiting()).count();
        let view = router.view(now);
        assert_eq!((view.alerts, view.retrying), (counts, retrying));
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Notify(attempt) => self.notify(&attempt),
            Effect::Persist(Entry { key, record }) => {
                self.persisted += 1;
                match record {
                    Some(record) => drop(self.saved.insert(key, record)),
                    None => drop(self.saved.remove(&key)),
                }
            }
            Effect::Reply(_, answer) => self.answers.push(answer),
            Effect::Note(event) if self.note_events => {
                let text = match event {
                    Event::NotTold { why, .. } => format!("not told: {}", why.as_str()),
                    Event::Superseded { old, new, .. } => {
                        let new = new.map_or("nothing", Reason::as_str);
                        format!("{:?} gives way to {new:?}", old.as_str())
                    }
                    Event::Silence { change, silence } => {
                        format!("silence {} {}", MatcherList(&silence.matchers), change.as_str())
                    }
                    Event::GroupDropped { .. } => "group dropped".to_owned(),
                    Event::CircuitOpened { endpoint, .. } => format!("{endpoint} does not answer"),
                    Event::CircuitClosed { endpoint, waiting } => {
                        format!("{endpoint} answers again, {waiting} wait")
                    }
                    Event::DeadLetter { change, integration, .. } => {
                        format!("dead letter to {}: {}", integration.receiver, change.as_str())
                    }
                    Event::Reloaded { kept, created, dropped } => {
                        format!("reloaded: {kept} kept, {created} created, {dropped} dropped")
                    }
                    Event::AlertsReceived { .. }
                    | Event::Alert { .. }
                    | Event::AlertsLimited { .. }
                    | Event::Suppressed { .. }
                    | Event::GroupCreated { .. }
                    | Event::NotificationSent { .. }
                    | Event::AttemptFailed { .. } => return,
                };
                self.say(&text);
            }
            Effect::Note(_) => {}
        }
    }

    fn notify(&mut self, attempt: &Attempt) {
        let told = &attempt.notification;
        let names = |resolved: bool| {
            let alerts = told.alerts.iter().filter(|alert| alert.resolved == resolved);
            let name = |alert: &NotifiedAlert| match (alert.labels.value("i"), alert.flaps) {
                (name, 0) => name.to_owned(),
                (name, flaps) => format!("{name}(flapped {flaps}x)"),
            };
            alerts.map(name).collect::<Vec<_>>().join(" ")
        };
        let to = format!("{}[{}]", told.receiver, attempt.integration.index);
        let text = format!(
            "{to} {}: {} firing=[{}] resolved=[{}]",
            told.group_labels.value("alertname"),
            told.reason.as_str(),
            names(false),
            names(true)
        );
        assert!(!told.alerts.is_empty(), "{text}");
        for alert in told.alerts.iter().filter(|alert| !alert.resolved && !self.routing.strict) {
            let known = self.router.alerts.find(alert.fingerprint);
            assert!(!known.is_some_and(|known| self.router.is_muted(self.now, known)), "muted: {text}");
        }
        let place = self.saved.iter().find_map(|(key, record)| match record {
            Record::Pending { pending, .. } if pending.notification == *told => Some(key.clone()),
            Record::Limiter(limiter) if limiter.pending.as_ref() == Some(told) => Some(key.clone()),
            Record::DeadLetter(letter) if letter.pending.notification == *told => Some(key.clone()),
            Record::Pending { .. }
            | Record::Limiter(_)
            | Record::DeadLetter(_)
            | Record::Alert(_)
            | Record::Group(_)
            | Record::Told(_)
            | Record::Silence(_) => None,
        });
        let place = place.expect("a notification is persisted before it is sent");
        assert!(!self.outstanding.values().any(|other| *other == place), "sends overlap: {text}");
        self.outstanding.insert(attempt.id, place.clone());
        match attempt.number {
            1 => self.say(&text),
            number => self.say(&format!("{text} (#{number})")),
        }
        if let Some((delay, mut outcome)) = (self.answer)(Timestamp::EPOCH + self.now.since(START), attempt) {
            let limit = attempt.deadline.since(self.now);
            if delay > limit {
                let (failure, message) = (Failure::DeadlineExceeded, "too slow".to_owned());
                outcome = Outcome::Retryable { failure, message, retry_after: None, maybe_taken: true };
            }
            let delay = delay.min(limit);
            if outcome == Outcome::Delivered {
                for alert in &told.alerts {
                    self.beliefs.insert((place.clone(), alert.fingerprint), !alert.resolved);
                }
            }
            if outcome == Outcome::Delivered && !self.got.iter().any(|(key, _)| *key == told.idempotency_key)
            {
                self.got.push((Arc::clone(&told.idempotency_key), text));
            }
            let memory = (self.remember)(attempt);
            self.inbox.insert((self.now + delay, attempt.id), (outcome, memory));
        } else {
            self.outstanding.remove(&attempt.id);
        }
    }

    /// The process is killed, and starts again from what was persisted.
    pub(crate) fn crash(&mut self) {
        self.inbox.clear();
        self.outstanding.clear();
        let entries = self.saved.iter().map(|(key, record)| {
            let entry = Entry { key: key.clone(), record: Some(record.clone()) };
            let json = serde_json::to_string(&entry).expect("an entry is data");
            serde_json::from_str(&json).expect("what was written is read")
        });
        self.router = Router::restore(Arc::clone(&self.routing), 2, self.now, entries.collect());
    }

    /// Alerts of our own rules (no end) fire; each is labels, with `alertname=A` if none is given.
    pub(crate) fn fire(&mut self, alerts: &[&str]) {
        self.send(alerts, None);
    }

    /// Alerts are resolved now.
    pub(crate) fn resolve(&mut self, alerts: &[&str]) {
        self.send(alerts, Some(self.now));
    }

    pub(crate) fn send(&mut self, alerts: &[&str], ends_at: Option<Timestamp>) {
        let alerts = alerts.iter().map(|alert| self.alert(alert, ends_at)).collect();
        self.input(Input::Alerts(alerts));
    }

    pub(crate) fn alert(&self, text: &str, ends_at: Option<Timestamp>) -> Alert {
        let mut builder = labels(text).to_builder();
        if !text.contains("alertname=") {
            builder.set("alertname", "A");
        }
        Alert {
            labels: builder.build(),
            annotations: Annotations::from_pairs([("summary", "It is down")]),
            starts_at: self.now,
            ends_at,
            updated_at: self.now,
            timeout: false,
            generator_url: "http://prometheus/graph".into(),
        }
    }

    /// Asks for something, and returns what that was answered.
    pub(crate) fn request(&mut self, request: Request) -> RouterAnswer {
        let before = self.answers.len();
        self.input(Input::Request(RequestId(before as u64 + 1), request));
        assert_eq!(self.answers.len(), before + 1, "each request has one answer");
        self.answers[before].clone()
    }

    /// Makes a silence of these matchers until that time after the start.
    pub(crate) fn silence(&mut self, matchers: &str, until: &str) -> SilenceId {
        self.set(draft(self.now, matchers, until))
    }

    /// Makes or changes a silence, which is not refused.
    pub(crate) fn set(&mut self, draft: SilenceDraft) -> SilenceId {
        match self.request(Request::SetSilence(draft)) {
            RouterAnswer::Silence(id) => id,
            other => panic!("{other:?}"),
        }
    }

    /// Ends a silence.
    pub(crate) fn expire(&mut self, id: &SilenceId) {
        assert_eq!(self.request(Request::ExpireSilence(id.clone())), RouterAnswer::Expired);
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.log.push(format!("{:>9}  {text}", self.now.since(START).to_string()));
    }

    /// What happened so far.
    pub(crate) fn timeline(&self) -> String {
        self.log.join("\n")
    }
}
