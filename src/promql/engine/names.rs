//! Dropping of metric names, and what follows from it: series that become one.

use super::error::EvalError;
use crate::model::{LabelSet, Lookup};
pub(super) use crate::promql::functions::vectors::METADATA;
use crate::promql::value::Series;

/// The labels without the metric name and what belongs to it.
pub(super) fn without_name(labels: &LabelSet) -> LabelSet {
    super::labels::chosen(labels, |name| !is_metadata(name))
}

fn is_metadata(name: &str) -> bool {
    name.starts_with("__") && METADATA.contains(&name)
}

/// Drops the names of all series now.
pub(super) fn drop_names(matrix: &mut [Series]) {
    for series in matrix {
        series.labels = without_name(&series.labels);
    }
}

/// Whether series stay different when their names are dropped because all have the same name (and are different).
pub(super) fn share_a_name(matrix: &[Series]) -> bool {
    let [first, rest @ ..] = matrix else { return true };
    rest.iter().all(|series| have_same_name(&first.labels, &series.labels))
}

/// Whether what would be dropped with the name is the same.
pub(super) fn have_same_name(one: &LabelSet, other: &LabelSet) -> bool {
    metadata(one).eq(metadata(other))
}

/// The labels that are dropped with the name. Not all labels have to be looked at.
fn metadata(labels: &LabelSet) -> impl Iterator<Item = (&str, &str)> {
    let last = METADATA[METADATA.len() - 1];
    labels.iter().take_while(move |(name, _)| *name <= last).filter(|(name, _)| is_metadata(name))
}

/// Fails if two series have the same labels.
pub(super) fn refuse_same(matrix: &[Series]) -> Result<(), EvalError> {
    if has_same(matrix) { Err(EvalError::SameLabelset) } else { Ok(()) }
}

fn has_same(matrix: &[Series]) -> bool {
    match matrix {
        [] | [_] => false,
        [one, other] => one.labels == other.labels,
        many => {
            let mut seen = Lookup::default();
            many.iter().any(|series| seen.insert(&series.labels, ()).is_some())
        }
    }
}

/// Makes one series of those with the same labels.
///
/// # Errors
/// Two of them have a point at the same time.
pub(super) fn merge_same(matrix: Vec<Series>) -> Result<Vec<Series>, EvalError> {
    if !has_same(&matrix) {
        return Ok(matrix);
    }
    let mut index = Lookup::default();
    let mut merged: Vec<Series> = Vec::new();
    for series in matrix {
        match index.get(&series.labels).copied() {
            Some(at) => {
                let known: &mut Series = &mut merged[at];
                known.floats.extend(series.floats);
                known.histograms.extend(series.histograms);
            }
            None => {
                index.insert(series.labels.clone(), merged.len());
                merged.push(series);
            }
        }
    }
    for series in &mut merged {
        series.floats.sort_by_key(|point| point.t);
        series.histograms.sort_by_key(|point| point.t);
        let is_float = |t: i64| series.floats.binary_search_by_key(&t, |point| point.t).is_ok();
        if series.floats.windows(2).any(|pair| pair[0].t == pair[1].t)
            || series.histograms.windows(2).any(|pair| pair[0].t == pair[1].t)
            || series.histograms.iter().any(|point| is_float(point.t))
        {
            return Err(EvalError::SameLabelset);
        }
    }
    Ok(merged)
}
