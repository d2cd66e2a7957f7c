//! What an evaluation works on and gives: points, series, vectors.

use std::sync::Arc;

use super::histogram::FloatHistogram;
use crate::model::LabelSet;

/// A float at a time.
#[derive(Clone, Copy, Debug)]
pub struct FloatPoint {
    /// Milliseconds since the epoch.
    pub t: i64,
    /// The value.
    pub v: f64,
}

/// A native histogram at a time.
#[derive(Clone, Debug)]
pub struct HistogramPoint {
    /// Milliseconds since the epoch.
    pub t: i64,
    /// The value.
    pub h: Arc<FloatHistogram>,
}

/// The start timestamp of a sample: when the counter that it is of began, as far as somebody told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartPoint {
    /// Milliseconds since the epoch, of the sample.
    pub t: i64,
    /// Milliseconds since the epoch. It may lie after the sample: it is stored as it was told.
    pub start: i64,
}

/// A float or a native histogram.
#[derive(Clone, Debug)]
pub enum Value {
    /// A float.
    Float(f64),
    /// A native histogram.
    Histogram(Arc<FloatHistogram>),
}

/// The points of a series. A time has a float or a histogram, never both; each list is sorted by time.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// The labels, the metric name included.
    pub labels: LabelSet,
    /// The metric name is to be dropped at the end of the evaluation (delayed name removal).
    pub drop_name: bool,
    /// Floats.
    pub floats: Vec<FloatPoint>,
    /// Native histograms.
    pub histograms: Vec<HistogramPoint>,
}

/// One element of an instant vector.
#[derive(Clone, Debug)]
pub struct VectorSample {
    /// The labels, the metric name included unless dropped.
    pub labels: LabelSet,
    /// The metric name is to be dropped at the end of the evaluation (delayed name removal).
    pub drop_name: bool,
    /// The value.
    pub value: Value,
    /// The time that is shown for it, milliseconds since the epoch: of the evaluation, not of the stored sample.
    pub t: i64,
}

/// The result of a query.
#[derive(Clone, Debug)]
pub enum QueryResult {
    /// A number at a time.
    Scalar(FloatPoint),
    /// A text at a time.
    String(Arc<str>, i64),
    /// One sample a series.
    Vector(Vec<VectorSample>),
    /// Many samples a series: of a range query, or of an instant query of a range vector.
    Matrix(Vec<Series>),
}

/// How many of the points, sorted by time, are not after `t`. Samples mostly come at regular times, so it looks first
/// where the time would then be: few of the points have to be read, which are often far from the processor.
pub(crate) fn count_until<P>(points: &[P], t: i64, time: impl Fn(&P) -> i64) -> usize {
    let [first, .., last] = points else { return points.iter().filter(|point| time(point) <= t).count() };
    let (first, last) = (time(first), time(last));
    if last <= t {
        return points.len();
    }
    if first > t {
        return 0;
    }
    let share = t.abs_diff(first) as f64 / last.abs_diff(first) as f64;
    let guess = ((share * (points.len() - 1) as f64) as usize).min(points.len() - 1);
    let (mut low, mut high, mut stride) = (guess, guess, 1);
    if time(&points[guess]) <= t {
        while high < points.len() && time(&points[high]) <= t {
            (low, high, stride) = (high, high + stride, stride * 2);
        }
        high = high.min(points.len());
    } else {
        while low > 0 && time(&points[low]) > t {
            (low, high, stride) = (low.saturating_sub(stride), low, stride * 2);
        }
    }
    low + points[low..high].partition_point(|point| time(point) <= t)
}

#[cfg(test)]
mod tests {
    use super::count_until;

    #[test]
    fn points_are_found_wherever_they_are() {
        let regular: Vec<i64> = (0..100).map(|at| at * 10).collect();
        let skewed: Vec<i64> = (0..60).map(|at| 1_i64 << at).collect();
        let bursts: Vec<i64> = (0..100).map(|at| at / 10 * 1_000_000 + at % 10).collect();
        let wide = vec![i64::MIN, -5, 0, 3, i64::MAX];
        for points in [regular, skewed, bursts, wide, vec![7], vec![3, 9], Vec::new()] {
            let near = points.iter().flat_map(|t| [t.saturating_sub(1), *t, t.saturating_add(1)]);
            for t in near.chain([i64::MIN, 0, 12_345, i64::MAX]) {
                let wanted = points.iter().filter(|point| **point <= t).count();
                assert_eq!(count_until(&points, t, |point| *point), wanted, "{t} in {points:?}");
            }
        }
    }
}
