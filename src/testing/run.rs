//! One test from its start to its verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::alerts::{self, FoundAlert};
use super::file::{AlertTest, ExpectedState, Test, TestSilence};
use super::inputs::{self, Expectation};
use super::needs::{selects_name, written};
use super::notifications::course::{self, Course};
use super::notifications::timeline::timeline;
use super::notifications::{self, compare};
use super::samples::{self, PlainSample, PlainValue};
use super::suite::{RulePlace, Suite, Touched};
use super::verdict::{Failure, FailureKind, TestVerdict};
use super::world::{GroupOrder, World, WorldFailure};
use crate::config::problem::{Problem, Severity};
use crate::config::rules::RuleKind;
use crate::model::suggest::did_you_mean;
use crate::model::{Duration, LabelSet, Str, Timestamp};
use crate::promql::value::{QueryResult, Value};
use crate::rules::AlertState;

/// Runs a test: evaluations from its start to its last assertion, then its expressions.
pub(super) fn run(suite: &Suite, test: &Test, touched: &mut Touched) -> TestVerdict {
    let mut verdict = TestVerdict {
        title: test.title(),
        span: test.span.clone(),
        assertions: test.alert_tests.len()
            + test.expr_tests.len()
            + test.notification_tests.len()
            + usize::from(test.exhaustive),
        failures: Vec::new(),
        timeline: Vec::new(),
        warnings: Vec::new(),
        evaluated: (0, suite.rules().count()),
    };
    let mut problems = Vec::new();
    let series = inputs::series(&suite.file, test, suite.options.limits.samples, &mut problems);
    let expectations = inputs::expectations(&suite.file, test, suite.options.features);
    problems.extend(notifications::problems(&suite.file.path, test, suite.routing.as_deref()));
    let is_error = |problem: &Problem| problem.severity == Severity::Error;
    let (errors, warnings): (Vec<_>, Vec<_>) = problems.into_iter().partition(is_error);
    verdict.warnings = warnings;
    verdict.warnings.extend(unknown_alerts(suite, test));
    if !errors.is_empty() {
        verdict.failures =
            errors.into_iter().chain(unreadable(&expectations)).map(unreadable_failure).collect();
        return verdict;
    }
    let last_sample = series.iter().filter_map(|series| series.samples.last()).map(|(at, _)| *at).max();
    let length = course::length(test, last_sample.map(Timestamp::from_millis));
    let live = suite.live(&series);
    verdict.evaluated.0 = live.len();
    let crossing = crossing(suite, &live);
    let again = (!crossing.is_empty()).then(|| series.clone());
    let world = World::new(suite, test, series, &live, GroupOrder::Files);
    if let Some(problem) = too_long(suite, test, &world, length) {
        verdict.failures.push(unreadable_failure(problem));
        return verdict;
    }
    let mut course = Course::new(suite, test, world);
    let failures = assertions(suite, test, &mut course, length, &expectations);
    touched.gave.extend(course.world.gave());
    touched.routes.extend(&course.touched());
    if !failures.is_empty() || suite.options.timelines {
        verdict.timeline = timeline(test, &course);
    }
    if let Some(series) = again {
        let world = World::new(suite, test, series, &live, GroupOrder::Reversed);
        let mut other = Course::new(suite, test, world);
        let reversed = assertions(suite, test, &mut other, length, &expectations);
        let places = |failures: &[Failure]| -> Vec<usize> {
            failures.iter().map(|failure| failure.span.start).collect()
        };
        if places(&failures) != places(&reversed) {
            verdict.warnings.push(order_warning(suite, test, &crossing));
        }
    }
    verdict.failures.extend(failures);
    verdict
}

/// Alert tests of a name that no rule has: without `exp_alerts` they can never fail.
fn unknown_alerts(suite: &Suite, test: &Test) -> Vec<Problem> {
    if suite.groups.is_empty() {
        return Vec::new(); // that the rules are missing has been said
    }
    let alerting = suite.rules().filter(|(_, rule, _)| matches!(rule.kind, RuleKind::Alerting(_)));
    let known: BTreeSet<&str> = alerting.map(|(_, rule, _)| &*rule.name).collect();
    let unknown = test.alert_tests.iter().filter(|alert| !known.contains(&*alert.alertname));
    let problem = |alert: &AlertTest| Problem {
        check: "unknown-alert",
        severity: Severity::Warning,
        file: suite.file.path.clone(),
        span: Some(alert.span.start..alert.span.start + 1),
        message: format!("no alerting rule is called `{}`", alert.alertname),
        help: did_you_mean(&alert.alertname, known.iter().copied())
            .map(|close| format!("did you mean `{close}`?")),
    };
    unknown.map(problem).collect()
}

/// What is wrong with a test that takes more evaluations than it may.
fn too_long(suite: &Suite, test: &Test, world: &World<'_>, length: Duration) -> Option<Problem> {
    let (every, most) = (world.shortest_interval()?, suite.options.limits.steps);
    let alerts = test.alert_tests.iter().map(|test| (test.eval_time, &test.span));
    let exprs = test.expr_tests.iter().map(|test| (test.eval_time, &test.span));
    let all = [(length, &test.span)].into_iter().chain(alerts).chain(exprs);
    let (end, span) = all.max_by_key(|(at, _)| *at)?;
    let steps = end.millis() / every.millis().max(1);
    if usize::try_from(steps).is_ok_and(|steps| steps < most) {
        return None;
    }
    let message = format!(
        "{} evaluations are {every} apart until {end}; a test has at most {most}",
        steps.saturating_add(1)
    );
    Some(limit(suite, span.clone(), message))
}

fn limit(suite: &Suite, span: Range<usize>, message: String) -> Problem {
    Problem {
        check: "too-many-steps",
        severity: Severity::Error,
        file: suite.file.path.clone(),
        span: Some(span.start..span.start + 1),
        message,
        help: Some("is a unit wrong? `--max-steps` sets another limit".to_owned()),
    }
}

/// Everything that is not as expected, in the order in which time brings it.
fn assertions(
    suite: &Suite,
    test: &Test,
    course: &mut Course<'_>,
    length: Duration,
    expectations: &[Result<Expectation, Problem>],
) -> Vec<Failure> {
    let mut failures = Vec::new();
    let mut by_time: BTreeMap<Duration, Vec<&AlertTest>> = BTreeMap::new();
    for alert in &test.alert_tests {
        by_time.entry(alert.eval_time).or_default().push(alert);
    }
    let last = test.expr_tests.iter().map(|test| test.eval_time).chain(by_time.keys().copied()).max();
    for (at, tests) in &by_time {
        let now = test.start + *at;
        course.run_until(now);
        if !course.world.failures().is_empty() || course.overrun.is_some() {
            break;
        }
        for alert in tests {
            let mismatch = alerts::compare(alert, found_alerts(suite, &course.world, alert, now));
            failures.extend(
                mismatch.map(|mismatch| Failure {
                    span: alert.span.clone(),
                    kind: FailureKind::Alerts(mismatch),
                }),
            );
        }
    }
    course.run_until(test.start + last.unwrap_or_default().max(length));
    let world = &course.world;
    if let Some(at) = course.overrun {
        let (most, at) = (suite.options.limits.steps, at.since(test.start));
        let message =
            format!("the router has something to do at more than {most} instants; this one is at {at}");
        failures.push(unreadable_failure(limit(suite, test.span.clone(), message)));
        return failures;
    }
    if !world.failures().is_empty() {
        failures.extend(world.failures().iter().map(|failure| world_failure(suite, test, failure)));
        return failures;
    }
    for (expr, expectation) in test.expr_tests.iter().zip(expectations) {
        let kind = match expectation {
            Err(problem) => Some(FailureKind::Unreadable(problem.clone())),
            Ok(expectation) => {
                let (text, at) = (&expr.expr.value, expr.eval_time);
                match world.query(&expectation.expr, test.start + at).and_then(plain_samples) {
                    Err(error) => Some(FailureKind::Query { expr: text.clone(), at, error }),
                    Ok(found) => {
                        samples::compare(text, at, &expectation.samples, found, suite.file.fuzzy_compare)
                            .map(FailureKind::Samples)
                    }
                }
            }
        };
        failures.extend(kind.map(|kind| Failure { span: expr.span.clone(), kind }));
    }
    if let Some(desk) = &course.desk {
        failures
            .extend(desk.refused.iter().map(|(silence, refusal)| refused_silence(suite, silence, refusal)));
        failures.extend(compare::failures(test, desk));
    }
    failures
}

/// The alerts that a test is about, of all rules of the name.
fn found_alerts(suite: &Suite, world: &World<'_>, test: &AlertTest, now: Timestamp) -> Vec<FoundAlert> {
    let is_meant = |state: AlertState| match (state, test.state) {
        (AlertState::Firing { .. }, ExpectedState::Firing | ExpectedState::Inactive)
        | (AlertState::Pending { .. }, ExpectedState::Pending | ExpectedState::Inactive) => true,
        (AlertState::Firing { .. }, ExpectedState::Pending)
        | (AlertState::Pending { .. }, ExpectedState::Firing)
        | (AlertState::Resolved { .. }, _) => false,
    };
    let is_named = |rule: &crate::config::rules::Rule| {
        matches!(rule.kind, RuleKind::Alerting(_)) && rule.name == test.alertname
    };
    if !suite.rules().any(|(_, rule, _)| is_named(rule)) {
        return Vec::new();
    }
    let view = world.view(now);
    let rules = view.groups.iter().flat_map(|group| group.rules.iter()).filter(|rule| is_named(&rule.rule));
    let alerts = rules.flat_map(|rule| rule.alerts.iter()).filter(|alert| is_meant(alert.state));
    alerts
        .map(|alert| FoundAlert { labels: alert.labels.clone(), annotations: alert.annotations.clone() })
        .collect()
}

/// A result as promtool compares it.
fn plain_samples(result: QueryResult) -> Result<Vec<PlainSample>, String> {
    match result {
        QueryResult::Scalar(point) => {
            Ok(vec![PlainSample { labels: LabelSet::default(), value: PlainValue::Float(point.v) }])
        }
        QueryResult::Vector(samples) => Ok(samples
            .into_iter()
            .map(|sample| PlainSample {
                labels: sample.labels,
                value: match sample.value {
                    Value::Float(value) => PlainValue::Float(value),
                    Value::Histogram(histogram) => PlainValue::Histogram(histogram.notation()),
                },
            })
            .collect()),
        QueryResult::String(..) | QueryResult::Matrix(_) => {
            Err("rule result is not a vector or scalar".to_owned())
        }
    }
}

fn world_failure(suite: &Suite, test: &Test, failure: &WorldFailure) -> Failure {
    match failure {
        WorldFailure::Rule { group, rule, at, error } => Failure {
            span: test.span.clone(),
            kind: FailureKind::Rule {
                group: group.clone(),
                rule: rule.clone(),
                at: *at,
                error: error.clone(),
            },
        },
        WorldFailure::Sample { span, error } => unreadable_failure(Problem {
            check: "series-conflict",
            severity: Severity::Error,
            file: suite.file.path.clone(),
            span: Some(span.clone()),
            message: format!("a sample cannot be stored: {error}"),
            help: Some("a rule writes this series too; give it another name or other labels".to_owned()),
        }),
    }
}

/// A silence that the router does not take.
fn refused_silence(suite: &Suite, silence: &TestSilence, refusal: &str) -> Failure {
    unreadable_failure(Problem {
        check: "bad-silence",
        severity: Severity::Error,
        file: suite.file.path.clone(),
        span: Some(silence.span.clone()),
        message: refusal.to_owned(),
        help: None,
    })
}

fn unreadable(expectations: &[Result<Expectation, Problem>]) -> impl Iterator<Item = Problem> {
    expectations.iter().filter_map(|expectation| expectation.as_ref().err().cloned())
}

fn unreadable_failure(problem: Problem) -> Failure {
    Failure { span: problem.span.clone().unwrap_or_default(), kind: FailureKind::Unreadable(problem) }
}

/// Where a group reads what another group of the same rank writes, which depends on the order of the files: the
/// reader, the name, the writer.
fn crossing(suite: &Suite, live: &BTreeSet<RulePlace>) -> BTreeSet<(usize, Str, usize)> {
    let rules = suite.rules().filter(|(place, ..)| live.contains(place));
    let mut writers: BTreeMap<usize, BTreeMap<Str, BTreeSet<usize>>> = BTreeMap::new();
    for ((group, _), rule, _) in rules.clone() {
        for name in written(rule) {
            writers.entry(suite.groups[group].rank).or_default().entry(name).or_default().insert(group);
        }
    }
    let mut found = BTreeSet::new();
    for ((reader, _), _, expr) in rules {
        let Some(names) = writers.get(&suite.groups[reader].rank) else { continue };
        for selector in expr.selectors() {
            let read: Vec<(&Str, &BTreeSet<usize>)> = match selector.metric_name() {
                Some(name) => names.get_key_value(name).into_iter().collect(),
                None => names.iter().filter(|(name, _)| selects_name(selector, name)).collect(),
            };
            for (name, writers) in read {
                let others = writers.iter().filter(|writer| **writer != reader);
                found.extend(others.map(|writer| (reader, name.clone(), *writer)));
            }
        }
    }
    found
}

fn order_warning(suite: &Suite, test: &Test, crossing: &BTreeSet<(usize, Str, usize)>) -> Problem {
    let name = |at: usize| &suite.groups[at].group.name;
    let pairs = crossing.iter().map(|(reader, metric, writer)| {
        format!("`{}` reads `{metric}`, which `{}` writes", name(*reader), name(*writer))
    });
    let mut pairs: Vec<String> = pairs.collect();
    let more = pairs.len().saturating_sub(3);
    pairs.truncate(3);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let message = format!("the verdict depends on the order of groups: {}{more}", pairs.join("; "));
    let order = crossing.first().map(|(reader, _, writer)| format!("[{}, {}]", name(*writer), name(*reader)));
    let help = format!(
        "here groups are evaluated in the order of the files, in promtool by chance, in Prometheus at times of \
         their own; put the rules into one group, or write `group_eval_order: {}`",
        order.unwrap_or_default()
    );
    Problem {
        check: "group-order",
        severity: Severity::Warning,
        file: suite.file.path.clone(),
        span: Some(test.span.start..test.span.start + 1),
        message,
        help: Some(help),
    }
}
