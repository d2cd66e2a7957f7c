//! The router of one test: alerts come in, time runs, and whoever is told takes it, fails or refuses as the
//! test says. No time passes between an attempt and its outcome.

use std::cell::OnceCell;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::is_integration;
use super::texts::Texts;
use super::trace::Trace;
use crate::config::routes::Routing;
use crate::model::{Alert, Duration, SilenceKind, Str, Timestamp};
use crate::router::{
    Answer, Attempt, Effect, Event, Failure, Input, Notified, Outcome, Request, RequestId, Router,
    SilenceDraft,
};
use crate::testing::file::{Outage, Test, TestSilence};

/// Feeds the randomness of the router, which spreads retries: the same in each run.
const SEED: u64 = 1;

/// An attempt to tell somebody.
#[derive(Clone, Debug)]
pub(in crate::testing) struct Told {
    /// When.
    pub(in crate::testing) at: Timestamp,
    /// Whom, by what, and what.
    pub(in crate::testing) attempt: Attempt,
    /// How it went.
    pub(in crate::testing) outcome: Outcome,
    /// What it says, once somebody has asked.
    texts: OnceCell<Texts>,
}

impl Told {
    /// Whether the receiver has it.
    pub(in crate::testing) fn is_delivered(&self) -> bool {
        matches!(self.outcome, Outcome::Delivered)
    }

    /// What it says; `external_url` is where people reach us.
    pub(super) fn texts(&self, external_url: &str) -> &Texts {
        self.texts.get_or_init(|| Texts::of(&self.attempt, external_url, self.at))
    }

    /// `email[0]`.
    pub(in crate::testing) fn integration(&self) -> String {
        format!("{}[{}]", self.attempt.integration.kind, self.attempt.integration.index)
    }
}

/// What of the routing file something happened to.
#[derive(Clone, Debug, Default)]
pub(in crate::testing) struct TouchedRoutes {
    /// The ids of routes at which an alert ended.
    pub(in crate::testing) routes: BTreeSet<Str>,
    /// The names of receivers that were told something, or could not be.
    pub(in crate::testing) receivers: BTreeSet<Str>,
    /// The inhibition rules that kept an alert back, by name or else `inhibit_rules[0]`.
    pub(in crate::testing) inhibit_rules: BTreeSet<String>,
}

impl TouchedRoutes {
    /// Adds what another test touched.
    pub(in crate::testing) fn extend(&mut self, other: &Self) {
        self.routes.extend(other.routes.iter().cloned());
        self.receivers.extend(other.receivers.iter().cloned());
        self.inhibit_rules.extend(other.inhibit_rules.iter().cloned());
    }
}

/// The router of one test.
#[derive(Debug)]
pub(in crate::testing) struct Desk<'s> {
    router: Router,
    start: Timestamp,
    /// The silences that nobody made yet, by time.
    silences: VecDeque<&'s TestSilence>,
    outages: &'s [Outage],
    /// What was told, in order.
    pub(in crate::testing) log: Vec<Told>,
    /// What keeps alerts back.
    pub(in crate::testing) trace: Trace,
    /// Silences that cannot be made, and why.
    pub(in crate::testing) refused: Vec<(&'s TestSilence, String)>,
    touched: TouchedRoutes,
}

impl<'s> Desk<'s> {
    /// The router at the start of a test. It does not remember anything.
    pub(in crate::testing) fn new(routing: &Arc<Routing>, test: &'s Test) -> Self {
        let mut routing = Arc::clone(routing);
        if routing.external_url != test.external_url {
            Arc::make_mut(&mut routing).external_url = test.external_url.clone();
        }
        let mut silences: Vec<&TestSilence> = test.silences.iter().collect();
        silences.sort_by_key(|silence| silence.at);
        Self {
            router: Router::restore(routing, SEED, test.start, Vec::new()),
            start: test.start,
            silences: silences.into(),
            outages: &test.outages,
            log: Vec::new(),
            trace: Trace::new(test.start),
            refused: Vec::new(),
            touched: TouchedRoutes::default(),
        }
    }

    /// When there is something to do, whether alerts come or not.
    pub(in crate::testing) fn next(&self) -> Option<Timestamp> {
        let silence = self.silences.front().map(|silence| self.start + silence.at);
        [silence, self.router.next_wake()].into_iter().flatten().min()
    }

    /// All that happens at `now`: silences are made, alerts come in, then what is due is told. So a message says
    /// what is known at the time at which it is written, and a silence mutes what begins with it.
    pub(in crate::testing) fn step(&mut self, now: Timestamp, alerts: Vec<Alert>) {
        let mut notes = Vec::new();
        while let Some(silence) = self.silences.front().filter(|silence| self.start + silence.at <= now) {
            let silence = *silence;
            self.silences.pop_front();
            self.silence(now, silence, &mut notes);
        }
        self.trace.hear(now, &alerts);
        if !alerts.is_empty() {
            self.input(now, Input::Alerts(alerts), &mut notes);
        }
        if self.router.next_wake().is_some_and(|wake| wake <= now) {
            self.input(now, Input::Wake, &mut notes);
        }
        self.touch(&notes);
        let is_news = |event: &Event| !matches!(event, Event::AlertsReceived { .. });
        if notes.iter().any(is_news) {
            self.trace.look(now, &self.router, &notes);
        }
    }

    /// What of the routing file something happened to so far.
    pub(in crate::testing) fn touched(&self) -> TouchedRoutes {
        let mut touched = self.touched.clone();
        touched.inhibit_rules.extend(self.trace.inhibit_rules().iter().cloned());
        touched
    }

    fn silence(&mut self, now: Timestamp, silence: &'s TestSilence, notes: &mut Vec<Event>) {
        let draft = SilenceDraft {
            id: None,
            matchers: silence.matchers.clone(),
            starts_at: now,
            ends_at: now + silence.duration,
            created_by: silence.created_by.clone(),
            comment: silence.comment.clone(),
            annotations: std::collections::BTreeMap::new(),
            kind: SilenceKind::Plain,
            force: true,
        };
        let request = Input::Request(RequestId(0), Request::SetSilence(draft));
        if let Some(Answer::Refused(refusal)) = self.input(now, request, notes) {
            self.refused.push((silence, refusal.to_string()));
        }
    }

    /// One input and all that comes of it; the answer, if it was a request.
    fn input(&mut self, now: Timestamp, input: Input, notes: &mut Vec<Event>) -> Option<Answer> {
        let mut answer = None;
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in self.router.handle(now, input) {
                match effect {
                    Effect::Notify(attempt) => {
                        let outcome = self.outcome(now, &attempt);
                        let (id, outcome_of) = (attempt.id, outcome.clone());
                        self.log.push(Told { at: now, attempt, outcome, texts: OnceCell::new() });
                        inputs.push_back(Input::Notified(Notified {
                            attempt: id,
                            outcome: outcome_of,
                            memory: None,
                        }));
                    }
                    Effect::Note(event) => notes.push(event),
                    Effect::Reply(_, reply) => answer = Some(reply),
                    Effect::Persist(_) => {} // nothing is restarted here
                }
            }
        }
        answer
    }

    fn outcome(&self, now: Timestamp, attempt: &Attempt) -> Outcome {
        let since = now.since(self.start);
        let name = format!("{}[{}]", attempt.integration.kind, attempt.integration.index);
        let concerns = |outage: &&Outage| {
            outage.receiver.value == attempt.notification.receiver
                && outage.integration.as_ref().is_none_or(|wanted| is_integration(&wanted.value, &name))
                && outage.from <= since
                && outage.until.is_none_or(|until| since < until)
        };
        match self.outages.iter().find(concerns) {
            None => Outcome::Delivered,
            Some(Outage { refuses: true, .. }) => Outcome::Refused {
                failure: Failure::ClientError,
                message: "the test lets it refuse".to_owned(),
            },
            Some(Outage { refuses: false, .. }) => Outcome::Retryable {
                failure: Failure::ServerError,
                message: "the test lets it fail".to_owned(),
                retry_after: None::<Duration>,
                maybe_taken: false,
            },
        }
    }

    fn touch(&mut self, notes: &[Event]) {
        for event in notes {
            match event {
                Event::GroupCreated { group, .. } => drop(self.touched.routes.insert(group.route.clone())),
                Event::NotificationSent { integration, .. } | Event::AttemptFailed { integration, .. } => {
                    self.touched.receivers.insert(integration.receiver.clone());
                }
                Event::AlertsReceived { .. }
                | Event::Alert { .. }
                | Event::AlertsLimited { .. }
                | Event::Suppressed { .. }
                | Event::GroupDropped { .. }
                | Event::NotTold { .. }
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
}
