//! Alertmanager's API v2: every endpoint, parameter, status code and form of error of its 0.34.

mod alerts;
pub(super) mod body;
pub(super) mod error;
mod groups;
pub(super) mod ingest;
mod limit;
mod parameters;
mod postable_silence;
mod receivers;
mod shapes;
mod shown_silence;
mod silences;
mod status;
mod stream;
#[cfg(test)]
mod tests;

use axum::extract::{DefaultBodyLimit, OriginalUri};
use axum::http::Method;
use axum::middleware;
use axum::routing::get;
use axum::{Extension, Router};

use self::error::V2Error;
use self::limit::Limit;
use self::status::Started;
use super::App;

/// Every route beneath `/api/v2`.
pub(super) fn routes(app: &App) -> Router<App> {
    let limit = Limit::new(app.clone());
    Router::new()
        .route("/alerts", get(alerts::get).post(alerts::post))
        .route("/alerts/groups", get(groups::get))
        .route("/receivers", get(receivers::get))
        .route("/silence/{id}", get(silences::get).delete(silences::delete))
        .route("/silences", get(silences::list).post(silences::post))
        .route("/status", get(status::get))
        .fallback(unknown_path)
        .method_not_allowed_fallback(other_method)
        .layer(DefaultBodyLimit::max(body::LIMIT))
        .layer(Extension(Started(app.clock.now())))
        .layer(middleware::from_fn_with_state(limit, limit::guard))
}

async fn unknown_path(OriginalUri(uri): OriginalUri) -> V2Error {
    V2Error::UnknownPath(uri.path().to_owned())
}

async fn other_method(method: Method, OriginalUri(uri): OriginalUri) -> V2Error {
    let allowed = match uri.path().rsplit("/api/v2").next().unwrap_or_default() {
        "/alerts" | "/silences" => "GET,POST",
        silence if silence.starts_with("/silence/") => "DELETE,GET",
        _ => "GET",
    };
    V2Error::Method { method: method.to_string(), allowed }
}
