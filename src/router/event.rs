//! What the router notes while it works: each event is a log line, a metric, or a line of history.

use std::sync::Arc;

use super::{AttemptId, Failure, IntegrationName, Notification, Reason};
use crate::model::{Duration, Fingerprint, LabelSet, Silence, Str, Timestamp};

/// Something that happened in the router.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Alerts came in (`alertmanager_alerts_received_total{status}`).
    AlertsReceived {
        /// How many of them fire.
        firing: usize,
        /// How many of them are resolved.
        resolved: usize,
        /// How many were not known before.
        new: usize,
    },
    /// An alert began or ceased to fire. One that ends because its sender says no more of it is noted when
    /// its group is looked at or its sender speaks again.
    Alert {
        /// What it did.
        change: AlertChange,
        /// Of its labels.
        fingerprint: Fingerprint,
        /// Who it is.
        labels: LabelSet,
        /// Since when it fires, or fired.
        starts_at: Timestamp,
        /// When it ended, if it has.
        ends_at: Option<Timestamp>,
        /// Whether one of our own rules says so; then the rules engine has noted it too. Other systems' alerts
        /// have an end from the beginning.
        of_rule: bool,
    },
    /// Alerts were dropped, because there are too many with the same name (`alertmanager_alerts_limited_total`).
    AlertsLimited {
        /// How many.
        count: usize,
    },
    /// A group was looked at and alerts were left out (`alertmanager_notifications_suppressed_total{reason}`).
    Suppressed {
        /// Why.
        why: Suppression,
        /// How many alerts.
        count: usize,
    },
    /// A group came to be.
    GroupCreated {
        /// The group.
        group: Arc<GroupName>,
        /// When it is looked at first.
        next_flush: Timestamp,
    },
    /// A group has nothing left to tell and is gone.
    GroupDropped {
        /// The group.
        group: Arc<GroupName>,
    },
    /// An integration is not told, and why. Noted when the reason changes, not at each look.
    NotTold {
        /// The group.
        group: Arc<GroupName>,
        /// The integration.
        integration: IntegrationName,
        /// Why not.
        why: NotTold,
    },
    /// A notification was delivered (`alertmanager_notifications_total{integration}`).
    NotificationSent {
        /// The group.
        group: Arc<GroupName>,
        /// The integration.
        integration: IntegrationName,
        /// The attempt that succeeded.
        attempt: AttemptId,
        /// Its number, 1 for the first try.
        number: u32,
        /// What was told, and why.
        notification: Arc<Notification>,
        /// How many alerts fired.
        firing: usize,
        /// How many alerts were told as resolved.
        resolved: usize,
        /// How long the attempt took.
        latency: Duration,
        /// How long ago it was decided to tell.
        since_decision: Duration,
    },
    /// An attempt failed (`alertmanager_notification_requests_failed_total{integration}`; with no `retry_at`
    /// also `alertmanager_notifications_failed_total{integration,reason}`).
    AttemptFailed {
        /// The group.
        group: Arc<GroupName>,
        /// The integration.
        integration: IntegrationName,
        /// The attempt that failed.
        attempt: AttemptId,
        /// Its number, 1 for the first try.
        number: u32,
        /// What was to be told, and why.
        notification: Arc<Notification>,
        /// What kind of failure.
        failure: Failure,
        /// What the receiver said.
        message: Str,
        /// How long the attempt took.
        latency: Duration,
        /// When it is tried again. `None`: it was refused; the group is looked at again at its next flush.
        retry_at: Option<Timestamp>,
    },
    /// A notification that could not be delivered yet gives way to a newer one, or to none.
    Superseded {
        /// The group.
        group: Arc<GroupName>,
        /// The integration.
        integration: IntegrationName,
        /// The reason of the old notification.
        old: Reason,
        /// The reason of the new one; `None`: there is nothing left to tell.
        new: Option<Reason>,
    },
    /// A label of a route cannot be rendered for a group: the notification goes without it.
    RouteLabelFailed {
        /// The group.
        group: Arc<GroupName>,
        /// The label.
        label: Str,
        /// Why not.
        error: Str,
    },
    /// A server does not answer: attempts to it wait in line, but for a probe at times.
    CircuitOpened {
        /// [`crate::config::routes::Integration::endpoint`].
        endpoint: Str,
        /// What went wrong last.
        error: Str,
        /// When it is tried next.
        next_try: Option<Timestamp>,
    },
    /// A server answers again.
    CircuitClosed {
        /// Which one.
        endpoint: Str,
        /// How many notifications wait for it in line, and go now.
        waiting: usize,
    },
    /// Something happened to a notification that was given up.
    DeadLetter {
        /// What.
        change: DeadLetterChange,
        /// Its id.
        id: Str,
        /// The group.
        group: Arc<GroupName>,
        /// The integration.
        integration: IntegrationName,
        /// What could not be told.
        notification: Arc<Notification>,
        /// What went wrong last.
        error: Str,
    },
    /// A silence or an acknowledgement was made, changed or ended.
    Silence {
        /// What happened to it.
        change: SilenceChange,
        /// The silence as it is now.
        silence: Box<Silence>,
    },
    /// New routes are in force.
    Reloaded {
        /// How many groups went on with their timers.
        kept: usize,
        /// How many groups came to be.
        created: usize,
        /// How many groups are gone.
        dropped: usize,
    },
}

/// What happened to a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeadLetterChange {
    /// A notification was refused.
    Refused,
    /// A notification was given up, because it could not be delivered for too long.
    TooOld,
    /// A later notification of its group was delivered, or itself at last.
    Settled,
    /// Somebody has it sent again.
    Resent,
    /// Somebody dropped it.
    Dropped,
    /// It gave way to newer ones, because there are too many, or it is too old.
    Forgotten,
}

impl DeadLetterChange {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::TooOld => "too_old",
            Self::Settled => "settled",
            Self::Resent => "resent",
            Self::Dropped => "dropped",
            Self::Forgotten => "forgotten",
        }
    }
}

/// What an alert did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertChange {
    /// It fires and was not known before, or no more.
    Began,
    /// It ended.
    Ended,
    /// It fires again, before all had heard of its end.
    Refired,
}

impl AlertChange {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Began => "began",
            Self::Ended => "ended",
            Self::Refired => "refired",
        }
    }
}

/// Why an alert was left out when its group was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suppression {
    /// A silence mutes it.
    Silence,
    /// Another alert inhibits it.
    Inhibition,
    /// None of its route's active time intervals holds.
    ActiveInterval,
    /// One of its route's mute time intervals holds.
    MuteInterval,
}

impl Suppression {
    /// All reasons.
    pub const ALL: [Self; 4] = [Self::Silence, Self::Inhibition, Self::ActiveInterval, Self::MuteInterval];

    /// Alertmanager's label value.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::Inhibition => "inhibition",
            Self::ActiveInterval => "active_time_interval",
            Self::MuteInterval => "mute_time_interval",
        }
    }
}

/// What happened to a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SilenceChange {
    /// It is new.
    Made,
    /// It was changed and kept its id.
    Changed,
    /// It was ended, or its end has passed, or nothing fires any more that it mutes.
    Ended,
}

impl SilenceChange {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Changed => "changed",
            Self::Ended => "ended",
        }
    }
}

/// What people and metrics need to know a group by. Shared by the group and its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupName {
    /// `{}/{severity="page"}:{alertname="Down"}`.
    pub key: Str,
    /// The place of its route in the tree, unique.
    pub route: Str,
    /// The labels that it shares.
    pub labels: LabelSet,
    /// The receiver of its route.
    pub receiver: Str,
}

/// Why an integration is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTold {
    /// It never heard of these alerts, and they are over.
    NeverTold,
    /// It knows all of it, and the repeat interval has not passed.
    Unchanged,
    /// Nothing fires, and it knows.
    StillResolved,
    /// What changed is a resolution, and it does not want to hear of those. The log is updated.
    ResolvedUnwanted,
    /// The route's cooldown lasts until this time; what has changed by then is told in one notification.
    Cooldown(Timestamp),
    /// An earlier notification of this group is still on its way.
    InFlight,
    /// All that fires is muted by silences or inhibition.
    Muted,
    /// The receiver had as many notifications as its rate limit allows; it is told when it may get another.
    RateLimited,
    /// It is a fallback, and the receiver before it can be told.
    StandBy,
    /// The route is quiet by time intervals; what there is to tell is told when it may speak again.
    QuietTime,
}

impl NotTold {
    /// The reason as a word for scripts.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NeverTold => "never_told",
            Self::Unchanged => "unchanged",
            Self::StillResolved => "still_resolved",
            Self::ResolvedUnwanted => "resolved_unwanted",
            Self::Cooldown(_) => "cooldown",
            Self::InFlight => "in_flight",
            Self::Muted => "muted",
            Self::RateLimited => "rate_limited",
            Self::StandBy => "fallback_stand_by",
            Self::QuietTime => "quiet_time",
        }
    }

    /// Whether the integration is still to be told of what it does not know.
    pub(super) fn leaves_something_to_tell(self) -> bool {
        match self {
            Self::Cooldown(_) | Self::InFlight | Self::RateLimited => true,
            Self::NeverTold
            | Self::Unchanged
            | Self::StillResolved
            | Self::ResolvedUnwanted
            | Self::Muted
            | Self::StandBy
            | Self::QuietTime => false,
        }
    }

    /// The reason as people read it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeverTold => "resolved before anybody was told",
            Self::Unchanged => "nothing changed and the repeat interval has not passed",
            Self::StillResolved => "nothing fires, as told before",
            Self::ResolvedUnwanted => "resolutions are not sent to this integration",
            Self::Cooldown(_) => "cooldown",
            Self::InFlight => "an earlier notification is still on its way",
            Self::Muted => "all alerts that fire are silenced or inhibited",
            Self::RateLimited => "held back by rate_limit",
            Self::StandBy => "it is a fallback, and the receiver before it can be told",
            Self::QuietTime => "the route is quiet by its time intervals",
        }
    }
}
