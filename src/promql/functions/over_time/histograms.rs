//! Sum and mean of the native histograms of a window.

use crate::promql::annotations::HistogramOperation;
use crate::promql::functions::notes::Notes;
use crate::promql::histogram::{CounterResetHint, FloatHistogram, HistogramError};
use crate::promql::value::HistogramPoint;

/// The sum of at least one histogram.
pub(super) fn sum(points: &[HistogramPoint], notes: &mut Notes<'_>) -> Option<FloatHistogram> {
    aggregate(points, notes, |first, rest, reconciled| {
        let mut sum = first.clone();
        let mut compensation = None;
        for point in rest {
            *reconciled |= sum.kahan_add(&point.h, &mut compensation)?.reconciled;
        }
        if let Some(compensation) = compensation {
            *reconciled |= sum.add(&compensation)?.reconciled;
        }
        Ok(sum)
    })
}

/// The mean of at least one histogram: the sum divided by the count while the sum fits into floats, else the mean
/// is carried along.
pub(super) fn mean(points: &[HistogramPoint], notes: &mut Notes<'_>) -> Option<FloatHistogram> {
    aggregate(points, notes, |first, rest, reconciled| {
        let mut sum = first.clone();
        let mut compensation: Option<FloatHistogram> = None;
        for (place, point) in rest.iter().enumerate() {
            let (mut next, mut next_compensation) = (sum.clone(), compensation.clone());
            *reconciled |= next.kahan_add(&point.h, &mut next_compensation)?.reconciled;
            if next.has_overflow() {
                let count = place as f64 + 1.0;
                sum.div(count);
                if let Some(compensation) = &mut compensation {
                    compensation.div(count);
                }
                return incremental_mean((sum, compensation), count, &rest[place..], reconciled);
            }
            (sum, compensation) = (next, next_compensation);
        }
        let count = rest.len() as f64 + 1.0;
        sum.div(count);
        if let Some(mut compensation) = compensation {
            compensation.div(count);
            sum.add(&compensation)?;
        }
        Ok(sum)
    })
}

/// The mean of `count` histograms, whose mean is given, and of all `points`.
fn incremental_mean(
    (mut mean, mut compensation): (FloatHistogram, Option<FloatHistogram>),
    count: f64,
    points: &[HistogramPoint],
    reconciled: &mut bool,
) -> Result<FloatHistogram, HistogramError> {
    let mut count = count;
    for point in points {
        count += 1.0;
        let share = (count - 1.0) / count;
        if let Some(compensation) = &mut compensation {
            compensation.mul(share);
        }
        mean.mul(share);
        let mut part = FloatHistogram::clone(&point.h);
        part.div(count);
        *reconciled |= mean.kahan_add(&part, &mut compensation)?.reconciled;
    }
    if let Some(compensation) = compensation {
        mean.add(&compensation)?;
    }
    Ok(mean)
}

type Aggregation =
    fn(&FloatHistogram, &[HistogramPoint], &mut bool) -> Result<FloatHistogram, HistogramError>;

/// The result of `aggregation`, and what there is to say about its histograms.
fn aggregate(
    points: &[HistogramPoint],
    notes: &mut Notes<'_>,
    aggregation: Aggregation,
) -> Option<FloatHistogram> {
    let (first, rest) = points.split_first()?;
    let mut reconciled = false;
    let Ok(result) = aggregation(&first.h, rest, &mut reconciled) else {
        notes.mixed_buckets();
        return None;
    };
    let any = |hint| points.iter().any(|point| point.h.counter_reset_hint == hint);
    if any(CounterResetHint::Reset) && any(CounterResetHint::NotReset) {
        notes.collision();
    }
    if reconciled {
        notes.reconciled(HistogramOperation::Aggregation);
    }
    Some(result)
}
