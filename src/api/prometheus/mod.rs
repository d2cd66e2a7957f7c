//! Prometheus' query API (3.14) over any store of series: what Grafana and promtool ask of a data source.
//!
//! It is a server of its own, beside the one of `api/mod.rs`: that one tells of Sereno, this one of
//! somebody's data. Nothing here knows where the series come from ([`Storage`]), nor of rules about them.

mod answer;
mod error;
mod evaluation;
mod json;
mod listing;
mod parameters;
mod query;
mod status;
mod syntax;
#[cfg(test)]
mod tests;
mod times;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::model::Duration;
use crate::promql::source::Source;
use crate::shell::clock::Clock;

/// The largest request body that is read, in bytes: Go's limit for forms.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// A store of series that may change while others ask it.
pub trait Storage: Send + Sync + fmt::Debug {
    /// Shows `look` the store as it is at one moment. May block; called off the async threads.
    fn read(&self, look: &mut dyn FnMut(&dyn Source));

    /// What is known about metrics, in any order.
    fn metadata(&self) -> Vec<Metadata>;
}

/// What is known about a metric.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Metadata {
    /// The metric's name, without `_bucket`, `_sum` and `_count`.
    #[serde(skip)]
    pub metric: &'static str,
    /// `counter`, `gauge`, `histogram`, …
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it says.
    pub help: &'static str,
    /// What it counts, if the metric says so.
    pub unit: &'static str,
}

/// What one query may take.
#[derive(Clone, Copy, Debug)]
pub struct QueryLimits {
    /// How long a query may take; a request may ask for less.
    pub timeout: Duration,
    /// How many samples a query may hold in memory at once.
    pub max_samples: usize,
    /// How many queries are evaluated at once; others wait.
    pub concurrency: usize,
}

impl Default for QueryLimits {
    /// Prometheus' own: two minutes, 50 million samples, 20 queries.
    fn default() -> Self {
        Self { timeout: Duration::from_mins(2), max_samples: 50_000_000, concurrency: 20 }
    }
}

/// What handlers need. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Api {
    storage: Arc<dyn Storage>,
    clock: Arc<Clock>,
    limits: QueryLimits,
    /// A place for each query that is evaluated.
    places: Arc<Semaphore>,
}

/// Every route, over `storage`.
pub fn router(storage: Arc<dyn Storage>, clock: Arc<Clock>, limits: QueryLimits) -> Router {
    let places = Arc::new(Semaphore::new(limits.concurrency.clamp(1, Semaphore::MAX_PERMITS)));
    Router::new()
        .route("/api/v1/query", get(query::query).post(query::query))
        .route("/api/v1/query_range", get(query::query_range).post(query::query_range))
        .route("/api/v1/format_query", get(syntax::format_query).post(syntax::format_query))
        .route("/api/v1/parse_query", get(syntax::parse_query).post(syntax::parse_query))
        .route("/api/v1/series", get(listing::series).post(listing::series))
        .route("/api/v1/labels", get(listing::labels).post(listing::labels))
        .route("/api/v1/label/{name}/values", get(listing::label_values))
        .route("/api/v1/metadata", get(status::metadata))
        .route("/api/v1/status/buildinfo", get(status::buildinfo))
        .route("/", get(status::index))
        .route("/-/healthy", get(status::healthy))
        .route("/-/ready", get(status::ready))
        .fallback(status::not_found)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Api { storage, clock, limits, places })
}
