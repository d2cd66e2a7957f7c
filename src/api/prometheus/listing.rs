//! `/api/v1/series`, `/api/v1/labels` and `/api/v1/label/NAME/values`: what there is. Lists are always
//! sorted.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, State};

use super::Api;
use super::answer::Success;
use super::error::ApiError;
use super::evaluation::off_thread;
use super::parameters::Parameters;
use crate::model::{LabelSet, Matcher};
use crate::promql::source::{Source, SourceError, StoredSeries, TimeWindow};

/// The series that match one of the selectors.
pub(super) async fn series(
    State(api): State<Api>,
    parameters: Parameters,
) -> Result<Success<Vec<LabelSet>>, ApiError> {
    if !parameters.has("match[]") {
        return Err(ApiError::BadData("no match[] parameter provided".to_owned()));
    }
    let (limit, window) = (parameters.limit()?, parameters.window()?);
    let selectors = parameters.selectors().map_err(|reason| ApiError::parameter("match[]", reason))?;
    let found = listed(&api, selectors, window, |labels, found| {
        found.insert(labels.clone());
    });
    Ok(Success::limited(found.await?.into_iter().collect(), limit))
}

/// The names of labels of such series; of all, if there is no selector.
pub(super) async fn labels(
    State(api): State<Api>,
    parameters: Parameters,
) -> Result<Success<Vec<String>>, ApiError> {
    let (limit, window) = (parameters.limit()?, parameters.window()?);
    let selectors = parameters.selectors().map_err(ApiError::BadData)?;
    let found = listed(&api, selectors, window, |labels, found| {
        for (name, _) in labels.iter() {
            insert(found, name);
        }
    });
    Ok(Success::limited(found.await?.into_iter().collect(), limit))
}

/// The values that one label has in such series.
pub(super) async fn label_values(
    State(api): State<Api>,
    Path(name): Path<String>,
    parameters: Parameters,
) -> Result<Success<Vec<String>>, ApiError> {
    let name = unescaped(&name).unwrap_or(name);
    if name.is_empty() {
        return Err(ApiError::BadData("invalid label name: \"\"".to_owned()));
    }
    let (limit, window) = (parameters.limit()?, parameters.window()?);
    let selectors = parameters.selectors().map_err(ApiError::BadData)?;
    let found = listed(&api, selectors, window, move |labels, found| {
        if let Some(value) = labels.get(&name) {
            insert(found, value);
        }
    });
    Ok(Success::limited(found.await?.into_iter().collect(), limit))
}

/// A text is only made once.
fn insert(found: &mut BTreeSet<String>, text: &str) {
    if !found.contains(text) {
        found.insert(text.to_owned());
    }
}

/// What `note` makes of the series with a sample in `window` that match one of `selectors`, or of all.
async fn listed<T: Ord + Send + 'static>(
    api: &Api,
    mut selectors: Vec<Vec<Matcher>>,
    window: TimeWindow,
    note: impl Fn(&LabelSet, &mut BTreeSet<T>) + Send + 'static,
) -> Result<BTreeSet<T>, ApiError> {
    if selectors.is_empty() {
        selectors.push(Vec::new());
    }
    let storage = Arc::clone(&api.storage);
    let listed = off_thread(move || {
        let mut found = Ok(BTreeSet::new());
        storage.read(&mut |source| found = list(source, &selectors, window, &note));
        found
    });
    listed.await?.map_err(|error| ApiError::Internal(error.to_string()))
}

fn list<T: Ord>(
    source: &dyn Source,
    selectors: &[Vec<Matcher>],
    window: TimeWindow,
    note: &impl Fn(&LabelSet, &mut BTreeSet<T>),
) -> Result<BTreeSet<T>, SourceError> {
    let mut found = BTreeSet::new();
    for matchers in selectors {
        let series = source.select(matchers, window)?;
        series.iter().filter(|series| is_within(series, window)).for_each(|series| {
            note(series.labels, &mut found);
        });
    }
    Ok(found)
}

/// Whether it has a sample in the window: a source may show more.
fn is_within(series: &StoredSeries<'_>, window: TimeWindow) -> bool {
    let float = series.floats.partition_point(|point| point.t < window.from);
    let histogram = series.histograms.partition_point(|point| point.t < window.from);
    series.floats.get(float).is_some_and(|point| point.t <= window.to)
        || series.histograms.get(histogram).is_some_and(|point| point.t <= window.to)
}

/// A name that clients could not write in a path: `U__` and then `_` doubled, and other characters as
/// `_HEX_`.
fn unescaped(name: &str) -> Option<String> {
    let mut rest = name.strip_prefix("U__")?;
    let mut plain = String::new();
    while let Some(at) = rest.find('_') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('_') {
            plain.push('_');
            rest = after;
            continue;
        }
        let (digits, after) = rest.split_once('_')?;
        let is_code = (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        plain.push(is_code.then(|| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)).flatten()?);
        rest = after;
    }
    plain.push_str(rest);
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn escaped_names_are_read() {
        for (text, want) in [
            ("job", None),
            ("U__http_2e_method", Some("http.method")),
            ("U__a__b", Some("a_b")),
            ("U___1F600_x", Some("😀x")),
            ("U__a_zz_", None),
            ("U__a_b", None),
        ] {
            assert_eq!(unescaped(text).as_deref(), want, "{text}");
        }
    }
}
