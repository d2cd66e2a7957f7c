//! `count_values`: how often each value is in a group, by the value as a label.

use super::cursor::{Cursor, Point};
use super::error::EvalError;
use super::evaluator::Evaluator;
use super::gathered::Gathered;
use super::grouping::{Groups, Key};
use super::steps::Steps;
use crate::model::Lookup;
use crate::model::number::format_float;
use crate::promql::ast::{Aggregate, Grouping};
use crate::promql::value::{Series, Value};

impl Evaluator<'_> {
    /// The counts at all steps.
    pub(super) fn count_values(
        &mut self,
        node: &Aggregate,
        label: &str,
        matrix: &[Series],
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        let mut values = Values::new(node, label, matrix, steps);
        let mut cursor = Cursor::new(matrix);
        // How often each value was met at this step, and those that were.
        let mut counts: Vec<f64> = Vec::new();
        let mut met: Vec<usize> = Vec::new();
        for (step, t) in steps.iter().enumerate() {
            self.limits.tick(matrix.len())?;
            for index in 0..matrix.len() {
                let Some(point) = cursor.take(index, t) else { continue };
                let place = values.place(index, point);
                if counts.len() <= place {
                    counts.resize(place + 1, 0.0);
                }
                if counts[place] == 0.0 {
                    met.push(place);
                }
                counts[place] += 1.0;
            }
            self.limits.pass(met.len())?;
            for place in met.drain(..) {
                let count = std::mem::take(&mut counts[place]);
                values.gathered.push(place, step, t, Value::Float(count))?;
            }
        }
        Ok(values.gathered.finish())
    }
}

/// Where the count of each value goes: one series for each value in each group.
struct Values<'m> {
    label: &'m str,
    key: Key,
    matrix: &'m [Series],
    groups: Groups,
    gathered: Gathered,
    /// Of each group the place of its series.
    places: Vec<usize>,
    /// Of each series of the matrix the places of its values, by their texts.
    known: Vec<Lookup<String, usize>>,
    /// Of each series of the matrix its last float and the place of that: values mostly stay the same.
    near: Vec<Option<(u64, usize)>>,
}

impl<'m> Values<'m> {
    fn new(node: &Aggregate, label: &'m str, matrix: &'m [Series], steps: Steps) -> Self {
        let mut labels = node.grouping.labels.clone();
        if !node.grouping.without {
            labels.push(label.into());
        }
        Self {
            label,
            key: Key::of_grouping(&Grouping { without: node.grouping.without, labels }),
            matrix,
            groups: Groups::default(),
            gathered: Gathered::new(steps),
            places: Vec::new(),
            known: matrix.iter().map(|_| Lookup::default()).collect(),
            near: vec![None; matrix.len()],
        }
    }

    /// Where the count of a value of a series goes.
    fn place(&mut self, index: usize, point: Point<'m>) -> usize {
        let text = match point {
            Point::Float(v) => {
                if let Some((_, place)) = self.near[index].filter(|(bits, _)| *bits == v.to_bits()) {
                    return place;
                }
                format_float(v, 'f', None)
            }
            Point::Histogram(h) => h.to_string(),
        };
        let place = match self.known[index].get(text.as_str()) {
            Some(place) => *place,
            None => {
                let place = self.find(index, &text);
                self.known[index].insert(text, place);
                place
            }
        };
        if let Point::Float(v) = point {
            self.near[index] = Some((v.to_bits(), place));
        }
        place
    }

    fn find(&mut self, index: usize, text: &str) -> usize {
        let mut builder = self.matrix[index].labels.to_builder();
        builder.set(self.label, text);
        let labels = builder.build();
        let (number, is_new) = self.groups.number(&self.key, &labels);
        if is_new {
            self.places.push(self.gathered.place(&self.key.labels(&labels), false, usize::MAX));
        }
        self.places[number]
    }
}
