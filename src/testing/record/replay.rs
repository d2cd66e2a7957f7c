//! The recorded series through the rules engine: which alerts there are, and when that changes.

use crate::model::{Duration, LabelSet, Timestamp};
use crate::rules::AlertState;
use crate::testing::Suite;
use crate::testing::alerts::FoundAlert;
use crate::testing::inputs;
use crate::testing::world::{GroupOrder, World, WorldFailure};

/// An alert's state, as `ALERTS` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It waits for its `for`.
    Pending,
    /// It fires.
    Firing,
}

impl State {
    /// The value of `alertstate`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
        }
    }
}

/// The alerts after an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When, since the start of the test.
    pub at: Duration,
    /// The alerts in order of their labels, with their states.
    pub alerts: Vec<(State, FoundAlert)>,
}

impl Step {
    /// Those in a state.
    pub fn in_state(&self, state: State) -> impl Iterator<Item = &FoundAlert> {
        self.alerts.iter().filter(move |(of, _)| *of == state).map(|(_, alert)| alert)
    }

    fn is_like(&self, other: &Self) -> bool {
        let same = |((state, alert), (of, other)): (&(State, FoundAlert), &(State, FoundAlert))| {
            state == of && alert.labels == other.labels
        };
        self.alerts.len() == other.alerts.len() && self.alerts.iter().zip(&other.alerts).all(same)
    }
}

/// What became of an alert in the course of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// The evaluations after which alerts or their states were other than before; the first one, and the first one
    /// that matters, always.
    pub changes: Vec<Step>,
    /// The last evaluation.
    pub last: Step,
}

/// Runs the first test of a file up to `end` and tells what became of the alerts of a name. What is before `from`
/// does not matter.
///
/// # Errors
/// The test cannot be run, or a rule failed: texts for people.
pub fn replay(suite: &Suite, alert: &str, from: Duration, end: Duration) -> Result<Replay, String> {
    let Some(test) = suite.file.tests.first() else { return Err("there is no test".to_owned()) };
    let mut problems = Vec::new();
    let series = inputs::series(&suite.file, test, suite.options.limits.samples, &mut problems);
    if let Some(problem) = problems.first() {
        return Err(problem.message.clone());
    }
    let live = suite.live(&series);
    let mut world = World::new(suite, test, series, &live, GroupOrder::Files);
    let interval = suite.file.evaluation_interval;
    let mut changes: Vec<Step> = Vec::new();
    let mut last = Step { at: Duration::ZERO, alerts: Vec::new() };
    for turn in 0..=end.millis() / interval.millis() {
        let at = interval * turn;
        world.run_until(test.start + at);
        if let Some(failure) = world.failures().first() {
            return Err(failed(failure));
        }
        last = Step { at, alerts: alerts(&world, alert, test.start + at) };
        let is_first = at >= from && at < from + interval;
        if is_first || changes.last().is_none_or(|before| !before.is_like(&last)) {
            changes.push(last.clone());
        }
    }
    Ok(Replay { changes, last })
}

fn failed(failure: &WorldFailure) -> String {
    match failure {
        WorldFailure::Rule { rule, at, error, .. } => format!("rule {rule} fails at {at}: {error}"),
        WorldFailure::Sample { error, .. } => format!("a sample cannot be stored: {error}"),
    }
}

fn alerts(world: &World<'_>, name: &str, now: Timestamp) -> Vec<(State, FoundAlert)> {
    let view = world.view(now);
    let rules = view.groups.iter().flat_map(|group| group.rules.iter());
    let named =
        rules.filter(|rule| &*rule.rule.name == name && rule.kind() == crate::rules::RuleType::Alerting);
    let mut found = Vec::new();
    for alert in named.flat_map(|rule| rule.active_alerts()) {
        let state = match alert.state {
            AlertState::Pending { .. } => State::Pending,
            AlertState::Firing { .. } => State::Firing,
            AlertState::Resolved { .. } => continue,
        };
        let (labels, annotations): (LabelSet, _) = (alert.labels.clone(), alert.annotations.clone());
        found.push((state, FoundAlert { labels, annotations }));
    }
    found.sort_by(|(_, one), (_, other)| one.labels.cmp(&other.labels));
    found
}
