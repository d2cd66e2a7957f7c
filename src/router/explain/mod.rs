//! Why an alert is told to whom, or why not: everything the router knows of one alert, known or imagined, as
//! data. A pure read for people and scripts; it decides nothing, and asks the same functions that do.
//!
//! `path` walks the route tree aloud, `destination` says what each route makes of the alert, `muting` what
//! keeps it quiet, `text` puts all of it into sentences.

mod destination;
mod json;
mod muting;
mod path;
#[cfg(test)]
mod tests;
mod text;

use serde::Serialize;

use super::alerts::{AlertIndex, Slot};
use super::machine::Router;
use crate::model::{Fingerprint, LabelSet, Str, Timestamp};

pub use destination::{
    Destined, EndpointFacts, GroupFacts, IntegrationFacts, Knows, OnItsWay, Outlook, Said, Timing, ToldFacts,
    WhyNot,
};
pub use muting::{Inhibitor, Muting, Silencer};
pub use path::{Outcome as StepOutcome, Step};
pub use text::{ago, span};

/// Everything the router knows of one alert at one instant. Times are RFC 3339, durations Prometheus'.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The instant.
    #[serde(serialize_with = "json::time")]
    pub at: Timestamp,
    /// Of the labels.
    pub fingerprint: Fingerprint,
    /// Who the alert is.
    pub labels: LabelSet,
    /// What is known of it; `None`: no such alert is known, and the rest is what would become of it.
    pub alert: Option<AlertFacts>,
    /// What silences and inhibits it.
    pub muting: Muting,
    /// Every route that is looked at for it, in order.
    pub path: Vec<Step>,
    /// Each route at which it ends, in order: whom that tells, and when.
    pub destinations: Vec<Destined>,
}

/// What the router knows of an alert.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertFacts {
    /// Whether it fires or is resolved.
    pub resolved: bool,
    /// Since when it fires.
    #[serde(serialize_with = "json::time")]
    pub starts_at: Timestamp,
    /// When it ended or, while it fires, when it ends unless its sender is heard again.
    #[serde(serialize_with = "json::maybe_time")]
    pub ends_at: Option<Timestamp>,
    /// When it was last heard of.
    #[serde(serialize_with = "json::time")]
    pub updated_at: Timestamp,
    /// A link to what raised it.
    pub generator_url: Str,
}

/// The alert that is explained.
struct Subject<'a> {
    now: Timestamp,
    fingerprint: Fingerprint,
    labels: &'a LabelSet,
    /// Its slot, if it is known.
    known: Option<(AlertIndex, &'a Slot)>,
}

impl Subject<'_> {
    /// Whether it fires, or would.
    fn fires_at(&self, at: Timestamp) -> bool {
        self.known.is_none_or(|(_, slot)| !slot.alert.is_resolved_at(at))
    }
}

impl Router {
    /// Explains the alert with exactly these labels, whether it is known or only imagined.
    #[must_use]
    pub fn explain(&self, now: Timestamp, labels: &LabelSet) -> Explanation {
        let fingerprint = labels.fingerprint();
        let known = self.alerts.find(fingerprint).map(|index| (index, self.alerts.at(index)));
        self.explain_subject(&Subject { now, fingerprint, labels, known })
    }

    /// The labels of a known alert.
    #[must_use]
    pub fn labels_of(&self, fingerprint: Fingerprint) -> Option<&LabelSet> {
        self.alerts.find(fingerprint).map(|index| &self.alerts.at(index).alert.labels)
    }

    fn explain_subject(&self, subject: &Subject<'_>) -> Explanation {
        let path = path::walk(&self.routing, subject.labels);
        Explanation {
            at: subject.now,
            fingerprint: subject.fingerprint,
            labels: subject.labels.clone(),
            alert: subject.known.map(|(_, slot)| AlertFacts {
                resolved: slot.alert.is_resolved_at(subject.now),
                starts_at: slot.alert.starts_at,
                ends_at: slot.alert.ends_at,
                updated_at: slot.alert.updated_at,
                generator_url: Str::clone(&slot.alert.generator_url),
            }),
            muting: self.muting_of(subject.now, subject.labels),
            path,
            destinations: self.destinations_of(subject),
        }
    }
}
