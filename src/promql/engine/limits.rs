//! What keeps an evaluation within bounds: samples in memory, time, steps.

use super::Options;
use super::error::EvalError;
use super::steps::Steps;
use crate::promql::value::{HistogramPoint, Series};

/// How many samples an evaluation needed. A histogram counts as several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SampleStats {
    /// Samples read by all selectors at all steps; those of ranges count at each step.
    pub total: u64,
    /// The most that were in memory at once.
    pub peak: usize,
}

/// How often the deadline is asked: after so many steps of work.
const PATIENCE: usize = 4096;

/// More steps than these are refused, whatever they would find.
const MAX_STEPS: u64 = 50_000_000;

/// Counts samples and time.
pub(super) struct Limits<'a> {
    pub(super) stats: SampleStats,
    /// Samples in memory now.
    pub(super) current: usize,
    max_samples: usize,
    deadline: Option<&'a dyn Fn() -> bool>,
    work: usize,
}

impl<'a> Limits<'a> {
    pub(super) fn new(options: &Options<'a>) -> Self {
        Self {
            stats: SampleStats::default(),
            current: 0,
            max_samples: options.max_samples,
            deadline: options.deadline,
            work: PATIENCE,
        }
    }

    /// Counts samples that are now in memory.
    pub(super) fn hold(&mut self, samples: usize) -> Result<(), EvalError> {
        self.current = self.current.saturating_add(samples);
        if self.current > self.max_samples {
            return Err(EvalError::TooManySamples);
        }
        self.stats.peak = self.stats.peak.max(self.current);
        Ok(())
    }

    /// Counts samples that are in memory for a moment, beside those that stay.
    pub(super) fn pass(&mut self, samples: usize) -> Result<(), EvalError> {
        let before = self.current;
        self.hold(samples)?;
        self.current = before;
        Ok(())
    }

    /// Counts samples that were read.
    pub(super) fn read(&mut self, samples: usize) {
        self.stats.total = self.stats.total.saturating_add(samples as u64);
    }

    /// Counts the samples of a series that was read, which stays in memory if it has any.
    pub(super) fn keep(&mut self, series: Series, matrix: &mut Vec<Series>) -> Result<(), EvalError> {
        let size = series_size(&series);
        self.read(size);
        self.hold(size)?;
        if size > 0 {
            matrix.push(series);
        }
        Ok(())
    }

    /// Some work was done: asks now and then whether there is time for more.
    pub(super) fn tick(&mut self, work: usize) -> Result<(), EvalError> {
        self.work = self.work.saturating_add(work.max(1));
        if self.work < PATIENCE {
            return Ok(());
        }
        self.work = 0;
        match self.deadline {
            Some(is_over) if is_over() => Err(EvalError::TimedOut),
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses too many steps.
    pub(super) fn allow(&self, steps: Steps) -> Result<(), EvalError> {
        match steps.count_u64() {
            count if count > MAX_STEPS => Err(EvalError::TooManySteps(count, MAX_STEPS)),
            _ => Ok(()),
        }
    }
}

/// The sizes of many histograms.
pub(super) fn histograms_size(points: &[HistogramPoint]) -> usize {
    points.iter().map(|point| point.h.size_in_samples()).sum()
}

/// The size of a series' points.
pub(super) fn series_size(series: &Series) -> usize {
    series.floats.len() + histograms_size(&series.histograms)
}

/// The size of all points.
pub(super) fn matrix_size(matrix: &[Series]) -> usize {
    matrix.iter().map(series_size).sum()
}
