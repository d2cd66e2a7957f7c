//! What is counted of notifications by receiver: how they went, what is on its way, and which servers do not
//! answer. Alertmanager counts by kind of integration alone; those metrics are beside these.

use std::collections::BTreeMap;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::{Counters, Labels, Registrar, as_i64};
use crate::config::routes::Routing;
use crate::model::Str;
use crate::router::{Failure, IntegrationName};

/// Metrics of the outbox.
#[derive(Debug)]
pub struct OutboxMetrics {
    notifications: Counters,
    failed: Counters,
    pending: Family<Labels, Gauge>,
    circuits: Family<Labels, Gauge>,
    dead_letters: Gauge,
    held_back: Gauge,
}

/// `reason` of what was not refused, but given up by ourselves.
const OWN_REASONS: [&str; 2] = ["superseded", "tooOld"];

impl OutboxMetrics {
    pub(super) fn new(add: &mut Registrar) -> Self {
        Self {
            notifications: add.make(
                "sereno_notifications",
                "Notifications, delivered or given up, by receiver and integration",
            ),
            failed: add.make(
                "sereno_notifications_failed",
                "Notifications given up, by receiver, integration and reason",
            ),
            pending: add.make(
                "sereno_outbox_pending",
                "Notifications that are on their way or wait for another attempt",
            ),
            circuits: add.make(
                "sereno_endpoint_circuit_open",
                "Whether a server does not answer, so that notifications to it wait",
            ),
            dead_letters: add.make("sereno_dead_letters", "Notifications that were given up and are kept"),
            held_back: add.make("sereno_notifications_held_back", "Groups that a rate limit holds back"),
        }
    }

    /// Shows the counters of all integrations before anything was counted.
    pub(super) fn announce(&self, routing: &Routing) {
        for receiver in &routing.receivers {
            for integration in &receiver.integrations {
                let name = IntegrationName {
                    receiver: receiver.name.clone(),
                    kind: integration.kind.into(),
                    index: integration.index,
                };
                drop(self.notifications.get_or_create(&labels(&name)));
                for reason in Failure::ALL.iter().map(|failure| failure.as_str()).chain(OWN_REASONS) {
                    drop(self.failed.get_or_create(&with_reason(&name, reason)));
                }
            }
        }
    }

    pub(in crate::shell) fn delivered(&self, who: &IntegrationName) {
        self.notifications.get_or_create(&labels(who)).inc();
    }

    pub(in crate::shell) fn failed(&self, who: &IntegrationName, reason: &str) {
        self.notifications.get_or_create(&labels(who)).inc();
        self.failed.get_or_create(&with_reason(who, reason)).inc();
    }

    pub(in crate::shell) fn circuit(&self, endpoint: &Str, is_open: bool) {
        self.circuits.get_or_create(&vec![("endpoint", endpoint.to_string())]).set(i64::from(is_open));
    }

    /// Sets what is on its way to each integration.
    pub fn set_pending(&self, pending: &BTreeMap<IntegrationName, usize>) {
        self.pending.clear();
        for (who, count) in pending {
            self.pending.get_or_create(&labels(who)).set(as_i64(*count));
        }
    }

    pub(super) fn set(&self, dead_letters: usize, held_back: usize) {
        self.dead_letters.set(as_i64(dead_letters));
        self.held_back.set(as_i64(held_back));
    }
}

fn labels(who: &IntegrationName) -> Labels {
    vec![("receiver", who.receiver.to_string()), ("integration", format!("{}[{}]", who.kind, who.index))]
}

fn with_reason(who: &IntegrationName, reason: &str) -> Labels {
    let mut labels = labels(who);
    labels.push(("reason", reason.to_owned()));
    labels
}
