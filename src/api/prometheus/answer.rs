//! A successful answer, with what there is to say beside it.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// How many warnings, and how many infos, an answer has; of the others only the number is told.
const MOST_REMARKS: usize = 10;

/// What a cut list is told with.
const TRUNCATED: &str = "results truncated due to limit";

/// An answer.
#[derive(Debug, Serialize)]
pub(super) struct Success<T> {
    status: &'static str,
    data: T,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    infos: Vec<String>,
}

impl<T> Success<T> {
    /// An answer that says only this.
    pub(super) fn new(data: T) -> Self {
        Self { status: "success", data, warnings: Vec::new(), infos: Vec::new() }
    }

    /// The same with these remarks.
    pub(super) fn with_remarks(data: T, warnings: Vec<String>, infos: Vec<String>) -> Self {
        Self { warnings: few(warnings, "warning"), infos: few(infos, "info"), ..Self::new(data) }
    }
}

impl<T> Success<Vec<T>> {
    /// The first `limit` of a list; 0 means all.
    pub(super) fn limited(mut list: Vec<T>, limit: usize) -> Self {
        let warnings = truncate(&mut list, limit).into_iter().collect();
        Self::with_remarks(list, warnings, Vec::new())
    }
}

/// Cuts the list behind its first `limit` elements (0: not at all); what there is to say about it.
pub(super) fn truncate<T>(list: &mut Vec<T>, limit: usize) -> Option<String> {
    let is_too_long = limit > 0 && list.len() > limit;
    is_too_long.then(|| {
        list.truncate(limit);
        TRUNCATED.to_owned()
    })
}

fn few(mut remarks: Vec<String>, kind: &str) -> Vec<String> {
    let omitted = remarks.len().saturating_sub(MOST_REMARKS);
    if omitted > 0 {
        remarks.truncate(MOST_REMARKS);
        remarks.push(format!("{omitted} more {kind} annotations omitted"));
    }
    remarks
}

impl<T: Serialize> IntoResponse for Success<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::few;

    #[test]
    fn of_many_remarks_the_number_is_told() {
        let remarks = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(few(remarks(10), "info"), remarks(10));
        let told = few(remarks(13), "warning");
        assert_eq!((told.len(), told[10].as_str()), (11, "3 more warning annotations omitted"));
    }
}
