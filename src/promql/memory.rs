//! Series in memory, as a [`Source`]: what unit tests, the demo and the project's own tests evaluate on.
//!
//! It keeps everything until it is told to forget: no chunks. Series are found by the values of their
//! labels, so that a selection of few among 100,000 does not look at the rest.

mod hints;
mod postings;

use std::sync::Arc;

use super::histogram::{Buckets, FloatHistogram, HistogramError};
use super::source::{Source, SourceError, StoredSeries, TimeWindow};
use super::value::{FloatPoint, HistogramPoint, StartPoint, Value, count_until};
use crate::model::{LabelSet, Lookup, Matcher};
use postings::Postings;

/// A store of series in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    /// In the order in which they came first; postings and `ids` hold places in it.
    series: Vec<Stored>,
    ids: Lookup<LabelSet, u32>,
    postings: Postings,
    /// The start timestamps of series that have any, which few have: beside the series they would cost all of them.
    starts: Lookup<u32, Vec<StartPoint>>,
}

/// How many series a selection waits for at once.
const NEAR: usize = 32;

/// The samples of one series, each list sorted by time, no time in both.
#[derive(Debug)]
struct Stored {
    labels: LabelSet,
    floats: Vec<FloatPoint>,
    histograms: Vec<HistogramPoint>,
}

/// Why a sample is refused, in Prometheus' words.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AppendError {
    /// The parts of a native histogram do not fit together.
    #[error(transparent)]
    Invalid(#[from] HistogramError),
    /// The series has a later sample already.
    #[error("out of order sample")]
    OutOfOrder {
        /// The time of that later sample, milliseconds since the epoch.
        latest: i64,
    },
    /// The series has another value at that time.
    #[error("duplicate sample for timestamp")]
    DuplicateForTimestamp,
    /// There can be no more than 2³² series.
    #[error("too many series")]
    TooManySeries,
}

impl MemoryStore {
    /// Adds a sample to the series with these labels, at `t` milliseconds since the epoch.
    ///
    /// As in Prometheus' storage, times of a series have to rise; the very value that a time already has may be
    /// said again, and changes nothing. Histograms get the hint about resets that Prometheus' storage gives them.
    ///
    /// # Errors
    /// See [`AppendError`]; nothing is stored then.
    pub fn append(&mut self, labels: &LabelSet, t: i64, value: Value) -> Result<(), AppendError> {
        self.put(labels, t, value).map(|_| ())
    }

    /// Like [`Self::append`], of a sample whose counter began at `start`, milliseconds since the epoch. As in
    /// Prometheus, 0 says that this is not known.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn append_with_start(
        &mut self,
        labels: &LabelSet,
        t: i64,
        start: i64,
        value: Value,
    ) -> Result<(), AppendError> {
        let stored_in = self.put(labels, t, value)?;
        if let Some(id) = stored_in.filter(|_| start != 0) {
            self.starts.or_insert_with(id, Vec::new).push(StartPoint { t, start });
        }
        Ok(())
    }

    /// Stores a sample; answers in which series, unless it is there already.
    fn put(&mut self, labels: &LabelSet, t: i64, value: Value) -> Result<Option<u32>, AppendError> {
        if let Value::Histogram(histogram) = &value {
            histogram.validate()?;
        }
        if let Some(id) = self.ids.get(labels).copied() {
            return Ok(self.series[id as usize].append(t, value)?.then_some(id));
        }
        let id = u32::try_from(self.series.len()).map_err(|_| AppendError::TooManySeries)?;
        let mut stored = Stored { labels: labels.clone(), floats: Vec::new(), histograms: Vec::new() };
        stored.append(t, value)?;
        self.postings.add(labels, id);
        self.ids.insert(labels.clone(), id);
        self.series.push(stored);
        Ok(Some(id))
    }

    /// Forgets samples before `t`, milliseconds since the epoch. Series stay known, also without samples.
    pub fn forget_before(&mut self, t: i64) {
        for (id, stored) in (0..).zip(&mut self.series) {
            if let Some(starts) = self.starts.get_mut(&id) {
                starts.drain(..starts.partition_point(|point| point.t < t));
            }
            let old = stored.floats.partition_point(|point| point.t < t);
            stored.floats.drain(..old);
            let old = stored.histograms.partition_point(|point| point.t < t);
            stored.histograms.drain(..old);
        }
    }

    /// How many samples there are.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.series.iter().map(|stored| stored.floats.len() + stored.histograms.len()).sum()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// How many series there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// The places of the series that may match all `matchers`, in the order in which they came first.
    fn candidates(&self, matchers: &[Matcher]) -> impl Iterator<Item = usize> {
        let (some, all) = match self.postings.candidates(matchers) {
            Some(ids) => (ids, 0..0),
            None => (Vec::new(), 0..self.series.len()),
        };
        some.into_iter().map(|id| id as usize).chain(all)
    }

    /// The start timestamps of a series. Nothing is looked for if no series has any.
    fn starts_of(&self, place: usize) -> &[StartPoint] {
        let id = if self.starts.is_empty() { None } else { u32::try_from(place).ok() };
        id.and_then(|id| self.starts.get(&id)).map(Vec::as_slice).unwrap_or_default()
    }
}

impl Source for MemoryStore {
    fn select(&self, matchers: &[Matcher], window: TimeWindow) -> Result<Vec<StoredSeries<'_>>, SourceError> {
        let (mut candidates, mut found) = (self.candidates(matchers), Vec::new());
        loop {
            let near: Vec<usize> = candidates.by_ref().take(NEAR).collect();
            // What is read now is far away in memory: it is waited for together, not for one after the other.
            std::hint::black_box(near.iter().fold(0, |all, place| all ^ self.series[*place].touch()));
            let matching = near.iter().filter(|place| self.series[**place].matches(matchers));
            let windows = matching.map(|place| StoredSeries {
                starts: range(self.starts_of(*place), window, |point| point.t),
                ..self.series[*place].within(window)
            });
            found.extend(windows.filter(|series| !series.floats.is_empty() || !series.histograms.is_empty()));
            if near.len() < NEAR {
                return Ok(found);
            }
        }
    }
}

impl Stored {
    /// Adds a sample; answers whether it was not there yet.
    fn append(&mut self, t: i64, value: Value) -> Result<bool, AppendError> {
        if let Some(latest) = self.latest() {
            if t < latest {
                return Err(AppendError::OutOfOrder { latest });
            }
            if t == latest {
                let again = self.has(t, &value);
                return if again { Ok(false) } else { Err(AppendError::DuplicateForTimestamp) };
            }
        }
        match value {
            Value::Float(v) => self.floats.push(FloatPoint { t, v }),
            Value::Histogram(h) => {
                let last = self.histograms.last().filter(|last| Some(last.t) == self.latest());
                let h = hints::stored(last.map(|last| &*last.h), h);
                self.histograms.push(HistogramPoint { t, h });
            }
        }
        Ok(true)
    }

    fn matches(&self, matchers: &[Matcher]) -> bool {
        matchers.iter().all(|matcher| matcher.matches(&self.labels))
    }

    /// Reads what a selection looks at first, and answers with a number that means nothing.
    fn touch(&self) -> u8 {
        let ends = [self.floats.first(), self.floats.last()];
        let times = ends.iter().flatten().fold(0, |all, point| all ^ point.t);
        self.labels.touch() ^ times as u8
    }

    fn latest(&self) -> Option<i64> {
        let float = self.floats.last().map(|point| point.t);
        float.max(self.histograms.last().map(|point| point.t))
    }

    /// Whether its last sample is this value at this time.
    fn has(&self, t: i64, value: &Value) -> bool {
        match value {
            Value::Float(v) => {
                self.floats.last().is_some_and(|last| last.t == t && last.v.to_bits() == v.to_bits())
            }
            Value::Histogram(h) => self.histograms.last().is_some_and(|last| last.t == t && same(&last.h, h)),
        }
    }

    /// What is in the window; start timestamps are kept elsewhere.
    fn within(&self, window: TimeWindow) -> StoredSeries<'_> {
        let floats = range(&self.floats, window, |point| point.t);
        let histograms = range(&self.histograms, window, |point| point.t);
        StoredSeries { labels: &self.labels, floats, histograms, starts: &[] }
    }
}

/// The part of `points` with times in the window.
fn range<P>(points: &[P], window: TimeWindow, time: impl Fn(&P) -> i64) -> &[P] {
    let before = window.from.checked_sub(1).map_or(0, |t| count_until(points, t, &time));
    points.get(before..count_until(points, window.to, &time)).unwrap_or_default()
}

/// Whether two histograms say the same, bit by bit as for floats; what they know of resets does not count.
fn same(one: &Arc<FloatHistogram>, two: &Arc<FloatHistogram>) -> bool {
    if Arc::ptr_eq(one, two) {
        return true;
    }
    let numbers = |h: &FloatHistogram| [h.count, h.sum, h.zero_count, h.zero_threshold].map(f64::to_bits);
    let bits = |list: &[f64]| list.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    let buckets = |a: &Buckets, b: &Buckets| a.spans == b.spans && bits(&a.counts) == bits(&b.counts);
    one.schema == two.schema
        && numbers(one) == numbers(two)
        && buckets(&one.positive, &two.positive)
        && buckets(&one.negative, &two.negative)
        && bits(&one.custom_values) == bits(&two.custom_values)
}

#[cfg(test)]
mod tests;
