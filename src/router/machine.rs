//! The Router itself: its parts, and which of them an input concerns.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::alerts::Alerts;
use super::dead_letters::DeadLetters;
use super::endpoints::{Endpoints, Ticket};
use super::groups::{GroupIndex, Groups};
use super::inhibition::Inhibition;
use super::label_index::LabelIndex;
use super::limits::Limiters;
use super::memory::Memory;
use super::name_limit::NameLimit;
use super::random::Random;
use super::silences::Silences;
use super::timers::{Timer, Timers};
use super::tree::Tree;
use super::{Answer, AttemptId, Effect, Entry, Input, Key, Record, Request, RequestId};
use crate::config::routes::Routing;
use crate::model::Timestamp;

/// Decides what is told to whom, when and why.
///
/// Pure: it is told the time and answers with effects. `now` never decreases from call to call.
#[derive(Debug)]
pub struct Router {
    pub(super) routing: Arc<Routing>,
    pub(super) tree: Tree,
    pub(super) alerts: Alerts,
    pub(super) groups: Groups,
    pub(super) inhibition: Inhibition,
    pub(super) label_index: LabelIndex,
    pub(super) timers: Timers,
    pub(super) memory: Memory,
    pub(super) silences: Silences,
    pub(super) name_limit: NameLimit,
    /// Groups that were not looked at yet.
    pub(super) unseen: BTreeSet<GroupIndex>,
    /// How many deliveries wait for their next attempt.
    pub(super) waiting: usize,
    pub(super) random: Random,
    pub(super) last_attempt: u64,
    /// What is known of the servers that integrations talk to.
    pub(super) endpoints: Endpoints,
    /// What rate limits hold back.
    pub(super) limiters: Limiters,
    /// Notifications that were given up.
    pub(super) dead_letters: DeadLetters,
    pub(super) last_ticket: Ticket,
    /// Attempts without an outcome, with the group and the place of the delivery in it.
    pub(super) in_flight: BTreeMap<AttemptId, (GroupIndex, usize)>,
    /// What the call that runs now answers, and before the first call what `restore` has found to say.
    pub(super) effects: Vec<Effect>,
}

impl Router {
    /// A router that knows nothing yet.
    pub(super) fn new(routing: Arc<Routing>, seed: u64) -> Self {
        Self {
            tree: Tree::new(&routing),
            inhibition: Inhibition::new(&routing.inhibit_rules),
            label_index: LabelIndex::default(),
            name_limit: NameLimit::new(routing.limits.alerts_per_name),
            routing,
            alerts: Alerts::default(),
            groups: Groups::default(),
            timers: Timers::default(),
            memory: Memory::default(),
            silences: Silences::default(),
            unseen: BTreeSet::new(),
            waiting: 0,
            random: Random::new(seed),
            last_attempt: 0,
            endpoints: Endpoints::default(),
            limiters: Limiters::default(),
            dead_letters: DeadLetters::default(),
            last_ticket: 0,
            in_flight: BTreeMap::new(),
            effects: Vec::new(),
        }
    }

    /// Takes one input and answers with what must be done, in order.
    #[must_use = "effects are the machine's only output"]
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Effect> {
        match input {
            Input::Alerts(alerts) => {
                self.on_alerts(now, alerts);
            }
            Input::Request(id, request) => self.on_request(now, id, request),
            Input::Notified(notified) => self.on_notified(now, notified),
            Input::Reload(routing) => self.on_reload(now, routing),
            Input::Wake => self.on_wake(now),
        }
        std::mem::take(&mut self.effects)
    }

    /// When the router wants an [`Input::Wake`], if at all.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let timers = [
            self.timers.next(),
            self.memory.next_end(),
            self.silences.next(),
            self.endpoints.next_due(),
            self.limiters.next_due(),
            self.dead_letters.next_end(),
        ];
        timers.into_iter().flatten().min()
    }

    fn on_request(&mut self, now: Timestamp, id: RequestId, request: Request) {
        let answer = match request {
            Request::Alerts(alerts) => Answer::AlertsTaken { limited: self.on_alerts(now, alerts) },
            Request::SetSilence(draft) => {
                self.set_silence(now, draft).map_or_else(Answer::Refused, Answer::Silence)
            }
            Request::ExpireSilence(id) => {
                self.expire_silence(now, &id).map_or_else(Answer::Refused, |()| Answer::Expired)
            }
            Request::Ack(draft) => self.ack(now, &draft).map_or_else(Answer::Refused, Answer::Acked),
            Request::RetryDeadLetter { id, force } => {
                self.retry_dead_letter(now, &id, force).map_or_else(Answer::Refused, Answer::Resent)
            }
            Request::DropDeadLetter { id } => {
                self.drop_dead_letter(&id).map_or_else(Answer::Refused, |()| Answer::Dropped)
            }
        };
        self.effects.push(Effect::Reply(id, answer));
    }

    fn on_wake(&mut self, now: Timestamp) {
        self.settle_silences(now);
        loop {
            // What is flushed and retried at this instant goes before what waits for its turn.
            if let Some(timer) = self.timers.pop_due(now) {
                match timer {
                    Timer::Flush(group) => self.flush(now, group),
                    Timer::Delivery(group, place) => self.on_delivery_timer(now, group, place),
                }
            } else if let Some(endpoint) = self.endpoints.pop_due(now) {
                self.release(now, &endpoint);
            } else if let Some(limiter) = self.limiters.pop_due(now) {
                self.on_limiter_timer(now, &limiter);
            } else {
                break;
            }
        }
        self.forget_ended(now);
    }

    pub(super) fn forget_ended(&mut self, now: Timestamp) {
        while let Some(key) = self.memory.forget_ended(now) {
            self.forget(Key::Told(key));
        }
        self.forget_dead_letters(now);
    }

    pub(super) fn keep(&mut self, key: Key, record: Record) {
        self.effects.push(Effect::Persist(Entry { key, record: Some(record) }));
    }

    pub(super) fn forget(&mut self, key: Key) {
        self.effects.push(Effect::Persist(Entry { key, record: None }));
    }

    pub(super) fn note(&mut self, event: super::Event) {
        self.effects.push(Effect::Note(event));
    }
}
