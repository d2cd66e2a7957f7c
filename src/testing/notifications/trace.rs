//! What keeps which alert back from whom, and since when: what the router says of itself when something
//! happens, put together over time.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Alert, LabelSet, Str, Timestamp};
use crate::router::{
    Destined, Event, GroupName, IntegrationFacts, IntegrationName, Knows, Muting, NotTold, OnItsWay, Router,
};
use crate::testing::file::KeptBack;

/// A time in which something keeps an alert back from somebody.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hold {
    /// Which alert, why, and from whom.
    pub(super) of: Held,
    /// Since when.
    pub(super) from: Timestamp,
    /// When it was over; `None`: it lasts.
    pub(super) until: Option<Timestamp>,
}

/// That something keeps an alert back from somebody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Held {
    /// Which alert.
    pub(super) alert: LabelSet,
    /// Who is not told.
    pub(super) receiver: Str,
    /// `email[0]`; empty: by any integration.
    pub(super) integration: String,
    /// Why.
    pub(super) reason: KeptBack,
    /// The alert that inhibits it.
    pub(super) by: Option<LabelSet>,
    /// Why exactly: `by {team="db"} of ann`.
    pub(super) detail: String,
}

/// A time in which an alert fires.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Firing {
    /// Since when.
    pub(super) from: Timestamp,
    /// When it was over; `None`: it lasts.
    pub(super) until: Option<Timestamp>,
}

/// A group of alerts: the id of its route, and the labels that they share.
type GroupId = (Str, LabelSet);

/// What keeps alerts back, over time.
#[derive(Debug)]
pub(in crate::testing) struct Trace {
    start: Timestamp,
    /// Each hold, in the order of their beginnings.
    holds: Vec<Hold>,
    /// Those that last, by their places.
    open: BTreeMap<Held, usize>,
    /// When alerts fire, as the router hears of it.
    firing: BTreeMap<LabelSet, Vec<Firing>>,
    /// To whom alerts go.
    receivers: BTreeMap<LabelSet, BTreeSet<Str>>,
    /// In which groups each alert was when somebody looked last.
    members: BTreeMap<LabelSet, BTreeSet<GroupId>>,
    /// Why the integrations of a group were told nothing when it was looked at last.
    not_told: BTreeMap<GroupId, BTreeMap<IntegrationName, NotTold>>,
    /// The rules that kept an alert back.
    inhibit_rules: BTreeSet<String>,
}

impl Trace {
    /// Of a test that starts then.
    pub(super) fn new(start: Timestamp) -> Self {
        let (holds, open, firing, receivers, members, not_told, inhibit_rules) = Default::default();
        Self { start, holds, open, firing, receivers, members, not_told, inhibit_rules }
    }

    /// Each hold, in the order of their beginnings.
    pub(super) fn holds(&self) -> &[Hold] {
        &self.holds
    }

    /// When alerts fire.
    pub(super) fn firing(&self) -> &BTreeMap<LabelSet, Vec<Firing>> {
        &self.firing
    }

    /// To whom an alert goes, as far as anybody looked.
    pub(super) fn receivers_of(&self, alert: &LabelSet) -> Option<&BTreeSet<Str>> {
        self.receivers.get(alert)
    }

    /// The rules that kept an alert back, by name or else `inhibit_rules[0]`.
    pub(super) fn inhibit_rules(&self) -> &BTreeSet<String> {
        &self.inhibit_rules
    }

    /// Alerts that the router is told.
    pub(super) fn hear(&mut self, now: Timestamp, alerts: &[Alert]) {
        for alert in alerts {
            let is_over = alert.is_resolved_at(now);
            let times = self.firing.entry(alert.labels.clone()).or_default();
            match times.last_mut().filter(|last| last.until.is_none()) {
                Some(last) if is_over => last.until = Some(now),
                None if !is_over => times.push(Firing { from: now, until: None }),
                Some(_) | None => {}
            }
        }
    }

    /// Asks the router why who is not told of what, after it noted these events.
    pub(super) fn look(&mut self, now: Timestamp, router: &Router, notes: &[Event]) {
        self.listen(notes);
        let (mut held, mut members) = (BTreeSet::new(), BTreeMap::new());
        for alert in self.firing.keys() {
            if router.labels_of(alert.fingerprint()).is_none() {
                continue;
            }
            let explanation = router.explain(now, alert);
            let rules = explanation.muting.inhibited_by.iter().flat_map(|by| by.rules.iter());
            self.inhibit_rules.extend(rules.cloned());
            if !self.receivers.contains_key(alert) {
                let names = explanation.destinations.iter().map(|destined| destined.receiver.clone());
                self.receivers.insert(alert.clone(), names.collect());
            }
            let is_over = explanation.alert.as_ref().is_some_and(|alert| alert.resolved);
            for destined in &explanation.destinations {
                holds_of((self.start, is_over), alert, &explanation.muting, destined, &mut held);
            }
            let groups = explanation.destinations.into_iter().filter(|destined| destined.group.has_alert);
            let groups = groups.map(|destined| (destined.route, destined.group.labels));
            members.insert(alert.clone(), groups.collect::<BTreeSet<GroupId>>());
        }
        let before = std::mem::replace(&mut self.members, members);
        for (alert, groups) in before.iter().filter(|(alert, _)| !self.fires(alert)) {
            let left =
                groups.iter().filter(|group| !self.members.get(alert).is_some_and(|in_| in_.contains(group)));
            left.for_each(|group| self.let_go(alert, group, &mut held));
        }
        self.note_holds(now, held);
    }

    /// Closes the holds that are over, and opens new ones.
    fn note_holds(&mut self, now: Timestamp, mut held: BTreeSet<Held>) {
        let mut open = std::mem::take(&mut self.open);
        open.retain(|known, at| {
            let lasts = held.remove(known) || (is_final(known.reason) && !self.fires(&known.alert));
            if !lasts {
                self.holds[*at].until = Some(now);
            }
            lasts
        });
        self.open = open;
        for of in held {
            self.open.insert(of.clone(), self.holds.len());
            self.holds.push(Hold { of, from: now, until: None });
        }
    }

    /// Takes note of why who is not told: the router may forget the group at the same instant.
    fn listen(&mut self, notes: &[Event]) {
        let id = |group: &GroupName| (group.route.clone(), group.labels.clone());
        for event in notes {
            match event {
                Event::NotTold { group, integration, why } => {
                    self.not_told.entry(id(group)).or_default().insert(integration.clone(), *why);
                }
                Event::NotificationSent { group, integration, .. }
                | Event::AttemptFailed { group, integration, .. } => {
                    if let Some(of_group) = self.not_told.get_mut(&id(group)) {
                        of_group.remove(integration);
                    }
                }
                Event::AlertsReceived { .. }
                | Event::Alert { .. }
                | Event::AlertsLimited { .. }
                | Event::Suppressed { .. }
                | Event::GroupCreated { .. }
                | Event::GroupDropped { .. }
                | Event::Superseded { .. }
                | Event::RouteLabelFailed { .. }
                | Event::CircuitOpened { .. }
                | Event::CircuitClosed { .. }
                | Event::DeadLetter { .. }
                | Event::Silence { .. }
                | Event::Reloaded { .. } => {}
            }
        }
    }

    /// Why nobody was told of the end of an alert that has left a group.
    fn let_go(&self, alert: &LabelSet, group: &GroupId, held: &mut BTreeSet<Held>) {
        for (name, why) in self.not_told.get(group).into_iter().flatten() {
            if let Some(reason) = of_end(*why) {
                let (receiver, integration) =
                    (name.receiver.clone(), format!("{}[{}]", name.kind, name.index));
                let (alert, detail) = (alert.clone(), why.as_str().to_owned());
                held.insert(Held { alert, receiver, integration, reason, by: None, detail });
            }
        }
    }

    fn fires(&self, alert: &LabelSet) -> bool {
        self.firing.get(alert).and_then(|times| times.last()).is_some_and(|last| last.until.is_none())
    }
}

/// Whether nothing but the alert's next beginning ends it.
fn is_final(reason: KeptBack) -> bool {
    matches!(reason, KeptBack::NeverTold | KeptBack::StillResolved | KeptBack::ResolvedUnwanted)
}

/// The reason for which somebody is not told that an alert is over; `None`: it is no end.
fn of_end(why: NotTold) -> Option<KeptBack> {
    match why {
        NotTold::NeverTold => Some(KeptBack::NeverTold),
        NotTold::StillResolved => Some(KeptBack::StillResolved),
        NotTold::ResolvedUnwanted => Some(KeptBack::ResolvedUnwanted),
        NotTold::Unchanged
        | NotTold::Cooldown(_)
        | NotTold::InFlight
        | NotTold::Muted
        | NotTold::RateLimited
        | NotTold::StandBy
        | NotTold::QuietTime => None,
    }
}

/// What keeps an alert back at one of its routes.
fn holds_of(
    (start, is_over): (Timestamp, bool),
    alert: &LabelSet,
    muting: &Muting,
    destined: &Destined,
    held: &mut BTreeSet<Held>,
) {
    let mut add = |(receiver, integration): (&str, &str), reason, detail: String| {
        let (receiver, integration) = (receiver.into(), integration.to_owned());
        held.insert(Held { alert: alert.clone(), receiver, integration, reason, by: None, detail });
    };
    let all = (&*destined.receiver, "");
    for by in &muting.silenced_by {
        let comment = if by.comment.is_empty() { String::new() } else { format!(" ({:?})", &*by.comment) };
        add(
            all,
            KeptBack::Silenced,
            format!("by {{{}}} of {}{comment}", by.matchers.join(", "), by.created_by),
        );
    }
    if !destined.quiet_by.is_empty() {
        add(all, KeptBack::Muted, format!("by the time interval {}", destined.quiet_by.join(", ")));
    }
    for facts in &destined.integrations {
        if let Some((reason, detail)) = of_integration(start, is_over, facts) {
            // Not always one of the route's receiver: it may be a fallback.
            add(facts.name.rsplit_once('/').unwrap_or(all), reason, detail);
        }
    }
    held.extend(muting.inhibited_by.iter().map(|by| Held {
        alert: alert.clone(),
        receiver: destined.receiver.clone(),
        integration: String::new(),
        reason: KeptBack::Inhibited,
        by: Some(by.labels.clone()),
        detail: String::new(),
    }));
}

/// Why an integration is not told of an alert, other than for what mutes alerts or routes.
fn of_integration(start: Timestamp, is_over: bool, facts: &IntegrationFacts) -> Option<(KeptBack, String)> {
    let knows = facts.told.as_ref().map_or(Knows::Nothing, |told| told.alert);
    let is_news = knows != if is_over { Knows::Resolved } else { Knows::Firing };
    let error = || facts.last_error.as_deref().unwrap_or("the last attempt failed").to_owned();
    match (&facts.on_its_way, &facts.not_told) {
        (Some(OnItsWay::Retrying { .. }), _) => return Some((KeptBack::Failed, error())),
        (Some(OnItsWay::InFlight { .. }), _) => return None,
        (None, None) if facts.last_error.is_some() => return Some((KeptBack::Failed, error())),
        (None, None) if facts.fallback.is_some() => return None,
        (None, None) if knows == Knows::Nothing && !is_over => {
            return Some((KeptBack::Waiting, "for the first look at its group".to_owned()));
        }
        (None, _) => {}
    }
    let why = facts.not_told.as_ref()?.reason;
    let reason = match why {
        NotTold::Cooldown(end) if is_news => {
            return Some((KeptBack::Cooldown, format!("until {}", end.since(start))));
        }
        NotTold::Unchanged if is_news && !is_over => {
            return Some((KeptBack::Waiting, "for the next look at its group".to_owned()));
        }
        NotTold::RateLimited if is_news => KeptBack::RateLimited,
        NotTold::Unchanged | NotTold::Cooldown(_) | NotTold::RateLimited => KeptBack::Unchanged,
        NotTold::StandBy => KeptBack::StandBy,
        NotTold::NeverTold | NotTold::StillResolved | NotTold::ResolvedUnwanted => {
            of_end(why).filter(|_| is_over)?
        }
        // Their causes are there already; or it is of another alert.
        NotTold::InFlight | NotTold::Muted | NotTold::QuietTime => return None,
    };
    Some((reason, why.as_str().to_owned()))
}
