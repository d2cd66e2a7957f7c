//! What is known of the servers that integrations talk to, and who waits for them: circuit breakers.
//!
//! An endpoint that fails several times in a row is left alone: attempts to it wait in line, one at a time is
//! let through as a probe, and the first that is answered lets the others follow, a few at a time. One that asks
//! for time (429 with `Retry-After`) gets it the same way. Alertmanager has none of this, so with `compat: strict`
//! nobody waits in line.
//!
//! Here is the state; [`super::breaker`] acts on it. It is not persisted: after a restart each endpoint gets a
//! fresh start, and what was on its way stands in line at once.

use std::collections::{BTreeMap, BTreeSet};

use super::groups::GroupIndex;
use super::random::Random;
use super::{AttemptId, IntegrationName, retry};
use crate::model::{Duration, Str, Timestamp};

/// After how many failures in a row an endpoint is left alone.
pub(super) const MOST_FAILURES: u32 = 5;

/// How many attempts may be on their way to an endpoint before those in line have to wait on.
pub(super) const MOST_IN_FLIGHT: usize = 16;

/// For how long an endpoint may ask all to leave it alone.
pub(super) const LONGEST_HOLD: Duration = Duration::from_mins(60);

/// A place in a line: the smaller, the earlier.
pub(super) type Ticket = u64;

/// A delivery: its group and its place in it.
pub(super) type Slot = (GroupIndex, usize);

/// Deliveries that wait; integrations take turns, each in the order of its tickets.
#[derive(Debug, Default)]
pub(super) struct Line {
    lanes: BTreeMap<IntegrationName, BTreeMap<Ticket, Slot>>,
    /// Whose turn it was last.
    last: Option<IntegrationName>,
}

impl Line {
    fn join(&mut self, who: &IntegrationName, ticket: Ticket, slot: Slot) {
        self.lanes.entry(who.clone()).or_default().insert(ticket, slot);
    }

    fn leave(&mut self, who: &IntegrationName, ticket: Ticket) {
        let Some(lane) = self.lanes.get_mut(who) else { return };
        lane.remove(&ticket);
        if lane.is_empty() {
            self.lanes.remove(who);
        }
    }

    /// Takes out who is next.
    fn next(&mut self) -> Option<Slot> {
        use std::ops::Bound::{Excluded, Unbounded};
        let after = self.last.take().and_then(|last| self.lanes.range((Excluded(last), Unbounded)).next());
        let who = after.or_else(|| self.lanes.first_key_value())?.0.clone();
        let lane = self.lanes.get_mut(&who)?;
        let (_, slot) = lane.pop_first()?;
        if lane.is_empty() {
            self.lanes.remove(&who);
        }
        self.last = Some(who);
        Some(slot)
    }

    fn len(&self) -> usize {
        self.lanes.values().map(BTreeMap::len).sum()
    }
}

/// An endpoint that does not answer.
#[derive(Debug)]
struct Open {
    since: Timestamp,
    /// How many probes failed.
    probes: u32,
    /// When the next one may be made.
    probe_at: Timestamp,
    /// The one that has no outcome yet.
    probe: Option<AttemptId>,
}

/// What is known of an endpoint.
#[derive(Debug, Default)]
pub(super) struct Endpoint {
    /// Failures in a row.
    failures: u32,
    /// What the last one was.
    error: Option<Str>,
    /// Set while it is left alone because it does not answer.
    open: Option<Open>,
    /// Until when it wants to be left alone.
    held_until: Option<Timestamp>,
    /// Integrations whose last attempt failed. Others have a try of their own while the endpoint is left alone:
    /// behind one host there may be several services.
    troubled: BTreeSet<IntegrationName>,
    line: Line,
    in_flight: BTreeSet<AttemptId>,
    timer: Option<Timestamp>,
}

/// Whether an attempt may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// It may.
    Free,
    /// It may, as the probe.
    Probe,
    /// It has to wait in line.
    Wait,
}

/// How an endpoint took an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It answered, with whatever.
    Answer,
    /// It answered that it wants to be left alone until then.
    Hold(Timestamp),
    /// It did not answer, or only that it cannot.
    Failure(Str),
}

/// Whether an endpoint has just been given up or is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Opened,
    Closed,
}

/// What may be done for those in line.
enum Next {
    /// The next one may go.
    Now,
    /// Not before this time.
    At(Timestamp),
    /// Once an attempt has an outcome.
    AfterOutcome,
}

impl Endpoint {
    fn is_held(&self, now: Timestamp) -> bool {
        self.held_until.is_some_and(|until| until > now)
    }

    fn next(&self, now: Timestamp) -> Next {
        if let Some(until) = self.held_until.filter(|until| *until > now) {
            return Next::At(until);
        }
        match &self.open {
            Some(Open { probe: Some(_), .. }) => Next::AfterOutcome,
            Some(Open { probe_at, .. }) if *probe_at > now => Next::At(*probe_at),
            Some(_) => Next::Now,
            None if self.in_flight.len() >= MOST_IN_FLIGHT => Next::AfterOutcome,
            None => Next::Now,
        }
    }

    /// Whether nothing would be forgotten with it.
    fn is_plain(&self, now: Timestamp) -> bool {
        self.failures == 0
            && self.open.is_none()
            && !self.is_held(now)
            && self.line.lanes.is_empty()
            && self.in_flight.is_empty()
    }

    /// An attempt will have no outcome, or none that matters.
    fn forget(&mut self, now: Timestamp, attempt: AttemptId) {
        self.in_flight.remove(&attempt);
        if let Some(open) = self.open.as_mut().filter(|open| open.probe == Some(attempt)) {
            (open.probe, open.probe_at) = (None, now);
        }
    }

    fn hear(
        &mut self,
        now: Timestamp,
        who: &IntegrationName,
        attempt: AttemptId,
        heard: Heard,
        random: &mut Random,
    ) -> Option<Turn> {
        self.in_flight.remove(&attempt);
        let error = match heard {
            Heard::Answer | Heard::Hold(_) => {
                if let Heard::Hold(until) = heard {
                    self.held_until = self.held_until.max(Some(until.min(now + LONGEST_HOLD)));
                }
                self.failures = 0;
                self.troubled.remove(who);
                return self.open.take().map(|_| Turn::Closed);
            }
            Heard::Failure(error) => error,
        };
        self.failures = self.failures.saturating_add(1);
        self.error = Some(error);
        self.troubled.insert(who.clone());
        let mut wait = |probes: u32| now + retry::backoff(MOST_FAILURES.saturating_add(probes), None, random);
        match &mut self.open {
            Some(open) if open.probe == Some(attempt) => {
                open.probes = open.probes.saturating_add(1);
                (open.probe, open.probe_at) = (None, wait(open.probes));
                None
            }
            Some(_) => None,
            None if self.failures >= MOST_FAILURES => {
                self.open = Some(Open { since: now, probes: 0, probe_at: wait(0), probe: None });
                Some(Turn::Opened)
            }
            None => None,
        }
    }
}

/// An endpoint that is left alone, or for which somebody waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointView {
    /// Its kind and host.
    pub endpoint: Str,
    /// Since when it does not answer.
    pub open_since: Option<Timestamp>,
    /// What went wrong last.
    pub last_error: Option<Str>,
    /// Until when it asked to be left alone.
    pub held_until: Option<Timestamp>,
    /// When the next attempt is made; `None`: one is on its way.
    pub next_try: Option<Timestamp>,
    /// How many notifications wait for it in line.
    pub waiting: usize,
}

/// All endpoints of which anything is known.
#[derive(Debug, Default)]
pub(super) struct Endpoints {
    by_name: BTreeMap<Str, Endpoint>,
    timers: BTreeSet<(Timestamp, Str)>,
}

impl Endpoints {
    fn at(&mut self, name: &Str) -> &mut Endpoint {
        self.by_name.entry(name.clone()).or_default()
    }

    /// Whether an attempt may be made now. Who is let through in spite of trouble is no stranger any more.
    pub(super) fn pass(&mut self, now: Timestamp, name: &Str, who: &IntegrationName) -> Pass {
        let endpoint = self.at(name);
        let is_first = endpoint.line.lanes.is_empty();
        if endpoint.is_held(now) {
            return Pass::Wait;
        }
        match &endpoint.open {
            Some(open) if open.probe.is_none() && open.probe_at <= now && is_first => Pass::Probe,
            Some(_) if endpoint.troubled.insert(who.clone()) => Pass::Free,
            Some(_) => Pass::Wait,
            None if !is_first && endpoint.troubled.contains(who) => Pass::Wait,
            None => Pass::Free,
        }
    }

    /// An attempt is being made.
    pub(super) fn begin(&mut self, name: &Str, attempt: AttemptId) {
        self.at(name).in_flight.insert(attempt);
    }

    /// The attempt that was just begun is the probe.
    pub(super) fn is_probe(&mut self, name: &Str, attempt: AttemptId) {
        if let Some(open) = &mut self.at(name).open {
            open.probe = Some(attempt);
        }
    }

    pub(super) fn forget(&mut self, now: Timestamp, name: &Str, attempt: AttemptId) {
        if let Some(endpoint) = self.by_name.get_mut(name) {
            endpoint.forget(now, attempt);
            self.arm(now, name);
        }
    }

    pub(super) fn hear(
        &mut self,
        now: Timestamp,
        name: &Str,
        who: &IntegrationName,
        attempt: AttemptId,
        heard: Heard,
        random: &mut Random,
    ) -> Option<Turn> {
        self.at(name).hear(now, who, attempt, heard, random)
    }

    /// Whether whoever fails now has to wait in line.
    pub(super) fn has_line(&self, now: Timestamp, name: &Str) -> bool {
        self.by_name.get(name).is_some_and(|endpoint| endpoint.open.is_some() || endpoint.is_held(now))
    }

    pub(super) fn join(
        &mut self,
        now: Timestamp,
        name: &Str,
        who: &IntegrationName,
        ticket: Ticket,
        slot: Slot,
    ) {
        self.at(name).line.join(who, ticket, slot);
        self.arm(now, name);
    }

    pub(super) fn leave(&mut self, name: &Str, who: &IntegrationName, ticket: Ticket) {
        if let Some(endpoint) = self.by_name.get_mut(name) {
            endpoint.line.leave(who, ticket);
        }
    }

    /// Takes out of the line who may go now; second: whether it is the probe.
    pub(super) fn take_next(&mut self, now: Timestamp, name: &Str) -> Option<(Slot, bool)> {
        let endpoint = self.by_name.get_mut(name)?;
        match endpoint.next(now) {
            Next::Now => endpoint.line.next().map(|slot| (slot, endpoint.open.is_some())),
            Next::At(_) | Next::AfterOutcome => None,
        }
    }

    /// Sets the endpoint's timer to when the next in line may go; forgets it if there is nothing to know.
    pub(super) fn arm(&mut self, now: Timestamp, name: &Str) {
        let Some(endpoint) = self.by_name.get_mut(name) else { return };
        let next = match endpoint.next(now) {
            _ if endpoint.line.lanes.is_empty() => None,
            Next::Now => Some(now),
            Next::At(at) => Some(at),
            Next::AfterOutcome => None,
        };
        let before = std::mem::replace(&mut endpoint.timer, next);
        let is_plain = endpoint.is_plain(now);
        if before != next {
            before.map(|at| self.timers.remove(&(at, name.clone())));
            next.map(|at| self.timers.insert((at, name.clone())));
        }
        if is_plain {
            self.by_name.remove(name);
        }
    }

    /// An endpoint whose timer is due at `now`.
    pub(super) fn pop_due(&mut self, now: Timestamp) -> Option<Str> {
        let (at, _) = self.timers.first()?;
        if *at > now {
            return None;
        }
        let (_, name) = self.timers.pop_first()?;
        if let Some(endpoint) = self.by_name.get_mut(&name) {
            endpoint.timer = None;
        }
        Some(name)
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// When the next attempt to an endpoint is made, as far as that is known.
    pub(super) fn next_try(&self, now: Timestamp, name: &Str) -> Option<Timestamp> {
        match self.by_name.get(name)?.next(now) {
            Next::Now => Some(now),
            Next::At(at) => Some(at),
            Next::AfterOutcome => None,
        }
    }

    /// How many wait in line, and what went wrong last.
    pub(super) fn state_of(&self, name: &Str) -> (usize, Option<Str>) {
        self.by_name.get(name).map_or((0, None), |known| (known.line.len(), known.error.clone()))
    }

    /// Forgets who waits and what is on its way, before all are entered anew; and endpoints that are not named
    /// any more. Answers those of them that were left alone.
    pub(super) fn begin_reload(&mut self, names: &BTreeSet<Str>) -> Vec<Str> {
        self.timers.clear();
        for endpoint in self.by_name.values_mut() {
            (endpoint.line, endpoint.timer) = (Line::default(), None);
            endpoint.in_flight.clear();
        }
        let mut gone = Vec::new();
        self.by_name.retain(|name, endpoint| {
            let stays = names.contains(name);
            if !stays && endpoint.open.is_some() {
                gone.push(name.clone());
            }
            stays
        });
        gone
    }

    /// After all have been entered anew: a probe that was not is over.
    pub(super) fn end_reload(&mut self, now: Timestamp) {
        let names: Vec<Str> = self.by_name.keys().cloned().collect();
        for name in names {
            let endpoint = self.at(&name);
            let probe = endpoint.open.as_ref().and_then(|open| open.probe);
            if let Some(probe) = probe.filter(|probe| !endpoint.in_flight.contains(probe)) {
                endpoint.forget(now, probe);
            }
            self.arm(now, &name);
        }
    }

    /// Endpoints that are left alone, or for which somebody waits.
    pub(super) fn views(&self, now: Timestamp) -> Vec<EndpointView> {
        let worth = |(_, known): &(&Str, &Endpoint)| {
            known.open.is_some() || known.is_held(now) || !known.line.lanes.is_empty()
        };
        let view = |(name, known): (&Str, &Endpoint)| EndpointView {
            endpoint: name.clone(),
            open_since: known.open.as_ref().map(|open| open.since),
            last_error: known.error.clone().filter(|_| known.open.is_some()),
            held_until: known.held_until.filter(|until| *until > now),
            next_try: match known.next(now) {
                Next::Now => Some(now),
                Next::At(at) => Some(at),
                Next::AfterOutcome => None,
            },
            waiting: known.line.len(),
        };
        self.by_name.iter().filter(worth).map(view).collect()
    }
}
