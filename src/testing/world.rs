//! The world of one test: its series, the rules engine, and a clock that jumps from evaluation to evaluation.
//!
//! The engine is the one that `sereno serve` runs. Groups are evaluated one after the other: the next one's
//! queries are answered only when everything that the one before it wrote is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::file::Test;
use super::inputs::{MORE_SAMPLES, Series};
use super::suite::{RulePlace, Suite};
use crate::config::rules::RuleGroup;
use crate::model::sample::STALE_NAN_BITS;
use crate::model::{
    Alert, Duration, Histogram, LabelSet, Lookup, QueryValue, Sample, SampleValue, SeriesPoint, Str,
    Timestamp,
};
use crate::promql::ast::Expr;
use crate::promql::engine::{self, instant};
use crate::promql::histogram::FloatHistogram;
use crate::promql::memory::MemoryStore;
use crate::promql::parser::parse;
use crate::promql::value::{QueryResult, Value};
use crate::rules::{
    Change, Effect, Engine, Event, Input, Query, QueryError, RuleError, RulesConfig, Sampled, View, Write,
    Written,
};

/// In which order groups of the same rank are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GroupOrder {
    /// As in the files.
    Files,
    /// The other way round, to see whether it makes a difference.
    Reversed,
}

/// One test while it runs.
#[derive(Debug)]
pub struct World<'s> {
    suite: &'s Suite,
    test: &'s Test,
    engine: Engine,
    store: MemoryStore,
    feed: Vec<Fed>,
    /// The groups that are evaluated, by `file;name`.
    groups: BTreeMap<Str, Running>,
    /// Expressions of rules and of templates.
    exprs: Lookup<Str, Result<Arc<Expr>, String>>,
    /// What a recording rule passes on has lost its buckets; this is where they are, by what is passed on.
    histograms: Lookup<*const Histogram, (Arc<Histogram>, Arc<FloatHistogram>)>,
    /// How many samples are stored.
    samples: usize,
    /// The alerts that the engine told since somebody asked last.
    told: Vec<(Timestamp, Vec<Alert>)>,
    /// What went wrong, in order; the first one stops the clock.
    failures: Vec<WorldFailure>,
    gave: BTreeSet<RulePlace>,
    /// What became of alerts, in order.
    changes: Vec<(Timestamp, LabelSet, Change)>,
}

/// Why a test cannot go on.
#[derive(Clone, Debug)]
pub(super) enum WorldFailure {
    /// A rule failed.
    Rule {
        /// `file;name` of its group.
        group: Str,
        /// Its name.
        rule: Str,
        /// Since the start of the test.
        at: Duration,
        /// Why.
        error: String,
    },
    /// A sample of an input series cannot be stored, because a rule has written one there.
    Sample {
        /// Which series, by its place in the test file.
        span: std::ops::Range<usize>,
        /// Why.
        error: String,
    },
}

/// A series and how many of its samples are stored.
#[derive(Debug)]
struct Fed {
    series: Series,
    stored: usize,
}

/// A group that is evaluated.
#[derive(Debug)]
struct Running {
    /// When its turn is.
    turn: usize,
    /// Its place in the suite.
    group: usize,
    /// The places in the group of the rules that are evaluated.
    rules: Vec<usize>,
    /// How many of them are done in the evaluation that is under way.
    done: usize,
}

impl<'s> World<'s> {
    /// The world at the start of a test, before the first evaluation; only the rules in `live` are evaluated.
    pub(super) fn new(
        suite: &'s Suite,
        test: &'s Test,
        series: Vec<Series>,
        live: &BTreeSet<RulePlace>,
        order: GroupOrder,
    ) -> Self {
        let mut exprs = Lookup::default();
        let (mut groups, mut running) = (Vec::new(), BTreeMap::new());
        let mut turns: Vec<usize> = (0..suite.groups.len()).collect();
        if order == GroupOrder::Reversed {
            turns.sort_by_key(|at| (suite.groups[*at].rank, usize::MAX - at));
        }
        for (turn, at) in turns.into_iter().enumerate() {
            let owner = &suite.groups[at];
            let rules: Vec<usize> =
                (0..owner.exprs.len()).filter(|index| live.contains(&(at, *index))).collect();
            if rules.is_empty() {
                continue;
            }
            for index in &rules {
                exprs.insert(owner.group.rules[*index].expr.clone(), Ok(Arc::clone(&owner.exprs[*index])));
            }
            let chosen = rules.iter().map(|index| Arc::clone(&owner.group.rules[*index])).collect();
            let interval = if test.group_intervals { owner.group.interval } else { None };
            groups.push(Arc::new(RuleGroup { rules: chosen, interval, ..RuleGroup::clone(&owner.group) }));
            running.insert(owner.group.key(), Running { turn, group: at, rules, done: 0 });
        }
        let config = RulesConfig {
            groups,
            evaluation_interval: suite.file.evaluation_interval,
            query_offset: Duration::ZERO,
            resend_delay: Duration::from_mins(1),
            external_labels: test.external_labels.clone(),
            external_url: test.external_url.clone(),
        };
        Self {
            suite,
            test,
            engine: Engine::starting_at(Arc::new(config), test.start),
            store: MemoryStore::default(),
            feed: series.into_iter().map(|series| Fed { series, stored: 0 }).collect(),
            groups: running,
            exprs,
            histograms: Lookup::default(),
            samples: 0,
            told: Vec::new(),
            failures: Vec::new(),
            gave: BTreeSet::new(),
            changes: Vec::new(),
        }
    }

    /// When the next evaluation is; `None`: never, or a failure has ended the test.
    #[must_use]
    pub fn next_evaluation(&self) -> Option<Timestamp> {
        self.engine.next_wake().filter(|_| self.failures.is_empty())
    }

    /// Lets time run until `end`: all evaluations up to then, and the samples up to the last of them.
    pub fn run_until(&mut self, end: Timestamp) {
        while let Some(at) = self.next_evaluation().filter(|at| *at <= end) {
            self.evaluate(at);
        }
        if self.failures.is_empty() && end >= self.test.start {
            // promtool stores samples at evaluations only, whether there are rules or not.
            let interval = self.suite.file.evaluation_interval.millis();
            let steps = end.since(self.test.start).millis() / interval;
            self.store_samples(self.test.start + self.suite.file.evaluation_interval * steps);
        }
    }

    /// One evaluation of all groups that are due at `at`.
    pub fn evaluate(&mut self, at: Timestamp) {
        self.store_samples(at);
        if !self.failures.is_empty() {
            return;
        }
        self.groups.values_mut().for_each(|group| group.done = 0);
        let mut effects = self.engine.handle(at, Input::Wake);
        let turn = |effect: &Effect| match effect {
            Effect::Query(query) => self.groups.get(&query.group).map_or(usize::MAX, |group| group.turn),
            Effect::Write(_) | Effect::Alerts(_) | Effect::Persist(_) | Effect::Note(_) => 0,
        };
        effects.sort_by_key(turn);
        self.perform(at, effects);
    }

    /// What the engine told the router since this was asked last.
    pub fn take_told(&mut self) -> Vec<(Timestamp, Vec<Alert>)> {
        std::mem::take(&mut self.told)
    }

    /// The rules with their alerts.
    #[must_use]
    pub fn view(&self, now: Timestamp) -> View {
        self.engine.view(now)
    }

    /// The result of an expression now.
    ///
    /// # Errors
    /// The text of what is wrong with it.
    pub fn query(&self, expr: &Expr, at: Timestamp) -> Result<QueryResult, String> {
        instant(expr, &self.store, at.millis(), &self.options())
            .map(|evaluation| evaluation.result)
            .map_err(|error| error.to_string())
    }

    /// What went wrong.
    pub(super) fn failures(&self) -> &[WorldFailure] {
        &self.failures
    }

    /// How often the group is evaluated that is evaluated most often; `None`: no group is.
    pub(super) fn shortest_interval(&self) -> Option<Duration> {
        let own = |group: &Running| self.suite.groups[group.group].group.interval;
        let intervals = self.groups.values().map(|group| own(group).filter(|_| self.test.group_intervals));
        intervals.map(|own| own.unwrap_or(self.suite.file.evaluation_interval)).min()
    }

    /// The rules that gave a result.
    pub(super) fn gave(&self) -> &BTreeSet<RulePlace> {
        &self.gave
    }

    /// What became of alerts, in order; labels as the router knows them.
    pub(super) fn changes(&self) -> &[(Timestamp, LabelSet, Change)] {
        &self.changes
    }

    fn options(&self) -> engine::Options<'static> {
        engine::Options {
            default_subquery_step: self.suite.file.evaluation_interval.millis(),
            delayed_name_removal: self.suite.options.delayed_name_removal,
            use_start_timestamps: self.suite.options.use_start_timestamps,
            ..engine::Options::default()
        }
    }

    fn store_samples(&mut self, until: Timestamp) {
        for Fed { series, stored } in &mut self.feed {
            while let Some((at, value)) = series.samples.get(*stored).filter(|(at, _)| *at <= until.millis())
            {
                let start = series.starts.get(*stored).copied().unwrap_or_default();
                *stored += 1;
                self.samples += 1;
                if let Err(error) = self.store.append_with_start(&series.labels, *at, start, value.clone()) {
                    let (span, error) = (series.span.clone(), error.to_string());
                    self.failures.push(WorldFailure::Sample { span, error });
                    break;
                }
            }
        }
    }

    /// Does what the engine wants, each thing with all that comes of it before the next one.
    fn perform(&mut self, now: Timestamp, effects: Vec<Effect>) {
        let mut waiting: Vec<Effect> = effects.into_iter().rev().collect();
        while let Some(effect) = waiting.pop() {
            let input = match effect {
                Effect::Query(query) => {
                    let result = self.answer(&query);
                    Input::Sampled(Sampled { eval: query.eval, result })
                }
                Effect::Write(write) => {
                    let result = self.write(&write);
                    Input::Written(Written { id: write.id, result })
                }
                Effect::Alerts(alerts) => {
                    if self.test.is_about_notifications() {
                        self.told.push((now, alerts)); // otherwise nobody would ever take them
                    }
                    continue;
                }
                Effect::Note(event) => {
                    self.note(now, event);
                    continue;
                }
                Effect::Persist(_) => continue, // nothing is restarted here
            };
            waiting.extend(self.engine.handle(now, input).into_iter().rev());
        }
    }

    fn answer(&mut self, query: &Query) -> Result<QueryValue, QueryError> {
        let refused = |kind: &str, message: String| QueryError::Refused { kind: kind.to_owned(), message };
        if !self.exprs.contains_key(&query.expr) {
            let parsed = parse(&query.expr, self.suite.options.features);
            let parsed = parsed.map(Arc::new).map_err(|errors| errors.to_string());
            self.exprs.insert(query.expr.clone(), parsed);
        }
        let expr = match self.exprs.get(&query.expr) {
            Some(Ok(expr)) => Arc::clone(expr),
            Some(Err(error)) => return Err(refused("bad_data", error.clone())),
            None => return Err(refused("internal", "the expression is not there".to_owned())),
        };
        let result = self.query(&expr, query.at).map_err(|message| refused("execution", message))?;
        self.histograms = Lookup::default();
        Ok(match result {
            QueryResult::Scalar(point) => QueryValue::Scalar(point.v),
            QueryResult::String(text, _) => QueryValue::String(text.to_string()),
            QueryResult::Matrix(_) => QueryValue::Matrix,
            QueryResult::Vector(samples) => {
                let mut sample = |labels, value| match value {
                    Value::Float(value) => Sample { labels, value: SampleValue::Float(value) },
                    Value::Histogram(histogram) => {
                        let shown = Arc::new(histogram.to_model());
                        self.histograms.insert(Arc::as_ptr(&shown), (Arc::clone(&shown), histogram));
                        Sample { labels, value: SampleValue::Histogram(shown) }
                    }
                };
                QueryValue::Vector(samples.into_iter().map(|one| sample(one.labels, one.value)).collect())
            }
        })
    }

    /// Stores what a rule wrote; all of it, even if some is refused, as Prometheus does.
    fn write(&mut self, write: &Write) -> Result<(), String> {
        let mut result = Ok(());
        self.samples += write.points.len();
        let most = self.suite.options.limits.samples;
        if self.samples > most {
            return Err(format!("the test has more than {most} samples with this rule's; {MORE_SAMPLES}"));
        }
        for SeriesPoint { labels, at, value } in &write.points {
            let (value, is_end) = match value {
                SampleValue::Float(value) => (Value::Float(*value), value.to_bits() == STALE_NAN_BITS),
                SampleValue::Histogram(shown) => {
                    match self.histograms.get(&Arc::as_ptr(shown)) {
                        Some((_, histogram)) => (Value::Histogram(Arc::clone(histogram)), false),
                        None => continue, // the engine passes on what it was given
                    }
                }
            };
            // A series that another rule goes on writing has no end.
            if let Err(error) = self.store.append(labels, at.millis(), value)
                && !is_end
            {
                result = Err(error.to_string());
            }
        }
        result
    }

    fn note(&mut self, now: Timestamp, event: Event) {
        match event {
            Event::RuleEvaluated { group, samples, .. } => {
                if let Some(running) = self.groups.get_mut(&group) {
                    if let (Some(index), 1..) = (running.rules.get(running.done), samples) {
                        self.gave.insert((running.group, *index));
                    }
                    running.done += 1;
                }
            }
            Event::RuleFailed { group, rule, error, .. } => {
                if let Some(running) = self.groups.get_mut(&group) {
                    running.done += 1;
                }
                let error = match error {
                    RuleError::Query(QueryError::Refused { message, .. }) => message,
                    other => other.to_string(),
                };
                self.failures.push(WorldFailure::Rule { group, rule, at: now.since(self.test.start), error });
            }
            Event::AlertChanged { labels, at, change, .. } => self.changes.push((at, labels, change)),
            Event::GroupEvaluated { .. }
            | Event::SlotsMissed { .. }
            | Event::TemplateFailed { .. }
            | Event::WriteFailed { .. }
            | Event::Loaded { .. } => {}
        }
    }
}
