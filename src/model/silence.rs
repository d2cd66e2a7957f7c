//! Silences: who does not want to hear of which alerts, from when until when.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{LabelSet, Matcher, Str, Timestamp};

/// Names a silence: a UUID as text, as in Alertmanager.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SilenceId(pub Str);

impl std::fmt::Display for SilenceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Alerts that match all of `matchers` are not told while the silence is active.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// Its name.
    pub id: SilenceId,
    /// Which alerts it mutes, as its author ordered them; never empty.
    pub matchers: Vec<Matcher>,
    /// The first instant at which it mutes.
    pub starts_at: Timestamp,
    /// The last instant at which it mutes.
    pub ends_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// Who wrote it; may be empty.
    pub created_by: Str,
    /// Why; may be empty.
    pub comment: Str,
    /// What else is to be known of it (Alertmanager 0.32).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<Str, Str>,
    /// Whether it also ends on its own.
    #[serde(default)]
    pub kind: SilenceKind,
}

/// What else ends a silence than its end. Alertmanager knows the first kind only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SilenceKind {
    /// Nothing.
    #[default]
    Plain,
    /// A snooze: it ends once no alert that it mutes fires any more.
    UntilResolved,
    /// An acknowledgement: as a snooze, and somebody says that they are at it.
    Ack,
}

/// What a silence is at one instant, with Alertmanager's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SilenceState {
    /// It mutes.
    Active,
    /// It will mute.
    Pending,
    /// It mutes no more.
    Expired,
}

impl SilenceState {
    /// Alertmanager's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Expired => "expired",
        }
    }
}

impl Silence {
    /// What it is at `now`: its end is its last active instant, as in Alertmanager.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> SilenceState {
        if now < self.starts_at {
            SilenceState::Pending
        } else if now > self.ends_at {
            SilenceState::Expired
        } else {
            SilenceState::Active
        }
    }

    /// Whether it is about an alert with these labels.
    #[must_use]
    pub fn matches(&self, labels: &LabelSet) -> bool {
        self.matchers.iter().all(|matcher| matcher.matches(labels))
    }
}

#[cfg(test)]
mod tests {
    use super::{Silence, SilenceId, SilenceKind, SilenceState};
    use crate::model::{MatchOp, Matcher, Timestamp};

    fn silence() -> Silence {
        Silence {
            id: SilenceId("one".into()),
            matchers: vec![
                Matcher::equal("team", "db"),
                Matcher::new("zone", MatchOp::NotRegex, "a|b").expect("valid"),
            ],
            starts_at: Timestamp::from_secs(10),
            ends_at: Timestamp::from_secs(20),
            updated_at: Timestamp::from_secs(5),
            created_by: "me".into(),
            comment: "".into(),
            annotations: [("ticket".into(), "OPS-1".into())].into(),
            kind: SilenceKind::Ack,
        }
    }

    #[test]
    fn its_end_is_its_last_active_instant() {
        for (millis, want) in [
            (9_999, SilenceState::Pending),
            (10_000, SilenceState::Active),
            (20_000, SilenceState::Active),
            (20_001, SilenceState::Expired),
        ] {
            assert_eq!(silence().state_at(Timestamp::from_millis(millis)), want, "{millis}");
        }
    }

    #[test]
    fn it_is_the_same_after_being_stored() {
        let text = serde_json::to_string(&silence()).expect("serialises");
        assert_eq!(serde_json::from_str::<Silence>(&text).expect("reads back"), silence());
    }
}
