//! Attempts as they begin and end, whoever makes them: a delivery of a group, a digest, a dead letter sent again.

use std::sync::Arc;

use super::machine::Router;
use super::tree::Destination;
use super::{
    Attempt, AttemptId, Effect, Event, Failure, GroupName, IntegrationName, Memory, Notification, retry,
};
use crate::model::{Duration, Str, Timestamp};

/// An attempt with all that it takes with it, but for its id.
pub(super) struct Begun {
    /// 1 for the first try of the notification.
    pub(super) number: u32,
    pub(super) deadline: Timestamp,
    pub(super) notification: Arc<Notification>,
    /// What its integration remembers of the group.
    pub(super) memory: Option<Arc<Memory>>,
}

/// An attempt that has an outcome.
pub(super) struct Ended {
    pub(super) group: Arc<GroupName>,
    pub(super) integration: IntegrationName,
    pub(super) attempt: AttemptId,
    pub(super) number: u32,
    pub(super) notification: Arc<Notification>,
    /// How long it took.
    pub(super) latency: Duration,
}

impl Ended {
    /// It was delivered.
    pub(super) fn sent(self, now: Timestamp) -> Event {
        let Self { group, integration, attempt, number, notification, latency } = self;
        let (firing, resolved) = notification.counts();
        let since_decision = now.since(notification.at);
        Event::NotificationSent {
            group,
            integration,
            attempt,
            number,
            notification,
            firing,
            resolved,
            latency,
            since_decision,
        }
    }

    /// It was not; it is tried again at `retry_at`, if at all.
    pub(super) fn failed(self, failure: Failure, message: Str, retry_at: Option<Timestamp>) -> Event {
        let Self { group, integration, attempt, number, notification, latency } = self;
        Event::AttemptFailed {
            group,
            integration,
            attempt,
            number,
            notification,
            failure,
            message,
            latency,
            retry_at,
        }
    }
}

impl Router {
    /// Has an attempt made. What must survive a restart is persisted before.
    pub(super) fn begin_attempt(&mut self, to: &Destination, begun: Begun) -> AttemptId {
        let Begun { number, deadline, notification, memory } = begun;
        self.last_attempt += 1;
        let id = AttemptId(self.last_attempt);
        self.endpoints.begin(&to.endpoint, id);
        self.effects.push(Effect::Notify(Attempt {
            id,
            number,
            deadline,
            integration: Arc::clone(&to.integration),
            notification,
            renderer: self.routing.renderer.clone(),
            memory: memory.unwrap_or_default(),
        }));
        id
    }

    /// When an attempt is given up that is not of a group's rhythm.
    pub(super) fn deadline_beside(&self, now: Timestamp) -> Timestamp {
        retry::deadline(now, Duration::from_mins(1), self.routing.strict)
    }
}
