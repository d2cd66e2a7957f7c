//! `GET /metrics`.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::App;
use super::error::ApiError;

/// What the encoder writes.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics, in the OpenMetrics text format.
pub(super) async fn metrics(State(app): State<App>) -> Result<Response, ApiError> {
    let view = app.handle.view().await?;
    app.metrics.outbox.set_pending(&app.handle.read(|core, _| core.router().outbox()).await?);
    let text = app.metrics.text(&view, app.clock.now(), app.clock.set_back_by());
    Ok(([(CONTENT_TYPE, OPENMETRICS)], text).into_response())
}
