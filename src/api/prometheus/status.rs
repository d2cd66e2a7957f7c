//! What the server says of itself and of its metrics: `/`, `/api/v1/metadata`, `/api/v1/status/buildinfo`, `/-/…`.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Html;
use serde::Serialize;

use super::answer::Success;
use super::error::ApiError;
use super::parameters::{Parameters, number};
use super::{Api, Metadata};

/// The version of Prometheus whose API this is: clients decide by it what they may ask.
const API_VERSION: &str = "3.14.0";

/// Prometheus' fields, and who we are.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BuildInfo {
    application: &'static str,
    version: &'static str,
    revision: &'static str,
    branch: &'static str,
    build_user: &'static str,
    build_date: &'static str,
    go_version: &'static str,
}

/// Whose API this is.
pub(super) async fn buildinfo() -> Success<BuildInfo> {
    Success::new(BuildInfo {
        application: concat!("Sereno ", env!("CARGO_PKG_VERSION")),
        version: API_VERSION,
        revision: "",
        branch: "",
        build_user: "",
        build_date: "",
        go_version: "",
    })
}

/// What is known about metrics, by name.
pub(super) async fn metadata(
    State(api): State<Api>,
    parameters: Parameters,
) -> Result<Success<BTreeMap<&'static str, BTreeSet<Metadata>>>, ApiError> {
    let read = |name: &str| match parameters.value(name) {
        "" => Ok(-1),
        text => number(text).map_err(|_| ApiError::BadData(format!("{name} must be a number"))),
    };
    let (limit, per_metric) = (read("limit")?, read("limit_per_metric")?);
    let wanted = parameters.value("metric");
    let mut found: BTreeMap<&str, BTreeSet<Metadata>> = BTreeMap::new();
    for one in api.storage.metadata() {
        if !wanted.is_empty() && wanted != one.metric {
            continue;
        }
        let known = found.entry(one.metric).or_default();
        let is_full = per_metric > 0 && usize::try_from(per_metric).is_ok_and(|most| known.len() >= most);
        if !is_full {
            known.insert(one);
        }
    }
    // A negative number is no limit; zero leaves nothing.
    if let Ok(most) = usize::try_from(limit) {
        found = found.into_iter().take(most).collect();
    }
    Ok(Success::new(found))
}

/// What is here, for people who open it in a browser.
const PAGE: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Data of Sereno</title></head><body>
<h1>Prometheus' API</h1>
<p>Sereno answers here for a Prometheus: give this address to Grafana as a data source, or to promtool. There is no
page for queries; ask as in the examples.</p>
<ul>
<li><a href="api/v1/query?query=up">A query: <code>up</code></a></li>
<li><a href="api/v1/metadata">Metrics</a>, <a href="api/v1/labels">labels</a></li>
<li><a href="api/v1/rules">Rules</a>, <a href="api/v1/alerts">alerts</a></li>
</ul></body></html>
"#;

/// The page with links to what there is.
pub(super) async fn index() -> Html<&'static str> {
    Html(PAGE)
}

/// The answer to other paths, in Prometheus' words.
pub(super) async fn not_found() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "404 page not found\n")
}

/// Whether it lives.
pub(super) async fn healthy() -> &'static str {
    "Prometheus API of Sereno is Healthy.\n"
}

/// Whether it answers queries.
pub(super) async fn ready() -> &'static str {
    "Prometheus API of Sereno is Ready.\n"
}
