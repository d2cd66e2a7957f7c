//! Why alerts that a notification test is about are not told to whom it names.

use super::compare::{Judge, is_meant, is_wanted, status_of};
use super::desk::Told;
use super::names::Names;
use super::trace::{Firing, Held, Hold};
use crate::model::LabelSet;
use crate::testing::file::{KeptBack, NotificationTest};

/// How many explanations are shown of many.
const MOST: usize = 5;

impl<'d> Judge<'_, 'd> {
    /// The alerts that a test is about, with the times at which they fire in its window.
    fn firing(&self, wanted: &NotificationTest) -> Vec<(&'d LabelSet, &'d Firing)> {
        let (from, to) = self.window(wanted);
        let alerts = self.desk.trace.firing().iter().filter(|(labels, _)| is_wanted(wanted, labels));
        let times = alerts.flat_map(|(labels, times)| times.iter().map(move |time| (labels, time)));
        times.filter(|(_, time)| time.from <= to && time.until.is_none_or(|until| until > from)).collect()
    }

    /// What keeps alerts that a test is about back in its window.
    fn holds(&self, wanted: &NotificationTest) -> Vec<&'d Hold> {
        let (from, to) = self.window(wanted);
        let is_then = |hold: &&Hold| hold.from <= to && hold.until.is_none_or(|until| until > from);
        let holds = self.desk.trace.holds().iter().filter(is_then);
        let holds = holds.filter(|hold| is_wanted(wanted, &hold.of.alert));
        holds
            .filter(|hold| {
                let integration = Some(&*hold.of.integration).filter(|name| !name.is_empty());
                is_meant(wanted, &hold.of.receiver, integration)
            })
            .collect()
    }

    pub(super) fn is_reason(&self, wanted: &NotificationTest, reason: KeptBack) -> bool {
        match reason {
            KeptBack::NotFiring => self.firing(wanted).is_empty(),
            KeptBack::NotRouted => {
                let firing = self.firing(wanted);
                !firing.is_empty() && firing.iter().all(|(labels, _)| !self.goes_there(wanted, labels))
            }
            KeptBack::Inhibited
            | KeptBack::Silenced
            | KeptBack::Muted
            | KeptBack::Cooldown
            | KeptBack::RateLimited
            | KeptBack::Waiting
            | KeptBack::Unchanged
            | KeptBack::NeverTold
            | KeptBack::StillResolved
            | KeptBack::ResolvedUnwanted
            | KeptBack::StandBy
            | KeptBack::Failed => self.holds(wanted).iter().any(|hold| hold.of.reason == reason),
        }
    }

    fn goes_there(&self, wanted: &NotificationTest, labels: &LabelSet) -> bool {
        let receivers = self.desk.trace.receivers_of(labels);
        let mut receivers = receivers.into_iter().flatten();
        match &wanted.receiver {
            Some(receiver) => receivers.any(|name| *name == receiver.value),
            None => receivers.next().is_some(),
        }
    }

    /// Why the alerts that a test is about are not told to whom it names.
    pub(super) fn explain(&self, wanted: &NotificationTest) -> Vec<String> {
        let mut lines = self.holds_back(wanted, |hold| is_notable(hold.of.reason));
        if lines.is_empty() {
            lines = self.holds_back(wanted, |_| true);
        }
        if lines.is_empty() {
            let firing = self.firing(wanted);
            let elsewhere = firing.iter().filter(|(labels, _)| !self.goes_there(wanted, labels));
            for (labels, time) in elsewhere {
                let receivers = self.desk.trace.receivers_of(labels).into_iter().flatten();
                let receivers: Vec<&str> = receivers.map(|name| &**name).collect();
                let since = self.since_start(time.from);
                lines.push(format!(
                    "{} fires since {since} and goes to {}",
                    self.names.name(labels),
                    receivers.join(", ")
                ));
            }
            if firing.is_empty() {
                lines.push("no such alert fires at that time".to_owned());
            }
        }
        shortened(lines)
    }

    /// Each hold of those, as a sentence.
    pub(super) fn holds_back(&self, wanted: &NotificationTest, which: impl Fn(&Hold) -> bool) -> Vec<String> {
        let holds = self.holds(wanted).into_iter().filter(|hold| which(hold));
        shortened(holds.map(|hold| self.sentence(hold)).collect())
    }

    fn sentence(&self, hold: &Hold) -> String {
        let since = self.since_start(hold.from);
        let when = match hold.until {
            Some(until) => format!("from {since} until {}", self.since_start(until)),
            None => format!("since {since}"),
        };
        format!("{}, {when}", held(&hold.of, &self.names))
    }

    /// When the same receiver is told.
    pub(super) fn others(&self, wanted: &NotificationTest) -> Vec<String> {
        let mut told: Vec<&Told> = self.desk.log.iter().filter(|told| self.is_there(wanted, told)).collect();
        let (from, _) = self.window(wanted);
        let more = told.len().saturating_sub(MOST);
        told.sort_by_key(|told| told.at.since(from).millis().abs());
        told.truncate(MOST);
        told.sort_by_key(|told| told.at);
        let line = |told: &Told| {
            let how = match told.outcome.error() {
                Some(error) => format!("not told, {error}"),
                None => status_of(told).as_str().to_owned(),
            };
            format!("{}: {how}: {}", self.title(told), self.texts(told).headline().unwrap_or_default())
        };
        let mut lines: Vec<String> = told.into_iter().map(line).collect();
        if more > 0 {
            lines.push(format!("… and at {more} other times"));
        }
        lines
    }
}

/// The reasons, or the first of many.
fn shortened(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST);
    if more > 0 {
        lines.truncate(MOST);
        lines.push(format!("… and {more} more"));
    }
    lines
}

/// Whom an alert is kept back from, and why, as a sentence.
pub(super) fn held(held: &Held, names: &Names) -> String {
    let alert = names.name(&held.alert);
    let whom = match &*held.integration {
        "" => held.receiver.to_string(),
        integration => format!("{}/{integration}", held.receiver),
    };
    let detail = &held.detail;
    let by = held.by.as_ref().map(|by| names.name(by)).unwrap_or_default();
    match held.reason {
        KeptBack::Inhibited => format!("{alert} is inhibited by {by} for {whom}"),
        KeptBack::Silenced => format!("{alert} is silenced {detail} for {whom}"),
        KeptBack::Muted => format!("{alert} is muted {detail} for {whom}"),
        KeptBack::Cooldown => format!("{whom} is not told of {alert}: cooldown {detail}"),
        KeptBack::Waiting => format!("{alert} waits {detail} for {whom}"),
        KeptBack::Failed => format!("{whom} could not be told of {alert}: {detail}"),
        KeptBack::RateLimited
        | KeptBack::Unchanged
        | KeptBack::NeverTold
        | KeptBack::StillResolved
        | KeptBack::ResolvedUnwanted
        | KeptBack::StandBy
        | KeptBack::NotRouted
        | KeptBack::NotFiring => format!("{whom} is not told of {alert}: {detail}"),
    }
}

/// Whether somebody keeps an alert back, other than because all is said.
pub(super) fn is_notable(reason: KeptBack) -> bool {
    match reason {
        KeptBack::Inhibited
        | KeptBack::Silenced
        | KeptBack::Muted
        | KeptBack::Cooldown
        | KeptBack::RateLimited
        | KeptBack::NeverTold
        | KeptBack::ResolvedUnwanted
        | KeptBack::Failed => true,
        KeptBack::Waiting
        | KeptBack::Unchanged
        | KeptBack::StillResolved
        | KeptBack::StandBy
        | KeptBack::NotRouted
        | KeptBack::NotFiring => false,
    }
}
