//! Series that grow step by step from the samples of vectors.

use super::error::EvalError;
use super::steps::Steps;
use crate::model::{LabelSet, Lookup};
use crate::promql::value::{FloatPoint, HistogramPoint, Series, Value};

/// Output series, in the order in which they were first seen, each set of labels once.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    index: Lookup<LabelSet, usize>,
    series: Vec<Series>,
    /// Of each series the step after the last that has a point.
    filled: Vec<usize>,
    capacity: usize,
}

impl Gathered {
    /// Room for points of so many steps.
    pub(super) fn new(steps: Steps) -> Self {
        Self { capacity: steps.count().min(1 << 14), ..Self::default() }
    }

    /// The place of the series with these labels. The hint is where it may be: that is looked at first.
    pub(super) fn place(&mut self, labels: &LabelSet, drop_name: bool, hint: usize) -> usize {
        if self.series.get(hint).is_some_and(|series| series.labels == *labels) {
            return hint;
        }
        if let Some(place) = self.index.get(labels) {
            return *place;
        }
        self.index.insert(labels.clone(), self.series.len());
        self.add(labels.clone(), drop_name)
    }

    /// A series that may have the same labels as another one.
    fn add(&mut self, labels: LabelSet, drop_name: bool) -> usize {
        self.series.push(Series { labels, drop_name, floats: Vec::new(), histograms: Vec::new() });
        self.filled.push(0);
        self.series.len() - 1
    }

    /// Like [`Self::place`], but a series that has a point at this step is left alone and another one is begun.
    pub(super) fn place_apart(
        &mut self,
        labels: &LabelSet,
        drop_name: bool,
        step: usize,
        hint: usize,
    ) -> usize {
        let place = self.place(labels, drop_name, hint);
        if self.filled[place] > step { self.add(labels.clone(), drop_name) } else { place }
    }

    /// Adds a point to the series at a place.
    ///
    /// # Errors
    /// It has one at this step.
    pub(super) fn push(&mut self, place: usize, step: usize, t: i64, value: Value) -> Result<(), EvalError> {
        if self.filled[place] > step {
            return Err(EvalError::SameLabelset);
        }
        self.filled[place] = step + 1;
        let series = &mut self.series[place];
        match value {
            Value::Float(v) => {
                if series.floats.capacity() == 0 {
                    series.floats.reserve_exact(self.capacity.saturating_sub(step).max(1));
                }
                series.floats.push(FloatPoint { t, v });
            }
            Value::Histogram(h) => series.histograms.push(HistogramPoint { t, h }),
        }
        Ok(())
    }

    /// The series that have points.
    pub(super) fn finish(self) -> Vec<Series> {
        let mut series = self.series;
        series.retain(|series| !series.floats.is_empty() || !series.histograms.is_empty());
        series
    }
}
