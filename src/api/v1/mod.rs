//! The API v1 of Prometheus: what Grafana reads of rules and alerts.

pub(super) mod alerts;
pub(super) mod buildinfo;
mod parameters;
pub(super) mod rules;
mod shapes;
#[cfg(test)]
mod tests;

use axum::Json;
use serde::Serialize;

/// A successful answer.
#[derive(Serialize)]
pub(super) struct Success<T> {
    status: &'static str,
    data: T,
}

/// Wraps `data` as Prometheus does.
fn success<T>(data: T) -> Json<Success<T>> {
    Json(Success { status: "success", data })
}
