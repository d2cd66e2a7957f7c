//! What a recording rule makes of its samples.

use super::RuleError;
use super::loaded::LoadedRule;
use super::series::Series;
use crate::model::{Sample, SeriesPoint, Timestamp};

/// The points that the rule writes at `at`, sorted by labels, and their series.
///
/// # Errors
/// Two samples became the same series, or there are more than `limit` allows; nothing is to be written.
pub(super) fn record(
    samples: Vec<Sample>,
    rule: &LoadedRule,
    at: Timestamp,
    limit: usize,
) -> Result<(Vec<SeriesPoint>, Series), RuleError> {
    let point = |Sample { labels, value }| SeriesPoint { labels: rule.recorded(&labels), at, value };
    let mut points: Vec<SeriesPoint> = samples.into_iter().map(point).collect();
    points.sort_by(|one, other| one.labels.cmp(&other.labels));
    if points.windows(2).any(|two| two[0].labels == two[1].labels) {
        return Err(RuleError::DuplicateSeries);
    }
    let count = points.len();
    if limit > 0 && count > limit {
        return Err(RuleError::SeriesLimit { limit, count });
    }
    let series = points.iter().map(|point| point.labels.clone()).collect();
    Ok((points, Series::Recorded(series)))
}
