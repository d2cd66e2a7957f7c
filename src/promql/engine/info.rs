//! `info(v, {…})`: adds labels of info series (`target_info`) to the series that are about the same thing.

use std::collections::BTreeMap;

use super::cursor::{Cursor, Point};
use super::error::EvalError;
use super::evaluator::Evaluator;
use super::gathered::Gathered;
use super::grouping::{Groups, Key};
use super::prepare::{Kind, Plan, Selector, Shift};
use super::steps::Steps;
use crate::model::labels::{LabelSetBuilder, METRIC_NAME};
use crate::model::{LabelSet, Lookup, MatchOp, Matcher};
use crate::promql::ast::Grouping;
use crate::promql::value::Series;

/// The labels that say what a series is about.
const IDENTIFYING: [&str; 2] = ["instance", "job"];

/// Which info series are wanted, and which of their labels.
struct Wanted {
    /// Conditions on the names of info metrics.
    names: Vec<Matcher>,
    /// Conditions on other labels; only these labels are taken, unless there are none.
    data: Vec<Matcher>,
}

impl Wanted {
    fn new(selector: Option<&Selector>) -> Self {
        let matchers = selector.map(|selector| selector.matchers.clone()).unwrap_or_default();
        let (mut names, data): (Vec<_>, Vec<_>) =
            matchers.into_iter().partition(|matcher| &**matcher.name() == METRIC_NAME);
        let is_positive = |matcher: &Matcher| matches!(matcher.op(), MatchOp::Equal | MatchOp::Regex);
        if names.is_empty() {
            names.push(Matcher::equal(METRIC_NAME, "target_info"));
        } else if !names.iter().any(is_positive)
            && let Ok(any) = Matcher::new(METRIC_NAME, MatchOp::Regex, ".+_info")
        {
            names.insert(0, any);
        }
        Self { names, data }
    }

    /// Whether a series is itself an info series.
    fn is_info(&self, labels: &LabelSet) -> bool {
        self.names.iter().all(|matcher| matcher.matches(labels))
    }

    /// Whether a label of an info series is to be taken.
    fn takes(&self, name: &str) -> bool {
        name != METRIC_NAME
            && (self.data.is_empty() || self.data.iter().any(|matcher| &**matcher.name() == name))
    }

    /// Whether series that no info series is about are left out.
    fn is_needed(&self) -> bool {
        self.data.iter().any(|matcher| !matcher.matches_value(""))
    }
}

impl Evaluator<'_> {
    /// `info(v)` and `info(v, {label="…"})`
    pub(super) fn info(&mut self, args: &[Plan<'_>], steps: Steps) -> Result<Vec<Series>, EvalError> {
        let before = self.limits.current;
        let [vector, rest @ ..] = args else { return Ok(Vec::new()) };
        let wanted = Wanted::new(rest.first().and_then(selector_of));
        let base = self.eval(vector, steps)?;
        let is_info: Vec<bool> = base.iter().map(|series| wanted.is_info(&series.labels)).collect();
        let about = base.iter().zip(&is_info).filter(|(_, is_info)| !**is_info).map(|(series, _)| series);
        let infos = self.info_series(&wanted, about, shift_of(vector).unwrap_or_default(), steps)?;
        let result = Joining::new(&wanted, &base, &is_info, &infos, steps).run(self, steps)?;
        self.replace(before, &result)?;
        Ok(result)
    }

    /// The info series about any of these series; their values are the times of the stored samples.
    fn info_series<'s>(
        &mut self,
        wanted: &Wanted,
        about: impl Iterator<Item = &'s Series>,
        shift: Shift,
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        let mut known: [Lookup<&str, ()>; 2] = Default::default();
        for series in about {
            for (name, known) in IDENTIFYING.iter().zip(&mut known) {
                if let Some(value) = series.labels.get(name) {
                    known.insert(value, ());
                }
            }
        }
        if known.iter().all(Lookup::is_empty) {
            return Ok(Vec::new());
        }
        let matchers = wanted.data.iter().chain(&wanted.names).cloned().collect();
        let selector = Selector { matchers, shift, extension: None, stats: false };
        let mut infos = self.latest(&selector, steps, |_, at, point| match point {
            Point::Float(_) => Point::Float(at as f64),
            Point::Histogram(h) => Point::Histogram(h),
        })?;
        infos.retain(|info| {
            IDENTIFYING.iter().zip(&known).all(|(name, known)| {
                known.is_empty() || info.labels.get(name).is_some_and(|value| known.contains_key(value))
            })
        });
        match infos.iter().find(|info| !info.histograms.is_empty()) {
            Some(info) => Err(EvalError::NotAnInfoMetric(info.labels.clone())),
            None => Ok(infos),
        }
    }
}

/// The conditions that the second argument is.
fn selector_of<'p>(plan: &'p Plan<'_>) -> Option<&'p Selector> {
    match &plan.kind {
        Kind::Selector(selector) => Some(selector),
        Kind::Once(inner) => selector_of(inner),
        _ => None,
    }
}

/// The times that the first selector of an expression takes its samples from: info series are taken from the same.
/// Offsets of subqueries around it count until one of them has a fixed time.
fn shift_of(plan: &Plan<'_>) -> Option<Shift> {
    match &plan.kind {
        Kind::Selector(selector) => Some(selector.shift),
        Kind::Range(range) => Some(range.selector.shift),
        Kind::Subquery(subquery) => {
            let inner = shift_of(&subquery.inner)?;
            Some(match inner.at {
                Some(_) => inner,
                None => Shift {
                    offset: inner.offset.saturating_add(subquery.shift.offset),
                    at: subquery.shift.at,
                },
            })
        }
        Kind::Aggregate(plan) => shift_of(&plan.operand).or_else(|| plan.param.as_ref().and_then(shift_of)),
        Kind::Binary(plan) => shift_of(&plan.left).or_else(|| shift_of(&plan.right)),
        Kind::Call(_, args) => args.iter().find_map(shift_of),
        Kind::Negated(inner) | Kind::Once(inner) => shift_of(inner),
        Kind::Number(_) | Kind::String(_) => None,
    }
}

/// Series on their way to get the labels of info series.
struct Joining<'m> {
    wanted: &'m Wanted,
    base: &'m [Series],
    is_info: &'m [bool],
    infos: &'m [Series],
    /// What each series is about, and each info series.
    base_groups: Vec<usize>,
    info_groups: Vec<usize>,
    /// The number of each info series' metric, in the order of their names.
    info_names: Vec<usize>,
    names: usize,
    groups: usize,
    gathered: Gathered,
    /// Where a series with these info series goes; nowhere if it is left out.
    places: Lookup<(usize, Vec<usize>), Option<usize>>,
}

impl<'m> Joining<'m> {
    fn new(
        wanted: &'m Wanted,
        base: &'m [Series],
        is_info: &'m [bool],
        infos: &'m [Series],
        steps: Steps,
    ) -> Self {
        let labels = IDENTIFYING.map(Into::into).to_vec();
        let key = Key::of_grouping(&Grouping { without: false, labels });
        let mut groups = Groups::default();
        let base_groups = groups.numbers(&key, base);
        let info_groups = groups.numbers(&key, infos);
        let name = |info: &'m Series| info.labels.value(METRIC_NAME);
        let names: BTreeMap<&str, ()> = infos.iter().map(|info| (name(info), ())).collect();
        let numbers: BTreeMap<&str, usize> =
            names.keys().enumerate().map(|(number, name)| (*name, number)).collect();
        let info_names = infos.iter().filter_map(|info| numbers.get(name(info)).copied()).collect();
        Self {
            wanted,
            base,
            is_info,
            infos,
            base_groups,
            info_groups,
            info_names,
            names: names.len(),
            groups: groups.len(),
            gathered: Gathered::new(steps),
            places: Lookup::default(),
        }
    }

    fn run(mut self, evaluator: &mut Evaluator<'_>, steps: Steps) -> Result<Vec<Series>, EvalError> {
        let (mut base_cursor, mut info_cursor) = (Cursor::new(self.base), Cursor::new(self.infos));
        for (step, t) in steps.iter().enumerate() {
            evaluator.limits.tick(self.base.len() + self.infos.len())?;
            let newest = self.newest(&mut info_cursor, t)?;
            for index in 0..self.base.len() {
                let Some(point) = base_cursor.take(index, t) else { continue };
                let group = self.base_groups[index];
                let infos: Vec<usize> = if self.is_info[index] {
                    Vec::new()
                } else {
                    let of_group = &newest[group * self.names..(group + 1) * self.names];
                    of_group.iter().filter_map(|newest| newest.map(|(info, _)| info)).collect()
                };
                if let Some(place) = self.place(index, infos)? {
                    self.gathered.push(place, step, t, point.to_value())?;
                }
            }
        }
        Ok(self.gathered.finish())
    }

    /// Of each group and info metric the series whose stored sample is the newest, and its time.
    fn newest(&self, cursor: &mut Cursor<'m>, t: i64) -> Result<Vec<Option<(usize, i64)>>, EvalError> {
        let mut newest: Vec<Option<(usize, i64)>> = vec![None; self.groups * self.names];
        for info in 0..self.infos.len() {
            let Some(Point::Float(at)) = cursor.take(info, t) else { continue };
            let at = at as i64;
            let known = &mut newest[self.info_groups[info] * self.names + self.info_names[info]];
            match *known {
                Some((_, time)) if time > at => {}
                Some((other, time)) if time == at => {
                    return Err(EvalError::DuplicateInfo {
                        existing: self.infos[other].labels.clone(),
                        existing_time: time,
                        new: self.infos[info].labels.clone(),
                        new_time: at,
                    });
                }
                Some(_) | None => *known = Some((info, at)),
            }
        }
        Ok(newest)
    }

    /// Where a series with these info series goes.
    fn place(&mut self, index: usize, infos: Vec<usize>) -> Result<Option<usize>, EvalError> {
        let key = (index, infos);
        if let Some(place) = self.places.get(&key) {
            return Ok(*place);
        }
        let series = &self.base[index];
        let place = match self.labels(series, self.is_info[index], &key.1)? {
            Some(labels) => Some(self.gathered.place(&labels, series.drop_name, usize::MAX)),
            None => None,
        };
        self.places.insert(key, place);
        Ok(place)
    }

    /// The labels of a series with those of the info series.
    fn labels(&self, series: &Series, is_info: bool, infos: &[usize]) -> Result<Option<LabelSet>, EvalError> {
        if is_info {
            return Ok(Some(series.labels.clone()));
        }
        if infos.is_empty() && self.wanted.is_needed() {
            return Ok(None);
        }
        let mut added: BTreeMap<&str, &str> = BTreeMap::new();
        for info in infos {
            for (name, value) in self.infos[*info].labels.iter().filter(|(name, _)| self.wanted.takes(name)) {
                if added.get(name).is_some_and(|known| *known != value) {
                    return Err(EvalError::ConflictingLabel(name.to_owned()));
                }
                if series.labels.get(name).is_none() {
                    added.insert(name, value);
                }
            }
        }
        let mut builder: LabelSetBuilder = series.labels.to_builder();
        for (name, value) in added {
            builder.set(name, value);
        }
        Ok(Some(builder.build()))
    }
}
