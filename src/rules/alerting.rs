//! All alerts of one rule: one evaluation's step, what is told of it and what is kept.

use std::sync::Arc;

use super::expansion::Found;
use super::generator::generator_url;
use super::labelling::with_external;
use super::state::Hold;
use super::{
    ActiveAlert, AlertRecord, AlertState, Change, Effect, Entry, Event, Key, Record, RuleError, RuleKey,
    RulesConfig,
};
use crate::model::{Alert, Annotations, LabelSet, Timestamp};

/// What a step of one rule's alerts needs to know.
#[derive(Debug)]
pub(super) struct Teller<'a> {
    /// When this is decided.
    pub(super) now: Timestamp,
    /// The rule.
    pub(super) rule: &'a Arc<RuleKey>,
    /// Its expression; empty if it is not known any more.
    pub(super) expr: &'a str,
    /// External URL and the delay.
    pub(super) config: &'a RulesConfig,
    /// The external labels under which the router knows, or is to know, the alerts.
    pub(super) external_labels: &'a LabelSet,
    /// What is decided.
    pub(super) out: &'a mut Vec<Effect>,
}

/// What a rule and its group demand of alerts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demands {
    /// Of time.
    pub(super) hold: Hold,
    /// The most pending and firing alerts; 0: no limit.
    pub(super) limit: usize,
}

/// An alert in the step from one evaluation to the next.
struct Step {
    alert: ActiveAlert,
    before: Option<AlertState>,
    /// `None`: it is to be forgotten, and `alert.state` is the state before.
    after: Option<AlertState>,
}

/// Takes what the evaluation at `at` found: steps every alert, tells the router, keeps records.
///
/// # Errors
/// Two samples became the same alert: nothing has changed. Or the rule has more alerts than its limit allows:
/// all are dropped, as in Prometheus, but unlike there those that the router knows are resolved at once.
pub(super) fn evaluate(
    alerts: &mut Arc<Vec<ActiveAlert>>,
    mut found: Vec<Found>,
    at: Timestamp,
    demands: Demands,
    teller: &mut Teller<'_>,
) -> Result<(), RuleError> {
    found.sort_by(|one, other| one.labels.cmp(&other.labels));
    if found.windows(2).any(|two| two[0].labels == two[1].labels) {
        return Err(RuleError::DuplicateAlert);
    }
    let Demands { hold, limit } = demands;
    let steps = merge(alerts, found, at, hold);
    let active =
        |step: &&Step| matches!(step.after, Some(AlertState::Pending { .. } | AlertState::Firing { .. }));
    let count = steps.iter().filter(active).count();
    if limit > 0 && count > limit {
        teller.drop_all(std::mem::take(alerts).iter(), Change::OverLimit, at);
        return Err(RuleError::AlertLimit { limit, count });
    }
    *alerts = Arc::new(teller.tell(steps, at));
    Ok(())
}

/// Pairs the alerts that there were with those that there are. Both are sorted by labels.
fn merge(before: &[ActiveAlert], found: Vec<Found>, at: Timestamp, hold: Hold) -> Vec<Step> {
    let absent = |old: &ActiveAlert| Step {
        alert: old.clone(),
        before: Some(old.state),
        after: old.state.step(at, false, hold),
    };
    let mut steps = Vec::with_capacity(before.len().max(found.len()));
    let mut rest = before.iter().peekable();
    for new in found {
        while let Some(old) = rest.next_if(|old| old.labels < new.labels) {
            steps.push(absent(old));
        }
        let Found { labels, annotations, value } = new;
        steps.push(match rest.next_if(|old| old.labels == labels) {
            Some(old) => {
                // The labels and, if they are the same, the texts that are already in memory.
                let annotations = keep(&old.annotations, annotations);
                let alert = ActiveAlert { labels: old.labels.clone(), annotations, value, state: old.state };
                Step { alert, before: Some(old.state), after: old.state.step(at, true, hold) }
            }
            None => {
                let state = AlertState::begin(at, hold);
                Step {
                    alert: ActiveAlert { labels, annotations, value, state },
                    before: None,
                    after: Some(state),
                }
            }
        });
    }
    steps.extend(rest.map(absent));
    steps
}

fn keep(old: &Annotations, new: Annotations) -> Annotations {
    if *old == new { old.clone() } else { new }
}

impl Teller<'_> {
    /// Tells and keeps what the steps changed; answers with the alerts that remain.
    fn tell(&mut self, steps: Vec<Step>, at: Timestamp) -> Vec<ActiveAlert> {
        let mut remaining = Vec::with_capacity(steps.len());
        let (mut messages, mut later) = (Messages::default(), Vec::new());
        for Step { mut alert, before, after } in steps {
            if let Some(change) = change(before, after) {
                self.note(&alert, change, at);
            }
            let Some(mut state) = after else {
                self.persist(&alert.labels, None);
                continue;
            };
            alert.state = state;
            if state.needs_sending(at, self.config.resend_delay) {
                messages.push(self, &alert);
                state = state.sent(at);
                alert.state = state;
            }
            let taken_back = before.and_then(AlertState::told_firing_since);
            if let (Some(since), AlertState::Pending { .. }) = (taken_back, state) {
                // By a longer `for`. Prometheus lets it end by itself; ours have no such end. Kept only
                // after it is told: a crash in between must tell it again.
                messages.push_resolved(self, &alert, since, at);
                later.push(remaining.len());
            } else if before != Some(state) {
                self.persist_alert(&alert);
            }
            remaining.push(alert);
        }
        messages.send(self.out);
        later.into_iter().for_each(|at: usize| self.persist_alert(&remaining[at]));
        remaining
    }

    /// Forgets alerts; those that the router takes for firing are resolved at once, at `at`.
    pub(super) fn drop_all<'a>(
        &mut self,
        alerts: impl Iterator<Item = &'a ActiveAlert> + Clone,
        change: Change,
        at: Timestamp,
    ) {
        let mut messages = Messages::default();
        for alert in alerts.clone() {
            if !matches!(alert.state, AlertState::Resolved { .. }) {
                self.note(alert, change, at);
            }
            if let Some(since) = alert.state.told_firing_since() {
                messages.push_resolved(self, alert, since, at);
            }
        }
        messages.send(self.out);
        // Forgotten only after the router has been told: a crash in between tells it twice, not never.
        alerts.for_each(|alert| self.persist(&alert.labels, None));
    }

    /// The external labels have changed from `old`: what the router knows under them ends, and goes on
    /// under the new ones.
    pub(super) fn rename<'b>(&mut self, alerts: impl Iterator<Item = &'b ActiveAlert>, old: &LabelSet) {
        let mut messages = Messages::default();
        for alert in alerts {
            let Some(since) = alert.state.told_firing_since() else { continue };
            let before = with_external(&alert.labels, old);
            if before != self.external(alert) {
                messages.push_resolved(self, alert, since, self.now);
                messages.push(self, alert);
                let at = messages.0.len() - 2;
                messages.0[at].labels = before;
            }
        }
        messages.send(self.out);
    }

    fn external(&self, alert: &ActiveAlert) -> LabelSet {
        with_external(&alert.labels, self.external_labels)
    }

    fn persist_alert(&mut self, alert: &ActiveAlert) {
        let ActiveAlert { labels, annotations, value, state } = alert;
        let record = AlertRecord { state: *state, annotations: annotations.clone(), value: *value };
        self.persist(labels, Some(Record::Alert(record)));
    }

    fn persist(&mut self, labels: &LabelSet, record: Option<Record>) {
        let key = Key::Alert { rule: Arc::clone(self.rule), labels: labels.clone() };
        self.out.push(Effect::Persist(Entry { key, record }));
    }

    fn note(&mut self, alert: &ActiveAlert, change: Change, at: Timestamp) {
        self.out.push(Effect::Note(Event::AlertChanged {
            group: self.rule.group.clone(),
            rule: self.rule.name.clone(),
            labels: self.external(alert),
            at,
            value: alert.value,
            change,
        }));
    }
}

/// What is told to the router in one go.
#[derive(Default)]
struct Messages(Vec<Alert>);

impl Messages {
    /// Tells the state of a firing or resolved alert.
    fn push(&mut self, teller: &Teller<'_>, alert: &ActiveAlert) {
        match alert.state {
            AlertState::Pending { .. } => {}
            AlertState::Firing { fired_at, .. } => self.add(teller, alert, fired_at, None),
            AlertState::Resolved { fired_at, resolved_at, .. } => {
                self.add(teller, alert, fired_at, Some(resolved_at));
            }
        }
    }

    /// Tells the end of an alert, whatever its state says.
    fn push_resolved(&mut self, teller: &Teller<'_>, alert: &ActiveAlert, since: Timestamp, at: Timestamp) {
        self.add(teller, alert, since, Some(at));
    }

    fn add(&mut self, teller: &Teller<'_>, alert: &ActiveAlert, from: Timestamp, to: Option<Timestamp>) {
        let generator_url = match self.0.first() {
            Some(first) => first.generator_url.clone(), // of one rule: the same for all
            None if teller.expr.is_empty() => "".into(),
            None => generator_url(&teller.config.external_url, teller.expr),
        };
        self.0.push(Alert {
            labels: teller.external(alert),
            annotations: alert.annotations.clone(),
            starts_at: from,
            ends_at: to,
            updated_at: teller.now,
            timeout: false,
            generator_url,
        });
    }

    fn send(self, out: &mut Vec<Effect>) {
        if !self.0.is_empty() {
            out.push(Effect::Alerts(self.0));
        }
    }
}

/// What has become of an alert, if it is worth a line.
fn change(before: Option<AlertState>, after: Option<AlertState>) -> Option<Change> {
    use AlertState::{Firing, Pending, Resolved};
    match (before, after) {
        (None | Some(Resolved { .. }), Some(Pending { .. })) => Some(Change::Pending),
        (None | Some(Resolved { .. } | Pending { .. }), Some(Firing { .. })) => Some(Change::Firing),
        (Some(Firing { .. }), Some(Pending { .. })) => Some(Change::Demoted),
        (Some(Firing { .. }), Some(Resolved { .. })) => Some(Change::Resolved),
        (Some(Pending { .. }), None) => Some(Change::Inactive),
        (Some(Firing { keep_firing_since: before, .. }), Some(Firing { keep_firing_since: after, .. })) => {
            match (before, after) {
                (None, Some(_)) => Some(Change::KeepFiring),
                (Some(_), None) => Some(Change::Recovered),
                (None, None) | (Some(_), Some(_)) => None,
            }
        }
        (Some(Pending { .. }), Some(Pending { .. } | Resolved { .. }))
        | (Some(Resolved { .. }), Some(Resolved { .. }) | None)
        | (Some(Firing { .. }), None)
        | (None, Some(Resolved { .. }) | None) => None,
    }
}
