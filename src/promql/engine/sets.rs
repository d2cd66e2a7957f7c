//! `and`, `or` and `unless` between vectors.

use super::cursor::Cursor;
use super::error::EvalError;
use super::evaluator::Evaluator;
use super::gathered::Gathered;
use super::grouping::{Groups, Key};
use super::steps::Steps;
use crate::promql::ast::{BinaryOp, Matching};
use crate::promql::value::{Series, Value};

impl Evaluator<'_> {
    /// A set operation at all steps.
    pub(super) fn sets(
        &mut self,
        op: BinaryOp,
        matching: &Matching,
        left: &[Series],
        right: &[Series],
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        let key = Key::of_matching(matching);
        let mut groups = Groups::default();
        let left_groups = groups.numbers(&key, left);
        let right_groups = groups.numbers(&key, right);
        let mut places = Places::new(left, right, self.options.delayed_name_removal, steps);
        let (mut left_cursor, mut right_cursor) = (Cursor::new(left), Cursor::new(right));
        // Of each group the step (plus one) at which it was last seen on the side that decides.
        let mut seen = vec![0; groups.len()];
        for (step, t) in steps.iter().enumerate() {
            self.limits.tick(left.len() + right.len())?;
            if op == BinaryOp::Or {
                for (series, group) in left_groups.iter().enumerate() {
                    if let Some(point) = left_cursor.take(series, t) {
                        seen[*group] = step + 1;
                        places.push_left(series, step, t, point.to_value())?;
                    }
                }
                for (series, group) in right_groups.iter().enumerate() {
                    if let Some(point) = right_cursor.take(series, t).filter(|_| seen[*group] != step + 1) {
                        places.push_right(series, step, t, point.to_value())?;
                    }
                }
                continue;
            }
            for (series, group) in right_groups.iter().enumerate() {
                if right_cursor.take(series, t).is_some() {
                    seen[*group] = step + 1;
                }
            }
            for (series, group) in left_groups.iter().enumerate() {
                let Some(point) = left_cursor.take(series, t) else { continue };
                if (seen[*group] == step + 1) == (op == BinaryOp::And) {
                    places.push_left(series, step, t, point.to_value())?;
                }
            }
        }
        Ok(places.gathered.finish())
    }
}

/// Where the points of each series go: those of `or` may go to a series that both sides have.
struct Places<'m> {
    gathered: Gathered,
    left: &'m [Series],
    right: &'m [Series],
    /// The places of series of either side that were found.
    left_places: Vec<Option<usize>>,
    right_places: Vec<Option<usize>>,
    /// With delayed name removal an instant query keeps elements with the same labels apart until its end.
    apart: bool,
}

impl<'m> Places<'m> {
    fn new(left: &'m [Series], right: &'m [Series], delayed: bool, steps: Steps) -> Self {
        Self {
            gathered: Gathered::new(steps),
            left,
            right,
            left_places: vec![None; left.len()],
            right_places: vec![None; right.len()],
            apart: delayed && steps.is_single(),
        }
    }

    fn push_left(&mut self, series: usize, step: usize, t: i64, value: Value) -> Result<(), EvalError> {
        let place = match self.left_places[series] {
            Some(place) => place,
            None => self.find(&self.left[series], step),
        };
        self.left_places[series] = Some(place);
        self.gathered.push(place, step, t, value)
    }

    fn push_right(&mut self, series: usize, step: usize, t: i64, value: Value) -> Result<(), EvalError> {
        let place = match self.right_places[series] {
            Some(place) => place,
            None => self.find(&self.right[series], step),
        };
        self.right_places[series] = Some(place);
        self.gathered.push(place, step, t, value)
    }

    fn find(&mut self, series: &'m Series, step: usize) -> usize {
        if self.apart {
            self.gathered.place_apart(&series.labels, series.drop_name, step, usize::MAX)
        } else {
            self.gathered.place(&series.labels, series.drop_name, usize::MAX)
        }
    }
}
