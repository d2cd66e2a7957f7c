//! Both machines behind one `handle`: the rules engine and the router, one clock reading a decision.
//!
//! Pure: no clock, no I/O, no task, no lock. The shell, the simulator and the tests differ only in who
//! answers the effects.
//!
//! The contract, each line also a property test: `now` never decreases; an early or repeated `Wake` does
//! nothing; after a `Wake` at `t`, `next_wake()` is `None` or later than `t`; `handle` never waits; unknown
//! ids are ignored; all randomness comes from one seed; what must survive a restart is a `Persist`, emitted
//! before any effect that relies on it; same config, seed and inputs give identical effects.

pub mod explain;

use std::sync::Arc;

use crate::config::routes::Routing;
use crate::model::{Alert, Timestamp};
use crate::router::{Answer, Request, RequestId};
use crate::{router, rules};

/// Everything that is decided by files and flags.
#[derive(Clone, Debug)]
pub struct Config {
    /// The rules and how to evaluate them.
    pub rules: Arc<rules::RulesConfig>,
    /// Whom to tell.
    pub routing: Arc<Routing>,
}

/// What happens to the core.
#[derive(Clone, Debug)]
pub enum Input {
    /// The answer to [`Effect::Query`].
    Sampled(rules::Sampled),
    /// The answer to [`Effect::Write`].
    Written(rules::Written),
    /// Alerts from another system, already valid.
    Alerts(Vec<Alert>),
    /// Somebody asks the router for something; answered with [`Effect::Reply`].
    Request(RequestId, Request),
    /// The answer to [`Effect::Notify`].
    Notified(router::Notified),
    /// New rules and routes.
    Reload(Config),
    /// The time that [`Core::next_wake`] named has come, or any other time.
    Wake,
}

/// What the core wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Ask the data source; the answer comes back as [`Input::Sampled`].
    Query(rules::Query),
    /// Write samples to the data source; the answer comes back as [`Input::Written`].
    Write(rules::Write),
    /// Tell somebody; the answer comes back as [`Input::Notified`].
    Notify(router::Attempt),
    /// Keep this for the next start, before any effect that follows it.
    Persist(Entry),
    /// Answer a request, once everything persisted before is kept.
    Reply(RequestId, Answer),
    /// Something worth a log line, a metric, a line of history.
    Note(Event),
}

/// A record to keep or to forget.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// Of the rules engine.
    Rules(rules::Entry),
    /// Of the router.
    Router(router::Entry),
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// In the rules engine.
    Rules(rules::Event),
    /// In the router.
    Router(router::Event),
}

/// The state that the API serves; a pure read.
#[derive(Clone, Debug)]
pub struct View {
    /// Rule groups with their alerts.
    pub rules: rules::View,
    /// Alert groups and counts.
    pub router: router::View,
}

/// The rules engine and the router as one machine.
#[derive(Debug)]
pub struct Core {
    rules: rules::Engine,
    router: router::Router,
}

impl Core {
    /// Starts from what an earlier run persisted (nothing, at first).
    #[must_use]
    pub fn restore(config: &Config, seed: u64, now: Timestamp, saved: Vec<Entry>) -> Self {
        let (mut of_rules, mut of_router) = (Vec::new(), Vec::new());
        for entry in saved {
            match entry {
                Entry::Rules(entry) => of_rules.push(entry),
                Entry::Router(entry) => of_router.push(entry),
            }
        }
        Self {
            rules: rules::Engine::restore(Arc::clone(&config.rules), now, of_rules),
            router: router::Router::restore(Arc::clone(&config.routing), seed, now, of_router),
        }
    }

    /// Takes one input and answers with what must be done, in order.
    #[must_use = "effects are the machine's only output"]
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Sampled(sampled) => self.step_rules(now, rules::Input::Sampled(sampled), &mut effects),
            Input::Written(written) => self.step_rules(now, rules::Input::Written(written), &mut effects),
            Input::Alerts(alerts) => self.step_router(now, router::Input::Alerts(alerts), &mut effects),
            Input::Request(id, request) => {
                self.step_router(now, router::Input::Request(id, request), &mut effects);
            }
            Input::Notified(notified) => {
                self.step_router(now, router::Input::Notified(notified), &mut effects);
            }
            Input::Reload(config) => {
                // Routes first: what removed rules resolve is routed by the new tree.
                self.step_router(now, router::Input::Reload(config.routing), &mut effects);
                self.step_rules(now, rules::Input::Reload(config.rules), &mut effects);
            }
            Input::Wake => {
                // Rules first: what they find out at this instant is in the groups that flush at it.
                self.step_rules(now, rules::Input::Wake, &mut effects);
                self.step_router(now, router::Input::Wake, &mut effects);
            }
        }
        effects
    }

    /// When the core wants a [`Input::Wake`], if at all.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        [self.rules.next_wake(), self.router.next_wake()].into_iter().flatten().min()
    }

    /// Rule groups with their alerts, without the router's counts, which may take a walk over all its alerts.
    #[must_use]
    pub fn rules_view(&self, now: Timestamp) -> rules::View {
        self.rules.view(now)
    }

    /// What metrics and health show.
    #[must_use]
    pub fn view(&self, now: Timestamp) -> View {
        View { rules: self.rules.view(now), router: self.router.view(now) }
    }

    /// The router, to be read.
    #[must_use]
    pub fn router(&self) -> &router::Router {
        &self.router
    }

    /// One page of alerts; see [`router::Router::alert_page`]. Builds the indexes that serve the question.
    pub fn alert_page(
        &mut self,
        now: Timestamp,
        query: &router::AlertQuery,
        from: router::Cursor,
        limit: usize,
    ) -> router::Page<router::AlertView> {
        self.router.index_for(&query.matchers);
        self.router.alert_page(now, query, from, limit)
    }

    /// One page of groups; see [`router::Router::group_page`]. Builds the indexes that serve the question.
    pub fn group_page(
        &mut self,
        now: Timestamp,
        query: &router::AlertQuery,
        from: router::Cursor,
        limit: usize,
    ) -> router::Page<router::GroupAlerts> {
        self.router.index_for(&query.matchers);
        self.router.group_page(now, query, from, limit)
    }

    fn step_rules(&mut self, now: Timestamp, input: rules::Input, effects: &mut Vec<Effect>) {
        for effect in self.rules.handle(now, input) {
            match effect {
                rules::Effect::Query(query) => effects.push(Effect::Query(query)),
                rules::Effect::Write(write) => effects.push(Effect::Write(write)),
                rules::Effect::Alerts(alerts) => {
                    self.step_router(now, router::Input::Alerts(alerts), effects);
                }
                rules::Effect::Persist(entry) => effects.push(Effect::Persist(Entry::Rules(entry))),
                rules::Effect::Note(event) => effects.push(Effect::Note(Event::Rules(event))),
            }
        }
    }

    fn step_router(&mut self, now: Timestamp, input: router::Input, effects: &mut Vec<Effect>) {
        effects.extend(self.router.handle(now, input).into_iter().map(|effect| match effect {
            router::Effect::Notify(attempt) => Effect::Notify(attempt),
            router::Effect::Persist(entry) => Effect::Persist(Entry::Router(entry)),
            router::Effect::Reply(id, answer) => Effect::Reply(id, answer),
            router::Effect::Note(event) => Effect::Note(Event::Router(event)),
        }));
    }
}
