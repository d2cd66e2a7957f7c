//! Each event of the core as a log line, a metric and a piece of health. Identifiers are in the message
//! and, for machines, in fields.

use tracing::{debug, error, info, warn};

use super::metrics::{Metrics, rule_group};
use super::status::{Status, Trouble};
use crate::core::Event;
use crate::model::{Duration, Timestamp};
use crate::router::{DeadLetterChange, Event as RouterEvent, IntegrationName};
use crate::rules::{Change, Event as RulesEvent};

/// Notes an event that happened at `now`.
pub fn note(metrics: &Metrics, status: &Status, now: Timestamp, event: &Event) {
    match event {
        Event::Rules(event) => note_rules(metrics, now, event),
        Event::Router(event) => note_router(metrics, status, now, event),
    }
}

fn note_rules(metrics: &Metrics, now: Timestamp, event: &RulesEvent) {
    match event {
        RulesEvent::GroupEvaluated { group, at, duration, rules, failed, samples, .. } => {
            metrics.group_evaluated(now, *duration);
            debug!(%group, %at, %duration, rules, failed, samples, "evaluated group {group}");
        }
        RulesEvent::SlotsMissed { group, count } => {
            warn!(%group, count, "missed {count} evaluations of group {group}");
        }
        RulesEvent::RuleEvaluated { group, duration, .. } => {
            metrics.rule_evaluated(now, group, *duration);
        }
        RulesEvent::RuleFailed { group, rule, kind, error } => {
            metrics.evaluation_failures.get_or_create(&rule_group(group)).inc();
            warn!(%group, %rule, kind = kind.as_str(), %error, "cannot evaluate rule {rule} of group {group}");
        }
        RulesEvent::TemplateFailed { group, rule, field, error } => {
            metrics.template_failures.get_or_create(&rule_group(group)).inc();
            warn!(%group, %rule, %field, %error, "cannot expand {field} of rule {rule} in group {group}");
        }
        RulesEvent::WriteFailed { group, error } => {
            warn!(%group, %error, "cannot mark ended series of group {group}");
        }
        RulesEvent::AlertChanged { group, rule, labels, value, change, .. } => {
            let word = change.as_str();
            metrics.alert_changes.get_or_create(&vec![("change", word.to_owned())]).inc();
            match change {
                Change::Inactive | Change::KeepFiring | Change::Recovered => {
                    debug!(%group, %rule, %labels, value, change = word, "alert {labels} is {word}");
                }
                Change::Pending
                | Change::Firing
                | Change::Resolved
                | Change::Demoted
                | Change::OverLimit
                | Change::RuleGone => {
                    info!(%group, %rule, %labels, value, change = word, "alert {labels} is {word}");
                }
            }
        }
        RulesEvent::Loaded { groups, unchanged, rules } => {
            info!(groups, unchanged, rules, "loaded {rules} rules in {groups} groups");
        }
    }
}

fn note_router(metrics: &Metrics, status: &Status, now: Timestamp, event: &RouterEvent) {
    match event {
        RouterEvent::AlertsReceived { firing, resolved, new } => {
            debug!(firing, resolved, new, "received alerts");
        }
        RouterEvent::Alert { change, fingerprint, labels, .. } => {
            debug!(%fingerprint, %labels, change = change.as_str(), "alert {labels} {}", change.as_str());
        }
        RouterEvent::AlertsLimited { count } => {
            metrics.alerts_limited.inc_by(*count as u64);
            warn!(count, "dropped {count} alerts: too many have the same name");
        }
        RouterEvent::Suppressed { why, count } => {
            let labels = vec![("reason", why.as_str().to_owned())];
            metrics.notifications_suppressed.get_or_create(&labels).inc_by(*count as u64);
        }
        RouterEvent::GroupCreated { group, next_flush } => {
            debug!(group = %group.key, receiver = %group.receiver, %next_flush, "new alert group {}", group.key);
        }
        RouterEvent::GroupDropped { group } => {
            debug!(group = %group.key, receiver = %group.receiver, "alert group {} is over", group.key);
        }
        RouterEvent::NotTold { group, integration, why } => {
            let why = why.as_str();
            debug!(group = %group.key, %integration, why, "{integration} is not told of {}: {why}", group.key);
        }
        RouterEvent::NotificationSent { .. } => note_sent(metrics, status, event),
        RouterEvent::AttemptFailed { .. } => note_failed(metrics, status, now, event),
        RouterEvent::Superseded { group, integration, .. } => {
            let labels = of(integration);
            metrics.notifications.get_or_create(&labels).inc();
            metrics.notifications_superseded.get_or_create(&labels).inc();
            // Alertmanager gives up at a group's next flush, with this reason.
            let failed = with_reason(integration, "contextDeadlineExceeded");
            metrics.notifications_failed.get_or_create(&failed).inc();
            metrics.outbox.failed(integration, "superseded");
            warn!(
                group = %group.key, %integration,
                "a notification of {} to {integration} gives way to a newer one", group.key
            );
        }
        RouterEvent::RouteLabelFailed { group, label, error } => {
            error!(group = %group.key, %label, %error, "cannot render the route's label {label} for {}", group.key);
        }
        RouterEvent::CircuitOpened { .. }
        | RouterEvent::CircuitClosed { .. }
        | RouterEvent::DeadLetter { .. } => {
            note_outbox(metrics, event);
        }
        RouterEvent::Silence { change, silence } => {
            let (word, id, by) = (change.as_str(), &silence.id, &silence.created_by);
            info!(%id, change = word, created_by = %by, until = %silence.ends_at, "silence {id} was {word}");
        }
        RouterEvent::Reloaded { kept, created, dropped } => {
            info!(kept, created, dropped, "loaded routes: {kept} alert groups go on");
        }
    }
}

fn note_outbox(metrics: &Metrics, event: &RouterEvent) {
    match event {
        RouterEvent::CircuitOpened { endpoint, error, next_try } => {
            metrics.outbox.circuit(endpoint, true);
            let next_try = next_try.map(|at| at.rfc3339_millis());
            warn!(%endpoint, %error, next_try, "{endpoint} does not answer: notifications to it wait");
        }
        RouterEvent::CircuitClosed { endpoint, waiting } => {
            metrics.outbox.circuit(endpoint, false);
            info!(%endpoint, waiting, "{endpoint} answers again: {waiting} notifications go on");
        }
        RouterEvent::DeadLetter { change, id, group, integration, error, .. } => {
            let word = change.as_str();
            match change {
                DeadLetterChange::TooOld => {
                    metrics.notifications.get_or_create(&of(integration)).inc();
                    let failed = with_reason(integration, "contextDeadlineExceeded");
                    metrics.notifications_failed.get_or_create(&failed).inc();
                    metrics.outbox.failed(integration, "tooOld");
                    error!(
                        %id, group = %group.key, %integration, %error,
                        "gave up a notification of {} to {integration}: dead letter {id}", group.key
                    );
                }
                DeadLetterChange::Refused
                | DeadLetterChange::Settled
                | DeadLetterChange::Resent
                | DeadLetterChange::Dropped
                | DeadLetterChange::Forgotten => {
                    info!(%id, group = %group.key, %integration, change = word, "dead letter {id}: {word}");
                }
            }
        }
        RouterEvent::AlertsReceived { .. }
        | RouterEvent::Alert { .. }
        | RouterEvent::AlertsLimited { .. }
        | RouterEvent::Suppressed { .. }
        | RouterEvent::GroupCreated { .. }
        | RouterEvent::GroupDropped { .. }
        | RouterEvent::NotTold { .. }
        | RouterEvent::NotificationSent { .. }
        | RouterEvent::AttemptFailed { .. }
        | RouterEvent::Superseded { .. }
        | RouterEvent::RouteLabelFailed { .. }
        | RouterEvent::Silence { .. }
        | RouterEvent::Reloaded { .. } => {}
    }
}

fn note_sent(metrics: &Metrics, status: &Status, event: &RouterEvent) {
    let RouterEvent::NotificationSent {
        group,
        integration,
        number,
        notification,
        firing,
        resolved,
        latency,
        since_decision,
        ..
    } = event
    else {
        return;
    };
    let labels = of(integration);
    metrics.notifications.get_or_create(&labels).inc();
    metrics.notification_requests.get_or_create(&labels).inc();
    metrics.outbox.delivered(integration);
    metrics.notification_latency.get_or_create(&labels).observe(latency.as_secs_f64());
    status.update(|known| drop(known.failing_receivers.remove(&integration.to_string())));
    let reason = notification.reason;
    let delayed = *since_decision > Duration::from_secs(10);
    info!(
        group = %group.key, %integration, number, reason = reason.as_str(), firing, resolved, %latency, delayed,
        "told {integration} of {}: {firing} firing, {resolved} resolved", group.key
    );
}

fn note_failed(metrics: &Metrics, status: &Status, now: Timestamp, event: &RouterEvent) {
    let RouterEvent::AttemptFailed { group, integration, number, failure, message, retry_at, .. } = event
    else {
        return;
    };
    let labels = of(integration);
    metrics.notification_requests.get_or_create(&labels).inc();
    metrics.notification_requests_failed.get_or_create(&labels).inc();
    let trouble = Trouble { at: now, message: message.to_string() };
    status.update(|known| drop(known.failing_receivers.insert(integration.to_string(), trouble)));
    let reason = failure.as_str();
    match retry_at {
        Some(retry_at) => warn!(
            group = %group.key, %integration, number, reason, error = %message, %retry_at,
            "cannot tell {integration} of {} yet", group.key
        ),
        None => {
            metrics.notifications.get_or_create(&labels).inc();
            metrics.notifications_failed.get_or_create(&with_reason(integration, reason)).inc();
            metrics.outbox.failed(integration, reason);
            error!(
                group = %group.key, %integration, number, reason, error = %message,
                "{integration} refuses the notification of {}", group.key
            );
        }
    }
}

fn of(integration: &IntegrationName) -> super::metrics::Labels {
    vec![("integration", integration.kind.to_string())]
}

fn with_reason(integration: &IntegrationName, reason: &str) -> super::metrics::Labels {
    vec![("integration", integration.kind.to_string()), ("reason", reason.to_owned())]
}
