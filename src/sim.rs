//! The core in a scripted world with a clock that jumps: tests, and whatever runs faster than time.
//!
//! It is the twin of the shell's run loop. The shell performs effects over the network; here a [`World`]
//! answers them, after a delay that it chooses, and the clock jumps to whatever comes next. Nothing sleeps:
//! a simulated day of an alert group takes less than a millisecond.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::core::{Config, Core, Effect, Entry, Event, Input};
use crate::model::{Duration, QueryValue, Timestamp};
use crate::{router, rules};

/// Whoever answers the core's effects. Each answer comes with the time that it takes.
pub trait World {
    /// Answers a query.
    fn query(&mut self, now: Timestamp, query: &rules::Query) -> (Duration, QueryAnswer);

    /// Takes written samples.
    fn write(&mut self, now: Timestamp, write: &rules::Write) -> (Duration, Result<(), String>) {
        let _ = (now, write);
        (Duration::ZERO, Ok(()))
    }

    /// Delivers a notification, or fails to. The receiver has it at once; we hear of it after the delay.
    fn notify(&mut self, now: Timestamp, attempt: &router::Attempt) -> (Duration, router::Outcome);

    /// Hears that the core will never learn of the outcome of an attempt, because it crashed before.
    fn outcome_lost(&mut self, attempt: router::AttemptId) {
        let _ = attempt;
    }
}

/// What a query is answered with.
pub type QueryAnswer = Result<QueryValue, rules::QueryError>;

/// What happened, in order: what was tried to be told to whom, and what else the core noted.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Each attempt with its outcome, at the time it was made.
    pub attempts: Vec<(Timestamp, router::Attempt, router::Outcome)>,
    /// Each answer to a request with its time.
    pub answers: Vec<(Timestamp, router::RequestId, router::Answer)>,
    /// Each event with its time.
    pub events: Vec<(Timestamp, Event)>,
}

/// A core, a world, a jumping clock and what was persisted.
#[derive(Debug)]
pub struct Sim<W> {
    core: Core,
    config: Config,
    seed: u64,
    now: Timestamp,
    /// Who answers. Tests change it between steps.
    pub world: W,
    /// Answers under way, by the time they arrive and then in the order in which they were caused.
    arriving: BTreeMap<(Timestamp, u64), Input>,
    caused: u64,
    saved_rules: BTreeMap<rules::Key, rules::Record>,
    saved_router: BTreeMap<router::Key, router::Record>,
    /// What happened so far.
    pub log: Log,
}

impl<W: World> Sim<W> {
    /// Starts at `now` with nothing persisted.
    pub fn new(config: Config, seed: u64, now: Timestamp, world: W) -> Self {
        Self {
            core: Core::restore(&config, seed, now, Vec::new()),
            config,
            seed,
            now,
            world,
            arriving: BTreeMap::new(),
            caused: 0,
            saved_rules: BTreeMap::new(),
            saved_router: BTreeMap::new(),
            log: Log::default(),
        }
    }

    /// The simulated time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The machine itself, to look at.
    #[must_use]
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// Gives the core an input now.
    pub fn input(&mut self, input: Input) {
        if let Input::Reload(config) = &input {
            self.config = config.clone();
        }
        let woken = matches!(input, Input::Wake);
        for effect in self.core.handle(self.now, input) {
            self.perform(effect);
        }
        let next = self.core.next_wake();
        assert!(!woken || next.is_none_or(|next| next > self.now), "woken at {}, next {next:?}", self.now);
    }

    /// Gives the core an input at a later time.
    pub fn input_at(&mut self, at: Timestamp, input: Input) {
        self.caused += 1;
        self.arriving.insert((at.max(self.now), self.caused), input);
    }

    /// Lets time run until `end`: everything that is due by then happens, in order.
    pub fn run_until(&mut self, end: Timestamp) {
        loop {
            let arrival = self.arriving.first_key_value().map(|((at, _), _)| *at);
            let wake = self.core.next_wake().map(|at| at.max(self.now));
            // An input and a deadline at one instant: input first, as in the shell's run loop.
            let input = match (arrival, wake) {
                (Some(arrival), _) if arrival <= end && wake.is_none_or(|wake| arrival <= wake) => {
                    self.now = arrival;
                    self.arriving.pop_first().map(|(_, input)| input)
                }
                (_, Some(wake)) if wake <= end => {
                    self.now = wake;
                    Some(Input::Wake)
                }
                _ => None,
            };
            match input {
                Some(input) => self.input(input),
                None => break,
            }
        }
        self.now = self.now.max(end);
    }

    /// Lets time run for `duration`.
    pub fn run_for(&mut self, duration: Duration) {
        self.run_until(self.now + duration);
    }

    /// Kills the process and starts it again `down` later from what was persisted. Answers under way are
    /// lost; what receivers got before stays with them.
    pub fn crash(&mut self, down: Duration) {
        for input in std::mem::take(&mut self.arriving).into_values() {
            if let Input::Notified(notified) = input {
                self.world.outcome_lost(notified.attempt);
            }
        }
        self.now = self.now + down;
        let of_rules = self.saved_rules.iter().map(|(key, record)| {
            Entry::Rules(rules::Entry { key: key.clone(), record: Some(record.clone()) })
        });
        let of_router = self.saved_router.iter().map(|(key, record)| {
            Entry::Router(router::Entry { key: key.clone(), record: Some(record.clone()) })
        });
        let saved = of_rules.chain(of_router).collect();
        self.core = Core::restore(&self.config, self.seed, self.now, saved);
    }

    /// How many records are persisted at the moment.
    #[must_use]
    pub fn saved_len(&self) -> usize {
        self.saved_rules.len() + self.saved_router.len()
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Query(query) => {
                let (delay, result) = self.world.query(self.now, &query);
                self.input_at(self.now + delay, Input::Sampled(rules::Sampled { eval: query.eval, result }));
            }
            Effect::Write(write) => {
                let (delay, result) = self.world.write(self.now, &write);
                self.input_at(self.now + delay, Input::Written(rules::Written { id: write.id, result }));
            }
            Effect::Notify(attempt) => {
                let (delay, outcome) = self.world.notify(self.now, &attempt);
                let notified =
                    router::Notified { attempt: attempt.id, outcome: outcome.clone(), memory: None };
                self.input_at(self.now + delay, Input::Notified(notified));
                self.log.attempts.push((self.now, attempt, outcome));
            }
            Effect::Persist(Entry::Rules(entry)) => keep(&mut self.saved_rules, entry.key, entry.record),
            Effect::Persist(Entry::Router(entry)) => keep(&mut self.saved_router, entry.key, entry.record),
            Effect::Reply(id, answer) => self.log.answers.push((self.now, id, answer)),
            Effect::Note(event) => self.log.events.push((self.now, event)),
        }
    }
}

fn keep<K: Ord, R>(saved: &mut BTreeMap<K, R>, key: K, record: Option<R>) {
    match record {
        Some(record) => drop(saved.insert(key, record)),
        None => drop(saved.remove(&key)),
    }
}

/// The attempts as a person reads them: one line each, times since `start`.
#[must_use]
pub fn timeline(log: &Log, start: Timestamp) -> String {
    let mut text = String::new();
    for (at, attempt, outcome) in &log.attempts {
        let notification = &attempt.notification;
        let names = |resolved: bool| -> Vec<String> {
            let wanted = notification.alerts.iter().filter(|alert| alert.resolved == resolved);
            let name = |alert: &router::NotifiedAlert| match alert.flaps {
                0 => describe(&alert.labels),
                flaps => format!("{} {flaps}x again", describe(&alert.labels)),
            };
            wanted.map(name).collect()
        };
        let (firing, resolved) = (names(false).join(" "), names(true).join(" "));
        let outcome = match outcome {
            router::Outcome::Delivered => "delivered",
            router::Outcome::Retryable { .. } => "failed, to be retried",
            router::Outcome::Refused { .. } => "refused",
        };
        let _ = write!(text, "t+{} {}/{}", at.since(start), notification.receiver, attempt.integration.kind);
        let _ = write!(text, " try {}: {}", attempt.number, notification.reason.as_str());
        let _ = writeln!(text, "; firing [{firing}] resolved [{resolved}]; {outcome}");
    }
    text
}

/// The alert's name with its `instance`, as a short name in timelines.
fn describe(labels: &crate::model::LabelSet) -> String {
    match labels.value("instance") {
        "" => labels.value("alertname").to_owned(),
        instance => format!("{}({instance})", labels.value("alertname")),
    }
}
