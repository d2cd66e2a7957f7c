//! The HTTP server: every route is listed here. Handlers read the request, ask the loop and write the
//! answer; they decide nothing and hold no lock while they wait.

mod error;
mod gone;
mod health;
mod index;
mod lifecycle;
mod metrics;
pub mod prometheus;
mod raw_urls;
mod selectors;
mod sereno;
#[cfg(test)]
mod testing;
mod v1;
mod v2;
mod web;
mod webhook;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::Redirect;
use axum::routing::{any, delete, get, post};

use crate::shell::clock::Clock;
use crate::shell::deliver::Deliverer;
use crate::shell::metrics::Metrics;
use crate::shell::reload::Reloader;
use crate::shell::run::Handle;
use crate::shell::status::Status;
use crate::shell::store::History;

pub use raw_urls::RawUrls;
pub use web::WebLimits;

/// The largest request body that is read, in bytes.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// What handlers need. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    /// The loop.
    pub handle: Handle,
    /// The time.
    pub clock: Arc<Clock>,
    /// What `/metrics` shows.
    pub metrics: Arc<Metrics>,
    /// What `/health` shows.
    pub status: Arc<Status>,
    /// What happened.
    pub history: History,
    /// Who tells people.
    pub deliverer: Arc<Deliverer>,
    /// Who loads the files anew.
    pub reloader: Arc<Reloader>,
    /// How much the API does at once.
    pub limits: WebLimits,
}

/// Every route, beneath `prefix` (empty, or `/prefix`); `/` leads there.
pub fn router(app: App, prefix: &str) -> Router {
    let routes = routes(app);
    if prefix.is_empty() {
        return routes;
    }
    let home = format!("{prefix}/");
    let to_home = move || std::future::ready(Redirect::to(&home));
    // What is nested answers to the prefix itself, but not to the prefix with its slash.
    let front = Router::new().route(&format!("{prefix}/"), get(index::index));
    Router::new().route("/", get(to_home)).merge(front).nest(prefix, routes)
}

/// What Prometheus tells of its rules, and nothing else: for a server that tells of the data which they are about.
pub fn of_rules(app: App) -> Router {
    Router::new()
        .route("/api/v1/rules", get(v1::rules::rules))
        .route("/api/v1/alerts", get(v1::alerts::alerts))
        .with_state(app)
}

fn routes(app: App) -> Router {
    Router::new()
        .route("/", get(index::index))
        .route("/-/healthy", get(lifecycle::ok))
        .route("/-/ready", get(lifecycle::ok))
        .route("/-/reload", post(lifecycle::reload))
        .route("/metrics", get(metrics::metrics))
        .route("/health", get(health::health))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .merge(api_routes(&app))
        .with_state(app)
}

/// The routes that `--web.timeout` is about: probes, metrics and reloads are none of them.
fn api_routes(app: &App) -> Router<App> {
    Router::new()
        .route("/api/v1/rules", get(v1::rules::rules))
        .route("/api/v1/alerts", get(v1::alerts::alerts).post(gone::gone))
        .route("/api/v1/webhook", post(webhook::post).layer(DefaultBodyLimit::max(v2::body::LIMIT)))
        .route("/api/v1/{*rest}", any(gone::gone))
        .route("/api/v1/status/buildinfo", get(v1::buildinfo::buildinfo))
        .route("/api/sereno/v1/history", get(sereno::history::history))
        .route("/api/sereno/v1/explain", get(sereno::explain::explain))
        .route("/api/sereno/v1/ack", post(sereno::acks::acknowledge))
        .route("/api/sereno/v1/ack/{id}", delete(sereno::acks::take_back))
        .route("/api/sereno/v1/acks", get(sereno::acks::list))
        .route("/api/sereno/v1/receivers/test", post(sereno::drill::test))
        .route("/api/sereno/v1/silences", post(sereno::silences::set))
        .route("/api/sereno/v1/dead-letters", get(sereno::dead_letters::list))
        .route(
            "/api/sereno/v1/dead-letters/{id}",
            get(sereno::dead_letters::show).delete(sereno::dead_letters::forget),
        )
        .route("/api/sereno/v1/dead-letters/{id}/retry", post(sereno::dead_letters::retry))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .nest("/api/v2", v2::routes(app))
        .layer(from_fn_with_state(app.limits, web::in_time))
}
