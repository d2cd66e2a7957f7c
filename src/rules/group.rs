//! One group: its slots, its rules one after the other, and the evaluation that is under way.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::alerting::{self, Demands, Teller};
use super::expansion::{Expansion, Progress, samples_of};
use super::loaded::LoadedRule;
use super::rule_run::RuleRun;
use super::schedule::{Due, Schedule};
use super::series::{Series, alert_points, stale_points};
use super::{
    Effect, EvalId, Event, GroupView, Query, QueryError, RuleError, RuleType, RuleView, RulesConfig, Write,
    WriteId, recording,
};
use crate::config::rules::RuleGroup;
use crate::model::{Duration, LabelSet, QueryValue, SeriesPoint, Str, Timestamp};

/// What a group needs from its engine to decide something.
#[derive(Debug)]
pub(super) struct Context<'a> {
    /// When it is decided.
    pub(super) now: Timestamp,
    /// What holds for all groups.
    pub(super) config: &'a RulesConfig,
    /// The number of the last query or write.
    pub(super) last_id: &'a mut u64,
    /// The strings of all alerts.
    /// What is decided.
    pub(super) out: &'a mut Vec<Effect>,
}

impl Context<'_> {
    /// A number that no query and no write has had.
    pub(super) fn next_id(&mut self) -> u64 {
        *self.last_id += 1;
        *self.last_id
    }

    pub(super) fn note(&mut self, event: Event) {
        self.out.push(Effect::Note(event));
    }
}

/// One group with the state of its rules.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) config: Arc<RuleGroup>,
    pub(super) key: Str,
    pub(super) interval: Duration,
    pub(super) query_offset: Duration,
    pub(super) schedule: Schedule,
    pub(super) rules: Vec<RuleRun>,
    /// Series of rules that a reload removed, to be ended at the end of the next evaluation.
    pub(super) gone: Vec<LabelSet>,
    pub(super) running: Option<Evaluation>,
    pub(super) totals: Totals,
}

/// What the API and the metrics show of a group's past.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub(super) last_slot: Option<Timestamp>,
    pub(super) last_evaluation: Option<Timestamp>,
    pub(super) evaluation_time: Duration,
    pub(super) rule_durations: Duration,
    pub(super) last_samples: usize,
    pub(super) iterations: u64,
    pub(super) missed: u64,
}

/// An evaluation that is under way.
#[derive(Debug)]
pub(super) struct Evaluation {
    /// The slot.
    at: Timestamp,
    started: Timestamp,
    /// Which rule's turn it is; as many as there are rules: all are done.
    position: usize,
    rule_started: Timestamp,
    step: Step,
    rule_durations: Duration,
    samples: usize,
    failed: usize,
}

/// What an evaluation waits for.
#[derive(Debug)]
enum Step {
    /// The result of a rule's expression.
    Asked(EvalId),
    /// The result of a query of one of its templates.
    Expanding(EvalId, Str, Box<Expansion>),
    /// That a rule's points are written. Its series count as written only then.
    Writing(WriteId, Series, usize),
    /// That the series of removed rules are ended.
    Ending(WriteId),
}

impl Group {
    /// A group without a past; its first slot is the next one.
    pub(super) fn new(group: &Arc<RuleGroup>, config: &RulesConfig, now: Timestamp) -> Self {
        let key = group.key();
        let interval = group.interval.unwrap_or(config.evaluation_interval);
        Self {
            interval,
            query_offset: group.query_offset.unwrap_or(config.query_offset),
            schedule: Schedule::new(&group.file, &group.name, interval, now),
            rules: LoadedRule::all(group, &key).into_iter().map(RuleRun::new).collect(),
            config: Arc::clone(group),
            key,
            gone: Vec::new(),
            running: None,
            totals: Totals::default(),
        }
    }

    /// When it wants to be woken: not while an answer is awaited.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        self.running.is_none().then(|| self.schedule.next())
    }

    /// The number of the query or write whose answer it waits for.
    pub(super) fn awaits(&self) -> Option<u64> {
        self.running.as_ref().map(|running| match running.step {
            Step::Asked(eval) | Step::Expanding(eval, ..) => eval.0,
            Step::Writing(write, ..) | Step::Ending(write) => write.0,
        })
    }

    /// Begins the evaluation of the latest slot that has come, if none is under way.
    pub(super) fn wake(&mut self, context: &mut Context<'_>) {
        if self.running.is_some() {
            return;
        }
        let Some(Due { at, missed }) = self.schedule.take(context.now) else { return };
        self.totals.iterations += missed + 1;
        self.totals.missed += missed;
        if missed > 0 {
            context.note(Event::SlotsMissed { group: self.key.clone(), count: missed });
        }
        self.start_rule(
            Evaluation {
                at,
                started: context.now,
                position: 0,
                rule_started: context.now,
                step: Step::Asked(EvalId(0)),
                rule_durations: Duration::ZERO,
                samples: 0,
                failed: 0,
            },
            context,
        );
    }

    /// Takes the answer to a query.
    pub(super) fn sampled(
        &mut self,
        eval: EvalId,
        result: Result<QueryValue, QueryError>,
        context: &mut Context<'_>,
    ) {
        let Some(mut running) = self.running.take() else { return };
        running.step = match running.step {
            Step::Asked(asked) if asked == eval => return self.take_result(running, result, context),
            Step::Expanding(asked, expr, mut expansion) if asked == eval => {
                expansion.answered(expr, result);
                running.step = Step::Asked(eval);
                return self.expand(running, expansion, context);
            }
            other => other, // not what is awaited
        };
        self.running = Some(running);
    }

    /// Takes the answer to a write.
    pub(super) fn written(&mut self, write: WriteId, result: Result<(), String>, context: &mut Context<'_>) {
        let Some(mut running) = self.running.take() else { return };
        running.step = match running.step {
            Step::Writing(asked, series, samples) if asked == write => {
                running.step = Step::Ending(write);
                let done = result.map_err(RuleError::Write).map(|()| {
                    self.rules[running.position].series = series;
                    samples
                });
                return self.finish_rule(running, done, context);
            }
            Step::Ending(asked) if asked == write => {
                match result {
                    Ok(()) => self.gone.clear(),
                    Err(error) => context.note(Event::WriteFailed { group: self.key.clone(), error }),
                }
                return self.finish(running, context);
            }
            other => other, // not what is awaited
        };
        self.running = Some(running);
    }

    /// Asks for the result of the next rule, or ends the evaluation.
    fn start_rule(&mut self, mut running: Evaluation, context: &mut Context<'_>) {
        let Some(run) = self.rules.get(running.position) else { return self.end_series(running, context) };
        running.rule_started = context.now;
        let eval = EvalId(context.next_id());
        running.step = Step::Asked(eval);
        context.out.push(Effect::Query(Query {
            eval,
            expr: run.loaded.rule.expr.clone(),
            at: running.at - self.query_offset,
            group: self.key.clone(),
        }));
        self.running = Some(running);
    }

    /// Takes the result of a rule's expression.
    fn take_result(
        &mut self,
        running: Evaluation,
        result: Result<QueryValue, QueryError>,
        context: &mut Context<'_>,
    ) {
        let samples = match result.map(samples_of) {
            Ok(Some(samples)) => samples,
            Ok(None) => return self.finish_rule(running, Err(RuleError::NotVector), context),
            Err(error) => return self.finish_rule(running, Err(error.into()), context),
        };
        let run = &self.rules[running.position];
        match run.loaded.kind() {
            RuleType::Alerting => self.expand(running, Box::new(Expansion::new(samples)), context),
            RuleType::Recording => {
                let at = running.at - self.query_offset;
                match recording::record(samples, &run.loaded, at, self.config.limit) {
                    Ok((points, series)) => self.write(running, points, series, context),
                    Err(error) => self.finish_rule(running, Err(error), context),
                }
            }
        }
    }

    /// Makes alerts of samples as far as that is possible without another query.
    fn expand(&mut self, mut running: Evaluation, mut expansion: Box<Expansion>, context: &mut Context<'_>) {
        let loaded = &self.rules[running.position].loaded;
        match expansion.run(loaded, context.config, running.at) {
            Progress::Done => self.evaluate_alerts(running, *expansion, context),
            Progress::Ask(expr) => {
                let eval = EvalId(context.next_id());
                context.out.push(Effect::Query(Query {
                    eval,
                    expr: expr.clone(),
                    at: running.at,
                    group: self.key.clone(),
                }));
                running.step = Step::Expanding(eval, expr, expansion);
                self.running = Some(running);
            }
        }
    }

    /// Steps the alerts of a rule, tells the router, and writes their series.
    fn evaluate_alerts(&mut self, running: Evaluation, expansion: Expansion, context: &mut Context<'_>) {
        let run = &mut self.rules[running.position];
        let (found, failures) = expansion.finish();
        for (field, error) in failures {
            let (group, rule) = (self.key.clone(), run.loaded.rule.name.clone());
            context.note(Event::TemplateFailed { group, rule, field, error });
        }
        let mut teller = Teller {
            now: context.now,
            rule: &run.loaded.key,
            expr: &run.loaded.rule.expr,
            config: context.config,
            external_labels: &context.config.external_labels,
            out: &mut *context.out,
        };
        let demands = Demands { hold: run.loaded.hold(), limit: self.config.limit };
        let done = alerting::evaluate(&mut run.alerts, found, running.at, demands, &mut teller);
        if let Err(error) = done {
            return self.finish_rule(running, Err(error), context);
        }
        let (points, series) =
            (alert_points(&run.alerts, running.at - self.query_offset), Series::of_alerts(&run.alerts));
        self.write(running, points, series, context);
    }

    /// Writes a rule's points and the ends of series that it does not have any more.
    fn write(
        &mut self,
        mut running: Evaluation,
        mut points: Vec<SeriesPoint>,
        series: Series,
        context: &mut Context<'_>,
    ) {
        let samples = points.len();
        let ended = self.rules[running.position].series.ended(&series);
        points.extend(stale_points(ended, running.at - self.query_offset));
        if points.is_empty() {
            return self.finish_rule(running, Ok(samples), context);
        }
        let id = WriteId(context.next_id());
        context.out.push(Effect::Write(Write { id, points }));
        running.step = Step::Writing(id, series, samples);
        self.running = Some(running);
    }

    /// Notes how a rule went, and goes on with the next one.
    fn finish_rule(
        &mut self,
        mut running: Evaluation,
        done: Result<usize, RuleError>,
        context: &mut Context<'_>,
    ) {
        let duration = context.now.since(running.rule_started);
        let run = &mut self.rules[running.position];
        run.finish(running.rule_started, duration, done.as_ref().err());
        let (group, rule, kind) = (self.key.clone(), run.loaded.rule.name.clone(), run.loaded.kind());
        let samples = match done {
            Ok(samples) => samples,
            Err(error) => {
                running.failed += 1;
                context.note(Event::RuleFailed { group: group.clone(), rule: rule.clone(), kind, error });
                0
            }
        };
        context.note(Event::RuleEvaluated { group, rule, kind, duration, samples });
        running.samples += samples;
        running.rule_durations = running.rule_durations + duration;
        running.position += 1;
        self.start_rule(running, context);
    }

    /// Ends the series of rules that are gone, other than those that another rule has written since.
    fn end_series(&mut self, mut running: Evaluation, context: &mut Context<'_>) {
        if !self.gone.is_empty() {
            let live: BTreeSet<LabelSet> = self.rules.iter().flat_map(|run| run.series.full()).collect();
            self.gone.retain(|series| !live.contains(series));
        }
        if self.gone.is_empty() {
            return self.finish(running, context);
        }
        let id = WriteId(context.next_id());
        let points = stale_points(self.gone.clone(), running.at - self.query_offset).collect();
        context.out.push(Effect::Write(Write { id, points }));
        running.step = Step::Ending(id);
        self.running = Some(running);
    }

    /// The evaluation is over. A slot that has come in the meantime is taken at once.
    fn finish(&mut self, running: Evaluation, context: &mut Context<'_>) {
        let duration = context.now.since(running.started);
        self.totals = Totals {
            last_slot: Some(running.at),
            last_evaluation: Some(running.started),
            evaluation_time: duration,
            rule_durations: running.rule_durations,
            last_samples: running.samples,
            ..self.totals
        };
        context.note(Event::GroupEvaluated {
            group: self.key.clone(),
            at: running.at,
            started: running.started,
            duration,
            rule_durations: running.rule_durations,
            rules: self.rules.len(),
            failed: running.failed,
            samples: running.samples,
        });
        self.wake(context);
    }

    /// Gives up the evaluation that is under way. What it was writing has probably been written.
    pub(super) fn abandon(&mut self) {
        if let Some(Evaluation { step: Step::Writing(_, series, _), position, .. }) = self.running.take() {
            self.rules[position].series = series;
        }
    }

    /// What the API shows of it.
    pub(super) fn view(&self) -> GroupView {
        let Totals { last_slot, last_evaluation, evaluation_time, rule_durations, .. } = self.totals;
        GroupView {
            group: Arc::clone(&self.config),
            key: self.key.clone(),
            interval: self.interval,
            query_offset: self.query_offset,
            rules: self.rules.iter().map(RuleRun::view).collect::<Arc<[RuleView]>>(),
            last_slot,
            last_evaluation,
            evaluation_time,
            rule_durations,
            last_samples: self.totals.last_samples,
            iterations: self.totals.iterations,
            missed: self.totals.missed,
        }
    }
}
