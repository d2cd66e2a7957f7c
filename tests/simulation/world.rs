//! The hostile world: random series behind a flaky data source, and receivers that fail in every way.

use std::collections::BTreeMap;

use sereno::config::{read_routing, read_rule_file};
use sereno::core::Config;
use sereno::model::{
    Duration, LabelSet, MatchOp, Matcher, QueryValue, Sample, Silence, SilenceKind, Timestamp,
};
use sereno::router::{AckDraft, AckOf, Attempt, AttemptId, Failure, Outcome, Request, SilenceDraft};
use sereno::rules::{Query, QueryError, RulesConfig};
use sereno::sim::{QueryAnswer, World};

use crate::random::Random;

pub(crate) const START: Timestamp = Timestamp::from_secs(1_767_225_600); // 2026-01-01T00:00:00Z

const RULES: &str = r"
groups:
- name: fast
  interval: 15s
  rules:
  - {alert: Down, expr: series_a, labels: {severity: critical}}
  - {alert: Slow, expr: series_b, for: 1m, labels: {severity: warning}}
- name: steady
  interval: 1m
  rules:
  - {alert: Full, expr: series_c, for: 2m, keep_firing_for: 5m, labels: {severity: warning}}
";

const ROUTES: &str = r"
route:
  receiver: team
  group_by: [alertname]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 1h
  routes:
  - {receiver: oncall, matchers: ['severity=critical'], group_by: [alertname, instance], cooldown: 5m}
receivers:
- {name: team, fallback: backup, fallback_after: 2m, webhook_configs: [{url: 'http://127.0.0.1:1/team'}]}
- {name: backup, webhook_configs: [{url: 'http://127.0.0.1:2/backup'}]}
- {name: oncall, rate_limit: 12/1h, webhook_configs: [{url: 'http://127.0.0.1:1/oncall'}, {url: 'http://127.0.0.1:1/other'}]}
";

pub(crate) fn config() -> Config {
    config_of(RULES, ROUTES)
}

/// A core's configuration from file texts, as a user writes them.
pub(crate) fn config_of(rules: &str, routes: &str) -> Config {
    let (rules, problems) = read_rule_file("rules.yml", rules);
    assert!(problems.is_empty(), "{problems:?}");
    let (routing, problems) = read_routing("routes.yml", routes);
    let routing = routing.unwrap_or_else(|| panic!("{problems:?}"));
    let rules = RulesConfig {
        groups: rules.expect("no problems, so there are rules").groups,
        evaluation_interval: Duration::from_secs(15),
        external_url: "http://prometheus.test".into(),
        ..RulesConfig::default()
    };
    Config { rules: rules.into(), routing: routing.into() }
}

/// Trouble until a given time, peace after it.
#[derive(Debug)]
pub(crate) struct Chaos {
    pub(crate) random: Random,
    until: Timestamp,
    seed: u64,
    /// What each receiver's integration believes of each alert: true while firing.
    believed: BTreeMap<(String, usize, LabelSet), bool>,
    /// Attempts that failed, with the alerts that they would have told as firing.
    failed: BTreeMap<AttemptId, Vec<(String, usize, LabelSet)>>,
    /// What went wrong on the way.
    pub(crate) problems: Vec<String>,
}

impl Chaos {
    pub(crate) fn new(seed: u64, until: Timestamp) -> Self {
        Self {
            random: Random::new(seed),
            until,
            seed,
            believed: BTreeMap::new(),
            failed: BTreeMap::new(),
            problems: Vec::new(),
        }
    }

    /// Whether the series of `metric` for `instance` is there: decided by seed and time alone. It changes
    /// every few minutes during the trouble and not at all afterwards.
    fn present(&self, metric: &str, instance: i64, at: Timestamp) -> bool {
        let step = at.min(self.until).millis() / 150_000;
        let letter = metric.bytes().last().map_or(0, u64::from);
        let mut random = Random::new(self.seed ^ (letter << 40) ^ (step as u64) ^ ((instance as u64) << 32));
        random.next();
        random.chance(35)
    }

    fn series(&self, metric: &str, at: Timestamp) -> Vec<Sample> {
        let there = (0..4).filter(|instance| self.present(metric, *instance, at));
        there
            .map(|instance| Sample::float(LabelSet::from_pairs([("instance", format!("i{instance}"))]), 1.0))
            .collect()
    }

    fn take(&mut self, attempt: &Attempt) {
        let notification = &attempt.notification;
        for alert in &notification.alerts {
            let receiver = notification.receiver.to_string();
            let key = (receiver, attempt.integration.index, alert.labels.clone());
            let before = self.believed.insert(key, !alert.resolved);
            if alert.resolved && before.is_none() {
                let (receiver, labels) = (&notification.receiver, &alert.labels);
                self.problems.push(format!("{receiver} heard the end of {labels}, never its beginning"));
            }
        }
    }

    /// Something that somebody asks for: mostly short silences, some that outlast the run.
    pub(crate) fn request(&mut self, now: Timestamp, known: &[Silence]) -> Request {
        let random = &mut self.random;
        let instance = format!("i{}", random.between(0, 3));
        let matchers = match random.between(0, 3) {
            0 => vec![Matcher::equal("instance", instance)],
            1 => vec![Matcher::equal("alertname", "Down"), Matcher::equal("instance", instance)],
            2 => vec![Matcher::equal("severity", "warning")],
            _ => vec![Matcher::new("instance", MatchOp::Regex, "i0|i2").expect("a valid expression")],
        };
        let minutes = if random.chance(10) { 24 * 60 } else { random.between(0, 120) };
        let (starts_at, ends_at) = (now, now + Duration::from_mins(minutes));
        let draft = SilenceDraft {
            id: None,
            matchers: matchers.clone(),
            starts_at,
            ends_at,
            created_by: "somebody".into(),
            comment: "quiet, please".into(),
            annotations: BTreeMap::new(),
            kind: SilenceKind::Plain,
            force: false,
        };
        let pick = usize::try_from(random.between(0, 1_000)).expect("not negative") % known.len().max(1);
        match (random.between(0, 9), known.get(pick)) {
            (0..=1, _) => {
                let (by, comment) = ("somebody".into(), "on it".into());
                Request::Ack(AckDraft { of: AckOf::Matchers(matchers), by, comment, until: ends_at })
            }
            (2, _) => Request::SetSilence(SilenceDraft { kind: SilenceKind::UntilResolved, ..draft }),
            (3..=4, Some(known)) => Request::ExpireSilence(known.id.clone()),
            (5, Some(known)) => Request::SetSilence(SilenceDraft {
                id: Some(known.id.clone()),
                matchers: known.matchers.clone(),
                starts_at: known.starts_at,
                kind: known.kind,
                ..draft
            }),
            (6, _) => {
                let starts_at = now + Duration::from_mins(minutes / 2);
                Request::SetSilence(SilenceDraft { starts_at, ..draft })
            }
            _ => Request::SetSilence(draft),
        }
    }

    /// Differences between what receivers believe and what is true. Whoever may not be told of an alert that
    /// fires, because it is muted, may believe what they like of it.
    pub(crate) fn lies_at(&self, now: Timestamp, is_muted: impl Fn(&LabelSet) -> bool) -> Vec<String> {
        let mut truth = BTreeMap::new();
        for (alert, metric, severity, receiver, integrations) in [
            ("Down", "series_a", "critical", "oncall", 2),
            ("Slow", "series_b", "warning", "team", 1),
            ("Full", "series_c", "warning", "team", 1),
        ] {
            for sample in self.series(metric, now) {
                let labels = LabelSet::from_pairs([
                    ("alertname", alert),
                    ("severity", severity),
                    ("instance", sample.labels.value("instance")),
                ]);
                for index in 0..integrations {
                    truth.insert((receiver.to_owned(), index, labels.clone()), true);
                }
            }
        }
        let mut lies = Vec::new();
        let may_be_told = |key: &&(String, usize, LabelSet)| !is_muted(&key.2);
        for key in truth.keys().filter(may_be_told).filter(|key| self.believed.get(key) != Some(&true)) {
            lies.push(format!("{key:?} fires, the receiver believes {:?}", self.believed.get(key)));
        }
        for key in self.believed.iter().filter(|(_, firing)| **firing).map(|(key, _)| key) {
            // A fallback may know of what others are told.
            let is_true = |of: &(String, usize, LabelSet)| of == key || (key.0 == "backup" && of.2 == key.2);
            if !truth.keys().any(is_true) {
                lies.push(format!("{key:?} does not fire, but the receiver was not told"));
            }
        }
        lies
    }
}

impl World for Chaos {
    fn query(&mut self, now: Timestamp, query: &Query) -> (Duration, QueryAnswer) {
        let answer = Ok(QueryValue::Vector(self.series(&query.expr, query.at)));
        if now >= self.until {
            return (Duration::from_millis(5), answer);
        }
        let delay = if self.random.chance(5) { 40_000 } else { self.random.between(0, 2_000) };
        let answer = match self.random.chance(15) {
            true => Err(QueryError::Unreachable("connection refused".to_owned())),
            false => answer,
        };
        (Duration::from_millis(delay), answer)
    }

    fn notify(&mut self, now: Timestamp, attempt: &Attempt) -> (Duration, Outcome) {
        if now >= self.until {
            self.take(attempt);
            return (Duration::from_millis(5), Outcome::Delivered);
        }
        let retryable = |retry_after, maybe_taken| Outcome::Retryable {
            failure: Failure::ServerError,
            message: "503 Service Unavailable".to_owned(),
            retry_after,
            maybe_taken,
        };
        let delay = Duration::from_millis(self.random.between(0, 9_000));
        let outcome = match self.random.between(0, 9) {
            0..=4 => {
                self.take(attempt);
                Outcome::Delivered
            }
            5 => {
                self.take(attempt); // it got through, but the answer did not
                retryable(None, true)
            }
            6 => retryable(Some(Duration::from_secs(self.random.between(1, 300))), false),
            7 => Outcome::Refused { failure: Failure::ClientError, message: "400 Bad Request".to_owned() },
            _ => retryable(None, false),
        };
        if outcome != Outcome::Delivered {
            let (receiver, index) = (&attempt.notification.receiver, attempt.integration.index);
            let firing = attempt.notification.alerts.iter().filter(|alert| !alert.resolved);
            let firing = firing.map(|alert| (receiver.to_string(), index, alert.labels.clone()));
            self.failed.insert(attempt.id, firing.collect());
        }
        (delay, outcome)
    }

    /// The core cannot know whether such an attempt arrived, so it may tell the end of what it told.
    fn outcome_lost(&mut self, attempt: AttemptId) {
        for alert in self.failed.remove(&attempt).unwrap_or_default() {
            self.believed.entry(alert).or_insert(false);
        }
    }
}
