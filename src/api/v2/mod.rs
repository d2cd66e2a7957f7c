//! Alertmanager's API v2: every endpoint, parameter, status code and form of error of its 0.34.

mod alerts;
pub(super) mod body;
pub(super) mod error;
pub(super) mod ingest;
mod limit;
mod parameters;
mod shapes;
mod stream;

use axum::Router;
use axum::extract::{DefaultBodyLimit, OriginalUri};
use axum::http::Method;
use axum::middleware;
use axum::routing::get;

use self::error::V2Error;
use self::limit::Limit;
use super::App;

/// Every route beneath `/api/v2`.
pub(super) fn routes(app: &App) -> Router<App> {
    let limit = Limit::new(app.clone());
    Router::new()
        .route("/alerts", get(alerts::get).post(alerts::post))
        .fallback(unknown_path)
        .method_not_allowed_fallback(other_method)
        .layer(DefaultBodyLimit::max(body::LIMIT))
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
