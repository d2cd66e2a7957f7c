//! The scripted world of the scenarios: rules in one line, samples one character a minute, a log to read.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::Arc;

use crate::config::rules::{AlertingRule, Rule, RuleGroup, RuleKind, RuleLabel};
use crate::config::yaml::SpannedText;
use crate::model::sample::STALE_NAN_BITS;
use crate::model::{Alert, Duration, LabelSet, QueryValue, Sample, SampleValue, SeriesPoint, Timestamp};
use crate::rules::{
    Change, Effect, Engine, Entry, Event, Input, Key, Query, QueryError, Record, RulesConfig, Sampled,
    Written,
};
use crate::template::rule::RuleTemplate;

pub(super) const MINUTE: Duration = Duration::from_mins(1);

/// Where a run starts. The group `g` of the file `r.yml` has its first slot at [`World::zero`].
const START: Timestamp = Timestamp::from_secs(1_700_000_000);

pub(super) fn alert(name: &str, expr: &str) -> Rule {
    let kind = RuleKind::Alerting(AlertingRule {
        hold_for: Duration::ZERO,
        keep_firing_for: Duration::ZERO,
        annotations: Vec::new(),
    });
    Rule {
        name: name.into(),
        expr: expr.into(),
        parsed: None,
        written: SpannedText::default(),
        labels: Vec::new(),
        kind,
        span: 0..0,
    }
}

pub(super) fn record(name: &str, expr: &str) -> Rule {
    Rule { kind: RuleKind::Recording, ..alert(name, expr) }
}

/// Ways to say more about a rule.
pub(super) trait RuleExt: Sized {
    fn alerting(&mut self) -> &mut AlertingRule;
    fn hold(mut self, duration: &str) -> Self {
        self.alerting().hold_for = duration.parse().expect("a duration");
        self
    }
    fn keep(mut self, duration: &str) -> Self {
        self.alerting().keep_firing_for = duration.parse().expect("a duration");
        self
    }
    fn annotation(self, name: &str, text: &str) -> Self;
    fn label(self, name: &str, text: &str) -> Self;
}

impl RuleExt for Rule {
    fn alerting(&mut self) -> &mut AlertingRule {
        match &mut self.kind {
            RuleKind::Alerting(rule) => rule,
            RuleKind::Recording => panic!("a recording rule"),
        }
    }

    fn annotation(mut self, name: &str, text: &str) -> Self {
        let value = RuleTemplate::new(&self.name, text);
        self.alerting().annotations.push(RuleLabel {
            name: name.into(),
            value,
            written: SpannedText::default(),
        });
        self
    }

    fn label(mut self, name: &str, text: &str) -> Self {
        let value = RuleTemplate::new(&self.name, text);
        self.labels.push(RuleLabel { name: name.into(), value, written: SpannedText::default() });
        self
    }
}

pub(super) fn group(name: &str, rules: impl IntoIterator<Item = Rule>) -> RuleGroup {
    RuleGroup {
        file: "r.yml".into(),
        name: name.into(),
        interval: None,
        query_offset: None,
        limit: 0,
        rules: rules.into_iter().map(Arc::new).collect(),
    }
}

pub(super) fn config(groups: impl IntoIterator<Item = RuleGroup>) -> RulesConfig {
    RulesConfig {
        groups: groups.into_iter().map(Arc::new).collect(),
        evaluation_interval: MINUTE,
        query_offset: Duration::ZERO,
        resend_delay: MINUTE,
        external_labels: LabelSet::default(),
        external_url: "http://prom".into(),
    }
}

/// What the log shows beside alerts and their changes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Show {
    pub(super) queries: bool,
    pub(super) writes: bool,
    pub(super) failures: bool,
}

/// An engine, who answers it, and what was seen.
pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) now: Timestamp,
    /// The first slot of the group `g`.
    pub(super) zero: Timestamp,
    pub(super) show: Show,
    pub(super) log: Vec<String>,
    pub(super) kept: BTreeMap<Key, Record>,
    pub(super) effects: Vec<Effect>,
    /// When each of the effects was decided.
    pub(super) times: Vec<Timestamp>,
    /// By expression: jobs with one character a minute.
    scripts: BTreeMap<String, Vec<(String, String)>>,
    /// Queries that get no answer until they are released.
    pub(super) hang: bool,
    pub(super) hanging: VecDeque<Query>,
    pub(super) refuse_writes: bool,
    /// Whether writes get no answer.
    pub(super) hang_writes: bool,
}

impl World {
    pub(super) fn new(config: RulesConfig) -> Self {
        Self::restored(config, Vec::new(), START)
    }

    pub(super) fn restored(config: RulesConfig, saved: Vec<Entry>, now: Timestamp) -> Self {
        let probe = Engine::restore(Arc::new(self::config([group("g", [])])), START, Vec::new());
        let first = |engine: &mut Engine| {
            let _ = engine.handle(START, Input::Wake); // settles the start
            engine.next_wake().expect("one group")
        };
        Self {
            zero: first(&mut { probe }),
            engine: Engine::restore(Arc::new(config), now, saved),
            now,
            show: Show::default(),
            log: Vec::new(),
            kept: BTreeMap::new(),
            effects: Vec::new(),
            times: Vec::new(),
            scripts: BTreeMap::new(),
            hang: false,
            hanging: VecDeque::new(),
            refuse_writes: false,
            hang_writes: false,
        }
    }

    /// What `expr` returns for `job`: from minute 0 on a digit a minute, `.` nothing, `e` an error of the
    /// whole query.
    pub(super) fn script(mut self, expr: &str, job: &str, minutes: &str) -> Self {
        self.scripts.entry(expr.into()).or_default().push((job.into(), minutes.into()));
        self
    }

    pub(super) fn show(mut self, show: Show) -> Self {
        self.show = show;
        self
    }

    /// The minute after the first slot.
    pub(super) fn minute(&self, minute: i64) -> Timestamp {
        self.zero + MINUTE * minute
    }

    /// Runs until just before that minute's slot, at each time the engine asks for.
    pub(super) fn run_before(&mut self, minute: i64) -> &mut Self {
        let end = self.minute(minute);
        while let Some(at) = self.engine.next_wake().filter(|at| *at < end) {
            self.now = self.now.max(at);
            self.feed(Input::Wake);
        }
        self
    }

    pub(super) fn reload(&mut self, config: RulesConfig) -> &mut Self {
        self.feed(Input::Reload(Arc::new(config)));
        self
    }

    /// Gives one input, and answers what comes of it.
    pub(super) fn feed(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in self.engine.handle(self.now, input) {
                self.effects.push(effect.clone());
                self.times.push(self.now);
                inputs.extend(self.perform(effect));
            }
        }
    }

    /// Answers the queries that hang, now.
    pub(super) fn release(&mut self) {
        self.hang = false;
        while let Some(query) = self.hanging.pop_front() {
            let answer = self.answer(&query);
            self.feed(Input::Sampled(answer));
        }
    }

    fn perform(&mut self, effect: Effect) -> Option<Input> {
        match effect {
            Effect::Query(query) => {
                if self.show.queries {
                    self.line(format!("ask {} @{}", query.expr, self.at(query.at)));
                }
                if self.hang {
                    self.hanging.push_back(query);
                    return None;
                }
                Some(Input::Sampled(self.answer(&query)))
            }
            Effect::Write(write) => {
                if self.show.writes {
                    write.points.iter().for_each(|point| self.line(self.point(point)));
                }
                if self.hang_writes {
                    return None;
                }
                let result = if self.refuse_writes { Err("disk full".into()) } else { Ok(()) };
                Some(Input::Written(Written { id: write.id, result }))
            }
            Effect::Alerts(alerts) => {
                alerts.iter().for_each(|alert| self.line(self.told(alert)));
                None
            }
            Effect::Persist(Entry { key, record: Some(record) }) => {
                // As it goes to disk and back.
                let text = serde_json::to_string(&record).expect("a record is JSON");
                self.kept.insert(key, serde_json::from_str(&text).expect("a record"));
                None
            }
            Effect::Persist(Entry { key, record: None }) => {
                self.kept.remove(&key);
                None
            }
            Effect::Note(event) => {
                self.note(event);
                None
            }
        }
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::AlertChanged { labels, change, .. } => {
                if !matches!(change, Change::Firing | Change::Resolved) {
                    self.line(format!("{} {}", change.as_str(), short(&labels)));
                }
            }
            Event::RuleFailed { rule, error, .. } if self.show.failures => {
                self.line(format!("{rule} failed: {error}"));
            }
            Event::TemplateFailed { rule, field, error, .. } if self.show.failures => {
                self.line(format!("{rule}.{field}: {error}"));
            }
            Event::SlotsMissed { count, .. } => self.line(format!("missed {count}")),
            Event::RuleFailed { .. }
            | Event::TemplateFailed { .. }
            | Event::GroupEvaluated { .. }
            | Event::RuleEvaluated { .. }
            | Event::WriteFailed { .. }
            | Event::Loaded { .. } => {}
        }
    }

    fn answer(&self, query: &Query) -> Sampled {
        let minute = usize::try_from(query.at.since(self.zero).millis().div_euclid(60_000)).ok();
        let mut samples = Vec::new();
        let mut result = Ok(());
        for (job, minutes) in self.scripts.get(&*query.expr).into_iter().flatten() {
            match minute.and_then(|minute| minutes.chars().nth(minute)) {
                None | Some('.') => {}
                Some('e') => result = Err(QueryError::Unreachable("connection refused".into())),
                Some(digit) => {
                    let value = f64::from(digit.to_digit(10).expect("a digit"));
                    let labels = LabelSet::from_pairs([("__name__", "m"), ("job", job)]);
                    samples.push(Sample::float(labels, value));
                }
            }
        }
        Sampled { eval: query.eval, result: result.map(|()| QueryValue::Vector(samples)) }
    }

    pub(super) fn line(&mut self, text: String) {
        self.log.push(format!("{} {text}", self.at(self.now)));
    }

    /// `3m`, or `3m10s`, after the first slot.
    fn at(&self, time: Timestamp) -> String {
        let since = time.since(self.zero);
        if since.is_zero() { "0m".into() } else { since.to_string() }
    }

    fn told(&self, alert: &Alert) -> String {
        let mut text = match alert.ends_at {
            None => format!("TELL firing {}", short(&alert.labels)),
            Some(_) => format!("TELL resolved {}", short(&alert.labels)),
        };
        write!(text, " since {}", self.at(alert.starts_at)).expect("a String");
        if let Some(ends_at) = alert.ends_at {
            write!(text, " until {}", self.at(ends_at)).expect("a String");
        }
        for (name, annotation) in alert.annotations.iter() {
            write!(text, " {name}={annotation:?}").expect("a String");
        }
        text
    }

    fn point(&self, point: &SeriesPoint) -> String {
        let SeriesPoint { labels, at, value } = point;
        let value = match value {
            SampleValue::Float(value) if value.to_bits() == STALE_NAN_BITS => "ended".into(),
            SampleValue::Float(value) if *value > 1e6 => format!(
                "since {}",
                self.at(Timestamp::from_millis(*value as i64 * 1000 + self.zero.millis().rem_euclid(1000)))
            ),
            SampleValue::Float(value) => value.to_string(),
            SampleValue::Histogram(_) => "histogram".into(),
        };
        let name = labels.value("__name__");
        let phase = labels.get("alertstate").map(|phase| format!(" {phase}")).unwrap_or_default();
        let rest = labels.without("__name__").without("alertstate");
        format!("{name}[{}{phase}] = {value} @{}", short(&rest), self.at(*at))
    }

    pub(super) fn saved(&self) -> Vec<Entry> {
        let entry = |(key, record): (&Key, &Record)| Entry { key: key.clone(), record: Some(record.clone()) };
        self.kept.iter().map(entry).collect()
    }

    pub(super) fn timeline(&self) -> String {
        self.log.join("\n")
    }
}

/// `Down/api` for the labels `alertname` and `job`, others after them.
pub(super) fn short(labels: &LabelSet) -> String {
    let mut text = [labels.value("alertname"), labels.value("job")].join("/");
    for (name, value) in labels.iter().filter(|(name, _)| !matches!(*name, "alertname" | "job")) {
        write!(text, " {name}={value}").expect("a String");
    }
    text.trim_matches('/').to_owned()
}
