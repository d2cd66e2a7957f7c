//! The router: which alerts form a group, and what is told to whom, when and why. Pure.
//!
//! It knows nothing of rules or HTTP: alerts come in, attempts go out, outcomes come back. Semantics are
//! those of Alertmanager 0.34; differences are named where they are made (`compat: strict` undoes them).
//!
//! An alert comes in by `intake` (`merge`: what is known of it now; `tree`: its routes) and waits in its
//! `groups` until a timer (`timers`) has them looked at by `flush`: `snapshot` says what is true, `dedup`
//! whether that is news, `cooldown` whether it may be told yet; `mute` knows what `silences`, `inhibition` and
//! `intervals` keep back. `outcome` takes the answer, `retry` says when to try again, `memory` keeps what was
//! told of groups that are gone. `machine` ties these together; `restore` and `reload` carry them over a
//! restart and to new routes.

mod alerts;
mod attempts;
mod breaker;
mod cooldown;
mod dead_letters;
mod dedup;
pub mod diff;
mod drill;
mod endpoints;
mod entry;
mod event;
mod explain;
mod fallback;
mod flush;
mod groups;
mod index_set;
mod inhibition;
mod intake;
mod intervals;
mod label_index;
mod limits;
mod machine;
mod matcher_index;
mod memory;
mod merge;
mod mute;
mod name_limit;
mod outcome;
mod paths;
#[cfg(test)]
mod properties;
mod query;
mod random;
mod reload;
mod request;
mod restore;
mod retry;
mod route_labels;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod scenarios_inhibition;
#[cfg(test)]
mod scenarios_query;
mod silences;
mod snapshot;
#[cfg(test)]
pub(crate) mod testing;
mod timers;
mod tree;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::routes::{Integration, Routing};
use crate::model::{Alert, Annotations, Duration, Fingerprint, LabelSet, Str, Timestamp};
use crate::template::message::Renderer;

pub use dead_letters::{DeadLetterView, Stale};
pub use drill::{Drill, route_to};
pub use endpoints::EndpointView;
pub use entry::{
    DeadLetter, DeadReason, DeliveryKey, Entry, GroupKey, IntegrationName, Key, Pending, Record, SavedGroup,
    SavedLimiter, Told,
};
pub use event::{AlertChange, DeadLetterChange, Event, GroupName, NotTold, SilenceChange, Suppression};
pub use explain::{
    AlertFacts, Destined, EndpointFacts, Explanation, GroupFacts, Inhibitor, IntegrationFacts, Knows, Muting,
    OnItsWay, Outlook, Said, Silencer, Step, StepOutcome, Timing, ToldFacts, WhyNot, ago, span,
};
pub use machine::Router;
pub use mute::Mutes;
pub use paths::{RouteFinder, group_labels};
pub use query::{AlertQuery, AlertView, Cursor, GroupAlerts, Page};
pub use request::{AckDraft, AckOf, Answer, Refusal, Request, RequestId, Resent, SilenceDraft};
pub use route_labels::{annotation_pairs, label_pairs, route_labels};
pub use snapshot::{alert_order, labels_order};
pub use view::{AlertCounts, DeliveryState, DeliveryView, GroupView, SilenceCounts, View};

/// Names one attempt until its outcome is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct AttemptId(pub u64);

/// One try to deliver one notification to one integration.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// What its outcome must name.
    pub id: AttemptId,
    /// 1 for the first try of the notification, then counted up.
    pub number: u32,
    /// By when the outcome is needed: the shell gives up at this time.
    pub deadline: Timestamp,
    /// How to deliver.
    pub integration: Arc<Integration>,
    /// What to say; the same for each try.
    pub notification: Arc<Notification>,
    /// The templates to say it with: those of the configuration in force when the attempt is made.
    pub renderer: Renderer,
    /// What the integration remembered of this group when it was last told; empty for a first notification.
    pub memory: Arc<Memory>,
}

impl Attempt {
    /// Who is told.
    #[must_use]
    pub fn to(&self) -> IntegrationName {
        let (kind, index) = (self.integration.kind.into(), self.integration.index);
        IntegrationName { receiver: Str::clone(&self.notification.receiver), kind, index }
    }
}

/// What an integration keeps of a group between notifications, such as the id of the message that later ones
/// change.
pub type Memory = BTreeMap<Str, Str>;

/// One message to one integration of one receiver: a group as it was when the decision was made.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Notification {
    /// The same for each try of this notification, different for any other: lets receivers drop repeats.
    pub idempotency_key: Str,
    /// The receiver's name.
    pub receiver: Str,
    /// `{}/{severity="page"}:{alertname="Down"}`, as Alertmanager writes it.
    pub group_key: Str,
    /// The labels that the group shares.
    pub group_labels: LabelSet,
    /// The route's own labels, rendered for this group.
    pub route_labels: BTreeMap<Str, Str>,
    /// Why it is told.
    pub reason: Reason,
    /// When the decision was made.
    pub at: Timestamp,
    /// Whether what is sent is to be as Alertmanager's also where we differ on purpose (`compat: strict`).
    #[serde(default)]
    pub strict: bool,
    /// The receiver that should have been told and could not: this one is its fallback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_for: Option<Str>,
    /// The alerts, sorted as Alertmanager does: by job, instance, then all labels. Resolved ones are
    /// included only if the integration wants them.
    pub alerts: Vec<NotifiedAlert>,
}

impl Notification {
    /// How many of its alerts fire, and how many are resolved.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let resolved = self.alerts.iter().filter(|alert| alert.resolved).count();
        (self.alerts.len() - resolved, resolved)
    }
}

/// An alert inside a notification.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct NotifiedAlert {
    /// Whether it fires or is resolved.
    pub resolved: bool,
    /// Who it is.
    pub labels: LabelSet,
    /// What it says.
    pub annotations: Annotations,
    /// Since when it fires.
    pub starts_at: Timestamp,
    /// When it ended; `None` while it fires.
    pub ends_at: Option<Timestamp>,
    /// A link to what raised it.
    pub generator_url: Str,
    /// Of its labels.
    pub fingerprint: Fingerprint,
    /// How many times it ended and fired again since the receiver was last told of it, because a cooldown
    /// ran. Always 0 with `compat: strict`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub flaps: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Why a notification is sent. The texts are Alertmanager's (`notification_reason`), but for the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Reason {
    /// The receiver has not been told of this group, or of its end last.
    First,
    /// Alerts fire that the receiver has not been told of.
    NewAlerts,
    /// Nothing fires any more.
    AllResolved,
    /// Some alerts are resolved.
    SomeResolved,
    /// Nothing changed for the repeat interval.
    Repeat,
    /// Alerts ended and fired again during the route's cooldown. Alertmanager does not have it.
    Flapped,
}

impl Reason {
    /// Its text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first notification",
            Self::NewAlerts => "new alerts added",
            Self::AllResolved => "all alerts resolved",
            Self::SomeResolved => "some alerts resolved",
            Self::Repeat => "repeat interval elapsed",
            Self::Flapped => "alerts fired again during the cooldown",
        }
    }
}

/// The answer to an [`Attempt`].
#[derive(Clone, Debug)]
pub struct Notified {
    /// The attempt that is answered.
    pub attempt: AttemptId,
    /// How it went.
    pub outcome: Outcome,
    /// What to remember of the group for the integration's next notification; `None`: what was remembered
    /// before stays.
    pub memory: Option<Memory>,
}

/// How an attempt went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took it.
    Delivered,
    /// It may go better later: no connection, a timeout, a 5xx, too many requests.
    Retryable {
        /// What kind of failure, for metrics.
        failure: Failure,
        /// What the receiver said, for people; never holds a secret.
        message: String,
        /// How long the receiver asked us to wait.
        retry_after: Option<Duration>,
        /// Whether the receiver may have taken it all the same, as when its answer got lost. Then it has to
        /// hear the end of what it may have heard the beginning of.
        maybe_taken: bool,
    },
    /// Trying again would not help: the receiver refused it.
    Refused {
        /// What kind of failure, for metrics.
        failure: Failure,
        /// What the receiver said, for people; never holds a secret.
        message: String,
    },
}

impl Outcome {
    /// In a word, as the history has it: `delivered`, `failed` or `refused`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retryable { .. } => "failed",
            Self::Refused { .. } => "refused",
        }
    }

    /// What the receiver said, or why it could not be reached; none if it took the message.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        match self {
            Self::Delivered => None,
            Self::Retryable { message, .. } | Self::Refused { message, .. } => Some(message),
        }
    }
}

/// Kinds of failure, as in `alertmanager_notifications_failed_total{reason}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Failure {
    /// A 4xx answer.
    ClientError,
    /// A 5xx answer.
    ServerError,
    /// 401 or 403.
    AuthError,
    /// 429.
    RateLimited,
    /// The deadline passed.
    DeadlineExceeded,
    /// Anything else, such as a refused connection.
    Other,
}

impl Failure {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::ClientError,
        Self::ServerError,
        Self::AuthError,
        Self::RateLimited,
        Self::DeadlineExceeded,
        Self::Other,
    ];

    /// Alertmanager's label value.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientError => "clientError",
            Self::ServerError => "serverError",
            Self::AuthError => "authError",
            Self::RateLimited => "rateLimited",
            Self::DeadlineExceeded => "contextDeadlineExceeded",
            Self::Other => "other",
        }
    }
}

/// What happens to the router.
#[derive(Clone, Debug)]
pub enum Input {
    /// Alerts that are new, changed, resolved or just still there.
    Alerts(Vec<Alert>),
    /// Somebody asks for something and wants an answer.
    Request(RequestId, Request),
    /// An attempt's outcome.
    Notified(Notified),
    /// New routes.
    Reload(Arc<Routing>),
    /// Time has come, perhaps.
    Wake,
}

/// What the router wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Deliver.
    Notify(Attempt),
    /// Keep a record for the next start.
    Persist(Entry),
    /// Answer a request; all that the answer relies on was persisted before.
    Reply(RequestId, Answer),
    /// Something worth a log line and a metric.
    Note(Event),
}
