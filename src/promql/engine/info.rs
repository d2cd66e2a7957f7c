//! `info(v, {…})`: adds labels of info series (`target_info`) to the series that are about the same thing.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

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
    /// What each series is about.
    base_groups: Vec<usize>,
    /// Of each info series its slot: one for each info metric of a group.
    info_slots: Vec<usize>,
    /// The slots of each group, in the order of the metrics' names.
    slots: Vec<Range<usize>>,
    gathered: Gathered,
    /// Of each series the info series that it last met and where it went with them; nowhere if it is left out.
    near: Vec<Option<(Vec<usize>, Option<usize>)>>,
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
        let metrics = || {
            let names = infos.iter().map(|info| info.labels.value(METRIC_NAME));
            info_groups.iter().copied().zip(names)
        };
        let sorted: BTreeSet<(usize, &str)> = metrics().collect();
        let numbers: BTreeMap<(usize, &str), usize> = sorted.into_iter().zip(0..).collect();
        let mut slots = vec![0..0; groups.len()];
        for ((group, _), slot) in &numbers {
            let first = if slots[*group].is_empty() { *slot } else { slots[*group].start };
            slots[*group] = first..slot + 1;
        }
        Self {
            wanted,
            base,
            is_info,
            infos,
            base_groups,
            info_slots: metrics().filter_map(|metric| numbers.get(&metric).copied()).collect(),
            slots,
            gathered: Gathered::new(steps),
            near: vec![None; base.len()],
        }
    }

    fn run(mut self, evaluator: &mut Evaluator<'_>, steps: Steps) -> Result<Vec<Series>, EvalError> {
        let (mut base_cursor, mut info_cursor) = (Cursor::new(self.base), Cursor::new(self.infos));
        let mut newest = vec![None; self.slots.iter().map(Range::len).sum()];
        let mut infos = Vec::new();
        for (step, t) in steps.iter().enumerate() {
            evaluator.limits.tick(self.base.len() + self.infos.len())?;
            self.find_newest(&mut info_cursor, t, &mut newest)?;
            for index in 0..self.base.len() {
                let Some(point) = base_cursor.take(index, t) else { continue };
                infos.clear();
                if !self.is_info[index] {
                    let of_group = &newest[self.slots[self.base_groups[index]].clone()];
                    infos.extend(of_group.iter().filter_map(|newest| newest.map(|(info, _)| info)));
                }
                if let Some(place) = self.place(index, &infos)? {
                    self.gathered.push(place, step, t, point.to_value())?;
                }
            }
        }
        Ok(self.gathered.finish())
    }

    /// Of each group and info metric the series whose stored sample is the newest, and its time.
    fn find_newest(
        &self,
        cursor: &mut Cursor<'m>,
        t: i64,
        newest: &mut [Option<(usize, i64)>],
    ) -> Result<(), EvalError> {
        newest.fill(None);
        for (info, slot) in self.info_slots.iter().enumerate() {
            let Some(Point::Float(at)) = cursor.take(info, t) else { continue };
            let at = at as i64;
            match newest[*slot] {
                Some((_, time)) if time > at => {}
                Some((other, time)) if time == at => {
                    return Err(EvalError::DuplicateInfo {
                        existing: self.infos[other].labels.clone(),
                        existing_time: time,
                        new: self.infos[info].labels.clone(),
                        new_time: at,
                    });
                }
                Some(_) | None => newest[*slot] = Some((info, at)),
            }
        }
        Ok(())
    }

    /// Where a series with these info series goes.
    fn place(&mut self, index: usize, infos: &[usize]) -> Result<Option<usize>, EvalError> {
        if let Some((_, place)) = self.near[index].as_ref().filter(|(known, _)| known == infos) {
            return Ok(*place);
        }
        let series = &self.base[index];
        let labels = self.labels(series, self.is_info[index], infos)?;
        let place = labels.map(|labels| self.gathered.place(&labels, series.drop_name, usize::MAX));
        self.near[index] = Some((infos.to_vec(), place));
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
