//! Goes over the points of many series step by step.

use std::sync::Arc;

use crate::promql::histogram::FloatHistogram;
use crate::promql::value::{Series, Value};

/// A value that is still where it was found.
#[derive(Clone, Copy, Debug)]
pub(super) enum Point<'m> {
    Float(f64),
    Histogram(&'m Arc<FloatHistogram>),
}

impl Point<'_> {
    pub(super) fn to_value(self) -> Value {
        match self {
            Self::Float(v) => Value::Float(v),
            Self::Histogram(h) => Value::Histogram(Arc::clone(h)),
        }
    }
}

/// Where each series of a matrix is; steps are asked for in order.
#[derive(Debug)]
pub(super) struct Cursor<'m> {
    matrix: &'m [Series],
    /// Of each series the next float and the next histogram.
    next: Vec<(usize, usize)>,
}

impl<'m> Cursor<'m> {
    pub(super) fn new(matrix: &'m [Series]) -> Self {
        Self { matrix, next: vec![(0, 0); matrix.len()] }
    }

    /// How many series there are.
    pub(super) fn len(&self) -> usize {
        self.matrix.len()
    }

    /// The point of a series at a step, which is then behind.
    pub(super) fn take(&mut self, series: usize, t: i64) -> Option<Point<'m>> {
        let known = &self.matrix[series];
        let (float, histogram) = &mut self.next[series];
        if let Some(point) = known.floats.get(*float).filter(|point| point.t == t) {
            *float += 1;
            return Some(Point::Float(point.v));
        }
        let point = known.histograms.get(*histogram).filter(|point| point.t == t)?;
        *histogram += 1;
        Some(Point::Histogram(&point.h))
    }
}
