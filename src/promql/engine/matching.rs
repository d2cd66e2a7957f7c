//! Operations between two vectors whose elements find each other by their labels.

use std::cmp::Ordering;

use super::cursor::{Cursor, Point};
use super::error::EvalError;
use super::evaluator::Evaluator;
use super::gathered::Gathered;
use super::grouping::{Groups, Key, result_labels};
use super::operators;
use super::steps::Steps;
use crate::model::LabelSet;
use crate::promql::annotations::Annotation;
use crate::promql::ast::{Binary, Cardinality, Matching};
use crate::promql::span::Span;
use crate::promql::value::{Series, Value};

/// The series that an element is of; none for a value that fills a gap.
type Origin = Option<usize>;

/// An operation between two vectors, of which the "one" side is that whose elements are unique in a group; of
/// `group_right` that is the left one.
struct Operation<'m> {
    node: &'m Binary,
    matching: &'m Matching,
    key: Key,
    many: &'m [Series],
    one: &'m [Series],
    many_groups: Vec<usize>,
    one_groups: Vec<usize>,
    groups: usize,
    delayed: bool,
    gathered: Gathered,
    /// Of each series of the "many" side its last partner and where the result went; mostly it stays the same.
    near: Vec<Option<(Origin, usize)>>,
    /// Where the results of series of the "one" side went that had no partner.
    alone: Vec<Option<usize>>,
    /// Of each place the last step (plus one) and the group that gave a result there.
    given: Vec<(usize, usize)>,
}

/// What is known of the groups at one step.
struct StepState {
    /// The element of the "one" side; counts if its step is this one.
    one: Vec<(usize, usize)>,
    /// The last step (plus one) at which an element of the "many" side met another.
    matched: Vec<usize>,
}

impl Evaluator<'_> {
    /// An operation between two vectors at all steps.
    pub(super) fn vectors(
        &mut self,
        node: &Binary,
        matching: &Matching,
        left: &[Series],
        right: &[Series],
        span: Span,
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        let swapped = matching.cardinality == Cardinality::OneToMany;
        let (many, one) = if swapped { (right, left) } else { (left, right) };
        let key = Key::of_matching(matching);
        let mut groups = Groups::default();
        let many_groups = groups.numbers(&key, many);
        let one_groups = groups.numbers(&key, one);
        let mut operation = Operation {
            node,
            matching,
            key,
            many,
            one,
            many_groups,
            one_groups,
            groups: groups.len(),
            delayed: self.options.delayed_name_removal,
            gathered: Gathered::new(steps),
            near: vec![None; many.len()],
            alone: vec![None; if matching.fill_left.is_some() { one.len() } else { 0 }],
            given: Vec::new(),
        };
        operation.run(self, span, steps)?;
        Ok(operation.gathered.finish())
    }
}

impl<'m> Operation<'m> {
    fn run(&mut self, evaluator: &mut Evaluator<'_>, span: Span, steps: Steps) -> Result<(), EvalError> {
        let (mut many_cursor, mut one_cursor) = (Cursor::new(self.many), Cursor::new(self.one));
        let mut state = StepState { one: vec![(0, 0); self.groups], matched: vec![0; self.groups] };
        let mut ones: Vec<(usize, Point<'m>)> = Vec::new();
        let mut manies: Vec<(usize, Point<'m>)> = Vec::new();
        let fills = self.matching.fill_left.is_some() || self.matching.fill_right.is_some();
        for (step, t) in steps.iter().enumerate() {
            evaluator.limits.tick(self.many.len() + self.one.len())?;
            take_all(&mut many_cursor, t, &mut manies);
            take_all(&mut one_cursor, t, &mut ones);
            if (manies.is_empty() || ones.is_empty()) && !fills {
                continue;
            }
            evaluator.limits.pass(manies.len() + ones.len())?;
            let mut said = None;
            self.index_ones(&ones, step, &mut state)?;
            self.match_manies(&manies, &ones, (step, t), &mut state, &mut said)?;
            self.fill_manies(&ones, (step, t), &state, &mut said)?;
            if let Some(annotation) = said {
                evaluator.say(annotation, span);
            }
        }
        Ok(())
    }

    /// Puts the elements of the "one" side into their groups.
    fn index_ones(
        &self,
        ones: &[(usize, Point<'m>)],
        step: usize,
        state: &mut StepState,
    ) -> Result<(), EvalError> {
        for (at, (series, _)) in ones.iter().enumerate() {
            let known = &mut state.one[self.one_groups[*series]];
            if known.0 == step + 1 {
                return Err(self.many_to_many(*series, ones[known.1].0));
            }
            *known = (step + 1, at);
        }
        Ok(())
    }

    fn many_to_many(&self, series: usize, other: usize) -> EvalError {
        let labels = &self.one[series].labels;
        let (series, other) = (labels.to_string(), self.one[other].labels.to_string());
        let (series, other) =
            if series.cmp(&other) == Ordering::Greater { (other, series) } else { (series, other) };
        let side = if self.matching.cardinality == Cardinality::OneToMany { "left" } else { "right" };
        EvalError::ManyToMany { group: self.key.labels(labels), side, series, other }
    }

    /// Computes for each element of the "many" side.
    fn match_manies(
        &mut self,
        manies: &[(usize, Point<'m>)],
        ones: &[(usize, Point<'m>)],
        at: (usize, i64),
        state: &mut StepState,
        said: &mut Option<Annotation>,
    ) -> Result<(), EvalError> {
        let fill = self.matching.fill_right;
        for (series, point) in manies {
            let group = self.many_groups[*series];
            let (one, other) = match state.one[group] {
                (seen, index) if seen == at.0 + 1 => (Some(ones[index].0), ones[index].1),
                _ => match fill {
                    Some(fill) => (None, Point::Float(fill)),
                    None => continue,
                },
            };
            let is_first = state.matched[group] != at.0 + 1;
            if self.compute((Some(*series), *point), (one, other), group, at, is_first, said)? {
                state.matched[group] = at.0 + 1;
            }
        }
        Ok(())
    }

    /// Computes for each element of the "one" side that has met no other, if there is a value for these.
    fn fill_manies(
        &mut self,
        ones: &[(usize, Point<'m>)],
        at: (usize, i64),
        state: &StepState,
        said: &mut Option<Annotation>,
    ) -> Result<(), EvalError> {
        let Some(fill) = self.matching.fill_left else { return Ok(()) };
        for (series, point) in ones {
            let group = self.one_groups[*series];
            if state.matched[group] != at.0 + 1 {
                self.compute((None, Point::Float(fill)), (Some(*series), *point), group, at, true, said)?;
            }
        }
        Ok(())
    }

    /// Computes for two elements and adds the result. Answers whether they count as matched.
    fn compute(
        &mut self,
        many: (Origin, Point<'m>),
        one: (Origin, Point<'m>),
        group: usize,
        (step, t): (usize, i64),
        is_first: bool,
        said: &mut Option<Annotation>,
    ) -> Result<bool, EvalError> {
        let (left, right) = match self.matching.cardinality {
            Cardinality::OneToMany => (one.1, many.1),
            Cardinality::OneToOne | Cardinality::ManyToOne | Cardinality::ManyToMany => (many.1, one.1),
        };
        let outcome = operators::elements(self.node.op, left, right);
        if outcome.annotation.is_some() {
            *said = outcome.annotation;
        }
        let Some((value, holds)) = outcome.value else { return Ok(false) };
        let place = self.place(many.0, one.0);
        if self.matching.cardinality == Cardinality::OneToOne {
            if !is_first {
                return Err(EvalError::ImplicitManyToOne);
            }
        } else {
            if self.given.len() <= place {
                self.given.resize(place + 1, (0, 0));
            }
            if self.given[place] == (step + 1, group) {
                return Err(EvalError::AmbiguousGrouping);
            }
            self.given[place] = (step + 1, group);
        }
        let value = match value {
            _ if self.node.return_bool => Value::Float(f64::from(u8::from(holds))),
            _ if !holds => return Ok(true),
            value => value,
        };
        self.gathered.push(place, step, t, value)?;
        Ok(true)
    }

    /// Where the result for two series goes.
    fn place(&mut self, many: Origin, one: Origin) -> usize {
        let known = match (many, one) {
            (Some(many), _) => self.near[many].filter(|(known, _)| *known == one).map(|(_, place)| place),
            (None, Some(one)) => self.alone[one],
            (None, None) => None,
        };
        if let Some(place) = known {
            return place;
        }
        let labels = self.labels(many, one);
        let place = self.gathered.place(&labels, self.node.return_bool, usize::MAX);
        match (many, one) {
            (Some(many), _) => self.near[many] = Some((one, place)),
            (None, Some(one)) => self.alone[one] = Some(place),
            (None, None) => {}
        }
        place
    }

    /// The labels of the result: of a value that fills a gap only those that decide about the match are known.
    fn labels(&self, many: Origin, one: Origin) -> LabelSet {
        let known = |series: &[Series], at: usize| series[at].labels.clone();
        let (many, one) = match (many, one) {
            (Some(many), Some(one)) => (known(self.many, many), known(self.one, one)),
            (Some(many), None) => {
                let many = known(self.many, many);
                let one = self.key.labels(&many);
                (many, one)
            }
            (None, Some(one)) => {
                let one = known(self.one, one);
                (self.key.labels(&one), one)
            }
            (None, None) => return LabelSet::default(),
        };
        let drops = operators::changes_meaning(self.node.op) || (self.node.return_bool && !self.delayed);
        result_labels(&many, &one, self.matching, drops)
    }
}

/// All elements of one side at a step.
fn take_all<'m>(cursor: &mut Cursor<'m>, t: i64, into: &mut Vec<(usize, Point<'m>)>) {
    into.clear();
    for series in 0..cursor.len() {
        if let Some(point) = cursor.take(series, t) {
            into.push((series, point));
        }
    }
}
