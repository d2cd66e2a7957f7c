//! What others ask of the router and are answered: alerts they send, silences, acknowledgements.
//!
//! An answer follows all records that it relies on: who has it may rely on it too.

use std::collections::BTreeMap;

use crate::model::{Alert, LabelSet, Matcher, SilenceId, SilenceKind, Str, Timestamp};

/// Names one request until it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// What is asked.
#[derive(Clone, Debug)]
pub enum Request {
    /// Take these alerts, already valid; answered with [`Answer::AlertsTaken`].
    Alerts(Vec<Alert>),
    /// Make or change a silence; answered with [`Answer::Silence`].
    SetSilence(SilenceDraft),
    /// End a silence now; answered with [`Answer::Expired`], also if it had ended before.
    ExpireSilence(SilenceId),
    /// Somebody is at these alerts; answered with [`Answer::Acked`].
    Ack(AckDraft),
    /// Send a dead letter again; answered with [`Answer::Resent`].
    RetryDeadLetter {
        /// Its id.
        id: Str,
        /// Whether also if its group has gone on since.
        force: bool,
    },
    /// Forget a dead letter; answered with [`Answer::Dropped`].
    DropDeadLetter {
        /// Its id.
        id: Str,
    },
}

/// A silence as its author wants it.
#[derive(Clone, Debug)]
pub struct SilenceDraft {
    /// The silence to change; `None` makes a new one.
    pub id: Option<SilenceId>,
    /// Which alerts; all must match.
    pub matchers: Vec<Matcher>,
    /// From when on; a time that has passed means now, unless the silence began then.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// Who asks.
    pub created_by: Str,
    /// Why.
    pub comment: Str,
    /// What else is to be known.
    pub annotations: BTreeMap<Str, Str>,
    /// Whether it also ends on its own.
    pub kind: SilenceKind,
    /// Whether it may match every alert.
    pub force: bool,
}

/// An acknowledgement: the alerts that fire now and are named by it are quiet until they are resolved.
#[derive(Clone, Debug)]
pub struct AckDraft {
    /// Which alerts: the labels of one, or matchers.
    pub of: AckOf,
    /// Who is at it.
    pub by: Str,
    /// What they say.
    pub comment: Str,
    /// Until when at most.
    pub until: Timestamp,
}

/// What an acknowledgement names.
#[derive(Clone, Debug)]
pub enum AckOf {
    /// The alert with exactly these labels.
    Labels(LabelSet),
    /// All alerts that fire now and match.
    Matchers(Vec<Matcher>),
}

/// What a request is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The alerts are taken.
    AlertsTaken {
        /// How many were left out because there are too many with the same name.
        limited: usize,
    },
    /// The silence is in force, or will be. Its id is new if it could not be changed in place.
    Silence(SilenceId),
    /// The silence has ended.
    Expired,
    /// The silences that stand for the acknowledgement, one for each alert.
    Acked(Vec<SilenceId>),
    /// The dead letter is on its way again: as its group's notification, or beside it.
    Resent(Resent),
    /// The dead letter is forgotten.
    Dropped,
    /// It cannot be done.
    Refused(Refusal),
}

/// How a dead letter is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resent {
    /// As the notification of its group: it says what still holds, and is tried until it is taken.
    AsNews,
    /// Once, as it was, although its group has gone on.
    AsItWas,
}

/// Why a request is refused. The texts are Alertmanager's where it refuses the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No silence has this id.
    #[error("silence not found")]
    UnknownSilence,
    /// It names no labels at all.
    #[error("invalid silence: at least one matcher required")]
    NoMatchers,
    /// Every matcher matches the empty string, so that it could match everything.
    #[error("invalid silence: at least one matcher must not match the empty string")]
    MatchesEmpty,
    /// It would mute all alerts.
    #[error(
        "the silence matches every alert: name a label and a value that only the alerts have which are to be \
         muted, or say that you mean it (force)"
    )]
    MatchesEverything,
    /// It ends before it starts.
    #[error("invalid silence: end time must not be before start time")]
    EndsBeforeStart,
    /// It ends before now.
    #[error("invalid silence: end time can't be in the past")]
    EndsInThePast,
    /// There are as many silences as may be.
    #[error("exceeded maximum number of silences: {limit} (limit: {limit})")]
    TooManySilences {
        /// The limit.
        limit: usize,
    },
    /// It takes too much space.
    #[error("silence exceeded maximum size: {size} bytes (limit: {limit} bytes)")]
    SilenceTooLarge {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// No alert that fires is named by the acknowledgement.
    #[error("no alert that fires matches")]
    NothingFires,
    /// No dead letter has this id.
    #[error("no dead letter has the id {0}: it was delivered since, or dropped")]
    UnknownDeadLetter(Str),
    /// What the dead letter says is not what is to be told now.
    #[error("{0}; to send it all the same, as it was, say that you mean it (force)")]
    StaleDeadLetter(super::Stale),
    /// It cannot be sent at all now.
    #[error("{0}")]
    StuckDeadLetter(super::Stale),
}
