//! The life of one alert: the states and the pure step from one evaluation to the next.
//!
//! Not how alerts are found or told: `alerting.rs` does that for all alerts of a rule.

use serde::{Deserialize, Serialize};

use crate::model::{Annotations, Duration, LabelSet, Timestamp};

/// How long a resolved alert is kept and told again, so that nobody misses its end (Prometheus: 15m).
pub(super) const RESOLVED_RETENTION: Duration = Duration::from_mins(15);

/// An alert of a rule, without external labels.
#[derive(Clone, Debug, PartialEq)]
pub struct ActiveAlert {
    /// The sample's labels without its metric name, the rule's labels and `alertname`.
    pub labels: LabelSet,
    /// The annotations as last expanded.
    pub annotations: Annotations,
    /// The last sample's value; 0 for a native histogram, as in Prometheus.
    pub value: f64,
    /// Where it is in its life.
    pub state: AlertState,
}

/// Where an alert is in its life. An inactive alert that never fired has no state: it is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum AlertState {
    /// The expression holds, but not yet for as long as the rule demands.
    Pending {
        /// The evaluation in which it was first seen.
        active_at: Timestamp,
    },
    /// The expression held for long enough.
    Firing {
        /// The evaluation in which it was first seen.
        active_at: Timestamp,
        /// The evaluation in which it began to fire.
        fired_at: Timestamp,
        /// The evaluation in which it was first absent, if only `keep_firing_for` keeps it.
        keep_firing_since: Option<Timestamp>,
        /// The evaluation after which the router was last told.
        last_sent_at: Option<Timestamp>,
    },
    /// It fired and does not any more (Prometheus: inactive). Kept for a while and told again.
    Resolved {
        /// The evaluation in which it was first seen.
        active_at: Timestamp,
        /// The evaluation in which it began to fire.
        fired_at: Timestamp,
        /// The evaluation in which it ended.
        resolved_at: Timestamp,
        /// The evaluation after which the router was last told.
        last_sent_at: Option<Timestamp>,
    },
}

/// What a rule demands of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hold {
    /// How long the expression must hold (`for`).
    pub(super) hold_for: Duration,
    /// How long a firing alert outlives its expression (`keep_firing_for`).
    pub(super) keep_firing_for: Duration,
}

impl AlertState {
    /// The state of an alert that is first seen in the evaluation at `at`.
    pub(super) fn begin(at: Timestamp, hold: Hold) -> Self {
        Self::Pending { active_at: at }.settle(at, hold)
    }

    /// The state after the evaluation at `at`, in which the alert was or was not `present`; `None`: forget
    /// it. Prometheus' order: presence first, then what time has made of it.
    pub(super) fn step(self, at: Timestamp, present: bool, hold: Hold) -> Option<Self> {
        match (self, present) {
            (Self::Pending { .. }, true) => Some(self.settle(at, hold)),
            (Self::Pending { .. }, false) => None,
            (Self::Firing { active_at, fired_at, last_sent_at, .. }, true) => {
                let firing = Self::Firing { active_at, fired_at, keep_firing_since: None, last_sent_at };
                Some(firing.settle(at, hold))
            }
            (Self::Firing { active_at, fired_at, keep_firing_since, last_sent_at }, false) => {
                let since = keep_firing_since.unwrap_or(at);
                if at.since(since) >= hold.keep_firing_for {
                    return Some(Self::Resolved { active_at, fired_at, resolved_at: at, last_sent_at });
                }
                let keep_firing_since = Some(since);
                Some(Self::Firing { active_at, fired_at, keep_firing_since, last_sent_at }.settle(at, hold))
            }
            (Self::Resolved { .. }, true) => Some(Self::begin(at, hold)),
            (Self::Resolved { resolved_at, .. }, false) => {
                (at.since(resolved_at) <= RESOLVED_RETENTION).then_some(self)
            }
        }
    }

    /// Fires what was pending for long enough, and takes back what fires although a reload has since
    /// raised `for` above the time it has been active.
    fn settle(self, at: Timestamp, hold: Hold) -> Self {
        match self {
            Self::Pending { active_at } if at.since(active_at) >= hold.hold_for => {
                Self::Firing { active_at, fired_at: at, keep_firing_since: None, last_sent_at: None }
            }
            Self::Firing { active_at, .. } if at.since(active_at) < hold.hold_for => {
                Self::Pending { active_at }
            }
            Self::Pending { .. } | Self::Firing { .. } | Self::Resolved { .. } => self,
        }
    }

    /// Whether the router should hear of it after the evaluation at `at`: never while pending, once when it
    /// fires or ends, and then again and again while that stays so. The strict comparison is Prometheus':
    /// with exact slots an alert is told again after `resend_delay` *and* one more interval.
    pub(super) fn needs_sending(self, at: Timestamp, resend_delay: Duration) -> bool {
        match self {
            Self::Pending { .. } => false,
            Self::Firing { last_sent_at, .. } => last_sent_at.is_none_or(|sent| sent + resend_delay < at),
            Self::Resolved { resolved_at, last_sent_at, .. } => {
                last_sent_at.is_none_or(|sent| resolved_at > sent || sent + resend_delay < at)
            }
        }
    }

    /// The same state, told at `at`.
    pub(super) fn sent(mut self, at: Timestamp) -> Self {
        match &mut self {
            Self::Pending { .. } => {}
            Self::Firing { last_sent_at, .. } | Self::Resolved { last_sent_at, .. } => {
                *last_sent_at = Some(at);
            }
        }
        self
    }

    /// Since when it fires, if it fires and the router knows.
    pub(super) fn told_firing_since(self) -> Option<Timestamp> {
        match self {
            Self::Firing { fired_at, last_sent_at: Some(_), .. } => Some(fired_at),
            Self::Firing { last_sent_at: None, .. } | Self::Pending { .. } | Self::Resolved { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AlertState, Hold};
    use crate::model::{Duration, Timestamp};

    /// One character a minute. In: 1 present, 0 absent. Out: `.` inactive, `P` pending, `F` firing,
    /// `K` kept firing, `R` resolved.
    fn life(hold_for: i64, keep_firing_for: i64, samples: &str) -> String {
        let hold = Hold {
            hold_for: Duration::from_secs(hold_for),
            keep_firing_for: Duration::from_secs(keep_firing_for),
        };
        let mut state: Option<AlertState> = None;
        let steps = samples.chars().enumerate().map(|(minute, sample)| {
            let at = Timestamp::from_secs(60 * minute as i64);
            state = match state {
                Some(state) => state.step(at, sample == '1', hold),
                None if sample == '1' => Some(AlertState::begin(at, hold)),
                None => None,
            };
            match state {
                None => '.',
                Some(AlertState::Pending { .. }) => 'P',
                Some(AlertState::Firing { keep_firing_since: None, .. }) => 'F',
                Some(AlertState::Firing { keep_firing_since: Some(_), .. }) => 'K',
                Some(AlertState::Resolved { .. }) => 'R',
            }
        });
        steps.collect()
    }

    #[test]
    fn alert_states() {
        for (case, hold_for, keep_firing_for, samples, want) in [
            ("never there", 0, 0, "000", "..."),
            ("no `for` fires at once", 0, 0, "101", "FRF"),
            ("`for` counts from first seen", 120, 0, "1111", "PPFF"),
            ("a gap restarts `for`", 120, 0, "110111", "PP.PPF"),
            ("`for` shorter than the interval needs a second look", 15, 0, "11", "PF"),
            ("`for` of a slot and a bit fires one slot later", 61, 0, "1111", "PPFF"),
            ("keep_firing_for bridges a gap", 0, 120, "100100", "FKKFKK"),
            ("keep_firing_for runs out", 0, 120, "10001", "FKKRF"),
            ("keep_firing_for shorter than the interval still keeps one slot", 0, 1, "100", "FKR"),
            ("a kept alert that comes back starts a new keep time", 0, 120, "1010001", "FKFKKRF"),
            ("pending is not kept", 120, 600, "110000", "PP...."),
            ("resolved comes back as pending", 60, 0, "110110", "PFRPFR"),
            (
                "resolved is kept for 15 minutes and forgotten after",
                0,
                0,
                "100000000000000000",
                "FRRRRRRRRRRRRRRRR.",
            ),
        ] {
            assert_eq!(life(hold_for, keep_firing_for, samples), want, "{case}");
        }
    }

    #[test]
    fn what_is_told_again_when() {
        let at = Timestamp::from_secs;
        let minute = Duration::from_secs(60);
        let firing = |last_sent_at| AlertState::Firing {
            active_at: at(0),
            fired_at: at(0),
            keep_firing_since: None,
            last_sent_at,
        };
        let resolved = |last_sent_at| AlertState::Resolved {
            active_at: at(0),
            fired_at: at(0),
            resolved_at: at(60),
            last_sent_at,
        };
        for (case, state, now, want) in [
            ("pending never", AlertState::Pending { active_at: at(0) }, 600, false),
            ("firing first", firing(None), 0, true),
            ("not before the delay", firing(Some(at(0))), 59, false),
            ("not at the delay: strictly later", firing(Some(at(0))), 60, false),
            ("after the delay", firing(Some(at(0))), 61, true),
            ("resolved at once", resolved(Some(at(59))), 60, true),
            ("resolved not twice", resolved(Some(at(60))), 61, false),
            ("resolved again after the delay", resolved(Some(at(60))), 121, true),
        ] {
            assert_eq!(state.needs_sending(at(now), minute), want, "{case}");
        }
    }
}
