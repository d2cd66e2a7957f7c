//! From the core's events to rows. Most events are none: that a group was looked at is a log line at most.

use serde_json::{Map, Value, json};

use super::{HistoryKind, HistoryRow};
use crate::core::Event;
use crate::model::{LabelSet, Silence, SilenceKind, Timestamp};
use crate::router::{
    Attempt, Event as RouterEvent, GroupName, IntegrationName, NotTold, Notification, Outcome, SilenceChange,
};
use crate::rules::Event as RulesEvent;

/// The details with the fingerprints of the alerts that a notification names.
pub(super) const FIRING_ALERTS: &str = "firing_alerts";
pub(super) const RESOLVED_ALERTS: &str = "resolved_alerts";

/// The most alerts of a notification that are named in its row.
const MOST_ALERTS: usize = 100;

/// The most characters of the reason why files could not be loaded: broken files have any number of mistakes.
const MOST_ERROR: usize = 4000;

/// The rows about an event that happened at `now`.
#[must_use]
pub fn rows(now: Timestamp, event: &Event) -> Vec<HistoryRow> {
    let row = match event {
        Event::Rules(event) => of_rules(now, event),
        Event::Router(event) => of_router(now, event),
    };
    row.into_iter().collect()
}

// A pending alert that came to nothing has its rows too: they say why nobody was told.
fn of_rules(now: Timestamp, event: &RulesEvent) -> Option<HistoryRow> {
    match event {
        RulesEvent::AlertChanged { group, rule, labels, at: _, value, change } => Some(alert(
            now,
            labels,
            json!({"change": change.as_str(), "rule": rule, "rule_group": group, "value": number(*value)}),
        )),
        RulesEvent::Loaded { groups, unchanged, rules } => Some(reload(
            now,
            json!({"what": "rules", "groups": groups, "unchanged": unchanged, "rules": rules}),
        )),
        RulesEvent::GroupEvaluated { .. }
        | RulesEvent::SlotsMissed { .. }
        | RulesEvent::RuleEvaluated { .. }
        | RulesEvent::RuleFailed { .. }
        | RulesEvent::TemplateFailed { .. }
        | RulesEvent::WriteFailed { .. } => None,
    }
}

fn of_router(now: Timestamp, event: &RouterEvent) -> Option<HistoryRow> {
    match event {
        // What becomes of our own rules' alerts the rules engine has said already.
        RouterEvent::Alert { of_rule: true, .. } => None,
        RouterEvent::Alert { change, labels, starts_at, ends_at, .. } => Some(alert(
            now,
            labels,
            json!({
                "change": change.as_str(),
                "starts_at": starts_at.rfc3339_millis(),
                "ends_at": ends_at.map(|end| end.rfc3339_millis()),
            }),
        )),
        RouterEvent::NotTold { group, integration, why } => Some(not_told(now, group, integration, *why)),
        RouterEvent::NotificationSent {
            group,
            integration,
            number,
            notification,
            latency,
            since_decision,
            ..
        } => {
            let mut detail = attempt(group, integration, *number, notification);
            detail.insert("outcome".to_owned(), "delivered".into());
            detail.insert("latency_ms".to_owned(), latency.millis().into());
            detail.insert("since_decision_ms".to_owned(), since_decision.millis().into());
            Some(of_group(now, HistoryKind::Notification, group, detail))
        }
        RouterEvent::AttemptFailed {
            group,
            integration,
            number,
            notification,
            failure,
            message,
            latency,
            retry_at,
            ..
        } => {
            let mut detail = attempt(group, integration, *number, notification);
            let outcome = if retry_at.is_some() { "failed" } else { "refused" };
            detail.insert("outcome".to_owned(), outcome.into());
            detail.insert("failure".to_owned(), failure.as_str().into());
            detail.insert("error".to_owned(), (**message).into());
            detail.insert("latency_ms".to_owned(), latency.millis().into());
            detail.insert("retry_at".to_owned(), retry_at.map(|at| at.rfc3339_millis()).into());
            Some(of_group(now, HistoryKind::Notification, group, detail))
        }
        RouterEvent::Superseded { group, integration, old, new } => {
            let detail = object(json!({
                "outcome": "superseded",
                "integration": integration.to_string(),
                "group": group.key,
                "reason": old.as_str(),
                "newer_reason": new.map(|reason| reason.as_str()),
            }));
            Some(of_group(now, HistoryKind::Notification, group, detail))
        }
        RouterEvent::CircuitOpened { endpoint, error, next_try } => Some(of_endpoint(
            now,
            json!({
                "change": "opened",
                "endpoint": endpoint,
                "error": error,
                "next_try": next_try.map(Timestamp::rfc3339_millis),
            }),
        )),
        RouterEvent::CircuitClosed { endpoint, waiting } => {
            Some(of_endpoint(now, json!({"change": "closed", "endpoint": endpoint, "waiting": waiting})))
        }
        RouterEvent::DeadLetter { change, id, group, integration, notification, error } => {
            let detail = object(json!({
                "outcome": "dead_letter",
                "change": change.as_str(),
                "id": id,
                "integration": integration.to_string(),
                "group": group.key,
                "reason": notification.reason.as_str(),
                "idempotency_key": notification.idempotency_key,
                "error": error,
            }));
            Some(of_group(now, HistoryKind::Notification, group, detail))
        }
        RouterEvent::Silence { change, silence: about } => Some(silence(now, *change, about)),
        RouterEvent::Reloaded { kept, created, dropped } => Some(reload(
            now,
            json!({"what": "routes", "groups_kept": kept, "groups_created": created, "groups_dropped": dropped}),
        )),
        RouterEvent::AlertsReceived { .. }
        | RouterEvent::AlertsLimited { .. }
        | RouterEvent::Suppressed { .. }
        | RouterEvent::GroupCreated { .. }
        | RouterEvent::GroupDropped { .. }
        | RouterEvent::RouteLabelFailed { .. } => None,
    }
}

fn alert(now: Timestamp, labels: &LabelSet, detail: Value) -> HistoryRow {
    HistoryRow {
        at: now,
        kind: HistoryKind::Alert,
        receiver: None,
        fingerprint: Some(labels.fingerprint()),
        labels: labels.clone(),
        detail: object(detail),
    }
}

/// The row about a fire drill: what an integration said to a test.
#[must_use]
pub fn drill(
    now: Timestamp,
    attempt: &Attempt,
    outcome: &Outcome,
    by: &str,
    latency: std::time::Duration,
) -> HistoryRow {
    let notification = &attempt.notification;
    let detail = json!({
        "test": true,
        "integration": attempt.to().to_string(),
        "group": notification.group_key,
        "idempotency_key": notification.idempotency_key,
        "outcome": outcome.as_str(),
        "error": outcome.error(),
        "by": by,
        "latency_ms": u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
    });
    HistoryRow {
        at: now,
        kind: HistoryKind::Notification,
        receiver: Some(notification.receiver.clone()),
        fingerprint: None,
        labels: notification.group_labels.clone(),
        detail: object(detail),
    }
}

/// The row about files that could not be loaded, and why.
#[must_use]
pub fn reload_failed(now: Timestamp, error: &str) -> HistoryRow {
    let short: String = error.chars().take(MOST_ERROR).collect();
    let error = if short.len() < error.len() { short + " …" } else { short };
    reload(now, json!({"what": "files", "outcome": "failed", "error": error}))
}

fn reload(now: Timestamp, detail: Value) -> HistoryRow {
    HistoryRow {
        at: now,
        kind: HistoryKind::Reload,
        receiver: None,
        fingerprint: None,
        labels: LabelSet::default(),
        detail: object(detail),
    }
}

fn of_group(now: Timestamp, kind: HistoryKind, group: &GroupName, detail: Map<String, Value>) -> HistoryRow {
    HistoryRow {
        at: now,
        kind,
        receiver: Some(group.receiver.clone()),
        fingerprint: None,
        labels: group.labels.clone(),
        detail,
    }
}

fn of_endpoint(now: Timestamp, detail: Value) -> HistoryRow {
    HistoryRow {
        at: now,
        kind: HistoryKind::Endpoint,
        receiver: None,
        fingerprint: None,
        labels: LabelSet::default(),
        detail: object(detail),
    }
}

fn not_told(now: Timestamp, group: &GroupName, integration: &IntegrationName, why: NotTold) -> HistoryRow {
    let detail = json!({
        "integration": integration.to_string(),
        "group": group.key,
        "why": why.code(),
        "text": why.as_str(),
    });
    of_group(now, HistoryKind::NotTold, group, object(detail))
}

/// What all attempts have: who is told what.
fn attempt(
    group: &GroupName,
    integration: &IntegrationName,
    number: u32,
    notification: &Notification,
) -> Map<String, Value> {
    let count =
        |resolved: bool| notification.alerts.iter().filter(|alert| alert.resolved == resolved).count();
    let named = |resolved: bool| {
        let first = notification.alerts.iter().take(MOST_ALERTS).filter(|alert| alert.resolved == resolved);
        first.map(|alert| alert.fingerprint.to_string()).collect::<Vec<_>>()
    };
    let mut detail = object(json!({
        "integration": integration.to_string(),
        "group": group.key,
        "attempt": number,
        "reason": notification.reason.as_str(),
        "idempotency_key": notification.idempotency_key,
        "firing": count(false),
        "resolved": count(true),
        FIRING_ALERTS: named(false),
        RESOLVED_ALERTS: named(true),
    }));
    if let Some(receiver) = &notification.fallback_for {
        detail.insert("fallback_for".to_owned(), (**receiver).into());
    }
    detail
}

fn silence(now: Timestamp, change: SilenceChange, silence: &Silence) -> HistoryRow {
    let kind = match silence.kind {
        SilenceKind::Plain => "plain",
        SilenceKind::UntilResolved => "until_resolved",
        SilenceKind::Ack => "ack",
    };
    // What it demands exactly is the next best thing to labels: history finds it by them.
    let equal = silence.matchers.iter().filter(|matcher| matcher.op() == crate::model::MatchOp::Equal);
    let labels = LabelSet::from_pairs(equal.map(|matcher| (matcher.name().clone(), matcher.value().clone())));
    HistoryRow {
        at: now,
        kind: HistoryKind::Silence,
        receiver: None,
        fingerprint: (silence.kind == SilenceKind::Ack).then(|| labels.fingerprint()),
        labels,
        detail: object(json!({
            "change": change.as_str(),
            "id": silence.id,
            "kind": kind,
            "matchers": silence.matchers.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "created_by": silence.created_by,
            "comment": silence.comment,
            "starts_at": silence.starts_at.rfc3339_millis(),
            "ends_at": silence.ends_at.rfc3339_millis(),
        })),
    }
}

/// JSON has no NaN and no infinities: they are texts.
fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or_else(|| value.to_string().into(), Value::Number)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::rows;
    use crate::core::Event;
    use crate::model::{
        Duration, Fingerprint, LabelSet, Matcher, Silence, SilenceId, SilenceKind, Timestamp,
    };
    use crate::router::{
        AlertChange, AttemptId, Event as RouterEvent, Failure, GroupName, IntegrationName, NotTold,
        Notification, NotifiedAlert, Reason, SilenceChange,
    };
    use crate::rules::{Change, Event as RulesEvent};
    use std::sync::Arc;

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    fn labels() -> LabelSet {
        LabelSet::from_pairs([("alertname", "Down"), ("instance", "a")])
    }

    fn group() -> Arc<GroupName> {
        Arc::new(GroupName {
            key: r#"{}:{alertname="Down"}"#.into(),
            route: "{}".into(),
            labels: LabelSet::from_pairs([("alertname", "Down")]),
            receiver: "ops".into(),
        })
    }

    fn integration() -> IntegrationName {
        IntegrationName { receiver: "ops".into(), kind: "webhook".into(), index: 0 }
    }

    fn notification(alerts: usize) -> Arc<Notification> {
        let alert = |number: usize| NotifiedAlert {
            resolved: number == 1,
            labels: labels(),
            annotations: crate::model::Annotations::default(),
            starts_at: NOW,
            ends_at: None,
            generator_url: "".into(),
            fingerprint: Fingerprint(number as u64),
            flaps: 0,
        };
        Arc::new(Notification {
            idempotency_key: "abc-1".into(),
            receiver: "ops".into(),
            group_key: group().key.clone(),
            group_labels: group().labels.clone(),
            route_labels: Default::default(),
            reason: Reason::NewAlerts,
            at: NOW,
            strict: false,
            fallback_for: None,
            alerts: (0..alerts).map(alert).collect(),
        })
    }

    /// The rows about an event, a line each: kind, receiver, whether it names an alert, labels, sentence.
    fn tell(event: Event) -> String {
        let tell = |row: super::HistoryRow| {
            let receiver = row.receiver.as_deref().unwrap_or("-");
            let alert = row.fingerprint.map_or("-", |_| "alert");
            format!("{} {receiver} {alert} {}: {}", row.kind.as_str(), row.labels, row.sentence())
        };
        rows(NOW, &event).into_iter().map(tell).collect::<Vec<_>>().join("\n")
    }

    fn changed(change: Change) -> Event {
        Event::Rules(RulesEvent::AlertChanged {
            group: "rules/a.yml;node".into(),
            rule: "Down".into(),
            labels: labels(),
            at: NOW,
            value: 0.5,
            change,
        })
    }

    /// An alert of another system.
    fn received(change: AlertChange) -> Event {
        Event::Router(RouterEvent::Alert {
            change,
            fingerprint: labels().fingerprint(),
            labels: labels(),
            starts_at: NOW,
            ends_at: None,
            of_rule: false,
        })
    }

    fn failed(retry_at: Option<Timestamp>) -> Event {
        Event::Router(RouterEvent::AttemptFailed {
            group: group(),
            integration: integration(),
            attempt: AttemptId(7),
            number: 3,
            notification: notification(2),
            failure: Failure::ServerError,
            message: "503 Service Unavailable".into(),
            latency: Duration::from_millis(1_250),
            retry_at,
        })
    }

    fn sent() -> Event {
        Event::Router(RouterEvent::NotificationSent {
            group: group(),
            integration: integration(),
            attempt: AttemptId(7),
            number: 1,
            notification: notification(2),
            firing: 1,
            resolved: 1,
            latency: Duration::from_millis(12),
            since_decision: Duration::from_millis(15),
        })
    }

    #[test]
    fn what_happened_is_told_in_sentences() {
        let not_told =
            |why| Event::Router(RouterEvent::NotTold { group: group(), integration: integration(), why });
        let superseded = |new| {
            let (old, group, integration) = (Reason::First, group(), integration());
            Event::Router(RouterEvent::Superseded { group, integration, old, new })
        };
        let silence = |change, kind| {
            let silence = Box::new(Silence {
                id: SilenceId("one".into()),
                matchers: vec![Matcher::equal("alertname", "Down"), Matcher::equal("instance", "a")],
                starts_at: NOW,
                ends_at: NOW + Duration::from_mins(60),
                updated_at: NOW,
                created_by: "eva".into(),
                comment: "on it".into(),
                annotations: Default::default(),
                kind,
            });
            Event::Router(RouterEvent::Silence { change, silence })
        };
        let events = [
            changed(Change::Pending),
            changed(Change::Firing),
            changed(Change::KeepFiring),
            changed(Change::Resolved),
            received(AlertChange::Began),
            received(AlertChange::Refired),
            received(AlertChange::Ended),
            sent(),
            failed(Some(NOW + Duration::from_secs(2))),
            failed(None),
            superseded(Some(Reason::AllResolved)),
            superseded(None),
            not_told(NotTold::Unchanged),
            not_told(NotTold::Cooldown(NOW)),
            silence(SilenceChange::Made, SilenceKind::Ack),
            silence(SilenceChange::Changed, SilenceKind::Plain),
            silence(SilenceChange::Ended, SilenceKind::UntilResolved),
            Event::Rules(RulesEvent::Loaded { groups: 2, unchanged: 1, rules: 5 }),
            Event::Router(RouterEvent::Reloaded { kept: 1, created: 2, dropped: 3 }),
            Event::Router(RouterEvent::AlertsReceived { firing: 1, resolved: 0, new: 1 }),
        ];
        let told: Vec<String> = events.into_iter().map(tell).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        alert - alert {alertname="Down", instance="a"}: is pending (rule Down, value 0.5)
        alert - alert {alertname="Down", instance="a"}: fires (rule Down, value 0.5)
        alert - alert {alertname="Down", instance="a"}: is kept firing although its expression ended (rule Down, value 0.5)
        alert - alert {alertname="Down", instance="a"}: is resolved (rule Down, value 0.5)
        alert - alert {alertname="Down", instance="a"}: fires
        alert - alert {alertname="Down", instance="a"}: fires again
        alert - alert {alertname="Down", instance="a"}: is resolved
        notification ops - {alertname="Down"}: ops/webhook[0] was told: new alerts added; 1 firing, 1 resolved (took 12ms)
        notification ops - {alertname="Down"}: ops/webhook[0] was not reached, attempt 3: 503 Service Unavailable (serverError, took 1s); new alerts added
        notification ops - {alertname="Down"}: ops/webhook[0] refused, attempt 3: 503 Service Unavailable (serverError, took 1s); new alerts added
        notification ops - {alertname="Down"}: ops/webhook[0] is to be told something newer: all alerts resolved instead of first notification
        notification ops - {alertname="Down"}: ops/webhook[0] has nothing to be told any more: first notification
        not_told ops - {alertname="Down"}: ops/webhook[0] is not told: nothing changed and the repeat interval has not passed
        not_told ops - {alertname="Down"}: ops/webhook[0] is not told: cooldown
        silence - alert {alertname="Down", instance="a"}: acknowledgement one of eva for {alertname="Down",instance="a"} was made, until 2023-11-14T23:13:20.000Z: "on it"
        silence - - {alertname="Down", instance="a"}: silence one of eva for {alertname="Down",instance="a"} was changed, until 2023-11-14T23:13:20.000Z: "on it"
        silence - - {alertname="Down", instance="a"}: snooze until resolved one of eva for {alertname="Down",instance="a"} has ended: "on it"
        reload - - {}: loaded 5 rules in 2 groups (1 as before)
        reload - - {}: loaded routes: 1 alert group kept, 2 new, 3 gone
        "#);
    }

    #[test]
    fn files_that_cannot_be_loaded_have_a_row() {
        let row = super::reload_failed(NOW, "routes.yml:1:1: error: a\nrules.yml:2:1: error: b");
        insta::assert_snapshot!(row.sentence(), @"could not load the files, the ones before stay in force: routes.yml:1:1: error: a; rules.yml:2:1: error: b");
        let long = super::reload_failed(NOW, &"é".repeat(super::MOST_ERROR + 1)).detail;
        let length = long["error"].as_str().map(|error| error.chars().count());
        assert_eq!(length, Some(super::MOST_ERROR + 2), "it is cut");
    }

    #[test]
    fn an_attempt_has_all_that_is_known_of_it() {
        let [row] = &rows(NOW, &failed(Some(NOW + Duration::from_secs(2))))[..] else { panic!("one row") };
        insta::assert_snapshot!(serde_json::to_string_pretty(&row.detail).expect("data"), @r#"
        {
          "attempt": 3,
          "error": "503 Service Unavailable",
          "failure": "serverError",
          "firing": 1,
          "firing_alerts": [
            "0000000000000000"
          ],
          "group": "{}:{alertname=\"Down\"}",
          "idempotency_key": "abc-1",
          "integration": "ops/webhook[0]",
          "latency_ms": 1250,
          "outcome": "failed",
          "reason": "new alerts added",
          "resolved": 1,
          "resolved_alerts": [
            "0000000000000001"
          ],
          "retry_at": "2023-11-14T22:13:22.000Z"
        }
        "#);
    }

    #[test]
    fn a_notification_concerns_the_alerts_that_it_names() {
        let [row] = &rows(NOW, &sent())[..] else { panic!("one row") };
        assert!(row.concerns(Fingerprint(0)) && row.concerns(Fingerprint(1)));
        assert!(!row.concerns(Fingerprint(2)));
    }
}
